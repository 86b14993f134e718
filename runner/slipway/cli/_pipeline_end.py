# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follows a run of a pipeline or task, and says how it ended: verdict, tree, the files that were asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slipway.cli import _print
from slipway.cli._follow import look
from slipway.events import view
from slipway.pipelines import runs, tree
from slipway.pipelines.view import StepLines
from slipway.runs import api
from slipway.runs.model import Run

if TYPE_CHECKING:
    from slipway.pipelines.prepare import Prepared
    from slipway.pipelines.runs import Listed
    from slipway.pipelines.start import How


def follow(
    run_id: str,
    name: str,
    output: str,
    *,
    logs: bool = True,
    files: Mapping[str, str] | None = None,
) -> int:
    """Follow a run that this command started, to its end; Ctrl-C cancels it. Returns the exit code."""
    shown: view.View = view.JsonLines(sys.stdout) if output == "jsonl" else view.Silent()
    if output in ("text", "yaml"):
        shown = StepLines(sys.stdout, logs=logs)
    run = look(api.get(run_id), shown, owned=True)
    one = ended(run, name)
    _say(one, run, output)
    write(one, files or {})
    return run.exit_code or 0


def debug(prepared: Prepared, how: How, *, logs: bool, files: Mapping[str, str]) -> int:
    """Run in this process with a shell in each step that fails, and return the exit code."""
    from slipway.exits import Exit, for_reason
    from slipway.pipelines import debug as work

    def failed(step: Any) -> None:
        click.echo(
            f"step {step.step} of {step.task_run} failed with exit code {step.exit_code}; leave the shell to go on"
        )
        step.shell()

    click.echo(f"{prepared.kind} started: {prepared.name}")
    report = work.run(prepared, how, StepLines(sys.stdout, logs=logs).show, failed)
    one = runs.find(prepared.kind, prepared.name)
    assert one.kept is not None
    click.echo(f"\n{tree.verdict(one.kept)}")
    for line in tree.lines(one.kept):
        click.echo(line)
    write(one, files)
    return int(Exit.DONE if report.succeeded else for_reason(report.status))


def ended(run: Run, name: str) -> Listed:
    """Return the run as it is kept; when the engine never began, as the journal knows it."""
    kind = run.event_id.partition("/")[0]
    found = [one for one in runs.listed(kind) if one.name == name]
    return (
        found[0] if found else runs.Listed(name, kind, run.status.value, run.created, run.seconds, run.why, None, run)
    )


def _say(one: Listed, run: Run, output: str) -> None:
    if output == "json":
        _print.document({**one.as_dict(), "exit_code": run.exit_code})
    elif output == "jsonl":
        _print.lines([{"verdict": {**one.as_dict(), "exit_code": run.exit_code}}])
    elif output != "name":
        tell(one, run)


def tell(one: Listed, run: Run) -> None:
    """Print verdict and tree for people."""
    if one.kept is None or not one.kept.report:
        click.echo(f"\n{one.kind} {one.name}  {_print.verdict(run)}")
    else:
        click.echo(f"\n{tree.verdict(one.kept)}")
    told = runs.told(one)
    for line in tree.lines(told) if told else ():
        click.echo(line)
    if run.exit_code and told and told.report["task_runs"]:
        click.echo(f"logs: slipway {short(one.kind)} logs {one.name}", err=True)


def write(one: Listed, files: Mapping[str, str]) -> None:
    """Write the JUnit and SVG files that were asked for."""
    makers: dict[str, Any] = {"junit": runs.junit, "svg": runs.svg}
    for name, path in files.items():
        if one.kept is None or not one.kept.report:
            click.echo(f"--{name}: the run left no report, {path} is not written", err=True)
            continue
        try:
            Path(path).expanduser().write_text(makers[name](one.kept), encoding="utf-8")
        except OSError as error:
            raise click.FileError(path, error.strerror or str(error)) from error


def short(kind: str) -> str:
    """Return the short name of the command for runs of a kind."""
    return "pr" if kind == "PipelineRun" else "tr"
