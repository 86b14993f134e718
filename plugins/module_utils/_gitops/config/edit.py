# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Changes single values of a YAML text: exactly those lines differ, comments and quotes stay.

The text is composed into nodes with marks, and the new value is spliced in at the node's place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..._core import yaml as goyaml
from ..._core.errors import Invalid, Place

_INTEGER = re.compile(r"^-?(0|[1-9][0-9]*)$")
Value = str | int | float | bool
_PART = re.compile(r"""\["([^"]*)"\]|\['([^']*)'\]|\[(\d+)\]|\.?((?:\\.|[^.\[\]\\])+)""")


def set_value(text: str, path: str, value: Value, file: str) -> str:
    """Return the text with the scalar at `path` (image.tag, spec.containers[0].image, a["b.c"]) set.

    The first document in which the way exists is meant. A missing last key is added to its mapping. Invalid with file
    and line when the way there does not exist.
    """
    roots = compose(text, file)
    parts = split(path)
    root = next((root for root in roots if find(root, parts[:-1]) is not None), roots[0])
    parent, node = root, root
    for depth, part in enumerate(parts):
        parent, node = node, child(node, part)
        last = depth == len(parts) - 1
        if node is None and last and parent.id == "mapping":
            return add_key(text, parent, str(part), value)
        if node is None:
            at = Place(file, parent.start_mark.line + 1)
            raise Invalid(path, f"does not exist: there is no {part!r}", at=at, hint="add it to the file first")
    if not getattr(node, "id", "") == "scalar":
        raise Invalid(path, "is not a single value", at=Place(file, node.start_mark.line + 1))
    return replace(text, node, value)


def split(path: str) -> list[str | int]:
    r"""Return the parts of a path: names by dots (a dot in a name is `\.` or `["a.b"]`), indices in brackets."""
    parts: list[str | int] = []
    position = 0
    while position < len(path):
        found = _PART.match(path, position)
        if not found:
            raise Invalid("path", f"cannot be read: {path!r}", hint='such as image.tag, list[0].name, data["a.yaml"]')
        position = found.end()
        double, single, index, name = found.groups()
        quoted_name = double if double is not None else single
        if index is not None:
            parts.append(int(index))
        else:
            parts.append(quoted_name if quoted_name is not None else re.sub(r"\\(.)", r"\1", name))
    if not parts:
        raise Invalid("path", "is empty")
    return parts


def compose(text: str, file: str) -> list[Any]:
    """Return the node tree of each document. Invalid with file and line for a syntax error or an empty text."""
    try:
        roots = [
            root for root in goyaml.pyyaml().compose_all(text, Loader=goyaml.pyyaml().SafeLoader) if root is not None
        ]
    except goyaml.pyyaml().YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = Place(file, mark.line + 1 if mark else None)
        raise Invalid("", f"is not valid YAML: {getattr(error, 'problem', error)}", at=at) from error
    if not roots:
        raise Invalid("", "is empty", at=Place(file))
    return roots


def child(node: Any, part: str | int) -> Any:
    """Return the node below `node`, or None."""
    if getattr(node, "id", "") == "sequence" and isinstance(part, int):
        return node.value[part] if part < len(node.value) else None
    if getattr(node, "id", "") == "mapping":
        return next((value for key, value in node.value if key.value == str(part)), None)
    return None


def find(node: Any, parts: list[str | int]) -> Any:
    """Return the node at the end of the way, or None."""
    for part in parts:
        node = child(node, part) if node is not None else None
    return node


