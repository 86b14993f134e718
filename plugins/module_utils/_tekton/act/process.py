# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The process executor: the steps of one TaskRun as sandboxed processes of this machine, one after the other.

Source of the files and rules: tektoncd/pipeline pkg/entrypoint/entrypointer.go, pkg/pod/script.go, v1.15.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core import duration
from ..._core.cancel import Cancel
from ..._core.errors import Cancelled, Invalid, Refused
from ..._core.events import Sink, Subject
from ..._sandbox import process as sandbox
from ..._sandbox.process import Mount, NotExecutable, ProcessSpec
from ..decide import entrypoint, merge, results, script, substitution, when, workspaces
from ..decide.entrypoint import Ended
from ..decide.params import Value
from ..decide.substitution import Replacements
from . import images
from .lines import Lines
from .workspaces import Bound, Volumes

_LOOK = 0.2
_GRACE = 3.0
_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tekton/home"}


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step ended."""

    name: str
    exit_code: int
    termination_reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How a TaskRun ended: condition reason and message, results, steps."""

    succeeded: bool
    reason: str
    message: str
    results: dict[str, Value] = field(default_factory=dict)
    steps: tuple[StepEnd, ...] = ()
    seconds: float = 0.0
    artifacts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One TaskRun, ready to run: its spec is substituted except for step results."""

    name: str
    task: str
    spec: Mapping[str, Any]
    folder: str
    workspaces: Mapping[str, Bound]
    timeout: float


@dataclass(frozen=True, slots=True)
class World:
    """What all TaskRuns of a run share. `cel` returns the plain value of a CEL expression."""

    toolsets: Sequence[images.Toolset]
    volumes: Volumes
    secrets: Callable[[str, str], Mapping[str, bytes]]
    step_env: Mapping[str, str]
    events: Sink
    cancel: Cancel
    cel: Callable[[str], object] = when.no_cel


def refuse(
    spec: Mapping[str, Any], world: World, obj: str, actions: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Refuse by field name, before anything runs, what a local process cannot honour. `actions`: StepActions by name."""
    for index, step in enumerate(merge.steps(spec.get("stepTemplate"), spec.get("steps") or [])):
        where = f"spec.steps[{index}]"
        if step.get("ref"):
            step = {**step, **(actions or {}).get(str(step["ref"].get("name")), {})}
        if "$(" not in step.get("image", ""):
            images.find(step.get("image", ""), world.toolsets, f"{where}.image", obj)
        security = step.get("securityContext") or {}
        for stream in ("stdoutConfig", "stderrConfig"):
            if step.get(stream):
                raise Refused(f"{where}.{stream} is not executed yet", hint="redirect in the script", obj=obj)
        if security.get("privileged"):
            raise Refused(f"{where}.securityContext.privileged: a local process is never privileged", obj=obj)
    if spec.get("sidecars"):
        raise Refused("spec.sidecars: sidecars are not executed yet", hint="start what is needed in a step", obj=obj)
    for volume in spec.get("volumes") or []:
        if "hostPath" in volume or "csi" in volume:
            raise Refused(
                f"spec.volumes: {volume['name']!r} cannot be given to a local process", hint="use a workspace", obj=obj
            )


