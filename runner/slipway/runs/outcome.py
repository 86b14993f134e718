# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads ansible-runner's events into records of ours and into the verdict of a run.

Knows the shape of Ansible's events; must not know processes, files or the journal.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.core import Sink, Subject
from slipway.exits import Exit, for_reason
from slipway.runs.model import Failure, Status, Verdict

_RETHROW = frozenset({"ansible.builtin.fail", "fail", "ansible.builtin.assert", "assert"})
_INPUT_CODES = (1, 4, 5)  # generic, parse error, bad option: without a failed task all mean the input
_PLACE = re.compile(
    r"^Origin: (?P<new>.+?):(?P<line>\d+)(:\d+)?$|error appears to be in '(?P<old>[^']+)': line (?P<oldline>\d+)", re.M
)
_STATUS = {
    Exit.DONE: Status.SUCCEEDED,
    Exit.CHANGES_PENDING: Status.CHANGES_PENDING,
    Exit.GATE_REFUSED: Status.REFUSED,
    Exit.TIMED_OUT: Status.TIMED_OUT,
    Exit.CANCELLED: Status.CANCELLED,
}


@dataclass
class Reader:
    """Takes ansible-runner's events one by one, tells `sink` what happened, remembers what the verdict needs."""

    sink: Sink
    failures: list[Failure] = field(default_factory=list)
    unreachable: list[Failure] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    play: str = ""
    play_failed: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event of ansible-runner (keys event, stdout, event_data)."""
        data = event.get("event_data") or {}
        handler = getattr(self, f"_on_{event.get('event', '')}", None)
        if handler:
            handler(data)
        elif event.get("event") in ("verbose", "error", "warning"):
            self._note(str(event.get("stdout") or ""))

    def _on_playbook_on_play_start(self, data: Mapping[str, Any]) -> None:
        self._end_play()
        self.play, self.play_failed = str(data.get("name") or data.get("play") or "play"), False
        self.sink.emit(Subject("Play", "", self.play), "Started")

    def _on_playbook_on_task_start(self, data: Mapping[str, Any]) -> None:
        self._tell(data, "Started")

    _on_playbook_on_handler_task_start = _on_playbook_on_task_start

    def _on_runner_on_ok(self, data: Mapping[str, Any]) -> None:
        changed = bool((data.get("res") or {}).get("changed"))
        self._tell(data, "Succeeded", reason="Changed" if changed else "", data={"changed": changed})

    def _on_runner_on_skipped(self, data: Mapping[str, Any]) -> None:
        self._tell(data, "Skipped", message=str((data.get("res") or {}).get("skip_reason") or ""))

    def _on_runner_on_failed(self, data: Mapping[str, Any]) -> None:
        failure = find_failure(data.get("res") or {})
        if data.get("ignore_errors"):
            self._tell(data, "Warning", reason=failure.reason, message=f"ignored: {failure.message}")
            return
        caught = self.failures[-1] if self.failures else None
        # `fail` in a rescue block passes on what was caught; its own words know less.
        if not (caught and data.get("task_action") in _RETHROW and caught.reason != "TaskFailed"):
            self.failures.append(failure)
        self.play_failed = True
        self._tell(data, "Failed", reason=failure.reason, message=failure.line(), data={"object": failure.object})

    def _on_runner_on_unreachable(self, data: Mapping[str, Any]) -> None:
        text = str((data.get("res") or {}).get("msg") or "does not answer")
        self.unreachable.append(Failure("Unreachable", text, f"host {data.get('host', '')}"))
        self.play_failed = True
        self._tell(data, "Failed", reason="Unreachable", message=text)

    def _on_runner_retry(self, data: Mapping[str, Any]) -> None:
        result = data.get("res") or {}
        message = f"attempt {result.get('attempts')} of {result.get('retries')}"
        self._tell(data, "Waiting", reason="Retry", message=message)

    def _on_playbook_on_stats(self, data: Mapping[str, Any]) -> None:
        self._end_play()
        for name in ("ok", "changed", "failures", "dark", "skipped", "rescued", "ignored"):
            self.counts[name] = sum((data.get(name) or {}).values())
        self.result = dict(data.get("artifact_data") or {})

    def _end_play(self) -> None:
        """Ansible does not say when a play ends: the next one or the statistics do."""
        if self.play:
            self.sink.emit(Subject("Play", "", self.play), "Failed" if self.play_failed else "Succeeded")
            self.play = ""

    def _tell(
        self,
        event: Mapping[str, Any],
        phase: str,
        *,
        reason: str = "",
        message: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        name = str(event.get("task") or event.get("name") or event.get("task_action") or "task")
        facts = {"host": event.get("host"), "action": event.get("task_action"), "play": event.get("play")}
        facts.update(data or {})
        known = {key: value for key, value in facts.items() if value not in (None, "")}
        self.sink.emit(Subject("AnsibleTask", "", name), phase, reason=reason, message=message, data=known)

    def _note(self, text: str) -> None:
        """Keep Ansible's own error and what follows it: that is all there is when no task ran."""
        for line in text.splitlines():
            if self.errors or line.startswith(("ERROR!", "[ERROR]")):
                self.errors.append(line.removeprefix("ERROR!").removeprefix("[ERROR]:").strip())


