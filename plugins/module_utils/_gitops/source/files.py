# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which files of a repository belong to a source: manifests of a directory, value files of a chart.

Source: argo-cd v3.6 reposerver/repository/repository.go getPotentiallyValidManifestFile, getResolvedValueFiles,
util/app/path/path.go.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Invalid
from ..._core.paths import is_within
from ..._lang import globs, gourl
from ..model import environment

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_MANIFEST = re.compile(r".*\.(yaml|yml|json|jsonnet)")


def is_manifest(path: str, directory: Mapping[str, Any]) -> bool:
    """Return whether a directory source reads a file, by its path relative to the source.

    exclude counts before include; both are globs whose star crosses folders. `disableExtensionFilter` lets names with
    other endings than YAML, JSON and Jsonnet through.
    """
    if not directory.get("disableExtensionFilter") and not _MANIFEST.fullmatch(path):
        return False
    include, exclude = str(directory.get("include") or ""), str(directory.get("exclude") or "")
    if exclude and globs.match(exclude, path):
        return False
    return not include or globs.match(include, path)


def folder_type(names: Sequence[str]) -> str:
    """Return what a folder with these names is: Kustomize, Helm or Directory. A Kustomization counts before a chart."""
    if any(name in KUSTOMIZATIONS for name in names):
        return "Kustomize"
    return "Helm" if "Chart.yaml" in names else "Directory"


def is_glob(path: str) -> bool:
    """Return whether a path of value files is a pattern."""
    return any(char in path for char in "*?[")


def reference(path: str) -> str:
    """Return the $name that a value file's path begins with, empty without one."""
    return path.split("/", maxsplit=1)[0] if path.startswith("$") else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where value files are looked for: the source's folder, its repository, those that $names stand for."""

    base: str
    root: str
    references: Mapping[str, str] = field(default_factory=dict)
    schemes: Sequence[str] = ("http", "https")


def value_files(
    raw: Sequence[str], place: Place, env: Sequence[Mapping[str, Any]], *, ignore_missing: bool = False
) -> list[str]:
    """Return the value files in their order, globs expanded where they stand, each once.

    A file that is also named by itself keeps that place. Invalid for a path out of its repository, also by links, and
    for a pattern or a reference that leads nowhere.
    """
    found = [(path, is_glob(text)) for text in raw for path in _resolve(text, place, env, ignore_missing)]
    named = {path for path, by_glob in found if not by_glob}
    return list(dict.fromkeys(path for path, by_glob in found if not by_glob or path not in named))


def _resolve(raw: str, place: Place, env: Sequence[Mapping[str, Any]], ignore_missing: bool) -> list[str]:
    name = reference(raw)
    base, root, rest = place.base, place.root, raw
    if name in place.references:
        base = root = place.references[name]
        rest = "/" + raw[len(name) :].lstrip("/")
    path = environment.substitute(env, rest)
    url = _url(path, place.schemes)
    if url:
        return [url]
    full = os.path.normpath(os.path.join(root, path.lstrip("/")) if path.startswith("/") else os.path.join(base, path))
    _check(full, root, raw)
    if not is_glob(path):
        if ignore_missing and not os.path.exists(full):
            return []
        _check(os.path.realpath(full), os.path.realpath(root), raw)
        return [full]
    matches = list(_expanded(full, root))
    if not matches and not ignore_missing:
        raise Invalid("", f'values file glob "{raw}" matched no files')
    check_matches(matches, root, raw)
    return matches


def check_matches(matches: Sequence[str], root: str, raw: str) -> None:
    """Invalid for the first file that a pattern matched and that lies, once links are followed, out of `root`."""
    for match in matches:
        _check(os.path.realpath(match), os.path.realpath(root), raw)


def _url(path: str, schemes: Sequence[str]) -> str:
    scheme = gourl.parse(path).scheme if "://" in path and gourl.is_url(path) else ""
    if scheme and scheme not in schemes:
        raise Invalid("", f"the URL scheme '{scheme}' is not allowed")
    return path if scheme else ""


def _check(path: str, root: str, raw: str) -> None:
    if path == os.path.normpath(root):
        raise Invalid("", f"value file '{raw}' resolved to the repository itself")
    if not is_within(root, path):
        raise Invalid("", f"value file '{raw}' resolved to outside repository root")


def _expanded(pattern: str, root: str) -> Iterator[str]:
    """Files of a folder before those of the folders below, each in the order of their names."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if globs.doublestar(pattern, path):
                yield path
