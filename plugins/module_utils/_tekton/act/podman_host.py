# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The pod of one TaskRun as the host of its steps and sidecars, and a container of it that runs."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core.cancel import Cancel
from ..._core.errors import Permanent, Refused
from ..._sandbox.process import Mount, Running
from ..._sandbox.spawn import Handle
from ..decide import merge
from . import files, podman_argv, podman_rules
from .containers import Owner, StepCommand
from .executor import TaskPlan
from .podman_argv import Place
from .podman_client import ARGUMENTS, Podman, PullFailed
from .podman_rules import Account, Uses

Sink = Callable[[bytes], None]
_PODMAN_FAILED = 125
_KILLED = 137
_STOPPED_SOON = 5.0  # more seconds than the grace that podman takes to stop a container
_STARTED_WITHIN = 30.0
_LOOK = 0.05
_SELINUX = "/sys/fs/selinux/enforce"


class Container:
    """A container that runs, through the podman client that is attached to it. Implements `Running`."""

    def __init__(self, podman: Podman, name: str, client: Handle, tail: list[bytes]) -> None:
        self._podman, self._name, self._client, self._tail = podman, name, client, tail
        self.pid = client.pid

    @property
    def out_of_memory(self) -> bool:
        """Return whether it was ended because it used more than its limit."""
        if self._client.poll() != _KILLED:
            return False
        return bool(self._podman.state(self._name).get("OOMKilled"))

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._client.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end. Permanent with podman's words when it could not be started at all."""
        code = self._client.wait(timeout)
        if code == _PODMAN_FAILED and self._podman.state(self._name).get("Status") != "exited":
            said = b"".join(self._tail).decode(errors="replace").strip().rpartition("\n")[2]
            hint = f"arguments that podman needs on this machine can be given in {ARGUMENTS}"
            raise Permanent(f"podman cannot start {self._name}: {said}", reason="CreateContainerError", hint=hint)
        return code

    def wait_until_started(self) -> None:
        """Wait until its program has started: neither a probe nor a step can do with it before."""
        deadline = time.monotonic() + _STARTED_WITHIN
        while self._podman.state(self._name).get("Status") not in ("running", "exited"):
            if self._client.wait(_LOOK) is not None or time.monotonic() > deadline:
                return

    def stop(self, grace: float) -> int:
        """Have podman stop it, after `grace` seconds by force; return the exit code."""
        self._podman.call(["stop", "--ignore", "--time", str(math.ceil(grace)), self._name])
        with contextlib.suppress(Exception):  # an error of the output's reader must not keep it alive
            self._client.wait(_STOPPED_SOON)
        if self._client.poll() is None:
            self._podman.call(["kill", self._name])
        return self._client.stop(0)


