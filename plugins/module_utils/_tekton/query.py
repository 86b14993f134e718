# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Answers about kept runs: which there are, and everything that is known of one, also while it goes on.

Knows what `history` reads; must not know how anything runs. Read only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core import clock, label_selectors
from .._core.errors import Invalid
from .._core.redact import current as redactor
from .going import goes_on
from .history import Kept, kept_run, kept_runs
from .store import kept_tasks

Row = dict[str, Any]
RUNNING, INTERRUPTED = "Running", "Interrupted"
_MOST_LOG = 1 << 20
_NOT_LOGS = frozenset({"volumes", "tools", "workspace", "tekton", "logs"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs: empty fields take every run, `limit` 0 too. `target` is the name of a Pipeline or Task.

    `status` is a reason in any case; Succeeded takes every run that ended well, Failed every one that did not.
    """

    name: str = ""
    kind: str = ""
    status: str = ""
    target: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one step of one attempt (0 is the first) of a TaskRun."""

    run: str
    step: str
    path: str
    attempt: int


def runs(state_dir: str = "", wanted: Wanted | None = None) -> list[Row]:
    """Return the kept runs, newest first, one row each. Status is Tekton's reason, Running or Interrupted."""
    which = wanted or Wanted()
    rows = [_row(kept) for kept in kept_runs(state_dir, which.kind) if _fits(kept, which)]
    found = [row for row in rows if _ended_as(row, which.status.lower())]
    return found[: which.limit] if which.limit else found


def report(name: str, state_dir: str = "", *, logs: bool = False) -> Row:
    """Return everything that is known of a run; with `logs` the text of each step's log (the last mebibyte).

    Invalid with the names of the last runs when there is none of that name.
    """
    return detail(kept_run(name, state_dir), logs=logs)


def result(name: str, wanted: str = "", state_dir: str = "") -> Any:
    """Return one result of an ended run, or all of them by name. Invalid for a run that goes on, or has no such result."""
    kept = kept_run(name, state_dir)
    if not kept.report:
        hint = (
            "wait for its end" if goes_on(kept.folder) else "it was interrupted: start it again, it goes on from there"
        )
        raise Invalid("run", f"{name!r} has not ended", hint=hint)
    results = kept.report.get("results") or {}
    if not wanted:
        return results
    if wanted not in results:
        there = ", ".join(sorted(results)) or "none"
        end = f"it ended as {kept.report.get('status')} and has: {there}"
        raise Invalid("result", f"the run {name!r} has no result {wanted!r}", hint=end)
    return results[wanted]


def detail(kept: Kept, *, logs: bool = False) -> Row:
    """Return a row with task_runs, skipped_tasks, params and plan."""
    told = kept.report
    files = list(_log_files(kept.folder))
    task_runs = told.get("task_runs") if told else list(_going(kept, files))
    return {
        **_row(kept),
        "params": {entry["name"]: entry.get("value") for entry in (kept.run.get("spec") or {}).get("params") or []},
        "task_runs": [_with_logs(run, files, logs) for run in task_runs or []],
        "skipped_tasks": told.get("skipped_tasks") or [],
        "plan": kept.plan,
        "log_dir": os.path.join(kept.folder, "tasks"),
        "runner": kept.runner,
    }


def _ended_as(row: Row, status: str) -> bool:
    """Succeeded and Failed are every good and every bad end; anything else is the reason itself."""
    ends = {"succeeded": True, "failed": False}
    return status in ("", row["status"].lower()) or (status in ends and row["succeeded"] is ends[status])


def _fits(kept: Kept, wanted: Wanted) -> bool:
    labels = (kept.run.get("metadata") or {}).get("labels")
    return (
        wanted.name in ("", kept.name)
        and wanted.target in ("", kept.target)
        and label_selectors.matches({"matchLabels": wanted.labels}, labels)
    )


def _row(kept: Kept) -> Row:
    told, meta = kept.report, kept.run.get("metadata") or {}
    return {
        "name": kept.name,
        "namespace": str(told.get("namespace") or meta.get("namespace") or "default"),
        "kind": kept.kind,
        "target": kept.target,
        "labels": dict(meta.get("labels") or {}),
        "status": status(kept),
        "succeeded": told.get("succeeded"),
        "message": str(told.get("message") or ""),
        "started": clock.rfc3339(kept.started),
        "seconds": told.get("seconds"),
        "results": told.get("results") or {},
    }


def status(kept: Kept) -> str:
    """Return the reason of a run that has ended, else its pending status, Running or Interrupted."""
    if kept.report:
        return str(kept.report.get("status"))
    asked = str((kept.run.get("spec") or {}).get("status") or "")
    if asked.endswith("RunPending"):
        return asked
    return RUNNING if goes_on(kept.folder) else INTERRUPTED


def _going(kept: Kept, files: list[Log]) -> Iterator[Row]:
    """Yield what is known of the TaskRuns before the end: those that were saved, and those that have logs already."""
    saved = kept_tasks(kept.folder)
    names = list(dict.fromkeys(log.run for log in files))
    for task, end in saved.items():
        name = f"{kept.name}-{task}"
        yield {
            "task": task,
            "name": name,
            "status": str(end.get("reason")),
            "message": str(end.get("message")),
            "seconds": round(float(end.get("seconds") or 0), 3),
            "results": end.get("results") or {},
            "steps": [_step(step) for step in end.get("steps") or []],
        }
    known = {f"{kept.name}-{task}" for task in saved}
    for name in names:
        if name not in known:
            steps = [{"name": step} for step in dict.fromkeys(log.step for log in files if log.run == name)]
            task = name.removeprefix(f"{kept.name}-")
            yield {"task": task, "name": name, "status": status(kept), "message": "", "results": {}, "steps": steps}


def _step(end: Mapping[str, Any]) -> Row:
    shown = {key: end.get(key) for key in ("name", "exit_code", "termination_reason")}
    return {**shown, "seconds": round(float(end.get("seconds") or 0), 3)}


def _with_logs(run: Mapping[str, Any], files: list[Log], texts: bool) -> Row:
    steps = []
    for step in run.get("steps") or []:
        mine = [log for log in files if (log.run, log.step) == (run["name"], step["name"])]
        last = max(mine, key=lambda log: log.attempt, default=None)
        told = {**step, "log": last.path if last else ""}
        if texts:
            told["text"] = "".join(_text(log.path) for log in sorted(mine, key=lambda log: log.attempt))
        steps.append(told)
    return {**run, "steps": steps}


def _log_files(folder: str) -> Iterator[Log]:
    """Yield the logs of the run's steps, those of pipelines inside it and of every attempt too."""
    for base, folders, _files in os.walk(folder):
        parts = os.path.relpath(base, folder).split(os.sep)
        attempts = [int(part.removeprefix("retry-")) for part in parts if part.removeprefix("retry-").isdigit()]
        if "logs" in folders and os.path.basename(os.path.dirname(base)) == "tasks":
            logs = os.path.join(base, "logs")
            for name in sorted(os.listdir(logs)):
                if name.endswith(".log"):
                    path = os.path.join(logs, name)
                    yield Log(os.path.basename(base), name.removesuffix(".log"), path, max(attempts, default=0))
        folders[:] = sorted(name for name in folders if name not in _NOT_LOGS)


def _text(path: str) -> str:
    """Return the end of a log. Secrets were masked when it was written; those that are known now are masked too."""
    try:
        with open(path, "rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _MOST_LOG))
            return redactor.scrub(stream.read().decode("utf-8", "replace"))
    except OSError:
        return ""
