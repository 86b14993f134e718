# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the PipelineRun or TaskRun that a person asked for, from what is defined and from an earlier run.

Nothing runs here: the result is an object, and what the engine needs beside it. Must not know terminals or playbooks.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from slipway import state
from slipway.core import Invalid, Refused, SlipwayError, generate_name, redact, yaml
from slipway.pipelines import params, sources, tree, workspaces
from slipway.pipelines.again import Again, again
from slipway.pipelines.sources import Sources

CLAIMS, SOURCES = "slipway.dev/claims", "slipway.dev/sources"
RUN_OF = {"Pipeline": "PipelineRun", "Task": "TaskRun"}
_REFERENCE = {"Pipeline": ("pipelineRef", "pipelineSpec"), "Task": ("taskRef", "taskSpec")}
_NO_FILE = "<start>"  # the run that is made here stands in no file
_ELSEWHERE = ("pods", "controller")
Ask = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for: the flags of `start`. `kind` is Pipeline or Task; texts are as they were typed."""

    kind: str
    name: str = ""
    files: Sequence[str] = ()
    params: Sequence[str] = ()
    workspaces: Sequence[str] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    last: bool = False
    use_run: str = ""
    service_account: str = ""
    task_service_accounts: Mapping[str, str] = field(default_factory=dict)
    prefix_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    timeouts: Mapping[str, str] = field(default_factory=dict)
    pod_template: Mapping[str, Any] = field(default_factory=dict)
    executor: str = ""
    resolvers: Mapping[str, Any] = field(default_factory=dict)
    only: str = ""
    from_: str = ""


@dataclass(slots=True)
class Prepared:
    """A run, ready to start. `notes` are for people; `definition` holds objects beside the files."""

    run: dict[str, Any]
    sources: Sources
    claims: dict[str, str]
    definition: list[Any]
    spec: Mapping[str, Any]
    reuse: tekton.Reuse | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.run["metadata"]["name"])

    @property
    def kind(self) -> str:
        return str(self.run["kind"])


def prepare(wish: Wish, ask: Ask | None = None) -> Prepared:
    """Return the run. `ask` gives the value of a missing param; without it missing ones are an error.

    Invalid for what is missing, unknown or malformed; Refused for what cannot be done here.
    """
    try:
        return _prepare(wish, ask)
    except SlipwayError as error:
        if error.at and error.at.file == _NO_FILE:
            error.at = None
        raise


def _prepare(wish: Wish, ask: Ask | None) -> Prepared:
    earlier = _earlier(wish)
    base: Mapping[str, Any] = earlier.run if earlier else {}
    found = sources.load(wish.files or _earlier_files(base))
    base = base or _base_of_files(wish, found)
    run = _skeleton(wish, base, found)
    found = found.resolving(yaml.Document(run, _NO_FILE), wish.resolvers)
    spec = _spec(wish.kind, found, run)
    who = _who(wish.kind, run)
    lacking = _fill_params(run, spec, wish, who, ask)
    claims, unbound = _fill_workspaces(run, spec, wish, who)
    _refuse_missing(lacking, unbound, who)
    _fill_settings(run, wish)
    _check(run)
    more = again(earlier, wish.only, wish.from_, found, run, spec) if earlier and (wish.only or wish.from_) else Again()
    claims |= more.claims
    _annotate(run, claims, found, more.reuse)
    claims |= _kept_claims(found, run, claims) if wish.executor not in _ELSEWHERE else {}
    notes = [*more.notes, *_shared_empty_dirs(run, spec)]
    return Prepared(run, found, claims, [*found.texts, *more.definition], more.spec or spec, more.reuse, notes)


def spec_of(kind: str, found: Sources, name: str) -> Mapping[str, Any]:
    """Return the spec of a Pipeline or Task that is defined."""
    spec: Mapping[str, Any] = found.pick(kind, name).data["spec"]
    return spec


def _earlier(wish: Wish) -> tekton.Kept | None:
    """Return the kept run that --last, --only, --from or --use-…run mean; None when none is meant."""
    kind = RUN_OF[wish.kind]
    if wish.use_run:
        known = [run.name for run in tekton.kept_runs(kind=kind)]
        return tekton.kept_run(wish.use_run, kind=kind) if wish.use_run in known or not wish.files else None
    if not (wish.last or wish.only or wish.from_):
        return None
    for run in tekton.kept_runs(kind=kind):
        if wish.name in ("", run.target):
            return run
    of = f" of {wish.kind} '{wish.name}'" if wish.name else ""
    raise Invalid("--last", f"there is no {kind}{of} yet", hint=f"slipway {wish.kind.lower()} start")


def _base_of_files(wish: Wish, found: Sources) -> Mapping[str, Any]:
    """Return the run that lies in the files: the named one, or the only one when nothing is named."""
    if wish.use_run:
        return _object(found.pick(RUN_OF[wish.kind], wish.use_run))
    only = None if wish.name else found.only_run(wish.kind)
    return _object(only) if only else {}


def _object(document: yaml.Document) -> Mapping[str, Any]:
    data: Mapping[str, Any] = document.data
    return data


def _earlier_files(base: Mapping[str, Any]) -> list[str]:
    text = ((base.get("metadata") or {}).get("annotations") or {}).get(SOURCES)
    return [str(item) for item in json.loads(text)] if text else []


def _skeleton(wish: Wish, base: Mapping[str, Any], found: Sources) -> dict[str, Any]:
    meta, spec = base.get("metadata") or {}, copy.deepcopy(dict(base.get("spec") or {}))
    spec.pop("status", None)
    reference, inline = _REFERENCE[wish.kind]
    if (wish.name and (spec.get(reference) or {}).get("name") != wish.name) or not (
        reference in spec or inline in spec
    ):
        spec.pop(inline, None)
        spec = {reference: {"name": str(found.pick(wish.kind, wish.name).data["metadata"]["name"])}, **spec}
    target = str((spec.get(reference) or {}).get("name") or "")
    begin = str(meta.get("generateName") or "") or (f"{target}-run-" if target else f"{meta.get('name') or 'run'}-")
    prefix = f"{wish.prefix_name}-" if wish.prefix_name else begin
    made: dict[str, Any] = {"name": generate_name(prefix), "generateName": prefix}
    for key, given in (("labels", wish.labels), ("annotations", {})):
        together = {**(meta.get(key) or {}), **given}
        made |= {key: together} if together else {}
    return {"apiVersion": "tekton.dev/v1", "kind": RUN_OF[wish.kind], "metadata": made, "spec": spec}


def _spec(kind: str, found: Sources, run: dict[str, Any]) -> Mapping[str, Any]:
    document = yaml.Document(run, _NO_FILE)
    return (
        tekton.pipeline_spec(found.bundle, document) if kind == "Pipeline" else tekton.task_spec(found.bundle, document)
    )


def _who(kind: str, run: Mapping[str, Any]) -> str:
    target = (run["spec"].get(_REFERENCE[kind][0]) or {}).get("name")
    return f"{kind} {target}" if target else f"{run['kind']} {run['metadata']['name']}"


def _refuse_missing(lacking: params.Declared, unbound: Sequence[Mapping[str, Any]], who: str) -> None:
    """Name everything that is missing at once, with what it is for and the flag to give."""
    flags = [*params.flags(lacking), *workspaces.flags(unbound)]
    if not flags:
        return
    counted = [(len(lacking), "param"), (len(unbound), "workspace")]
    told = " and ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in counted if number)
    width = max(len(flag) for flag, _about in flags)
    lines = [f"  {flag:<{width}}  {about}".rstrip() for flag, about in flags]
    more = [f"  a workspace may be {workspaces.FORMS}"] if unbound else []
    raise Invalid("", "\n".join([f"{who} needs {told} more:", *lines, *more]))


def _fill_params(
    run: dict[str, Any], spec: Mapping[str, Any], wish: Wish, who: str, ask: Ask | None
) -> list[Mapping[str, Any]]:
    """Set the params of the run, and return those that still have no value."""
    declared = list(spec.get("params") or [])
    before = {entry["name"]: entry["value"] for entry in run["spec"].get("params") or []}
    extra = [{"name": name, "default": value} for name, value in before.items() if name not in _names(declared)]
    values = {**before, **params.read(wish.params, [*declared, *extra], who)}
    for name, value in values.items():
        if redact.MASK in str(value):
            hint = f"give it again: -p {name}=..."
            raise Invalid("-p", f"the value of param '{name}' was not kept, because it is a secret", hint=hint)
    lacking = params.missing(declared, values)
    if lacking and ask is not None:
        typed = [f"{entry['name']}={ask(entry)}" for entry in lacking]
        values |= params.read(typed, declared, who)
        lacking = []
    if values:
        run["spec"]["params"] = [{"name": name, "value": value} for name, value in values.items()]
    return lacking


def _fill_workspaces(
    run: dict[str, Any], spec: Mapping[str, Any], wish: Wish, who: str
) -> tuple[dict[str, str], list[Mapping[str, Any]]]:
    """Bind workspaces, and return the directories of the claims among them, and what is not bound."""
    declared = list(spec.get("workspaces") or [])
    given = workspaces.read(wish.workspaces)
    if given.claims and wish.executor in _ELSEWHERE:
        raise Refused(f"hostPath= is a directory of this machine, which executor {wish.executor} does not see")
    if declared:
        workspaces.refuse_unknown(declared, given.entries, who)
    before = {entry["name"]: entry for entry in run["spec"].get("workspaces") or []}
    bound = {**before, **given.entries}
    if bound:
        run["spec"]["workspaces"] = list(bound.values())
    annotations = run["metadata"].get("annotations") or {}
    claims = {**json.loads(annotations.get(CLAIMS) or "{}"), **given.claims, **wish.claims}
    return claims, workspaces.missing(declared, bound)


def _fill_settings(run: dict[str, Any], wish: Wish) -> None:
    spec = run["spec"]
    template = {} if wish.kind == "Task" else dict(spec.get("taskRunTemplate") or {})
    if wish.service_account:
        template["serviceAccountName"] = wish.service_account
    if wish.pod_template:
        template["podTemplate"] = dict(wish.pod_template)
    if template:
        spec.update(template if wish.kind == "Task" else {"taskRunTemplate": template})
    if wish.task_service_accounts:
        of_task = {entry["pipelineTaskName"]: entry for entry in spec.get("taskRunSpecs") or []}
        for task, account in wish.task_service_accounts.items():
            of_task[task] = {**of_task.get(task, {"pipelineTaskName": task}), "serviceAccountName": account}
        spec["taskRunSpecs"] = list(of_task.values())
    if wish.timeouts:
        spec.update(
            wish.timeouts if wish.kind == "Task" else {"timeouts": {**(spec.get("timeouts") or {}), **wish.timeouts}}
        )


def _check(run: dict[str, Any]) -> None:
    """Say now what admission would say in a few seconds."""
    tekton.parse([yaml.Document(run, _NO_FILE)])


def _annotate(run: dict[str, Any], claims: Mapping[str, str], found: Sources, reuse: tekton.Reuse | None) -> None:
    """A later `--last` needs the directories and the files again; people want to know what was taken over."""
    made = {key: value for key, value in (run["metadata"].get("annotations") or {}).items() if key != tree.TAKEN}
    kept = {CLAIMS: dict(claims), SOURCES: found.files, tree.TAKEN: list(reuse.tasks) if reuse else []}
    made |= {key: json.dumps(value) for key, value in kept.items() if value}
    if made:
        run["metadata"]["annotations"] = made


def _kept_claims(found: Sources, run: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """Give each other claim a directory that stays, as a cluster would give it a volume."""
    names = set(found.bundle.names("PersistentVolumeClaim"))
    names.update(_claim_names([document.data for document in found.bundle.objects.values()]), _claim_names(run))
    folder = state.state_dir() / "claims"
    return {name: str(state.private_dir(folder / name)) for name in sorted(names - set(known)) if "$(" not in name}


def _claim_names(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for item in value for name in _claim_names(item)}
    if not isinstance(value, dict):
        return set()
    claim = value.get("persistentVolumeClaim")
    own = {str(claim["claimName"])} if isinstance(claim, dict) and claim.get("claimName") else set()
    return own | {name for item in value.values() for name in _claim_names(item)}


def _shared_empty_dirs(run: Mapping[str, Any], spec: Mapping[str, Any]) -> list[str]:
    """Say where an emptyDir will surprise: on Tekton too, each task gets one of its own."""
    notes = []
    for entry in run["spec"].get("workspaces") or []:
        users = [task["name"] for task in spec.get("tasks") or [] if _uses(task, entry["name"])]
        if "emptyDir" in entry and len(users) > 1:
            notes.append(
                f"workspace {entry['name']} is an emptyDir: tasks {', '.join(users)} each get an empty one; "
                "hostPath= or volumeClaimTemplate= are shared"
            )
    return notes


def _uses(task: Mapping[str, Any], workspace: str) -> bool:
    return any((one.get("workspace") or one["name"]) == workspace for one in task.get("workspaces") or [])


def _names(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(entry["name"]) for entry in entries]
