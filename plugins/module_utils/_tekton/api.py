# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The public face of Tekton: parse, plan, run.

bundle = parse(documents)
outcome = run_pipeline(bundle, "my-run", Options(...), events, cancel)
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .._core import ids
from .._core.cancel import Cancel
from .._core.errors import Invalid
from .._core.events import Sink, Subject
from .._core.redact import current as redactor
from .._core.yaml import Document
from .._lang import cel
from . import history, reuse
from .act import images
from .act.executor import Executor, TaskEnd, World
from .act.process import ProcessExecutor
from .act.steps import Shared
from .act.workspaces import Volumes, secret_values
from .decide import merge, params, workspaces
from .decide.explain import rows
from .decide.timeouts import task_timeout
from .history import Kept, StepLog, claim_folder, kept_run, kept_runs, remove_run, step_logs
from .model.parse import Bundle, parse
from .pipelinerun import PipelineRun
from .report.junit import junit
from .report.svg import svg
from .resolve.local import inline_or_given
from .reuse import Reuse
from .store import Store, default_root
from .taskrun import Request, attempts

__all__ = [
    "EMULATED",
    "Bundle",
    "Kept",
    "Options",
    "Report",
    "Reuse",
    "StepLog",
    "claim_folder",
    "explain",
    "junit",
    "kept_run",
    "kept_runs",
    "parse",
    "pipeline_spec",
    "remove_run",
    "run_pipeline",
    "run_task",
    "step_logs",
    "svg",
    "task_spec",
]
EMULATED = "Tekton Pipelines v1.15"


@dataclass(frozen=True, slots=True)
class Options:
    """How runs are executed here. `claims` maps names of PersistentVolumeClaims to directories, `reuse` says what
    an earlier run has done already.
    """

    state_dir: str = ""
    image_map: Sequence[Mapping[str, Any]] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    step_env: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = "default"
    parallelism: int = 8
    force: bool = False
    reuse: Reuse | None = None


