# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The podman executor: each step in its image, one pod per TaskRun, on this machine.

Whatever way we end, nothing stays: a pod is removed with its TaskRun, by its guard when we are killed, and by its label
when the same run starts again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.cancel import Cancel
from ..._core.errors import Refused
from ..._core.events import Subject
from ..decide import merge
from . import podman_argv, podman_client, podman_rules
from .containers import Shared
from .executor import Bound, TaskEnd, TaskPlan
from .podman_client import Guard, Podman, PullFailed
from .podman_host import PodHost
from .podman_rules import Rules, Uses
from .steps import TaskRun


@dataclass(slots=True)
class PodmanExecutor:
    """Runs TaskRuns as pods of podman. An Executor for the engine; `label` marks the pods of this run."""

    shared: Shared
    podman: Podman
    label: str
    rules: Rules
    uses: Sequence[Uses] = ()

    def refuse(self, spec: Mapping[str, Any], obj: str, actions: Mapping[str, Mapping[str, Any]]) -> None:
        """Refuse by field name, before anything runs, what podman cannot honour."""
        steps = merge.steps(spec.get("stepTemplate"), spec.get("steps") or [])
        for group, entries in (("steps", steps), ("sidecars", spec.get("sidecars") or [])):
            for index, entry in enumerate(entries):
                if entry.get("ref"):
                    entry = {**entry, **actions.get(str(entry["ref"].get("name")), {})}
                self.rules.refuse_container(entry, f"spec.{group}[{index}]", obj)
        for index, volume in enumerate(spec.get("volumes") or []):
            try:
                self.shared.volumes.check_volume(volume, f"spec.volumes[{index}]")
            except Refused as error:
                error.obj = error.obj or obj
                raise

    def check(self, binding: Mapping[str, Any], field: str) -> None:
        """Refuse what has no directory here."""
        self.shared.volumes.check(binding, field)

    def bind(self, binding: Mapping[str, Any], task: str) -> Bound:
        """Return the directory of a binding."""
        return self.shared.volumes.bind(binding, task)

    def run(self, plan: TaskPlan, cancel: Cancel) -> TaskEnd:
        """Run the steps of a plan in a pod of its own."""
        podman_rules.refuse_pod(plan.pod_template, plan.name)
        pod = f"slipway-{self.label}-{plan.name}"
        host = PodHost(self.podman, pod, self._labels(plan), plan, self.uses, cancel, self._pulling(plan))
        task = TaskRun(plan, host, self.shared, cancel)  # its time runs from here: the pull of images counts
        guard = Guard(self.podman, pod)
        try:
            host.need_images()
            self.podman.call(self.podman.removal([pod]))
            self.podman.make_pod(podman_argv.pod(pod, plan.name, self._labels(plan), plan.pod_template))
            self.podman.must(
                ["pod", "start", pod]
            )  # what is wrong with podman itself must not look like a failing step
            return task.run()
        except PullFailed as error:
            return TaskEnd(False, error.reason, host.pull_message(error))
        finally:
            try:
                self.podman.must(self.podman.removal([pod]))
            finally:
                guard.over()

    def close(self, *, succeeded: bool) -> None:
        """Remove the claims of a run that succeeded."""
        if succeeded:
            self.shared.volumes.remove()

    def _labels(self, plan: TaskPlan) -> dict[str, str]:
        return {podman_argv.RUN_LABEL: self.label, podman_argv.TASK_RUN_LABEL: plan.name}

    def _pulling(self, plan: TaskPlan) -> Any:
        subject = Subject("TaskRun", plan.namespace, plan.name)
        return lambda image: self.shared.events.emit(subject, "Progress", reason="Pulling", message=image)


def make(
    shared: Shared, folder: str, image_map: Sequence[Mapping[str, Any]], insecure: Sequence[str], *, privileged: bool
) -> PodmanExecutor:
    """Return the executor of the run that lives in `folder`, after what an earlier life of it left is removed."""
    uses = podman_rules.mapping(image_map)
    podman = podman_client.find(insecure)
    label = hashlib.sha256(os.path.realpath(folder).encode()).hexdigest()[:12]
    podman.remove_labelled(f"{podman_argv.RUN_LABEL}={label}")
    return PodmanExecutor(shared, podman, label, Rules(privileged, os.geteuid() != 0), uses)
