# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's foundations, under one short name for the runner.

The runner imports `_core` through this file only; what is behind the engines' `api.py` stays theirs.
"""

from __future__ import annotations

from ansible_collections.slipway.gitops.plugins.module_utils._core import redact, yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import Clock, RealClock, VirtualClock, rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    Cancelled,
    Invalid,
    Permanent,
    Place,
    Refused,
    SlipwayError,
    Temporary,
    TimedOut,
    Unreachable,
)
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import (
    PHASES,
    SCHEMA_VERSION,
    Emitter,
    Event,
    Sink,
    Subject,
    file_writer,
)
from ansible_collections.slipway.gitops.plugins.module_utils._core.ids import generate_name, suffix

__all__ = [
    "PHASES",
    "SCHEMA_VERSION",
    "Cancel",
    "Cancelled",
    "Clock",
    "Emitter",
    "Event",
    "Invalid",
    "Permanent",
    "Place",
    "RealClock",
    "Refused",
    "Sink",
    "SlipwayError",
    "Subject",
    "Temporary",
    "TimedOut",
    "Unreachable",
    "VirtualClock",
    "file_writer",
    "generate_name",
    "redact",
    "rfc3339",
    "suffix",
    "yaml",
]
