# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exit codes: one meaning each, for every command, and how a failure's reason finds its code.

Knows words and numbers only; no run, no file, no terminal.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What `slipway` and a run end with. 4 is never used: Ansible gives it two meanings."""

    DONE = 0
    CHANGES_PENDING = 2
    STEP_FAILED = 10
    GATE_REFUSED = 11
    TIMED_OUT = 12
    CANCELLED = 13
    UNREACHABLE = 14
    INVALID = 15
    INTERNAL = 70


MEANING: dict[Exit, str] = {
    Exit.DONE: "done",
    Exit.CHANGES_PENDING: "changes pending (check mode, diff), warnings (lint --strict)",
    Exit.STEP_FAILED: "a step failed",
    Exit.GATE_REFUSED: "a gate refused (policy, analysis, aborted rollout)",
    Exit.TIMED_OUT: "time-out",
    Exit.CANCELLED: "cancelled",
    Exit.UNREACHABLE: "a host, cluster, registry or Git server cannot be reached",
    Exit.INVALID: "invalid input, also wrong usage",
    Exit.INTERNAL: "internal error",
}

_REASONS: dict[str, Exit] = {
    "Invalid": Exit.INVALID,
    "InvalidSpec": Exit.INVALID,
    "Refused": Exit.GATE_REFUSED,
    "Forbidden": Exit.GATE_REFUSED,
    "Unauthorized": Exit.GATE_REFUSED,
    "RolloutAborted": Exit.GATE_REFUSED,
    "RolloutDegraded": Exit.GATE_REFUSED,
    "Aborted": Exit.GATE_REFUSED,
    "Degraded": Exit.GATE_REFUSED,
    "AnalysisFailed": Exit.GATE_REFUSED,
    "Unreachable": Exit.UNREACHABLE,
    "TimedOut": Exit.TIMED_OUT,
    "PipelineRunTimeout": Exit.TIMED_OUT,
    "TaskRunTimeout": Exit.TIMED_OUT,
    "Cancelled": Exit.CANCELLED,
    "Internal": Exit.INTERNAL,
    # The runner's own house is not in order.
    "DiskFull": Exit.INTERNAL,
    "StateDir": Exit.INTERNAL,
    "Result": Exit.INTERNAL,
    "Journal": Exit.INTERNAL,
    "JournalLocked": Exit.INTERNAL,
    "JournalDamaged": Exit.INTERNAL,
    "JournalTooNew": Exit.INTERNAL,
}


def for_reason(reason: str) -> Exit:
    """Return the code for `failure.reason` of a result; a step failed when nothing else is known."""
    return _REASONS.get(reason, Exit.STEP_FAILED)


def for_error(error: BaseException) -> Exit:
    """Return the code for an exception: its own reason, or that of the nearest class above it in the tree."""
    names = [getattr(error, "reason", ""), *(base.__name__ for base in type(error).__mro__)]
    return next((_REASONS[name] for name in names if name in _REASONS), Exit.STEP_FAILED)


def epilog() -> str:
    """Return the table that `slipway --help` shows."""
    return "\n".join(f"  {code.value:<3} {text}" for code, text in MEANING.items())
