# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the collection into the wheel, as `ansible_collections/slipway/gitops` beside the package.

What belongs to the collection is said once, in galaxy.yml (`build_ignore`). In a checkout it lies one directory up;
in a source distribution, which this hook fills too, under `_collection`.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_INSIDE = "ansible_collections/slipway/gitops"
_CARRIED = "_collection"
_DEMO = "slipway/demo"
# Of a checkout the wheel needs the licences and what Ansible reads, whatever else lies around uncommitted.
_PARTS = ("plugins", "roles", "playbooks", "meta", "extensions", "catalog", "changelogs", "awx", "LICENSES", "examples")
_FILES = ("galaxy.yml", "README.md", "COPYING", "requirements.txt", "requirements.yml", "execution-environment.yml")
_NEVER = ("__pycache__", "*.pyc", ".*")


class CollectionHook(BuildHookInterface):
    """Adds the collection's files to the build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs; `version` is standard or editable."""
        if version == "editable":
            return
        source = self._source()
        for path in _files(source):
            build_data["force_include"][str(source / path)] = self._target(path)

    def _target(self, path: Path) -> str:
        """The examples belong to the demo, not to the collection."""
        if self.target_name != "wheel":
            return f"{_CARRIED}/{path}"
        return f"{_DEMO if path.parts[0] == 'examples' else _INSIDE}/{path}"

    def _source(self) -> Path:
        here = Path(self.root)
        for candidate in (here / _CARRIED, here.parent):
            if (candidate / "galaxy.yml").is_file() and (candidate / "plugins").is_dir():
                return candidate
        raise FileNotFoundError(f"no collection beside {here}: build from a checkout or from the source distribution")


def _files(source: Path) -> Iterator[Path]:
    ignored = yaml.safe_load((source / "galaxy.yml").read_text()).get("build_ignore") or []
    patterns = [pattern for pattern in ignored if pattern != "examples"]  # the demo needs them
    for name in _FILES:
        if (source / name).is_file():
            yield Path(name)
    for part in _PARTS:
        for path in sorted((source / part).rglob("*")):
            relative = path.relative_to(source)
            if path.is_file() and not _matches(relative, patterns):
                yield relative


def _matches(path: Path, patterns: list[str]) -> bool:
    """`build_ignore` names paths from the root, as for ansible-galaxy; what never belongs is named anywhere."""
    wholes = ["/".join(path.parts[: count + 1]) for count in range(len(path.parts))]
    ignored = any(fnmatch.fnmatch(whole, pattern) for whole in wholes for pattern in patterns)
    return ignored or any(fnmatch.fnmatch(part, never) for part in path.parts for never in _NEVER)
