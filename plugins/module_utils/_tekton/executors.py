# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Chooses what runs the steps of a run, and makes the world that its TaskRuns share."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .._core.cancel import Cancel
from .._core.errors import Invalid, Refused
from .._core.events import Sink
from .._core.yaml import Document
from .._lang import cel
from .act import accounts, images, programs
from .act.executor import Executor, World
from .act.process import ProcessExecutor
from .act.steps import Shared
from .act.workspaces import Volumes, secret_values
from .model import config
from .model.parse import Bundle
from .options import Options
from .record import Record

if TYPE_CHECKING:
    from .act.cluster_objects import ClusterObjects


def world(
    bundle: Bundle, run: Document, folder: str, options: Options, events: Sink, cancel: Cancel, record: Record
) -> World:
    """Return what the TaskRuns of a run share."""
    pods, found = options.executor == "pods", config.read(bundle)
    executor = (
        _pods(bundle, run, folder, options, events, cancel) if pods else _local(bundle, folder, options, events, found)
    )
    return World(
        executor=executor,
        events=events,
        cancel=cancel,
        cel=_cel,
        config=found,
        note=record.note,
        custom=programs.handlers(options.custom_tasks, events),
        slots=threading.Semaphore(options.parallelism),
    )


@contextlib.contextmanager
def recording(options: Options, events: Sink) -> Iterator[Record]:
    """Give what keeps the objects of a run; with `record` they are written into the cluster as well, to the last."""
    if not options.record:
        yield Record(options.write)
        return
    from .act.recorded import ClusterRecord, check

    if options.client is None:
        raise Invalid("record", "needs a cluster", hint="give kubeconfig, or host and api_key")
    check(options.client)
    kept = ClusterRecord(options.client, events)
    try:
        yield Record(kept.write)
    finally:
        kept.close()


def _for_podman(options: Options) -> None:
    given = {"insecure_registries": options.insecure_registries, "allow_privileged": options.allow_privileged}
    for name, value in given.items():
        if value and options.executor != "podman":
            raise Refused(f"{name} is for the executor podman, not for {options.executor}", hint="leave it out")


def _local(bundle: Bundle, folder: str, options: Options, events: Sink, found: config.Config) -> Executor:
    _for_podman(options)
    shared = Shared(
        volumes=Volumes(os.path.join(folder, "volumes"), bundle, options.claims, options.host_paths),
        secrets=lambda kind, name: secret_values(bundle.find, kind, name),
        step_env=options.step_env,
        events=events,
        cel=_cel,
        accounts=accounts.checked(options.service_accounts),
        bundle=bundle,
        config=found,
        on_failure=options.on_failure,
    )
    if options.executor == "podman":
        from .act import podman  # only who wants it pays for its import

        allowed = options.allow_privileged
        return podman.make(shared, folder, options.image_map, options.insecure_registries, privileged=allowed)
    return ProcessExecutor(shared, images.toolsets(options.image_map, os.path.join(folder, "tools")))


def _cel(text: str) -> object:
    return cel.Environment({}).evaluate(text, {}).plain


def _pods(bundle: Bundle, run: Document, folder: str, options: Options, events: Sink, cancel: Cancel) -> Executor:
    """Return the executor of pods. Only who wants it pays for the import of the Kubernetes client."""
    from .act.pods import PodsExecutor

    meta = run.data["metadata"]
    labels = {"tekton.dev/pipelineRun": str(meta["name"])} if run.data["kind"] == "PipelineRun" else {}
    found = objects(bundle, folder, options, str(meta["namespace"]))
    return PodsExecutor(found.client, found, events, cancel, labels, options.step_env, _cel)


def objects(bundle: Bundle, folder: str, options: Options, namespace: str) -> ClusterObjects:
    """Return what the run has in its cluster. Refused for options that mean this machine."""
    from .act import cluster_objects

    _for_podman(options)
    if options.client is None:
        raise Invalid("executor", "needs a cluster", hint="give kubeconfig, or host and api_key")
    here = {"claims": options.claims, "image_map": options.image_map, "service_accounts": options.service_accounts}
    here |= {"step_env": options.step_env} if options.executor == "controller" else {}
    for name, given in here.items():
        if given:
            text = f"{name} is for runs on this machine: the executor {options.executor} uses what the cluster has"
            raise Refused(text)
    return cluster_objects.ClusterObjects(options.client, namespace, cluster_objects.identity(folder), bundle)
