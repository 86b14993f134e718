# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real Tekton did with upstream's examples: our runs of the same files must end the same way.

Compared are the objects that a run leaves (conditions, results, skipped tasks, children, steps, resolved specs), the
logs of steps, and that no task began before one ended that it depends on.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Refused, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from tests.conformance.adapters.tekton import examples
from tests.conformance.registry import Case, Skip, scenario

Object = Mapping[str, Any]
_GENERATED = "*****"
_SCRIPT = re.compile(r"(/tekton/scripts/script-\d+-)[a-z0-9]{5}")
_UID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


@scenario("tekton/golden")
def golden(case: Case) -> None:
    documents = yaml.load_path(str(case.path / str(case.meta["example"]).removeprefix("examples/")))
    config = [_config("feature-flags", case.meta["featureFlags"]), *_defaults(case.meta)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            reports = examples.run([*config, *documents], Path(folder), str(case.meta["namespace"]))
        except Refused as error:
            raise Skip(f"refused: {error.message}") from None
        except SlipwayError as error:
            if case.meta.get("admissionErrors"):
                return
            raise AssertionError(str(error)) from None
        found = Found.of(reports)
        problems = list(_problems(case.meta, found))
    assert not problems, "; ".join(problems)


def _config(name: str, data: Mapping[str, str]) -> Document:
    meta = {"name": name, "namespace": "tekton-pipelines"}
    return Document({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": dict(data)}, f"<{name}>")


def _defaults(meta: Mapping[str, Any]) -> list[Document]:
    return [_config("config-defaults", meta["configDefaults"])] if meta.get("configDefaults") else []


@dataclass(frozen=True)
class Found:
    """The objects of our runs by the keys that the golden files use, their log folders, and how to mask texts."""

    objects: Mapping[str, Object]
    logs: Mapping[str, Path]
    names: Mapping[str, str]

    @classmethod
    def of(cls, reports: Sequence[api.Report]) -> Found:
        objects: dict[str, Object] = {}
        logs: dict[str, Path] = {}
        names: dict[str, str] = {}
        for report in reports:
            root = next(obj for obj in report.objects if obj["metadata"]["name"] == report.name)
            names[report.name] = _masked_name(root)
            key = f"{root['kind']}:{names[report.name]}"
            for name, obj in _tree(key, root, report.objects):
                objects[name], logs[name] = obj, Path(report.log_dir)
                digest = hashlib.md5(obj["metadata"]["name"].encode(), usedforsecurity=False).hexdigest()
                names[digest] = "{md5 of the parent name}"
        return cls(objects, logs, names)

    def masked(self, value: Any) -> Any:
        """Return a value with the generated names and uids of its texts masked."""
        if isinstance(value, str):
            for name, masked in self.names.items():
                value = value.replace(name, masked)
            return _SCRIPT.sub(rf"\1{_GENERATED}", _UID.sub("{uid}", value))
        if isinstance(value, Mapping):
            return {key: self.masked(item) for key, item in value.items()}
        return [self.masked(item) for item in value] if isinstance(value, list) else value


def _masked_name(root: Object) -> str:
    meta = root["metadata"]
    base = str(meta.get("generateName") or "")
    return f"{base}{_GENERATED}" if base and str(meta["name"]).startswith(base) else str(meta["name"])


def _tree(key: str, obj: Object, every: Sequence[Object]) -> Iterator[tuple[str, Object]]:
    yield key, obj
    by_name = {one["metadata"]["name"]: one for one in every}
    groups: dict[str, list[str]] = {}
    for reference in obj["status"].get("childReferences") or []:
        groups.setdefault(reference["pipelineTaskName"], []).append(reference["name"])
    for task, names in groups.items():
        for index, name in enumerate(sorted(names, key=_numbers)):
            suffix = f"[{index}]" if len(names) > 1 else ""
            yield from _tree(f"{key}/{task}{suffix}", by_name[name], every)


def _numbers(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _problems(meta: Mapping[str, Any], found: Found) -> Iterator[str]:
    wanted = {run["key"]: run for run in meta["runs"]}
    if set(wanted) != set(found.objects):
        yield f"runs: {sorted(set(wanted) ^ set(found.objects))} are not on both sides"
    for key, run in wanted.items():
        if key in found.objects:
            compare = _task_run if run["kind"] == "TaskRun" else _pipeline_run
            yield from (f"{key}: {text}" for text in compare(run, found.objects[key], found, found.logs[key]))
    yield from _order(meta["startOrder"], found)


def _pipeline_run(wanted: Object, obj: Object, found: Found, _logs: Path) -> Iterator[str]:
    status = found.masked(obj["status"])
    references = [
        {key: one[key] for key in ("kind", "pipelineTaskName", "name")} for one in status.get("childReferences") or []
    ]
    yield from _differs("condition", wanted["condition"], _condition(status))
    yield from _differs("results", wanted["results"], status.get("results") or [])
    yield from _differs("skippedTasks", wanted["skippedTasks"], status.get("skippedTasks") or [])
    order = sorted(references, key=lambda one: (one["pipelineTaskName"], one["name"]))
    plain = [{key: one[key] for key in ("kind", "pipelineTaskName", "name")} for one in wanted["childReferences"]]
    yield from _differs("childReferences", plain, order)
    yield from _differs("spec", _bare(wanted["resolvedPipelineSpec"]), _bare(status.get("pipelineSpec")))


def _task_run(wanted: Object, obj: Object, found: Found, logs: Path) -> Iterator[str]:
    status = found.masked(obj["status"])
    yield from _differs("condition", wanted["condition"], _condition(status))
    yield from _differs("results", wanted["results"], status.get("results") or [])
    yield from _differs("stepsCount", wanted["stepsCount"], len(status.get("steps") or []))
    yield from _differs("retries", wanted["retriesStatusCount"], len(status.get("retriesStatus") or []))
    yield from _differs("spec", _bare(wanted["resolvedTaskSpec"]), _bare(status.get("taskSpec")))
    attempts = len(status.get("retriesStatus") or []) + 1
    for step, own in zip(wanted["steps"], status.get("steps") or [], strict=False):
        yield from _differs(f"step {step['name']}", _step(step), _step({**own, **own["terminated"]}))
        for attempt, log in enumerate(step["log"][:attempts]):
            yield from _log(log, _read(logs, obj["metadata"]["name"], attempt, step["name"]), step["name"], found)


def _condition(status: Object) -> dict[str, Any]:
    found: dict[str, Any] = status["conditions"][0]
    return {key: found[key] for key in ("status", "reason", "message")}


def _step(step: Object) -> dict[str, Any]:
    names = ("name", "container", "exitCode", "reason", "terminationReason", "results", "inputs", "outputs")
    return {name: step[name] for name in names if name in step}


def _bare(value: Any) -> Any:
    """Return a spec without what is empty: defaulting leaves such fields."""
    if isinstance(value, Mapping):
        found = {key: _bare(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item not in (None, {}, [], "")}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _differs(what: str, wanted: Any, own: Any) -> Iterator[str]:
    """Say where two values differ.

    What was not equal in both of Tekton's runs is left out of the golden file: None in lists, an absent `value`.
    """
    if isinstance(wanted, Mapping) and isinstance(own, Mapping):
        for key in sorted({*wanted, *own} - ({"value"} - set(wanted))):
            yield from _differs(f"{what}.{key}", wanted.get(key), own.get(key))
    elif isinstance(wanted, list) and isinstance(own, list) and len(wanted) == len(own):
        for index, (one, two) in enumerate(zip(wanted, own, strict=True)):
            yield from _differs(f"{what}[{index}]", one, two) if one is not None else ()
    elif wanted != own:
        yield f"{what}: expected {wanted!r}, found {own!r}"


def _read(logs: Path, name: str, attempt: int, step: str) -> str:
    folder = logs if attempt == 0 else logs.parent / f"retry-{attempt}" / "tasks"
    path = folder / name / "logs" / f"{step}.log"
    return path.read_text() if path.exists() else ""


def _log(log: Object, text: str, step: str, found: Found) -> Iterator[str]:
    """Our log has both streams: the lines of each must be in it, in their order."""
    own = found.masked(text).splitlines()
    for stream in ("stdout", "stderr"):
        if not log.get(f"{stream}Volatile") or f"{stream}Masked" in log:
            lines = found.masked(str(log.get(f"{stream}Masked", log.get(stream, "")))).splitlines()
            rest = iter(own)
            if not all(line in rest for line in lines):
                yield f"{stream} of step {step}: expected {lines!r}, found {own!r}"


def _order(wanted: Mapping[str, Any], found: Found) -> Iterator[str]:
    """Of the pairs that Tekton ran one after the other, those that are edges of the graph must hold."""
    for key, order in wanted.items():
        obj = found.objects.get(key)
        spec = (obj or {"status": {}})["status"].get("pipelineSpec") or {}
        after = {task["name"]: set(task.get("runAfter") or ()) for task in spec.get("tasks") or []}
        for first, second in order.get("endedBeforeStart") or []:
            if first in after.get(second, ()) and not _ended_before(found, key, first, second):
                yield f"{key}: {second} began before {first} had ended"


def _ended_before(found: Found, key: str, first: str, second: str) -> bool:
    ends = [obj["status"]["completionTime"] for name, obj in found.objects.items() if _is_task(name, key, first)]
    starts = [obj["status"]["startTime"] for name, obj in found.objects.items() if _is_task(name, key, second)]
    return max(ends, default="") <= min(starts, default="9")


def _is_task(name: str, key: str, task: str) -> bool:
    return re.fullmatch(re.escape(f"{key}/{task}") + r"(\[\d+\])?", name) is not None
