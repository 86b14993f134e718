# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The one exception tree: what went wrong, where, and what to do.

Knows nothing of Kubernetes, Ansible or files; callers attach a place and an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file the user wrote. `line` counts from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


DISK_FULL = "DiskFull"


class SlipwayError(Exception):
    """Base of every expected failure.

    `reason` is a CamelCase word for programs, `message` a sentence for people, `hint` what to do,
    `obj` the object as "Kind namespace/name", `at` the place in the user's file.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        at: Place | None = None,
        obj: str = "",
        reason: str = "",
        field: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.at = at
        self.obj = obj
        self.field = field
        self.reason = reason or type(self).__name__

    def __str__(self) -> str:
        where = str(self.at) if self.at else ""
        text = " ".join(part for part in (where, self.obj, self.field, self.message) if part)
        return f"{text} ({self.hint})" if self.hint else text

    def failure(self) -> dict[str, Any]:
        """Return the structured form that results carry: reason, message, object, hint, at (file:line)."""
        text = " ".join(part for part in (self.field, self.message) if part)
        where = str(self.at) if self.at else ""
        return {"reason": self.reason, "message": text, "object": self.obj, "hint": self.hint, "at": where}


class Invalid(SlipwayError):
    """The user's input is wrong; `field` names where in it."""

    def __init__(self, field: str, message: str, *, hint: str = "", at: Place | None = None, obj: str = "") -> None:
        super().__init__(message, hint=hint, at=at, obj=obj, field=field)


class Permanent(SlipwayError):
    """Trying again will not help."""


class Temporary(SlipwayError):
    """May work later; `retry_after` is in seconds."""

    def __init__(
        self, message: str, *, retry_after: float = 1.0, hint: str = "", obj: str = "", reason: str = ""
    ) -> None:
        super().__init__(message, hint=hint, obj=obj, reason=reason)
        self.retry_after = retry_after


class Refused(SlipwayError):
    """A policy said no, or this environment cannot honour what was asked for."""


class Unreachable(Permanent):
    """A cluster, registry or Git host does not answer."""


class TimedOut(SlipwayError):
    """A deadline passed; the message says what was still awaited."""


class Cancelled(SlipwayError):
    """The play, the run or a person asked to stop."""
