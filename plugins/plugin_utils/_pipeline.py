# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions pipeline_run and task_run share: choosing the run, options for the engine, the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Permanent, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Sink, Subject
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction, Result, plain

IN_CLUSTER = ("pods", "controller")


def choose(bundle: api.Bundle, wanted: Any, kind: str, option: str) -> Document:
    """Return the run that the option names or holds; the only one of the documents when it is empty."""
    if isinstance(wanted, dict):
        name = str(
            (wanted.get("metadata") or {}).get("name") or (wanted.get("metadata") or {}).get("generateName") or ""
        )
        found = api.parse([Document(wanted, f"<{option}>")]).find(kind, name)
        if found is None:
            raise Invalid(option, f"must be a {kind}, not {wanted.get('kind')!r}")
        return found
    names = bundle.names(kind)
    if not wanted and len(names) != 1:
        hint = f"{kind}s given: {', '.join(names) or 'none'}"
        raise Invalid(option, f"is needed, because src and definition hold {len(names)} of kind {kind}", hint=hint)
    found = bundle.find(kind, str(wanted or names[0]))
    if found is None:
        raise Invalid(
            option, f"names a {kind} that is not given: {wanted!r}", hint=f"there: {', '.join(names) or 'none'}"
        )
    return found


def engine_options(options: dict[str, Any], action: GitOpsAction) -> api.Options:
    """Return the engine's options. `action` finds files as Ansible does, and connects to the cluster when one is needed."""
    if options["service_accounts"] and options["executor"] in IN_CLUSTER:
        raise Refused(
            f"service_accounts: with executor {options['executor']} a task has the account of the cluster itself",
            hint="leave service_accounts out, and create the ServiceAccount in the cluster",
        )
    return api.Options(
        executor=options["executor"],
        client=action.client(options) if options["executor"] in IN_CLUSTER or options["record"] else None,
        record=options["record"],
        custom_tasks=options["custom_tasks"],
        state_dir=options["state_dir"] or "",
        image_map=options["image_map"],
        claims={str(name): str(path) for name, path in options["claims"].items()},
        service_accounts={str(name): str(path) for name, path in options["service_accounts"].items()},
        step_env={str(name): str(value) for name, value in options["step_env"].items()},
        params=options["params"],
        namespace=options["namespace"],
        parallelism=options.get("parallelism") or 8,
        force=options["force"],
        concurrency=api.Concurrency(**options["concurrency"]) if options.get("concurrency") else None,
        reuse=api.Reuse(**options["reuse"]) if options.get("reuse") else None,
        resolvers=_resolvers(options["resolvers"], action.find),
        host_paths=options["host_paths"],
    )


def linted(bundle: api.Bundle, events: Sink) -> list[dict[str, str]]:
    """Return what the lint found; each warning is shown as a line too. It never makes a task fail."""
    found = api.lint(bundle)
    for one in found:
        if one.severity == "warning":
            kind, _space, name = one.obj.partition(" ")
            subject = Subject(kind, "", name)
            events.emit(subject, "Warning", reason=one.rule, message=f"{one.where} {one.field} {one.message}")
    return [one.as_dict() for one in found]


def _resolvers(option: dict[str, Any], find: Callable[[str], str]) -> dict[str, Any]:
    entries = option.get("map")
    if not isinstance(entries, list):
        return option
    found = [{**e, "path": find(str(e["path"]))} if isinstance(e, dict) and e.get("path") else e for e in entries]
    return {**option, "map": found}


def result(report: api.Report, kind: str) -> Result:
    """Return the task's result; a run that did not succeed is a failure that says which step."""
    failure = None
    if not report.succeeded and not report.pending:
        text = _why(report.task_runs) or report.message
        reason = report.status or "Failed"
        failure = Permanent(
            text, obj=f"{kind} {report.namespace}/{report.name}", reason=reason, hint=f"logs: {report.log_dir}"
        )
    return Result(changed=report.changed, data=plain(report.as_dict()), failure=failure)


def write_files(report: api.Report, options: dict[str, Any]) -> None:
    """Write the JUnit and SVG files that the options name; Permanent where that is impossible."""
    if not (options["junit"] or options["svg"]) or report.pending:
        return
    kept = api.kept_run(report.name, options["state_dir"] or "")
    if options["junit"]:
        _write(
            options["junit"],
            api.junit(kept.report, {(one.run, one.step): _read(one.path) for one in api.step_logs(kept)}),
        )
    if options["svg"]:
        _write(options["svg"], api.svg(kept.plan, kept.report, kept.target or kept.name))


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise Permanent(f"cannot write {path}: {error.strerror}", hint="give another path") from error


def _why(task_runs: Sequence[dict[str, Any]]) -> str:
    bad = [run for run in task_runs if run["status"] not in ("Succeeded", "Completed")]
    return "; ".join(f"task {run['task']}: {run['message']}" for run in bad)
