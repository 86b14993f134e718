# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The limits of a PipelineRun: none below nothing, none of a part beyond that of the whole.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/pipelinerun_validation.go, v1.15. All in seconds; 0 is no limit.
"""

from __future__ import annotations

from ...._core import duration
from .flags import Flags
from .problem import Problems, invalid
from .read import Raw, given, part, seconds


def of_run(flags: Flags, spec: Raw) -> Problems:
    """Check `timeouts` of a run. Source: validateTimeoutDuration, validatePipelineTimeout."""
    timeouts = part(spec, "timeouts")
    if timeouts is None:
        return ()
    found: Problems = ()
    for name in ("tasks", "finally", "pipeline"):
        value = seconds(timeouts, name)
        if value is not None and value < 0:
            found += (invalid(f"{duration.format_go(value)} should be >= 0", f"timeouts.{name}"),)
    whole = seconds(timeouts, "pipeline")
    if whole is None:
        return found + _within(timeouts, flags.default_timeout, "should be <= default timeout duration")
    return found + _within(timeouts, whole, "should be <= pipeline duration")


def _within(timeouts: Raw, whole: float, rule: str) -> Problems:
    found: Problems = ()
    for name in ("tasks", "finally"):
        value = seconds(timeouts, name)
        if value is None or not whole or 0 < value <= whole or value < 0:
            continue
        shown = duration.format_go(value) + ("" if value else " (no timeout)")
        found += (invalid(f"{shown} {rule}", f"timeouts.{name}"),)
    return found + _sum(seconds(timeouts, "tasks"), seconds(timeouts, "finally"), whole, rule)


def _sum(tasks: float | None, last: float | None, whole: float, rule: str) -> Problems:
    if tasks is None or last is None or tasks + last <= whole:
        return ()
    shown = f"{duration.format_go(tasks)} + {duration.format_go(last)} {rule}"
    return (invalid(shown, "timeouts.tasks"), invalid(shown, "timeouts.finally"))


def of_task(flags: Flags, spec: Raw, entry: Raw) -> Problems:
    """Check the timeout in one of `taskRunSpecs` against the nearest limit around it."""
    value = seconds(entry, "timeout")
    if value is None:
        return ()
    if value < 0:
        return (invalid(f"{duration.format_go(value)} should be >= 0", "timeout"),)
    timeouts = part(spec, "timeouts") or {}
    name = next((name for name in ("tasks", "pipeline") if given(timeouts, name)), "")
    limit = seconds(timeouts, name) if name else flags.default_timeout
    if not limit or value <= limit:
        return ()
    kind = name or "default timeout"
    return (
        invalid(f"{duration.format_go(value)} should be <= {kind} duration {duration.format_go(limit)}", "timeout"),
    )
