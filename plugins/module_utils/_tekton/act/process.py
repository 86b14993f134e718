# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The process executor: steps as sandboxed processes of this machine, images as tools that it has."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._core.cancel import Cancel
from ..._core.errors import Invalid, Refused
from ..._sandbox import process as sandbox
from ..._sandbox.process import Limits, Mount, ProcessSpec, Running
from . import files, images, process_rules
from .containers import Host, Owner, StepCommand
from .executor import TaskEnd, TaskPlan
from .images import Toolset
from .local import LocalExecutor
from .steps import TaskRun

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class ProcessExecutor(LocalExecutor):
    """Runs TaskRuns as local processes. An Executor for the engine, a Host for the steps."""

    toolsets: Sequence[Toolset]

    def refuse_container(self, container: Mapping[str, Any], where: str, obj: str) -> None:
        """Refuse what a local process cannot honour, and an image without a meaning here."""
        if "$(" not in container.get("image", ""):
            images.find(container.get("image", ""), self.toolsets, f"{where}.image", obj)
        process_rules.refuse_container(container, where, obj)

    def run(self, plan: TaskPlan, cancel: Cancel) -> TaskEnd:
        """Run the steps of a plan."""
        process_rules.refuse_pod(plan.pod_template, plan.name)
        host: Host = self
        return TaskRun(plan, host, self.shared, cancel).run()

    # -- the steps' host -------------------------------------------------------------------------

    def start(
        self, step: StepCommand, out: Callable[[bytes], None], err: Callable[[bytes], None] | None = None
    ) -> Running:
        """Start a step in a sandbox."""
        toolset = self._toolset(step)
        argv = (*(step.command or toolset.entrypoint), *step.args)
        if not (step.command or toolset.entrypoint):
            raise Invalid(
                f"{step.field}.command", f"is missing, and the entry point of image {step.image!r} is not known here",
                obj=step.task_run, hint="give a command, or an entrypoint in image_map",
            )  # fmt: skip
        spec = self._spec(step, toolset, argv, out, err)
        if not toolset.rootfs or spec.read_only_root:
            return sandbox.start(spec)
        own = images.own_copy(toolset)
        try:
            return sandbox.start(
                replace(spec, rootfs=own, rootfs_writable=True, ended=lambda _code: files.remove(os.path.dirname(own)))
            )
        except BaseException:
            files.remove(os.path.dirname(own))
            raise

    def _spec(
        self,
        step: StepCommand,
        toolset: Toolset,
        argv: tuple[str, ...],
        out: Callable[[bytes], None] | None,
        err: Callable[[bytes], None] | None,
    ) -> ProcessSpec:
        uid, gid = self._user(step, toolset)
        process_rules.check_user(step, uid)
        if uid and os.geteuid() == 0 and sandbox.available().name == "plain":
            raise Refused(
                f"{step.field}.securityContext.runAsUser: a plain process cannot become user {uid}",
                obj=step.task_run, hint="install bubblewrap and allow user namespaces", reason="NoSandbox",
            )  # fmt: skip
        env = {"PATH": _PATH, "HOME": _home_of(uid), **toolset.env, **step.env}
        env["PATH"] = ":".join([*toolset.path, env["PATH"]])
        return ProcessSpec(
            argv=argv, env=env, cwd=step.cwd or toolset.cwd or _root(),
            mounts=(*images.extra_mounts(toolset), *step.mounts),
            rootfs=toolset.rootfs, uid=uid, gid=gid, groups=process_rules.groups(step),
            drop=process_rules.dropped(step.security),
            read_only_root=bool(step.security.get("readOnlyRootFilesystem")),
            limits=Limits(memory=step.limits.memory, cpus=step.limits.processors), stdout=out, stderr=err,
        )  # fmt: skip

    def _toolset(self, step: StepCommand) -> Toolset:
        return images.find(step.image, self.toolsets, f"{step.field}.image", step.task_run)

    @staticmethod
    def _user(step: StepCommand, toolset: Toolset) -> tuple[int | None, int | None]:
        uid, gid = step.security.get("runAsUser"), step.security.get("runAsGroup")
        uid = toolset.uid if uid is None else int(uid)
        return uid, toolset.gid if gid is None else int(gid)

    def beside(self, step: StepCommand, argv: Sequence[str], out: Callable[[bytes], None]) -> Running:
        """Start a program in a sandbox like that of a sidecar."""
        return self.start(replace(step, command=tuple(argv), args=()), out)

    def address(self, step: StepCommand) -> str:
        """Local processes listen on this machine."""
        return "127.0.0.1"

    def rewrite(self, text: str, image: str, mounts: Sequence[Mount]) -> str:
        """Return a script with the interpreter of its image, and the paths that a process without a sandbox sees."""
        return sandbox.rewrite(images.with_interpreter(text, image, self.toolsets), mounts)

    def warning(self) -> str | None:
        """Warn once when there is no sandbox."""
        return sandbox.take_warning()

    def home(self, step: StepCommand) -> str:
        """Return HOME of the image, or that of its user."""
        toolset = self._toolset(step)
        return step.env.get("HOME") or toolset.env.get("HOME") or _home_of(self._user(step, toolset)[0])

    def owner(self, step: StepCommand) -> Owner | None:
        """Return the step's user where it is really another one than ours."""
        uid, gid = self._user(step, self._toolset(step))
        if os.geteuid() != 0 or sandbox.available().user_namespace or not uid:
            return None
        return Owner(uid, gid or 0)

    def shell(self, step: StepCommand) -> int:
        """Run a shell in the step's sandbox on our terminal. Refused without a terminal."""
        if not (os.isatty(0) and os.isatty(1)):
            raise Refused("a shell in a failed step needs a terminal", hint="run it from a terminal, or without debug")
        return sandbox.interact(self._spec(step, self._toolset(step), ("/bin/sh", "-i"), None, None))


def _root() -> str:
    """Return where an image without a WORKDIR starts: its root, which only a sandbox has."""
    return "/" if sandbox.available().name == "bwrap" else "/workspace"


def _home_of(uid: int | None) -> str:
    return "/" if uid else "/root"
