# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A directory of plain manifests: which files count, how they are read, which objects they hold.

Source: argo-cd v3.6 reposerver/repository/repository.go findManifests, getObjsFromYAMLOrJSON.
"""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core import yaml
from ..._core.errors import Invalid, Refused
from ..._core.paths import is_within
from ..._core.types import Manifest
from ..._core.yaml import Document
from .files import is_manifest

_SKIP = "+argocd:skip-file-rendering"
_MARKS = ("apiVersion:", "kind:", "metadata:")
_MOST_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A file: `path` on this machine, `name` relative to the source, `shown` for messages."""

    path: str
    name: str
    shown: str


def manifests(directory: Mapping[str, Any], base: str, root: str, shown: str) -> list[Manifest]:
    """Return the objects of the files below `base`, which lies in the repository `root`; `shown` is its path there.

    Invalid for a file that looks like a manifest and cannot be read, for a link out of the repository, and for more
    than 10 MiB of manifests. Refused for Jsonnet.
    """
    found = [file for file in _files(directory, base, shown) if _is_inside(file, root)]
    for file in found:
        if file.name.endswith(".jsonnet"):
            raise Refused(f"{file.shown} is Jsonnet, which is not executed yet", hint="render it in the repository")
    if sum(os.path.getsize(file.path) for file in found) > _MOST_BYTES:
        raise Invalid("spec.source.path", "exceeded max combined manifest file size", hint="10Mi")
    return [manifest for file in found for document in _documents(file) for manifest in objects(document)]


def _files(directory: Mapping[str, Any], base: str, shown: str) -> Iterator[Found]:
    for folder, folders, names in os.walk(base):
        folders.sort()
        if not directory.get("recurse"):
            folders.clear()
        for name in sorted(names):
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, base)
            if is_manifest(relative, directory):
                yield Found(path, relative, os.path.join(shown, relative))


def _is_inside(file: Found, root: str) -> bool:
    """A link that leads nowhere is passed over, one out of the repository is refused."""
    if not os.path.islink(file.path):
        return True
    if not os.path.exists(file.path):
        return False
    if not is_within(os.path.realpath(root), os.path.realpath(file.path)):
        raise Invalid("spec.source.path", f'illegal filepath in symlink at "{file.shown}"')
    return True


def decoded(data: bytes) -> str:
    """Return the text of a file: UTF-16 with its mark, else UTF-8."""
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if utf16 else "utf-8-sig", "replace")


def _documents(file: Found) -> list[Document]:
    with open(file.path, "rb") as stream:
        text = decoded(stream.read())
    if _SKIP in text:
        return []
    if file.name.endswith(".json"):
        _check_json(text, file.shown)
    out: list[Document] = []
    try:
        for document in yaml.load_all(text, file.shown):
            out.append(document)
    except Invalid:
        # what is no YAML may lie beside manifests, unless it is meant as one
        if out or all(mark in text for mark in _MARKS):
            raise
    return out


def _check_json(text: str, shown: str) -> None:
    """A JSON file holds exactly one value."""
    try:
        json.loads(text)
    except ValueError as error:
        raise Invalid("", f'Failed to unmarshal "{shown}": {error}') from None


def objects(document: Document) -> Iterator[Manifest]:
    """Yield the objects of a document: those of a list one by one, none of a document without a kind."""
    data = document.data
    if not isinstance(data, dict) or not data.get("kind"):
        return
    if str(data["kind"]).endswith("List") and "items" in data:
        yield from data["items"] or []
        return
    if not data.get("apiVersion") or not (data.get("metadata") or {}):
        raise Invalid("metadata", "apiVersion and metadata are needed", at=document.place())
    yield data
