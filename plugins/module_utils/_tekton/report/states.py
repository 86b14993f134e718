# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What became of each task, in the few words and the sign that a drawing has room for.

Pure; knows reports, must not know drawings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_GOOD = ("Succeeded", "Completed")


@dataclass(frozen=True, slots=True)
class State:
    """`colour` is one of ok, bad, off, go, odd; `sign` says the same without colour."""

    text: str = ""
    colour: str = "off"
    sign: str = ""
    detail: str = ""


def states(plan: Sequence[Mapping[str, Any]], report: Mapping[str, Any]) -> dict[str, State]:
    """Return the state of every task of the plan; for a TaskRun (no plan) that of every step."""
    if not plan:
        return {str(step["name"]): _step(step) for run in report.get("task_runs") or [] for step in run["steps"]}
    runs: dict[str, list[Mapping[str, Any]]] = {}
    for run in report.get("task_runs") or []:
        runs.setdefault(str(run["task"]), []).append(run)
    skipped = {str(entry["task"]): str(entry["reason"]) for entry in report.get("skipped_tasks") or []}
    return {str(row["task"]): _task(str(row["task"]), runs, skipped) for row in plan}


def _task(name: str, runs: Mapping[str, Sequence[Mapping[str, Any]]], skipped: Mapping[str, str]) -> State:
    if name in runs:
        return _ran(runs[name])
    if name in skipped:
        return State("Skipped", "off", "–", skipped[name])
    return State()


def _ran(runs: Sequence[Mapping[str, Any]]) -> State:
    bad = [run for run in runs if run["status"] not in _GOOD]
    seconds = max(float(run["seconds"]) for run in runs)
    many = f"{len(runs)} runs, " if len(runs) > 1 else ""
    if not bad:
        return State(f"{many}{runs[0]['status']} · {seconds:.1f} s", "ok", "✓")
    return State(f"{many}{bad[0]['status']} · {seconds:.1f} s", "bad", "✗", str(bad[0]["message"]))


def _step(step: Mapping[str, Any]) -> State:
    reason = str(step["termination_reason"])
    if reason == "Skipped":
        return State("Skipped", "off", "–")
    good = reason in ("Completed", "Continued")
    text = f"{reason} · {float(step['seconds']):.1f} s" if good else f"exit {step['exit_code']} · {reason}"
    return State(text, "ok" if good else "bad", "✓" if good else "✗")
