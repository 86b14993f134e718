# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Steps and sidecars, each alone, and references to StepActions and Tasks.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/container_validation.go, merge.go, v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ...._core import duration
from . import names, params, variables
from .flags import ALPHA, BETA, Flags, gate
from .problem import Problem, Problems, both, generic, invalid, missing, quoted, via
from .read import Raw, entries, given, part, seconds, text, texts

RESERVED_SIDECAR = "tekton-log-results"
_NOT_WITH_REF = {
    "image": "image", "command": "command", "args": "args", "script": "script", "workingDir": "working dir",
    "env": "env", "volumeMounts": "volumeMounts", "results": "results",
}  # fmt: skip
_ON_ERROR = ("continue", "stopAndFail")
_URL = re.compile(r"[\w-]+:/+", re.ASCII)
_NO_ARTIFACTS = "feature flag enable-artifacts should be set to true to use artifacts feature."
_NO_CONCISE = "feature flag enable-concise-resolver-syntax should be set to true to use concise resolver syntax"


def reference(flags: Flags, ref: Raw | None) -> Problems:
    """Check a taskRef, pipelineRef or step's ref: a name, or a resolver. Source: validateRef."""
    if ref is None:
        return ()
    name, resolver = text(ref, "name"), text(ref, "resolver")
    if given(ref, "params"):
        return _with_params(flags, ref, name, resolver) + _with_resolver(flags, name, resolver)
    if resolver:
        return _with_resolver(flags, name, resolver)
    if not name:
        return (missing("name"),)
    if _URL.search(name):
        return (*_concise(flags), missing("resolver"))
    wrong = names.qualified(name)
    return (invalid(",".join(wrong), "name"),) if wrong else ()


def _with_params(flags: Flags, ref: Raw, name: str, resolver: str) -> Problems:
    found = via(gate(flags, "resolver params", BETA), "params")
    if name:
        found += (both("name", "params"),)
    if not resolver:
        found += (missing("resolver"),)
    return found + params.of_run(entries(ref, "params"))


def _with_resolver(flags: Flags, name: str, resolver: str) -> Problems:
    if not resolver:
        return ()
    found = via(gate(flags, "resolver", BETA), "resolver")
    if name and _URL.search(name):
        return found + _concise(flags)
    return found + ((invalid("invalid URI for request", "name"),) if name else ())


def _concise(flags: Flags) -> Problems:
    return () if flags.concise_resolver_syntax else (generic(_NO_CONCISE, ""),)


def step(flags: Flags, entry: Raw) -> Problems:
    """Check one step. Source: Step.Validate."""
    if not flags.artifacts and any(map(_names_artifact, _run_texts(entry))):
        return (generic(_NO_ARTIFACTS, ""),)
    timeout = seconds(entry, "timeout")
    if timeout is not None and timeout < 0:
        return (invalid(duration.format_go(timeout), "negative timeout"),)
    found = _by_ref(flags, entry) if given(entry, "ref") else _by_image(entry)
    found += _name(text(entry, "name")) + _mounts(entry) + _on_error(text(entry, "onError"))
    if text(entry, "script").strip().startswith("#!win"):
        found += via(gate(flags, "windows script support", ALPHA), "script")
    for name in ("stdout", "stderr"):
        if given(entry, f"{name}Config"):
            found += via(gate(flags, f"step {name} stream support", ALPHA), f"{name}config")
    return found + _misplaced(entry)


def _run_texts(entry: Raw) -> Iterator[str]:
    yield text(entry, "script")
    yield from texts(entry, "command")
    yield from texts(entry, "args")
    for variable in entries(entry, "env"):
        yield text(variable, "value")


def _names_artifact(value: str) -> bool:
    return bool(variables.STEP_ARTIFACT.search(value) or variables.TASK_ARTIFACT.search(value))