@dataclass(slots=True)
class Report:
    """What came of a run; `changed` is False when an earlier run of that name answers."""

    name: str
    namespace: str
    succeeded: bool
    status: str
    message: str
    results: dict[str, Any]
    seconds: float
    task_runs: list[dict[str, Any]]
    skipped_tasks: list[dict[str, str]]
    log_dir: str
    changed: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the result keys of pipeline_run and task_run."""
        data = asdict(self)
        data.pop("changed")
        return {**data, "emulates": EMULATED}


def run_pipeline(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
    """Execute a PipelineRun to its end. A finished run of the same name and spec is reported, not repeated.

    Raises Invalid and Refused before anything runs, Cancelled when asked to stop.
    """
    name = _name(run.data)
    store = Store(options.state_dir or default_root(), name)
    about = history.about("PipelineRun", run.data, explain(bundle, run))
    before = store.begin({"spec": run.data["spec"], "params": options.params}, name, force=options.force, about=about)
    if before.get("report"):
        return Report(**before["report"], changed=False)
    before = _with_reused(before, options)
    world = _world(bundle, store.folder, options, events, cancel)
    namespace = _namespace(run.data, options)
    engine = PipelineRun(bundle, run, name, namespace, options.params, world, store, options.parallelism)
    started = time.monotonic()
    subject = Subject("PipelineRun", namespace, name)
    events.emit(subject, "Started", reason="Started", message=f"{len(engine.tasks)} tasks", data={"emulates": EMULATED})
    condition, ends = engine.run(before, subject)
    report = Report(
        name=name,
        namespace=namespace,
        succeeded=condition.status == "True",
        status=condition.reason,
        message=condition.message,
        results=engine.results(),
        seconds=round(time.monotonic() - started, 3),
        task_runs=[_task_run(task, child.name, child.end) for task, child in engine.task_runs(ends)],
        skipped_tasks=engine.skipped(),
        log_dir=os.path.join(store.folder, "tasks"),
    )
    world.executor.close(succeeded=report.succeeded)
    phase = "Succeeded" if report.succeeded else "Failed"
    events.emit(subject, phase, reason=report.status, message=report.message, data={"seconds": report.seconds})
    store.save({"report": _kept(report)})
    return report


def run_task(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
    """Execute a TaskRun to its end; as run_pipeline."""
    name, spec = _name(run.data), run.data["spec"]
    store = Store(options.state_dir or default_root(), name)
    about = history.about("TaskRun", run.data, [])
    before = store.begin({"spec": spec, "params": options.params}, name, force=options.force, about=about)
    if before.get("report"):
        return Report(**before["report"], changed=False)
    world = _world(bundle, store.folder, options, events, cancel)
    namespace = _namespace(run.data, options)
    request = _request(bundle, run, name, namespace, options.params, world)
    subject = Subject("TaskRun", namespace, name)
    events.emit(subject, "Started", reason="Started", message=f"{len(request.spec['steps'])} steps")
    end = attempts(request, int(spec.get("retries") or 0), store.folder, world)
    phase = "Succeeded" if end.succeeded else "Failed"
    events.emit(subject, phase, reason=end.reason, message=end.message, data={"seconds": round(end.seconds, 3)})
    report = Report(
        name, namespace, end.succeeded, end.reason, end.message, dict(end.results), round(end.seconds, 3),
        [_task_run(request.task, name, end)], [], os.path.join(store.folder, "tasks"),
    )  # fmt: skip
    world.executor.close(succeeded=report.succeeded)
    store.save({"report": _kept(report)})
    return report


def _request(
    bundle: Bundle, run: Document, name: str, namespace: str, extra: Mapping[str, Any], world: World
) -> Request:
    spec = run.data["spec"]
    task = inline_or_given(bundle, run, spec, "spec")
    world.executor.refuse(task.spec, f"TaskRun {name}", task.actions)
    given = {**{entry["name"]: entry["value"] for entry in spec.get("params") or []}, **extra}
    strings = params.replacements(params.with_defaults(task.spec.get("params") or [], given)).strings
    bindings = workspaces.replaced(spec.get("workspaces") or [], strings)
    return Request(
        name=name,
        task=task.name or name,
        reference=task.name,
        uid=ids.new_uid(),
        namespace=namespace,
        spec=merge.volumes(task.spec, spec.get("podTemplate")),
        params=given,
        workspaces={entry["name"]: world.executor.bind(entry, name) for entry in bindings},
        timeout=task_timeout(spec.get("timeout"), None),
        actions=task.actions,
        service_account=str(spec.get("serviceAccountName") or ""),
        pod_template=spec.get("podTemplate") or {},
    )


def explain(bundle: Bundle, run: Document) -> list[dict[str, Any]]:
    """Return the order in which the tasks of a PipelineRun would run: waves, what each waits for, and why."""
    return [row.as_dict() for row in rows(PipelineRun.pipeline_of(bundle, run)[0])]


def pipeline_spec(bundle: Bundle, run: Document) -> Mapping[str, Any]:
    """Return the spec of the pipeline that a PipelineRun runs; Invalid when it is not given."""
    return PipelineRun.pipeline_of(bundle, run)[0]


def task_spec(bundle: Bundle, run: Document) -> Mapping[str, Any]:
    """Return the spec of the Task that a TaskRun runs; Invalid when it is not given."""
    return inline_or_given(bundle, run, run.data["spec"], "spec").spec


def _with_reused(before: dict[str, Any], options: Options) -> dict[str, Any]:
    """What an interrupted run of this name did is newer than what another one did."""
    if options.reuse is None:
        return before
    return {**before, "tasks": {**reuse.ends(options.reuse, options.state_dir), **(before.get("tasks") or {})}}


def _kept(report: Report) -> dict[str, Any]:
    data: dict[str, Any] = redactor.scrub_data(asdict(report))
    data.pop("changed")
    return data


def _world(bundle: Bundle, folder: str, options: Options, events: Sink, cancel: Cancel) -> World:
    return World(executor=_executor(bundle, folder, options, events), events=events, cancel=cancel, cel=_cel)


def _executor(bundle: Bundle, folder: str, options: Options, events: Sink) -> Executor:
    shared = Shared(
        volumes=Volumes(os.path.join(folder, "volumes"), bundle, options.claims),
        secrets=lambda kind, name: secret_values(bundle.find, kind, name),
        step_env=options.step_env,
        events=events,
        cel=_cel,
    )
    return ProcessExecutor(shared, images.toolsets(options.image_map, os.path.join(folder, "tools")))


def _cel(text: str) -> object:
    return cel.Environment({}).evaluate(text, {}).plain


def _name(run: Mapping[str, Any]) -> str:
    meta = run.get("metadata") or {}
    if meta.get("name"):
        return str(meta["name"])
    if meta.get("generateName"):
        return ids.generate_name(str(meta["generateName"]))
    raise Invalid("metadata.name", "is missing", hint="give name or generateName")


def _namespace(run: Mapping[str, Any], options: Options) -> str:
    return str((run.get("metadata") or {}).get("namespace") or options.namespace)


def _task_run(task: str, name: str, end: TaskEnd) -> dict[str, Any]:
    return {
        "task": task,
        "name": name,
        "status": end.reason,
        "message": end.message,
        "seconds": round(end.seconds, 3),
        "results": dict(end.results),
        "steps": [{**asdict(step), "seconds": round(step.seconds, 3)} for step in end.steps],
    }
