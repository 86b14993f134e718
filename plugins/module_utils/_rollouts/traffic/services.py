# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which Services a router splits the traffic between.

Source: argo-rollouts v1.9 rollout/trafficrouting/service_helper.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model.rollout import Rollout

PING, PONG = "ping", "pong"


@dataclass(frozen=True, slots=True)
class Pair:
    """The Services of the stable and of the canary pods."""

    stable: str
    canary: str


def pair(ro: Rollout, status: Mapping[str, Any]) -> Pair:
    """Return the two Services; with pingPong they swap parts at each promotion, and stable begins as pong."""
    both = ro.canary.get("pingPong")
    if both is None:
        return Pair(ro.stable_service, ro.canary_service)
    ping, pong = str(both.get("pingService") or ""), str(both.get("pongService") or "")
    stable_is_ping = ((status.get("canary") or {}).get("stablePingPong")) == PING
    return Pair(ping, pong) if stable_is_ping else Pair(pong, ping)
