# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What executors on this machine have in common: workspaces and volumes are its directories."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Refused
from ..decide import merge
from .containers import Shared
from .executor import Bound


@dataclass(slots=True)
class LocalExecutor(ABC):
    """An Executor but for what runs the steps."""

    shared: Shared

    @abstractmethod
    def refuse_container(self, container: Mapping[str, Any], where: str, obj: str) -> None:
        """Refuse by field name what a step or sidecar asks for and does not get; `where` names it in its Task."""

    def refuse(self, spec: Mapping[str, Any], obj: str, actions: Mapping[str, Mapping[str, Any]]) -> None:
        """Refuse by field name, before anything runs, what this executor cannot honour."""
        steps = merge.steps(spec.get("stepTemplate"), spec.get("steps") or [])
        for group, entries in (("steps", steps), ("sidecars", spec.get("sidecars") or [])):
            for index, entry in enumerate(entries):
                if entry.get("ref"):
                    entry = {**entry, **actions.get(str(entry["ref"].get("name")), {})}
                self.refuse_container(entry, f"spec.{group}[{index}]", obj)
        for index, volume in enumerate(spec.get("volumes") or []):
            try:
                self.shared.volumes.check_volume(volume, f"spec.volumes[{index}]")
            except Refused as error:
                error.obj = error.obj or obj
                raise

    def check(self, binding: Mapping[str, Any], field: str) -> None:
        """Refuse what has no directory here."""
        self.shared.volumes.check(binding, field)

    def bind(self, binding: Mapping[str, Any], task: str) -> Bound:
        """Return the directory of a binding."""
        return self.shared.volumes.bind(binding, task)

    def close(self, *, succeeded: bool) -> None:
        """Remove the claims of a run that succeeded."""
        if succeeded:
            self.shared.volumes.remove()
