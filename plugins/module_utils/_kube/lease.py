# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One worker at a time: a lock that lives in the cluster as a coordination.k8s.io Lease.

Acquires, renews in a thread, gives back. Must not know what the lock protects.
Source of the record's rules: client-go tools/leaderelection (v0.36).
"""

from __future__ import annotations

import threading
from types import TracebackType

from .._core.clock import parse_rfc3339, rfc3339_micro
from .._core.errors import Refused, SlipwayError, Temporary
from .._core.types import Manifest, deep_get
from .client import Client
from .errors import Conflict, NotFound

_API = "coordination.k8s.io/v1"
_LOOK_AGAIN = 1.0


class Lease:
    """A named lock. `seconds` is how long it stays ours without renewal, `wait` how long to wait for it.

    `holder` must name this worker and no other: who holds the same name is taken for ourselves.
    """

    def __init__(
        self, client: Client, namespace: str, name: str, holder: str, seconds: int = 30, *, wait: float = 60.0
    ) -> None:
        self._client, self._clock = client, client.clock
        self.namespace, self.name, self.holder = namespace, name, holder
        self._seconds, self._wait = seconds, wait
        self._renewed = float("-inf")
        self._lost: SlipwayError | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Lease:
        self.acquire()
        self._stop.clear()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{self.name}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(self._seconds)
        self.release()

    def acquire(self) -> None:
        """Take the lock, also from a holder whose time ran out. Refused, naming the holder, after `wait` seconds."""
        deadline = self._clock.monotonic() + self._wait
        self._lost = None
        while True:
            live = self._client.get(_API, "Lease", self.name, self.namespace)
            other = self._other(live)
            if not other and self._write(live):
                return
            if self._clock.monotonic() >= deadline:
                raise self._refusal(other)
            self._clock.sleep(min(_LOOK_AGAIN, max(deadline - self._clock.monotonic(), 0.01)))

    def renew(self) -> None:
        """Prolong the lock; Refused when somebody else has it, Temporary when the cluster does not answer."""
        try:
            live = self._client.get(_API, "Lease", self.name, self.namespace)
            other = deep_get(live, "spec", "holderIdentity", default="")
            if other != self.holder:
                self._lost = self._refusal(other)
            else:
                self._write(live)
        except SlipwayError as error:
            if not self.held():
                self._lost = self._unrenewed(error)
        self.check()

    def held(self) -> bool:
        """True while nobody else may have the lock."""
        return self._lost is None and self._clock.monotonic() < self._renewed + self._seconds

    def check(self) -> None:
        """Raise Refused or Temporary when the lock was lost. Call it before each change that it protects."""
        if self._lost:
            raise self._lost
        if not self.held():
            raise self._unrenewed(None)

    def release(self) -> None:
        """Give the lock back, if it is still ours. Never raises: it would expire anyway."""
        self._renewed = float("-inf")
        try:
            live = self._client.get(_API, "Lease", self.name, self.namespace)
            if live and deep_get(live, "spec", "holderIdentity") == self.holder:
                live["spec"].update(holderIdentity="", leaseDurationSeconds=1)
                self._client.replace(live)
        except SlipwayError:
            return

    def _keep(self) -> None:
        while not self._stop.wait(self._seconds / 3):
            try:
                self.renew()
            except SlipwayError:
                if isinstance(self._lost, Refused):
                    return

    def _other(self, live: Manifest | None) -> str:
        """Return who holds the lock now, empty for nobody, ourselves or somebody whose time ran out."""
        holder = str(deep_get(live, "spec", "holderIdentity", default=""))
        if holder in ("", self.holder):
            return ""
        renewed = deep_get(live, "spec", "renewTime")
        lasts = float(deep_get(live, "spec", "leaseDurationSeconds", default=0))
        return holder if renewed and parse_rfc3339(renewed) + lasts > self._clock.now() else ""

    def _write(self, live: Manifest | None) -> bool:
        """Write our record; False when somebody was faster."""
        started = self._clock.monotonic()
        body = self._record(live)
        try:
            if live is None:
                self._client.create(body)
            else:
                self._client.replace(body)
        except (Conflict, NotFound) as error:
            if live is None and isinstance(error, NotFound):
                raise
            return False
        self._renewed = started
        return True

    def _record(self, live: Manifest | None) -> Manifest:
        now = rfc3339_micro(self._clock.now())
        spec = dict((live or {}).get("spec") or {})
        if spec.get("holderIdentity") != self.holder:
            taken = spec.get("leaseTransitions", -1) + 1
            spec.update(holderIdentity=self.holder, acquireTime=now, leaseTransitions=taken)
        spec.update(renewTime=now, leaseDurationSeconds=self._seconds)
        meta = (live or {}).get("metadata") or {"name": self.name, "namespace": self.namespace}
        return {"apiVersion": _API, "kind": "Lease", "metadata": meta, "spec": spec}

    def _refusal(self, other: str) -> Refused:
        who = f"is held by {other}" if other else "is not ours"
        hint = "wait for that run to end; without renewal the lease expires by itself"
        return Refused(who, obj=f"Lease {self.namespace}/{self.name}", hint=hint, reason="LeaseHeld")

    def _unrenewed(self, cause: SlipwayError | None) -> Temporary:
        why = f": {cause.message}" if cause else ""
        where = f"Lease {self.namespace}/{self.name}"
        return Temporary(f"could not be renewed in time{why}", obj=where, reason="LeaseLost")