def _by_ref(flags: Flags, entry: Raw) -> Problems:
    found = reference(flags, part(entry, "ref"))
    for name, shown in _NOT_WITH_REF.items():
        # An empty env list counts as given, the other fields do not.
        if entry.get(name) or (name == "env" and given(entry, name)):
            found += (Problem(f"{shown} cannot be used with Ref", (name,)),)
    return found


def _by_image(entry: Raw) -> Problems:
    found: Problems = ()
    if entry.get("params"):
        found += (Problem("params cannot be used without Ref", ("params",)),)
    if not text(entry, "image"):
        found += (no_image(),)
    return found + _script_alone(entry)


def no_image() -> Problem:
    """Say that the image is missing; upstream's path has a capital, a person's has none."""
    return replace(missing("Image"), at="image")


def _script_alone(entry: Raw) -> Problems:
    if text(entry, "script") and texts(entry, "command"):
        return (Problem("script cannot be used with command", ("script",)),)
    return ()


def _name(name: str) -> Problems:
    if not name or names.is_label(name):
        return ()
    details = f"Task step name must be a valid DNS Label, For more info refer to {names.HELP}"
    return (Problem(f"invalid value {quoted(name)}", ("name",), details),)


def _mounts(entry: Raw) -> Problems:
    found: Problems = ()
    for index, mount in enumerate(entries(entry, "volumeMounts")):
        name, path = text(mount, "name"), text(mount, "mountPath")
        where = f"volumeMounts[{index}]"
        if path.startswith("/tekton/") and not path.startswith("/tekton/home"):
            shown = f"(volumeMount {quoted(name)} mounted at {quoted(path)})"
            found += (generic(f"volumeMount cannot be mounted under /tekton/ {shown}", f"{where}.mountPath"),)
        if name.startswith("tekton-internal-"):
            message = f'volumeMount name {quoted(name)} cannot start with "tekton-internal-"'
            found += (generic(message, f"{where}.name"),)
    return found


def _on_error(value: str) -> Problems:
    if not value or is_param(value) or value in _ON_ERROR:
        return ()
    details = 'Task step onError must be either "continue" or "stopAndFail"'
    return (Problem(f'invalid value: "{value}"', ("onError",), details),)


def is_param(value: str) -> bool:
    """True for what a param will fill in. Source: isParamRefs."""
    return value.startswith("$(params")


def _misplaced(entry: Raw) -> Problems:
    """Results and artifacts of earlier steps are known late: only the fields that run may use them."""
    found: Problems = ()
    for path, value in _fixed_fields(entry):
        if variables.STEP_RESULT.search(value):
            message = "stepResult substitutions are only allowed in env, command and args. Found usage in"
            found += (Problem(message, (path,)),)
        if path != "script" and _names_artifact_of_step(value):
            message = "stepArtifact substitutions are only allowed in env, command, args and script. Found usage in"
            found += (Problem(message, (path,)),)
    return found


def _names_artifact_of_step(value: str) -> bool:
    return bool(variables.STEP_ARTIFACT.search(value))


def _fixed_fields(entry: Raw) -> Iterator[tuple[str, str]]:
    for name in ("name", "image", "script", "imagePullPolicy", "workingDir"):
        yield name, text(entry, name)
    for source in entries(entry, "envFrom"):
        yield "envFrom.prefix", text(source, "prefix")
        for name in ("configMapRef", "secretRef"):
            yield f"envFrom.{name}", text(part(source, name), "name")
    for listed, fields in (
        ("volumeMounts", ("name", "mountPath", "subPath")),
        ("volumeDevices", ("name", "devicePath")),
    ):
        for volume in entries(entry, listed):
            for name in fields:
                yield f"{listed}.{name}", text(volume, name)


def sidecar(entry: Raw) -> Problems:
    """Check one sidecar. Source: Sidecar.Validate."""
    found: Problems = ()
    if text(entry, "name") == RESERVED_SIDECAR:
        message = f"Invalid: cannot use reserved sidecar name {RESERVED_SIDECAR} "
        found += (Problem(message, ("name",)),)
    if not text(entry, "image"):
        found += (missing("image"),)
    return found + _script_alone(entry)
