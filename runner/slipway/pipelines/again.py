# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts in the middle: `--only TASK` and `--from TASK` on the results that an earlier run left.

Knows the plan of the pipeline and the report of the earlier run; the engine takes over the results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from slipway.core import Invalid, Refused, yaml
from slipway.pipelines.sources import Sources

_GOOD = ("Succeeded", "Completed")
Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Again:
    """What a second run takes over. `spec` is the pipeline without the tasks that shall not run (empty: as it is)."""

    reuse: tekton.Reuse | None = None
    claims: dict[str, str] = field(default_factory=dict)
    definition: list[dict[str, Any]] = field(default_factory=list)
    spec: Mapping[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def again(kept: tekton.Kept, only: str, from_: str, found: Sources, run: dict[str, Any], spec: Spec) -> Again:
    """Return what to take over from `kept`. Invalid for an unknown task, Refused when it cannot start there.

    `run` is the new run; a workspace that the earlier run made for itself is bound to what it left there.
    """
    if only and from_:
        raise Invalid("--only", "and --from exclude each other")
    plan = tekton.explain(found.bundle, yaml.Document(run, "<start>"))
    task = only or from_
    names = [row["task"] for row in plan if not row["final"]]
    if task not in names:
        raise Invalid("--only" if only else "--from", f"there is no task '{task}'", hint=f"tasks: {', '.join(names)}")
    redo = {task} if only else below(plan, task)
    done = [name for name in succeeded(kept.report) if name in names and name not in redo]
    claims = _bind_what_it_left(run, spec, kept, done)
    notes = [f"taken from {kept.name}: {', '.join(done) or 'nothing'}"]
    reuse = tekton.Reuse(kept.name, done) if done else None
    if not only:
        return Again(reuse, claims, notes=notes)
    before = above(plan, task)
    skipped = [entry["task"] for entry in kept.report.get("skipped_tasks") or [] if entry["task"] in before]
    keep = {*done, *skipped, task}
    waits = next(row["after"] for row in plan if row["task"] == task)
    if lacking := [name for name in waits if name not in keep]:
        hint = f"run it too: --from {lacking[0]}"
        raise Refused(f"task {task} waits for {lacking[0]}, which did not succeed in run {kept.name}", hint=hint)
    smaller = pruned(spec, keep)
    return Again(reuse, claims, _replace(run, smaller), smaller, notes)


def succeeded(report: Mapping[str, Any]) -> list[str]:
    """Return the tasks whose every TaskRun succeeded."""
    ends: dict[str, bool] = {}
    for entry in report.get("task_runs") or []:
        ends[entry["task"]] = ends.get(entry["task"], True) and entry["status"] in _GOOD
    return [name for name, good in ends.items() if good]


def below(plan: Sequence[Mapping[str, Any]], task: str) -> set[str]:
    """Return the task and all that wait for it, directly or not."""
    found = {task}
    for row in plan:  # in waves: what a row waits for stands before it
        if found & set(row["after"]):
            found.add(row["task"])
    return found


def above(plan: Sequence[Mapping[str, Any]], task: str) -> set[str]:
    """Return the task and all that it waits for, directly or not."""
    found = {task}
    for row in reversed(plan):
        if row["task"] in found:
            found.update(row["after"])
    return found


def pruned(spec: Spec, keep: set[str]) -> dict[str, Any]:
    """Return the pipeline with the tasks in `keep` alone, without finally tasks and without results of others."""
    tasks = [one for one in spec["tasks"] if one["name"] in keep]
    gone = [one["name"] for one in [*spec["tasks"], *(spec.get("finally") or [])] if one not in tasks]
    results = [one for one in spec.get("results") or [] if not any(f".{name}." in str(one["value"]) for name in gone)]
    left = {key: value for key, value in spec.items() if key not in ("finally", "results", "tasks")}
    return {**left, "tasks": tasks, **({"results": results} if results else {})}


def _replace(run: dict[str, Any], smaller: dict[str, Any]) -> list[dict[str, Any]]:
    """Put the smaller pipeline where the run finds it: inline, or as the Pipeline of that name."""
    if "pipelineSpec" in run["spec"]:
        run["spec"]["pipelineSpec"] = smaller
        return []
    name = run["spec"]["pipelineRef"]["name"]
    return [{"apiVersion": "tekton.dev/v1", "kind": "Pipeline", "metadata": {"name": name}, "spec": smaller}]


def _bind_what_it_left(run: dict[str, Any], spec: Spec, kept: tekton.Kept, done: Sequence[str]) -> dict[str, str]:
    claims = {}
    for entry in run["spec"].get("workspaces") or []:
        if "volumeClaimTemplate" not in entry:
            continue
        name = str(entry["name"])
        folder = tekton.claim_folder(kept, name)
        filled = [task["name"] for task in spec["tasks"] if task["name"] in done and _uses(task, name)]
        if not folder and filled:
            text = f"workspace {name} of run {kept.name} is gone, and task {filled[0]} had filled it"
            raise Refused(text, hint=f"-w name={name},hostPath=DIR, or run the whole pipeline")
        if folder:
            del entry["volumeClaimTemplate"]
            entry["persistentVolumeClaim"] = {"claimName": f"left-{name}"}
            claims[f"left-{name}"] = folder
    return claims


def _uses(task: Mapping[str, Any], workspace: str) -> bool:
    return any((one.get("workspace") or one["name"]) == workspace for one in task.get("workspaces") or [])
