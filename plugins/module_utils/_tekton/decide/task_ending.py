# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a TaskRun ends whose steps have run without a pod: the failure that a pod of such containers would have shown.

Source: tektoncd/pipeline pkg/pod/status.go, pkg/termination/write.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import gojson
from . import entrypoint, pods, termination
from .termination import Kind, Result

OOM = "OOMKilled"
_STARTED = Result("StartedAt", "2006-01-02T15:04:05.000Z", Kind.INTERNAL)  # of the length of any time


@dataclass(frozen=True, slots=True)
class Ending:
    """Reason and message of a TaskRun that failed."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a container. `notes` are the internal entries of its termination message."""

    container: str
    exit_code: int
    notes: tuple[Result, ...] = ()
    out_of_memory: bool = False


def failure(steps: Sequence[Left], sidecar: Left | None) -> Ending | None:
    """Return why the TaskRun failed, None when no step did. A sidecar that ended in failure counts then only."""
    if not any(one.exit_code for one in steps):
        return None
    statuses = [_status(one) for one in (*steps, *([sidecar] if sidecar else []))]
    found = pods.failure({"status": {"phase": "Failed", "containerStatuses": statuses}})
    return Ending(found.reason, found.message)


def _status(left: Left) -> Mapping[str, Any]:
    reason = OOM if left.out_of_memory else "Error" if left.exit_code else "Completed"
    message = gojson.dumps([note.as_dict() for note in left.notes], sort=False) if left.notes else ""
    ended = {"exitCode": left.exit_code, "reason": reason, "message": message}
    return {"name": left.container, "state": {"terminated": ended}}


def too_large(files: Mapping[str, str], most: int) -> bool:
    """Return whether a result does not fit into a line of a results sidecar's log, of `most` bytes.

    Source: tektoncd/pipeline internal/sidecarlogresults, v1.15.
    """
    lines = [{"name": name, "value": text, "type": "task"} for name, text in files.items()]
    return any(len(gojson.dumps(line, sort=False).encode()) >= most for line in lines)


def overflows(declared: Sequence[str], files: Mapping[str, str], notes: Sequence[Result]) -> bool:
    """Return whether the results of a TaskRun's files do not fit into a step's termination message."""
    entries = [*entrypoint.written(declared, files, Kind.TASK_RUN), *notes, _STARTED]
    text = gojson.dumps([one.as_dict() for one in entries], sort=False)
    return len(text.encode()) > termination.LIMIT