def walk(node: Any, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each scalar with the names on the way to it (indices are left out)."""
    if getattr(node, "id", "") == "mapping":
        for key, value in node.value:
            yield from walk(value, (*way, str(key.value)))
    elif getattr(node, "id", "") == "sequence":
        for value in node.value:
            yield from walk(value, way)
    else:
        yield way, node


def replace(text: str, node: Any, value: Value) -> str:
    """Return the text with a scalar replaced, in the quotes that it had; a plain number stays a number."""
    new = spelled(value, node)
    old = text[node.start_mark.index : node.end_mark.index]
    if new == old or (isinstance(loaded(old), str) and loaded(new) == loaded(old)):
        return text
    return text[: node.start_mark.index] + _apart(text, node) + new + text[node.end_mark.index :]


def _apart(text: str, node: Any) -> str:
    """An empty value stands directly behind its colon."""
    index = node.start_mark.index
    return " " if index == node.end_mark.index and text[index - 1 : index] in (":", "-") else ""


def loaded(text: str) -> Any:
    """Return what Go would read."""
    found = goyaml.load_all(text)
    return found[0].data if found else None


def spelled(value: Value, node: Any = None) -> str:
    """Return how a value is written. Text that was given for a plain integer or boolean is written plainly too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    style = getattr(node, "style", None)
    if style is None and node is not None and node.value:
        before, after = loaded(node.value), _plain_value(value)
        if isinstance(before, bool) and isinstance(after, bool):
            return value
        if isinstance(before, int) and _INTEGER.match(value):
            return value
    return quoted(value, style)


def _plain_value(value: str) -> Any:
    try:
        return loaded(value)
    except Invalid:
        return value


def add_key(text: str, mapping: Any, key: str, value: Value) -> str:
    """Return the text with a key added behind the last one of a mapping, indented as its brothers."""
    line = f"{quoted(key, None)}: {spelled(value)}"
    if mapping.flow_style or not mapping.value:
        inner = ", " if mapping.value else ""
        end = mapping.value[-1][1].end_mark.index if mapping.value else mapping.end_mark.index - 1
        return f"{text[:end]}{inner}{line}{text[end:]}"
    return insert_line(text, mapping.value[-1][1], " " * mapping.value[0][0].start_mark.column + line)


def insert_line(text: str, last: Any, line: str) -> str:
    """Return the text with a line (or lines) put behind the line on which the node `last` ends."""
    place = text.find("\n", end_of(last))
    place = len(text) if place < 0 else place
    newline = "\r\n" if text[place - 1 : place] == "\r" else "\n"
    place -= newline == "\r\n"
    return f"{text[:place]}{newline}{line}{text[place:]}"


def remove_key(text: str, mapping: Any, key: str) -> str:
    """Return the text without a key that holds a single value."""
    pairs = mapping.value
    number = next((n for n, (name, _value) in enumerate(pairs) if name.value == key), -1)
    if number < 0 or pairs[number][1].id != "scalar":
        return text
    name, value = pairs[number]
    start = text.rfind("\n", 0, name.start_mark.index) + 1
    alone = not text[start : name.start_mark.index].strip()
    if mapping.flow_style or not alone:  # in braces, or the first key behind a dash: the next one takes its place
        if number + 1 < len(pairs):
            return text[: name.start_mark.index] + text[pairs[number + 1][0].start_mark.index :]
        if mapping.flow_style and number:
            return text[: pairs[number - 1][1].end_mark.index] + text[value.end_mark.index :]
        return text
    end = text.find("\n", value.end_mark.index)
    return text[:start] + (text[end + 1 :] if end >= 0 else "")


def quoted(value: str, style: str | None) -> str:
    """Return text in a style: as it was quoted, and quoted where plain text would mean something else."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if style in ("|", ">"):
        style = '"'
    plain = value and "\n" not in value and value.strip() == value and _plain_value(value) == value and _safe(value)
    if style == '"' or not plain:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    return value


def _safe(value: str) -> bool:
    """Plain text must survive in braces too."""
    return not any(char in value for char in ",[]{}#&*!|>'\"%@`") or re.fullmatch(r"[\w./:@+-]+", value) is not None


def end_of(node: Any) -> int:
    """The end mark of a block collection lies behind its following blank lines; that of its last scalar does not."""
    while getattr(node, "id", "") in ("mapping", "sequence") and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    index: int = node.end_mark.index
    return index
