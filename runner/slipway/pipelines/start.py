# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts what `prepare` made, follows it, and says how it ended.

Everything runs as a playbook through the journal, so that list, logs, cancel and watch know it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.pipelines import runs
from slipway.pipelines.prepare import Prepared
from slipway.runs import api
from slipway.runs.model import RunHandle


@dataclass(frozen=True, slots=True)
class How:
    """How a run is executed: options of the modules pipeline_run and task_run."""

    executor: str = ""
    image_map: list[dict[str, Any]] = field(default_factory=list)
    insecure_registries: list[str] = field(default_factory=list)
    allow_privileged: bool = False
    step_env: Mapping[str, str] = field(default_factory=dict)
    resolvers: Mapping[str, Any] = field(default_factory=dict)
    custom_tasks: list[dict[str, Any]] = field(default_factory=list)
    record: bool = False
    namespace: str = ""
    kubeconfig: str = ""
    context: str = ""
    parallelism: int = 0
    timeout: float = 0.0
    concurrency: Mapping[str, Any] = field(default_factory=dict)
    verbosity: int = 0


def start(prepared: Prepared, how: How) -> RunHandle:
    """Start the run and return at once."""
    return api.start(
        runs.PLAYBOOK,
        variables(prepared, how),
        project=prepared.name,
        event_id=runs.event_id(prepared.kind, prepared.name),
        timeout=how.timeout,
        verbosity=how.verbosity,
        env={"ANSIBLE_FORKS": "1"},
    )


def variables(prepared: Prepared, how: How) -> dict[str, Any]:
    """Return the extra vars of the playbook slipway.gitops.pipeline."""
    reuse = prepared.reuse
    told = {
        "pipeline_object": prepared.run,
        "pipeline_src": prepared.sources.files,
        "pipeline_definition": prepared.definition,
        "pipeline_claims": prepared.claims,
        "pipeline_executor": how.executor,
        "pipeline_image_map": how.image_map,
        "pipeline_insecure_registries": how.insecure_registries,
        "pipeline_allow_privileged": how.allow_privileged,
        "pipeline_step_env": dict(how.step_env),
        "pipeline_resolvers": dict(how.resolvers),
        "pipeline_custom_tasks": how.custom_tasks,
        "pipeline_record": how.record,
        "pipeline_namespace": how.namespace,
        "pipeline_kubeconfig": how.kubeconfig,
        "pipeline_context": how.context,
        "pipeline_parallelism": how.parallelism,
        "pipeline_concurrency": dict(how.concurrency),
        "pipeline_reuse": {"run": reuse.run, "tasks": list(reuse.tasks)} if reuse else {},
    }
    return {name: value for name, value in told.items() if value}


def interactive() -> bool:
    """True when a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
