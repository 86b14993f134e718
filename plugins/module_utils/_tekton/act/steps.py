# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The steps of one TaskRun on this machine, one after the other: their start, their ends, what the next one gets.

Where a step really runs (a sandboxed process, a container) is the host's matter, its command that of `containers`.
Source of the rules: tektoncd/pipeline pkg/entrypoint/entrypointer.go, cmd/entrypoint/runner.go, v1.15.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import IO, Any

from ..._core import duration
from ..._core.cancel import Cancel
from ..._core.errors import Cancelled, Invalid, Refused
from ..._core.events import Subject
from ..._sandbox.process import NotExecutable, Running
from ..decide import entrypoint, results, substitution, task_ending
from ..decide.entrypoint import Ended, Reason
from ..decide.params import Value
from ..decide.task_ending import Ending, Left
from . import files
from .containers import Containers, FailedStep, Host, OnFailure, Shared, StepCommand, owner_of
from .credentials import Credentials
from .executor import SidecarEnd, StepEnd, TaskEnd, TaskPlan
from .lines import Lines
from .sidecars import Sidecars, log_data

__all__ = ["FailedStep", "Host", "OnFailure", "Shared", "StepCommand", "TaskRun"]
_LOOK = 0.2
_GRACE = 3.0
Sink = Callable[[bytes], None]


