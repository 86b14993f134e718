# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Looks at an application: what Git wants, what is live, and how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .._core.errors import Invalid, SlipwayError
from .._core.types import Manifest, ObjectRef
from .._git.command import Credentials, Git
from .._git.mirror import Mirror, Tree, cache_dir
from .._kube.client import Client
from .._kube.errors import NotFound, UnknownKind
from .act.state import State
from .decide import compare, hooks, ignore, tracking, writing
from .health.assess import health
from .health.status import Health
from .model.application import Application
from .source.render import environment, render

MANAGER = "argocd-controller"


@dataclass(slots=True)
class Resource:
    """One object of the application. `target` None: to be pruned; `live` None: to be created."""

    target: Manifest | None
    live: Manifest | None
    status: str = ""  # Synced, OutOfSync, Unknown; empty for hooks
    predicted: Manifest | None = None
    error: SlipwayError | None = None
    served: bool = True

    @property
    def obj(self) -> Manifest:
        obj = self.target or self.live
        if obj is None:
            raise AssertionError
        return obj

    @property
    def key(self) -> tuple[str, str, str, str]:
        obj = self.obj
        return (
            obj["apiVersion"].rpartition("/")[0],
            obj["kind"],
            obj["metadata"].get("namespace", ""),
            obj["metadata"]["name"],
        )

    def health(self) -> Health | None:
        if not self.served:
            return None
        return health(self.live) if self.live else Health("Missing")


@dataclass(slots=True)
class Seen:
    """The application as it was found."""

    app: Application
    destination: str
    tree: Tree
    resources: list[Resource] = field(default_factory=list)
    hooks: list[Resource] = field(default_factory=list)

    @property
    def sync_status(self) -> str:
        if any(resource.error for resource in self.resources):
            return "Unknown"
        return "OutOfSync" if any(resource.status == "OutOfSync" for resource in self.resources) else "Synced"


def fetch(app: Application, revision: str, credentials: Credentials) -> Tree:
    """Return the files of the application's source. Unreachable, Invalid for a wrong revision."""
    mirror = Mirror(app.source.repo, cache_dir(), Git(credentials))
    return mirror.tree(revision or app.source.revision)


def targets(app: Application, client: Client, tree: Tree) -> list[Manifest]:
    """Return the rendered objects with namespaces and tracking. The last of two equal keys wins."""
    destination = app.destination or client.namespace
    found: dict[tuple[str, str, str, str], Manifest] = {}
    for obj in render(app.source, tree.folder, environment(app, destination, tree.commit)):
        placed = _place(obj, client, destination)
        tracked = placed if hooks.is_hook(placed) else tracking.track(app.name, placed, destination)
        found[Resource(tracked, None).key] = tracked
    return list(found.values())


def _place(obj: Manifest, client: Client, destination: str) -> Manifest:
    """Cluster-scoped objects have no namespace; others, also of unknown kinds, get the destination's."""
    meta = dict(obj["metadata"])
    try:
        namespaced = client.kind(obj["apiVersion"], obj["kind"]).namespaced
    except UnknownKind:
        namespaced = True
    if namespaced:
        meta["namespace"] = meta.get("namespace") or destination
    else:
        meta.pop("namespace", None)
    return {**obj, "metadata": meta}


def look(app: Application, client: Client, tree: Tree, state: State) -> Seen:
    """Compare everything."""
    destination = app.destination or client.namespace
    wanted = targets(app, client, tree)
    seen = Seen(app, destination, tree)
    live = _live(client, wanted, state, destination)
    for target in wanted:
        resource = Resource(target, live.pop(Resource(target, None).key, None))
        if hooks.is_hook(target):
            seen.hooks.append(resource)
        elif not hooks.is_skipped(target):
            _predict(client, app, resource, wanted)
            seen.resources.append(resource)
    for obj in live.values():
        if (
            tracking.owner(obj) == app.name
            and tracking.is_self(app.name, obj, destination)
            and not obj["metadata"].get("ownerReferences")
        ):
            seen.resources.append(Resource(None, obj, "OutOfSync"))
    return seen


def _live(
    client: Client, wanted: Sequence[Manifest], state: State, destination: str
) -> dict[tuple[str, str, str, str], Manifest]:
    """One LIST per kind and namespace, of what is wanted and of what an earlier sync left."""
    places = {(obj["apiVersion"], obj["kind"], obj["metadata"].get("namespace")) for obj in wanted}
    for entry in state.resources():
        group, version = entry.get("group") or "", entry.get("version") or "v1"
        places.add((f"{group}/{version}" if group else version, str(entry["kind"]), entry.get("namespace") or None))
    found: dict[tuple[str, str, str, str], Manifest] = {}
    for api_version, kind, namespace in sorted(places, key=str):
        try:
            for obj in client.list(api_version, kind, namespace):
                found[Resource(None, obj).key] = obj
        except (UnknownKind, NotFound):
            continue
    return found


def _predict(client: Client, app: Application, resource: Resource, wanted: Sequence[Manifest]) -> None:
    target = resource.target
    if target is None:
        raise AssertionError
    ignored = ignore.of(target, app.ignore)
    if resource.live is None:
        resource.status = "OutOfSync"
        resource.served = client.knows(target["apiVersion"], target["kind"])
        skip = app.enabled("SkipDryRunOnMissingResource")
        if not resource.served and not writing.may_miss_kind(target, wanted, skip):
            text = f"the cluster does not serve kind {target['kind']} of {target['apiVersion']}"
            resource.error = Invalid("kind", text, obj=str(ObjectRef.of(target)), hint="install its CRD first")
        return
    sent = compare.prepare(target, resource.live, ignored, keep_ignored=app.enabled("RespectIgnoreDifferences"))
    try:
        resource.predicted = client.apply(sent, manager=MANAGER, dry_run=True)
    except SlipwayError as error:
        resource.error, resource.status = error, "Unknown"
        return
    different = compare.modified(resource.predicted, resource.live, ignored)
    resource.status = "OutOfSync" if different else "Synced"
