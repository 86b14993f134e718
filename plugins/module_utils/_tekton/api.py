# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The public face of Tekton: parse, plan, run.

bundle = parse(documents)
outcome = run_pipeline(bundle, "my-run", Options(...), events, cancel)
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .._core import ids
from .._core.cancel import Cancel
from .._core.errors import Invalid, Refused, SlipwayError
from .._core.events import Sink, Subject
from .._core.redact import current as redactor
from .._core.yaml import Document
from .._lang import cel
from .act import images
from .act.executor import Executor, TaskEnd, World
from .act.process import ProcessExecutor
from .act.steps import Shared
from .act.workspaces import Volumes, secret_values
from .decide import dag, merge, params, workspaces
from .decide.timeouts import task_timeout
from .model.parse import Bundle, parse
from .pipelinerun import PipelineRun
from .resolve.local import inline_or_given
from .store import Store, default_root
from .taskrun import Request, attempts

if TYPE_CHECKING:
    from .._kube.client import Client
    from .act.cluster_objects import ClusterObjects

__all__ = ["EMULATED", "Bundle", "Options", "Report", "explain", "parse", "run_pipeline", "run_task"]
EMULATED = "Tekton Pipelines v1.15"


@dataclass(frozen=True, slots=True)
class Options:
    """How runs are executed here. `claims` maps names of PersistentVolumeClaims to directories.

    `client` is the cluster of the executors pods and controller; the others need none.
    """

    executor: str = "process"
    client: Client | None = None
    state_dir: str = ""
    image_map: Sequence[Mapping[str, Any]] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    step_env: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = "default"
    parallelism: int = 8
    force: bool = False


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
    before = store.begin({"spec": run.data["spec"], "params": options.params}, name, force=options.force)
    if before.get("report"):
        return Report(**before["report"], changed=False)
    if options.executor == "controller":
        return _submit(bundle, run, name, store, options, events, cancel)
    namespace = _namespace(run.data, options)
    labels = {"tekton.dev/pipelineRun": name}
    world = _world(bundle, store.folder, options, events, cancel, _Owner(namespace, labels))
    engine = PipelineRun(bundle, run, name, namespace, options.params, world, store, options.parallelism)
    started = time.monotonic()
    subject = Subject("PipelineRun", namespace, name)
    events.emit(subject, "Started", reason="Started", message=f"{len(engine.tasks)} tasks", data={"emulates": EMULATED})
    with _closing(world):
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
    before = store.begin({"spec": spec, "params": options.params}, name, force=options.force)
    if before.get("report"):
        return Report(**before["report"], changed=False)
    if options.executor == "controller":
        return _submit(bundle, run, name, store, options, events, cancel)
    namespace = _namespace(run.data, options)
    world = _world(bundle, store.folder, options, events, cancel, _Owner(namespace))
    with _closing(world):
        request = _request(bundle, run, name, namespace, options.params, world)
    subject = Subject("TaskRun", namespace, name)
    events.emit(subject, "Started", reason="Started", message=f"{len(request.spec['steps'])} steps")
    with _closing(world):
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


def _submit(
    bundle: Bundle, run: Document, name: str, store: Store, options: Options, events: Sink, cancel: Cancel
) -> Report:
    """Have a real Tekton in the cluster execute the run."""
    from .act.controller import Submitted

    kind, namespace = str(run.data["kind"]), _namespace(run.data, options)
    objects = _objects(bundle, store.folder, options, namespace)
    remote = Submitted(objects.client, objects, kind, name, store.folder, events, cancel)
    subject = Subject(kind, namespace, name)
    events.emit(subject, "Started", reason="Started", message="submitted to Tekton in the cluster")
    try:
        found = remote.run(run.data, options.params, force=options.force)
    finally:
        with contextlib.suppress(SlipwayError):
            objects.remove(keep_claims=True, pods=False)
    succeeded = found.condition.status == "True"
    report = Report(
        name, namespace, succeeded, found.condition.reason, found.condition.message, found.results, found.seconds,
        [_task_run(task, child, end) for task, child, end in found.ends], found.skipped,
        os.path.join(store.folder, "tasks"),
    )  # fmt: skip
    data = {"seconds": report.seconds}
    events.emit(
        subject, "Succeeded" if succeeded else "Failed", reason=report.status, message=report.message, data=data
    )
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


def _kept(report: Report) -> dict[str, Any]:
    data: dict[str, Any] = redactor.scrub_data(asdict(report))
    data.pop("changed")
    return data


@dataclass(frozen=True, slots=True)
class _Owner:
    """Of whom objects in a cluster are: the namespace of the run, and its labels."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)


def _world(bundle: Bundle, folder: str, options: Options, events: Sink, cancel: Cancel, owner: _Owner) -> World:
    executor = (
        _pods(bundle, folder, options, events, cancel, owner)
        if options.executor == "pods"
        else _process(bundle, folder, options, events)
    )
    return World(executor=executor, events=events, cancel=cancel, cel=_cel)


@contextlib.contextmanager
def _closing(world: World) -> Iterator[None]:
    """A run that is cancelled or breaks leaves nothing behind; why it did is what counts."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(SlipwayError):
            world.executor.close(succeeded=False)
        raise


def _process(bundle: Bundle, folder: str, options: Options, events: Sink) -> Executor:
    shared = Shared(
        volumes=Volumes(os.path.join(folder, "volumes"), bundle, options.claims),
        secrets=lambda kind, name: secret_values(bundle.find, kind, name),
        step_env=options.step_env,
        events=events,
        cel=_cel,
    )
    return ProcessExecutor(shared, images.toolsets(options.image_map, os.path.join(folder, "tools")))


def _pods(bundle: Bundle, folder: str, options: Options, events: Sink, cancel: Cancel, owner: _Owner) -> Executor:
    """Return the executor of pods. Only who wants it pays for the import of the Kubernetes client."""
    from .act.pods import PodsExecutor

    objects = _objects(bundle, folder, options, owner.namespace)
    return PodsExecutor(objects.client, objects, events, cancel, owner.labels, options.step_env, _cel)


def _objects(bundle: Bundle, folder: str, options: Options, namespace: str) -> ClusterObjects:
    """Return what the run has in its cluster. Refused for options that mean this machine."""
    from .act import cluster_objects

    if options.client is None:
        raise Invalid("executor", "needs a cluster", hint="give kubeconfig, or host and api_key")
    here = {"claims": options.claims, "image_map": options.image_map}
    here |= {"step_env": options.step_env} if options.executor == "controller" else {}
    for name, given in here.items():
        if given:
            raise Refused(
                f"{name} is for runs on this machine: the executor {options.executor} uses what the cluster has"
            )
    return cluster_objects.ClusterObjects(options.client, namespace, cluster_objects.identity(folder), bundle)


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
