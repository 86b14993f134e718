# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Parameters of sources as a person writes them in one word: name=value, name=count, image:tag. Pure.

Source: argo-cd v3.6 pkg/apis/application/v1alpha1/types.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid

_INT = re.compile(r"[+-]?[0-9]+")


def helm_parameter(text: str, *, force_string: bool = False) -> dict[str, Any]:
    """Return a Helm parameter from name=value; commas get the backslash that --set needs. Invalid for another form."""
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid("", f"expected helm parameter of the form param=value but received: {text}")
    return {"name": name, "value": escape_commas(value), **({"forceString": True} if force_string else {})}


def helm_file_parameter(text: str) -> dict[str, Any]:
    """Return a Helm file parameter from name=path. Invalid for another form."""
    name, equals, path = text.partition("=")
    if not equals:
        raise Invalid("", f"expected helm file parameter of the form param=path but received: {text}")
    return {"name": name, "path": escape_commas(path)}


def escape_commas(value: str) -> str:
    """Return the value with a backslash before every comma that has none and is not the first character."""
    return re.sub(r"([^\\]),", r"\1\\,", value)


def jsonnet_variable(text: str, *, code: bool = False) -> dict[str, Any]:
    """Return a Jsonnet variable from name=value; a bare name has no value."""
    name, _, value = text.partition("=")
    return {"name": name, "value": value, **({"code": True} if code else {})}


def kustomize_replica(text: str) -> dict[str, Any]:
    """Return a number of replicas from name=count. Invalid for another form or a count that is no integer."""
    name, equals, count = text.partition("=")
    if not equals:
        raise Invalid("", f"expected parameter of the form: name=count. Received: {text}")
    return {"name": name, "count": replica_count({"count": count})}


def replica_count(replica: Mapping[str, Any]) -> int:
    """Return the count of a replica entry, given as number or text. Invalid for a text that is no integer."""
    count = replica.get("count", 0)
    if isinstance(count, str) and not _INT.fullmatch(count):
        raise Invalid("", f"expected integer value for count. Received: {count}")
    return int(count)


def find_replica(replicas: Sequence[Mapping[str, Any]], name: str) -> int:
    """Return the position of an entry by its name, -1 when it is not there."""
    return next((index for index, replica in enumerate(replicas) if replica.get("name") == name), -1)


def same_image(left: str, right: str) -> bool:
    """Return whether two Kustomize images name the same image: up to the first =, : or @ of the second."""
    mark = next((mark for mark in "=:@" if mark in right), ":")
    return left.partition(mark)[0] == right.partition(mark)[0]


def find_image(images: Sequence[str], image: str) -> int:
    """Return the position of the entry for an image, -1 when it is not there."""
    return next((index for index, known in enumerate(images) if same_image(known, image)), -1)


def merge_image(images: Sequence[str], image: str) -> list[str]:
    """Return the images with one set: in the place of the entry for the same image, else at the end."""
    at = find_image(images, image)
    return [*images, image] if at < 0 else [*images[:at], image, *images[at + 1 :]]
