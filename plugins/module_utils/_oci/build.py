# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Builds images from a subset of Dockerfiles, without a daemon, and pushes them.

The same content gives the same digest: on every machine, for every user, at any time. FROM, COPY,
ADD (local), ENV, WORKDIR, ENTRYPOINT, CMD, EXPOSE, LABEL, USER, ARG, VOLUME, SHELL and STOPSIGNAL
are honoured, several stages too; RUN is refused.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._core.errors import Invalid, Permanent
from .base import BASE_LABEL, Base, MappedTo, RegistryFor, base_map, find_base, image_tree, mapped
from .dockerfile import Instruction, expand, parse
from .image import CONFIG_OCI, MANIFEST_OCI, ImageConfig, Reference, parse_reference
from .layer import Layer
from .registry import Registry, registry_for, sha256
from .stage import PREDEFINED_ARGS, Stage, World, arguments
from .tree import Tree, ignore_rules, read_tree

__all__ = ["BASE_LABEL", "BuiltImage", "base_map", "build", "push"]


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image on disk, ready to be pushed. `close` removes its layer files."""

    layers: tuple[Layer, ...]
    config: ImageConfig
    config_body: bytes
    manifest: bytes
    digest: str
    warnings: tuple[str, ...]
    work: str

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self.work, ignore_errors=True)

    def __enter__(self) -> BuiltImage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. `base_map` None reads $SLIPWAY_BASE_MAP; `compress` 0 keeps digests equal everywhere."""

    dockerfile: str = "Dockerfile"
    base_map: MappedTo | None = None
    build_args: Mapping[str, str] | None = None
    labels: Mapping[str, str] | None = None
    target: str = ""
    architecture: str = ""
    compress: int = 0
    connect: RegistryFor = registry_for


def build(
    context_dir: str,
    dockerfile_text: str,
    *,
    base_map: MappedTo | None = None,
    build_args: Mapping[str, str] | None = None,
    options: Options | None = None,
) -> BuiltImage:
    """Build `dockerfile_text` over a context directory.

    Raises Invalid (file:line, instruction, hint) for a wrong Dockerfile, Refused for RUN and for a
    base that cannot be had. Close the result, or use it with `with`.
    """
    chosen = options or Options()
    if base_map is not None or build_args is not None:
        chosen = replace(chosen, base_map=base_map or chosen.base_map, build_args=build_args or chosen.build_args)
    if not os.path.isdir(context_dir):
        raise Permanent(f"the build context {context_dir} is no directory")
    work = tempfile.mkdtemp(prefix="slipway-build-")
    try:
        return _Build(context_dir, chosen, work).run(parse(dockerfile_text, chosen.dockerfile))
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


