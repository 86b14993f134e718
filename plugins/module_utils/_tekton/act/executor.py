# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What runs the steps of TaskRuns: the interface that every executor has, and the values that pass it.

The engine knows this file only; how a step becomes a process, a container or a pod is the executor's own matter.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..._core.cancel import Cancel
from ..._core.events import Sink
from ..._core.types import Manifest
from ..decide import when
from ..decide.params import Value
from ..model.config import Config

_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound workspace: a directory of this machine, or (in a cluster) a volume source and a path below it."""

    path: str = ""
    claim: str = ""
    read_only: bool = False
    source: Mapping[str, Any] = field(default_factory=dict)
    sub_path: str = ""


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step ended. `began` is in seconds since 1970."""

    name: str
    exit_code: int
    termination_reason: str
    seconds: float
    began: float = 0.0
    results: Mapping[str, Value] = field(default_factory=dict)
    artifacts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SidecarEnd:
    """How a sidecar ended, by itself or by being stopped after the last step. One without a name has name ""."""

    name: str
    container: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How a TaskRun ended: condition reason and message, results, steps; `retries` are the attempts before, oldest first."""

    succeeded: bool
    reason: str
    message: str
    results: dict[str, Value] = field(default_factory=dict)
    steps: tuple[StepEnd, ...] = ()
    seconds: float = 0.0
    artifacts: dict[str, Any] = field(default_factory=dict)
    began: float = 0.0
    retries: tuple[TaskEnd, ...] = ()
    sidecars: tuple[SidecarEnd, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One attempt of a TaskRun, ready to run: its spec is substituted except for step results.

    `folder` is the run's own directory for logs and files of this attempt, `timeout` in seconds (0: none). `resources` has
    the stepSpecs, sidecarSpecs and computeResources of the run.
    """

    name: str
    task: str
    spec: Mapping[str, Any]
    folder: str
    workspaces: Mapping[str, Bound]
    timeout: float
    namespace: str = "default"
    service_account: str = ""
    pod_template: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    uid: str = ""
    resources: Mapping[str, Any] = field(default_factory=dict)


class Executor(Protocol):
    """Runs TaskRuns of one run; called from several threads."""

    def refuse(self, spec: Mapping[str, Any], obj: str, actions: Mapping[str, Mapping[str, Any]]) -> None:
        """Refuse by field name, before anything runs, what this executor cannot honour. `actions`: StepActions by name."""

    def check(self, binding: Mapping[str, Any], field: str) -> None:
        """Refuse a workspace binding of the run that cannot be honoured."""

    def bind(self, binding: Mapping[str, Any], task: str) -> Bound:
        """Make what a binding asks for and return where it is; an emptyDir is new for each `task` (TaskRun name)."""

    def run(self, plan: TaskPlan, cancel: Cancel) -> TaskEnd:
        """Run to the end. A failing step is a value; raises Cancelled after all of it has stopped."""

    def close(self, *, succeeded: bool) -> None:
        """The run has ended: remove what was made for it; data of a failed run stays to be looked at."""


Custom = Callable[[Manifest, Cancel], TaskEnd]


@dataclass(frozen=True, slots=True)
class World:
    """What all TaskRuns of a run share. `cel` returns the plain value of a CEL expression, `note` takes objects as they change.

    `custom` does CustomRuns, by apiVersion/kind; `slots` bounds how many TaskRuns go on at once.
    """

    executor: Executor
    events: Sink
    cancel: Cancel
    cel: Callable[[str], object] = when.no_cel
    config: Config = field(default_factory=Config)
    note: Callable[[Manifest], None] = lambda _obj: None
    custom: Mapping[str, Custom] = field(default_factory=dict)
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(8))

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until one more TaskRun may run; raises Cancelled when asked to stop before."""
        while not self.slots.acquire(timeout=_LOOK):
            self.cancel.check()
        try:
            yield
        finally:
            self.slots.release()


def end_of(saved: Mapping[str, Any]) -> TaskEnd:
    """Return a TaskEnd from what dataclasses.asdict made of it."""
    steps = tuple(StepEnd(**step) for step in saved["steps"])
    sidecars = tuple(SidecarEnd(**sidecar) for sidecar in saved.get("sidecars") or ())
    retries = tuple(end_of(one) for one in saved.get("retries") or ())
    return TaskEnd(**{**saved, "steps": steps, "sidecars": sidecars, "retries": retries})
