# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The process executor: steps as sandboxed processes of this machine, images as tools that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.cancel import Cancel
from ..._core.errors import Invalid, Refused
from ..._sandbox import process as sandbox
from ..._sandbox.process import Mount, ProcessSpec, Running
from ..decide import merge
from . import images
from .executor import Bound, TaskEnd, TaskPlan
from .steps import Shared, StepCommand, TaskRun


@dataclass(slots=True)
class ProcessExecutor:
    """Runs TaskRuns as local processes. An Executor for the engine, a Host for the steps."""

    shared: Shared
    toolsets: Sequence[images.Toolset]

    def refuse(self, spec: Mapping[str, Any], obj: str, actions: Mapping[str, Mapping[str, Any]]) -> None:
        """Refuse by field name, before anything runs, what a local process cannot honour."""
        for index, step in enumerate(merge.steps(spec.get("stepTemplate"), spec.get("steps") or [])):
            where = f"spec.steps[{index}]"
            if step.get("ref"):
                step = {**step, **actions.get(str(step["ref"].get("name")), {})}
            if "$(" not in step.get("image", ""):
                images.find(step.get("image", ""), self.toolsets, f"{where}.image", obj)
            security = step.get("securityContext") or {}
            for stream in ("stdoutConfig", "stderrConfig"):
                if step.get(stream):
                    raise Refused(f"{where}.{stream} is not executed yet", hint="redirect in the script", obj=obj)
            if security.get("privileged"):
                raise Refused(f"{where}.securityContext.privileged: a local process is never privileged", obj=obj)
        if spec.get("sidecars"):
            raise Refused(
                "spec.sidecars: sidecars are not executed yet", hint="start what is needed in a step", obj=obj
            )
        for volume in spec.get("volumes") or []:
            if "hostPath" in volume or "csi" in volume:
                raise Refused(
                    f"spec.volumes: {volume['name']!r} cannot be given to a local process",
                    hint="use a workspace",
                    obj=obj,
                )

    def check(self, binding: Mapping[str, Any], field: str) -> None:
        """Refuse what has no directory here."""
        self.shared.volumes.check(binding, field)

    def bind(self, binding: Mapping[str, Any], task: str) -> Bound:
        """Return the directory of a binding."""
        return self.shared.volumes.bind(binding, task)

    def run(self, plan: TaskPlan, cancel: Cancel) -> TaskEnd:
        """Run the steps of a plan."""
        return TaskRun(plan, self, self.shared, cancel).run()

    def close(self, *, succeeded: bool) -> None:
        """Remove the claims of a run that succeeded."""
        if succeeded:
            self.shared.volumes.remove()

    def start(self, step: StepCommand, out: Callable[[bytes], None]) -> Running:
        """Start a step in a sandbox."""
        toolset = images.find(step.image, self.toolsets, f"{step.field}.image", step.task_run)
        argv = (*(step.command or toolset.entrypoint), *step.args)
        if not (step.command or toolset.entrypoint):
            raise Invalid(
                f"{step.field}.command", f"is missing, and the entry point of image {step.image!r} is not known here",
                obj=step.task_run, hint="give a command, or an entrypoint in image_map",
            )  # fmt: skip
        security = step.security
        spec = ProcessSpec(
            argv=argv, env=step.env, cwd=step.cwd or self._cwd(toolset), mounts=(*images.extra_mounts(toolset), *step.mounts),
            uid=security.get("runAsUser"), gid=security.get("runAsGroup"), stdout=out,
        )  # fmt: skip
        return sandbox.start(spec)

    @staticmethod
    def _cwd(toolset: images.Toolset) -> str:
        """A process without a sandbox must not begin in the root directory of this machine."""
        return toolset.cwd if sandbox.available().name == "bwrap" else "/workspace"

    def rewrite(self, text: str, mounts: Sequence[Mount]) -> str:
        """Return a script with the paths that a process without a sandbox sees."""
        return sandbox.rewrite(text, mounts)

    def warning(self) -> str | None:
        """Warn once when there is no sandbox."""
        return sandbox.take_warning()
