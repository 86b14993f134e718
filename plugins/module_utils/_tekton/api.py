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
from .lint import Finding, lint
from .model.parse import Bundle, parse
from .options import EMULATED, STOPS, Options, Report
from .plan import explain, with_resolvers
from .query import Wanted, report, result, runs
from .resolve.plan import resolve_all
from .store import Store, default_root

__all__ = [
    "EMULATED",
    "Bundle",
    "Finding",
    "Options",
    "Report",
    "Wanted",
    "ask",
    "explain",
    "lint",
    "parse",
    "report",
    "resolve_all",
    "result",
    "run_pipeline",
    "run_task",
    "runs",
    "with_resolvers",
]


def ask(state_dir: str, name: str, status: str) -> None:
    """Ask a run that goes on to end: `status` is Cancelled, CancelledRunFinally or StoppedRunFinally, as spec.status.

    Invalid for another status; nothing happens when the run has ended.
    """
    if status not in STOPS:
        raise Invalid("status", f"is {status!r}", hint=", ".join(STOPS))
    Store(state_dir or default_root(), name).ask(status)
