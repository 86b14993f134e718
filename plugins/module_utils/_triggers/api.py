# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The public face of Tekton Triggers: documents and one event in, what it starts out."""

from __future__ import annotations

from .._core.gojson_scan import decode_object as payload_object
from .._core.ids import new_uid as new_event_id
from .door import gitlab_refusal
from .event import Event, canonical, make
from .listener import EventResult, Listener, TriggerResult
from .packed import pack, unpack
from .payload import problem as payload_problem
from .validate.documents import Finding, findings

__all__ = [
    "EMULATED",
    "Event",
    "EventResult",
    "Finding",
    "Listener",
    "TriggerResult",
    "canonical",
    "findings",
    "gitlab_refusal",
    "make",
    "new_event_id",
    "pack",
    "payload_object",
    "payload_problem",
    "unpack",
]
EMULATED = "Tekton Triggers v0.37"
