# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Base images: what FROM stands for.

A base is pulled from its registry, or mapped: to "host" (the image holds only what is copied, and
runs over the tools of the machine, as process nodes and steps do), to "scratch", or to another image.
"""

from __future__ import annotations

import fnmatch
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import Invalid, Refused, Unreachable
from .copying import USUAL_DIRECTORIES
from .dockerfile import Instruction
from .image import LAYER_OCI, ImageConfig, Reference, config_of, parse_reference
from .layer import Layer
from .registry import Registry, registry_for
from .tree import Tree, read_tree
from .unpack import select, unpack

ENVIRONMENT = "SLIPWAY_BASE_MAP"
BASE_LABEL = "dev.slipway.base"
MappedTo = Mapping[str, str]
RegistryFor = Callable[[Reference], Registry]


@dataclass(frozen=True, slots=True)
class Base:
    """Where a stage starts: layers, configuration, the directories that are known to exist."""

    layers: tuple[Layer, ...] = ()
    config: ImageConfig = field(default_factory=ImageConfig)
    architecture: str = "amd64"
    tree: Tree = field(default_factory=dict)
    directories: frozenset[str] = frozenset()


def base_map(text: str | None = None) -> dict[str, str]:
    """Return the mapping in $SLIPWAY_BASE_MAP: JSON of image globs to "host", "scratch" or an image."""
    raw = os.environ.get(ENVIRONMENT, "") if text is None else text
    if not raw.strip():
        return {}
    try:
        mapping = json.loads(raw)
    except ValueError as error:
        raise Invalid(ENVIRONMENT, f"is no JSON: {error}", hint='for example {"python:*": "host"}') from error
    if not isinstance(mapping, dict) or not all(isinstance(value, str) for value in mapping.values()):
        raise Invalid(ENVIRONMENT, "is no mapping of texts to texts", hint='for example {"python:*": "host"}')
    return mapping


def mapped(name: str, mapping: MappedTo) -> str:
    """Return what a base is mapped to (first match in order), the name itself when no glob matches."""
    full = str(parse_reference(name))
    for pattern, target in mapping.items():
        if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(full, pattern):
            return target
    return name


def find_base(
    instruction: Instruction, name: str, mapping: MappedTo, work: str, connect: RegistryFor = registry_for
) -> Base:
    """Return the base for FROM `name`, unpacked below `work`. Refused with the way out when it cannot be had."""
    if name == "scratch":
        return Base()
    target = mapped(name, mapping)
    if target in ("host", "scratch"):
        known = USUAL_DIRECTORIES if target == "host" else frozenset()
        return Base(config=ImageConfig(labels={BASE_LABEL: name}), directories=known)
    try:
        return _pulled(parse_reference(target), work, connect)
    except Unreachable as error:
        raise Refused(
            f"{instruction.place} the base image {name} cannot be pulled: {error.message}",
            hint=f'map it to the machine\'s own tools: {ENVIRONMENT}=\'{{"{name}": "host"}}\', or to an image at hand',
            reason="BaseUnreachable",
        ) from error


def _pulled(reference: Reference, work: str, connect: RegistryFor) -> Base:
    registry = connect(reference)
    manifest = select(registry, reference.repository, reference.identifier, "amd64").data
    data: dict[str, Any] = json.loads(registry.blob(reference.repository, manifest["config"]["digest"]))
    diff_ids = (data.get("rootfs") or {}).get("diff_ids") or []
    layers = tuple(
        Layer(item["digest"], diff_id, item["size"], origin=reference.name, media_type=_oci(item["mediaType"]))
        for item, diff_id in zip(manifest["layers"], diff_ids, strict=True)
    )
    tree = read_tree(unpack(reference, registry, work).rootfs)
    directories = frozenset(["", *(name for name, entry in tree.items() if entry.kind == "dir")])
    return Base(layers, config_of(data), data.get("architecture", "amd64"), tree, directories)


def image_tree(name: str, work: str, connect: RegistryFor = registry_for) -> Tree:
    """Return the files of another image (COPY --from=image), unpacked below `work`."""
    reference = parse_reference(name)
    return read_tree(unpack(reference, connect(reference), work).rootfs)


def _oci(media_type: str) -> str:
    return LAYER_OCI if media_type.endswith(("tar.gzip", "tar+gzip")) else media_type
