# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which Applications, and which of their objects, a person means. Pure.

Source: argo-cd v3.6 util/argo/argo.go, pkg/apis/application/v1alpha1/types.go SyncOperationResource.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from ..._lang import giturl, globs
from . import source

App = Mapping[str, Any]


def by_projects(apps: Sequence[App], names: Sequence[str]) -> list[App]:
    """Return the Applications of some projects, all for an empty list."""
    return [app for app in apps if not names or str(_spec(app).get("project") or "") in names]


def sets_by_projects(sets: Sequence[App], names: Sequence[str]) -> list[App]:
    """Return the ApplicationSets whose template is of some projects, all for an empty list."""
    return [
        one for one in sets if not names or (_spec(one).get("template") or {}).get("spec", {}).get("project") in names
    ]


def by_repo(apps: Sequence[App], repo: str) -> list[App]:
    """Return the Applications with a source from a repository, all for an empty address."""
    if not repo:
        return list(apps)
    return [app for app in apps if any(giturl.same(repo, url) for url in _values(app, "repoURL"))]


def by_path(apps: Sequence[App], path: str) -> list[App]:
    """Return the Applications with a source at a path, all for an empty one."""
    return [app for app in apps if not path or path in _values(app, "path")]


def by_cluster(apps: Sequence[App], cluster: str) -> list[App]:
    """Return the Applications whose destination is a cluster, by address or name; all for an empty text."""
    return [app for app in apps if not cluster or cluster in _cluster(app)]


def by_name(apps: Sequence[App], name: str) -> list[App]:
    """Return the Application of a name, all for an empty one. Invalid when there is none."""
    found = [app for app in apps if not name or (app.get("metadata") or {}).get("name") == name]
    if name and not found:
        raise Invalid("", f"application '{name}' not found")
    return found


def _cluster(app: App) -> list[str]:
    target = _spec(app).get("destination") or {}
    return [str(target.get(key) or "") for key in ("server", "name")]


def _spec(app: App) -> Mapping[str, Any]:
    return app.get("spec") or {}


def _values(app: App, key: str) -> Iterable[str]:
    return [str(one.get(key) or "") for one in source.all_of(_spec(app))]


def is_selected(selected: Sequence[Mapping[str, Any]], group: str, kind: str, namespace: str, name: str) -> bool:
    """Return whether a sync of selected objects holds an object; without a namespace any counts."""
    return any(
        (name, kind, group) == (one.get("name") or "", one.get("kind") or "", one.get("group") or "")
        and (one.get("namespace") or namespace) == namespace
        for one in selected
    )


def included(filters: Sequence[Mapping[str, Any]], group: str, kind: str, namespace: str, name: str) -> bool:
    """Return whether filters let an object through. A filter with `Exclude` wins over all that include it.

    Every part of a filter may be *; without including filters all objects are included.
    """
    values = {"group": group, "kind": kind, "namespace": namespace, "name": name}
    including = [one for one in filters if not one.get("Exclude")]
    if including and not any(_fits(one, values) for one in including):
        return False
    return not any(_fits(one, values) for one in filters if one.get("Exclude"))


def _fits(one: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    wanted = {**{key: str(one.get(key) or "") for key in values}, "namespace": str(one.get("namespace") or "*")}
    return all(wanted[key] in ("*", value) for key, value in values.items())


def event_labels(
    app: Mapping[str, str] | None, project: Mapping[str, str] | None, include: Sequence[str], exclude: Sequence[str]
) -> dict[str, str]:
    """Return the labels that events of an Application carry: those of both that globs include and none excludes."""
    labels = {**(project or {}), **(app or {})}
    return {
        key: value for key, value in labels.items() if globs.in_list(include, key) and not globs.in_list(exclude, key)
    }


def api_versions(resources: Sequence[Mapping[str, Any]], *, kinds: bool) -> list[str]:
    """Return the API versions that a cluster knows as group/version, with `kinds` also as group/version/Kind."""
    found: dict[str, None] = {}
    for one in resources:
        place = one.get("GroupVersionResource") or {}
        version = "/".join(filter(None, (place.get("Group"), place.get("Version"))))
        found[version] = None
        if kinds:
            found[f"{version}/{(one.get('GroupKind') or {}).get('Kind', '')}"] = None
    return list(found)


def synced_refs(
    refs: Mapping[str, Mapping[str, Any]], sources: Sequence[Mapping[str, Any]], revisions: Sequence[str]
) -> dict[str, Mapping[str, Any]]:
    """Return the referenced sources at the revisions that were synced. `revisions` go by the positions of `sources`."""
    out: dict[str, Mapping[str, Any]] = {}
    for one, revision in zip(sources, revisions, strict=False):
        key = f"${one.get('ref')}"
        if one.get("ref") and key in refs:
            out[key] = {**refs[key], "TargetRevision": revision}
    return out


def differing(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields in which two specs differ, with capitals as in upstream's messages."""
    names = [*left, *(key for key in right if key not in left)]
    return [name[:1].upper() + name[1:] for name in names if (left.get(name) or None) != (right.get(name) or None)]


def differs_message(kind: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> str:
    """Return why a new spec is not written over another one of the same name."""
    text = f"existing {kind} spec is different; use upsert flag to force update"
    fields = ",".join(differing(left, right))
    return f'{text}; difference in keys "{fields}"' if fields else text
