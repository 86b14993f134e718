# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that name upstream YAML. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment of the options src and definition."""

    DOCUMENTATION = r"""
options:
  src:
    description:
      - Files, directories or URLs with upstream YAML, in any order.
      - A directory is read once, not recursively, its C(.yaml), C(.yml) and C(.json) files in name order.
      - Never templated. Relative paths start at the playbook.
    type: list
    elements: str
  definition:
    description:
      - The same objects inline, as a mapping, a list of mappings, or YAML text.
      - Ansible templates inline text. What upstream writes in double braces, such as arguments of an AnalysisTemplate,
        needs C(!unsafe) here; with O(src) it needs nothing.
    type: raw
"""
