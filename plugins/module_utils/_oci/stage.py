# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Executes the instructions of one build stage.

RUN is refused: it needs a container; the message names buildah, which has one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from .._core.errors import Refused
from .base import Base
from .copying import copy
from .dockerfile import Instruction, expand, pairs, words
from .image import ImageConfig
from .layer import Layer, write_layer
from .tree import Tree

# Docker's predefined arguments: usable without ARG, never shown.
PREDEFINED = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
PREDEFINED_ARGS = frozenset((*PREDEFINED, *(name.lower() for name in PREDEFINED)))
REMOTE = ("http://", "https://", "git@", "git://")
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


@dataclass(slots=True)
class World:
    """What stages share: the context, finished stages and images, build arguments, where layers are written."""

    context: Tree
    other: Callable[[Instruction, str], Tree]
    build_args: Mapping[str, str]
    global_args: Mapping[str, str]
    work: str
    compress: int = 0
    used_args: set[str] = field(default_factory=set)
    count: int = 0


class Stage:
    """One FROM with what follows."""

    def __init__(self, base: Base, world: World, name: str = "") -> None:
        self.name = name
        self.layers: list[Layer] = list(base.layers)
        self.config: ImageConfig = base.config
        self.architecture = base.architecture
        self.tree: Tree = dict(base.tree)
        self.directories = set(base.directories)
        self.history: list[dict[str, object]] = [{"created_by": "base", "comment": "layer"} for _ in base.layers]
        self._world = world
        self._args: dict[str, str] = {}
        self._own_cmd = False

    def as_base(self) -> Base:
        """Return this stage as the start of another."""
        layers = tuple(self.layers)
        return Base(layers, self.config, self.architecture, dict(self.tree), frozenset(self.directories))

    def execute(self, instruction: Instruction) -> None:
        """Carry out one instruction; Invalid or Refused with file and line."""
        verb = getattr(self, f"_do_{instruction.name.lower()}", None)
        if verb is None:
            raise instruction.wrong("is no Dockerfile instruction", hint="see docs.docker.com/reference/dockerfile")
        verb(instruction)
        if instruction.name not in ("COPY", "ADD", "ARG"):
            self._remember(instruction, empty=True)

    @property
    def variables(self) -> dict[str, str]:
        """What $NAME means now: arguments, over which the environment wins."""
        return {**self._args, **self.config.variables}

    def _remember(self, instruction: Instruction, *, empty: bool) -> None:
        record: dict[str, object] = {"created_by": str(instruction)}
        self.history.append({**record, "empty_layer": True} if empty else record)

    def _set(self, **fields: object) -> None:
        self.config = replace(self.config, **fields)  # type: ignore[arg-type]

    # -- files ---------------------------------------------------------------------------------

    def _do_copy(self, instruction: Instruction) -> None:
        unknown = sorted(set(instruction.flags) - {"from", "chown", "chmod", "link"})
        if unknown:
            raise instruction.wrong(f"--{unknown[0]} is not supported", hint="known: --from, --chown, --chmod, --link")
        flags = {name: expand(value, self.variables, instruction) for name, value in instruction.flags.items()}
        instruction = replace(instruction, flags=flags)
        source = self._world.other(instruction, flags["from"]) if "from" in flags else self._world.context
        paths = words(instruction, self.variables)
        added = copy(instruction, source, paths, self.directories, self.config.working_dir)
        self._add_layer(instruction, added)

    def _do_add(self, instruction: Instruction) -> None:
        for path in words(instruction, self.variables)[:-1]:
            if path.startswith(REMOTE):
                raise self._refused(instruction, "ADD of a URL is not reproducible", "download it before, then COPY")
            if path.endswith(ARCHIVES):
                raise self._refused(instruction, "ADD unpacks archives, which is not done here", "unpack it, then COPY")
        self._do_copy(instruction)

    def _add_layer(self, instruction: Instruction, added: Tree) -> None:
        self._world.count += 1
        path = os.path.join(self._world.work, f"layer-{self._world.count}.tar.gz")
        layer = write_layer(added, path, self._world.compress)
        self.layers.append(layer)
        self.tree.update(added)
        for name, entry in added.items():
            parts = name.split("/")
            self.directories.update("/".join(parts[:count]) for count in range(1, len(parts)))
            if entry.kind == "dir":
                self.directories.add(name)
        self._remember(instruction, empty=False)

    def _do_run(self, instruction: Instruction) -> None:
        raise self._refused(
            instruction,
            "RUN needs a container, and images are built here without one",
            "build this Dockerfile with buildah (buildah bud --isolation chroot), or COPY what RUN would make",
        )

    def _do_onbuild(self, instruction: Instruction) -> None:
        raise self._refused(instruction, "ONBUILD is not supported", "OCI images have no such field")

    def _refused(self, instruction: Instruction, message: str, hint: str) -> Refused:
        return Refused(f"{instruction.place} {message}", hint=hint, reason="Unsupported")

    # -- configuration -------------------------------------------------------------------------

    def _do_arg(self, instruction: Instruction) -> None:
        for name, default in arguments(instruction, self.variables):
            if name in self._world.build_args:
                self._world.used_args.add(name)
                self._args[name] = self._world.build_args[name]
            elif default is not None:
                self._args[name] = default
            elif name in self._world.global_args:
                self._args[name] = self._world.global_args[name]

    def _do_env(self, instruction: Instruction) -> None:
        env = {**self.config.variables, **dict(pairs(instruction, self.variables))}
        self._set(env=tuple(f"{name}={value}" for name, value in env.items()))

    def _do_label(self, instruction: Instruction) -> None:
        self._set(labels={**self.config.labels, **dict(pairs(instruction, self.variables))})

    def _do_maintainer(self, instruction: Instruction) -> None:
        self._set(labels={**self.config.labels, "maintainer": instruction.rest})

    def _do_workdir(self, instruction: Instruction) -> None:
        path = self._one(instruction)
        self._set(working_dir=os.path.normpath(os.path.join("/", self.config.working_dir, path)))
        self.directories.add(self.config.working_dir.lstrip("/"))

    def _do_user(self, instruction: Instruction) -> None:
        self._set(user=self._one(instruction))

    def _do_stopsignal(self, instruction: Instruction) -> None:
        self._set(stop_signal=self._one(instruction))

    def _do_expose(self, instruction: Instruction) -> None:
        ports = [word if "/" in word else f"{word}/tcp" for word in words(instruction, self.variables)]
        self._set(exposed=tuple(dict.fromkeys((*self.config.exposed, *ports))))

    def _do_volume(self, instruction: Instruction) -> None:
        self._set(volumes=tuple(dict.fromkeys((*self.config.volumes, *words(instruction, self.variables)))))

    def _do_shell(self, instruction: Instruction) -> None:
        listed = instruction.json_form()
        if not listed:
            raise instruction.wrong("needs the JSON form", hint='SHELL ["/bin/sh", "-c"]')
        self._set(shell=listed)

    def _do_healthcheck(self, instruction: Instruction) -> None:
        """OCI images have no health check, Kubernetes ignores Docker's: nothing to keep."""

    def _do_entrypoint(self, instruction: Instruction) -> None:
        # An ENTRYPOINT drops the CMD that came with the base, not one that this file has set.
        self._set(entrypoint=self._command(instruction), **({} if self._own_cmd else {"cmd": ()}))

    def _do_cmd(self, instruction: Instruction) -> None:
        self._own_cmd = True
        self._set(cmd=self._command(instruction))

    def _command(self, instruction: Instruction) -> tuple[str, ...]:
        listed = instruction.json_form()
        if listed is not None:
            return listed
        return (*(self.config.shell or ("/bin/sh", "-c")), instruction.rest) if instruction.rest else ()

    def _one(self, instruction: Instruction) -> str:
        value = expand(instruction.rest, self.variables, instruction).strip().strip("\"'")
        if not value:
            raise instruction.wrong("needs a value")
        return value


def arguments(instruction: Instruction, variables: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """Return the (name, default) pairs of an ARG; None without a default."""
    if "=" in instruction.rest:
        marked = replace(instruction, rest=instruction.rest)
        return [(name, value) for name, value in pairs(marked, variables)]
    return [(name, None) for name in instruction.rest.split()]
