# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The commands of one TaskRun's containers: environment, mounts, script and limits of a step or a sidecar.

Knows Tekton's files and rules; where a container really runs (a sandboxed process, a container) is the host's matter.
Source: tektoncd/pipeline pkg/pod/pod.go, script.go, workingdir_init.go, v1.15.
"""

from __future__ import annotations

import dataclasses
import os
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..._core.errors import Invalid
from ..._core.events import Sink
from ..._sandbox.process import Mount, Running
from ..decide import entrypoint, merge, names, resources, script, when, workspaces
from ..decide.credentials import FOLDER
from ..decide.resources import Limits
from ..model.config import Config
from ..model.parse import Bundle
from . import accounts, files
from .environment import Facts, variables
from .executor import TaskPlan
from .workspaces import Volumes


@dataclass(frozen=True, slots=True)
class StepCommand:
    """One step or sidecar, ready to start.

    An empty `command` means the entry point of the image, an empty `cwd` its working directory; HOME and PATH are the
    image's unless `env` has them. `field` names the container in its Task; `security` is its own securityContext over
    that of the pod, which is in `pod_security`.
    """

    name: str
    task_run: str
    field: str
    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    mounts: tuple[Mount, ...]
    security: Mapping[str, Any]
    limits: Limits = dataclasses.field(default_factory=Limits)
    pod_security: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the steps of a run share on this machine. `secrets` returns the content of a Secret or ConfigMap by name.

    `on_failure` is called with a failed step; `accounts` maps names of ServiceAccounts to kubeconfigs.
    """

    volumes: Volumes
    secrets: Callable[[str, str], Mapping[str, bytes]]
    step_env: Mapping[str, str]
    events: Sink
    cel: Callable[[str], object] = when.no_cel
    bundle: Bundle = dataclasses.field(default_factory=Bundle)
    config: Config = dataclasses.field(default_factory=Config)
    on_failure: OnFailure | None = None
    accounts: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Host(Protocol):
    """Where steps and sidecars run."""

    def start(
        self, step: StepCommand, out: Callable[[bytes], None], err: Callable[[bytes], None] | None = None
    ) -> Running:
        """Start a container; standard error goes to `out` as well unless `err` is given.

        Raises NotExecutable when its program is missing.
        """

    def rewrite(self, text: str, image: str, mounts: Sequence[Mount]) -> str:
        """Return a script of such an image as it must be written there."""

    def warning(self) -> str | None:
        """Return what a user should know about this host, once."""

    def home(self, step: StepCommand) -> str:
        """Return HOME as the container will see it."""

    def owner(self, step: StepCommand) -> Owner | None:
        """Return the user of this machine to whom the container's own files must belong; None when they may stay ours."""

    def shell(self, step: StepCommand) -> int:
        """Run an interactive shell in the container's place, on our terminal; return its exit code."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A user and a group of this machine."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that failed, its files still in place. `shell` opens a shell there, on our terminal."""

    task_run: str
    step: str
    exit_code: int
    shell: Callable[[], int]


OnFailure = Callable[[FailedStep], None]


