# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How something ended, as a value: expected ends are not exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import SlipwayError


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run of an engine. `data` is what the plugin returns besides."""

    succeeded: bool
    changed: bool = False
    reason: str = ""
    message: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    failure: SlipwayError | None = None
