# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Reads the manifests a remote task names, on the machine where the module runs.

The controller's own loader is plugin_utils/_source.py; this one knows no playbook folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from .._core import yaml
from .._core.errors import Invalid, Place
from .._core.types import Manifest
from .._core.yaml import Document


def load(options: dict[str, Any], fetch: Callable[[str], str]) -> list[Manifest]:
    """Return the objects of the options src and definition, lists expanded. `fetch` reads a URL.

    Invalid with file and line for what is no YAML or no object.
    """
    documents = [document for source in options.get("src") or [] for document in _read(source, fetch)]
    definition = options.get("definition")
    for part in definition if isinstance(definition, list) else [definition]:
        if isinstance(part, str):
            documents += yaml.load_all(part, "<definition>")
        elif part is not None:
            documents.append(Document(part, "<definition>", 1))
    return [obj for document in documents for obj in _expand(document)]


def _read(source: str, fetch: Callable[[str], str]) -> list[Document]:
    if source.startswith(("http://", "https://")):
        return yaml.load_all(fetch(source), source)
    path = os.path.abspath(os.path.expanduser(source))
    if not os.path.exists(path):
        raise Invalid("src", "does not exist", at=Place(path), hint="the path is read on the host where the task runs")
    return yaml.load_path(path)


def _expand(document: Document) -> Iterator[Manifest]:
    data = document.data
    if not isinstance(data, dict):
        raise Invalid("", "is not a Kubernetes object", at=document.place(), hint="a mapping with apiVersion and kind")
    if str(data.get("kind", "")).endswith("List") and isinstance(data.get("items"), list):
        yield from data["items"]
    else:
        yield data
