# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Executes PipelineRuns and TaskRuns to their end: state before, the engine, the report after."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from .._core import ids
from .._core.cancel import Cancel
from .._core.errors import Cancelled, Invalid, Refused, SlipwayError
from .._core.events import Sink, Subject
from .._core.redact import current as redactor
from .._core.yaml import Document
from . import executors, going, history, reuse, turn
from .act.executor import World
from .decide import params, workspaces
from .decide.children import Kind
from .decide.timeouts import task_timeout
from .model.parse import Bundle
from .objects import Identity
from .options import EMULATED, PENDING, Options, Report, task_run
from .pipelinerun import PipelineRun, Setting, given_params
from .plan import explain, with_resolvers
from .record import Record
from .resolve.local import inline_or_given
from .store import Store, default_root
from .taskrun import Request, Sources, attempts

Run = Callable[[Bundle, Document, Options, Sink, Cancel], Report]


def _alone(work: Run) -> Run:
    """Hold the run's lock while `work` executes it: two processes never work on one run, and others see that it goes on.

    Then wait until its concurrency group lets it go on.
    """

    @functools.wraps(work)
    def locked(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
        run = _named(run, options)
        root, subject = options.state_dir or default_root(), _subject(run)
        with (
            going.held(os.path.join(root, subject.name)),
            turn.taken(options.concurrency, root, subject, events, cancel),
        ):
            return work(bundle, run, options, events, cancel)

    return locked


def run_pipeline(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
    """Execute a PipelineRun to its end. A finished run of the same name and spec is reported, not repeated.

    Raises Invalid and Refused before anything runs, Cancelled when asked to stop.
    """
    return _run(bundle, run, options, events, cancel)


def run_task(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
    """Execute a TaskRun to its end; as run_pipeline."""
    return _run(bundle, run, options, events, cancel)


@_alone
def _run(bundle: Bundle, run: Document, options: Options, events: Sink, cancel: Cancel) -> Report:
    kind, name = run.data["kind"], run.data["metadata"]["name"]
    store = Store(options.state_dir or default_root(), name)
    before = store.begin({"spec": run.data["spec"]}, name, force=options.force)
    if before.get("report"):
        return Report(**before["report"], changed=False)
    if options.executor == "controller":
        return _submitted(bundle, run, store, options, events, cancel)
    bundle = with_resolvers(bundle, run, options, cancel, events, folder=store.folder, resume=not options.force)
    with _resolving(bundle):
        store.describe(history.about(kind, run.data, explain(bundle, run) if kind == "PipelineRun" else []))
        if waits := _pending(run, store):
            return waits
        with executors.recording(options, events) as record:
            world = executors.world(bundle, run, store.folder, options, events, cancel, record)
            if kind == "TaskRun":
                return _task(bundle, run, store, world, record)
            setting = Setting(world, store, store.folder, options.parallelism)
            return _pipeline(bundle, run, setting, _with_reused(before, options), record)


def _with_reused(before: dict[str, Any], options: Options) -> dict[str, Any]:
    """What an interrupted run of this name did is newer than what another one did."""
    if options.reuse is None:
        return before
    return {**before, "tasks": {**reuse.ends(options.reuse, options.state_dir), **(before.get("tasks") or {})}}


def _pipeline(bundle: Bundle, run: Document, setting: Setting, before: Mapping[str, Any], record: Record) -> Report:
    world, store, events = setting.world, setting.store, setting.world.events
    with _closing(world):
        engine = PipelineRun(bundle, run, setting)
    _keep(bundle)
    started, subject = time.monotonic(), _subject(run)
    events.emit(subject, "Started", reason="Started", message=f"{len(engine.tasks)} tasks", data={"emulates": EMULATED})
    with _closing(world):
        condition = engine.run(before, subject)
    succeeded = condition.status == "True"
    report = Report(
        subject.name, subject.namespace, succeeded, condition.reason, condition.message, engine.results(),
        round(time.monotonic() - started, 3),
        [task_run(task, child.name, child.end) for task, child in engine.task_runs()],
        engine.skipped(), os.path.join(store.folder, "tasks"), objects=list(record.objects.values()),
        resolved=_resolved(bundle),
    )  # fmt: skip
    return _finished(report, world, store, subject)


def _task(bundle: Bundle, run: Document, store: Store, world: World, record: Record) -> Report:
    events = world.events
    with _closing(world):
        request = _request(bundle, run, world)
    _keep(bundle)
    subject = _subject(run)
    events.emit(subject, "Started", reason="Started", message=f"{len(request.spec['steps'])} steps")
    with _closing(world):
        end = attempts(request, int(run.data["spec"].get("retries") or 0), store.folder, world)
        if world.cancel.is_set():
            raise Cancelled(world.cancel.reason or "cancelled", obj=str(subject))
    report = Report(
        subject.name, subject.namespace, end.succeeded, end.reason, end.message, dict(end.results),
        round(end.seconds, 3), [task_run(request.task, subject.name, end)], [], os.path.join(store.folder, "tasks"),
        objects=list(record.objects.values()), resolved=_resolved(bundle),
    )  # fmt: skip
    return _finished(report, world, store, subject)


@contextlib.contextmanager
def _resolving(bundle: Bundle) -> Iterator[None]:
    """Whatever happens: what is still being resolved at the end is stopped."""
    try:
        yield
    finally:
        if bundle.remote:
            bundle.remote.stop()


def _keep(bundle: Bundle) -> None:
    """The run begins: what was resolved for it is kept, so that it goes on with the same bytes when it is interrupted."""
    if bundle.remote:
        bundle.remote.keep()


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
    return _kept(report, world.events, store, subject)


def _kept(report: Report, events: Sink, store: Store, subject: Subject) -> Report:
    phase = "Succeeded" if report.succeeded else "Failed"
    data = {"seconds": report.seconds}
    events.emit(subject, phase, reason=report.status, message=report.message, data=data)
    store.save({"report": redactor.scrub_data(report.kept())})
    return report


@contextlib.contextmanager
def _closing(world: World) -> Iterator[None]:
    """A run that is cancelled or breaks leaves nothing behind; why it did is what counts."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(SlipwayError):
            world.executor.close(succeeded=False)
        raise


def _submitted(bundle: Bundle, run: Document, store: Store, options: Options, events: Sink, cancel: Cancel) -> Report:
    """Have a real Tekton in the cluster execute the run."""
    from .act.controller import Submitted

    if options.reuse:
        raise Refused("reuse: a Tekton in a cluster runs every task", hint="another executor", obj=str(_subject(run)))
    store.describe(history.about(run.data["kind"], run.data, []))
    subject = _subject(run)
    objects = executors.objects(bundle, store.folder, options, subject.namespace)
    remote = Submitted(objects.client, objects, subject.kind, subject.name, store.folder, events, cancel)
    events.emit(subject, "Started", reason="Started", message="submitted to Tekton in the cluster")
    try:
        found = remote.run(run.data, options.params, force=options.force)
    finally:
        with contextlib.suppress(SlipwayError):
            objects.remove(keep_claims=True, pods=False)
    ended = found.condition
    report = Report(
        subject.name, subject.namespace, ended.status == "True", ended.reason, ended.message, found.results,
        found.seconds, [task_run(task, child, end) for task, child, end in found.ends], found.skipped,
        os.path.join(store.folder, "tasks"),
    )  # fmt: skip
    return _kept(report, events, store, subject)


def _request(bundle: Bundle, run: Document, world: World) -> Request:
    meta, spec = run.data["metadata"], run.data["spec"]
    task = inline_or_given(bundle, run, spec, "spec")
    world.executor.refuse(task.spec, f"TaskRun {meta['name']}", task.actions)
    given = given_params(run.data)
    strings = params.replacements(params.with_defaults(task.spec.get("params") or [], given)).strings
    config, bindings = world.config, workspaces.replaced(spec.get("workspaces") or [], strings)
    bindings += workspaces.defaults(task.spec.get("workspaces") or [], bindings, config.workspace)
    return Request(
        who=Identity(Kind.TASK_RUN, meta["name"], meta["namespace"], meta["uid"], meta),
        task=task.name or meta["name"],
        reference=task.name,
        spec=task.spec,
        params=given,
        workspaces={entry["name"]: world.executor.bind(entry, meta["name"]) for entry in bindings},
        timeout=task_timeout(spec.get("timeout") or config.task_timeout, None),
        actions=task.actions,
        sources=Sources(task.source, task.step_sources),
        service_account=str(spec.get("serviceAccountName") or config.service_account),
        pod_template=config.pod_of(spec.get("podTemplate")),
        given=spec,
    )


def _name(run: Mapping[str, Any]) -> str:
    meta = run.get("metadata") or {}
    if meta.get("name"):
        return str(meta["name"])
    if meta.get("generateName"):
        return ids.generate_name(str(meta["generateName"]))
    raise Invalid("metadata.name", "is missing", hint="give name or generateName")
