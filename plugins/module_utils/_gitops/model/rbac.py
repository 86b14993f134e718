# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Access policies of Argo CD as text: read and checked, not enforced. Pure.

Source: argo-cd v3.6 util/rbac/rbac.go.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping

from ..._core.errors import Invalid
from ..._lang import globs

_MAIN = "policy.csv"
_LENGTHS = {"p": 6, "g": 3}


def policy_line(line: str) -> tuple[str, ...]:
    """Return the fields of one line, none for an empty line and a comment. Invalid for what is no policy.

    A policy is `p, subject, resource, action, object, effect` or `g, subject, role`.
    """
    if not line or line.startswith("#"):
        return ()
    try:
        fields = next(csv.reader([line], skipinitialspace=True, strict=True))
    except (csv.Error, StopIteration) as error:
        raise Invalid("", f"invalid RBAC policy: {line}") from error
    if len(fields) != _LENGTHS.get(fields[0] if fields else "", -1):
        raise Invalid("", f"invalid RBAC policy: {line}")
    return tuple(fields)


def policies(text: str) -> list[tuple[str, ...]]:
    """Return the policies of a text. Invalid for the first line that is none."""
    return [fields for line in text.splitlines() if (fields := policy_line(line.strip()))]


def policy_text(data: Mapping[str, str]) -> str:
    """Return the policies of the ConfigMap argocd-rbac-cm: policy.csv, then every policy.*.csv by its name."""
    more = [key for key in sorted(data) if key.startswith("policy.") and key.endswith(".csv") and key != _MAIN]
    return "\n".join([data.get(_MAIN, ""), *(data[key] for key in more)])


def matches(*arguments: object) -> bool:
    """Return whether a value (first) matches a glob (second); anything else than two texts does not."""
    if len(arguments) < 2 or not all(isinstance(argument, str) for argument in arguments[:2]):
        return False
    return globs.match(str(arguments[1]), str(arguments[0]))
