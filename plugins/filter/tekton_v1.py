# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that converts Tekton objects between v1beta1 and v1."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.convert import convert
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import plain

_GROUP = "tekton.dev/"


def tekton_v1(objects: Any, report: bool = False, version: str = "v1") -> Any:
    """Return an object, or a list of objects, in the wanted version; with `report` as {object, report} each."""
    given = plain(objects)
    several = given if isinstance(given, list) else [given]
    known = _cluster_tasks(several)
    converted = [_one(obj, report, version, known) for obj in several]
    return converted if isinstance(given, list) else converted[0]


def _one(obj: Any, report: bool, version: str, cluster_tasks: Collection[str]) -> dict[str, Any]:
    if not isinstance(obj, Mapping) or not obj.get("kind"):
        raise AnsibleFilterError(f"tekton_v1 takes Kubernetes objects, with apiVersion and kind, not {obj!r}")
    try:
        converted = convert(dict(obj), _GROUP + version.removeprefix(_GROUP), cluster_tasks)
    except SlipwayError as error:
        raise AnsibleFilterError(f"tekton_v1: {error}") from error
    return {"object": converted.obj, "report": converted.report()} if report else converted.obj


def _cluster_tasks(objects: list[Any]) -> frozenset[str]:
    kinds = [obj for obj in objects if isinstance(obj, Mapping) and obj.get("kind") == "ClusterTask"]
    return frozenset(str((obj.get("metadata") or {}).get("name", "")) for obj in kinds)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"tekton_v1": tekton_v1}
