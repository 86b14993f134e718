# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway pipeline start` and `slipway task start`: tkn's flags, and some of ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from slipway.pipelines.prepare import Prepared
    from slipway.pipelines.start import How

files_option = click.option(
    "-f", "--filename", "files", multiple=True, metavar="FILE|DIR|URL",
    help="Where Tasks and Pipelines are defined; .tekton/ or the current directory when not given.",
)  # fmt: skip

resolvers_option = click.option(
    "--resolvers", "resolvers", default="", metavar="FILE", help="What resolvers may do: the option of pipeline_run."
)

_BOTH = (
    files_option,
    click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help='Array: a,b. Object: {"k":"v"}.'),
    click.option(
        "-w", "--workspace", "workspaces", multiple=True, metavar="name=W,...",
        help="emptyDir=, hostPath=DIR, volumeClaimTemplate=1Gi, volumeClaimTemplateFile=, claimName=, secret=, config=, csiFile=; "
        "and subPath=, item=.",
    ),
    click.option("--claim", "claims", multiple=True, metavar="NAME=DIR", help="The directory of a claim."),
    click.option("--use-param-defaults", is_flag=True, help="As for tkn; defaults are used without asking anyway."),
    click.option("--skip-optional-workspace", is_flag=True, help="As for tkn; optional workspaces are not asked for."),
    click.option("--showlog", is_flag=True, help="Show what steps print."),
    click.option("-L", "--last", is_flag=True, help="With the values of the last run."),
    click.option("--debug", is_flag=True, help="A shell in the sandbox of each step that fails; runs in this terminal."),
    click.option("--dry-run", is_flag=True, help="Print the run instead of starting it."),
    click.option(
        "-o", "--output", type=click.Choice(["text", "yaml", "json", "jsonl", "name"]), default="text",
        help="yaml, json, name: the form of --dry-run. json, jsonl: the report, the records. name: only the run's name.",
    ),
    click.option("-s", "--serviceaccount", default="", metavar="NAME"),
    click.option("--prefix-name", default="", metavar="TEXT", help="How the run's name begins."),
    click.option("-l", "--labels", multiple=True, metavar="KEY=VALUE"),
    click.option("--pod-template", default="", metavar="FILE"),
    click.option("--executor", default="", metavar="NAME", help="process (when not given), podman, pods or controller."),
    click.option("--image-map", default="", metavar="FILE", help="What images mean here: list of {image, toolset, entrypoint}."),
    click.option("--insecure-registry", "insecure", multiple=True, metavar="HOST", help="May do without TLS; for podman."),
    click.option("--allow-privileged", "privileged", is_flag=True, help="Privileged steps may run; for podman."),
    click.option("--step-env", multiple=True, metavar="NAME[=VALUE]", help="A variable for every step; without a value your own."),
    resolvers_option,
    click.option("--custom-tasks", default="", metavar="FILE", help="Programs for custom tasks: the option of pipeline_run."),
    click.option("-n", "--namespace", default="", metavar="NAME", help="The namespace that the run reports or runs in."),
    click.option("-k", "--kubeconfig", default="", metavar="FILE", help="The cluster of executors pods and controller."),
    click.option("-c", "--context", default="", metavar="NAME", help="Its context."),
    click.option("--record", is_flag=True, help="Also write the run's objects with their status into the cluster."),
    click.option("--concurrency-group", "group", default="", metavar="NAME", help="Runs of one group wait for each other."),
    click.option("--concurrency-limit", "limit", type=click.IntRange(1), help="How many of the group at once; 1 when not given."),
    click.option(
        "--concurrency-policy", "policy", type=click.Choice(["queue", "cancel", "supersede"]),
        help="When the group is full: wait, give up, or stop the older runs. queue when not given.",
    ),
    click.option("--junit", default="", metavar="FILE", help="Write the run as JUnit XML."),
    click.option("--svg", default="", metavar="FILE", help="Write the DAG with states and times as SVG."),
    click.option("-d", "--detach", is_flag=True, help="Print the run's name and leave it running."),
    click.option("-v", "--verbose", "verbosity", count=True, help="More of Ansible's own output in its log."),
)  # fmt: skip
_PIPELINE = (
    click.option("--use-pipelinerun", "use_run", default="", metavar="RUN", help="With the values of this run."),
    click.option("--task-serviceaccount", "task_accounts", multiple=True, metavar="TASK=NAME"),
    click.option("--pipeline-timeout", "--timeout", default="", metavar="1h30m"),
    click.option("--tasks-timeout", default="", metavar="1h"),
    click.option("--finally-timeout", default="", metavar="10m"),
    click.option("--parallelism", type=click.IntRange(1), help="How many TaskRuns at once."),
    click.option("--only", default="", metavar="TASK", help="Only this task, on the results of the last run."),
    click.option("--from", "from_", default="", metavar="TASK", help="This task and what waits for it, on those results."),
)  # fmt: skip
_TASK = (
    click.option("--use-taskrun", "use_run", default="", metavar="RUN", help="With the values of this run."),
    click.option("--timeout", default="", metavar="1h30m"),
)


