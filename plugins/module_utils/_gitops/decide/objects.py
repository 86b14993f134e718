# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Small questions about one object. Source: argo-cd v3.6 gitops-engine/pkg/utils/kube/kube.go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..._core.types import Manifest, deep_get, split_api_version

_POD_SPECS = (("spec",), ("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec"))


def images(obj: Manifest) -> list[str]:
    """Return the images of the containers of a pod, or of what makes pods, in their order."""
    for way in _POD_SPECS:
        containers = deep_get(obj, *way, "containers")
        if isinstance(containers, list):
            return [str(one["image"]) for one in containers if isinstance(one, dict) and one.get("image")]
    return []


def every_image(objs: Iterable[Manifest]) -> list[str]:
    """Return all images that containers use anywhere in the objects, each once, sorted."""
    return sorted({image for obj in objs for image in _images_within(obj)})


def _images_within(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        if key in ("containers", "initContainers") and value.get("image"):
            yield str(value["image"])
            return
        for name, item in value.items():
            yield from _images_within(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _images_within(item, key if isinstance(item, dict) else "")


def is_kind(obj: Manifest, group: str, kind: str) -> bool:
    """Return whether an object is of a kind, in any version."""
    return split_api_version(str(obj.get("apiVersion", "")))[0] == group and obj.get("kind") == kind


def replicas(obj: Manifest) -> int | None:
    """Return spec.replicas, None when it is not a number."""
    found = deep_get(obj, "spec", "replicas")
    return found if isinstance(found, int) else None
