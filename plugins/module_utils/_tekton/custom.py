# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Custom tasks: pipeline tasks of a kind that is not Tekton's, each done by a program that the user names.

Source of the objects: tektoncd/pipeline pkg/apis/pipeline/v1beta1/customrun_types.go, docs/customruns.md, v1.15.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._core.errors import Cancelled, SlipwayError
from . import objects
from .act.executor import TaskEnd, World
from .decide.children import CANCELLED, Kind
from .objects import Identity


def kind_key(entry: Mapping[str, Any]) -> str:
    """Return the apiVersion/kind of the custom task that a pipeline task names."""
    named = entry.get("taskRef") or entry.get("taskSpec") or {}
    return f"{named.get('apiVersion')}/{named.get('kind')}"


def spec_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec of a pipeline task's CustomRun."""
    out = {key: entry[key] for key in ("params", "workspaces", "retries", "timeout") if entry.get(key)}
    if entry.get("taskRef"):
        return {"customRef": entry["taskRef"], **out}
    spec = entry["taskSpec"]
    named = {key: spec[key] for key in ("apiVersion", "kind", "metadata", "spec") if key in spec}
    return {"customSpec": named, **out}


def run(who: Identity, spec: Mapping[str, Any], world: World) -> TaskEnd:
    """Let its program do a CustomRun. A failure is a value, and so is a cancel."""
    began = time.time()
    obj = objects.of_run(who, spec, objects.running(began))
    world.note(obj)
    named = spec.get("customRef") or spec.get("customSpec") or {}
    try:
        end = world.custom[f"{named.get('apiVersion')}/{named.get('kind')}"](obj, world.cancel)
    except Cancelled:
        text = f'CustomRun "{who.name}" was cancelled. {world.cancel.reason}'.rstrip()
        end = TaskEnd(False, CANCELLED[Kind.CUSTOM_RUN], text)
    except SlipwayError as error:
        end = TaskEnd(False, error.reason, str(error))
    end = replace(end, began=began, seconds=time.time() - began)
    world.note({**obj, "status": _status(end)})
    return end


def _status(end: TaskEnd) -> dict[str, Any]:
    done = objects.task_run_status(end, {})
    names = ("conditions", "startTime", "completionTime")
    results = {"results": objects.untyped(end.results)} if end.results else {}
    return {**{name: done[name] for name in names}, **results}
