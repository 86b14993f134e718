# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of pkg/interceptors: each is one call of an interceptor, its answer is compared."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._lang.cel import Value
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.chain import BUILTIN
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.interceptors import (
    cel,
    github_payload,
    protocol,
    webhook,
)
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.interceptors.protocol import (
    Call,
    Reply,
    Request,
    Response,
)
from tests.conformance.adapters.triggers import values
from tests.conformance.registry import Row, Skip, adapter

BITBUCKET = "pkg/interceptors/bitbucket/bitbucket_test.go"
CEL = "pkg/interceptors/cel/cel_test.go"
GITHUB = "pkg/interceptors/github/github_test.go"
GITLAB = "pkg/interceptors/gitlab/gitlab_test.go"
SHARED = "pkg/interceptors/interceptors_test.go"
SLACK = "pkg/interceptors/slack/slack_test.go"
WEBHOOK = "pkg/interceptors/webhook/webhook_test.go"
NAMES = {BITBUCKET: "bitbucket", GITHUB: "github", GITLAB: "gitlab", SLACK: "slack"}
HEADERS = {"eventType": {"bitbucket": "X-Event-Key", "github": "X-GITHUB-EVENT", "gitlab": "X-GitLab-Event"},
           "signature": {"bitbucket": "X-Hub-Signature", "github": "X-Hub-Signature-256"},
           "token": {"gitlab": "X-GitLab-Token"}}  # fmt: skip
NAMESPACE = "testing-ns"
SECRET = {"metadata": {"name": "test-secret", "namespace": NAMESPACE}, "data": {"token": {"$bytes": "secrettoken"}}}


def called(row: Row) -> Response:
    """Call the interceptor of the row's file with the payload, headers and Secret of the row."""
    name = NAMES[row.path]
    headers = {} if name == "slack" else {"Content-Type": ["application/json"]}
    headers.update({names[name]: [row.fields[key]] for key, names in HEADERS.items() if row.fields.get(key)})
    headers.update(row.fields.get("headers") or row.fields.get("header") or {})
    params = row.value("interceptorParams") or {}
    request = Request(values.raw(row.fields.get("payload")), protocol.canonical(headers), params, {}, values.context())
    return BUILTIN[name](request, values.helper(row.fields.get("secret")))


@adapter("tekton", BITBUCKET, "TestInterceptor_Process_ShouldContinue")
@adapter("tekton", GITHUB, "TestInterceptor_ExecuteTrigger_Signature")
@adapter("tekton", GITLAB, "TestInterceptor_ExecuteTrigger_ShouldContinue")
@adapter("tekton", SLACK, "TestInterceptor_ExecuteTrigger_ShouldContinue")
def goes_on(row: Row) -> None:
    response = called(row)
    assert response.proceed, response.message


@adapter("tekton", BITBUCKET, "TestInterceptor_Process_ShouldNotContinue")
@adapter("tekton", GITHUB, "TestInterceptor_ExecuteTrigger_ShouldNotContinue")
@adapter("tekton", GITLAB, "TestInterceptor_ExecuteTrigger_ShouldNotContinue")
@adapter("tekton", SLACK, "TestInterceptor_ExecuteTrigger_ShouldNotContinue")
def stops(row: Row) -> None:
    response = called(row)
    assert not response.proceed
    assert response.code, response


def server(row: Row) -> Any:
    """Return a GitHub that answers each path with the row's reply."""
    replies = {
        "/files": row.fields.get("githubServerReply"),
        "/comments": row.fields.get("issueCommentReply"),
        "/contents/OWNERS": row.fields.get("ownersFileReply"),
        "/collaborators": row.fields.get("collaboratorsReply"),
        "/public_members": row.fields.get("orgPublicMembersReply"),
    }

    def fetch(call: Call) -> Reply:
        path = urlsplit(call.url).path
        reply = next((text for end, text in replies.items() if path.endswith(end)), None)
        status = row.fields.get("ownersAPICallStatusCode") if path.endswith("OWNERS") else 200
        return Reply(int(status or 200), {}, (reply or "").encode())

    return fetch


