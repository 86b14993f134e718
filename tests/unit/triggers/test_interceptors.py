# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interceptors in a row, those on the network, and what none of them may give away."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Permanent
from ansible_collections.slipway.gitops.plugins.module_utils._lang import cel
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api, extensions
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.interceptors.protocol import Call, Reply

LISTENER = """
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: {name: el}
spec:
  triggers:
  - name: t
    interceptors: %s
    bindings: [{name: ref, value: "$(body.ref)"}, {name: more, value: "$(extensions)"}]
    template:
      spec:
        params: [{name: ref}]
        resourcetemplates:
        - {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {ref: "$(tt.params.ref)"}}
"""
REMOTE = """
---
apiVersion: triggers.tekton.dev/v1alpha1
kind: ClusterInterceptor
metadata: {name: mine}
spec: {clientConfig: {service: {name: checks, namespace: ci, path: v1/check}}}
---
apiVersion: v1
kind: Secret
metadata: {name: hub}
stringData: {token: a-very-secret-token}
"""


class Service:
    """Answers every call with one reply and keeps the calls."""

    def __init__(self, status: int = 200, body: Any = None, **headers: list[str]) -> None:
        self.reply = Reply(status, headers, json.dumps(body).encode())
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        return self.reply


def run(interceptors: str, service: Service, **headers: str) -> api.EventResult:
    documents = yaml.load_all(LISTENER % interceptors + REMOTE)
    listener = api.Listener(documents, fetch=service)
    body = {"ref": "main", "number": 7, "repository": {"full_name": "owner/repo"}}
    return listener.handle(api.make({"body": body, "headers": headers, "path": "/hook?a=1"}))


def test_a_webhook_gets_the_extensions_and_its_answer_replaces_the_event() -> None:
    service = Service(body={"ref": "from the webhook"})
    result = run(
        "[{ref: {name: cel}, params: [{name: overlays, value: [{key: count, expression: int(body.number)}]}]},"
        " {webhook: {objectRef: {kind: Service, apiVersion: v1, name: hook}, header: [{name: X-A, value: [b, c]}]}}]",
        service,
    )
    assert result.created[0]["data"] == {"ref": "from the webhook"}, result.triggers
    call = service.calls[0]
    assert call.url == "http://hook.default.svc/"
    assert json.loads(call.body)["extensions"] == {"count": 7}
    assert (call.headers["X-A"], call.headers["Eventlistener-Request-Url"]) == (["b", "c"], ["/hook?a=1"])


def test_a_webhook_that_does_not_answer_200_stops_the_trigger() -> None:
    result = run("[{webhook: {url: 'http://hook/'}}]", Service(202, "no"))
    assert result.triggers[0].reason == 'request rejected; status: 202 Accepted; message: "no"'


def test_an_interceptor_of_ones_own_is_asked_at_its_service() -> None:
    service = Service(body={"continue": False, "status": {"code": 9, "message": "not today"}})
    result = run("[{ref: {name: mine}, params: [{name: p, value: 1}]}]", service)
    assert (result.triggers[0].fired, result.triggers[0].reason) == (False, "not today")
    assert service.calls[0].url == "http://checks.ci.svc:80/v1/check"
    sent = json.loads(service.calls[0].body)
    assert sent["interceptor_params"] == {"p": 1}
    assert sent["context"]["trigger_id"] == "namespaces/default/triggers/t"


def test_an_unknown_interceptor_is_named() -> None:
    result = run("[{ref: {name: other}}]", Service())
    assert "url resolution failed for interceptor other" in result.triggers[0].reason


def test_the_token_never_goes_to_a_host_that_only_the_event_names() -> None:
    service = Service(body=[])
    result = run(
        "[{ref: {name: github}, params: [{name: addChangedFiles, value:"
        " {enabled: true, personalAccessToken: {secretName: hub, secretKey: token}}}]}]",
        service,
        **{"X-GitHub-Event": "pull_request", "X-GitHub-Enterprise-Host": "evil.example.com"},
    )
    assert "evil.example.com" in result.triggers[0].reason
    assert not service.calls


def test_a_template_param_without_a_value_stays_as_it_is_written() -> None:
    text = LISTENER.replace('{name: ref, value: "$(body.ref)"}, ', "") % "[]"
    result = api.Listener(yaml.load_all(text)).handle(api.make({"body": {}}))
    assert result.created[0]["data"] == {"ref": "$(tt.params.ref)"}


def test_a_value_cannot_bring_in_tekton_variables() -> None:
    result = api.Listener(yaml.load_all(LISTENER % "[]")).handle(api.make({"body": {"ref": "$(tt.params.more)"}}))
    assert result.created[0]["data"] == {"ref": "$$(tt.params.more)"}


def test_without_the_library_cel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python.cel", None)
    with pytest.raises(Permanent, match="cel-expr-python"):
        cel.Environment({})


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.b", {"a": {"b": 1}}),
        (r"a\.b", {"a.b": 1}),
        ("l.1", {"l": [None, 1]}),
        ("l.-1", {"l": [1]}),
    ],
)
def test_a_value_stands_at_its_dotted_path(path: str, wanted: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    extensions.put(found, path, 1)
    assert found == wanted
