# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The root command: knows the names and short helps of all commands, and imports one when it is called."""

from __future__ import annotations

import importlib
from typing import Any

import click

from slipway import __version__
from slipway.exits import epilog

# name: (module, short help). The help stands here so that `slipway --help` imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("slipway.cli.demo", "Take a sample application from a commit to production on this machine."),
    "deliver": ("slipway.cli.deliver", "Deliver a commit: pipeline, config commit, sync, rollout."),
    "run": ("slipway.cli.run", "Run a playbook as a recorded, cancellable run."),
    "list": ("slipway.cli.list_", "List runs, newest first."),
    "show": ("slipway.cli.show", "Show one run: phases, result, why, where the logs are."),
    "watch": ("slipway.cli.watch", "Follow a run live, or replay one that has ended."),
    "logs": ("slipway.cli.logs", "Print the log of a run."),
    "cancel": ("slipway.cli.cancel", "Stop a run, tidily."),
    "pipeline": ("slipway.cli.pipeline", "Start, list, explain and look at Tekton Pipelines."),
    "task": ("slipway.cli.task", "Start, list and look at Tekton Tasks."),
    "pipelinerun": ("slipway.cli.pipelinerun", "Runs of pipelines: list, describe, logs, cancel, delete."),
    "taskrun": ("slipway.cli.taskrun", "Runs of tasks: list, describe, logs, cancel, delete."),
    "lint": ("slipway.cli.lint", "Look through Tekton objects: script injection, loose images, what is unused."),
    "cluster": ("slipway.cli.cluster", "Start, stop and inspect the embedded Kubernetes cluster."),
    "serve": ("slipway.cli.serve", "Receive webhooks and start a run for each that fires."),
    "events": ("slipway.cli.events", "List, show or replay the events that `serve` received."),
    "doctor": ("slipway.cli.doctor", "Check this machine: what is there, what lacks, how to mend it."),
}

# The short names that users of tkn have in their fingers.
ALIASES = {
    **dict.fromkeys(("p", "pipelines"), "pipeline"),
    **dict.fromkeys(("t", "tasks"), "task"),
    **dict.fromkeys(("pr", "pipelineruns"), "pipelinerun"),
    **dict.fromkeys(("tr", "taskruns"), "taskrun"),
}

_INTRO = """Take a commit to production the GitOps way.

\b
Start here:   slipway doctor      what this machine can do
              slipway demo        the whole way, on this machine
              slipway run x.yml   your own playbook, recorded
"""


class Lazy(click.Group):
    """A group that imports a command's file when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        cmd_name = ALIASES.get(cmd_name, cmd_name)
        if cmd_name not in COMMANDS:
            return None
        try:
            module = importlib.import_module(COMMANDS[cmd_name][0])
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("slipway."):
                raise
            raise click.UsageError(
                f"'{cmd_name}' is not part of this installation ({error.name} is missing)"
            ) from error
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Exit codes"):
            formatter.write(epilog() + "\n")

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in {*COMMANDS, *ALIASES}:
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, 1)
            ctx.fail(f"no such command '{name}'" + (f" (did you mean {near[0]}?)" if near else ""))
        return super().resolve_command(ctx, args)


@click.group(
    cls=Lazy,
    help=_INTRO,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="COMMAND ...",
    no_args_is_help=False,
    invoke_without_command=True,
)
@click.version_option(__version__, "-V", "--version", message="slipway %(version)s")
@click.pass_context
def root(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
