# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The public face of Tekton: parse, plan, run.

bundle = parse(documents)
outcome = run_pipeline(bundle, "my-run", Options(...), events, cancel)
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .._core import ids
from .._core.cancel import Cancel
from .._core.errors import Cancelled, Invalid
from .._core.events import Sink, Subject
from .._core.redact import current as redactor
from .._core.types import Manifest
from .._core.yaml import Document
from .._lang import cel
from . import going, history
from .act import accounts, images, programs
from .act.executor import Executor, StepEnd, TaskEnd, World
from .act.process import ProcessExecutor
from .act.steps import Shared
from .act.workspaces import Volumes, secret_values
from .decide import dag, params, workspaces
from .decide.children import Kind
from .decide.timeouts import task_timeout
from .lint import Finding, lint
from .model.parse import Bundle, parse
from .model.reference import Ask
from .objects import Identity
from .pipelinerun import PipelineRun, Setting, given_params
from .query import Wanted, report, result, runs
from .record import Record, Write, nowhere
from .resolve.local import inline_or_given
from .resolve.plan import resolve_all
from .resolve.remote import attached
from .store import Store, default_root
from .taskrun import Request, Sources, attempts

__all__ = [
    "EMULATED",
    "Bundle",
    "Finding",
    "Options",
    "Report",
    "Wanted",
    "ask",
    "explain",
    "lint",
    "parse",
    "report",
    "resolve_all",
    "result",
    "run_pipeline",
    "run_task",
    "runs",
    "with_resolvers",
]
EMULATED = "Tekton Pipelines v1.15"
STOPS = ("Cancelled", "CancelledRunFinally", "StoppedRunFinally")
PENDING = ("PipelineRunPending", "TaskRunPending")


@dataclass(frozen=True, slots=True)
class Options:
    """How runs are executed here. `claims` maps names of PersistentVolumeClaims to directories.

    `service_accounts` maps names of ServiceAccounts to kubeconfigs, for the steps of that account; `resolvers` says what
    resolvers may do, resolve/settings.py has its shape.
    """

    state_dir: str = ""
    image_map: Sequence[Mapping[str, Any]] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    service_accounts: Mapping[str, str] = field(default_factory=dict)
    step_env: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = "default"
    parallelism: int = 8
    force: bool = False
    custom_tasks: Sequence[Mapping[str, Any]] = ()
    write: Write = nowhere
    resolvers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """What came of a run; `changed` is False when an earlier run of that name answers.

    `objects` are the PipelineRun, TaskRun and CustomRun objects with their status; an earlier run's are not kept.
    """

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
    resolved: list[dict[str, Any]] = field(default_factory=list)
    objects: list[Manifest] = field(default_factory=list)

    @property
    def pending(self) -> bool:
        """True when the run waits, because its spec.status says so."""
        return self.status in PENDING

    def as_dict(self) -> dict[str, Any]:
        """Return the result keys of pipeline_run and task_run."""
        return {**self.kept(), "emulates": EMULATED}

    def kept(self) -> dict[str, Any]:
        """Return what is kept of a run."""
        return {name: value for name, value in asdict(self).items() if name not in ("changed", "objects")}


Run = Callable[[Bundle, Document, Options, Sink, Cancel], Report]


