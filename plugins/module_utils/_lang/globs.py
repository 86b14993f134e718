# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Glob patterns as Argo CD reads them, translated to regular expressions.

`match` is gobwas/glob v0.2 (projects, include and exclude), `doublestar` is bmatcuk/doublestar v4 (value files,
file generators), `path_match` is Go's path.Match (directory generators, shell-style lists). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from .._core.errors import Invalid


def match(pattern: str, text: str, separators: str = "") -> bool:
    """Return whether `text` matches; a pattern that cannot be read matches nothing."""
    try:
        return match_strict(pattern, text, separators)
    except Invalid:
        return False


def match_strict(pattern: str, text: str, separators: str = "") -> bool:
    """Return whether `text` matches. Invalid for a pattern that cannot be read."""
    return compiled(pattern, separators).fullmatch(text) is not None


def in_list(patterns: Sequence[str], text: str, how: str = "glob") -> bool:
    """Return whether one entry matches. `how` is exact, glob, or regexp (where `/.../` is a regular expression).

    Source: argo-cd v3.6 util/glob/list.go.
    """
    if how == "exact":
        return text in patterns
    return any(_in_list(pattern, text, how) for pattern in patterns)


def _in_list(pattern: str, text: str, how: str) -> bool:
    if how == "regexp" and len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        try:
            if re.search(pattern[1:-1], text):
                return True
        except re.error:
            return False
    return match(pattern, text)


@lru_cache(maxsize=4096)
def compiled(pattern: str, separators: str = "") -> re.Pattern[str]:
    """Return the expression of a gobwas glob: * ? ** [abc] [a-z] [!a] {a,b} and the backslash."""
    single = f"[^{re.escape(separators)}]" if separators else "."
    return re.compile("".join(_gobwas(pattern, single)), re.DOTALL)


def _gobwas(pattern: str, single: str) -> Iterator[str]:
    index, depth = 0, 0
    while index < len(pattern):
        char = pattern[index]
        if char == "*":
            double = pattern.startswith("**", index)
            index += 1 + double
            yield ".*" if double else f"{single}*"
            continue
        if char == "[":
            index, text = _range(pattern, index + 1)
            yield text
            continue
        index += 1
        if char == "?":
            yield single
        elif char == "{":
            depth += 1
            yield "(?:"
        elif char == "," and depth:
            yield "|"
        elif char == "}" and depth:
            depth -= 1
            yield ")"
        elif char == "\\" and index < len(pattern):
            index += 1
            yield re.escape(pattern[index - 1])
        else:
            yield re.escape(char)
    yield ")" * depth


def _range(pattern: str, start: int) -> tuple[int, str]:
    """Return where the class ends and its expression: one range, or a list of characters."""
    end = start
    negated = pattern.startswith("!", end)
    end += negated
    if end + 1 < len(pattern) and pattern[end + 1] == "-":
        low, high, close = pattern[end], pattern[end + 2 : end + 3], pattern[end + 3 : end + 4]
        if not high or close != "]" or low > high:
            raise Invalid("", f"is no glob, the range is not closed: {pattern!r}")
        return end + 4, f"[{'^' if negated else ''}{re.escape(low)}-{re.escape(high)}]"
    chars = ""
    while end < len(pattern) and pattern[end] != "]":
        end += pattern[end] == "\\"
        chars += pattern[end : end + 1]
        end += 1
    if end >= len(pattern) or not chars:
        raise Invalid("", f"is no glob, the class is not closed: {pattern!r}")
    return end + 1, f"[{'^' if negated else ''}{''.join(map(re.escape, chars))}]"


def path_match(pattern: str, text: str) -> bool:
    """Return whether `text` matches as Go's path.Match says; a bad pattern matches nothing."""
    try:
        return _path(pattern, stars=False).fullmatch(text) is not None
    except (Invalid, re.error):
        return False


def doublestar(pattern: str, text: str) -> bool:
    """Return whether a path matches a doublestar pattern: `**/` stands for any folders. Bad ones match nothing."""
    try:
        return _path(pattern, stars=True).fullmatch(text) is not None
    except (Invalid, re.error):
        return False


@lru_cache(maxsize=4096)
def _path(pattern: str, *, stars: bool) -> re.Pattern[str]:
    return re.compile("".join(_path_parts(pattern, stars)), re.DOTALL)


def _path_parts(pattern: str, stars: bool) -> Iterator[str]:
    index, depth = 0, 0
    while index < len(pattern):
        char = pattern[index]
        begins = index == 0 or pattern[index - 1] == "/"
        if stars and begins and pattern.startswith("**/", index):
            index += 3
            yield "(?:[^/]+/)*"
            continue
        if stars and begins and pattern[index:] == "**":
            yield ".*"
            return
        if char == "[":
            index, text = _path_class(pattern, index + 1)
            yield text
            continue
        index += 1
        if char == "*":
            yield "[^/]*"
        elif char == "?":
            yield "[^/]"
        elif stars and char == "{":
            depth += 1
            yield "(?:"
        elif stars and char == "," and depth:
            yield "|"
        elif stars and char == "}" and depth:
            depth -= 1
            yield ")"
        elif char == "\\":
            if index == len(pattern):
                raise Invalid("", f"is no pattern: {pattern!r}")
            index += 1
            yield re.escape(pattern[index - 1])
        else:
            yield re.escape(char)
    if depth:
        raise Invalid("", f"is no pattern, the brace is not closed: {pattern!r}")


def _path_class(pattern: str, start: int) -> tuple[int, str]:
    """Return where a class ends and its expression: ranges and characters, negated by ^ (or ! with doublestar)."""
    end, text = start, ""
    negated = pattern[end : end + 1] in ("^", "!")
    end += negated
    while end < len(pattern) and (pattern[end] != "]" or not text):
        end += pattern[end] == "\\"
        low = pattern[end : end + 1]
        end += 1
        if pattern.startswith("-", end) and pattern[end + 1 : end + 2] not in ("", "]"):
            text += f"{re.escape(low)}-{re.escape(pattern[end + 1])}"
            end += 2
        else:
            text += re.escape(low)
    if end >= len(pattern):
        raise Invalid("", f"is no pattern, the class is not closed: {pattern!r}")
    return end + 1, f"(?!/)[{'^' if negated else ''}{text}]"
