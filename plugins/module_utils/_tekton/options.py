# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a run is executed, and what came of it: the values that pass the public face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.types import Manifest
from .act.executor import StepEnd, TaskEnd
from .record import Write, nowhere

if TYPE_CHECKING:
    from .._kube.client import Client
    from .act.containers import OnFailure
    from .reuse import Reuse
    from .turn import Concurrency

EMULATED = "Tekton Pipelines v1.15"
STOPS = ("Cancelled", "CancelledRunFinally", "StoppedRunFinally")
PENDING = ("PipelineRunPending", "TaskRunPending")


@dataclass(frozen=True, slots=True)
class Options:
    """How runs are executed here. `claims` maps names of PersistentVolumeClaims to directories.

    `service_accounts` maps names of ServiceAccounts to kubeconfigs, for the steps of that account; `resolvers` says what
    resolvers may do, resolve/settings.py has its shape. `client` is the cluster of the
    executors pods and controller, and of `record`; other runs need none. `host_paths` are directories of this machine
    that hostPath volumes may show. `insecure_registries` and `allow_privileged` are of the executor podman. `on_failure`
    is called with each step that failed, its files still in place. `reuse` says what an earlier run has done already,
    `concurrency` with which other runs this one may not go on at once.
    """

    executor: str = "process"
    client: Client | None = None
    state_dir: str = ""
    image_map: Sequence[Mapping[str, Any]] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    service_accounts: Mapping[str, str] = field(default_factory=dict)
    step_env: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = "default"
    parallelism: int = 8
    force: bool = False
    reuse: Reuse | None = None
    concurrency: Concurrency | None = None
    custom_tasks: Sequence[Mapping[str, Any]] = ()
    record: bool = False
    host_paths: Sequence[str] = ()
    on_failure: OnFailure | None = None
    write: Write = nowhere
    resolvers: Mapping[str, Any] = field(default_factory=dict)
    insecure_registries: Sequence[str] = ()
    allow_privileged: bool = False


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


def task_run(task: str, name: str, end: TaskEnd) -> dict[str, Any]:
    """Return one entry of Report.task_runs."""
    return {
        "task": task,
        "name": name,
        "status": end.reason,
        "message": end.message,
        "seconds": round(end.seconds, 3),
        "results": dict(end.results),
        "sidecars": [asdict(sidecar) for sidecar in end.sidecars],
        "steps": [_step(step) for step in end.steps],
    }


def _step(step: StepEnd) -> dict[str, Any]:
    return {
        "name": step.name,
        "exit_code": step.exit_code,
        "termination_reason": step.termination_reason,
        "seconds": round(step.seconds, 3),
    }