class TaskRun:
    """Runs the steps of one plan."""

    def __init__(self, plan: TaskPlan, world: World) -> None:
        self._plan, self._world = plan, world
        self._subject = Subject("TaskRun", "", plan.name)
        self._started = time.monotonic()
        self._ends: list[StepEnd] = []
        self._step_results: dict[str, dict[str, Value]] = {}

    def run(self) -> TaskEnd:
        """Run to the end. Never raises for a failing step; Cancelled passes."""
        self._prepare()
        try:
            return replace(self._end(self._steps()), artifacts=self._artifacts())
        finally:
            self._clean()

    def _steps(self) -> StepEnd | None:
        template = self._plan.spec.get("stepTemplate") or {}
        failed: StepEnd | None = None
        for index, step in enumerate(self._plan.spec["steps"]):
            name = str(step.get("name") or f"unnamed-{index}")
            if failed:
                self._ends.append(StepEnd(name, 1, "Skipped", 0.0))
                continue
            end = self._step(index, name, merge.step(template, step))
            self._ends.append(end)
            if end.termination_reason not in ("Completed", "Continued", "Skipped"):
                failed = end
        return failed

    def _clean(self) -> None:
        """Of a TaskRun only its logs stay: scripts, results and mounted Secrets may hold what must not lie around."""
        for part in ("workspace", "tekton"):
            shutil.rmtree(os.path.join(self._plan.folder, part), ignore_errors=True)
        self._world.volumes.release(self._plan.name)

    def _prepare(self) -> None:
        parts = ("results", "steps", "scripts", "home", "creds", "artifacts")
        for part in ("workspace", "logs", *(f"tekton/{name}" for name in parts)):
            os.makedirs(os.path.join(self._plan.folder, part), mode=0o700, exist_ok=True)
        warning = sandbox.take_warning()
        if warning:
            self._world.events.emit(self._subject, "Warning", reason="NoSandbox", message=warning)

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
        began = time.monotonic()
        self._world.events.emit(
            self._subject, "Progress", reason="StepStarted", message=f"step {name}", data=self._data(name)
        )
        os.symlink(f"step-{name}", os.path.join(self._plan.folder, "tekton", "steps", str(index)))
        step = self._with_results(name, step)
        if entrypoint.allowed(step.get("when") or [], self._world.cel):
            ended = self._execute(index, name, step)
        else:
            ended = Ended(exit_code=0, skipped=True)
        left = entrypoint.record(ended, on_error=str(step.get("onError") or ""))
        if left.exit_code is not None:
            self._write(f"tekton/steps/step-{name}/exitCode", left.exit_code)
        found = self._read(os.path.join(self._plan.folder, "tekton", "steps", f"step-{name}", "results"))
        self._step_results[name] = results.read(step.get("results") or [], found, self._plan.name)
        return StepEnd(name, ended.exit_code or 0, str(left.reason), time.monotonic() - began)

    def _with_results(self, name: str, step: dict[str, Any]) -> dict[str, Any]:
        """Return the step with results and artifacts of earlier steps; as upstream, a missing one is only warned of."""
        try:
            step = entrypoint.replace_step(step, self._step_results)
            return entrypoint.replace_step_artifacts(step, self._provenance)
        except Invalid as error:
            self._world.events.emit(
                self._subject, "Warning", reason="StepResult", message=f"step {name}: {error.message}"
            )
            return step

    def _provenance(self, container: str) -> str:
        found = self._read(os.path.join(self._plan.folder, "tekton", "steps", container, "artifacts"))
        if "provenance.json" not in found:
            raise Invalid("", f"{container} has written no artifacts")
        return found["provenance.json"]

    def _artifacts(self) -> dict[str, Any]:
        """Return what the TaskRun says it used and made; what is no such JSON is not said."""
        try:
            found = self._read(os.path.join(self._plan.folder, "tekton", "artifacts"))
            return entrypoint.artifacts_of(found.get("provenance.json", "{}"))
        except Invalid:
            return {}

    def _execute(self, index: int, name: str, step: dict[str, Any]) -> Ended:
        lines = Lines(self._log(name), lambda line: self._line(name, line))
        try:
            spec = self._spec(index, name, step, lines.feed)
            running = sandbox.start(spec)
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

    def _wait(self, running: sandbox.Running, deadline: float) -> tuple[int, bool]:
        while (code := running.wait(_LOOK)) is None:
            if self._world.cancel.is_set():
                running.stop(_GRACE)
                raise Cancelled(self._world.cancel.reason or "cancelled", obj=f"TaskRun {self._plan.name}")
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

    def _spec(self, index: int, name: str, step: dict[str, Any], out: Callable[[bytes], None]) -> ProcessSpec:
        toolset = images.find(str(step["image"]), self._world.toolsets, f"spec.steps[{index}].image", self._plan.name)
        env = {**_ENV, **self._world.step_env, **self._env(step)}
        mounts = self._mounts(name, step)
        argv = self._argv(index, name, step, toolset, env, mounts)
        cwd = str(step.get("workingDir") or "/workspace")
        cwd = cwd if cwd.startswith("/") else os.path.join("/workspace", cwd)
        self._make_cwd(cwd)
        security = {**(step.get("securityContext") or {})}
        return ProcessSpec(
            argv=tuple(argv), env=env, cwd=cwd, mounts=(*images.extra_mounts(toolset), *mounts),
            uid=security.get("runAsUser"), gid=security.get("runAsGroup"), stdout=out,
        )  # fmt: skip

    def _argv(
        self,
        index: int,
        name: str,
        step: Mapping[str, Any],
        toolset: images.Toolset,
        env: Mapping[str, str],
        mounts: list[Mount],
    ) -> list[str]:
        args = [entrypoint.expand(str(arg), env) for arg in step.get("args") or []]
        if step.get("script"):
            text = sandbox.rewrite(script.with_shebang(str(step["script"])), mounts)
            path = self._write(f"tekton/scripts/script-{index}", text)
            os.chmod(path, stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
            return [f"/tekton/scripts/script-{index}", *args]
        command = [entrypoint.expand(str(part), env) for part in step.get("command") or []] or list(toolset.entrypoint)
        if not command:
            raise Invalid(
                f"spec.steps[{index}].command", f"is missing, and the entry point of image {step['image']!r} is not known here",
                obj=self._plan.name, hint="give a command, or an entrypoint in image_map",
            )  # fmt: skip
        return [*command, *args]

    def _env(self, step: Mapping[str, Any]) -> dict[str, str]:
        env: dict[str, str] = {}
        for source in step.get("envFrom") or []:
            for kind, key in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
                if key in source:
                    found = self._world.secrets(kind, source[key]["name"])
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
                found = self._world.secrets(kind, source[key]["name"])
                if source[key]["key"] not in found and source[key].get("optional"):
                    return ""
                if source[key]["key"] not in found:
                    raise Invalid(
                        f"env {entry['name']}", f"{kind} {source[key]['name']!r} has no key {source[key]['key']!r}"
                    )
                return found[source[key]["key"]].decode()
        raise Refused(f"env {entry['name']}: {', '.join(source)} has no value for a local process", obj=self._plan.name)

    def _mounts(self, name: str, step: Mapping[str, Any]) -> list[Mount]:
        folder = self._plan.folder
        for part in ("results", "artifacts"):
            os.makedirs(os.path.join(folder, "tekton", "steps", f"step-{name}", part), exist_ok=True)
        mounts = [
            Mount(os.path.join(folder, "workspace"), "/workspace"),
            Mount(os.path.join(folder, "tekton"), "/tekton"),
            Mount(os.path.join(folder, "tekton", "steps"), "/tekton/steps", read_only=True),
            Mount(os.path.join(folder, "tekton", "steps", f"step-{name}"), f"/tekton/steps/step-{name}"),
        ]
        targets = workspaces.mounts_of_step(self._plan.spec, step)
        for workspace in self._plan.spec.get("workspaces") or []:
            bound, target = self._plan.workspaces.get(workspace["name"]), targets.get(workspace["name"])
            if bound and target:
                mounts.append(Mount(bound.path, target, read_only=bound.read_only or bool(workspace.get("readOnly"))))
        volumes = {volume["name"]: volume for volume in self._plan.spec.get("volumes") or []}
        for mount in step.get("volumeMounts") or []:
            if mount["name"] not in volumes:
                there = ", ".join(sorted(volumes)) or "none"
                raise Invalid(
                    f"steps.{name}.volumeMounts", f"names a volume that does not exist: {mount['name']!r}",
                    obj=self._plan.name, hint=f"volumes of this task: {there}",
                )  # fmt: skip
            source = self._world.volumes.volume(volumes[mount["name"]], self._plan.name)
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
        self._world.events.emit(self._subject, "Log", message=line, data=self._data(step))

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
