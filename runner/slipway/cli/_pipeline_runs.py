# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of pipelines and tasks: list, describe, logs, cancel, delete. The same verbs for both, as tkn has them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from slipway.cli._options import output_option

if TYPE_CHECKING:
    from slipway.pipelines.runs import Listed

ALIASES = {"ls": "list", "desc": "describe", "rm": "delete"}


class Verbs(click.Group):
    """A group that also knows tkn's short verbs."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, ALIASES.get(cmd_name, cmd_name))


log_options = (
    click.option("-t", "--task", "tasks", multiple=True, metavar="TASK", help="Only this task; may be repeated."),
    click.option("-s", "--step", "steps", multiple=True, metavar="STEP", help="Only this step; may be repeated."),
    click.option("-a", "--all", "everything", is_flag=True, help="Also how each task ended, and earlier attempts."),
    click.option("-f", "--follow", "following", is_flag=True, help="Go on until the run ends."),
    click.option("--prefix/--no-prefix", default=True, help="[task : step] before each line."),
)


def group(kind: str) -> click.Group:
    """Return the commands for runs of one kind."""
    what = "pipelines" if kind == "PipelineRun" else "tasks"
    made = Verbs(kind.lower(), help=f"Runs of {what} on this machine. RUN is a name, its start or end, or `last`.")
    for add in (_list, _describe, _logs, _cancel, _delete):
        made.add_command(add(kind))
    return made


def _list(kind: str) -> click.Command:
    @click.command("list", help="List runs, newest first.")
    @click.argument("target", default="")
    @click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many at most.")
    @output_option
    def command(target: str, limit: int, output: str) -> int:
        from slipway.pipelines import runs

        return show_list(runs.listed(kind, target)[:limit], output)

    return command


def show_list(found: list[Listed], output: str) -> int:
    """Print runs as a table or as JSON."""
    from slipway.cli import _print
    from slipway.events.view import age, clean

    if output == "json":
        _print.document([one.as_dict() for one in found])
    elif output == "jsonl":
        _print.lines(one.as_dict() for one in found)
    elif not found:
        click.echo("no runs", err=True)
    else:
        rows = [
            (one.name, one.target, state(one), _print.moment(one.started),
             "" if one.seconds is None else age(one.seconds), "" if _good(one) else clean(one.message)[:80])
            for one in found
        ]  # fmt: skip
        _print.table(("NAME", "OF", "STATUS", "STARTED", "DURATION", "WHY"), rows)
    return 0


def state(one: Listed) -> str:
    """Return the status in its colour."""
    return click.style(one.status, fg="green" if _good(one) else "cyan" if one.active else "red")


def _good(one: Listed) -> bool:
    return one.status in ("Succeeded", "Completed")


def _describe(kind: str) -> click.Command:
    @click.command("describe", help="Show RUN: what was run, what came of it, task by task.")
    @click.argument("run", default="last")
    @click.option("-L", "--last", is_flag=True, help="The last run, which is meant without RUN anyway.")
    @click.option("--junit", default="", metavar="FILE", help="Write the run as JUnit XML.")
    @click.option("--svg", default="", metavar="FILE", help="Write the DAG with states and times as SVG.")
    @click.option("-o", "--output", type=click.Choice(["text", "json", "yaml", "name"]), default="text")
    def command(run: str, last: bool, junit: str, svg: str, output: str) -> int:
        from slipway.cli import _pipeline_describe, _pipeline_end
        from slipway.pipelines import runs

        one = runs.find(kind, "last" if last else run)
        _pipeline_describe.run(one, output)
        _pipeline_end.write(one, {name: path for name, path in (("junit", junit), ("svg", svg)) if path})
        return 0

    return command


def _logs(kind: str) -> click.Command:
    @click.command("logs", help="Print what the steps of RUN printed.")
    @click.argument("run", default="last")
    @click.option("-L", "--last", is_flag=True, help="The last run, which is meant without RUN anyway.")
    @add_log_options
    def command(run: str, last: bool, **options: object) -> int:
        from slipway.pipelines import runs

        return show_logs(runs.find(kind, "last" if last else run), **options)  # type: ignore[arg-type]

    return command


def add_log_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add the flags of `logs`."""
    for option in reversed(log_options):
        command = option(command)
    return command


