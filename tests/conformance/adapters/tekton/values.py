# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the adapters of Tekton's tables share: compare without empty fields, read the error that a row names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.params import typed
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.substitution import Replacements
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.registry import Row

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|[KMGTPE]i?)?")


def same(found: Any, wanted: Any) -> None:
    """Raise unless both are equal without their empty fields."""
    assert bare(found) == bare(wanted), f"{bare(found)!r} is not {bare(wanted)!r}"


def error_text(value: Any) -> str:
    """Return the message of an expected error, "" for none."""
    return str(value["$error"]) if isinstance(value, Mapping) else str(value or "")


def message_of(call: Callable[[], Any]) -> str:
    """Return the message of the error that `call` raises, "" when it raises none."""
    try:
        call()
    except SlipwayError as error:
        return error.message
    except ValueError as error:
        return str(error)
    return ""


def judged(row: Row, problem: str) -> None:
    """Compare with the table's verdict: accepted or rejected."""
    verdict = row.table["verdict"]
    assert verdict in ("accepted", "rejected"), verdict
    assert bool(problem) is (verdict == "rejected"), problem or "was accepted"


def replacements(strings: Any = None, arrays: Any = None, objects: Any = None) -> Replacements:
    return Replacements(strings or {}, arrays or {}, objects or {})


def by_name(params: Any) -> dict[str, Any]:
    """Return a list of params as a map."""
    return {entry.get("name", ""): typed(entry.get("value")) for entry in params or []}