class Containers:
    """Makes the commands of one plan. Called from one thread."""

    def __init__(self, plan: TaskPlan, host: Host, shared: Shared) -> None:
        self._plan, self._host, self._shared = plan, host, shared
        self._account = plan.service_account or "default"
        self._facts = Facts(plan.name, plan.namespace, self._account, plan.labels, plan.uid)
        spec = resources.of_run(plan.spec, plan.resources)
        self.steps = merge.steps(spec.get("stepTemplate"), spec["steps"])
        self.sidecars: list[dict[str, Any]] = list(spec.get("sidecars") or [])
        self._scripts = {
            f"spec.{group}[{index}]": names.with_random_suffix(f"{prefix}script-{index}")
            for group, prefix, entries in (("steps", "", self.steps), ("sidecars", "sidecar-", self.sidecars))
            for index, entry in enumerate(entries)
            if entry.get("script")
        }
        self._ranges = [
            shared.bundle.objects["LimitRange", name].data for name in shared.bundle.names("LimitRange")
        ]  # fmt: skip
        self._pod = plan.pod_template.get("securityContext") or {}

    def step(self, index: int, name: str, step: Mapping[str, Any]) -> StepCommand:
        """Return a step's command; results and artifacts of earlier steps must be replaced in it already."""
        folder, where = self._plan.folder, f"spec.steps[{index}]"
        own = os.path.join(folder, "tekton", "steps", f"step-{name}")
        for part in ("results", "artifacts"):
            files.make(own, part)
        run = os.path.join(folder, "tekton", "run")
        mounts = [
            Mount(os.path.join(folder, "workspace"), "/workspace"),
            Mount(os.path.join(folder, "tekton"), "/tekton"),
            Mount(os.path.join(folder, "tekton", "steps"), "/tekton/steps", read_only=True),
            Mount(own, f"/tekton/steps/step-{name}"),
            Mount(run, "/tekton/run", read_only=True),
            Mount(os.path.join(run, str(index)), f"/tekton/run/{index}"),
            Mount(files.make(folder, "creds", name, mode=0o700), FOLDER),
            Mount(os.path.join(folder, "tekton", "scripts"), "/tekton/scripts", read_only=True),
            *accounts.mounts(self._shared.accounts, self._account),
        ]
        return self._command(name, where, step, mounts, accounts.environment(self._shared.accounts, self._account))

    def sidecar(self, index: int, name: str, sidecar: Mapping[str, Any]) -> StepCommand:
        """Return a sidecar's command. It has neither the steps' /workspace nor the rest of their /tekton."""
        # One /tmp for the sidecar and its probes, which run beside it.
        scratch = files.make(self._plan.folder, "sidecars", str(index), mode=0o1777)
        scripts = os.path.join(self._plan.folder, "tekton", "scripts")
        mounts = [Mount(scratch, "/tmp"), Mount(scripts, "/tekton/scripts", read_only=True)]
        return self._command(name, f"spec.sidecars[{index}]", sidecar, mounts, {})

    def place(self) -> None:
        """Write what is there before the first step starts. Source: pkg/pod/script.go, place-scripts."""
        for index, _step in enumerate(self.steps):
            files.make(self._plan.folder, "tekton", "run", str(index))
        for group, entries in (("steps", self.steps), ("sidecars", self.sidecars)):
            for index, entry in enumerate(entries):
                if entry.get("script"):
                    self._write_script(f"spec.{group}[{index}]", script.with_shebang(str(entry["script"])))

    def _write_script(self, where: str, text: str) -> str:
        name = self._scripts[where]
        files.write(os.path.join(self._plan.folder, "tekton", "scripts", name), text, 0o755)
        return f"/tekton/scripts/{name}"

    def _command(
        self, name: str, where: str, given: Mapping[str, Any], mounts: list[Mount], access: Mapping[str, str]
    ) -> StepCommand:
        env = {**access, **self._env(given)}
        mounts = [*mounts, *self._hosts(), *self._workspaces(given), *self._volumes(where, given, env)]
        command = [entrypoint.expand(str(part), env) for part in given.get("command") or []]
        if given.get("script"):
            text = script.with_shebang(str(given["script"]))
            command = [self._write_script(where, self._host.rewrite(text, str(given["image"]), mounts))]
        return StepCommand(
            name=name, task_run=self._plan.name, field=where, image=str(given["image"]), command=tuple(command),
            args=tuple(entrypoint.expand(str(arg), env) for arg in given.get("args") or []),
            env=env, cwd=self._cwd(given, mounts), mounts=tuple(mounts),
            security={**_common(self._pod), **(given.get("securityContext") or {})}, pod_security=self._pod,
            limits=resources.limits(given, self._ranges, where),
        )  # fmt: skip

    def _env(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return the declared variables; those of the run's pod template win, as upstream."""
        env = variables(given, self._shared.step_env, self._shared.secrets, self._facts)
        forbidden = self._shared.config.forbidden_env
        more = [one for one in self._plan.pod_template.get("env") or [] if one["name"] not in forbidden]
        return variables({**given, "env": more, "envFrom": []}, env, self._shared.secrets, self._facts)

    def _hosts(self) -> list[Mount]:
        """Return the hosts file of a run that has names of its own."""
        aliases = self._plan.pod_template.get("hostAliases") or []
        if not aliases:
            return []
        lines = ["127.0.0.1 localhost", *(f"{one['ip']} {' '.join(one.get('hostnames') or [])}" for one in aliases)]
        path = os.path.join(self._plan.folder, "homes", ".hosts")
        return [Mount(files.write(path, "\n".join(lines) + "\n"), "/etc/hosts", read_only=True)]

    def _workspaces(self, given: Mapping[str, Any]) -> list[Mount]:
        targets = workspaces.mounts_of_step(self._plan.spec, given)
        found = []
        for entry in self._plan.spec.get("workspaces") or []:
            bound, target = self._plan.workspaces.get(entry["name"]), targets.get(entry["name"])
            if bound and target:
                found.append(Mount(bound.path, target, read_only=bound.read_only or bool(entry.get("readOnly"))))
        return found

    def _volumes(self, where: str, given: Mapping[str, Any], env: Mapping[str, str]) -> list[Mount]:
        every = merge.volumes(self._plan.spec, self._plan.pod_template).get("volumes") or []
        volumes = {str(volume["name"]): volume for volume in every}
        found = []
        for mount in given.get("volumeMounts") or []:
            place, read_only = self._volume(str(mount["name"]), volumes, where)
            sub = entrypoint.expand(str(mount.get("subPathExpr") or ""), env) or str(mount.get("subPath") or "")
            read_only = read_only or bool(mount.get("readOnly"))
            found.append(Mount(files.below(place, sub) if sub else place, str(mount["mountPath"]), read_only))
        return found

    def _volume(self, name: str, volumes: Mapping[str, Mapping[str, Any]], where: str) -> tuple[str, bool]:
        of_workspaces = workspaces.by_volume({key: bound.claim for key, bound in self._plan.workspaces.items()})
        if name in of_workspaces:
            bound = self._plan.workspaces[of_workspaces[name]]
            return bound.path, bound.read_only
        if name not in volumes:
            there = ", ".join(sorted(volumes)) or "none"
            raise Invalid(
                f"{where}.volumeMounts", f"names a volume that does not exist: {name!r}",
                obj=self._plan.name, hint=f"volumes of this task: {there}",
            )  # fmt: skip
        return self._shared.volumes.volume(volumes[name], self._plan.name, self._facts), False

    def _cwd(self, given: Mapping[str, Any], mounts: Sequence[Mount]) -> str:
        """Return the working directory; one below the scratch /workspace is made, a relative one lies there."""
        if not given.get("workingDir"):
            return ""
        cwd = posixpath.normpath(posixpath.join("/workspace", str(given["workingDir"])))
        scratch = os.path.join(self._plan.folder, "workspace")
        if owner_of(cwd, mounts) == Mount(scratch, "/workspace"):
            files.below(scratch, cwd.removeprefix("/workspace"))
        return cwd


def _common(pod: Mapping[str, Any]) -> dict[str, Any]:
    """Return what containers take over from the pod's securityContext."""
    names = ("runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions", "seccompProfile", "appArmorProfile")
    return {name: pod[name] for name in names if name in pod}


def owner_of(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """Return the mount that shows `path` inside: the longest target wins, of equals the last."""
    found = [one for one in mounts if f"{path}/".startswith(f"{one.target.rstrip('/')}/")]
    return max(reversed(found), key=lambda one: len(one.target.rstrip("/")), default=None)
