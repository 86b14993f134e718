# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Changes of a run that exists: little may change while it runs, nothing when it is done.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/{taskrun,pipelinerun}_validation.go (ValidateUpdate), v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...._core import duration
from .flags import Flags
from .problem import Problems, invalid
from .read import Raw, entries, part, text

_ALLOWED = {
    "TaskRun": ({"status", "statusMessage", "managedBy"}, "status and statusMessage"),
    "PipelineRun": ({"status", "managedBy"}, "status"),
}


def task_run(flags: Flags, before: Raw | None, after: Raw) -> Problems:
    """Check the new spec of a TaskRun; without the old object there is nothing to say."""
    return _update(flags, "TaskRun", before, part(after, "spec") or {})


def pipeline_run(flags: Flags, before: Raw | None, after: Raw) -> Problems:
    """Check the new spec of a PipelineRun; without the old object there is nothing to say."""
    return _update(flags, "PipelineRun", before, part(after, "spec") or {})


def _update(flags: Flags, kind: str, before: Raw | None, spec: Raw) -> Problems:
    if before is None:
        return ()
    old = part(before, "spec") or {}
    found: Problems = ()
    if text(old, "managedBy") != text(spec, "managedBy"):
        found += (invalid("managedBy is immutable", "spec.managedBy"),)
    if is_done(before):
        # A newer Tekton may have filled in defaults that the old object lacks: that is no change.
        same = _bare(old) == _bare(spec) or _bare(_defaulted(flags, kind, old)) == _bare(spec)
        return found if same else (*found, invalid(f"Once the {kind} is complete, no updates are allowed", ""))
    free, shown = _ALLOWED[kind]
    if _bare(_without(old, free)) == _bare(_without(spec, free)):
        return found
    return (*found, invalid(f"Once the {kind} has started, only {shown} updates are allowed", ""))


def is_done(run: Raw) -> bool:
    """True when the condition Succeeded is no longer Unknown."""
    conditions = entries(part(run, "status"), "conditions")
    ended = [text(one, "status") for one in conditions if text(one, "type") == "Succeeded"]
    return bool(ended) and ended[0] in ("True", "False")


def _without(spec: Raw, names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in names}


def _bare(value: Any) -> Any:
    """Leave out what is empty: Go does not tell it from absent."""
    if isinstance(value, Mapping):
        cleaned = {key: _bare(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item not in (None, "", [], {})}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _defaulted(flags: Flags, kind: str, spec: Raw) -> dict[str, Any]:
    """Return the spec with the defaults of a run. Source: {TaskRun,PipelineRun}Spec.SetDefaults."""
    timeout = duration.format_go(flags.default_timeout)
    out = dict(spec)
    if kind == "TaskRun":
        out.setdefault("timeout", timeout)
        out.setdefault("serviceAccountName", "default")
        ref = part(spec, "taskRef")
        out["taskRef"] = {"kind": "Task", **ref} if ref is not None else None
        return out
    out["timeouts"] = {"pipeline": timeout, **(part(spec, "timeouts") or {})}
    out["taskRunTemplate"] = {"serviceAccountName": "default", **(part(spec, "taskRunTemplate") or {})}
    return out
