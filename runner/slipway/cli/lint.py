# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway lint FILE...`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from slipway.cli._options import output_option
from slipway.exits import Exit

if TYPE_CHECKING:
    from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
    from ansible_collections.slipway.gitops.plugins.module_utils._tekton.api import Finding

_COLOURS = {"warning": "yellow", "note": "cyan"}


@click.command("lint")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--strict", is_flag=True, help="Exit 2 when there is a warning.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave a rule out; may be given several times.")
@output_option
def command(files: Sequence[str], strict: bool, ignore: Sequence[str], output: str) -> int:
    """Look through Tekton objects in FILE... (files, directories, - for the standard input), all as one set.

    Finds values from outside in scripts and shows the safe step, images that can change, what is unused, missing or
    given twice. Exits 0 whatever it finds; what Tekton itself would refuse exits 15 with file, line and field.
    """
    from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

    if unknown := [rule for rule in ignore if rule not in api.LINT_RULES]:
        raise click.UsageError(f"there is no rule '{unknown[0]}' (rules: {', '.join(api.LINT_RULES)})")
    found = api.lint(api.parse(list(_documents(files))), ignore)
    if output == "text":
        _text(found)
    else:
        _data(found, output)
    return int(Exit.CHANGES_PENDING if strict and any(one.severity != "note" for one in found) else Exit.DONE)


def _documents(files: Sequence[str]) -> Iterator[Document]:
    """Yield the objects of all files; lists of objects are taken apart."""
    from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml

    for file in files:
        read = yaml.load_all(sys.stdin.read(), "<stdin>") if file == "-" else yaml.load_path(file)
        for document in read:
            data = document.data
            if isinstance(data, dict) and str(data.get("kind", "")).endswith("List") and data.get("items"):
                yield from (yaml.Document(item, document.file, document.line) for item in data["items"])
            else:
                yield document


def _text(found: Sequence[Finding]) -> None:
    for one in found:
        severity = click.style(one.severity, fg=_COLOURS.get(one.severity))
        click.echo(f"{one.where} {severity}: {one.obj} {one.field} {one.message} [{one.rule}]")
        for line in one.rewrite.splitlines():
            click.echo(f"    {line}")
    counted = Counter(one.severity for one in found)
    told = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in sorted(counted.items(), reverse=True)]
    click.echo(", ".join(told) or "nothing found")


def _data(found: Sequence[Finding], output: str) -> None:
    from slipway.cli import _print

    plain = [one.as_dict() for one in found]
    if output == "json":
        _print.document(plain)
    else:
        _print.lines(plain)
