# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""YAML as Kubernetes tools read it: the scalars of Go's sigs.k8s.io/yaml, with places for messages.

PyYAML's own rules differ in dates, sexagesimals, octals, exponents and 1.1 booleans
(measured against sigs.k8s.io/yaml v1.4): the resolver here follows Go.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from . import gojson
from .errors import Invalid, Permanent, Place

_BOOLS = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
}
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_INT = re.compile(r"^[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$")
_INF_NAN = re.compile(r"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$")
_PATH_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


_RESOLVERS = (
    ("tag:yaml.org,2002:bool", re.compile("^(" + "|".join(_BOOLS) + ")$"), "yYnNoOtTfF"),
    ("tag:yaml.org,2002:null", re.compile(r"^(~|null|Null|NULL|)$"), "~nN"),
    ("tag:yaml.org,2002:int", _INT, "-+0123456789"),
    ("tag:yaml.org,2002:float", _FLOAT, "-+0123456789."),
    ("tag:slipway,infinity", _INF_NAN, "-+."),
    ("tag:yaml.org,2002:merge", re.compile(r"^<<$"), "<"),
)


@cache
def pyyaml() -> Any:
    """Return the library. Permanent where it is missing: a managed host need not have it."""
    try:
        import yaml
    except ImportError:
        raise Permanent(
            f"PyYAML is not installed for {sys.executable}",
            hint="install it on the host where the task runs, or run the task on the controller",
        ) from None
    return yaml


def _base() -> Any:
    return getattr(pyyaml(), "CSafeLoader", pyyaml().SafeLoader)


@cache
def _loader() -> Any:
    """Return a safe loader whose plain scalars resolve as in Go."""
    loader: Any = type("GoLoader", (_base(),), {"yaml_implicit_resolvers": {}})
    for tag, pattern, first in _RESOLVERS:
        loader.add_implicit_resolver(tag, pattern, list(first))
    loader.yaml_implicit_resolvers[""] = [("tag:yaml.org,2002:null", re.compile("^$"))]
    for tag, construct in _CONSTRUCTORS.items():
        loader.add_constructor(tag, construct)
    return loader


def _bool(loader: Any, node: Any) -> bool:
    return _BOOLS[loader.construct_scalar(node)]


def _int(loader: Any, node: Any) -> int | float | str:
    """Integers: 0o and bare leading 0 are octal when they can be, beyond 64 bits they become floats."""
    text: str = loader.construct_scalar(node)
    plain = text.replace("_", "")
    sign = -1 if plain.startswith("-") else 1
    digits = plain.lstrip("+-")
    value = _digits(digits)
    if value is None:
        return _float(loader, node)
    value *= sign
    return value if -(2**63) <= value < 2**64 else float(value)


def _digits(digits: str) -> int | None:
    lowered = digits.lower()
    for prefix, base in (("0x", 16), ("0o", 8), ("0b", 2)):
        if lowered.startswith(prefix):
            return int(lowered[2:], base)
    if len(digits) > 1 and digits.startswith("0"):
        return int(digits, 8) if not re.search("[89]", digits) else None
    return int(digits, 10)


def _float(loader: Any, node: Any) -> float | int | str:
    value = float(loader.construct_scalar(node).replace("_", ""))
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _infinity(loader: Any, node: Any) -> None:
    raise Invalid("", "a number that JSON cannot hold", at=Place("", node.start_mark.line + 1))


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    _refuse_duplicates(node)
    loader.flatten_mapping(node)
    pairs = ((_key(loader.construct_object(k, deep=True)), v) for k, v in node.value)
    return {key: loader.construct_object(value, deep=True) for key, value in pairs}


def _key(key: Any) -> str:
    """JSON has text keys only: 1 becomes "1", true becomes "true"."""
    if isinstance(key, str):
        return key
    return gojson.dumps(key)


def _refuse_duplicates(node: Any) -> None:
    seen: set[str] = set()
    for key, _value in node.value:
        name = getattr(key, "value", None)
        if not isinstance(name, str) or name == "<<":
            continue
        if name in seen:
            raise Invalid("", f"key {name!r} is given twice", at=Place("", key.start_mark.line + 1))
        seen.add(name)


