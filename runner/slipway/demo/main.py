# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`slipway demo`: the main job on this machine, shown live, told as tables or as JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, cast

from rich.console import Console

from slipway.cluster import api as cluster
from slipway.demo import objects, report
from slipway.demo.deliveries import BASELINE, THREE, Delivery, deliver
from slipway.demo.report import Delivered
from slipway.demo.stage import NAMESPACE, Stage, need_registry, set_up, work_dir
from slipway.events import view as views
from slipway.exits import Exit


def run(*, output: str = "text", out: str = "") -> int:
    """Run the demo; return the exit code. JSON goes to stdout and to `out`, everything else to stderr."""
    stream = sys.stderr if output == "json" else sys.stdout
    console = Console(file=stream, highlight=False, width=None if stream.isatty() else 120)
    phases: list[tuple[str, float]] = []
    external = os.environ.get(cluster.EXTERNAL, "")
    if external:
        need_registry()
        console.print(f"The demo creates in the cluster of {cluster.EXTERNAL}:")
        for line in objects.listing(external, NAMESPACE):
            console.print(f"  {line}", soft_wrap=True)
    started = time.monotonic()
    stage = set_up(lambda text: console.print(f"[dim]{text}[/dim]", soft_wrap=True))
    phases.append(("set up", time.monotonic() - started))
    try:
        deliveries = [_one(stage, delivery, console, phases) for delivery in (BASELINE, *THREE)][1:]
    finally:
        stage.close()
    result = report.as_json(deliveries)
    report.show(console, deliveries, phases)
    _write(result, output, out)
    console.print(f"result: {result['result']} after {time.monotonic() - started:.1f} s")
    return int(Exit.DONE if result["result"] == "succeeded" else Exit.STEP_FAILED)


def clean() -> int:
    """Remove what the demo made: its objects and kinds in a cluster of the user's, everything of the embedded one."""
    external = os.environ.get(cluster.EXTERNAL, "")
    if external:
        objects.remove(external, NAMESPACE)
        for name in cluster.withdraw():
            print(f"kept CustomResourceDefinition {name}: somebody has objects of it", file=sys.stderr)
    cluster.down()
    shutil.rmtree(work_dir(), ignore_errors=True)
    return int(Exit.DONE)


def _one(stage: Stage, delivery: Delivery, console: Console, phases: list[tuple[str, float]]) -> Delivered:
    console.rule(f"{delivery.name}: git push", align="left")
    view = views.pick("text", out=cast(TextIO, console.file))
    try:
        delivered = deliver(stage, delivery, view)
    finally:
        view.close()
    phases.append((f"delivery {delivery.name}", delivered.seconds))
    return delivered


def _write(result: dict[str, object], output: str, out: str) -> None:
    text = json.dumps(result, indent=2)
    if out:
        Path(out).write_text(text + "\n", encoding="utf-8")
    if output == "json":
        print(text)


__all__: Sequence[str] = ("clean", "run")