def options(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds the flags of `start`."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((*_BOTH, *(_PIPELINE if kind == "Pipeline" else _TASK))):
            command = option(command)
        return command

    return add


def start(kind: str, name: str, given: Mapping[str, Any]) -> int:
    """Prepare a run, start it, follow it, and return its exit code. `given` are the flags."""
    from slipway.pipelines import prepare
    from slipway.pipelines.start import interactive
    from slipway.pipelines.start import start as begin

    prepared = prepare.prepare(_wish(kind, name, given), _ask if interactive() else None)
    if given["dry_run"]:
        return _show(prepared, given["output"])
    if given["debug"]:
        return _debug(prepared, given)
    handle = begin(prepared, _how(given))
    output = given["output"]
    _notes(prepared)
    if output == "name" or (output == "text" and given["detach"]):
        click.echo(prepared.name)
    elif output == "text":
        click.echo(f"{prepared.kind} started: {prepared.name}")
    if given["detach"]:
        return 0
    from slipway.cli._pipeline_end import follow

    return follow(handle.id, prepared.name, output, logs=given["showlog"], files=_files(given))


def _debug(prepared: Prepared, given: Mapping[str, Any]) -> int:
    from slipway.cli import _pipeline_end
    from slipway.pipelines.start import interactive

    if given["executor"] not in ("", "process", "podman"):
        raise click.UsageError(
            f"--debug opens a shell in a step of this machine: not with --executor {given['executor']}"
        )
    if given["detach"] or not interactive():
        raise click.UsageError("--debug needs a terminal")
    _notes(prepared)
    return _pipeline_end.debug(prepared, _how(given), logs=given["showlog"], files=_files(given))


def _wish(kind: str, name: str, given: Mapping[str, Any]) -> Any:
    from slipway.pipelines.prepare import Wish

    return Wish(
        kind=kind,
        name=name,
        files=given["files"],
        params=given["params"],
        workspaces=given["workspaces"],
        claims={
            key: str(Path(path).expanduser().absolute()) for key, path in pairs("--claim", given["claims"]).items()
        },
        last=given["last"],
        use_run=given["use_run"],
        service_account=given["serviceaccount"],
        task_service_accounts=pairs("--task-serviceaccount", _split(given.get("task_accounts") or ())),
        prefix_name=given["prefix_name"],
        labels=pairs("-l", _split(given["labels"])),
        timeouts=_timeouts(kind, given),
        pod_template=_yaml(given["pod_template"], dict, "--pod-template") if given["pod_template"] else {},
        executor=given["executor"],
        resolvers=resolvers(given["resolvers"]),
        only=given.get("only") or "",
        from_=given.get("from_") or "",
    )


def _how(given: Mapping[str, Any]) -> How:
    from slipway.pipelines.start import How

    return How(
        executor=given["executor"],
        image_map=_yaml(given["image_map"], list, "--image-map") if given["image_map"] else [],
        insecure_registries=list(given["insecure"]),
        allow_privileged=given["privileged"],
        step_env=_environment(given["step_env"]),
        resolvers=resolvers(given["resolvers"]),
        custom_tasks=_yaml(given["custom_tasks"], list, "--custom-tasks") if given["custom_tasks"] else [],
        record=given["record"],
        namespace=given["namespace"],
        kubeconfig=str(Path(given["kubeconfig"]).expanduser().absolute()) if given["kubeconfig"] else "",
        context=given["context"],
        parallelism=given.get("parallelism") or 0,
        verbosity=given["verbosity"],
        concurrency=_concurrency(given),
    )


def _concurrency(given: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: given[name] for name in ("group", "limit", "policy") if given[name]}
    if told and "group" not in told:
        raise click.UsageError("--concurrency-limit and --concurrency-policy need --concurrency-group")
    return told


def resolvers(path: str) -> dict[str, Any]:
    """Return what `--resolvers FILE` holds; paths of its map are relative to the file."""
    if not path:
        return {}
    found: dict[str, Any] = _yaml(path, dict, "--resolvers")
    folder = Path(path).expanduser().absolute().parent
    entries = [{**entry, "path": str(folder / str(entry.get("path", "")))} for entry in found.get("map") or []]
    return {**found, **({"map": entries} if entries else {})}


def _timeouts(kind: str, given: Mapping[str, Any]) -> dict[str, str]:
    if kind == "Task":
        return {"timeout": given["timeout"]} if given["timeout"] else {}
    found = {name: given[f"{name}_timeout"] for name in ("pipeline", "tasks", "finally")}
    return {name: value for name, value in found.items() if value}


def _files(given: Mapping[str, Any]) -> dict[str, str]:
    return {name: given[name] for name in ("junit", "svg") if given[name]}


def pairs(flag: str, items: Sequence[str]) -> dict[str, str]:
    """Return KEY=VALUE items as a mapping."""
    found = {}
    for item in items:
        key, separator, value = item.partition("=")
        if not separator or not key:
            raise click.BadParameter(f"'{item}' is no KEY=VALUE", param_hint=flag)
        found[key] = value
    return found


def _split(items: Sequence[str]) -> list[str]:
    return [part for item in items for part in item.split(",") if part]


def _environment(items: Sequence[str]) -> dict[str, str]:
    found = {}
    for item in items:
        name, separator, value = item.partition("=")
        if not separator and name not in os.environ:
            raise click.BadParameter(f"${name} is not set", param_hint="--step-env")
        found[name] = value if separator else os.environ[name]
    return found


def _yaml(path: str, kind: type, flag: str) -> Any:
    from slipway.core import yaml

    documents = yaml.load_path(str(Path(path).expanduser()))
    if len(documents) != 1 or not isinstance(documents[0].data, kind):
        wanted = "a mapping" if kind is dict else "a list"
        raise click.BadParameter(f"{path} must hold {wanted}", param_hint=flag)
    return documents[0].data


def _ask(entry: Mapping[str, Any]) -> str:
    about = f" ({entry['description']})" if entry.get("description") else ""
    choice = click.Choice([str(one) for one in entry["enum"]]) if entry.get("enum") else None
    return str(click.prompt(f"Value of param {entry['name']}{about}", type=choice, err=True))


def _show(prepared: Prepared, output: str) -> int:
    from slipway.cli import _print
    from slipway.core import yaml

    if output == "name":
        click.echo(prepared.name)
    elif output in ("json", "jsonl"):
        (_print.document if output == "json" else lambda value: _print.lines([value]))(prepared.run)
    else:
        click.echo(yaml.dump(prepared.run), nl=False)
    _notes(prepared)
    return 0


def _notes(prepared: Prepared) -> None:
    for note in prepared.notes:
        click.echo(f"note: {note}", err=True)
