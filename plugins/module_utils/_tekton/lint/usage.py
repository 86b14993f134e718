# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Things that are declared and that nobody uses: params, workspaces, results without a writer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..decide.references import texts
from ..model.parse import Bundle
from .finding import Finding, found
from .held import Held, pipelines, tasks


def check(bundle: Bundle) -> Iterator[Finding]:
    """Yield a finding for each declaration of a Task or Pipeline that nothing refers to."""
    for held in tasks(bundle):
        yield from _params(held)
        yield from _workspaces(held)
        yield from _results(held)
    for held in pipelines(bundle):
        yield from _params(held)
        yield from _workspaces(held)


def names(value: Any, what: str) -> set[str]:
    """Return the names of `what` (params, workspaces, results) that texts inside `value` refer to."""
    pattern = re.compile(rf"""\$\((?:inputs\.)?{what}(?:\.([\w-]+)|\["([^"]+)"\]|\['([^']+)'\])""")
    return {next(filter(None, groups)) for text in texts(value) for groups in pattern.findall(text)}


def _declared(held: Held, what: str) -> Iterator[tuple[str, str]]:
    for index, entry in enumerate(held.spec.get(what) or []):
        yield f"{held.path}.{what}[{index}]", str(entry["name"])


def _params(held: Held) -> Iterator[Finding]:
    """A pipeline's param may be meant for a later version, so this is a note."""
    used = names([value for key, value in held.spec.items() if key != "params"], "params")
    used |= names([param.get("default") for param in held.spec.get("params") or []], "params")
    for path, name in _declared(held, "params"):
        if name not in used:
            yield found("note", "unused-param", held.document, path, f"declares the param {name!r}, which nothing uses")


def _workspaces(held: Held) -> Iterator[Finding]:
    rest = {key: value for key, value in held.spec.items() if key != "workspaces"}
    used = names(rest, "workspaces") | _listed(held)
    whole = "\n".join(texts(rest))
    for (path, name), entry in zip(_declared(held, "workspaces"), held.spec.get("workspaces") or [], strict=True):
        there = str(entry.get("mountPath") or f"/workspace/{name}")
        if name not in used and there not in whole:
            message = f"declares the workspace {name!r}, which nothing uses"
            yield found("warning", "unused-workspace", held.document, path, message)


def _listed(held: Held) -> set[str]:
    """Return the workspaces that steps and sidecars list, or that tasks of a pipeline are given."""
    groups = ("steps", "sidecars", "tasks", "finally")
    users = [entry for group in groups for entry in held.spec.get(group) or []]
    given = [usage for user in users for usage in user.get("workspaces") or []]
    return {str(usage.get("workspace") or usage.get("name")) for usage in given}


def _results(held: Held) -> Iterator[Finding]:
    """Steps that refer to a StepAction may write anything: then nothing is said."""
    users = [*(held.spec.get("steps") or []), *(held.spec.get("sidecars") or [])]
    if any(step.get("ref") for step in users):
        return
    written, whole = names(users, "results"), "\n".join(texts(users))
    for (path, name), entry in zip(_declared(held, "results"), held.spec.get("results") or [], strict=True):
        if name not in written and not entry.get("value") and f"/tekton/results/{name}" not in whole:
            message = f"declares the result {name!r}, which no step writes (to $(results.{name}.path))"
            yield found("warning", "unwritten-result", held.document, path, message)
