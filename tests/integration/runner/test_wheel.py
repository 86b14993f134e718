# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wheel is a whole installation: the command, and the collection that Ansible finds."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    hidden = ("ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH")
    base = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(command, env={**base, **env}, cwd="/", capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT / "runner"))
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A fresh environment with only the wheel; the libraries come from this one, its `.pth` files do not."""
    folder = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    program = str(folder / "bin" / "python")
    site = run(program, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
    run(sys.executable, "-m", "pip", "--python", program, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    (Path(site) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return program


def test_the_wheel_holds_what_galaxy_would_and_no_more(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    inside = "ansible_collections/slipway/gitops/"
    for wanted in ("galaxy.yml", "meta/runtime.yml", "plugins/module_utils/_core/errors.py", "playbooks/deliver.yml"):
        assert inside + wanted in names
    assert "slipway/demo/examples/hello/app/Dockerfile" in names
    assert [name for name in names if name.startswith((inside + "tests/", inside + "runner/")) or ".pyc" in name] == []


def test_the_command_works_where_only_the_wheel_is(python: str, tmp_path: Path) -> None:
    command = str(Path(python).with_name("slipway"))
    assert "Exit codes" in run(command, "--help").stdout
    found = run(python, "-c", "from slipway import collection; print(collection.root())").stdout.strip()
    assert found.startswith(str(Path(python).parents[1]))


def test_ansible_finds_the_collection_in_the_wheel(python: str) -> None:
    text = run(python, "-m", "ansible", "doc", "slipway.gitops.apply").stdout
    assert "slipway.gitops.apply" in text
    assert str(Path(python).parents[1]) in text


def test_ansible_finds_the_role_in_the_wheel(python: str) -> None:
    text = run(python, "-m", "ansible", "doc", "-t", "role", "slipway.gitops.deliver").stdout
    assert "deliver_manifests" in text
    assert str(Path(python).parents[1]) in text


def test_a_wheel_can_be_made_from_the_source_distribution(tmp_path: Path) -> None:
    pytest.importorskip("build")
    run(sys.executable, "-m", "build", "--sdist", "--outdir", str(tmp_path), str(ROOT / "runner"))
    sdist = next(tmp_path.glob("*.tar.gz"))
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(sdist))
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "ansible_collections/slipway/gitops/plugins/module_utils/_core/errors.py" in names
