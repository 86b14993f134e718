# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Programs that do custom tasks: the CustomRun as JSON on standard input, what came of it as JSON on standard output.

The answer is {"results": [{"name": ..., "value": ...}], "reason": ..., "message": ...}, each part optional. Exit code 0
is success. Lines on standard error are the log.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from ..._core import duration
from ..._core.cancel import Cancel
from ..._core.errors import Invalid, Permanent
from ..._core.events import Sink, Subject
from ..._core.redact import current as redactor
from ..._core.types import Manifest
from .executor import TaskEnd

_LOOK = 0.2
_GRACE = 3.0
_LARGEST = 1 << 20


def handlers(entries: Sequence[Mapping[str, Any]], events: Sink) -> dict[str, Callable[[Manifest, Cancel], TaskEnd]]:
    """Return what does custom tasks, by apiVersion/kind; entries are {apiVersion, kind, command}."""
    out: dict[str, Callable[[Manifest, Cancel], TaskEnd]] = {}
    for index, entry in enumerate(entries):
        for name in ("apiVersion", "kind", "command"):
            if not entry.get(name):
                raise Invalid(f"custom_tasks[{index}].{name}", "is missing")
        command = tuple(str(part) for part in entry["command"])
        out[f"{entry['apiVersion']}/{entry['kind']}"] = Program(command, events).run
    return out


@dataclass(frozen=True, slots=True)
class Program:
    """One program. It gets the environment of the controller."""

    command: tuple[str, ...]
    events: Sink

    def run(self, custom_run: Manifest, cancel: Cancel) -> TaskEnd:
        """Run it to its end. Raises Cancelled when asked to stop, Permanent when it cannot be started."""
        subject = Subject("CustomRun", custom_run["metadata"]["namespace"], custom_run["metadata"]["name"])
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        except OSError as error:
            text = f"cannot start {self.command[0]}: {error.strerror}"
            raise Permanent(text, obj=str(subject), hint="see custom_tasks") from error
        answer: list[bytes] = []
        threads = [
            threading.Thread(target=_give, args=(process.stdin, json.dumps(custom_run).encode())),
            threading.Thread(target=lambda: answer.append(_read(process.stdout))),
            threading.Thread(target=self._log, args=(process.stderr, subject)),
        ]
        for thread in threads:
            thread.start()
        code = _wait(process, cancel, duration.parse_go(str(custom_run["spec"].get("timeout") or "1h")))
        for thread in threads:
            thread.join(_GRACE)
        return _end(code, b"".join(answer), str(subject))

    def _log(self, stream: IO[bytes], subject: Subject) -> None:
        for line in stream:
            text = redactor.scrub(line.decode("utf-8", "replace").rstrip())
            self.events.emit(subject, "Log", message=text, data={"task": subject.name})


def _give(stream: IO[bytes], data: bytes) -> None:
    try:
        stream.write(data)
        stream.close()
    except BrokenPipeError:
        return  # it did not want to know


def _read(stream: IO[bytes] | None) -> bytes:
    return stream.read(_LARGEST) if stream else b""


def _wait(process: subprocess.Popen[bytes], cancel: Cancel, seconds: float) -> int | None:
    """Return the exit code, None after `seconds` (0: no end)."""
    waited = 0.0
    while True:
        try:
            return process.wait(_LOOK)
        except subprocess.TimeoutExpired:
            waited += _LOOK
        if cancel.is_set() or 0 < seconds < waited:
            _stop(process)
            cancel.check()
            return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end(code: int | None, answer: bytes, who: str) -> TaskEnd:
    if code is None:
        return TaskEnd(False, "CustomRunTimedOut", f"{who} took longer than its timeout")
    try:
        said: Any = json.loads(answer or b"{}")
        results = {str(entry["name"]): str(entry["value"]) for entry in said.get("results") or []}
    except (ValueError, KeyError, TypeError, AttributeError):
        return TaskEnd(False, "CustomRunFailed", f"{who} answered no JSON of the form {{results, reason, message}}")
    good = code == 0
    reason = str(said.get("reason") or ("Succeeded" if good else "Failed"))
    return TaskEnd(good, reason, str(said.get("message") or f"exit code {code}"), dict(results))
