# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rows of Tekton's validation tests share: which flags are set, and what error a row expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate import flags
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.flags import Flags
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.problem import (
    Problem,
    Problems,
    text,
)
from tests.conformance.registry import Row

FOLDER = "pkg/apis/pipeline/v1/"
ORDER = (flags.STABLE, flags.BETA, flags.ALPHA)
_SETTERS: dict[str, dict[str, Any]] = {
    "EnableAlphaAPIFields": {"api_fields": flags.ALPHA},
    "EnableBetaAPIFields": {"api_fields": flags.BETA},
    "EnableStableAPIFields": {"api_fields": flags.STABLE},
    "enableConciseResolverSyntax": {"concise_resolver_syntax": True},
    "EnableForbiddenEnv": {"forbidden_env": ("TEST_ENV",)},
}


def of_row(row: Row, **more: Any) -> Flags:
    """Return the flags that the test sets: for all its rows, by a setter of the row, by a ConfigMap of the row."""
    found = flags.from_map(row.fields.get("configMap") or {})
    for call in row.table.get("calls") or []:
        found = replace(found, **_SETTERS.get(call.rpartition(".")[2], {}))
    for name in ("wc", "withContext"):
        setter = (row.fields.get(name) or {}).get("$func", "")
        found = replace(found, **_SETTERS.get(setter.rpartition(".")[2], {}))
    return replace(found, **more)


def items(row: Row, name: str) -> list[Any]:
    """Return a list of the row; null is an empty one, as in Go."""
    return list(row.value(name) or [])


def expect(row: Row, problems: Problems) -> None:
    """Compare with the error of the row as upstream prints it; a row without one expects none."""
    wanted = next((row.fields[n] for n in ("expectedError", "wantErr", "wantErrs", "want") if n in row.fields), None)
    printed = text(_problems(wanted or {}))
    assert text(problems) == printed, f"{text(problems)!r} is not {printed!r}"


def _problems(error: Mapping[str, Any]) -> Iterator[Problem]:
    if error.get("Message"):
        yield Problem(error["Message"], tuple(error.get("Paths") or ()), error.get("Details") or "")
    for inner in error.get("errors") or []:
        yield from _problems(inner)


def verdict(row: Row, problems: Problems) -> None:
    """Compare with the verdict that holds for the whole table."""
    accepted = row.table.get("verdict", "accepted") == "accepted"
    assert accepted == (not problems), text(problems) or "accepted, and should be refused"


def from_version(required: str, found: Mapping[str, Problems]) -> None:
    """`found` has the problems by api fields: stricter ones than required must refuse, more permissive ones accept."""
    for version, problems in found.items():
        if version != required:
            stricter = ORDER.index(version) < ORDER.index(required)
            assert bool(problems) == stricter, f"{version}: {text(problems)!r}"


def lowered(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a struct of the test with the names of its fields as in YAML: StepTemplate is stepTemplate."""
    return {name[0].lower() + name[1:]: value for name, value in fields.items()}
