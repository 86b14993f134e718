# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The expression language of analyses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr.evaluate import evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("2 ** 3 ** 2", 512.0),
        ("7 / 2", 3.5),
        ("-7 % 3", -1),
        ("x?.y ?? 5", 5),
        ("'a' in ['a', 'b'] and not (3 in [1])", True),
        ("result[0] >= 0.9 ? 'good' : 'bad'", "good"),
        ("all(1..3, # > 0) && any([1, 2], {# == 2})", True),
        ("filter(items, .n > 1)[0].n", 2),
        ("1..3 | map(# * 2) | sum()", 12),
        ("let a = 2; a + 1", 3),
        ("'abc' contains 'b' and 'abc' matches '^a'", True),
        ("{'a': [1, 2]}.a[-1]", 2),
        ("len('four') == 4", True),
        ("reduce(1..4, #acc + #, 0)", 10),
    ],
)
def test_expressions_have_their_value(text: str, value: Any) -> None:
    env = {"x": None, "result": [0.95], "items": [{"n": 1}, {"n": 2}]}
    assert evaluate(text, env) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo > 1", "unknown name foo"),
        ("1 +", "unexpected token EOF"),
        ("result.", "end of expression"),
        ("1 and true", "mismatched types int and bool"),
        ("result[9]", "out of range"),
    ],
)
def test_what_is_wrong_is_said_before_or_while_it_runs(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        evaluate(text, {"result": [1]})
