# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the stages of `make test` one after the other and ends with a table of what each came to.

A stage is a list of commands; all stages run even when one failed, so that one run tells everything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".build" / "venv" / "bin"
PYTHON = str(BIN / "python")
COLLECTION = ROOT / ".build" / "ansible_collections" / "slipway" / "gitops"
PACKAGE = "ansible_collections.slipway.gitops.plugins"
PAGES = ROOT / ".build" / "docs"
SCRATCH = ROOT / ".build" / "scratch"


@dataclass(frozen=True)
class Command:
    """One program of a stage; `cwd` is relative to the checkout."""

    argv: tuple[str, ...]
    cwd: Path = ROOT
    env: tuple[tuple[str, str], ...] = ()


def tool(name: str, *arguments: str, cwd: Path = ROOT, env: tuple[tuple[str, str], ...] = ()) -> Command:
    return Command((str(BIN / name), *arguments), cwd, env)


def python(*arguments: str) -> Command:
    return Command((PYTHON, *arguments))


def lint() -> list[Command]:
    return [
        tool("ruff", "check", "."),
        tool("ruff", "format", "--check", "."),
        tool("yamllint", "--strict", "."),
        tool("reuse", "lint", "--quiet"),
        python("tests/tools/house_rules.py"),
        tool("ansible-lint", "--offline", "--profile", "production", "-q", "playbooks", "roles", "inventories"),
        python("tests/tools/sanity.py"),
    ]


def types() -> list[Command]:
    path = (("MYPYPATH", f"{ROOT / '.build'}:{ROOT / 'runner'}"),)
    plugins = [f"{PACKAGE}.{part}" for part in ("module_utils", "plugin_utils", "action")]
    packages = [part for name in plugins for part in ("-p", name)]
    return [tool("mypy", *packages, "-p", "slipway", env=path)]


def layers() -> list[Command]:
    return [tool("lint-imports", "--config", "tests/importlinter.ini", "--no-cache")]


def docs() -> list[Command]:
    """The documentation is linted and rendered: a page per module, plugin and role in .build/docs."""
    path = str(COLLECTION)
    PAGES.mkdir(mode=0o755, parents=True, exist_ok=True)
    form = ("--output-format", "simplified-rst", "--squash-hierarchy", "--no-indexes", "--fail-on-error")
    return [
        tool("antsibull-docs", "collection", "--use-current", *form, "--dest-dir", str(PAGES), "slipway.gitops"),
        tool("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", path),
        tool("antsibull-changelog", "lint", cwd=COLLECTION),
        python("tests/tools/schemas.py", "--check"),
    ]


def unit() -> list[Command]:
    return [python("-m", "pytest", "tests/unit")]


def low() -> list[Command]:
    """The same unit tests with the lowest supported ansible-core."""
    python_low = str(ROOT / ".build" / "venv-low" / "bin" / "python")
    return [
        Command((sys.executable, "tests/tools/environment.py", "low")),
        Command((python_low, "-m", "pytest", "tests/unit/plugins")),
    ]


def conformance() -> list[Command]:
    vectors = os.environ.get("SLIPWAY_TEST_VECTORS", "")
    extra = [part for name in os.environ.get("SET", "").split() for part in ("--set", name)]
    out = ["--out", os.environ["OUT"]] if os.environ.get("OUT") else []
    return [python("-m", "tests.conformance.run", vectors, *extra, *out)]


def assets() -> list[Command]:
    """The cluster's programs come before the tests that start it: their time limits are for the tests alone."""
    return [tool("slipway", "cluster", "assets")]


def integration() -> list[Command]:
    return [python("-m", "pytest", "tests/integration")]


def e2e() -> list[Command]:
    return [python("-m", "pytest", "tests/e2e")]


def roles() -> list[Command]:
    return [python("tests/tools/molecule.py")]


def roles_full() -> list[Command]:
    return [python("tests/tools/molecule.py", "--all")]


STAGES = {
    "lint": lint,
    "types": types,
    "layers": layers,
    "docs": docs,
    "unit": unit,
    "low": low,
    "conformance": conformance,
    "assets": assets,
    "integration": integration,
    "e2e": e2e,
    "roles": roles,
    "roles-full": roles_full,
}


def run(name: str) -> bool:
    """Run every command of a stage; True when all came out well."""
    good = True
    # A folder that this user may not enter (after su, say) turns "not installed" into "permission denied".
    path = ":".join([str(BIN), *(part for part in os.environ["PATH"].split(":") if os.access(part, os.X_OK))])
    for command in STAGES[name]():
        print(f"[{name}] $ {' '.join(command.argv).replace(str(ROOT) + '/', '')[:180]}", flush=True)
        environment = {**os.environ, **dict(command.env), "PATH": path}
        code = subprocess.run(command.argv, cwd=command.cwd, env=environment, check=False).returncode
        if code:
            print(f"[{name}] exit {code}", flush=True)
        good = good and code == 0
    return good


def main(names: list[str]) -> int:
    shutil.rmtree(SCRATCH, ignore_errors=True)
    rows = []
    for name in names:
        started = time.monotonic()
        rows.append((name, run(name), time.monotonic() - started))
    print("\nstage          result   seconds")
    for name, good, seconds in rows:
        print(f"{name:<14} {'passed' if good else 'FAILED':<8} {seconds:7.1f}")
    bad = sum(not good for _name, good, _seconds in rows)
    print(f"{len(rows) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
