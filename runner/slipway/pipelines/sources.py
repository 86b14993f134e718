# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the Tasks and Pipelines that a person means when there is no cluster: in `-f`, else in `.tekton/` or here.

Knows files and kinds; what the objects mean is the engine's.
"""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from slipway.core import Cancel, Emitter, Invalid, Unreachable, yaml

FOLDER = ".tekton"
_ENDINGS = (".yaml", ".yml", ".json")
_TEKTON = re.compile(r"\bapiVersion[\"']?\s*:\s*[\"']?tekton\.dev/")
_BESIDE = ("Secret", "ConfigMap", "ServiceAccount", "PersistentVolumeClaim")
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Sources:
    """What was found. `files` are whole paths for the engine, `texts` what was fetched, `where` is said to people."""

    bundle: tekton.Bundle
    files: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    where: str = ""

    def resolving(self, run: yaml.Document, resolvers: Mapping[str, Any]) -> Sources:
        """Return the sources that also find what the run refers to by a resolver: Git, a registry, the hub."""
        options = tekton.Options(resolvers=resolvers)
        return replace(self, bundle=tekton.with_resolvers(self.bundle, run, options, Cancel(), Emitter([])))

    def only_run(self, kind: str) -> yaml.Document | None:
        """Return the run of a Pipeline or Task that is meant when nothing is named: the only one, or an error that lists them."""
        runs = self.bundle.names(f"{kind}Run")
        if len(runs) == 1 or (runs and not self.bundle.names(kind)):
            return self.pick(f"{kind}Run", "")
        return None

    def pick(self, kind: str, name: str) -> yaml.Document:
        """Return the object that NAME means; without a name the only one of its kind."""
        names = self.bundle.names(kind)
        chosen = name or (names[0] if len(names) == 1 else "")
        found = self.bundle.find(kind, chosen) if chosen else None
        if found is not None:
            return found
        there = f"there: {', '.join(names)}" if names else "give -f FILE, or put the YAML into .tekton/"
        if not names:
            raise Invalid("", f"there is no {kind} in {self.where}", hint=there)
        if not name:
            raise Invalid("", f"which {kind}? {self.where} holds {len(names)}", hint=there)
        raise Invalid("", f"there is no {kind} '{name}' in {self.where}", hint=there)


def load(given: Sequence[str], cwd: str = "") -> Sources:
    """Return the objects of `-f` (files, directories, URLs), or of `.tekton/` or the current directory.

    Without `-f` files are looked through: what holds no Tekton objects and nothing that belongs to them is passed by.
    Invalid with file, line and field for what Tekton would not accept; Unreachable for a URL.
    """
    base = Path(cwd or os.getcwd())
    if not given:
        return _look_around(base)
    documents: list[yaml.Document] = []
    files, texts = [], []
    for item in given:
        if item.startswith(("http://", "https://")):
            texts.append(_fetch(item))
            documents += yaml.load_all(texts[-1], item)
        else:
            files.append(_whole(base, item))
            documents += yaml.load_path(files[-1])
    return Sources(tekton.parse(list(_expanded(documents))), files, texts, ", ".join(given))


def _look_around(base: Path) -> Sources:
    folder = base / FOLDER if (base / FOLDER).is_dir() else base
    files = [str(path) for path in sorted(folder.iterdir()) if path.suffix in _ENDINGS and path.is_file()]
    found = [(path, documents) for path in files if (documents := _belongs(path))]
    everything = [document for _path, documents in found for document in documents]
    where = f"{FOLDER}/" if folder != base else "the current directory"
    return Sources(tekton.parse(list(_expanded(everything))), [path for path, _ in found], [], where)


def _belongs(path: str) -> list[yaml.Document]:
    """Return the documents of a file that holds Tekton objects, or only objects that Tekton's refer to."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    if _TEKTON.search(text):
        return yaml.load_all(text, path)
    try:
        documents = yaml.load_all(text, path)
    except Invalid:  # a chart's template, say
        return []
    fitting = all(isinstance(one.data, dict) and one.data.get("kind") in _BESIDE for one in documents)
    return documents if fitting else []


def _expanded(documents: Sequence[yaml.Document]) -> Iterator[yaml.Document]:
    for document in documents:
        data: Any = document.data
        if (
            isinstance(data, dict)
            and str(data.get("kind", "")).endswith("List")
            and isinstance(data.get("items"), list)
        ):
            for item in data["items"]:
                yield yaml.Document(item, document.file, document.line)
        else:
            yield document


def _whole(base: Path, item: str) -> str:
    path = Path(base, os.path.expanduser(item)).absolute()
    if not path.exists():
        raise Invalid("-f", f"there is no file {path}")
    return str(path)


def _fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            return str(answer.read().decode("utf-8"))
    except (urllib.error.URLError, OSError, ValueError) as error:
        hint = "check the address, or give a local file"
        raise Unreachable(f"cannot fetch {url}: {error}", hint=hint) from error
