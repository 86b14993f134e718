# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's signed hooks (Standard Webhooks), beside its token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.interceptors import gitlab, standard_webhooks
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.interceptors.protocol import (
    Help,
    Request,
    Response,
    TriggerContext,
)

RAW = b"a key of thirty-two bytes, truly"
KEY = b"whsec_" + base64.b64encode(RAW)
NOW, BODY = 1_700_000_000, b'{"ref": "refs/heads/main"}'


def sign(body: bytes = BODY, identity: str = "one", stamp: int = NOW, raw: bytes = RAW) -> str:
    """Sign as the specification says, written apart from the code under test."""
    digest = hmac.new(raw, b"%s.%d.%s" % (identity.encode(), stamp, body), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def answer(secret: bytes, headers: dict[str, str], received: float = NOW) -> Response:
    params = {"secretRef": {"secretName": "hook", "secretKey": "token"}}
    context = TriggerContext("/", "event", "namespaces/default/triggers/t", received)
    request = Request(BODY, {name: [value] for name, value in headers.items()}, params, {}, context)
    return gitlab.process(request, Help(lambda _namespace, _reference: secret))


def signed(signature: str, identity: str = "one", stamp: int | str = NOW) -> dict[str, str]:
    return {"Webhook-Id": identity, "Webhook-Timestamp": str(stamp), "Webhook-Signature": signature}


def test_the_vector_of_the_specification_fits() -> None:
    key, body = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), b'{"test": 2432232314}'
    found = standard_webhooks.signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert found == b"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signed_event_passes_without_a_token() -> None:
    assert answer(KEY, signed(sign())).proceed


def test_one_fitting_signature_of_several_is_enough() -> None:
    given = f"v1,{'A' * 44} v2,other {sign()}"
    assert answer(KEY, signed(given)).proceed


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (signed(sign(body=b"{}")), "Invalid Webhook-Signature"),
        (signed(sign(raw=b"another key")), "Invalid Webhook-Signature"),
        (signed(sign(), identity="two"), "Invalid Webhook-Signature"),
        (signed(sign(), stamp=NOW + 1), "Invalid Webhook-Signature"),
        (signed(sign().replace("v1,", "v2,")), "Invalid Webhook-Signature"),
        (signed(sign(), stamp="soon"), "Webhook-Timestamp is no time in unix seconds"),
        ({"Webhook-Signature": sign()}, "no Webhook-Id header set"),
        ({"X-Gitlab-Token": KEY.decode()}, "no Webhook-Id header set"),
        ({}, "no X-GitLab-Token header set"),
    ],
)
def test_what_is_not_signed_by_the_key_is_refused(headers: dict[str, str], message: str) -> None:
    found = answer(KEY, headers)
    assert (found.proceed, found.message) == (False, message)


@pytest.mark.parametrize(("seconds", "passes"), [(-301, False), (-299, True), (299, True), (301, False)])
def test_a_signature_ends_after_five_minutes(seconds: int, passes: bool) -> None:
    stamp = NOW + seconds
    assert answer(KEY, signed(sign(stamp=stamp), stamp=stamp)).proceed is passes


def test_a_signature_is_judged_by_the_time_the_event_came() -> None:
    stamp = int(time.time()) - 3600
    headers = signed(sign(stamp=stamp), stamp=stamp)
    assert answer(KEY, headers, received=stamp + 1).proceed
    assert not answer(KEY, headers, received=0).proceed


def test_a_key_that_is_no_base64_is_told_without_showing_it() -> None:
    found = answer(b"whsec_!!secret!!", signed(sign()))
    assert found.message == "the signing token is no base64 behind whsec_"


def test_the_token_counts_where_the_secret_is_no_signing_token() -> None:
    assert answer(b"plain-token", {"X-Gitlab-Token": "plain-token", **signed("v1,whatever")}).proceed
    assert answer(b"plain-token", {"X-Gitlab-Token": "other"}).message == "Invalid X-GitLab-Token"
    assert "no signing token" in answer(b"plain-token", signed(sign())).message


def test_a_listener_passes_the_time_on_to_the_interceptor() -> None:
    event = api.Event(BODY, {}, received=5.0)
    assert event.received == 5.0
    with pytest.raises(Invalid, match="more than 300 s"):
        standard_webhooks.check(BODY, lambda name: signed(sign())[name], KEY, event.received)