class _Build:
    """One build: the stages in order, then the documents."""

    def __init__(self, context_dir: str, options: Options, work: str) -> None:
        self._options = options
        self._mapping = base_map() if options.base_map is None else options.base_map
        self._stages: list[Stage] = []
        self._global: dict[str, str] = {}
        args = options.build_args or {}
        context = read_tree(context_dir, ignore_rules(_ignore_text(context_dir, options.dockerfile)))
        self._world = World(context, self._other, args, self._global, work, options.compress)

    def run(self, instructions: list[Instruction]) -> BuiltImage:
        for instruction in instructions:
            if instruction.name == "FROM":
                if self._finished():
                    break
                self._start_stage(instruction)
            elif self._stages:
                self._stages[-1].execute(instruction)
            elif instruction.name == "ARG":
                self._global_arg(instruction)
            else:
                raise instruction.wrong("stands before the first FROM")
        if not self._stages:
            raise Invalid("FROM", "there is none", at=instructions[0].place)
        if self._options.target and not self._finished():
            names = ", ".join(stage.name for stage in self._stages if stage.name)
            raise Invalid(
                "target", f"names no stage: '{self._options.target}'", hint=f"stages: {names or 'none named'}"
            )
        return self._finish(self._stages[-1])

    def _finished(self) -> bool:
        wanted = self._options.target
        return bool(wanted and self._stages) and wanted in (self._stages[-1].name, str(len(self._stages) - 1))

    def _global_arg(self, instruction: Instruction) -> None:
        for name, default in arguments(instruction, self._global):
            given = self._world.build_args.get(name, default)
            self._world.used_args.add(name)
            if given is not None:
                self._global[name] = given

    def _start_stage(self, instruction: Instruction) -> None:
        words = expand(instruction.rest, self._global, instruction).split()
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
            raise instruction.wrong("expects: FROM image [AS name]")
        name = words[2].lower() if len(words) == 3 else ""
        earlier = [stage for stage in self._stages if stage.name and stage.name == words[0].lower()]
        base = earlier[-1].as_base() if earlier else self._base(instruction, words[0])
        self._stages.append(Stage(base, self._world, name))

    def _base(self, instruction: Instruction, name: str) -> Base:
        return find_base(instruction, name, self._mapping, self._world.work, self._options.connect)

    def _other(self, instruction: Instruction, name: str) -> Tree:
        """Return the files that COPY --from=`name` copies from: a stage, by name or number, or an image."""
        done = self._stages[:-1]
        for index, stage in enumerate(done):
            if name in (str(index), stage.name):
                return stage.tree
        if name.isdigit():
            raise instruction.wrong(f"--from={name}: there is no such stage before this one")
        if mapped(name, self._mapping) in ("host", "scratch"):
            raise instruction.wrong(f"--from={name}: this image is mapped to the host, its files are not known")
        return image_tree(mapped(name, self._mapping), self._world.work, self._options.connect)

    def _finish(self, stage: Stage) -> BuiltImage:
        config = replace(stage.config, labels={**stage.config.labels, **(self._options.labels or {})})
        body = _dump(
            {
                "architecture": self._options.architecture or stage.architecture,
                "os": "linux",
                "created": "1970-01-01T00:00:00Z",
                "config": config.as_dict(),
                "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in stage.layers]},
                "history": [{"created": "1970-01-01T00:00:00Z", **record} for record in stage.history],
            }
        )
        manifest = _dump(_manifest(body, stage.layers))
        unused = set(self._world.build_args) - self._world.used_args - PREDEFINED_ARGS
        warnings = tuple(f"build argument {name} is not used by the Dockerfile" for name in sorted(unused))
        layers = tuple(stage.layers)
        return BuiltImage(layers, config, body, manifest, sha256(manifest), warnings, self._world.work)


def _manifest(config: bytes, layers: list[Layer]) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST_OCI,
        "config": {"mediaType": CONFIG_OCI, "digest": sha256(config), "size": len(config)},
        "layers": [{"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size} for layer in layers],
    }


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _ignore_text(context_dir: str, dockerfile: str) -> str:
    # BuildKit: <Dockerfile>.dockerignore beside the Dockerfile wins over the context's own.
    own = os.path.join(context_dir, os.path.basename(dockerfile) + ".dockerignore")
    for path in (own, os.path.join(context_dir, ".dockerignore")):
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                return file.read()
    return ""


def push(image: BuiltImage, reference: str | Reference, registry: Registry | None = None) -> str:
    """Push an image under a reference; return its digest. What the registry has is not sent again."""
    target = parse_reference(reference) if isinstance(reference, str) else reference
    client = registry or registry_for(target)
    try:
        for layer in image.layers:
            _push_layer(client, target, layer)
        config = sha256(image.config_body)
        client.upload(target.repository, config, image.config_body, len(image.config_body))
        return client.put_manifest(target.repository, target.tag or image.digest, image.manifest)
    finally:
        if registry is None:
            client.close()


def _push_layer(client: Registry, target: Reference, layer: Layer) -> None:
    if layer.path:
        with open(layer.path, "rb") as file:
            client.upload(target.repository, layer.digest, file, layer.size)
        return
    origin = parse_reference(layer.origin)
    same = origin.host == target.host
    if client.has_blob(target.repository, layer.digest, push=True):
        return
    source = client if same else registry_for(origin)
    with tempfile.TemporaryDirectory(prefix="slipway-layer-") as folder:
        path = os.path.join(folder, "layer")
        if not same or not client.mount(target.repository, layer.digest, origin.repository):
            source.download(origin.repository, layer.digest, path)
            with open(path, "rb") as file:
                client.upload(target.repository, layer.digest, file, layer.size)
