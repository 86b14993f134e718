# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Changes single values of a YAML text: exactly those lines differ, comments and quotes stay.

The text is composed into nodes with marks, and the new value is spliced in at the node's place.
"""

from __future__ import annotations

import re
from typing import Any

import yaml as pyyaml

from ..._core.errors import Invalid, Place

_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_PLAIN = re.compile(r"^[A-Za-z0-9_./@:+-]*[A-Za-z_/@-][A-Za-z0-9_./@:+-]*$")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"}


def set_value(text: str, path: str, value: str, file: str) -> str:
    """Return the text with the scalar at `path` (image.tag, spec.containers[0].image) set.

    A missing last key is added to its mapping. Invalid when the way there does not exist.
    """
    root = compose(text, file)
    parts = [int(index) if index else name for name, index in _PART.findall(path)]
    parent, node = root, root
    for depth, part in enumerate(parts):
        parent, node = node, child(node, part)
        if node is None and depth == len(parts) - 1 and isinstance(parent, pyyaml.MappingNode):
            return add_key(text, parent, str(part), value)
        if node is None:
            at = Place(file, parent.start_mark.line + 1)
            raise Invalid(path, f"does not exist: there is no {part!r}", at=at, hint="add it to the file first")
    if not isinstance(node, pyyaml.ScalarNode):
        raise Invalid(path, "is not a single value", at=Place(file, node.start_mark.line + 1))
    return replace(text, node, value)


def compose(text: str, file: str) -> Any:
    """Return the node tree of a text with one document."""
    try:
        root = pyyaml.compose(text, Loader=pyyaml.SafeLoader)
    except pyyaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Invalid(
            "",
            f"is not valid YAML: {getattr(error, 'problem', error)}",
            at=Place(file, mark.line + 1 if mark else None),
        ) from error
    if root is None:
        raise Invalid("", "is empty", at=Place(file))
    return root


def child(node: Any, part: str | int) -> Any:
    """Return the node below `node`, or None."""
    if isinstance(node, pyyaml.SequenceNode) and isinstance(part, int):
        return node.value[part] if part < len(node.value) else None
    if isinstance(node, pyyaml.MappingNode) and isinstance(part, str):
        return next((value for key, value in node.value if key.value == part), None)
    return None


def replace(text: str, node: Any, value: str) -> str:
    """Return the text with a scalar replaced, in the quotes that it had."""
    if node.value == value:
        return text
    return text[: node.start_mark.index] + quoted(value, node.style) + text[node.end_mark.index :]


def add_key(text: str, mapping: Any, key: str, value: str) -> str:
    """Return the text with a key added behind the last one of a mapping, indented as its brothers."""
    if mapping.flow_style or not mapping.value:
        inner = ", " if mapping.value else ""
        end = mapping.end_mark.index - 1
        return f"{text[:end]}{inner}{key}: {quoted(value, None)}{text[end:]}"
    first, last = mapping.value[0][0], mapping.value[-1][1]
    end = _end_of(last)
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    return f"{text[:line_end]}\n{' ' * first.start_mark.column}{key}: {quoted(value, None)}{text[line_end:]}"


def remove_key(text: str, mapping: Any, key: str) -> str:
    """Return the text without a key that holds a single value on one line."""
    for name, value in mapping.value:
        if name.value == key and isinstance(value, pyyaml.ScalarNode):
            start = text.rfind("\n", 0, name.start_mark.index) + 1
            end = text.find("\n", value.end_mark.index)
            before = text[start : name.start_mark.index]
            if before.strip():  # the first key behind a dash: the next one takes its place
                following = next((k for k, _v in mapping.value if k.start_mark.index > name.start_mark.index), None)
                if following is None:
                    return text
                return text[: name.start_mark.index] + text[following.start_mark.index :]
            return text[:start] + (text[end + 1 :] if end >= 0 else "")
    return text


def quoted(value: str, style: str | None) -> str:
    """Return a scalar in a style: as it was quoted, and quoted where plain text would mean something else."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    plain = _PLAIN.match(value) and value.lower() not in _WORDS and ": " not in value
    if style == '"' or not plain:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value


def _end_of(node: Any) -> int:
    """The end mark of a block collection lies behind its following blank lines; that of its last scalar does not."""
    while isinstance(node, (pyyaml.MappingNode, pyyaml.SequenceNode)) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    index: int = node.end_mark.index
    return index
