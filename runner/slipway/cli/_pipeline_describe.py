# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describes definitions and runs for people: facts, params, workspaces, results, tasks with what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from slipway.cli import _print
from slipway.pipelines import params, runs, tree

if TYPE_CHECKING:
    from slipway.pipelines.runs import Listed

_SOURCES: dict[str, Callable[[Any], str]] = {
    "emptyDir": lambda value: "emptyDir",
    "persistentVolumeClaim": lambda value: f"claim {value.get('claimName')}",
    "secret": lambda value: f"secret {value.get('secretName')}",
    "configMap": lambda value: f"config {value.get('name')}",
    "volumeClaimTemplate": lambda value: "volumeClaimTemplate",
    "csi": lambda value: f"csi {value.get('driver')}",
    "projected": lambda value: "projected",
}


def run(one: Listed, output: str) -> None:
    """Print one run."""
    if output == "name":
        click.echo(one.name)
    elif output == "json":
        _print.document(one.as_dict())
    elif output == "yaml":
        from slipway.core import yaml

        click.echo(yaml.dump(one.as_dict()), nl=False)
    else:
        _run(one)


def _run(one: Listed) -> None:
    from slipway.cli._pipeline_runs import state
    from slipway.events.view import age

    spec = (one.kept.run.get("spec") or {}) if one.kept else {}
    account = (spec.get("taskRunTemplate") or spec).get("serviceAccountName", "")
    _print.facts(
        [
            ("name", one.name),
            ("of", one.target),
            ("status", state(one)),
            ("message", one.message),
            ("started", _print.moment(one.started)),
            ("duration", "" if one.seconds is None else age(one.seconds)),
            ("service account", account),
            ("run", one.run.id if one.run else ""),
            ("files", one.kept.folder if one.kept else ""),
        ]
    )
    report = one.kept.report if one.kept else {}
    _table("params", ("NAME", "VALUE"), [(e["name"], params.spelled(e["value"])) for e in spec.get("params") or []])
    bound = [(e["name"], e.get("subPath") or "---", _source(one, e)) for e in spec.get("workspaces") or []]
    _table("workspaces", ("NAME", "SUBPATH", "BINDING"), bound)
    found = [(name, params.spelled(value)) for name, value in (report.get("results") or {}).items()]
    _table("results", ("NAME", "VALUE"), found)
    told = runs.told(one)
    if told:
        click.echo(f"\n{'tasks' if one.kind == 'PipelineRun' else 'steps'}")
        for line in tree.lines(told):
            click.echo(f"  {line}")


def _source(one: Listed, entry: Mapping[str, Any]) -> str:
    import json

    from slipway.pipelines.prepare import CLAIMS

    assert one.kept is not None
    kind = next((name for name in _SOURCES if name in entry), "")
    text = (one.kept.run["metadata"].get("annotations") or {}).get(CLAIMS) or "{}"
    claim = (entry.get("persistentVolumeClaim") or {}).get("claimName")
    place = json.loads(text).get(claim)
    return place or (_SOURCES[kind](entry[kind] or {}) if kind else "")


def definition(name: str, kind: str, spec: Mapping[str, Any], place: str, found: Sequence[Listed]) -> None:
    """Print a Pipeline or Task for people, with its last runs."""
    from slipway.cli._pipeline_runs import show_list

    _print.facts([("name", name), ("description", _one_line(spec.get("description"))), ("file", place)])
    _table("params", ("NAME", "TYPE", "DEFAULT", "DESCRIPTION"), [_param(entry) for entry in spec.get("params") or []])
    wanted = [
        (entry["name"], "optional" if entry.get("optional") else "required", _one_line(entry.get("description")))
        for entry in spec.get("workspaces") or []
    ]
    _table("workspaces", ("NAME", "", "DESCRIPTION"), wanted)
    results = [(entry["name"], _one_line(entry.get("description"))) for entry in spec.get("results") or []]
    _table("results", ("NAME", "DESCRIPTION"), results)
    if kind == "Pipeline":
        _table("tasks", ("NAME", "RUNS", "AFTER"), [_task(task) for task in spec.get("tasks") or []])
        _table("finally", ("NAME", "RUNS", "AFTER"), [_task(task) for task in spec.get("finally") or []])
    else:
        steps = [(step.get("name") or "", step.get("image") or "") for step in spec.get("steps") or []]
        _table("steps", ("NAME", "IMAGE"), steps)
    if found:
        click.echo("\nlast runs")
        show_list(list(found), "text")


def _param(entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    default = entry.get("default")
    shown = click.style("(required)", fg="yellow") if default is None else params.spelled(default)
    return entry["name"], params.kind(entry), shown, _one_line(entry.get("description"))


def _task(task: Mapping[str, Any]) -> tuple[str, str, str]:
    reference = task.get("taskRef") or task.get("pipelineRef") or {}
    target = reference.get("name") or reference.get("resolver") or "(inline)"
    return task["name"], str(target), ", ".join(task.get("runAfter") or [])


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        click.echo(f"\n{title}")
        _print.table(head, [[str(cell) for cell in row] for row in rows])


def _one_line(text: Any) -> str:
    return " ".join(str(text or "").split())
