# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that several commands share, and the reading of `-e`."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="text for people; json: one document; jsonl: one record per line.",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print only the verdict.")


def play_options(command: F) -> F:
    """Add what `run` and `deliver` have in common."""
    for option in reversed(_PLAY):
        command = option(command)
    return command


_PLAY = (
    click.option("-e", "--extra-vars", "extra", multiple=True, metavar="VARS", help="key=value, @file.yml, or JSON."),
    click.option(
        "--secret",
        "secrets",
        multiple=True,
        metavar="NAME[=ENVVAR]",
        help="Extra var NAME from the environment, never shown or kept.",
    ),
    click.option("-i", "--inventory", multiple=True, help="As for ansible-playbook; localhost when not given."),
    click.option("-p", "--project", default="default", show_default=True, help="One run at a time per project."),
    click.option(
        "--policy",
        type=click.Choice(["queue", "supersede"]),
        default="queue",
        show_default=True,
        help="When the project is busy: wait, or cancel what it does.",
    ),
    click.option("--check", is_flag=True, help="Change nothing; exit 2 when something would change."),
    click.option("--diff", is_flag=True, help="Show differences."),
    click.option("--tags", default="", help="Only tasks with these tags."),
    click.option("--skip-tags", default="", help="Not the tasks with these tags."),
    click.option("-l", "--limit", default="", help="Only these hosts."),
    click.option("-v", "--verbose", "verbosity", count=True, help="More of Ansible's own output in the log."),
    click.option("--timeout", type=float, default=0.0, metavar="SECONDS", help="Stop after that time (exit 12)."),
    click.option(
        "--grace",
        type=float,
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="Between asking to stop and force.",
    ),
    click.option("--event-id", default="", help="Idempotency key: the same one does not run twice."),
    click.option("--resume", default="", metavar="RUN", help="Continue an ended run; give its extra vars again."),
    click.option("-d", "--detach", is_flag=True, help="Print the run's id and leave it running."),
    quiet_option,
    output_option,
)


def read_extra(items: Sequence[str]) -> dict[str, Any]:
    """Return extra vars from `-e` values, later ones win: `key=value [key=value]`, `@file` (YAML, JSON), JSON."""
    result: dict[str, Any] = {}
    for item in items:
        result.update(_one(item))
    return result


def read_secrets(items: Sequence[str]) -> dict[str, str]:
    """Return extra vars from the environment: NAME reads $NAME, NAME=VARIABLE reads $VARIABLE."""
    result = {}
    for item in items:
        name, _, variable = item.partition("=")
        value = os.environ.get(variable or name)
        if value is None:
            raise click.BadParameter(f"${variable or name} is not set", param_hint="--secret")
        result[name] = value
    return result


def _one(item: str) -> dict[str, Any]:
    if item.startswith("@"):
        return _mapping(_read(item[1:]), item)
    if item.lstrip().startswith("{"):
        return _mapping(item, "-e")
    tokens = _tokens(item)
    if not all(re.match(r"[A-Za-z_]\w*=", token) for token in tokens):
        tokens = [item]  # a value with spaces: everything behind the first = belongs to it
    pairs = [token.partition("=") for token in tokens]
    if any(not separator or not key for key, separator, _ in pairs):
        raise click.BadParameter(f"'{item}' is none of key=value, @file, JSON", param_hint="-e")
    return {key: value for key, _, value in pairs}


def _tokens(item: str) -> list[str]:
    try:
        return shlex.split(item)
    except ValueError:  # a lone quote is part of a value
        return [item]


def _read(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"cannot read {path}: {error}", param_hint="-e") from error


def _mapping(text: str, where: str) -> dict[str, Any]:
    import yaml

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        problem = getattr(error, "problem", "") or "is no YAML"
        raise click.BadParameter(f"{where.removeprefix('@')}:{line} {problem}", param_hint="-e") from error
    if not isinstance(value, dict):
        raise click.BadParameter(f"{where} holds no mapping of names to values", param_hint="-e")
    return {str(key): item for key, item in value.items()}
