# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run is. Data only; knows no database, process or file content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Status(StrEnum):
    """Where a run stands. The first two are active, the rest are ends."""

    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    CHANGES_PENDING = "ChangesPending"
    FAILED = "Failed"
    REFUSED = "Refused"
    TIMED_OUT = "TimedOut"
    CANCELLED = "Cancelled"
    INTERRUPTED = "Interrupted"

    @property
    def active(self) -> bool:
        return self in (Status.QUEUED, Status.RUNNING)


class Policy(StrEnum):
    """What a new run does with an older one of its project."""

    QUEUE = "queue"
    SUPERSEDE = "supersede"


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that answers for a run. A pid alone may be reused: start time and boot make it one process."""

    pid: int
    start: int
    boot: str


@dataclass(frozen=True, slots=True)
class Run:
    """One row of the journal. Times are unix seconds, None when not reached."""

    id: str
    project: str
    playbook: str
    status: Status
    policy: Policy
    directory: Path
    created: float
    started: float | None
    finished: float | None
    exit_code: int | None
    why: str
    event_id: str
    resumes: str
    check: bool
    owner: Owner
    cancel: str
    force: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form that `--output json` prints."""
        return {
            "id": self.id,
            "project": self.project,
            "playbook": self.playbook,
            "status": self.status.value,
            "created": self.created,
            "started": self.started,
            "finished": self.finished,
            "seconds": self.seconds,
            "exit_code": self.exit_code,
            "why": self.why,
            "event_id": self.event_id,
            "resumes": self.resumes,
            "check": self.check,
            "directory": str(self.directory),
        }

    @property
    def seconds(self) -> float | None:
        """How long it ran; None while it runs or when it never started."""
        if self.started is None or self.finished is None:
            return None
        return round(self.finished - self.started, 3)


@dataclass(frozen=True, slots=True)
class RunHandle:
    """What `start` gives back. `reused`: an earlier run for the same event answers.

    `launch` is set for a run that was only journaled (`hold`): it gives the run its process.
    """

    id: str
    directory: Path
    reused: bool = False
    launch: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What to run. It reaches the worker through a pipe, so that its values never touch the disk.

    `extra_vars` are data, never templated, unless `templates` says that the person typed them.
    `secrets` names extra vars whose values must not be seen. Seconds for `timeout` (0: none) and `grace`.
    """

    playbook: str
    extra_vars: dict[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    templates: bool = False
    cwd: str = ""
    inventory: tuple[str, ...] = ()
    check: bool = False
    diff: bool = False
    tags: str = ""
    skip_tags: str = ""
    limit: str = ""
    verbosity: int = 0
    timeout: float = 0.0
    grace: float = 10.0
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed, as results carry it."""

    reason: str
    message: str
    object: str = ""
    hint: str = ""
    at: str = ""

    def line(self) -> str:
        """Return the one line for people."""
        # Messages of several lines (a module's stderr) would break tables: the first line names the matter.
        text = " ".join(part for part in (self.at, self.object, _first_line(self.message)) if part) or self.reason
        return f"{text} ({self.hint})" if self.hint else text


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended."""

    status: Status
    exit_code: int
    failure: Failure | None = None
    counts: dict[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def why(self) -> str:
        """The one line: the failure, or what else a person must know."""
        return self.failure.line() if self.failure else self.note


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
