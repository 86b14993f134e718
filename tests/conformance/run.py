# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make conformance`: runs upstream's cases and says, per set, what passed, failed and was skipped.

Exit 1 when a case failed that tests/conformance/known.yaml does not list with a reason.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conformance import adapters, sets
from tests.conformance.registry import ADAPTERS, SCENARIOS, Case, Row, Skip

HERE = Path(__file__).parent
SECONDS_PER_CASE = 60


@dataclass
class Tally:
    """What became of one set."""

    passed: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.passed + len(self.failures) + self.skipped.total()

    def as_dict(self) -> dict[str, Any]:
        return {
            "passed": self.passed,
            "failed": len(self.failures),
            "skipped": self.skipped.total(),
            "total": self.total,
            "failures": sorted(self.failures),
        }


def main(arguments: list[str] | None = None) -> int:
    """Run and print; return the exit code."""
    options = _parser().parse_args(arguments)
    root = Path(options.vectors)
    if not root.is_dir():
        print(f"conformance: no vectors at {root}: skipped (give VECTORS=dir)")
        return 0
    load_adapters()
    known = _known()
    tallies = {
        name: _run(name, cases, options.verbose)
        for name, cases in sorted(sets.find(root).items())
        if not options.set or name in options.set
    }
    unlisted = _report(root, tallies, known)
    if options.out:
        Path(options.out).write_text(json.dumps({name: t.as_dict() for name, t in tallies.items()}, indent=1) + "\n")
    return 1 if unlisted else 0


def load_adapters() -> None:
    """Import every module below tests/conformance/adapters, so that they register."""
    for module in pkgutil.walk_packages(adapters.__path__, f"{adapters.__name__}."):
        importlib.import_module(module.name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vectors")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--out", default="")
    parser.add_argument("--verbose", action="store_true", help="say for each failure what differed")
    return parser


def _known() -> dict[str, str]:
    entries = yaml.safe_load((HERE / "known.yaml").read_text()) or []
    return {entry["id"]: entry["reason"] for entry in entries}


def _run(name: str, cases: list[Row | Case], verbose: bool) -> Tally:
    tally = Tally()
    for case in cases:
        try:
            with _limited(SECONDS_PER_CASE):
                _one(case)
        except Skip as reason:
            tally.skipped[str(reason)] += 1
        except Exception as error:
            tally.failures[case.id] = f"{type(error).__name__}: {error}"
            if verbose:
                print(f"--- {name} {case.id}\n{_short(error)}")
        else:
            tally.passed += 1
    return tally


def _one(case: Row | Case) -> None:
    if isinstance(case, Row):
        function = ADAPTERS.get((sets.key(case.set, case.path), case.test))
        if function is None:
            raise Skip("no adapter for the table yet")
        function(case)
        return
    scenario = SCENARIOS.get(case.set)
    if scenario is None:
        raise Skip("no adapter for the set yet")
    scenario(case)


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    def expire(_number: int, _frame: Any) -> None:
        raise TimeoutError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _short(error: Exception) -> str:
    if isinstance(error, AssertionError):
        return str(error)[:600]
    return "".join(traceback.format_exception(error)[-3:])[:1200]


def _report(root: Path, tallies: dict[str, Tally], known: dict[str, str]) -> list[str]:
    unlisted = []
    for name, tally in tallies.items():
        new = sorted(set(tally.failures) - set(known))
        unlisted += new
        print(
            f"{name}: {tally.passed} passed, {len(tally.failures)} failed "
            f"({len(tally.failures) - len(new)} known), {tally.skipped.total()} skipped, {tally.total} in all"
        )
        for reason, count in tally.skipped.most_common():
            print(f"  skipped {count}: {reason}")
        for identity in sorted(tally.failures):
            print(f"  failed {'(known) ' if identity in known else ''}{identity}: {tally.failures[identity][:160]}")
    _tables_without_adapter(root, tallies)
    passed = sum(t.passed for t in tallies.values())
    print(f"{passed} passed, {sum(len(t.failures) for t in tallies.values())} failed", end="")
    print(f", {sum(t.skipped.total() for t in tallies.values())} skipped")
    return unlisted


def _tables_without_adapter(root: Path, tallies: dict[str, Tally]) -> None:
    every = {entry for entry in sets.tables(root) if entry[0] in tallies}
    missing = {entry for entry in every if (sets.key(entry[0], entry[1]), entry[2]) not in ADAPTERS}
    print(f"tables without an adapter: {len(missing)} of {len(every)}")
    for name, count in sorted(Counter(entry[0] for entry in missing).items()):
        print(f"  {name}: {count}")


if __name__ == "__main__":
    sys.exit(main())
