# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reaches pods through the API server, where their network is not this machine's. Must not know routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ansible_collections.slipway.gitops.plugins.module_utils._kube.session import Session

from .routes import Endpoint


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program answered, whole."""

    status: int
    content_type: str
    body: bytes


class Through:
    """The `proxy` subresource of pods. Needs the right to `get` (and to `create`, for other methods) `pods/proxy`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(
        self,
        namespace: str,
        pod: Endpoint,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout: float,
    ) -> Answer:
        """Send one request to a pod. Errors of the tree when the API server does not answer."""
        target = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod.pod)}:{pod.port}/proxy{path}"
        kept = [
            (name, value)
            for name, value in headers.items()
            if name.lower() not in ("host", "authorization", "content-length", "accept-encoding")
        ]
        status, answered, data = self._session.relay(method, target, kept, body or None, timeout)
        kinds = [value for name, value in answered if name.lower() == "content-type"]
        return Answer(status, kinds[0] if kinds else "application/octet-stream", data)
