# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a machine needs and has: each check says the state, what a lack costs, and the one command that mends it.

Runs small programs for a moment. Must not change anything, nor print.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_OLDEST_PYTHON = (3, 11)
_OLDEST_CORE = (2, 18)
_DISK_NEED = 2 << 30
_SECONDS = 20
_CLUSTER = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `state`: ok, limited, missing or broken; `required`: without it no playbook runs."""

    name: str
    state: str
    detail: str
    cost: str = ""
    mend: str = ""
    required: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run_all() -> list[Check]:
    """Return every finding, what is required first."""
    return [check() for check in ALL]


def python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info[:2] >= _OLDEST_PYTHON
    cost = "slipway needs Python 3.11 or newer."
    return Check("python", "ok" if good else "broken", f"{version} {sys.executable}", cost, "apt install python3", True)


def ansible_core() -> Check:
    """Not the library alone: the program is what runs."""
    version = _version("ansible-core")
    program = shutil.which("ansible-playbook", path=_tools())
    mend = "pip install 'ansible-core>=2.18'"
    if not version or not program:
        return Check("ansible-core", "missing", "not installed", "No playbook can run.", mend, True)
    numbers = tuple(int(part) for part in version.split(".")[:2])
    state = "ok" if numbers >= _OLDEST_CORE else "broken"
    return Check("ansible-core", state, f"{version} {program}", "The collection needs 2.18 or newer.", mend, True)


def ansible_runner() -> Check:
    version = _version("ansible-runner")
    state, detail = ("ok", version) if version else ("missing", "not installed")
    return Check("ansible-runner", state, detail, "No playbook can run.", "pip install ansible-runner", True)


def collection_found() -> Check:
    from slipway import collection

    root = collection.root()
    detail = str(root / "ansible_collections/slipway/gitops") if root else "slipway.gitops is nowhere on the path"
    mend = "ansible-galaxy collection install slipway.gitops"
    return Check("collection", "ok" if root else "missing", detail, "None of our modules can run.", mend, True)


def state_directory() -> Check:
    from slipway import state
    from slipway.core import SlipwayError

    path = state.state_dir()
    mend = "export SLIPWAY_STATE_DIR=~/.slipway"
    try:
        state.private_dir(path)
        state.write_private(path / ".doctor", "")
        (path / ".doctor").unlink()
    except SlipwayError as error:
        return Check("state", "broken", error.message, "No run can be recorded.", mend, True)
    if path.stat().st_mode & 0o022:
        return Check(
            "state", "limited", f"{path} is writable by others", "Others can change runs.", f"chmod 700 {path}"
        )
    return Check("state", "ok", str(path), required=True)


def disk() -> Check:
    from slipway import state

    path = next(part for part in (state.state_dir(), *state.state_dir().parents) if part.exists())
    free = shutil.disk_usage(path).free
    detail = f"{free / (1 << 30):.1f} GiB free for {path}"
    state_ = "ok" if free >= _DISK_NEED else "limited" if free > _DISK_NEED // 20 else "broken"
    return Check("disk space", state_, detail, "Images and the cluster need about 2 GiB.", f"df -h {path}")


def git() -> Check:
    return _program("git", ["--version"], "Nothing can be fetched or committed.", "apt install git", required=False)


def bubblewrap() -> Check:
    """That it is installed says little: user namespaces may be forbidden (containers, sysctl)."""
    cost = "Pipeline steps run as plain processes, not isolated from this machine."
    if not shutil.which("bwrap"):
        return Check("bubblewrap", "missing", "not installed", cost, "apt install bubblewrap")
    true = shutil.which("true") or "/bin/true"
    code, text = _run(["bwrap", "--ro-bind", "/", "/", "--unshare-user", "--unshare-pid", "--proc", "/proc", true])
    if code == 0:
        return Check("bubblewrap", "ok", f"{_run(['bwrap', '--version'])[1]}, user namespaces work")
    mend = "sysctl -w kernel.unprivileged_userns_clone=1" if "setting up uid map" in text or "namespace" in text else ""
    return Check(
        "bubblewrap", "limited", f"installed, but cannot isolate: {text}", cost, mend or "apt install bubblewrap"
    )


def buildah() -> Check:
    return _program("buildah", ["--version"], "Dockerfiles with RUN cannot be built.", "apt install buildah")


def podman() -> Check:
    return _program("podman", ["--version"], "Steps that need a whole image run only in pods.", "apt install podman")


def kubectl() -> Check:
    cost = "Kustomizations cannot be rendered."
    return _program("kubectl", ["version", "--client"], cost, "pip install 'slipway-gitops[kubectl]'")


def go() -> Check:
    cost = "The cluster's programs cannot be built here; they are downloaded instead."
    return _program("go", ["version"], cost, "apt install golang-go")


def busybox() -> Check:
    cost = "Steps in images without a shell of their own get none."
    return _program("busybox", ["--help"], cost, "apt install busybox-static")


def cluster_assets() -> Check:
    """The embedded cluster's programs: there, or still to be fetched."""
    from slipway.cluster import assets

    found = {name: assets.find(name) for name in _CLUSTER}
    lacking = [name for name, path in found.items() if path is None]
    if not lacking:
        return Check("cluster assets", "ok", ", ".join(sorted({str(path.parent) for path in found.values() if path})))
    state = "limited" if len(lacking) < len(found) else "missing"
    cost = "The first `slipway cluster up` downloads or builds them (minutes)."
    return Check("cluster assets", state, f"not there yet: {', '.join(lacking)}", cost, "slipway cluster assets")


ALL: tuple[Callable[[], Check], ...] = (
    python,
    ansible_core,
    ansible_runner,
    collection_found,
    state_directory,
    disk,
    git,
    bubblewrap,
    buildah,
    podman,
    kubectl,
    go,
    busybox,
    cluster_assets,
)


def _program(name: str, arguments: list[str], cost: str, mend: str, *, required: bool = False) -> Check:
    path = shutil.which(name, path=_tools())
    if not path:
        return Check(name, "missing", "not installed", cost, mend, required)
    code, text = _run([path, *arguments])
    if code != 0:
        return Check(name, "broken", f"{path} does not start: {text}", cost, mend, required)
    return Check(name, "ok", f"{text} {path}", cost, mend, required)


def _run(command: list[str]) -> tuple[int, str]:
    """Run a program; return its code and first line."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return 124, f"no answer within {_SECONDS} s"
    except OSError as error:
        return 127, error.strerror or str(error)
    return done.returncode, next(iter((done.stdout + done.stderr).strip().splitlines()), "")


def _tools() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
