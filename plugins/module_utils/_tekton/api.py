# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The public face of Tekton: parse, plan, run.

bundle = parse(documents)
outcome = run_pipeline(bundle, "my-run", Options(...), events, cancel)
"""

from __future__ import annotations

from .._core.errors import Invalid
from .execute import run_pipeline, run_task
from .history import Kept, StepLog, claim_folder, kept_run, kept_runs, remove_run, step_logs
from .lint import RULES as LINT_RULES
from .lint import Finding, lint
from .model.parse import Bundle, parse
from .options import EMULATED, STOPS, Options, Report
from .plan import explain, pipeline_spec, task_spec, with_resolvers
from .query import Wanted, report, result, runs, status
from .report.junit import junit
from .report.svg import svg
from .resolve.plan import resolve_all
from .reuse import Reuse
from .store import Store, default_root
from .turn import Concurrency

__all__ = [
    "EMULATED",
    "LINT_RULES",
    "Bundle",
    "Concurrency",
    "Finding",
    "Kept",
    "Options",
    "Report",
    "Reuse",
    "StepLog",
    "Wanted",
    "ask",
    "claim_folder",
    "explain",
    "junit",
    "kept_run",
    "kept_runs",
    "lint",
    "parse",
    "pipeline_spec",
    "remove_run",
    "report",
    "resolve_all",
    "result",
    "run_pipeline",
    "run_task",
    "runs",
    "status",
    "step_logs",
    "svg",
    "task_spec",
    "with_resolvers",
]


def ask(state_dir: str, name: str, wanted: str) -> None:
    """Ask a run that goes on to end: `wanted` is Cancelled, CancelledRunFinally or StoppedRunFinally, as spec.status.

    Invalid for another status; nothing happens when the run has ended.
    """
    if wanted not in STOPS:
        raise Invalid("status", f"is {wanted!r}", hint=", ".join(STOPS))
    Store(state_dir or default_root(), name).ask(wanted)
