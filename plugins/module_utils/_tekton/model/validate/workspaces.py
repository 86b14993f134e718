# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Workspaces: declared by tasks and pipelines, bound by runs, used by pipeline tasks.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/{workspace,task,pipeline}_validation.go, v1.15.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from .flags import BETA, Flags, gate
from .params import distinct
from .problem import Problem, Problems, both, generic, invalid, missing, neither, quoted, via
from .read import Raw, entries, given, part, text

_SHOWN = ("persistentvolumeclaim", "volumeclaimtemplate", "emptydir", "configmap", "secret")
SOURCES = ("volumeClaimTemplate", "persistentVolumeClaim", "emptyDir", "configMap", "secret", "projected", "csi")
_NEEDED = {
    "persistentVolumeClaim": ("claimName", "persistentvolumeclaim.claimname"),
    "configMap": ("name", "configmap.name"),
    "secret": ("secretName", "secret.secretName"),
    "projected": ("sources", "projected.sources"),
    "csi": ("driver", "csi.driver"),
}


def binding(entry: Raw) -> Problems:
    """Check what a run binds to a workspace: exactly one source, with its name. Source: WorkspaceBinding.Validate."""
    if not any(value not in (None, "") for value in entry.values()):
        return (missing(""),)
    found = [name for name in SOURCES if given(entry, name)]
    if len(found) > 1:
        return (both(*_SHOWN),)
    if not found:
        return (neither(*_SHOWN),)
    key, path = _NEEDED.get(found[0], ("", ""))
    return (missing(path),) if key and not (part(entry, found[0]) or {}).get(key) else ()


def bindings(values: Sequence[Raw]) -> Problems:
    """Check the workspaces of a TaskRun. Source: ValidateWorkspaceBindings."""
    found = tuple(one for index, entry in enumerate(values) for one in via(binding(entry), f"[{index}]"))
    return found + distinct([text(entry, "name") for entry in values], by_index=True)


def of_pipeline_run(values: Sequence[Raw]) -> Problems:
    """Check the workspaces of a PipelineRun: each bound once. Source: PipelineRunSpec.Validate."""
    found: Problems = ()
    seen: dict[str, int] = {}
    for index, entry in enumerate(values):
        name, where = text(entry, "name"), f"workspaces[{index}]"
        found += via(binding(entry), where)
        if name in seen:
            message = (
                f"workspace {quoted(name)} provided by pipelinerun more than once, at index {seen[name]} and {index}"
            )
            found += via((generic(message, "name"),), where)
        seen[name] = index
    return found


def declared(spec: Raw) -> Problems:
    """Check a task's workspaces: names and mount paths differ from each other. Source: validateDeclaredWorkspaces."""
    holders = [*entries(spec, "steps"), part(spec, "stepTemplate") or {}]
    paths = {posixpath.normpath(text(m, "mountPath")) for holder in holders for m in entries(holder, "volumeMounts")}
    names: set[str] = set()
    found: Problems = ()
    for index, entry in enumerate(entries(spec, "workspaces")):
        name = text(entry, "name")
        if name in names:
            found += via((generic(f"workspace name {quoted(name)} must be unique", "name"),), f"[{index}]")
        names.add(name)
        path = posixpath.normpath(text(entry, "mountPath") or f"/workspace/{name}")
        if path in paths:
            found += via((generic(f"workspace mount path {quoted(path)} must be unique", "mountpath"),), f"[{index}]")
        paths.add(path)
    return found


def usages(flags: Flags, spec: Raw) -> Problems:
    """Check that steps and sidecars list declared workspaces. Source: validateWorkspaceUsages."""
    names = {text(entry, "name") for entry in entries(spec, "workspaces")}
    found: Problems = ()
    for group in ("steps", "sidecars"):
        for index, user in enumerate(entries(spec, group)):
            found += via(_usage(flags, user, group[:-1], names), f"{group}[{index}]")
    return found


def _usage(flags: Flags, user: Raw, kind: str, names: set[str]) -> Problems:
    used = entries(user, "workspaces")
    found = gate(flags, f"{kind} workspaces", BETA) if used else ()
    for index, entry in enumerate(used):
        if text(entry, "name") not in names:
            message = f"undefined workspace {quoted(text(entry, 'name'))}"
            found += via((generic(message, "name"),), f"workspaces[{index}]")
    return found


def of_pipeline(values: Sequence[Raw]) -> Problems:
    """Check the workspaces that a pipeline declares. Source: validatePipelineWorkspacesDeclarations."""
    found: Problems = ()
    seen: set[str] = set()
    for index, entry in enumerate(values):
        name = text(entry, "name")
        if not name:
            found += via((invalid(f"workspace {index} has empty name", ""),), f"workspaces[{index}]")
        if name in seen:
            message = f"workspace with name {quoted(name)} appears more than once"
            found += via((invalid(message, ""),), f"workspaces[{index}]")
        seen.add(name)
    return found


def used_by_tasks(values: Sequence[Raw], tasks: Sequence[Raw]) -> Problems:
    """Check that tasks use declared workspaces, each name once. Source: validatePipelineTasksWorkspacesUsage."""
    names = {text(entry, "name") for entry in values}
    return tuple(one for index, task in enumerate(tasks) for one in via(_used(task, names), f"[{index}]"))


def _used(task: Raw, names: set[str]) -> Problems:
    found: Problems = ()
    seen: set[str] = set()
    hint = f"workspaces of this pipeline: {', '.join(sorted(names)) or 'none'}"
    for index, entry in enumerate(entries(task, "workspaces")):
        name, where = text(entry, "name"), f"workspaces[{index}]"
        if name in seen:
            found += via((generic(f"workspace name {quoted(name)} must be unique", ""),), where)
        seen.add(name)
        wanted = text(entry, "workspace") or name
        if wanted not in names:
            who = f"pipeline task {quoted(text(task, 'name'))}"
            message = f"{who} expects workspace with name {quoted(wanted)} but none exists in pipeline spec"
            found += via((Problem(f"invalid value: {message}", ("",), hint=hint),), where)
    return found