class TaskRun:
    """Runs the steps of one plan."""

    def __init__(self, plan: TaskPlan, host: Host, shared: Shared, cancel: Cancel) -> None:
        self._plan, self._host, self._shared, self._cancel = plan, host, shared, cancel
        self._subject = Subject("TaskRun", "", plan.name)
        self._started = time.monotonic()
        self._containers = Containers(plan, host, shared)
        self._sidecars = Sidecars(host, self._sidecar_lines, lambda text: self._warn("Sidecar", text))
        self._credentials: Credentials | None = None
        self._ends: list[StepEnd] = []
        self._left: list[Left] = []
        self._step_results: dict[str, dict[str, Value]] = {}

    def run(self) -> TaskEnd:
        """Run to the end. Never raises for a failing step; Cancelled passes, once steps and sidecars have stopped."""
        self._remove()
        sidecars: tuple[SidecarEnd, ...] = ()
        try:
            self._prepare()
            try:
                end = self._end(self._all())
            finally:
                sidecars = self._sidecars.stop()
            return replace(end, artifacts=self._artifacts(), sidecars=sidecars)
        finally:
            self._remove()
            if self._credentials:
                self._credentials.removed()
            self._shared.volumes.release(self._plan.name)

    def _all(self) -> Ending | None:
        """Run sidecars and steps; return why the TaskRun ended before its steps told."""
        self._sidecars.start(self._containers)
        deadline = self._started + self._plan.timeout if self._plan.timeout else 0.0
        if not self._sidecars.wait_until_ready(self._cancel, deadline):
            return self._late()
        return self._steps()

    def _steps(self) -> Ending | None:
        goes_on = True
        for index, step in enumerate(self._containers.steps):
            name = str(step.get("name") or f"unnamed-{index}")
            if not goes_on:
                self._ends.append(StepEnd(name, 1, Reason.SKIPPED.value, 0.0, time.time()))
                continue
            goes_on = self._step(index, name, step)
            if full := self._shared.volumes.overfull(self._plan.spec.get("volumes") or [], self._plan.name):
                text = f'Usage of EmptyDir volume "{full.name}" exceeds the limit "{full.limit}". '
                return Ending("PodEvicted", text)
        return None

    def _remove(self) -> None:
        """Of a TaskRun only its logs stay: scripts, results, credentials and mounted Secrets must not lie around."""
        for part in ("workspace", "tekton", "creds", "homes", "sidecars"):
            files.remove(os.path.join(self._plan.folder, part))

    def _prepare(self) -> None:
        os.makedirs(os.path.join(self._plan.folder, "logs"), mode=0o700, exist_ok=True)
        for part in ("results", "steps", "run", "scripts", "home", "creds", "artifacts"):
            files.make(self._plan.folder, "tekton", part)
        files.make(self._plan.folder, "workspace")
        self._containers.place()
        if warning := self._host.warning():
            self._warn("NoSandbox", warning)
        self._credentials = Credentials(self._plan, self._host, self._shared.bundle, self._shared.events)

    # -- the end ---------------------------------------------------------------------------------

    def _end(self, early: Ending | None) -> TaskEnd:
        seconds, ends = time.monotonic() - self._started, tuple(self._ends)
        late = any(end.termination_reason == Reason.TIMEOUT for end in ends) and seconds >= self._plan.timeout > 0
        ending = self._late() if late else early or task_ending.failure(self._left, self._failed_sidecar())
        raw = self._raw_results()
        if ending:
            found = {} if ending.reason == "TaskRunTimeout" else self._typed(raw, strict=False)
            return TaskEnd(False, ending.reason, ending.message, found, ends, seconds)
        try:
            if problem := self._too_large(raw):
                return TaskEnd(False, problem.reason, problem.message, {}, ends, seconds)
            found = self._typed(raw, strict=True)
        except Invalid as error:
            return TaskEnd(False, "TaskRunValidationFailed", str(error), {}, ends, seconds)
        return TaskEnd(True, "Succeeded", "All Steps have completed executing", found, ends, seconds)

    def _late(self) -> Ending:
        spent = duration.format_go(self._plan.timeout)
        return Ending("TaskRunTimeout", f'TaskRun "{self._plan.name}" failed to finish within "{spent}"')

    def _failed_sidecar(self) -> Left | None:
        found = self._sidecars.failed()
        return Left(found.container, found.exit_code) if found else None

    def _too_large(self, raw: Mapping[str, str]) -> Ending | None:
        """Results of a sidecar's log have a limit each; those of termination messages fail their step instead."""
        most = self._shared.config.max_result_size
        if not self._shared.config.large_results or not task_ending.too_large(raw, most):
            return None
        text = f'TaskRun "{self._plan.name}" failed: results exceeded size limit {most} bytes'
        return Ending("TaskRunResultLargerThanAllowedLimit", text)

    def _typed(self, raw: Mapping[str, str], *, strict: bool) -> dict[str, Value]:
        declared = self._plan.spec.get("results") or []
        try:
            found = results.read(declared, raw, self._plan.name)
        except Invalid:
            if strict:
                raise
            return {}
        promoted = results.known(self._step_results, prefix="steps")
        for spec in declared:
            if "value" in spec and spec["name"] not in found:
                value = substitution.whole(spec["value"], promoted)
                if not results.REFERENCE.search(str(value)) and "$(steps." not in str(value):
                    found[spec["name"]] = value
        return found

    def _artifacts(self, place: str = "artifacts") -> dict[str, Any]:
        """Return what the TaskRun, or a step, says it used and made; what is no such JSON is not said."""
        try:
            found = files.texts(os.path.join(self._plan.folder, "tekton", place))
            return entrypoint.artifacts_of(found.get("provenance.json", "{}"))
        except Invalid:
            return {}

    # -- one step --------------------------------------------------------------------------------

    def _step(self, index: int, name: str, step: dict[str, Any]) -> bool:
        """Run one step; return whether the next one runs."""
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
        own = os.path.join(self._plan.folder, "tekton", "steps", f"step-{name}")
        if left.exit_code is not None:
            files.write(os.path.join(own, "exitCode"), left.exit_code)
        found = files.texts(os.path.join(own, "results"))
        self._step_results[name] = results.read(step.get("results") or [], found, self._plan.name)
        reason, code = left.reason.value, ended.exit_code or 0
        if left.goes_on and self._overflows(left.notes, step):
            reason, code = Reason.ERROR.value, 1
        reason = task_ending.OOM if ended.out_of_memory else reason
        seconds = time.monotonic() - began
        made = self._artifacts(f"steps/step-{name}/artifacts")
        self._ends.append(StepEnd(name, code, reason, seconds, at, self._step_results[name], made))
        shown = 0 if reason == Reason.CONTINUED else code
        self._left.append(Left(f"step-{name}", shown, left.notes, out_of_memory=ended.out_of_memory))
        # Lack of memory takes the whole container, and the next step waits for what it would have left.
        return left.goes_on and not ended.out_of_memory

    def _overflows(self, notes: tuple[Any, ...], step: Mapping[str, Any]) -> bool:
        """Return whether the results do not fit the step's termination message; each step carries those of all before."""
        if self._shared.config.large_results:
            return False
        declared = [str(one["name"]) for one in self._plan.spec.get("results") or [] if one.get("value") is None]
        return task_ending.overflows(declared, self._raw_results(), notes)

    def _raw_results(self) -> dict[str, str]:
        return files.texts(os.path.join(self._plan.folder, "tekton", "results"))

    def _with_results(self, name: str, step: dict[str, Any]) -> dict[str, Any]:
        """Return the step with results and artifacts of earlier steps; as upstream, a missing one is only warned of."""
        try:
            step = entrypoint.replace_step(step, self._step_results)
            return entrypoint.replace_step_artifacts(step, self._provenance)
        except Invalid as error:
            self._warn("StepResult", f"step {name}: {error.message}")
            return step

    def _provenance(self, container: str) -> str:
        found = files.texts(os.path.join(self._plan.folder, "tekton", "steps", container, "artifacts"))
        if "provenance.json" not in found:
            raise Invalid("", f"{container} has written no artifacts")
        return found["provenance.json"]

    def _execute(self, index: int, name: str, step: dict[str, Any]) -> Ended:
        command = self._containers.step(index, name, step)
        command = self._credentials.given_to(command) if self._credentials else command
        lines = Lines(self._log(name), lambda line: self._line(line, self._data(name)))
        with ExitStack() as opened:
            opened.callback(lines.close)
            out, err = self._streams(command, step, lines, opened)
            try:
                running = self._host.start(command, out, err)
            except NotExecutable as error:
                lines.feed(f"{error.message}\n".encode())
                return Ended(exit_code=error.exit_code, error=error.message)
            code, timed_out = self._wait(running, self._deadline(step))
        ended = Ended(exit_code=1 if timed_out else code, timed_out=timed_out, out_of_memory=running.out_of_memory)
        if not ended.fine and self._shared.on_failure and not self._cancel.is_set():
            self._shared.on_failure(FailedStep(self._plan.name, name, code, lambda: self._host.shell(command)))
        return ended

    def _streams(
        self, command: StepCommand, step: Mapping[str, Any], lines: Lines, opened: ExitStack
    ) -> tuple[Sink, Sink | None]:
        """Return where output and errors go: to the log, and to a file as well when the step says so."""
        paths = {name: str((step.get(f"{name}Config") or {}).get("path") or "") for name in ("stdout", "stderr")}
        if not any(paths.values()):
            return lines.feed, None
        sinks: list[Sink] = []
        for name, path in paths.items():
            copy = opened.enter_context(self._stream_file(command, path, f"{name}Config.path")) if path else None
            sinks.append(_tee(lines, name, copy))
        return sinks[0], sinks[1]

    def _stream_file(self, command: StepCommand, path: str, field: str) -> IO[bytes]:
        path = os.path.normpath(os.path.join(command.cwd or "/", path))
        mount = owner_of(path, command.mounts)
        if mount is None or mount.read_only:
            raise Refused(
                f"{command.field}.{field}: {path} lies in no volume or workspace that the step may write to",
                hint="name a file below a workspace, a volume or /workspace", obj=self._plan.name,
            )  # fmt: skip
        stream = files.append(mount.source, path[len(mount.target.rstrip("/")) :])
        if owner := self._host.owner(command):
            os.fchown(stream.fileno(), owner.uid, owner.gid)
        return stream

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

    # -- what is told ----------------------------------------------------------------------------

    def _sidecar_lines(self, container: str) -> Lines:
        data = log_data(self._plan.task, container)
        return Lines(self._log(container), lambda line: self._line(line, data))

    def _line(self, line: str, data: Mapping[str, str]) -> None:
        self._shared.events.emit(self._subject, "Log", message=line, data=data)

    def _warn(self, reason: str, text: str) -> None:
        self._shared.events.emit(self._subject, "Warning", reason=reason, message=text)

    def _data(self, step: str) -> dict[str, str]:
        return {"task": self._plan.task, "step": step}

    def _log(self, name: str) -> str:
        return os.path.join(self._plan.folder, "logs", f"{name}.log")


def _tee(lines: Lines, stream: str, copy: IO[bytes] | None) -> Sink:
    def take(chunk: bytes) -> None:
        if copy:
            copy.write(chunk)
        lines.feed(chunk, stream)

    return take