def github(row: Row) -> Response:
    return BUILTIN["github"](
        values.request(row.fields["interceptorRequest"]), values.helper(row.fields.get("secret"), server(row))
    )


@adapter(
    "tekton", GITHUB,
    "TestInterceptor_ExecuteTrigger_Changed_Files_Pull_Request", "TestInterceptor_ExecuteTrigger_Changed_Files_Push",
)  # fmt: skip
def changed_files(row: Row) -> None:
    response = github(row)
    assert response.proceed is row.value("wantResContinue"), response.message
    assert response.message == row.value("wantStatusMessage")
    assert (response.extensions or {}).get("changed_files", "") == row.value("want")


@adapter(
    "tekton", GITHUB,
    "TestInterceptor_ExecuteTrigger_owners", "TestInterceptor_ExecuteTrigger_owners_data_validation",
)  # fmt: skip
def owners(row: Row) -> None:
    response = github(row)
    assert response.proceed is row.value("allowed"), response.message
    assert row.value("want") in response.message, response.message


@adapter("tekton", GITHUB, "TestInterceptor_ExecuteTrigger_owners_parseBodyForOwners")
def proposal(row: Row) -> None:
    request = values.request(row.fields["interceptorRequest"])
    try:
        github_payload.proposal(request.body, row.value("eventType"))
    except Invalid as error:
        assert row.value("wantErr"), error.message
        assert row.value("want") in error.message, error.message
        return
    assert not row.value("wantErr")


def cel_request(row: Row) -> Request:
    headers = {
        "Content-Type": ["application/json"],
        "X-Test": ["test-value"],
        "X-Secret-Token": ["secrettoken"],
    }
    extensions = row.fields.get("extensions") or {}
    return Request(
        values.raw(row.fields.get("body")), headers, row.value("CEL") or {}, extensions, values.context(NAMESPACE)
    )


@adapter("tekton", CEL, "TestInterceptor_Process")
def filtered_and_overlaid(row: Row) -> None:
    response = BUILTIN["cel"](cel_request(row), values.helper(SECRET, home=NAMESPACE))
    assert response.proceed, response.message
    if row.fields.get("wantExtensions") is not None:
        assert response.extensions == row.fields["wantExtensions"], response.extensions


@adapter("tekton", CEL, "TestInterceptor_Process_Error")
def refused(row: Row) -> None:
    response = BUILTIN["cel"](cel_request(row), values.helper(None))
    assert not response.proceed
    assert response.code == row.value("wantCode"), response
    assert matches(row.value("wantMsg"), response.message), response.message


def matches(pattern: str, text: str) -> bool:
    """Upstream reads the wanted text as a regular expression, or as a part of the message."""
    if pattern in text:
        return True
    try:
        return re.search(pattern, text, re.DOTALL) is not None
    except re.error:
        return False


BODY = {  # evalEnv of the test; the rows have it only where it is not needed
    "value": "testing",
    "sha": "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
    "ref": "refs/heads/master",
    "pull_request": {"commits": 2},
    "upperMsg": "THIS IS LOWER CASE",
    "b64value": "ZXhhbXBsZQ==",
    "json_body": '{"testing": "value", "number": 2}',
    "yaml_body": "key1: value1\nkey2: value2\nkey3: value3\n",
    "testURL": "https://user:password@site.example.com/path/to?query=search#first",
    "multiURL": "https://user:password@site.example.com/path/to?query=search&query=results",
    "jsonObject": {"string": "value", "integer": 2},
    "jsonArray": ["one", "two"],
    "jsonObjects": [{"testing1": {"testing": ["test1", "test2"]}}],
    "numbers": [1, 2, 3, 4, 5],
}
VARIABLES = {
    "body": BODY,
    "header": {"X-Test-Header": ["value"]},
    "extensions": {},
    "requestURL": "https://example.com/testing?param=value",
}


def evaluated(row: Row, data: dict[str, Any], secret: Any, namespace: str = NAMESPACE) -> Value:
    env = cel.environment(namespace, values.helper(secret, home=NAMESPACE))
    return env.evaluate(row.value("expr"), data)


