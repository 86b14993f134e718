# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tree that a run ends with: tasks and steps with times and states, also the skipped ones with their reasons.

Pure: a kept run in, lines out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.api import Kept
from slipway.events.view import age, clean
from slipway.pipelines.view import instance, sign

TAKEN = "slipway.dev/taken"
_GOOD = ("Succeeded", "Completed", "Continued")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what stands before the name, the name, how it ended, how long it took, why."""

    head: str
    name: str
    state: str
    seconds: float | None
    why: str = ""

    @property
    def colour(self) -> str:
        quiet = {"Skipped": "bright_black", "Taken": "bright_black", "Running": "cyan", "Cancelled": "magenta"}
        return "green" if self.state in _GOOD else quiet.get(self.state, "red")


def lines(kept: Kept) -> list[str]:
    """Return the tree of a run that has ended, aligned."""
    found = list(_lines(kept))
    width = max((len(line.head + line.name) for line in found), default=0)
    states = max((len(line.state) for line in found), default=0)
    return [_text(line, width, states) for line in found]


def _text(line: Line, width: int, states: int) -> str:
    name = f"{line.head}{line.name}".ljust(width)
    took = "" if line.seconds is None else age(line.seconds)
    state = click.style(line.state.ljust(states), fg=line.colour)
    return f"{name}  {state}  {took:>6}  {clean(line.why)}".rstrip()


def taken(kept: Kept) -> list[str]:
    """Return the tasks that an earlier run had done."""
    text = ((kept.run.get("metadata") or {}).get("annotations") or {}).get(TAKEN)
    return [str(name) for name in json.loads(text)] if text else []


def _lines(kept: Kept) -> Iterator[Line]:
    report = kept.report
    if kept.kind == "TaskRun":
        for run in report["task_runs"]:
            yield from _steps(run, "")
        return
    tasks, done = list(_in_order(kept)), taken(kept)
    for number, (task, runs) in enumerate(tasks):
        last = number == len(tasks) - 1
        yield from _task(task, runs, report, "└─ " if last else "├─ ", "   " if last else "│  ", task in done)


def _in_order(kept: Kept) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield the tasks as the plan has them, then what it does not know."""
    runs: dict[str, list[Mapping[str, Any]]] = {}
    for run in kept.report.get("task_runs") or []:
        runs.setdefault(run["task"], []).append(run)
    skipped = {entry["task"] for entry in kept.report.get("skipped_tasks") or []}
    for name in dict.fromkeys([*(row["task"] for row in kept.plan), *runs, *skipped]):
        if name in runs or name in skipped:
            yield name, runs.get(name, [])


def _task(
    task: str, runs: Sequence[Mapping[str, Any]], report: Mapping[str, Any], head: str, below: str, done: bool
) -> Iterator[Line]:
    if done:
        yield Line(head, task, "Taken", None, "done by the earlier run")
        return
    if not runs:
        reasons = [entry["reason"] for entry in report.get("skipped_tasks") or [] if entry["task"] == task]
        yield Line(head, task, "Skipped", None, reasons[0] if reasons else "")
        return
    for run in runs:
        good = run["status"] in _GOOD
        yield Line(head, instance(task, run["name"]), run["status"], run["seconds"], "" if good else run["message"])
        yield from _steps(run, below)


def _steps(run: Mapping[str, Any], before: str) -> Iterator[Line]:
    steps = run["steps"]
    for number, step in enumerate(steps):
        head = f"{before}{'└─ ' if number == len(steps) - 1 else '├─ '}"
        reason = step["termination_reason"]
        ran = reason != "Skipped"
        why = f"exit code {step['exit_code']}" if ran and step["exit_code"] else ""
        yield Line(head, step["name"], reason, step["seconds"] if ran else None, why)


def verdict(kept: Kept) -> str:
    """Return the line above the tree."""
    report = kept.report
    good = bool(report["succeeded"])
    text = f"{sign('Succeeded' if good else 'Failed')} {kept.kind} {kept.name} {report['status']} in {age(report['seconds'])}"
    told = "" if good and kept.kind == "TaskRun" else f": {clean(report['message'])}"
    return click.style(text, fg="green" if good else "red") + told
