# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Rewrites a program: each `$(reference)` becomes a variable, in the quotes that its place needs.

Knows quotes of the shell and how some languages read their environment; must not know Tekton.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_READ = {
    "python": 'os.environ["{}"]',
    "node": "process.env.{}",
    "ruby": 'ENV["{}"]',
    "perl": "$ENV{{{}}}",
}
_SHELL = re.compile(r"(?:ba|da|a|k|z)?sh|busybox")
_HEREDOC = re.compile(r"<<-?[ \t]*(?P<quote>['\"\\]?)(?P<word>\w+)['\"]?")


def rewritten(text: str, names: Mapping[str, str]) -> str | None:
    """Return `text` with every reference (a key of `names`) read from its variable instead.

    None where that cannot be done by rule: in a quoted here document, in a language that is not known, outside quotes
    of one that is.
    """
    interpreter = _interpreter(text)
    if _SHELL.fullmatch(interpreter):
        return _Shell(text, names).run()
    language = next((name for name in _READ if interpreter.startswith(name)), "")
    return _in_language(text, names, language) if language else None


def _interpreter(text: str) -> str:
    """Return the name of the program that runs `text`: sh without a first line that says so."""
    first = text.lstrip().split("\n", maxsplit=1)[0]
    if not first.startswith("#!"):
        return "sh"
    words = [word.rsplit("/", maxsplit=1)[-1] for word in first[2:].split()]
    return next((word for word in words if word != "env" and not word.startswith("-")), "sh")


def _in_language(text: str, names: Mapping[str, str], language: str) -> str | None:
    out = text
    for reference, name in names.items():
        quoted = re.compile(rf"(?<![A-Za-z\"'])([\"']){re.escape(reference)}\1(?![\"'])")
        read = _READ[language].format(name)
        out = quoted.sub(lambda _match, read=read: read, out)  # type: ignore[misc]
        if reference in out:
            return None
    if language == "python" and out != text and not re.search(r"^import os\b", out, re.MULTILINE):
        first, newline, rest = out.lstrip().partition("\n")
        out = f"{first}{newline}import os\n{rest}"
    return out


class _Shell:
    """A pass over a script that knows in which quotes it is. `stack` holds where parentheses and quotes began."""

    def __init__(self, text: str, names: Mapping[str, str]) -> None:
        self._text, self._names = text, names
        self._at, self._out = 0, ""
        self._stack = ["plain"]
        self._heredocs: list[tuple[str, bool]] = []
        pattern = "|".join(re.escape(reference) for reference in sorted(names, key=len, reverse=True))
        self._reference = re.compile(pattern)

    def run(self) -> str | None:
        """Return the script with variables; None when a reference stands where nothing is expanded."""
        while self._at < len(self._text):
            if match := self._reference.match(self._text, self._at):
                self._take(len(match[0]), self._variable(self._names[match[0]]))
            elif self._text[self._at] == "\n" and self._heredocs and self._stack[-1] != "single":
                if not self._here_documents():
                    return None
            else:
                self._step()
        return self._out

    def _variable(self, name: str) -> str:
        forms = {"plain": f'"${{{name}}}"', "single": f"'\"${{{name}}}\"'"}
        return forms.get(self._stack[-1], f"${{{name}}}")

    def _take(self, count: int, text: str | None = None) -> None:
        self._out += self._text[self._at : self._at + count] if text is None else text
        self._at += count

    def _step(self) -> None:
        state, char = self._stack[-1], self._text[self._at]
        if state == "single":
            self._leave(char == "'")
        elif state == "comment":
            self._leave(char == "\n", keep=char == "\n")
        elif char == "\\" and not self._reference.match(self._text, self._at + 1):
            self._take(2)
        elif state == "double" and char == '"':
            self._leave(True)
        elif self._text.startswith("$((", self._at):
            self._enter(3, "arithmetic", "arithmetic")
        elif self._text.startswith("$(", self._at):
            self._enter(2, "plain")
        elif state == "double":
            self._take(1)
        else:
            self._plain(state, char)

    def _plain(self, state: str, char: str) -> None:
        heredoc = _HEREDOC.match(self._text, self._at)
        if heredoc and state == "plain" and self._text[self._at - 1 : self._at] != "<":
            self._heredocs.append((heredoc["word"], bool(heredoc["quote"])))
            self._take(len(heredoc[0]))
        elif char == "'" and state == "plain":
            self._enter(1, "single")
        elif char == '"':
            self._enter(1, "double")
        elif char == "#" and state == "plain" and self._text[self._at - 1 : self._at] in ("", " ", "\t", "\n", ";"):
            self._enter(1, "comment")
        elif char == "(":
            self._enter(1, state)
        else:
            self._leave(char == ")")

    def _enter(self, count: int, *states: str) -> None:
        self._stack.extend(states)
        self._take(count)

    def _leave(self, when: bool, *, keep: bool = False) -> None:
        """Take a character, and end what began last when it is its end; a newline that ends a comment is kept."""
        if when and len(self._stack) > 1:
            self._stack.pop()
        if not keep:
            self._take(1)

    def _here_documents(self) -> bool:
        """Take the documents that begin behind this line. False when one that expands nothing holds a reference."""
        self._take(1)
        for word, quoted in self._heredocs:
            end = re.compile(rf"^\t*{re.escape(word)}$", re.MULTILINE).search(self._text, self._at)
            stop = end.start() if end else len(self._text)
            body = self._text[self._at : stop]
            if quoted and self._reference.search(body):
                return False
            plain = self._reference.sub(lambda match: f"${{{self._names[match[0]]}}}", body)
            self._take(len(body), plain)
            if end:
                self._take(len(end[0]))
        self._heredocs = []
        return True
