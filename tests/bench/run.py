# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make bench`: measures ours and theirs side by side and writes the rows as JSON.

Each module named in GROUPS has `rows(options) -> list[Row]`; one that cannot run says why and is left out.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

from tests.bench.measure import Row

GROUPS = ("apply", "pipeline", "podman", "scheduler", "pods", "rollout", "receiver", "imports")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="")
    parser.add_argument("--peers", default="", choices=["", "real"])
    parser.add_argument("--only", action="append", default=[], choices=GROUPS)
    options = parser.parse_args(arguments)
    print(f"load before: {_load()}, {os.cpu_count()} cores")
    rows: list[Row] = []
    for name in options.only or GROUPS:
        rows += _group(name, options.peers == "real")
    print(f"load after: {_load()}")
    if options.out:
        Path(options.out).write_text(json.dumps([row.as_dict() for row in rows], indent=1) + "\n")
    return 0 if rows else 1


def _group(name: str, real: bool) -> list[Row]:
    module = importlib.import_module(f"tests.bench.{name}")
    try:
        rows: list[Row] = module.rows(real)
    except RuntimeError as reason:
        print(f"{name}: left out: {reason}")
        return []
    for row in rows:
        print(
            f"{row.name:<34} {row.ours:>10.3f} {row.unit:<5} {row.peer_name:<10} {row.peer:>10.3f}  "
            f"ratio {row.ratio:>6.3f}  {row.scope} {row.source}"
        )
    return rows


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
