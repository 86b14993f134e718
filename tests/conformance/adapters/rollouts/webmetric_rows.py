# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of argo-rollouts metricproviders/webmetric/webmetric_test.go: a local HTTP stub answers, a metric measures it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis import providers
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis.evaluate import value_phase
from tests.conformance.adapters.rollouts import calls
from tests.conformance.registry import Row, adapter

FILE = "metricproviders/webmetric/webmetric_test.go"
TOKEN = {"access_token": "MyAccessToken", "token_type": "Bearer"}


@dataclass
class Seen:
    """What reached the stub."""

    method: str = ""
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def stub(row: Row, seen: Seen) -> Iterator[str]:
    status, text = int(row.value("webServerStatus") or 500), str(row.value("webServerResponse"))

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            given = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if self.path != "/token":
                seen.method, seen.headers, seen.body = self.command, dict(self.headers), given
            code, body = (200, json.dumps(TOKEN)) if self.path == "/token" else (status, text)
            self.send_response(code)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *_arguments: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def prepared(row: Row, url: str) -> dict[str, Any]:
    metric = dict(row.value("metric"))
    web = {"url": url, **metric["provider"]["web"]}
    return {**metric, "provider": {"web": web}}


@adapter("rollouts", FILE, "TestRunSuite")
def measured(row: Row) -> None:
    seen, text, message = Seen(), "", ""
    with stub(row, seen) as url:
        metric = prepared(row, url)
        try:
            found = providers.measure(metric, "")
            phase, text = value_phase(metric, found.value), found.text
        except SlipwayError as error:
            phase, message = "Error", error.message
    assert phase == row.value("expectedPhase"), f"{phase} {message}"
    if phase == "Error":
        assert row.value("expectedErrorMessage") in message, message
        return
    if phase != "Inconclusive":
        assert text == row.value("expectedValue"), text
    sent_as_wanted(row, seen)


def sent_as_wanted(row: Row, seen: Seen) -> None:
    if row.value("expectedMethod"):
        assert seen.method == row.value("expectedMethod")
    if row.value("expectedBody"):
        assert seen.body == row.value("expectedBody")
    if row.value("expectedJsonBody"):
        assert same_json(seen.body, str(row.value("expectedJsonBody"))), seen.body
        assert seen.headers.get("Content-Type") == "application/json"
    if row.value("expectedAuthorizationHeader"):
        assert seen.headers.get("Authorization") == row.value("expectedAuthorizationHeader")


def same_json(left: str, right: str) -> bool:
    """Upstream sends jsonBody byte by byte; a YAML document has no such bytes, so the values are compared."""
    return json.loads(left) == json.loads(right)


@adapter("rollouts", FILE, "TestNewPromApiErrorWithIncompleteOAuthParams")
def client(row: Row) -> None:
    calls.run(row, {"webmetric.NewWebMetricHttpClient": lambda metric: providers.oauth2(metric["provider"]["web"])})
