# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The public face of Argo CD's job: render, diff, sync, look."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.cancel import Cancel
from .._core.clock import rfc3339
from .._core.errors import SlipwayError
from .._core.events import Sink, Subject
from .._core.redact import current as redactor
from .._core.types import Manifest
from .._core.yaml import dump
from .._git.command import Credentials
from .._kube.client import Client
from .act.state import State
from .compare import Resource, Seen, fetch, look, targets
from .decide import compare, ignore, secrets
from .health.application import Member, application_health
from .loop import Done, Sync
from .model.application import Application, applications

__all__ = ["EMULATED", "Application", "Options", "Outcome", "applications", "diff", "info", "render", "sync"]
EMULATED = "Argo CD v3.6"


@dataclass(frozen=True, slots=True)
class Options:
    """How a sync is done. Seconds for `timeout`."""

    revision: str = ""
    prune: bool = False
    wait: bool = True
    timeout: float = 600.0
    credentials: Credentials = field(default_factory=Credentials)


@dataclass(slots=True)
class Outcome:
    """What a sync came to; `failure` when it did not end well."""

    changed: bool
    sync: dict[str, Any]
    resources: list[dict[str, Any]]
    rollouts: list[dict[str, str]]
    failure: SlipwayError | None = None


def render(app: Application, client: Client, options: Options) -> list[Manifest]:
    """Return the objects that Git wants, with namespaces and tracking."""
    return targets(app, client, fetch(app, options.revision, options.credentials))


def diff(app: Application, client: Client, options: Options) -> tuple[Seen, list[dict[str, str]]]:
    """Return what was found, and Ansible's before/after records of what a sync would change."""
    seen = observe(app, client, options)
    return seen, [record for resource in seen.resources if (record := _record(app, resource))]


def observe(app: Application, client: Client, options: Options) -> Seen:
    """Return the application as it is now."""
    state = State(client, app, app.destination or client.namespace)
    return look(app, client, fetch(app, options.revision, options.credentials), state)


def sync(app: Application, client: Client, options: Options, events: Sink, cancel: Cancel, held: Any) -> Outcome:
    """Bring the cluster to what Git wants. Never raises for a failed sync: the outcome says why."""
    state = State(client, app, app.destination or client.namespace)
    started = time.time()
    seen = look(app, client, fetch(app, options.revision, options.credentials), state)
    subject = Subject("Application", app.namespace, app.name)
    events.emit(
        subject, "Started", reason="Sync", message=f"{seen.sync_status} at {seen.tree.commit[:8]} by {seen.tree.author}"
    )
    engine = Sync(client, seen, events, cancel, time.monotonic() + options.timeout, held, options.prune, options.wait)
    failure = next((resource.error for resource in seen.resources if resource.error), None)
    if failure is None:
        try:
            engine.run()
        except SlipwayError as error:
            failure = error
    after = look(app, client, seen.tree, state) if failure is None else seen
    return _finish(state, after, engine, failure, rfc3339(started), events, subject)


def info(app: Application, client: Client, options: Options) -> dict[str, Any]:
    """Return the state of an application: sync, health, revision, resources."""
    seen = observe(app, client, options)
    State(client, app, seen.destination).save(_status(seen))
    return {
        "name": app.name,
        "namespace": app.namespace,
        "sync": seen.sync_status,
        "health": _health(seen),
        "revision": seen.tree.commit,
        "author": seen.tree.author,
        "resources": [_resource(resource) for resource in seen.resources],
    }


def _finish(
    state: State, seen: Seen, engine: Sync, failure: SlipwayError | None, started: str, events: Sink, subject: Subject
) -> Outcome:
    ended, revision = rfc3339(time.time()), seen.tree.commit
    phase = "Failed" if failure else "Succeeded"
    message = str(failure) if failure else "successfully synced (all tasks run)"
    operation = {"phase": phase, "message": redactor.scrub(message), "startedAt": started, "finishedAt": ended}
    status = {**_status(seen), "operationState": {**operation, "syncResult": {"revision": revision}}}
    if failure is None:
        status["history"] = state.history(revision, started, ended)
    state.save(status)
    summary = {
        "status": seen.sync_status,
        "health": _health(seen),
        "revision": revision,
        "phase": phase,
        "message": message,
    }
    text = f"{summary['status']}, {summary['health']} at {revision[:8]}" if failure is None else message
    events.emit(subject, phase, reason=phase, message=text, data={"revision": revision})
    rollouts = [r.obj["metadata"] for r in seen.resources if r.target and r.obj["kind"] == "Rollout"]
    return Outcome(
        changed=any(done.action in ("created", "changed", "Pruned") for done in engine.done),
        sync=summary,
        resources=[*(_done(done) for done in engine.done), *(_resource(r) for r in seen.resources if r.error)],
        rollouts=[{"namespace": meta["namespace"], "name": meta["name"]} for meta in rollouts],
        failure=failure,
    )


def _status(seen: Seen) -> dict[str, Any]:
    source = seen.app.manifest["spec"]["source"]
    return {
        "sync": {
            "status": seen.sync_status,
            "revision": seen.tree.commit,
            "comparedTo": {"source": source, "destination": seen.app.manifest["spec"]["destination"]},
        },
        "health": {"status": _health(seen)},
        "reconciledAt": rfc3339(time.time()),
        "resources": [_inventory(resource) for resource in seen.resources if resource.target],
    }


def _health(seen: Seen) -> str:
    members = [Member(r.target, r.live, r.health()) for r in seen.resources if r.target and r.served]
    return application_health(members, (seen.app.namespace, seen.app.name)).status


def _inventory(resource: Resource) -> dict[str, Any]:
    group, kind, namespace, name = resource.key
    entry = {
        "version": resource.obj["apiVersion"].rpartition("/")[2],
        "kind": kind,
        "name": name,
        "status": resource.status,
    }
    found = resource.health()
    return {
        **({"group": group} if group else {}),
        **entry,
        **({"namespace": namespace} if namespace else {}),
        **({"health": {"status": found.status}} if found else {}),
    }


def _resource(resource: Resource) -> dict[str, Any]:
    group, kind, namespace, name = resource.key
    found = resource.health()
    message = str(resource.error) if resource.error else found.message if found else ""
    return {
        "group": group, "kind": kind, "namespace": namespace, "name": name, "status": resource.status,
        "health": found.status if found else "", "hook": False, "message": message, "action": "",
    }  # fmt: skip


def _done(done: Done) -> dict[str, Any]:
    group, kind, namespace, name = Resource(done.task.obj, None).key
    return {
        "group": group, "kind": kind, "namespace": namespace, "name": name, "status": "Synced",
        "health": "", "hook": done.task.hook, "message": done.message, "action": done.action,
    }  # fmt: skip


def _record(app: Application, resource: Resource) -> dict[str, str] | None:
    """Return the before and after of one object as YAML, without noise and with Secrets masked."""
    if resource.status != "OutOfSync":
        return None
    ignored = ignore.of(resource.obj, app.ignore)
    before, after = resource.live, (resource.predicted or resource.target) if resource.target else None
    if (resource.obj["apiVersion"], resource.obj["kind"]) == ("v1", "Secret"):
        after, before = secrets.hide(after, before)
    sides: Mapping[str, Manifest | None] = {"before": before, "after": after}
    group, kind, namespace, name = resource.key
    title = f"{group + '/' if group else ''}{kind} {namespace + '/' if namespace else ''}{name}"
    texts = {
        side: dump(redactor.scrub_data(compare.readable(compare.normalise(obj, ignored)))) if obj else ""
        for side, obj in sides.items()
    }
    return {**texts, "before_header": title, "after_header": title}
