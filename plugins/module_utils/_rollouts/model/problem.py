# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A mistake in a spec, as Kubernetes' field.Error says it: where, which value, why.

Knows paths and words; no kind of object. Source: k8s.io/apimachinery pkg/util/validation/field/errors.go (v0.34).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..._core import gojson

INVALID, REQUIRED, INTERNAL = "FieldValueInvalid", "FieldValueRequired", "InternalError"
FORBIDDEN, NOT_SUPPORTED = "FieldValueForbidden", "FieldValueNotSupported"
_WORDS = {
    INVALID: "Invalid value",
    REQUIRED: "Required value",
    INTERNAL: "Internal error",
    FORBIDDEN: "Forbidden",
    NOT_SUPPORTED: "Unsupported value",
}
_WITHOUT_VALUE = (REQUIRED, INTERNAL, FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `kind` is a field.ErrorType, `field` a path such as spec.strategy.steps[0], `detail` the reason."""

    kind: str
    field: str
    value: Any
    detail: str

    @property
    def message(self) -> str:
        """What is wrong, without the path."""
        word = _WORDS[self.kind]
        body = word if self.kind in _WITHOUT_VALUE else f"{word}: {_shown(self.value)}"
        return f"{body}: {self.detail}" if self.detail else body

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def invalid(field: str, value: Any, detail: str) -> Problem:
    return Problem(INVALID, field, value, detail)


def required(field: str, detail: str) -> Problem:
    return Problem(REQUIRED, field, "", detail)


def internal(field: str, detail: str) -> Problem:
    return Problem(INTERNAL, field, None, detail)


def forbidden(field: str, detail: str) -> Problem:
    return Problem(FORBIDDEN, field, "", detail)


def not_supported(field: str, value: Any, *supported: str) -> Problem:
    listed = ", ".join(f'"{word}"' for word in supported)
    return Problem(NOT_SUPPORTED, field, value, f"supported values: {listed}")


def not_negative(field: str, value: int) -> list[Problem]:
    """Return the mistake of a number below zero."""
    return [invalid(field, value, "must be greater than or equal to 0")] if value < 0 else []


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return gojson.dumps(value)


def child(path: str, *names: str) -> str:
    """Return the path of a field inside `path`; an empty path is the root."""
    return ".".join(part for part in (path, *names) if part)
