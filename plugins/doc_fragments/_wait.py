# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of waiting. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment of the options wait and wait_timeout."""

    DOCUMENTATION = r"""
options:
  wait:
    description: Whether to wait for the end. All objects are awaited together, by watch.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most, for everything together.
    type: float
    default: 600.0
"""
