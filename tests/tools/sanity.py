# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the tests of `ansible-test sanity` that need no container, on a copy of the collection.

A copy, because ansible-test resolves links and wants the folder names ansible_collections/slipway/gitops.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / ".build" / "sanity" / "ansible_collections" / "slipway" / "gitops"
PARTS = (
    "plugins",
    "roles",
    "playbooks",
    "meta",
    "tests/sanity",
    "tests/config.yml",
    "galaxy.yml",
    "README.md",
    "changelogs",
)
# Left out, and why: pylint, mypy, pep8, yamllint and shellcheck make environments of their own from an index
# or repeat what ruff, mypy and yamllint already did here with the project's own settings.
TESTS = (
    "action-plugin-docs",
    "ansible-doc",
    "compile",
    "empty-init",
    "ignores",
    "import",
    "line-endings",
    "no-assert",
    "no-get-exception",
    "no-illegal-filenames",
    "no-smart-quotes",
    "replace-urlopen",
    "runtime-metadata",
    "shebang",
    "symlinks",
    "use-argspec-type-path",
    "use-compat-six",
    "validate-modules",
)


def copy() -> None:
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for part in PARTS:
        source, target = ROOT / part, COPY / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    subprocess.run(["git", "init", "-q", str(COPY)], check=True)
    subprocess.run(["git", "-C", str(COPY), "add", "-A"], check=True)


def offline_pip(home: Path) -> None:
    """Let ansible-test make its environments without a download: pip comes from Python's own ensurepip."""
    spec = importlib.util.find_spec("ansible_test")
    folder = Path(next(iter(spec.submodule_search_locations or []))) if spec else Path()
    text = (folder / "_internal" / "python_requirements.py").read_text()
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in set(re.findall(r"pip='([0-9.]+)'", text)):
        name = f"get_pip_{version.replace('.', '_')}.py"
        (cache / name).write_text("import ensurepip\n\nensurepip.bootstrap()\n")


def main() -> int:
    copy()
    home = ROOT / ".build" / "sanity" / "home"
    offline_pip(home)
    program = Path(sys.executable).with_name("ansible-test")
    available = subprocess.run([program, "sanity", "--list-tests"], cwd=COPY, capture_output=True, text=True)
    tests = [part for name in TESTS if name in available.stdout for part in ("--test", name)]
    environment = {
        **os.environ,
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "sanity"),
    }
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [str(program), "sanity", "--python", version, "--color", "no", *tests]
    return subprocess.run(command, cwd=COPY, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