def find_failure(result: Mapping[str, Any]) -> Failure:
    """Return the structured failure in a task's result (of one of its loop items), else one made of its message."""
    for candidate in (result, *(item for item in result.get("results") or [] if _failed(item))):
        told = candidate.get("failure")
        if isinstance(told, Mapping) and told.get("reason"):
            names = ("reason", "message", "object", "hint", "at")
            return Failure(*(str(told.get(name) or "") for name in names))
    failed = next((item for item in result.get("results") or [] if _failed(item)), result)
    stderr = str(failed.get("stderr") or "").strip().splitlines()[-1:]
    text = str(failed.get("msg") or result.get("msg") or "the task failed")
    return Failure("TaskFailed", ": ".join([text, *stderr]) if stderr else text)


def verdict(code: int, reader: Reader, *, check: bool = False) -> Verdict:
    """Return how a playbook that ended by itself with exit `code` is to be judged.

    Codes of `ansible-playbook` (ansible.errors.ExitCode): 4 is both unreachable and a parse error, so the events
    decide; 99 is an interrupt from outside; a negative code or one above 128 is a signal.
    """
    failure = _why(code, reader)
    if failure is None:
        pending = check and reader.counts.get("changed", 0) > 0
        exit_code = Exit.CHANGES_PENDING if pending else Exit.DONE
    else:
        exit_code = for_reason(failure.reason)
    return Verdict(_STATUS.get(exit_code, Status.FAILED), int(exit_code), failure, dict(reader.counts))


def stopped(reason: str, why: str, counts: Mapping[str, int]) -> Verdict:
    """Return the verdict of a run that was stopped from outside: `reason` is Cancelled or TimedOut."""
    exit_code = for_reason(reason)
    return Verdict(_STATUS[exit_code], int(exit_code), Failure(reason, why), dict(counts))


def _why(code: int, reader: Reader) -> Failure | None:
    if code == 0:
        return None
    if code == 99:
        return Failure("Cancelled", "ansible-playbook was interrupted")
    if code < 0 or (code > 128 and code != 250):
        number = -code if code < 0 else code - 128
        return Failure("Internal", f"ansible-playbook was killed by {_signal(number)}")
    if reader.failures:
        return reader.failures[-1]
    if reader.unreachable:
        return reader.unreachable[-1]
    told = _told(reader.errors) or f"ansible-playbook ended with code {code}"
    reason = "Invalid" if code in _INPUT_CODES else "Internal" if code in (127, 250) else "TaskFailed"
    return Failure(reason, told)


def _told(errors: list[str]) -> str:
    """Return Ansible's error as `file:line message`. 2.18 says the place in a sentence, newer ones as `Origin:`."""
    text = "\n".join(errors)
    place = _PLACE.search(text)
    where = f"{place['new'] or place['old']}:{place['line'] or place['oldline']} " if place else ""
    syntax = text.partition("Syntax Error while loading YAML.\n")[2].strip().splitlines()[:1]
    return where + " ".join([*filter(None, errors[:1]), *syntax])


def _failed(item: Any) -> bool:
    return isinstance(item, Mapping) and bool(item.get("failed"))


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
