# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Results: how they are read, what references to them become, and what a Pipeline gives out.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/resultrefresolution.go, apply.go, v1.15.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from . import references, substitution
from .params import Value, kind_of, replacements
from .references import texts
from .substitution import Replacements

__all__ = ["LIMIT", "REFERENCE", "Missing", "Outcome", "artifacts", "known", "missing", "of_pipeline", "read", "texts"]
REFERENCE = re.compile(
    r"\$\((tasks|finally)\.([^.()\[\]]+)\.results(?:\.([^.()\[\]]+)|\[[\"']([^\"']+)[\"']\])[^()]*\)"
)
LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference whose result is not there."""

    task: str
    result: str


def read(declared: Sequence[Mapping[str, Any]], raw: Mapping[str, str], who: str) -> dict[str, Value]:
    """Return the typed results of a task; a declared one that was not written is absent.

    Invalid when an array or object result is not that JSON, or lacks a declared key.
    """
    out: dict[str, Value] = {}
    for spec in declared:
        name = spec["name"]
        if name not in raw:
            continue
        wanted = spec.get("type") or ("object" if spec.get("properties") else "string")
        out[name] = raw[name] if wanted == "string" else _json(name, wanted, raw[name], spec, who)
    return out


def _json(name: str, wanted: str, text: str, spec: Mapping[str, Any], who: str) -> Value:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    typed = isinstance(value, list) and all(isinstance(item, str) for item in value)
    typed = typed or (isinstance(value, dict) and all(isinstance(item, str) for item in value.values()))
    if not typed or kind_of(value) != wanted:
        raise Invalid(f"results.{name}", f"is not of type {wanted}", obj=who, hint="write it as JSON of texts")
    missing = sorted(set(spec.get("properties") or {}) - set(value)) if wanted == "object" else []
    if missing:
        raise Invalid(f"results.{name}", f"lacks the keys {', '.join(missing)}", obj=who)
    result: Value = value
    return result


def mismatch(declared: Sequence[Mapping[str, Any]], emitted: Sequence[Mapping[str, Any]]) -> str:
    """Say which emitted results (name, type, value) are not as declared, "" for none.

    Source: tektoncd/pipeline pkg/reconciler/taskrun/validate_taskrun.go, validateTaskRunResults.
    """
    wanted = {entry["name"]: str(entry.get("type") or "") for entry in declared}
    wrong = {
        e["name"]: f'task result is expected to be "{wanted[e["name"]]}" type but was initialized to a different type "{e.get("type", "")}"'
        for e in emitted
        if e["name"] in wanted and wanted[e["name"]] != str(e.get("type") or "")
    }  # fmt: skip
    if wrong:
        listed = ",".join(f' "{name}": {text}' for name, text in sorted(wrong.items()))
        return f"Provided results don't match declared results; may be invalid JSON or missing result declaration: {listed}"
    needed = {e["name"]: set(e.get("properties") or {}) for e in declared if e.get("type") == "object"}
    given = {e["name"]: set(e["value"]) for e in emitted if isinstance(e.get("value"), Mapping)}
    lacking = {name: sorted(needed[name] - keys) for name, keys in given.items() if needed.get(name, set()) - keys}
    if not lacking:
        return ""
    listed = " ".join(f"{name}:[{' '.join(keys)}]" for name, keys in sorted(lacking.items()))
    return f"missing keys for these results which are required in TaskResult's properties map[{listed}]"


def known(results: Mapping[str, Mapping[str, Value]], prefix: str = "tasks") -> Replacements:
    """Return the replacements for the results of all finished tasks."""
    out = Replacements()
    for task, values in results.items():
        out = out.updated(replacements(values, f"{prefix}.{task}.results"))
    return out


def artifacts(of_tasks: Mapping[str, Mapping[str, Any]]) -> Replacements:
    """Return the replacements for the artifacts of finished tasks: JSON of their values; the first has no name, too."""
    found: dict[str, str] = {}
    for task, given in of_tasks.items():
        for group in ("inputs", "outputs"):
            for index, entry in enumerate((given or {}).get(group) or []):
                text = gojson.dumps(entry.get("values"))
                found[f"tasks.{task}.{group}.{entry['name']}"] = text
                if index == 0:
                    found[f"tasks.{task}.{group}"] = text
    return Replacements(found)


def missing(value: Any, results: Mapping[str, Mapping[str, Value]]) -> list[Missing]:
    """Return the references in `value` that cannot be resolved."""
    return [
        Missing(task, name)
        for text in texts(value)
        for _group, task, plain, quoted in REFERENCE.findall(text)
        if (name := plain or quoted) not in results.get(task, {})
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of a Pipeline, and the names of those that could not be had (a name for each bad reference)."""

    values: dict[str, Value]
    invalid: tuple[str, ...] = ()

    @property
    def problem(self) -> str:
        """Upstream's message, or nothing."""
        if not self.invalid:
            return ""
        return f"invalid pipelineresults [{' '.join(self.invalid)}], the referenced results don't exist"


def of_pipeline(
    declared: Sequence[Mapping[str, Any]],
    tasks: Mapping[str, Mapping[str, Value]],
    runs: Mapping[str, Mapping[str, str]] | None = None,
    status: Mapping[str, str] | None = None,
) -> Outcome:
    """Return what a Pipeline gives out.

    `tasks` and `runs` (of custom tasks) hold results by pipeline task, `status` the values of $(tasks.T.status). A result
    of a task that did not succeed is left out without complaint. Source: ApplyTaskResultsToPipelineResults.
    """
    values: dict[str, Value] = {}
    invalid: list[str] = []
    for entry in declared:
        found = [_reference(v, tasks, runs or {}, status or {}) for v in references.expressions(entry["value"])]
        invalid += [entry["name"] for one in found if one is _BAD]
        good = [one for one in found if isinstance(one, Replacements)]
        if not found or len(good) < len(found):
            continue
        given = Replacements()
        for one in good:
            given = given.updated(one)
        values[entry["name"]] = substitution.whole(entry["value"], given)
    return Outcome(values, tuple(invalid))


_BAD, _LEFT_OUT = "bad", "left out"


def _reference(
    variable: str,
    tasks: Mapping[str, Mapping[str, Value]],
    runs: Mapping[str, Mapping[str, str]],
    status: Mapping[str, str],
) -> Replacements | str:
    """What one reference of a pipeline result becomes, or why not."""
    parts = variable.split(".")
    if not references.looks_like_task_result(variable) or len(parts) > 5:
        return _BAD
    task = parts[1]
    name, index = references.result_name(parts[3])
    value = tasks.get(task, {}).get(name)
    if value is None and len(parts) == 4 and name in runs.get(task, {}):
        return Replacements({variable: runs[task][name]})
    if value is None:
        return _LEFT_OUT if status.get(f"tasks.{task}.status", "Succeeded") != "Succeeded" else _BAD
    if len(parts) == 5:
        key = parts[4]
        return Replacements({variable: value[key]}) if isinstance(value, dict) and key in value else _BAD
    return _part(variable, value, index)


def _part(variable: str, value: Value, index: str) -> Replacements | str:
    if isinstance(value, dict):
        return Replacements(objects={references.strip_star(variable): value})
    if isinstance(value, str):
        return Replacements({variable: value})
    if index == "*":
        return Replacements(arrays={references.strip_star(variable): value})
    position = int(index) if index.isdecimal() else 0
    return Replacements({variable: value[position]}) if position < len(value) else _BAD
