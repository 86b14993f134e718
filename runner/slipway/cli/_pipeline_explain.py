# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway pipeline explain`: the plan of a pipeline, wave by wave, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from slipway.cli import _print
from slipway.core import yaml
from slipway.pipelines import sources


def show(name: str, files: Sequence[str], resolvers: Mapping[str, Any], svg: str, output: str) -> int:
    """Print the plan of Pipeline NAME, or of the only PipelineRun when nothing is named."""
    found = sources.load(files)
    document = None if name else found.only_run("Pipeline")
    if document is None:
        target = str(found.pick("Pipeline", name).data["metadata"]["name"])
        document = yaml.Document({"kind": "PipelineRun", "spec": {"pipelineRef": {"name": target}}}, "<explain>")
    title = _title(document.data)
    plan = tekton.explain(found.resolving(document, resolvers).bundle, document)
    if svg:
        _write(svg, tekton.svg(plan, None, title))
    if output == "json":
        _print.document(plan)
    elif output == "jsonl":
        _print.lines(plan)
    else:
        _text(title, plan)
    return 0


def _text(title: str, plan: Sequence[Mapping[str, Any]]) -> None:
    tasks = [row for row in plan if not row["final"]]
    waves = len({row["wave"] for row in tasks})
    last = f", {len(plan) - len(tasks)} finally" if len(plan) > len(tasks) else ""
    click.echo(f"{title}: {_many(len(tasks), 'task')} in {_many(waves, 'wave')}{last}")
    for wave, rows in groupby(plan, lambda row: "finally" if row["final"] else f"wave {row['wave'] + 1}"):
        click.echo(f"\n{click.style(wave, bold=True)}")
        for row in rows:
            click.echo(f"  {row['task']}  {click.style(row['runs'], fg='bright_black')}")
            for reason in [*_reasons(row), *(f"when {text}" for text in row["when"])]:
                click.echo(f"    {reason}")


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _title(run: Mapping[str, Any]) -> str:
    reference, meta = run["spec"].get("pipelineRef") or {}, run.get("metadata") or {}
    return str(reference.get("name") or meta.get("name") or str(meta.get("generateName") or "pipeline").rstrip("-"))


def _reasons(row: Mapping[str, Any]) -> list[str]:
    if row["final"]:
        return ["after all tasks, whatever became of them", *row["why"][1:]]
    return list(row["why"]) or ["waits for nothing"]


def _write(path: str, text: str) -> None:
    try:
        Path(path).expanduser().write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(path, error.strerror or str(error)) from error
