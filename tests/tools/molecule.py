# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the molecule scenarios: one per role, or every one with --all.

A scenario belongs to the role it is named after; more of one role are named role-something.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / ".build" / "ansible_collections" / "slipway" / "gitops"


def scenarios(every: bool) -> list[str]:
    found = sorted(file.parent.name for file in (ROOT / "extensions" / "molecule").glob("*/molecule.yml"))
    roles = {folder.name for folder in (ROOT / "roles").iterdir() if folder.is_dir()}
    without = roles - set(found)
    if without:
        raise SystemExit(f"roles without a molecule scenario: {', '.join(sorted(without))}")
    return found if every else [name for name in found if name in roles]


def main(arguments: list[str]) -> int:
    results = {}
    for name in scenarios("--all" in arguments):
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "PATH": path}
        # A folder of its own, new each time: in its usual one molecule remembers that an earlier run was prepared,
        # and skips the preparation although the clean-up has removed what it made.
        scratch = tempfile.mkdtemp(prefix=f"slipway-molecule-{name}-")
        environment["MOLECULE_EPHEMERAL_DIRECTORY"] = scratch
        command = [str(Path(sys.executable).with_name("molecule")), "test", "--scenario-name", name]
        done = subprocess.run(command, cwd=COLLECTION, env=environment, check=False)
        results[name] = done.returncode == 0
        shutil.rmtree(scratch, ignore_errors=True)
    for name, good in results.items():
        print(f"molecule {name}: {'passed' if good else 'FAILED'}")
    print(f"{sum(results.values())} passed, {sum(not good for good in results.values())} failed")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
