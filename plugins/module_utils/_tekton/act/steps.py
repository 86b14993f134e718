# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The steps of one TaskRun on this machine, one after the other: their files, environment, mounts, results and ends.

Knows Tekton's files and rules; where a step really runs (a sandboxed process, a container) is the host's matter.
Source of the files and rules: tektoncd/pipeline pkg/entrypoint/entrypointer.go, pkg/pod/script.go, v1.15.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..._core import duration
from ..._core.cancel import Cancel
from ..._core.errors import Cancelled, Invalid, Refused
from ..._core.events import Sink, Subject
from ..._sandbox.process import Mount, NotExecutable, Running
from ..decide import entrypoint, merge, names, results, script, substitution, when, workspaces
from ..decide.entrypoint import Ended
from ..decide.params import Value
from ..decide.substitution import Replacements
from . import accounts
from .executor import StepEnd, TaskEnd, TaskPlan
from .lines import Lines
from .workspaces import Volumes

_LOOK = 0.2
_GRACE = 3.0
_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tekton/home"}


@dataclass(frozen=True, slots=True)
class StepCommand:
    """One step, ready to start. An empty `command` or `cwd` means that of the image; `field` names the step in its Task."""

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


@dataclass(frozen=True, slots=True)
class Shared:
    """What the steps of a run share on this machine. `secrets` returns the content of a Secret or ConfigMap by name.

    `accounts` maps names of ServiceAccounts to kubeconfigs.
    """

    volumes: Volumes
    secrets: Callable[[str, str], Mapping[str, bytes]]
    step_env: Mapping[str, str]
    events: Sink
    cel: Callable[[str], object] = when.no_cel
    accounts: Mapping[str, str] = field(default_factory=dict)


class Host(Protocol):
    """Where steps run."""

    def start(self, step: StepCommand, out: Callable[[bytes], None]) -> Running:
        """Start a step. Raises NotExecutable when its program is missing."""

    def rewrite(self, text: str, mounts: Sequence[Mount]) -> str:
        """Return a script as it must be written there."""

    def warning(self) -> str | None:
        """Return what a user should know about this host, once."""


