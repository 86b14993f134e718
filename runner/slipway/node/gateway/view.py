# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the gateway's snapshot of the cluster fresh. The Istio kinds may come and go: their CRDs are optional."""

from __future__ import annotations

import logging
import threading

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.watch import Informer, Selection

from .routes import Cluster, snapshot

LOG = logging.getLogger("slipway.gateway")
SERVICES = Selection("v1", "Service")
PODS = Selection("v1", "Pod")
ISTIO_VERSIONS = ("v1", "v1beta1", "v1alpha3")
LOOK_FOR_CRDS = 1.0


class View:
    """The current snapshot, kept by threads of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stop = threading.Event()
        self._core: Informer | None = None
        self._istio: dict[str, tuple[Informer, Selection]] = {}
        self._lock = threading.Lock()
        self.cluster = Cluster()
        self.ready = threading.Event()

    def start(self) -> None:
        """Start watching; `ready` is set when the first snapshot is there."""
        threading.Thread(target=self._watch_core, name="view-core", daemon=True).start()
        for kind in ("VirtualService", "DestinationRule"):
            threading.Thread(target=self._watch_istio, args=(kind,), name=f"view-{kind}", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _watch_core(self) -> None:
        while not self._stop.is_set():
            try:
                with Informer(self._client, [SERVICES, PODS]) as informer:
                    self._core = informer
                    self._refresh()
                    self.ready.set()
                    self._follow(informer)
            except SlipwayError as error:
                LOG.warning("services and pods cannot be watched: %s", error)
                self._stop.wait(1.0)

    def _watch_istio(self, kind: str) -> None:
        while not self._stop.is_set():
            try:
                found = self._served(kind)
                if found is None:
                    self._stop.wait(LOOK_FOR_CRDS)
                    continue
                with Informer(self._client, [found]) as informer:
                    self._istio[kind] = (informer, found)
                    self._refresh()
                    self._follow(informer)
            except SlipwayError as error:
                LOG.info("%s cannot be watched: %s", kind, error)
                self._istio.pop(kind, None)
                self._stop.wait(LOOK_FOR_CRDS)

    def _served(self, kind: str) -> Selection | None:
        self._client.kinds.forget()
        for version in ISTIO_VERSIONS:
            if self._client.knows(f"networking.istio.io/{version}", kind):
                return Selection(f"networking.istio.io/{version}", kind)
        return None

    def _follow(self, informer: Informer) -> None:
        while not self._stop.is_set():
            if informer.changed(1.0):
                self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            core = self._core
            if core is None:
                return
            extra = {kind: informer.items(selection) for kind, (informer, selection) in self._istio.copy().items()}
            services, pods = core.items(SERVICES), core.items(PODS)
            self.cluster = snapshot(services, pods, extra.get("VirtualService", ()), extra.get("DestinationRule", ()))
