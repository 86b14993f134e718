# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What one measured value says: the conditions of a metric over `result`.

Knows the language and upstream's own functions; must not know counts, limits or providers.
Source: argo-rollouts v1.10 utils/evaluate/evaluate.go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..._core.errors import Invalid
from ..._lang.expr.evaluate import evaluate
from ..._lang.expr.times import Duration

NO_DATA = "metric result is nil or empty: no data returned from the metric provider"


def value_phase(metric: Mapping[str, Any], result: Any) -> str:
    """Return the phase of one measured value by the metric's conditions: Successful, Failed or Inconclusive.

    Invalid when a condition cannot be evaluated; upstream's phase of such a measurement is Error.
    """
    good = _verdict(metric, "successCondition", result)
    bad = _verdict(metric, "failureCondition", result)
    if bad or (good is False and bad is None):
        return "Failed"
    return "Inconclusive" if good is False else "Successful"


def _verdict(metric: Mapping[str, Any], name: str, result: Any) -> bool | None:
    text = metric.get(name)
    if not text:
        return None
    try:
        return condition(str(text), result)
    except Invalid as error:
        why = NO_DATA if is_nil_or_empty(result) else error.message
        raise Invalid(name, f'could not evaluate {name} "{text}": {why}', hint=error.hint) from error


def condition(text: str, result: Any) -> bool:
    """Return the truth of one condition. Invalid for syntax, unknown names and answers that are no bool."""
    env: dict[str, Any] = {
        "result": result,
        "asInt": as_int,
        "asFloat": as_float,
        "isNaN": is_nan,
        "isInf": is_inf,
        # upstream ignores the argument of these two and looks at the whole result
        "isNil": lambda _value: is_nil(result),
        "default": lambda _value, other: other if is_nil(result) else result,
    }
    answer = evaluate(text, env)
    if not isinstance(answer, bool):
        raise Invalid("condition", f"expected bool, but got {_go_type(answer)}")
    return answer


def as_int(value: Any) -> int:
    """Return a number or the text of an integer as an integer. Invalid otherwise."""
    if isinstance(value, str):
        try:
            return int(value, 10)
        except ValueError as error:
            raise Invalid("asInt", f'strconv.ParseInt: parsing "{value}": invalid syntax') from error
    return int(_numeric("asInt", value))


def as_float(value: Any) -> float:
    """Return a number or the text of a number as a float. Invalid otherwise."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError as error:
            raise Invalid("asFloat", f'strconv.ParseFloat: parsing "{value}": invalid syntax') from error
    return float(_numeric("asFloat", value))


def _numeric(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(name, f"{name}() not supported on {_go_type(value)} {value}")
    return value


def is_nan(value: float) -> bool:
    return math.isnan(value)


def is_inf(value: float) -> bool:
    """Return whether a number is an infinity of either sign."""
    return math.isinf(value)


def is_nil(result: Any) -> bool:
    """Return whether a provider gave no value at all."""
    return result is None


def is_nil_or_empty(result: Any) -> bool:
    """Return whether a result holds no data: null, or a list without items."""
    return result is None or (isinstance(result, list) and not result)


def same_members(left: Sequence[str], right: Sequence[str]) -> bool:
    """Return whether two lists of texts hold the same ones in any order."""
    return len(left) == len(right) and set(right) <= set(left)


def eval_time(text: str, now: datetime) -> datetime:
    """Return the moment an expression names, such as now() - duration("5m"). Invalid when it is no time.

    Range queries of Prometheus say their start and end so.
    """

    def current() -> datetime:
        return now

    answer = evaluate(text, {"now": current, "isNaN": is_nan, "isInf": is_inf})
    if not isinstance(answer, datetime):
        raise Invalid("expression", f"expected time, but got {_go_type(answer)}")
    return answer


def _go_type(value: Any) -> str:
    names = {
        bool: "bool", int: "int", float: "float64", str: "string", list: "[]interface {}",
        dict: "map[string]interface {}", datetime: "time.Time", Duration: "time.Duration",
    }  # fmt: skip
    return "<nil>" if value is None else names.get(type(value), type(value).__name__)
