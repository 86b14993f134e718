# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo tells at its end: one record per delivery, as JSON and as tables.

Knows the result of the deliver role; must not run anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

GOOD = ("Healthy",)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery: what was pushed, what the role reported, how the run ended."""

    name: str
    commit: str
    expected: str
    run_id: str
    directory: str
    seconds: float
    why: str
    result: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the record of the JSON output."""
        application, rollout = self._application(), self._rollout()
        pipeline = self.result.get("pipeline", {})
        info = application.get("info") or application.get("sync") or {}
        return {
            "commit": self.commit,
            "image": self.result.get("image", ""),
            "config_commit": self.result.get("config_commit", ""),
            "pipeline": {key: pipeline.get(key) for key in ("status", "seconds", "results")},
            "sync": {
                "status": _text(info.get("sync", info.get("status"))),
                "health": _text(info.get("health")),
                "revision": info.get("revision", ""),
            },
            "rollout": {
                "phase": rollout.get("phase"),
                "weights": rollout.get("weights", []),
                "analysis": rollout.get("analysis"),
            },
            "seconds": round(self.seconds, 3),
        }

    @property
    def ended_as_expected(self) -> bool:
        """True when the rollout came to the phase that this delivery is made for."""
        record = self.as_dict()
        synced, phase = record["sync"]["status"] == "Synced", record["rollout"]["phase"]
        if self.expected == "promoted":
            return bool(synced and phase == "Healthy" and record["sync"]["health"] == "Healthy")
        return bool(synced and phase == "Degraded" and record["rollout"]["weights"][-1:] == [0])

    def _application(self) -> Mapping[str, Any]:
        return next(iter(self.result.get("applications", [])), {})

    def _rollout(self) -> Mapping[str, Any]:
        return next(iter(self._application().get("rollouts", [])), {})


def _text(value: Any) -> str:
    """Status and health come as a word or as {status: word}."""
    if isinstance(value, Mapping):
        return str(value.get("status", ""))
    return str(value or "")


def as_json(deliveries: Sequence[Delivered]) -> dict[str, Any]:
    """Return the whole output; `result` is succeeded when all ended as expected and the revert gave the good image."""
    good = all(one.ended_as_expected for one in deliveries) and len(deliveries) == 3
    same = len({one.result.get("image") for one in deliveries if one.expected == "promoted"}) == 1
    return {
        "result": "succeeded" if good and same else "failed",
        "deliveries": [one.as_dict() for one in deliveries],
    }


def show(console: Console, deliveries: Sequence[Delivered], phases: Sequence[tuple[str, float]]) -> None:
    """Print the tables: phases with times, then the chain of each delivery, then where to look."""
    table = Table("phase", "seconds", title="Phases", title_justify="left")
    for name, seconds in phases:
        table.add_row(name, f"{seconds:.1f}")
    console.print(table)
    console.print(_chain(deliveries))
    for one in deliveries:
        if one.why:
            console.print(f"{one.name}: {one.why}", soft_wrap=True)
    for one in deliveries:
        console.print(f"{one.name}: slipway show {one.run_id}; events and logs in {one.directory}", soft_wrap=True)


def _chain(deliveries: Sequence[Delivered]) -> Table:
    names = ("delivery", "commit", "image", "revision", "weights", "analysis", "rollout", "application", "seconds")
    table = Table(*names, title="From commit to traffic", title_justify="left")
    for one in deliveries:
        record = one.as_dict()
        digest = record["image"].rpartition("@")[2].removeprefix("sha256:")
        table.add_row(
            one.name,
            one.commit[:8],
            digest[:12],
            record["config_commit"][:8],
            " ".join(map(str, record["rollout"]["weights"])),
            record["rollout"]["analysis"] or "-",
            record["rollout"]["phase"] or "-",
            f"{record['sync']['status']} {record['sync']['health']}",
            f"{one.seconds:.1f}",
        )
    return table