@dataclass(slots=True)
class PodHost:
    """Runs containers in a pod that exists. `pulling` is told the images that are pulled."""

    podman: Podman
    pod: str
    labels: Mapping[str, str]
    plan: TaskPlan
    uses: Sequence[Uses]
    cancel: Cancel
    pulling: Callable[[str], None]
    _count: itertools.count[int] = field(default_factory=itertools.count)

    # -- images ----------------------------------------------------------------------------------

    def need_images(self) -> None:
        """Have the images of all containers that are known before the first step; those of step results come later."""
        for where, entry in self._entries().items():
            if "$(" not in entry["image"]:
                self._need(where, str(entry["image"]))

    def _need(self, where: str, image: str) -> str:
        wanted = podman_rules.image_of(image, self.uses)
        policy = str((self._entries().get(where) or {}).get("imagePullPolicy") or "")
        self.podman.need(wanted, policy, self.cancel, self.pulling)
        return wanted

    def _entries(self) -> dict[str, Mapping[str, Any]]:
        """Return steps and sidecars by field."""
        groups = {
            "steps": merge.steps(self.plan.spec.get("stepTemplate"), self.plan.spec["steps"]),
            "sidecars": self.plan.spec.get("sidecars") or [],
        }
        return {f"spec.{group}[{index}]": one for group, all_ in groups.items() for index, one in enumerate(all_)}

    def pull_message(self, error: PullFailed) -> str:
        """Return what a TaskRun says. Source: tektoncd/pipeline pkg/reconciler/taskrun/taskrun.go, v1.15."""
        for where, entry in self._entries().items():
            if podman_rules.image_of(str(entry["image"]), self.uses) == error.image:
                kind = "step" if where.startswith("spec.steps") else "sidecar"
                name = str(entry.get("name") or f"unnamed-{where.partition('[')[2].rstrip(']')}")
                text = f'The {kind} "{name}" in TaskRun "{self.plan.name}" failed to pull the image "{error.image}". '
                return text + f'The pod errored with the message: "{error.said}."'
        return error.message

    # -- the steps' host -------------------------------------------------------------------------

    def start(self, step: StepCommand, out: Sink, err: Sink | None = None) -> Running:
        """Start a container of the pod."""
        words, through, name = self._words(step, [])
        tail: list[bytes] = []

        def keep(sink: Sink) -> Sink:
            def take(chunk: bytes) -> None:
                tail[:] = [*tail[-1:], chunk[-512:]]
                sink(chunk)

            return take

        client = self.podman.start(words, keep(out) if err is None else out, keep(err) if err else None, through)
        container = Container(self.podman, name, client, tail)
        if step.field.startswith("spec.sidecars"):
            container.wait_until_started()
        return container

    def _words(self, step: StepCommand, more: Sequence[str]) -> tuple[list[str], Mapping[str, str], str]:
        image = self._need(step.field, step.image)
        step = step if step.command else podman_rules.with_command(step, self.podman.config(image))
        variables = podman_argv.environment(step)
        name = self._name(step) + (f"-shell{next(self._count)}" if more else "")
        env_file = os.path.abspath(os.path.join(self.plan.folder, "homes", f".env-{name}"))
        files.write(env_file, "".join(f"{line}\n" for line in variables.lines), 0o600)
        user = podman_rules.user(step, str(self.podman.config(image).get("User") or "")) if _wants_user(step) else ""
        place = Place(self.pod, name, image, self.labels, env_file, user, os.path.exists(_SELINUX))
        # A relative path would be the name of a volume to podman.
        step = replace(step, mounts=tuple(replace(one, source=os.path.abspath(one.source)) for one in step.mounts))
        words = podman_argv.run(step, place, list(variables.through), [*self.podman.extra.run, *more])
        return words, variables.through, name

    def _name(self, step: StepCommand) -> str:
        return f"{self.pod}-{step.field.removeprefix('spec.').replace('[', '-').rstrip(']')}"

    def beside(self, step: StepCommand, argv: Sequence[str], out: Sink) -> Running:
        """Start a program in a container that runs."""
        return self.podman.start(["exec", self._name(step), *argv], out, None)

    def address(self, step: StepCommand) -> str:
        """Return where the ports of the pod answer this machine."""
        return "127.0.0.1" if self.plan.pod_template.get("hostNetwork") else self.podman.address(self._infra())

    def _infra(self) -> str:
        return self.podman.must(["pod", "inspect", "--format", "{{.InfraContainerID}}", self.pod])

    def rewrite(self, text: str, image: str, mounts: Sequence[Mount]) -> str:
        """Return a script as it is: a container has its own paths."""
        return text

    def warning(self) -> str | None:
        """There is nothing to warn of."""
        return None

    def home(self, step: StepCommand) -> str:
        """Return HOME as the step or its image says, else that of its user in the image."""
        config = self.podman.config(self._need(step.field, step.image))
        env = dict(str(one).split("=", 1) for one in config.get("Env") or [] if "=" in str(one))
        known = step.env.get("HOME") or env.get("HOME")
        if known:
            return known
        found = self._account(step, self._user(step))
        return found.home if found else "/"

    def _user(self, step: StepCommand) -> str:
        of_image = str(self.podman.config(self._need(step.field, step.image)).get("User") or "")
        return podman_rules.user(step, of_image) or of_image

    def _account(self, step: StepCommand, as_user: str) -> Account | None:
        place = files.make(self.plan.folder, "homes", mode=0o755)
        image = self._need(step.field, step.image)
        return podman_rules.account(as_user, self.podman.passwd(image, self.pod, os.path.join(place, ".passwd")))

    def owner(self, step: StepCommand) -> Owner | None:
        """Return the step's user where it is another one than ours; rootless users are not ours to give."""
        as_user = self._user(step)
        uid, _, gid = as_user.partition(":")
        if os.geteuid() != 0 or uid in ("", "0", "root"):
            return None
        if uid.isdigit():
            return Owner(int(uid), int(gid) if gid.isdigit() else 0)
        found = self._account(step, as_user)
        return Owner(found.uid, found.gid) if found else None

    def shell(self, step: StepCommand) -> int:
        """Run a shell of the image with the step's files on our terminal. Refused without a terminal."""
        if not (os.isatty(0) and os.isatty(1)):
            raise Refused("a shell in a failed step needs a terminal", hint="run it from a terminal, or without debug")
        shell = replace(step, command=("/bin/sh", "-i"), args=())
        words, through, _name = self._words(shell, ["--interactive", "--tty", "--rm"])
        return subprocess.call(self.podman.argv(words), env={**os.environ, **through})


def _wants_user(step: StepCommand) -> bool:
    return any(step.security.get(name) is not None for name in ("runAsUser", "runAsGroup", "runAsNonRoot"))
