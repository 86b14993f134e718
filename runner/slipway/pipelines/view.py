# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws a pipeline's records as they come: `[task : step] text` as tkn does, and one line when a task ends.

Must not know where records come from, nor how a run ends: the tree at the end is `tree`'s.
"""

from __future__ import annotations

import os
from typing import TextIO

import click

from slipway.core import Event
from slipway.events.view import age, clean

_COLOURS = ("cyan", "magenta", "blue", "yellow", "green", "bright_cyan", "bright_magenta", "bright_blue")
_ENDS = {"Succeeded": "green", "Failed": "red", "Skipped": "bright_black", "Cancelled": "magenta"}


class StepLines:
    """A view of one run's records. `logs`: also what steps print. `only`: task and step names, empty for all."""

    def __init__(
        self,
        out: TextIO,
        *,
        logs: bool = True,
        tasks: tuple[str, ...] = (),
        steps: tuple[str, ...] = (),
        status: bool = True,
        prefix: bool = True,
    ) -> None:
        self._out, self._logs, self._tasks, self._steps, self._status = out, logs, tasks, steps, status
        self._prefix = prefix
        self._coloured = out.isatty() and not os.environ.get("NO_COLOR")
        self._of_task: dict[str, str] = {}
        self._alone = False  # a TaskRun of its own: its steps need no task before them

    def show(self, event: Event) -> None:
        """Take one record."""
        kind = event.subject.kind
        if kind == "TaskRun" and event.phase == "Started":
            self._alone = True
        if event.phase == "Log" and kind == "TaskRun":
            self._log(event)
        elif kind == "PipelineRun" and event.data.get("task"):
            self._task_ended(event)
        elif event.phase == "Warning" and kind in ("TaskRun", "PipelineRun"):
            self._say(f"! {clean(event.message)}", "yellow")
        elif (kind in ("PipelineRun", "TaskRun") and event.phase == "Waiting") or (
            kind == "Run" and event.phase == "Waiting" and event.message
        ):
            self._say(f"… {clean(event.message)}", "cyan")

    def close(self) -> None:
        """The run has ended, or nobody looks any more."""
        self._out.flush()

    def log_line(self, task: str, step: str, text: str) -> None:
        """Print one line of a step, wherever it comes from."""
        head = f"[{step}]" if self._alone or not task else f"[{task} : {step}]"
        line = f"{self._paint(head, self._colour(task or step))} {clean(text)}" if self._prefix else clean(text)
        self._out.write(f"{line}\n")
        self._out.flush()

    def alone(self) -> None:
        """The run is a TaskRun of its own."""
        self._alone = True

    def _log(self, event: Event) -> None:
        task, step = str(event.data.get("task", "")), str(event.data.get("step", ""))
        wanted = (not self._tasks or task in self._tasks) and (not self._steps or step in self._steps)
        if self._logs and wanted:
            self.log_line(instance(task, event.subject.name), step, event.message)

    def _task_ended(self, event: Event) -> None:
        task = str(event.data["task"])
        if self._tasks and task not in self._tasks:
            return
        text = clean(event.message).removeprefix(f"{task}: ")
        if event.phase == "Warning":
            self._say(f"! {task}: {text}", "yellow")
        elif event.phase in _ENDS:
            took = f" in {age(float(event.data['seconds']))}" if "seconds" in event.data else ""
            why = f": {text}" if event.phase in ("Failed", "Skipped", "Cancelled") else ""
            self._say(f"{sign(event.phase)} {task} {event.phase.lower()}{took}{why}", _ENDS[event.phase])

    def _say(self, text: str, colour: str) -> None:
        if self._status:
            self._out.write(f"{self._paint(text, colour)}\n")
            self._out.flush()

    def _colour(self, task: str) -> str:
        return self._of_task.setdefault(task, _COLOURS[len(self._of_task) % len(_COLOURS)])

    def _paint(self, text: str, colour: str) -> str:
        return click.style(text, fg=colour) if self._coloured else text


def instance(task: str, run: str) -> str:
    """Return the task's name, with its number when it is one of a matrix (`…-task-3`)."""
    _before, separator, number = run.rpartition(f"-{task}-")
    return f"{task}-{number}" if separator and number.isdigit() else task


def sign(phase: str) -> str:
    """Return the sign of an end, the same with and without colours."""
    return {"Succeeded": "✓", "Completed": "✓", "Skipped": "–"}.get(phase, "✗")