@adapter("tekton", CEL, "TestExpressionEvaluation")
def expression(row: Row) -> None:
    found = evaluated(row, VARIABLES, row.fields.get("secret"))
    wanted = row.fields.get("want")
    if isinstance(wanted, dict) and ("$bytes" in wanted or "$base64" in wanted):
        wanted = values.raw(wanted)
    assert (found.plain, type(found.plain)) == (wanted, type(wanted)) or (
        isinstance(wanted, (int, float)) and not isinstance(wanted, bool) and found.plain == wanted
    ), found


@adapter("tekton", CEL, "TestExpressionEvaluation_Error")
def wrong_expression(row: Row) -> None:
    data = {"extensions": {}, "requestURL": "", **row.table["context"]["evalEnv"]}
    namespace = row.value("secretNS")
    try:
        found = evaluated(row, data, SECRET if namespace else None, namespace or NAMESPACE)
    except Invalid as error:
        assert matches(row.value("want"), error.message), error.message
        return
    raise AssertionError(f"gave {found} and should fail")


@adapter("tekton", SHARED, "TestGetInterceptorParams")
def params(row: Row) -> None:
    assert protocol.params_of(row.fields["in"]) == row.value("want")


@adapter("tekton", SHARED, "TestCanonical")
def canonical(row: Row) -> None:
    assert protocol.canonical(row.value("in")) == row.value("want")


@adapter("tekton", SHARED, "TestExecute")
def executed(row: Row) -> None:
    """The test bed serves the core interceptors; ours work in the process."""
    name = urlsplit(row.value("url")).path.strip("/")
    response = BUILTIN[name](values.request(row.fields["req"]), values.helper(None))
    wanted = row.fields["want"]
    status = wanted.get("status") or {}
    assert response.proceed is bool(wanted.get("continue"))
    assert (response.code, response.message) == (status.get("code", 0), status.get("message", ""))
    assert (response.extensions or {}) == (wanted.get("extensions") or {})


@adapter("tekton", WEBHOOK, "TestGetURI")
def uri(row: Row) -> None:
    ref = dict(row.fields["ref"])
    url = ref.get("url")
    if isinstance(url, dict):
        ref["url"] = f"{url.get('Scheme', 'http')}://{url.get('Host', '')}{url.get('Path', '')}"
    try:
        found = webhook.uri(ref, row.table["context"]["eventListenerNs"])
    except Invalid as error:
        assert row.value("wantErr"), error.message
        return
    assert not row.value("wantErr")
    assert found == row.value("expected")


@adapter("tekton", WEBHOOK, "Test_addInterceptorHeaders")
def added_headers(row: Row) -> None:
    given = row.fields["args"]
    found = webhook.with_headers(given.get("header") or {}, given.get("headerParams") or [])
    assert found == row.value("want")


@adapter("tekton", WEBHOOK, "TestWebHookInterceptor")
def answered(row: Row) -> None:
    """The row is one header of the answer: it comes from the webhook, not from what was sent to it."""

    def fetch(call: Call) -> Reply:
        if call.url != "http://foo.default.svc/" or call.headers.get("Param-Header") != ["val"]:
            return Reply(400)
        if call.headers.get(webhook.URL_HEADER) != ["http://doesnotmatter.example.com"]:
            return Reply(400)
        return Reply(200, {"Foo": ["bar"]}, b"fake webhook response")

    hook = {
        "objectRef": {"apiVersion": "v1", "kind": "Service", "name": "foo"},
        "header": [{"name": "Param-Header", "value": "val"}],
    }
    reply = webhook.send(
        hook,
        b'{"eventType":"push","foo":"bar"}',
        {"Content-Type": ["application/json"]},
        url="http://doesnotmatter.example.com",
        namespace="default",
        fetch=fetch,
    )
    if "$key" not in row.fields:
        raise Skip("the row names no header")
    assert (reply.headers.get(row.fields["$key"]) or [""])[0] == row.value("value")