def _alone(work: Run) -> Run:
    """Hold the run's lock while `work` executes it: two processes never work on one run, and others see that it goes on."""

    @functools.wraps(work)
    def locked(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
        run = _named(run, options)
        with going.held(os.path.join(options.state_dir or default_root(), run.data["metadata"]["name"])):
            return work(bundle, run, options, events, cancel)

    return locked


@_alone
def run_pipeline(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
    """Execute a PipelineRun to its end. A finished run of the same name and spec is reported, not repeated.

    Raises Invalid and Refused before anything runs, Cancelled when asked to stop.
    """
    run = _named(run, options)
    store = Store(options.state_dir or default_root(), run.data["metadata"]["name"])
    before = store.begin({"spec": run.data["spec"]}, run.data["metadata"]["name"], force=options.force)
    if before.get("report"):
        return Report(**before["report"], changed=False)
    bundle = with_resolvers(bundle, run, options, cancel, events, folder=store.folder, resume=bool(before["tasks"]))
    store.describe(history.about("PipelineRun", run.data, explain(bundle, run)))
    record = Record(options.write)
    world = _world(bundle, store.folder, options, events, cancel, record)
    engine = PipelineRun(bundle, run, Setting(world, store, store.folder, options.parallelism))
    if waits := _pending(run, store):
        return waits
    started, subject = time.monotonic(), _subject(run)
    events.emit(subject, "Started", reason="Started", message=f"{len(engine.tasks)} tasks", data={"emulates": EMULATED})
    condition = engine.run(before, subject)
    succeeded = condition.status == "True"
    report = Report(
        subject.name, subject.namespace, succeeded, condition.reason, condition.message, engine.results(),
        round(time.monotonic() - started, 3),
        [_task_run(task, child.name, child.end) for task, child in engine.task_runs()],
        engine.skipped(), os.path.join(store.folder, "tasks"), objects=list(record.objects.values()),
        resolved=_resolved(bundle),
    )  # fmt: skip
    return _finished(report, world, store, subject)


@_alone
def run_task(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
    """Execute a TaskRun to its end; as run_pipeline."""
    run = _named(run, options)
    store = Store(options.state_dir or default_root(), run.data["metadata"]["name"])
    before = store.begin({"spec": run.data["spec"]}, run.data["metadata"]["name"], force=options.force)
    if before.get("report"):
        return Report(**before["report"], changed=False)
    bundle = with_resolvers(bundle, run, options, cancel, events, folder=store.folder, resume=bool(before["tasks"]))
    store.describe(history.about("TaskRun", run.data, []))
    record = Record(options.write)
    world = _world(bundle, store.folder, options, events, cancel, record)
    request = _request(bundle, run, world)
    if waits := _pending(run, store):
        return waits
    subject = _subject(run)
    events.emit(subject, "Started", reason="Started", message=f"{len(request.spec['steps'])} steps")
    end = attempts(request, int(run.data["spec"].get("retries") or 0), store.folder, world)
    if cancel.is_set():
        raise Cancelled(cancel.reason or "cancelled", obj=str(subject))
    report = Report(
        subject.name, subject.namespace, end.succeeded, end.reason, end.message, dict(end.results),
        round(end.seconds, 3), [_task_run(request.task, subject.name, end)], [], os.path.join(store.folder, "tasks"),
        objects=list(record.objects.values()), resolved=_resolved(bundle),
    )  # fmt: skip
    return _finished(report, world, store, subject)


def with_resolvers(
    bundle: Bundle, run: Document, options: Options, cancel: Cancel, events: Sink,
    *, folder: str = "", resume: bool = False,
) -> Bundle:  # fmt: skip
    """Return the bundle that finds what references of the run with a resolver mean.

    `folder` keeps what was found for a run that goes on later (`resume`). run_pipeline and run_task do this themselves.
    """
    meta = run.data.get("metadata") or {}
    name = str(meta.get("name") or meta.get("generateName") or "")
    namespace = str(meta.get("namespace") or options.namespace)
    subject = Subject(str(run.data["kind"]), namespace, name)

    def tell(ask: Ask) -> None:
        events.emit(subject, "Progress", reason=f"Resolving{ask.kind}Ref", message=f"resolving {ask.kind}: {ask.text}")

    return attached(
        bundle,
        options.resolvers,
        name=name,
        namespace=namespace,
        cancel=cancel,
        folder=folder,
        resume=resume,
        tell=tell,
    )


def _resolved(bundle: Bundle) -> list[dict[str, Any]]:
    return bundle.remote.resolved() if bundle.remote else []


def _named(run: Document, options: Options) -> Document:
    """Return the run with a name, a namespace and a uid, and with the params of the options over its own."""
    meta, spec = run.data.get("metadata") or {}, run.data["spec"]
    namespace = str(meta.get("namespace") or options.namespace)
    params = [{"name": name, "value": value} for name, value in {**given_params(run.data), **options.params}.items()]
    spec = {**spec, "params": params} if params else spec
    meta = {**meta, "name": _name(run.data), "namespace": namespace, "uid": meta.get("uid") or ids.new_uid()}
    return replace(run, data={**run.data, "metadata": meta, "spec": spec})


def _subject(run: Document) -> Subject:
    return Subject(run.data["kind"], run.data["metadata"]["namespace"], run.data["metadata"]["name"])


def _pending(run: Document, store: Store) -> Report | None:
    """Return the report of a run that is not to start yet: nothing is made for it."""
    status = str(run.data["spec"].get("status") or "")
    if status not in PENDING:
        return None
    subject = _subject(run)
    text = f'{subject.kind} "{subject.name}" is pending'
    folder = os.path.join(store.folder, "tasks")
    return Report(subject.name, subject.namespace, False, status, text, {}, 0.0, [], [], folder, changed=False)


def _finished(report: Report, world: World, store: Store, subject: Subject) -> Report:
    world.executor.close(succeeded=report.succeeded)
    phase = "Succeeded" if report.succeeded else "Failed"
    data = {"seconds": report.seconds}
    world.events.emit(subject, phase, reason=report.status, message=report.message, data=data)
    store.save({"report": redactor.scrub_data(report.kept())})
    return report


def _request(bundle: Bundle, run: Document, world: World) -> Request:
    meta, spec = run.data["metadata"], run.data["spec"]
    task = inline_or_given(bundle, run, spec, "spec")
    world.executor.refuse(task.spec, f"TaskRun {meta['name']}", task.actions)
    given = given_params(run.data)
    strings = params.replacements(params.with_defaults(task.spec.get("params") or [], given)).strings
    bindings = workspaces.replaced(spec.get("workspaces") or [], strings)
    return Request(
        who=Identity(Kind.TASK_RUN, meta["name"], meta["namespace"], meta["uid"], meta),
        task=task.name or meta["name"],
        reference=task.name,
        spec=task.spec,
        params=given,
        workspaces={entry["name"]: world.executor.bind(entry, meta["name"]) for entry in bindings},
        timeout=task_timeout(spec.get("timeout"), None),
        actions=task.actions,
        sources=Sources(task.source, task.step_sources),
        service_account=str(spec.get("serviceAccountName") or ""),
        pod_template=spec.get("podTemplate") or {},
        given=spec,
    )


def ask(state_dir: str, name: str, status: str) -> None:
    """Ask a run that goes on to end: `status` is Cancelled, CancelledRunFinally or StoppedRunFinally, as spec.status.

    Invalid for another status; nothing happens when the run has ended.
    """
    if status not in STOPS:
        raise Invalid("status", f"is {status!r}", hint=", ".join(STOPS))
    Store(state_dir or default_root(), name).ask(status)


def explain(bundle: Bundle, run: Document) -> list[dict[str, Any]]:
    """Return the order in which the tasks of a PipelineRun would run: waves with what each waits for."""
    spec, _name_of_pipeline = PipelineRun.pipeline_of(bundle, run)
    before = dag.edges(spec["tasks"])
    rows = [
        {"wave": number, "task": name, "after": before[name]}
        for number, wave in enumerate(dag.order(spec["tasks"]))
        for name in wave
    ]
    last = len(dag.order(spec["tasks"]))
    return rows + [{"wave": last, "task": task["name"], "after": ["all tasks"]} for task in spec.get("finally") or []]


def _world(bundle: Bundle, folder: str, options: Options, events: Sink, cancel: Cancel, record: Record) -> World:
    return World(
        executor=_executor(bundle, folder, options, events),
        events=events,
        cancel=cancel,
        cel=_cel,
        note=record.note,
        custom=programs.handlers(options.custom_tasks, events),
        slots=threading.Semaphore(options.parallelism),
    )


def _executor(bundle: Bundle, folder: str, options: Options, events: Sink) -> Executor:
    shared = Shared(
        volumes=Volumes(os.path.join(folder, "volumes"), bundle, options.claims),
        secrets=lambda kind, name: secret_values(bundle.find, kind, name),
        step_env=options.step_env,
        events=events,
        cel=_cel,
        accounts=accounts.checked(options.service_accounts),
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


def _task_run(task: str, name: str, end: TaskEnd) -> dict[str, Any]:
    return {
        "task": task,
        "name": name,
        "status": end.reason,
        "message": end.message,
        "seconds": round(end.seconds, 3),
        "results": dict(end.results),
        "steps": [_step(step) for step in end.steps],
    }


def _step(step: StepEnd) -> dict[str, Any]:
    return {
        "name": step.name,
        "exit_code": step.exit_code,
        "termination_reason": step.termination_reason,
        "seconds": round(step.seconds, 3),
    }