_CONSTRUCTORS = {
    "tag:yaml.org,2002:bool": _bool,
    "tag:yaml.org,2002:int": _int,
    "tag:yaml.org,2002:float": _float,
    "tag:slipway,infinity": _infinity,
    "tag:yaml.org,2002:map": _mapping,
    "tag:yaml.org,2002:timestamp": lambda loader, node: loader.construct_scalar(node),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: plain data, the file it came from and its first line (from 1)."""

    data: Any
    file: str = "<inline>"
    line: int = 1
    text: str = field(default="", repr=False, compare=False)

    def place(self, path: str = "") -> Place:
        """Return where `path` (such as spec.tasks[2].runAfter) stands, or its nearest parent."""
        if not self.text:
            return Place(self.file, self.line)
        node = _composed(self.text)
        line = _line_of(node, path)
        return Place(self.file, self.line + line)


@lru_cache(maxsize=8)
def _composed(text: str) -> Any:
    """Return the nodes of a document, read once for all places that are asked for in a row."""
    return pyyaml().compose(text, Loader=_base())


def _line_of(node: Any, path: str) -> int:
    line: int = node.start_mark.line if node is not None else 0
    for name, index in _PATH_PART.findall(path):
        found = _child(node, name, index)
        if found is None:
            return line
        key, node = found
        line = key.start_mark.line
    return line


def _child(node: Any, name: str, index: str) -> tuple[Any, Any] | None:
    if getattr(node, "id", "") == "sequence" and index:
        items = node.value
        return (items[int(index)], items[int(index)]) if int(index) < len(items) else None
    if getattr(node, "id", "") == "mapping" and name:
        return next(((k, v) for k, v in node.value if getattr(k, "value", None) == name), None)
    return None


def load_all(text: str, file: str = "<inline>") -> list[Document]:
    """Return the documents of `text`; null ones are dropped, lists of objects are left as they are.

    Invalid with file and line for a syntax error, a duplicate key or a number JSON cannot hold.
    """
    return list(_documents(text.lstrip("\ufeff"), file))


def _documents(text: str, file: str) -> Iterator[Document]:
    for first, part in _split(text):
        try:
            data = pyyaml().load(part, Loader=_loader())
        except Invalid as error:
            line = error.at.line if error.at and error.at.line else 1
            raise Invalid("", error.message, at=Place(file, first + line)) from None
        except pyyaml().YAMLError as error:
            raise _syntax(error, file, first) from None
        if data is not None:
            yield Document(data, file, first + 1, part)


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Yield (lines before, text) per document. Go tools split at lines that begin with ---.

    A last line without an end gets one, which counts in block scalars. Source: k8s.io/apimachinery
    pkg/util/yaml/decoder.go, LineReader.
    """
    start, lines = 0, (text if text.endswith("\n") else f"{text}\n").splitlines(keepends=True)
    for number, line in enumerate([*lines, "---"]):
        if not re.match(r"^---(\s|$)", line):
            continue
        part = "".join(lines[start:number])
        if part.strip():
            yield start, part
        rest = line[3:].strip() if number < len(lines) else ""
        start = number if rest and not rest.startswith("#") else number + 1


def _syntax(error: Any, file: str, first: int) -> Invalid:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).split("\n", maxsplit=1)[0]
    return Invalid("", f"is not valid YAML: {problem}", at=Place(file, first + mark.line + 1 if mark else first + 1))


def load_path(path: str) -> list[Document]:
    """Return the documents of a file, or of a directory's .yaml, .yml and .json files in name order (not recursive)."""
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if name.endswith((".yaml", ".yml", ".json")))
        return [document for name in names for document in load_path(os.path.join(path, name))]
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except UnicodeDecodeError as error:
        raise Invalid("", "is not UTF-8 text", at=Place(path)) from error
    except OSError as error:
        raise Invalid("", f"cannot be read: {error.strerror}", at=Place(path)) from error
    return load_all(text, path)


def dump(value: Any) -> str:
    """Return `value` as YAML: keys in the given order, block style, no line folding."""
    text = pyyaml().dump(
        value, Dumper=_dumper(), sort_keys=False, default_flow_style=False, width=10**6, allow_unicode=True
    )
    return str(text)


@cache
def _dumper() -> Any:
    """Return a dumper that quotes the words that Go (and YAML 1.1 readers) would take for something else."""
    base = getattr(pyyaml(), "CSafeDumper", pyyaml().SafeDumper)
    dumper: Any = type("GoDumper", (base,), {"ignore_aliases": lambda _self, _data: True})
    dumper.add_representer(str, _text)
    return dumper


def _text(dumper: Any, value: str) -> Any:
    if "\n" in value and not re.search(r"[ \t]\n", value):
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    plain = value not in _BOOLS and value != "=" and not _INT.match(value) and not _FLOAT.match(value)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')
