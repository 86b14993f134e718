# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of pipelines and tasks as people ask for them: what the engine kept, joined with the runner's journal.

The engine knows what came of a run, the journal whether it still goes on. Must not know terminals.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from slipway.core import Invalid
from slipway.events import log
from slipway.pipelines import sketch
from slipway.runs import api as runs
from slipway.runs.model import Run

PLAYBOOK = "slipway.gitops.pipeline"
_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One run. `kept` is None until the engine has begun, `run` when no run of the runner executes it."""

    name: str
    kind: str
    status: str
    started: float
    seconds: float | None
    message: str = ""
    kept: tekton.Kept | None = None
    run: Run | None = None

    @property
    def target(self) -> str:
        return self.kept.target if self.kept else ""

    @property
    def active(self) -> bool:
        if self.kept and self.kept.report:
            return False
        return self.run.status.active if self.run else self.status == "Running"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        report = self.kept.report if self.kept else {}
        told: Mapping[str, Any] = self.kept.run if self.kept else {}
        head = {"name": self.name, "kind": self.kind, "target": self.target, "status": self.status}
        times = {"started": self.started, "seconds": self.seconds, "message": self.message}
        return {**head, **times, "run": self.run.id if self.run else "", "object": told, "report": report}


def event_id(kind: str, name: str) -> str:
    """Return the key by which the journal knows a run of ours."""
    return f"{kind}/{name}"


def listed(kind: str, target: str = "") -> list[Listed]:
    """Return the runs of a kind, newest first, also those that the engine never began."""
    known = {run.id: run for run in runs.listed(limit=_MANY)}
    found = [_joined(kept, known.get(kept.runner)) for kept in tekton.kept_runs(kind=kind)]
    names = {one.name for one in found}
    ours = [run for run in known.values() if run.event_id.startswith(f"{kind}/") and run.directory.exists()]
    found += [_new(kind, run) for run in ours if run.event_id.partition("/")[2] not in names]
    found.sort(key=lambda one: one.started, reverse=True)
    return [one for one in found if target in ("", one.target)]


def find(kind: str, name: str, target: str = "") -> Listed:
    """Return the run of that name, its unique start or end, or the last one (`last`, or no name)."""
    every = listed(kind, target)
    if name in ("", "last"):
        if every:
            return every[0]
        of = f" of {target}" if target else ""
        raise Invalid("", f"there is no {kind}{of} yet")
    exact = [one for one in every if one.name == name] or [
        one for one in every if one.name.startswith(name) or one.name.endswith(name)
    ]
    if len(exact) == 1:
        return exact[0]
    names = ", ".join(one.name for one in (exact or every)[:5]) or "none"
    problem = f"several runs match '{name}'" if exact else f"there is no {kind} '{name}'"
    raise Invalid("", problem, hint=f"the last ones: {names}")


def cancel(one: Listed, *, force: bool = False, grace: str = "") -> Run | None:
    """Ask a run to stop, and return the runner's run that executes it. Invalid when it has ended.

    `grace` is a spec.status of Tekton that lets finally tasks run: CancelledRunFinally or StoppedRunFinally.
    """
    if not one.active:
        raise Invalid("", f"{one.name} has ended: {one.status}")
    if one.kept and (grace or one.run is None):
        tekton.ask("", one.name, grace or "Cancelled")
        return one.run
    assert one.run is not None  # what was not kept yet is known from the journal
    return runs.cancel(one.run.id, "cancelled on the command line", force=force)


def delete(one: Listed) -> None:
    """Remove a run that has ended, with its logs; the journal keeps the line that says it was there."""
    if one.active:
        kind = "pr" if one.kind == "PipelineRun" else "tr"
        raise Invalid("", f"{one.name} still goes on", hint=f"slipway {kind} cancel {one.name}")
    if one.kept:
        tekton.remove_run(one.kept)
    if one.run and one.run.event_id == event_id(one.kind, one.name):
        shutil.rmtree(one.run.directory, ignore_errors=True)


def _joined(kept: tekton.Kept, run: Run | None) -> Listed:
    report = kept.report
    if report:
        return Listed(
            kept.name, kept.kind, report["status"], kept.started, report["seconds"], report["message"], kept, run
        )
    status = run.status.value if run else tekton.status(kept)
    return Listed(kept.name, kept.kind, status, kept.started, _seconds(kept, run), run.why if run else "", kept, run)


def _seconds(kept: tekton.Kept, run: Run | None) -> float | None:
    if run is None:
        return None
    return round((run.finished or time.time()) - kept.started, 3)


def _new(kind: str, run: Run) -> Listed:
    """A run that the engine has not begun yet, or never began."""
    status = "Pending" if run.status.active else run.status.value
    name = run.event_id.partition("/")[2]
    return Listed(name, kind, status, run.started or run.created, run.seconds, run.why, None, run)


@dataclass(frozen=True, slots=True)
class Text:
    """The log of one step, or a part of it."""

    task: str
    run: str
    step: str
    attempt: int
    lines: Sequence[str] = field(default_factory=tuple)


def texts(kept: tekton.Kept, tasks: Sequence[str] = (), steps: Sequence[str] = ()) -> list[Text]:
    """Return the logs of an ended run's steps, those of `tasks` and `steps` alone where given."""
    wanted = [
        one for one in tekton.step_logs(kept) if (not tasks or one.task in tasks) and (not steps or one.step in steps)
    ]
    return [Text(one.task, one.run, one.step, one.attempt, _read(one.path)) for one in wanted]


def _read(path: str) -> list[str]:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read().splitlines()


def told(one: Listed) -> tekton.Kept | None:
    """Return the run with a report: its own, or what its records tell; None when the engine never began."""
    if one.kept is None or one.kept.report or one.run is None:
        return one.kept if one.kept and one.kept.report else None
    events = log.read(runs.events_path(one.run))
    now = time.time() if one.active else 0.0
    return replace(one.kept, report=sketch.report(events, one.name, one.status, one.message, now))


def junit(kept: tekton.Kept) -> str:
    """Return the run as JUnit XML, with the logs of failed steps."""
    logs: dict[tuple[str, str], str] = {}
    for one in texts(kept):
        logs[one.run, one.step] = "\n".join(one.lines)  # the last attempt is the one that counts
    return tekton.junit(kept.report, logs)


def svg(kept: tekton.Kept) -> str:
    """Return the run's DAG as SVG."""
    title = f"{kept.target} · {kept.name}" if kept.target else kept.name
    return tekton.svg(kept.plan, kept.report, title)
