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
from ..._core.events import Subject
from . import podman_argv, podman_client, podman_rules
from .containers import Shared
from .executor import TaskEnd, TaskPlan
from .local import LocalExecutor
from .podman_client import Guard, Podman, PullFailed
from .podman_host import PodHost
from .podman_rules import Rules, Uses
from .steps import TaskRun


@dataclass(slots=True)
class PodmanExecutor(LocalExecutor):
    """Runs TaskRuns as pods of podman. An Executor for the engine; `label` marks the pods of this run."""

    podman: Podman
    label: str
    rules: Rules
    uses: Sequence[Uses] = ()

    def refuse_container(self, container: Mapping[str, Any], where: str, obj: str) -> None:
        """Refuse what podman cannot honour."""
        self.rules.refuse_container(container, where, obj)

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
