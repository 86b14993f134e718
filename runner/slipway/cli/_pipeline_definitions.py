# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipelines and Tasks as they are defined in files: start, list, describe, explain; and the verbs for their last run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from slipway.cli import _pipeline_runs
from slipway.cli._options import output_option
from slipway.cli._pipeline_runs import Verbs, add_cancel_options, add_log_options
from slipway.cli._pipeline_start import files_option, options, resolvers_option, start
from slipway.cli._pipeline_start import resolvers as read_resolvers

if TYPE_CHECKING:
    from slipway.pipelines.runs import Listed


def group(kind: str) -> click.Group:
    """Return the commands for Pipelines or Tasks."""
    made = Verbs(
        kind.lower(), help=f"{kind}s of this machine: in -f FILE, else in .tekton/, else in the current directory."
    )
    for add in (_start, _list, _describe, _logs, _cancel, _delete):
        made.add_command(add(kind))
    if kind == "Pipeline":
        made.add_command(explain)
    return made


def _start(kind: str) -> click.Command:
    @click.command("start", help=f"Start a run of {kind} NAME and follow it. Ctrl-C cancels it.")
    @click.argument("name", default="")
    @options(kind)
    def command(name: str, **given: Any) -> int:
        return start(kind, name, given)

    return command


def _list(kind: str) -> click.Command:
    @click.command("list", help=f"List the {kind}s that are defined, with params (* is required) and workspaces.")
    @files_option
    @output_option
    def command(files: tuple[str, ...], output: str) -> int:
        from slipway.pipelines import runs, sources
        from slipway.pipelines.prepare import RUN_OF

        found = sources.load(files)
        last = {one.target: one for one in reversed(runs.listed(RUN_OF[kind]))}
        told = [_told(name, found.pick(kind, name)) for name in found.bundle.names(kind)]
        return _show_list(kind, told, last, output, found.where)

    return command


def _told(name: str, document: Any) -> dict[str, Any]:
    spec = document.data["spec"]
    lists = ("params", "workspaces", "tasks", "steps", "results")
    found = {key: [dict(entry) for entry in spec[key]] for key in lists if spec.get(key)}
    return {"name": name, "description": spec.get("description") or "", "file": document.file, **found}


def _show_list(kind: str, told: list[dict[str, Any]], last: Mapping[str, Listed], output: str, where: str) -> int:
    from slipway.cli import _print

    if output == "json":
        _print.document(told)
    elif output == "jsonl":
        _print.lines(told)
    elif not told:
        click.echo(f"no {kind} in {where}", err=True)
    else:
        rows = [
            (one["name"], " ".join(_param(entry) for entry in one.get("params", ())),
             " ".join(_workspace(entry) for entry in one.get("workspaces", ())),
             *_last(last.get(one["name"])), _short(one["file"]))
            for one in told
        ]  # fmt: skip
        _print.table(("NAME", "PARAMS", "WORKSPACES", "LAST RUN", "STATUS", "FILE"), rows)
    return 0


def _param(entry: Mapping[str, Any]) -> str:
    return str(entry["name"]) + ("*" if entry.get("default") is None else "")


def _workspace(entry: Mapping[str, Any]) -> str:
    return str(entry["name"]) + ("" if entry.get("optional") else "*")


def _last(one: Listed | None) -> tuple[str, str]:
    from slipway.cli import _print

    return ("---", "") if one is None else (_print.moment(one.started), _pipeline_runs.state(one))


def _short(path: str) -> str:
    import os

    return os.path.relpath(path) if path.startswith(os.getcwd() + os.sep) else path


def _describe(kind: str) -> click.Command:
    @click.command("describe", help=f"Show {kind} NAME: params, workspaces, results, tasks, last runs.")
    @click.argument("name", default="")
    @files_option
    @click.option("-o", "--output", type=click.Choice(["text", "json", "yaml", "name"]), default="text")
    def command(name: str, files: tuple[str, ...], output: str) -> int:
        from slipway.cli import _pipeline_describe, _print
        from slipway.core import yaml
        from slipway.pipelines import runs, sources
        from slipway.pipelines.prepare import RUN_OF

        document = sources.load(files).pick(kind, name)
        found = str(document.data["metadata"]["name"])
        if output == "text":
            place = f"{_short(document.file)}:{document.line}"
            last = runs.listed(RUN_OF[kind], found)[:5]
            _pipeline_describe.definition(found, kind, document.data["spec"], place, last)
        elif output == "json":
            _print.document(document.data)
        else:
            click.echo(found if output == "name" else yaml.dump(document.data).rstrip("\n"))
        return 0

    return command


def _logs(kind: str) -> click.Command:
    @click.command("logs", help=f"Print the logs of the last run of {kind} NAME, or of RUN.")
    @click.argument("name", default="")
    @click.argument("run", default="last")
    @click.option("-L", "--last", is_flag=True, help="The last run, which is meant without RUN anyway.")
    @add_log_options
    def command(name: str, run: str, last: bool, **given: Any) -> int:
        return _pipeline_runs.show_logs(_one(kind, name, "last" if last else run), **given)

    return command


def _cancel(kind: str) -> click.Command:
    @click.command("cancel", help=f"Stop the last run of {kind} NAME.")
    @click.argument("name", default="")
    @add_cancel_options(f"{kind}Run")
    def command(name: str, **given: Any) -> int:
        return _pipeline_runs.stop(_one(kind, name, "last"), **given)

    return command


def _delete(kind: str) -> click.Command:
    flag = "--prs" if kind == "Pipeline" else "--trs"

    @click.command("delete", help=f"Remove the last run of {kind} NAME, or all its runs. The file stays as it is.")
    @click.argument("name")
    @click.option(flag, "everything", is_flag=True, help="All its runs that have ended.")
    @click.option("-f", "--force", is_flag=True, help=f"Do not ask before {flag}.")
    def command(name: str, everything: bool, force: bool) -> int:
        from slipway.pipelines import runs
        from slipway.pipelines.prepare import RUN_OF

        if not everything:
            return _pipeline_runs.remove([_one(kind, name, "last")])
        return _pipeline_runs.remove([one for one in runs.listed(RUN_OF[kind], name) if not one.active], ask=not force)

    return command


def _one(kind: str, name: str, run: str) -> Listed:
    from slipway.pipelines import runs
    from slipway.pipelines.prepare import RUN_OF

    return runs.find(RUN_OF[kind], run, name)


@click.command("explain")
@click.argument("name", default="")
@files_option
@resolvers_option
@click.option("--svg", default="", metavar="FILE", help="Write the plan as SVG.")
@output_option
def explain(name: str, files: tuple[str, ...], resolvers: str, svg: str, output: str) -> int:
    """Show the order of tasks and why each one waits, before anything runs."""
    from slipway.cli import _pipeline_explain

    return _pipeline_explain.show(name, files, read_resolvers(resolvers), svg, output)
