# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When to probe, and what the results mean. Runs one probe, too.

`Track` is pure and keeps the kubelet's counting: thresholds count whole periods. Until the first
success it looks more often than the period (50 ms, doubling): a program that is up after 80 ms
must not wait a second to be found. Those extra looks never count as failures. The process node's pods
and the sidecars of TaskRuns are probed by this.
Source: Kubernetes 1.36 pkg/kubelet/prober/worker.go, pkg/probe/{http,tcp,exec}.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .._core.types import Manifest, deep_get

FIRST_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What one probe found."""

    ok: bool
    message: str = ""


class Track:
    """One probe of one container: when it is due, and whether the container counts as good.

    `state` is None until thresholds decide: True after successThreshold successes, False after
    failureThreshold failures.
    """

    def __init__(self, spec: Manifest, started: float) -> None:
        self.period = float(spec.get("periodSeconds") or 10)
        self.timeout = float(spec.get("timeoutSeconds") or 1)
        self._need = int(spec.get("successThreshold") or 1)
        self._bear = int(spec.get("failureThreshold") or 3)
        self.due = started + float(spec.get("initialDelaySeconds") or 0)
        self.state: bool | None = None
        self._first = self.due
        self._pause = min(FIRST_LOOK, self.period)
        self._good = 0
        self._bad = 0
        self._counted = 0
        self._ever = False

    def record(self, ok: bool, now: float) -> bool | None:
        """Take a result; return the new state when it changed, else None."""
        before = self.state
        if ok:
            self._good, self._bad, self._ever = self._good + 1, 0, True
            self.state = True if self._good >= self._need else self.state
            self.due = now + self.period
        else:
            self._good = 0
            self._fail(now)
            self.state = False if self._bad >= self._bear else self.state
        return self.state if self.state != before else None

    def _fail(self, now: float) -> None:
        if self._ever:
            self._bad += 1
            self.due = now + self.period
            return
        # The first failure counts at once, the next when a whole period has passed, and so on.
        periods = int((now - self._first) / self.period) + 1
        if periods > self._counted:
            self._counted = periods
            self._bad += 1
        self.due = min(now + self._pause, self._first + self._counted * self.period)
        self.due = max(self.due, now + FIRST_LOOK / 10)
        self._pause = min(self._pause * 2, self.period)


def port_number(container: Manifest, port: int | str) -> int:
    """Return the number of a port given by number or name; ValueError when the container has no such name."""
    if isinstance(port, int) or str(port).isdigit():
        return int(port)
    for item in container.get("ports") or []:
        if item.get("name") == port:
            return int(item["containerPort"])
    raise ValueError(f"the container has no port named {port}")


def look(
    handler: Manifest, container: Manifest, ip: str, timeout: float, execute: Callable[[list[str], float], Answer]
) -> Answer:
    """Probe once: httpGet, tcpSocket or exec (done by `execute`)."""
    try:
        if "exec" in handler:
            return execute([str(part) for part in deep_get(handler, "exec", "command", default=[])], timeout)
        if "tcpSocket" in handler:
            spec = handler["tcpSocket"]
            with socket.create_connection((spec.get("host") or ip, port_number(container, spec["port"])), timeout):
                return Answer(True)
        if "httpGet" in handler:
            return _http(handler["httpGet"], container, ip, timeout)
    except (OSError, ValueError) as error:
        return Answer(False, str(error) or type(error).__name__)
    return Answer(False, "the probe has no handler")


def _http(spec: Manifest, container: Manifest, ip: str, timeout: float) -> Answer:
    import http.client  # takes long, and few probes ask by HTTP
    import ssl

    host, port = spec.get("host") or ip, port_number(container, spec["port"])
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    if str(spec.get("scheme", "HTTP")).upper() == "HTTPS":
        # As the kubelet: a probe asks whether the program answers, not who it is.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    headers: Mapping[str, str] = {item["name"]: item["value"] for item in spec.get("httpHeaders") or []}
    try:
        connection.request("GET", spec.get("path") or "/", headers={"User-Agent": "kube-probe/slipway", **headers})
        code = connection.getresponse().status
    except http.client.HTTPException as error:
        raise ValueError(str(error) or type(error).__name__) from error
    finally:
        connection.close()
    return Answer(200 <= code < 400, f"HTTP probe failed with statuscode: {code}")