def show_logs(
    one: Listed, *, tasks: tuple[str, ...], steps: tuple[str, ...], everything: bool, following: bool, prefix: bool
) -> int:
    """Print the logs of a run: from its records while it goes on, from the files of its steps afterwards."""
    from slipway.pipelines.view import StepLines

    shown = StepLines(sys.stdout, tasks=tasks, steps=steps, status=everything, prefix=prefix)
    if one.kept is not None and (one.kept.report or one.run is None) and not following:
        return _from_files(one, shown, tasks, steps, everything)
    from slipway.cli._follow import look
    from slipway.core import Invalid
    from slipway.events import log
    from slipway.runs import api

    if one.run is None:
        raise Invalid("-f", f"cannot follow {one.name}: no run of slipway executes it", hint="without -f it is printed")
    if following:
        return look(one.run, shown).exit_code or 0
    for event in log.read(api.events_path(one.run)):
        shown.show(event)
    return 0


def _from_files(one: Listed, shown: object, tasks: tuple[str, ...], steps: tuple[str, ...], everything: bool) -> int:
    from slipway.pipelines import runs, tree
    from slipway.pipelines.view import StepLines, instance

    assert one.kept is not None and isinstance(shown, StepLines)
    found = runs.texts(one.kept, tasks, steps)
    if one.kind == "TaskRun":
        shown.alone()
    last = {(text.run, text.step): text.attempt for text in found}
    for text in found:
        if not everything and text.attempt < last[text.run, text.step]:
            continue
        attempt = f" #{text.attempt + 1}" if everything and last[text.run, text.step] else ""
        for line in text.lines:
            shown.log_line(instance(text.task, text.run), text.step + attempt, line)
    if everything and one.kept.report:
        click.echo("\n".join(["", tree.verdict(one.kept), *tree.lines(one.kept)]))
    elif not found:
        click.echo("no logs", err=True)
    return 0


def _cancel(kind: str) -> click.Command:
    @click.command("cancel", help="Stop RUN: running steps are ended, finally tasks do not run.")
    @click.argument("run", default="last")
    @add_cancel_options(kind)
    def command(run: str, **given: Any) -> int:
        from slipway.pipelines import runs

        return stop(runs.find(kind, run), **given)

    return command


def add_cancel_options(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds the flags of `cancel`; only runs of pipelines have finally tasks."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        command = click.option("--no-wait", is_flag=True, help="Only ask, do not wait for the end.")(command)
        command = click.option("--force", is_flag=True, help="Without grace.")(command)
        if kind == "PipelineRun":
            text = "Let finally tasks run; StoppedRunFinally: running tasks end by themselves before."
            words = click.Choice(["CancelledRunFinally", "StoppedRunFinally"])
            command = click.option("--grace", type=words, help=text)(command)
        return command

    return add


def stop(one: Listed, *, force: bool, no_wait: bool, grace: str | None = None) -> int:
    """Cancel a run and wait for its end. Exits 0 once it has ended; 15 when it had ended before."""
    from slipway.cli import _print
    from slipway.pipelines import runs
    from slipway.runs import api

    run = runs.cancel(one, force=force, grace=grace or "")
    if run is None:
        click.echo(f"{one.kind} {one.name} is asked to stop; a playbook executes it")
        return 0
    if not no_wait:
        run = api.wait(run.id, None if grace else 60.0)
    click.echo(f"{one.kind} {one.name}  {_print.verdict(run)}")
    return 0


def _delete(kind: str) -> click.Command:
    @click.command("delete", help="Remove runs with their logs: those that are named, or --all, or all but --keep N.")
    @click.argument("names", nargs=-1, metavar="[RUN]...")
    @click.option("--all", "everything", is_flag=True, help="All that have ended.")
    @click.option("--keep", type=click.IntRange(0), help="All that have ended but the newest N.")
    @click.option("-f", "--force", is_flag=True, help="Do not ask before --all and --keep.")
    def command(names: tuple[str, ...], everything: bool, keep: int | None, force: bool) -> int:
        from slipway.pipelines import runs

        if not names and not everything and keep is None:
            raise click.UsageError("name a RUN, or give --all or --keep N")
        if names:
            return remove([runs.find(kind, name) for name in names])
        ended = [one for one in runs.listed(kind) if not one.active][keep or 0 :]
        return remove(ended, ask=not force)

    return command


def remove(found: list[Listed], *, ask: bool = False) -> int:
    """Delete runs. On a terminal it asks first when `ask`; elsewhere it wants --force then."""
    from slipway.pipelines import runs
    from slipway.pipelines.start import interactive

    if ask and found:
        if not interactive():
            raise click.UsageError(f"this deletes {len(found)} runs: give --force")
        click.confirm(f"Delete {len(found)} runs?", abort=True, err=True)
    for one in found:
        runs.delete(one)
        click.echo(f"{one.kind} deleted: {one.name}")
    if not found:
        click.echo("no runs", err=True)
    return 0
