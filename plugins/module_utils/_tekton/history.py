# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The runs that were kept: what was run, what came of it, where the logs of its steps are.

Reads and removes what Store wrote; must not know how anything runs, nor whether a run still goes on.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import Invalid, Permanent
from .._core.redact import MASK
from .._core.redact import current as redactor
from .._core.types import Manifest
from .store import default_root

_SECRET_NAME = re.compile(r"(passw(or)?d|passphrase|token|(private|api|access)[-_]?key)$", re.I)


@dataclass(frozen=True, slots=True)
class Kept:
    """One run as it lies on the disk.

    `kind` is PipelineRun or TaskRun, `started` in seconds since 1970, `run` the object with secrets masked, `plan` the
    rows of `explain`, `report` the keys of pipeline_run's result (empty: it has not ended), `runner` the id of the
    runner's run that executes it (empty: a plain playbook).
    """

    name: str
    kind: str
    folder: str
    started: float
    run: Manifest
    plan: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    runner: str = ""

    @property
    def target(self) -> str:
        """The name of the Pipeline or Task; empty for an inline one."""
        reference = (self.run.get("spec") or {}).get("pipelineRef" if self.kind == "PipelineRun" else "taskRef")
        return str((reference or {}).get("name") or "")


@dataclass(frozen=True, slots=True)
class StepLog:
    """The log of one step. `attempt` counts from 0; `task` is the name of the pipeline task."""

    task: str
    run: str
    step: str
    path: str
    attempt: int = 0


def about(kind: str, run: Manifest, plan: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what Store keeps of a run for this file. Values of params that sound like secrets are masked from now on."""
    for entry in (run.get("spec") or {}).get("params") or []:
        if _SECRET_NAME.search(str(entry.get("name"))) and isinstance(entry.get("value"), str):
            redactor.register(entry["value"])
    data: dict[str, Any] = redactor.scrub_data({"kind": kind, "run": _masked(run), "plan": plan})
    return {**data, "runner": os.environ.get("SLIPWAY_RUN", "")}


def _masked(run: Manifest) -> Manifest:
    spec = run.get("spec") or {}
    params = [
        {**entry, "value": MASK} if _SECRET_NAME.search(str(entry.get("name"))) else entry
        for entry in spec.get("params") or []
    ]
    return {**run, "spec": {**spec, **({"params": params} if params else {})}}


def kept_runs(state_dir: str = "", kind: str = "") -> list[Kept]:
    """Return all kept runs (of one kind), newest first."""
    root = state_dir or default_root()
    names = sorted(os.listdir(root)) if os.path.isdir(root) else []
    found = [one for name in names if (one := _load(root, name))]
    return sorted((one for one in found if kind in ("", one.kind)), key=lambda one: one.started, reverse=True)


def kept_run(name: str, state_dir: str = "", kind: str = "") -> Kept:
    """Return one kept run; Invalid when there is none of that name (and kind)."""
    found = _load(state_dir or default_root(), name) if "/" not in name else None
    if found is None or kind not in ("", found.kind):
        last = ", ".join(one.name for one in kept_runs(state_dir, kind)[:5]) or "none"
        raise Invalid("", f"there is no {kind or 'run'} '{name}'", hint=f"the last ones: {last}")
    return found


def remove_run(kept: Kept) -> None:
    """Remove a kept run with its logs and volumes. The caller knows that it has ended."""
    try:
        shutil.rmtree(kept.folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Permanent(f"cannot remove {error.filename or kept.folder}: {error.strerror}") from error


def step_logs(kept: Kept) -> list[StepLog]:
    """Return the logs of a run, in the order in which tasks ended and steps ran; each attempt apart.

    What the report does not know (a step that was cancelled, a run that was killed) is found by its file, oldest first.
    """
    told = {str(run["name"]): run for run in kept.report.get("task_runs") or []}
    found = []
    for run in dict.fromkeys([*told, *_oldest_first(os.path.join(kept.folder, "tasks"))]):
        task = str(told[run]["task"]) if run in told else run.removeprefix(f"{kept.name}-")
        known = [f"{step['name']}.log" for step in told[run]["steps"]] if run in told else []
        for attempt, folder in _attempts(kept.folder, run):
            files = _oldest_first(os.path.join(folder, "logs"))
            for file in dict.fromkeys([*(name for name in known if name in files), *files]):
                path = os.path.join(folder, "logs", file)
                found.append(StepLog(task, run, file.removesuffix(".log"), path, attempt))
    return found


def _oldest_first(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        return [entry.name for entry in sorted(entries, key=lambda entry: (entry.stat().st_mtime, entry.name))]


def _attempts(folder: str, run: str) -> Iterator[tuple[int, str]]:
    """Yield the folders of a TaskRun's attempts, the first one first."""
    number, base = 0, folder
    while os.path.isdir(os.path.join(base, "tasks", run)):
        yield number, os.path.join(base, "tasks", run)
        number += 1
        base = os.path.join(folder, f"retry-{number}")


def claim_folder(kept: Kept, workspace: str) -> str:
    """Return the directory that a volumeClaimTemplate of the run got; empty when it was removed."""
    path = os.path.join(kept.folder, "volumes", "claims", workspace)
    return path if os.path.isdir(path) else ""


def _load(root: str, name: str) -> Kept | None:
    folder = os.path.join(root, name)
    told, state = read_json(os.path.join(folder, "run.json")), read_json(os.path.join(folder, "state.json"))
    if not told.get("kind"):
        return None  # of a version that kept less
    return Kept(
        name=name,
        kind=str(told["kind"]),
        folder=folder,
        started=float(told.get("created") or 0.0),
        run=told.get("run") or {},
        plan=list(told.get("plan") or []),
        report=dict(state.get("report") or {}),
        runner=str(told.get("runner") or ""),
    )


def read_json(path: str) -> Mapping[str, Any]:
    """A file that is being written or is damaged says nothing: one bad run must not hide the others."""
    try:
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
