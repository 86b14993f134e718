# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a cluster's ConfigMaps config-defaults and feature-flags say, when they are given beside a run.

Upstream's defaults. What a feature would need permission for is allowed here: there is no administrator to ask.
Source: tektoncd/pipeline pkg/apis/config/default.go, feature_flags.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core import yaml
from ..._core.errors import Invalid
from ..._core.yaml import Document
from ..decide.timeouts import DEFAULT
from .parse import Bundle

_CHOICES = {"results-from": ("termination-message", "sidecar-logs")}


@dataclass(frozen=True, slots=True)
class Config:
    """What runs take from their cluster. `timeout` in seconds; `max_result_size` in bytes, for results of sidecar logs."""

    workspace: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    service_account: str = "default"
    pod_template: Mapping[str, Any] = field(default_factory=dict)
    forbidden_env: frozenset[str] = frozenset()
    large_results: bool = False
    max_result_size: int = 4096

    @property
    def whole_timeout(self) -> float:
        """The seconds of a PipelineRun that says nothing of its own."""
        return DEFAULT if self.timeout is None else self.timeout

    @property
    def task_timeout(self) -> str | None:
        """The default timeout as a duration, None when it is not set."""
        return None if self.timeout is None else f"{self.timeout:g}s"

    def pod_of(self, template: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return a run's pod template over the default one; its env by name. Source: MergePodTemplateWithDefault."""
        own, names = template or {}, {entry["name"] for entry in (template or {}).get("env") or []}
        env = [entry for entry in self.pod_template.get("env") or [] if entry["name"] not in names]
        merged = {**self.pod_template, **own}
        return {**merged, "env": [*env, *(own.get("env") or [])]} if env else merged


def read(bundle: Bundle) -> Config:
    """Return what the given ConfigMaps say. Invalid with file and line for a value that upstream refuses."""
    defaults, flags = _Map(bundle.find("ConfigMap", "config-defaults")), _Map(bundle.find("ConfigMap", "feature-flags"))
    minutes = defaults.number("default-timeout-minutes")
    return Config(
        workspace=defaults.mapping("default-task-run-workspace-binding"),
        timeout=None if minutes is None else minutes * 60.0,
        service_account=defaults.text("default-service-account") or "default",
        pod_template=defaults.mapping("default-pod-template"),
        forbidden_env=frozenset(part.strip() for part in defaults.text("default-forbidden-env").split(",") if part),
        large_results=flags.choice("results-from") == "sidecar-logs",
        max_result_size=flags.number("max-result-size") or 4096,
    )


class _Map:
    """The texts of one ConfigMap, which may be missing."""

    def __init__(self, document: Document | None) -> None:
        self._document = document
        self._data: Mapping[str, Any] = (document.data.get("data") or {}) if document else {}

    def text(self, key: str) -> str:
        return str(self._data.get(key) or "")

    def mapping(self, key: str) -> Mapping[str, Any]:
        text = self.text(key)
        if not text:
            return {}
        found = yaml.load_all(text, key)
        if len(found) != 1 or not isinstance(found[0].data, dict):
            raise self._wrong(key, "is no YAML mapping")
        return dict(found[0].data)

    def number(self, key: str) -> int | None:
        text = self.text(key)
        if not text:
            return None
        if not text.isdecimal():
            raise self._wrong(key, f"is no whole number: {text!r}")
        return int(text)

    def choice(self, key: str) -> str:
        text = self.text(key)
        if text and text not in _CHOICES[key]:
            raise self._wrong(key, f"is {text!r}", hint=f"one of {', '.join(_CHOICES[key])}")
        return text

    def _wrong(self, key: str, problem: str, hint: str = "") -> Invalid:
        at = self._document.place(f"data.{key}") if self._document else None
        return Invalid(f"data.{key}", problem, at=at, hint=hint)
