# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attributes that the modules share. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments of attributes."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return what would change, without changing anything.
  diff_mode:
    description: Returns what has changed, or would change in check mode, as before and after.
  action:
    description: Runs as an action plugin on the controller.
    support: full
  async:
    description: Supports being run with C(async).
    support: none
"""

    K8S = r"""
options: {}
attributes:
  action_group:
    description: Member of the action group C(slipway.gitops.k8s), for C(module_defaults).
    support: full
    membership:
      - slipway.gitops.k8s
"""
