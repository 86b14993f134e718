# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The switches of a Tekton installation that decide what admission accepts.

Source: tektoncd/pipeline pkg/apis/config/{feature_flags,default}.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .problem import Problems, generic, quoted

STABLE, BETA, ALPHA = "stable", "beta", "alpha"
_WANTED = {BETA: (f'"{ALPHA}" or "{BETA}"', (ALPHA, BETA)), ALPHA: (f'"{ALPHA}"', (ALPHA,))}


@dataclass(frozen=True, slots=True)
class Flags:
    """Values as upstream ships them. Durations in seconds; `disable_inline_spec` lists kinds, comma between."""

    api_fields: str = BETA
    param_enum: bool = False
    artifacts: bool = False
    cel_in_when: bool = False
    concise_resolver_syntax: bool = False
    disable_inline_spec: str = ""
    max_matrix_combinations: int = 256
    default_timeout: float = 3600.0
    forbidden_env: tuple[str, ...] = ()

    def inline_disabled(self, kind: str) -> bool:
        """True when objects of `kind` (pipeline, pipelinerun, taskrun) may not carry inline specs."""
        return kind in self.disable_inline_spec.split(",")


# What our own engine takes: it has no cluster administrator who could have switched something off.
ENGINE = Flags(ALPHA, param_enum=True, artifacts=True, cel_in_when=True, concise_resolver_syntax=True)


def from_map(values: Mapping[str, str]) -> Flags:
    """Return the flags of a `feature-flags` ConfigMap; what it does not name keeps its default."""

    def on(name: str) -> bool:
        return str(values.get(name, "false")).lower() in ("true", "t", "1")

    return Flags(
        api_fields=str(values.get("enable-api-fields") or BETA).strip().lower(),
        param_enum=on("enable-param-enum"),
        artifacts=on("enable-artifacts"),
        cel_in_when=on("enable-cel-in-whenexpression"),
        concise_resolver_syntax=on("enable-concise-resolver-syntax"),
        disable_inline_spec=str(values.get("disable-inline-spec", "")),
    )


def gate(flags: Flags, feature: str, wanted: str) -> Problems:
    """Return a problem when `enable-api-fields` is stricter than `wanted`. It has no path, as upstream's has none."""
    shown, allowed = _WANTED[wanted]
    if flags.api_fields in allowed:
        return ()
    found = quoted(flags.api_fields)
    return (generic(f'{feature} requires "enable-api-fields" feature gate to be {shown} but it is {found}'),)
