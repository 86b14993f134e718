# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each action plugin costs at import: lines and milliseconds, without compiled files, as Ansible loads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bench.measure import Row

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import json, sys, time
import ansible.plugins.action
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
_AnsibleCollectionFinder(paths=[sys.argv[2]])._install()
started = time.perf_counter()
__import__("ansible_collections.slipway.gitops.plugins.action." + sys.argv[1])
taken = time.perf_counter() - started
ours = [module for name, module in sys.modules.items() if name.startswith("ansible_collections.slipway")]
files = [module.__file__ for module in ours if getattr(module, "__file__", None)]
print(json.dumps([taken, sum(len(open(f).readlines()) for f in files if f.endswith(".py"))]))
"""
ALLOWED_MS = 460.0  # what 37,500 lines cost, the size at which imports are felt


def rows(_real: bool) -> list[Row]:
    """Return a row per action; the peer is the cost at which imports are felt."""
    out = []
    for file in sorted((ROOT / "plugins" / "action").glob("*.py")):
        if file.stem.startswith("_"):
            continue
        taken, lines = min(_probe(file.stem) for _round in range(3))
        print(f"{file.stem}: {lines} lines")
        out.append(Row(f"import.{file.stem}", taken * 1000, ALLOWED_MS, "felt", unit="ms", source="recorded"))
    return out


def _probe(name: str) -> tuple[float, int]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PROBE, name, str(ROOT / ".build")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} cannot be imported: {done.stderr.strip()[-300:]}")
    taken, lines = json.loads(done.stdout.splitlines()[-1])
    return float(taken), int(lines)
