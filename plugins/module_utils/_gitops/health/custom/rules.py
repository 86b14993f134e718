# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What checks of custom kinds are made of."""

from __future__ import annotations

from collections.abc import Callable

from ...._core.types import Manifest
from ..status import Health

Check = Callable[[Manifest], Health | None]