class TaskRun:
    """Runs the steps of one plan."""

    def __init__(self, plan: TaskPlan, host: Host, shared: Shared, cancel: Cancel) -> None:
        self._plan, self._host, self._shared, self._cancel = plan, host, shared, cancel
        self._subject = Subject("TaskRun", "", plan.name)
        self._started = time.monotonic()
        self._ends: list[StepEnd] = []
        self._scripts: list[str] = []
        self._step_results: dict[str, dict[str, Value]] = {}

    def run(self) -> TaskEnd:
        """Run to the end. Never raises for a failing step; Cancelled passes."""
        self._prepare()
        try:
            return replace(self._end(self._steps()), artifacts=self._artifacts())
        finally:
            self._clean()

    def _steps(self) -> StepEnd | None:
        failed: StepEnd | None = None
        every = merge.steps(self._plan.spec.get("stepTemplate"), self._plan.spec["steps"])
        for index, step in enumerate(every):
            os.makedirs(os.path.join(self._plan.folder, "tekton", "run", str(index)), exist_ok=True)
            self._scripts.append(self._script(index, str(step["script"])) if step.get("script") else "")
        for index, step in enumerate(every):
            name = str(step.get("name") or f"unnamed-{index}")
            if failed:
                self._ends.append(StepEnd(name, 1, "Skipped", 0.0, time.time()))
                continue
            end = self._step(index, name, step)
            self._ends.append(end)
            if end.termination_reason not in ("Completed", "Continued", "Skipped"):
                failed = end
        return failed

    def _clean(self) -> None:
        """Of a TaskRun only its logs stay: scripts, results and mounted Secrets may hold what must not lie around."""
        for part in ("workspace", "tekton"):
            shutil.rmtree(os.path.join(self._plan.folder, part), ignore_errors=True)
        self._shared.volumes.release(self._plan.name)

    def _prepare(self) -> None:
        parts = ("results", "steps", "run", "scripts", "home", "creds", "artifacts")
        for part in ("workspace", "logs", *(f"tekton/{name}" for name in parts)):
            os.makedirs(os.path.join(self._plan.folder, part), mode=0o700, exist_ok=True)
        if warning := self._host.warning():
            self._shared.events.emit(self._subject, "Warning", reason="NoSandbox", message=warning)

    def _end(self, failed: StepEnd | None) -> TaskEnd:
        seconds, ends = time.monotonic() - self._started, tuple(self._ends)
        if failed and failed.termination_reason == "TimeoutExceeded" and seconds >= self._plan.timeout > 0:
            text = f'TaskRun "{self._plan.name}" failed to finish within "{duration.format_go(self._plan.timeout)}"'
            return TaskEnd(False, "TaskRunTimeout", text, {}, ends, seconds)
        raw = self._read(os.path.join(self._plan.folder, "tekton", "results"))
        if failed:
            text = f'"step-{failed.name}" exited with code {failed.exit_code}: {failed.termination_reason}'
            return TaskEnd(False, "StepFailed", text, self._typed(raw, strict=False), ends, seconds)
        try:
            found = self._typed(raw, strict=True)
        except Invalid as error:
            return TaskEnd(False, "TaskRunValidationFailed", str(error), {}, ends, seconds)
        return TaskEnd(True, "Succeeded", "All Steps have completed executing", found, ends, seconds)

    def _typed(self, raw: Mapping[str, str], *, strict: bool) -> dict[str, Value]:
        declared = self._plan.spec.get("results") or []
        try:
            found = results.read(declared, raw, self._plan.name)
        except Invalid:
            if strict:
                raise
            return {}
        promoted = self._known_step_results()
        for spec in declared:
            if "value" in spec and spec["name"] not in found:
                value = substitution.whole(spec["value"], promoted)
                if not results.REFERENCE.search(str(value)) and "$(steps." not in str(value):
                    found[spec["name"]] = value
        return found

    def _step(self, index: int, name: str, step: dict[str, Any]) -> StepEnd:
        began, at = time.monotonic(), time.time()
        self._shared.events.emit(
            self._subject, "Progress", reason="StepStarted", message=f"step {name}", data=self._data(name)
        )
        os.symlink(f"step-{name}", os.path.join(self._plan.folder, "tekton", "steps", str(index)))
        step = self._with_results(name, step)
        if entrypoint.allowed(step.get("when") or [], self._shared.cel):
            ended = self._execute(index, name, step)
        else:
            ended = Ended(exit_code=0, skipped=True)
        left = entrypoint.record(ended, on_error=str(step.get("onError") or ""))
        if left.exit_code is not None:
            self._write(f"tekton/steps/step-{name}/exitCode", left.exit_code)
        found = self._read(os.path.join(self._plan.folder, "tekton", "steps", f"step-{name}", "results"))
        self._step_results[name] = results.read(step.get("results") or [], found, self._plan.name)
        return StepEnd(
            name, ended.exit_code or 0, left.reason, time.monotonic() - began, at, self._step_results[name],
            self._artifacts(f"steps/step-{name}/artifacts"),
        )  # fmt: skip

    def _with_results(self, name: str, step: dict[str, Any]) -> dict[str, Any]:
        """Return the step with results and artifacts of earlier steps; as upstream, a missing one is only warned of."""
        try:
            step = entrypoint.replace_step(step, self._step_results)
            return entrypoint.replace_step_artifacts(step, self._provenance)
        except Invalid as error:
            self._shared.events.emit(
                self._subject, "Warning", reason="StepResult", message=f"step {name}: {error.message}"
            )
            return step

    def _provenance(self, container: str) -> str:
        found = self._read(os.path.join(self._plan.folder, "tekton", "steps", container, "artifacts"))
        if "provenance.json" not in found:
            raise Invalid("", f"{container} has written no artifacts")
        return found["provenance.json"]

    def _artifacts(self, place: str = "artifacts") -> dict[str, Any]:
        """Return what the TaskRun, or a step, says it used and made; what is no such JSON is not said."""
        try:
            found = self._read(os.path.join(self._plan.folder, "tekton", place))
            return entrypoint.artifacts_of(found.get("provenance.json", "{}"))
        except Invalid:
            return {}

    def _execute(self, index: int, name: str, step: dict[str, Any]) -> Ended:
        lines = Lines(self._log(name), lambda line: self._line(name, line))
        try:
            running = self._host.start(self._command(index, name, step), lines.feed)
        except NotExecutable as error:
            lines.feed(f"{error.message}\n".encode())
            lines.close()
            return Ended(exit_code=error.exit_code, error=error.message)
        try:
            code, timed_out = self._wait(running, self._deadline(step))
        finally:
            lines.close()
        if code == 0 and not timed_out and self._too_large():
            return Ended(exit_code=1, error="results are larger than a termination message")
        return Ended(exit_code=code, timed_out=timed_out)

    def _wait(self, running: Running, deadline: float) -> tuple[int, bool]:
        while (code := running.wait(_LOOK)) is None:
            if self._cancel.is_set():
                running.stop(_GRACE)
                raise Cancelled(self._cancel.reason or "cancelled", obj=f"TaskRun {self._plan.name}")
            if deadline and time.monotonic() > deadline:
                return running.stop(_GRACE), True
        return code, False

    def _deadline(self, step: Mapping[str, Any]) -> float:
        ends = [self._started + self._plan.timeout] if self._plan.timeout else []
        if step.get("timeout"):
            ends.append(time.monotonic() + duration.parse_go(str(step["timeout"])))
        return min(ends, default=0.0)

    def _too_large(self) -> bool:
        raw = self._read(os.path.join(self._plan.folder, "tekton", "results"))
        return sum(len(name) + len(text.encode()) for name, text in raw.items()) > results.LIMIT

    def _command(self, index: int, name: str, step: dict[str, Any]) -> StepCommand:
        access = accounts.environment(self._shared.accounts, self._plan.service_account)
        env = {**_ENV, **access, **self._shared.step_env, **self._env(step)}
        mounts = self._mounts(index, name, step)
        cwd = str(step.get("workingDir") or "")
        if cwd:
            cwd = os.path.join("/workspace", cwd)
            self._make_cwd(cwd)
        command = [entrypoint.expand(str(part), env) for part in step.get("command") or []]
        if step.get("script"):
            self._write(self._scripts[index], self._host.rewrite(script.with_shebang(str(step["script"])), mounts))
            command = [f"/{self._scripts[index]}"]
        return StepCommand(
            name=name, task_run=self._plan.name, field=f"spec.steps[{index}]", image=str(step["image"]), command=tuple(command),
            args=tuple(entrypoint.expand(str(arg), env) for arg in step.get("args") or []),
            env=env, cwd=cwd, mounts=tuple(mounts), security=step.get("securityContext") or {},
        )  # fmt: skip

    def _script(self, index: int, text: str) -> str:
        """Write a script; all are there before the first step starts. Source: pkg/pod/script.go, place-scripts."""
        name = f"tekton/scripts/{names.with_random_suffix(f'script-{index}')}"
        path = self._write(name, script.with_shebang(text))
        os.chmod(path, stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
        return name

    def _env(self, step: Mapping[str, Any]) -> dict[str, str]:
        env: dict[str, str] = {}
        for source in step.get("envFrom") or []:
            for kind, key in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
                if key in source:
                    found = self._shared.secrets(kind, source[key]["name"])
                    env.update({source.get("prefix", "") + k: v.decode() for k, v in found.items()})
        for entry in step.get("env") or []:
            env[entry["name"]] = (
                self._value(entry) if "valueFrom" in entry else entrypoint.expand(str(entry.get("value") or ""), env)
            )
        return env

    def _value(self, entry: Mapping[str, Any]) -> str:
        source = entry["valueFrom"]
        for kind, key in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
            if key in source:
                found = self._shared.secrets(kind, source[key]["name"])
                if source[key]["key"] not in found and source[key].get("optional"):
                    return ""
                if source[key]["key"] not in found:
                    raise Invalid(
                        f"env {entry['name']}", f"{kind} {source[key]['name']!r} has no key {source[key]['key']!r}"
                    )
                return found[source[key]["key"]].decode()
        raise Refused(f"env {entry['name']}: {', '.join(source)} has no value for a local process", obj=self._plan.name)

    def _mounts(self, index: int, name: str, step: Mapping[str, Any]) -> list[Mount]:
        folder = self._plan.folder
        for part in ("results", "artifacts"):
            os.makedirs(os.path.join(folder, "tekton", "steps", f"step-{name}", part), exist_ok=True)
        mounts = [
            Mount(os.path.join(folder, "workspace"), "/workspace"),
            Mount(os.path.join(folder, "tekton"), "/tekton"),
            Mount(os.path.join(folder, "tekton", "steps"), "/tekton/steps", read_only=True),
            Mount(os.path.join(folder, "tekton", "steps", f"step-{name}"), f"/tekton/steps/step-{name}"),
            Mount(os.path.join(folder, "tekton", "run"), "/tekton/run", read_only=True),
            Mount(os.path.join(folder, "tekton", "run", str(index)), f"/tekton/run/{index}"),
            *accounts.mounts(self._shared.accounts, self._plan.service_account),
        ]
        targets = workspaces.mounts_of_step(self._plan.spec, step)
        for workspace in self._plan.spec.get("workspaces") or []:
            bound, target = self._plan.workspaces.get(workspace["name"]), targets.get(workspace["name"])
            if bound and target:
                mounts.append(Mount(bound.path, target, read_only=bound.read_only or bool(workspace.get("readOnly"))))
        every = merge.volumes(self._plan.spec, self._plan.pod_template).get("volumes") or []
        volumes = {volume["name"]: volume for volume in every}
        for mount in step.get("volumeMounts") or []:
            if mount["name"] not in volumes:
                there = ", ".join(sorted(volumes)) or "none"
                raise Invalid(
                    f"steps.{name}.volumeMounts", f"names a volume that does not exist: {mount['name']!r}",
                    obj=self._plan.name, hint=f"volumes of this task: {there}",
                )  # fmt: skip
            source = self._shared.volumes.volume(volumes[mount["name"]], self._plan.name)
            source = os.path.join(source, mount.get("subPath") or "")
            mounts.append(Mount(source, mount["mountPath"], read_only=bool(mount.get("readOnly"))))
        return mounts

    def _make_cwd(self, cwd: str) -> None:
        if cwd.startswith("/workspace"):
            for workspace in self._plan.spec.get("workspaces") or []:
                if cwd.startswith(workspace.get("mountPath") or f"/workspace/{workspace['name']}"):
                    return
            os.makedirs(os.path.join(self._plan.folder, cwd.lstrip("/")), exist_ok=True)

    def _known_step_results(self) -> Replacements:
        return results.known(self._step_results, prefix="steps")

    def _line(self, step: str, line: str) -> None:
        self._shared.events.emit(self._subject, "Log", message=line, data=self._data(step))

    def _data(self, step: str) -> dict[str, str]:
        return {"task": self._plan.task, "step": step}

    def _log(self, step: str) -> str:
        return os.path.join(self._plan.folder, "logs", f"{step}.log")

    def _write(self, path: str, text: str) -> str:
        target = os.path.join(self._plan.folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as stream:
            stream.write(text)
        return target

    @staticmethod
    def _read(folder: str) -> dict[str, str]:
        if not os.path.isdir(folder):
            return {}
        out = {}
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as stream:
                out[name] = stream.read().decode("utf-8", "replace")
        return out
