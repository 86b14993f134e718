# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The expression language CEL for rows that need it, when it is there."""

from __future__ import annotations

import importlib
import importlib.util

from tests.conformance.registry import Skip

_MODULE = "ansible_collections.slipway.gitops.plugins.module_utils._lang.cel"


def cel(text: str) -> object:
    """Return the plain value of a CEL expression without variables; Invalid when it is wrong."""
    if importlib.util.find_spec(_MODULE) is None:
        raise Skip("the expression language CEL is not there yet")
    return importlib.import_module(_MODULE).Environment({}).evaluate(text, {}).plain
