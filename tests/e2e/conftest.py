# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end-to-end tests share: a folder outside the repository with a user's own files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.cluster import api as clusters

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(
    *command: str, cwd: Path, env: dict[str, str] | None = None, timeout: int = 300
) -> subprocess.CompletedProcess[str]:
    """Run a program as a user would; its output comes back as text."""
    base = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    return subprocess.run(
        command, cwd=cwd, env={**base, **(env or {})}, capture_output=True, text=True, timeout=timeout, check=False
    )


def only(collections: Path) -> dict[str, str]:
    """Return the environment in which Ansible sees the collections of one folder and not the checkout."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}


def git(folder: Path, *arguments: str) -> str:
    done = run(
        "git",
        "-c",
        "user.name=Test",
        "-c",
        "user.email=test@example.com",
        "-c",
        "init.defaultBranch=main",
        *arguments,
        cwd=folder,
        env={"GIT_CONFIG_GLOBAL": os.devnull},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as users get it: built, then installed into an empty collections path."""
    folder = tmp_path_factory.mktemp("collections")
    copy = folder / "source"
    copy.mkdir()
    listing = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).stdout.splitlines()
    for name in listing:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    built = run(str(BIN / "ansible-galaxy"), "collection", "build", "--output-path", str(folder), cwd=copy)
    assert built.returncode == 0, built.stderr
    tarball = next(folder.glob("slipway-gitops-*.tar.gz"))
    target = folder / "installed"
    command = [str(BIN / "ansible-galaxy"), "collection", "install", "--no-deps", "--offline", "-p", str(target)]
    done = run(*command, str(tarball), cwd=folder, env=only(target))
    assert done.returncode == 0, done.stderr + done.stdout
    assert (target / "ansible_collections" / "slipway" / "gitops" / "plugins").is_dir(), done.stdout
    return target


@pytest.fixture
def own_files(tmp_path: Path) -> Path:
    """A user's folder: application repository, pipeline, nothing of the checkout."""
    shutil.copytree(ROOT / "examples" / "hello", tmp_path / "mine")
    app = tmp_path / "mine" / "app"
    git(app, "init", "--quiet")
    git(app, "add", "--all")
    git(app, "commit", "--quiet", "--message", "first")
    return tmp_path / "mine"


@pytest.fixture(scope="session")
def embedded() -> Iterator[clusters.ClusterState]:
    """An embedded cluster of these tests' own, with a process node and a registry; taken down at the end."""
    if os.environ.get(clusters.EXTERNAL):
        pytest.skip(f"{clusters.EXTERNAL} is set: this case needs the embedded cluster with its process node")
    name = f"{clusters.default_name()}-cases"
    yield clusters.up(name, fake_nodes=0, process_node=True, registry=True)
    clusters.down(name)
