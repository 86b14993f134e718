# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a pipeline or task in this very process, so that a failed step can open a shell on the person's terminal.

The one way around the journal: a run in the background has no terminal. The run is kept all the same, so list, logs and
describe know it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from slipway.core import Cancel, Emitter, Event, yaml
from slipway.pipelines.prepare import Prepared
from slipway.pipelines.start import How


def run(prepared: Prepared, how: How, show: Callable[[Event], None], failed: Callable[[Any], None]) -> tekton.Report:
    """Run to the end and return the report. `failed` is called with each step that failed, one at a time.

    Ctrl-C stops the run, except while `failed` has the terminal. Raises what the engine raises.
    """
    bundle = prepared.sources.bundle
    extra = [yaml.Document(item) for item in prepared.definition if isinstance(item, dict)]
    bundle.objects.update(tekton.parse(extra).objects)
    document = tekton.parse([yaml.Document(prepared.run)]).find(prepared.kind, prepared.name)
    assert document is not None
    busy, cancel = threading.Lock(), Cancel()

    def stopped(step: Any) -> None:
        with busy:
            failed(step)

    options = tekton.Options(
        executor=how.executor or "process",
        image_map=how.image_map,
        insecure_registries=how.insecure_registries,
        allow_privileged=how.allow_privileged,
        claims=prepared.claims,
        step_env=how.step_env,
        parallelism=how.parallelism or 8,
        reuse=prepared.reuse,
        concurrency=tekton.Concurrency(**how.concurrency) if how.concurrency else None,
        custom_tasks=how.custom_tasks,
        resolvers=how.resolvers,
        on_failure=stopped,
        namespace=how.namespace or "default",
    )
    work = tekton.run_pipeline if prepared.kind == "PipelineRun" else tekton.run_task
    with _interrupt(cancel, busy):
        return work(bundle, document, options, Emitter([show]), cancel)


@contextmanager
def _interrupt(cancel: Cancel, busy: threading.Lock) -> Iterator[None]:
    def stop(_number: int, _frame: Any) -> None:
        if not busy.locked():  # else it is meant for the shell
            cancel.set("stopped by Ctrl-C")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
