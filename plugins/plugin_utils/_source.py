# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the upstream YAML that a task names: files, directories, URLs or inline definitions.

Never templates what it reads: upstream YAML has braces of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ansible.module_utils.urls import open_url

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Place, Unreachable
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document


def load_sources(options: dict[str, Any], find: Callable[[str], str]) -> list[Document]:
    """Return the documents of O(src) and O(definition), lists of objects expanded.

    `find` turns a relative path into the file Ansible would take. Invalid with file and line for bad YAML.
    """
    documents = [document for source in options.get("src") or [] for document in _load_one(source, find)]
    documents += _inline(options.get("definition"))
    return [part for document in documents for part in _expand(document)]


def _load_one(source: str, find: Callable[[str], str]) -> list[Document]:
    if source.startswith(("http://", "https://")):
        return yaml.load_all(_fetch(source), source)
    return yaml.load_path(find(source))


def _fetch(url: str) -> str:
    try:
        with open_url(url, timeout=30) as answer:
            return str(answer.read().decode("utf-8"))
    except Exception as error:  # urllib raises a dozen kinds
        raise Unreachable(f"cannot fetch {url}: {error}", hint="check the address, or give a local file") from error


def _inline(definition: Any) -> list[Document]:
    if definition in (None, "", []):
        return []
    if isinstance(definition, str):
        return yaml.load_all(definition, "<definition>")
    items = definition if isinstance(definition, list) else [definition]
    documents: list[Document] = []
    for item in items:
        documents += yaml.load_all(item, "<definition>") if isinstance(item, str) else [Document(item, "<definition>")]
    return documents


def _expand(document: Document) -> Iterator[Document]:
    data = document.data
    if not isinstance(data, dict):
        raise Invalid("", "is not a Kubernetes object", at=document.place(), hint="a mapping with apiVersion and kind")
    if str(data.get("kind", "")).endswith("List") and isinstance(data.get("items"), list):
        for item in data["items"]:
            yield Document(item, document.file, document.line)
        return
    yield document


def place_of(documents: Sequence[Document], obj: str) -> Place | None:
    """Return where the object of an error ("Kind namespace/name" or "Kind name") was written, None when nowhere."""
    kind, _space, path = obj.partition(" ")
    namespace, _slash, name = path.rpartition("/")
    for document in documents:
        meta = document.data.get("metadata") or {}
        if (document.data.get("kind"), meta.get("name")) != (kind, name):
            continue
        if meta.get("namespace", namespace) == namespace:
            return document.place()
    return None


def local_path(source: str, base: str) -> str:
    """Return an absolute path for `source`, relative to `base`; Invalid when nothing is there."""
    path = os.path.join(base, os.path.expanduser(source))
    if not os.path.exists(path):
        raise Invalid("src", "does not exist", at=Place(path), hint="paths are relative to the playbook")
    return path
