# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Versions and version constraints as github.com/Masterminds/semver/v3 (v3.4) reads them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import total_ordering

from .._core.errors import Invalid

_PRE = r"(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?"
_VERSION = re.compile(rf"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?{_PRE}$")
_PART = r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?" + _PRE
_OPERATORS = ("!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^", "")
_OPERATOR = "|".join(re.escape(operator) for operator in _OPERATORS)
_CONSTRAINT = re.compile(rf"^\s*({_OPERATOR})\s*({_PART})\s*$")
_FIND = re.compile(rf"({_OPERATOR})\s*({_PART})")
_RANGE = re.compile(rf"\s*({_PART})\s+-\s+({_PART})\s*")
_VALID = re.compile(rf"^(\s*({_OPERATOR})\s*({_PART})\s*)((?:\s+|,\s*)({_OPERATOR})\s*({_PART})\s*)*$")


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version; `text` is how it was written. Order ignores build metadata."""

    major: int
    minor: int
    patch: int
    pre: str
    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and not self < other and not other < self

    def __lt__(self, other: Version) -> bool:
        mine, theirs = (self.major, self.minor, self.patch), (other.major, other.minor, other.patch)
        return mine < theirs if mine != theirs else _pre_before(self.pre, other.pre)

    def __hash__(self) -> int:
        return hash((self.major, self.minor, self.patch, self.pre))


def parse(text: str) -> Version:
    """Return a version; missing numbers are zero and a leading v is allowed. Invalid otherwise."""
    found = _VERSION.match(text)
    if not found:
        raise Invalid("", f"is no semantic version: {text!r}")
    numbers = [int((found[index] or "0").lstrip(".")) for index in (1, 2, 3)]
    return Version(numbers[0], numbers[1], numbers[2], found[5] or "", text)


def is_version(text: str) -> bool:
    """Return whether the text is one version, also a short one such as 1.2 (which is a name, never a range)."""
    return _VERSION.match(text) is not None


def is_constraint(text: str) -> bool:
    """Return whether the text is a constraint and no plain version. Source: argo-cd v3.6 util/versions/tags.go."""
    if is_version(text):
        return False
    try:
        constraints(text)
    except Invalid:
        return False
    return True


def _pre_before(left: str, right: str) -> bool:
    if left == right:
        return False
    if not left or not right:
        return bool(left)
    mine, theirs = left.split("."), right.split(".")
    for one, other in zip(mine, theirs, strict=False):
        if one != other:
            return _part_before(one, other)
    return len(mine) < len(theirs)


def _part_before(left: str, right: str) -> bool:
    if left.isdigit() and right.isdigit():
        return int(left) < int(right)
    if left.isdigit() != right.isdigit():
        return left.isdigit()
    return left < right


@dataclass(frozen=True, slots=True)
class _Constraint:
    operator: str
    version: Version
    dirty: bool = False
    minor_dirty: bool = False
    patch_dirty: bool = False


Constraints = Sequence[Sequence[_Constraint]]


def constraints(text: str) -> Constraints:
    """Return the alternatives of a constraint (`||`), each a list that must hold together. Invalid otherwise."""
    groups = []
    for part in _rewrite(text).split("||"):
        part = part.strip()
        if part and not _VALID.match(part):
            raise Invalid("", f"is no version constraint: {text!r}")
        found = [item[0] for item in _FIND.finditer(part)] or [""]
        groups.append([_constraint(item) for item in found])
    return groups


def check(wanted: Constraints, version: Version) -> bool:
    """Return whether a version satisfies a constraint. Pre-releases only count where a constraint names one."""
    return any(_group(group, version) for group in wanted)


def _group(group: Sequence[_Constraint], version: Version) -> bool:
    with_pre = any(item.version.pre for item in group)
    if version.pre and not with_pre:
        return False
    return all(_RULES[item.operator](version, item) for item in group)


def _rewrite(text: str) -> str:
    """1.2 - 2.3 means >=1.2 <=2.3."""
    return _RANGE.sub(r">=\1 <=\11", text)


def _constraint(text: str) -> _Constraint:
    if not text:
        return _Constraint("", parse("0.0.0"), dirty=True)
    found = _CONSTRAINT.match(text)
    if not found:
        raise Invalid("", f"is no version constraint: {text!r}")
    operator, major, minor, patch, pre = found[1], found[3], found[4], found[5], found[6] or ""
    if _wild(major):
        return _Constraint(operator, parse(f"0.0.0{pre}"), dirty=True)
    if _wild(minor):
        return _Constraint(operator, parse(f"{major}.0.0{pre}"), dirty=True, minor_dirty=True)
    if _wild(patch):
        return _Constraint(operator, parse(f"{major}{minor}.0{pre}"), dirty=True, patch_dirty=True)
    return _Constraint(operator, parse(found[2]))


def _wild(part: str | None) -> bool:
    return part is None or part.lstrip(".") in ("", "x", "X", "*")


def _not_equal(version: Version, item: _Constraint) -> bool:
    wanted = item.version
    if not item.dirty:
        return version != wanted
    if wanted.major != version.major:
        return True
    if item.minor_dirty:
        return False
    if wanted.minor != version.minor:
        return True
    return version.patch != wanted.patch and not item.patch_dirty


def _greater(version: Version, item: _Constraint) -> bool:
    wanted = item.version
    if not item.dirty or (version.major == wanted.major and not (item.minor_dirty or item.patch_dirty)):
        return version > wanted
    if version.major != wanted.major:
        return version.major > wanted.major
    return not item.minor_dirty and version.minor > wanted.minor


def _less_or_equal(version: Version, item: _Constraint) -> bool:
    wanted = item.version
    if not item.dirty:
        return version <= wanted
    if version.major > wanted.major:
        return False
    return not (version.major == wanted.major and version.minor > wanted.minor and not item.minor_dirty)


def _tilde(version: Version, item: _Constraint) -> bool:
    wanted = item.version
    if version < wanted:
        return False
    if (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0) and not item.minor_dirty and not item.patch_dirty:
        return True
    return version.major == wanted.major and (version.minor == wanted.minor or item.minor_dirty)


def _equal(version: Version, item: _Constraint) -> bool:
    return _tilde(version, item) if item.dirty else version == item.version


def _caret(version: Version, item: _Constraint) -> bool:
    wanted = item.version
    if version < wanted:
        return False
    if wanted.major > 0 or item.minor_dirty or version.major > wanted.major:
        return version.major == wanted.major
    if wanted.minor > 0 or item.patch_dirty or version.minor > 0:
        return version.minor == wanted.minor
    return version.patch == wanted.patch


_RULES: dict[str, Callable[[Version, _Constraint], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": lambda version, item: version < item.version,
    ">=": lambda version, item: version >= item.version,
    "=>": lambda version, item: version >= item.version,
    "<=": _less_or_equal,
    "=<": _less_or_equal,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}


def highest(wanted: str, tags: Sequence[str], prefix: str = "") -> str | None:
    """Return the tag that a revision means: a version is its own name, a constraint its highest match, None for none.

    With a prefix only tags that begin with it count, without it. Tags that are no versions are passed over.
    Source: argo-cd v3.6 util/versions/tags.go MaxVersion. Invalid for what is neither version nor constraint.
    """
    if is_version(wanted):
        return prefix + wanted
    if prefix and not is_constraint(wanted):
        text = f"tagPrefix {prefix!r} requires targetRevision to be a semver constraint, not {wanted!r}"
        raise Invalid("targetRevision", text)
    rule = constraints(wanted)
    known = [tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)]
    fitting = [version for version in (parse(tag) for tag in known if is_version(tag)) if check(rule, version)]
    return prefix + max(fitting).text if fitting else None
