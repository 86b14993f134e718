# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret that was read once never leaves, in no form."""

from __future__ import annotations

import base64
from urllib.parse import quote

from ansible_collections.slipway.gitops.plugins.module_utils._core.redact import MASK, Redactor

VALUE = "s3cr3t/with+odd=chars"


def redactor() -> Redactor:
    one = Redactor()
    one.register(VALUE)
    return one


def test_every_form_of_a_value_is_masked() -> None:
    forms = [VALUE, base64.b64encode(VALUE.encode()).decode(), quote(VALUE, safe="")]
    for form in forms:
        assert redactor().scrub(f"a {form} b") == f"a {MASK} b"


def test_a_value_inside_a_basic_auth_header_is_masked() -> None:
    for user in ("u", "us", "use", "user"):
        header = base64.b64encode(f"{user}:{VALUE}".encode()).decode()
        assert base64.b64encode(VALUE.encode()).decode()[4:-4] not in redactor().scrub(header)
        decoded = redactor().scrub(header)
        assert MASK in decoded


def test_each_line_of_a_long_secret_is_masked() -> None:
    one = Redactor()
    one.register("-----BEGIN-----\nabcdefghijkl\n-----END-----")
    assert one.scrub("saw abcdefghijkl here") == f"saw {MASK} here"


def test_short_values_are_counted_not_masked() -> None:
    one = Redactor()
    one.register("abc")
    assert (one.too_short, one.scrub("abcdef")) == (1, "abcdef")


def test_secret_objects_are_masked_by_shape() -> None:
    given = {"kind": "Secret", "data": {"k": "dmFsdWU="}, "stringData": {"p": "x"}, "metadata": {"name": "n"}}
    assert Redactor().scrub_data([given]) == [
        {"kind": "Secret", "data": {"k": MASK}, "stringData": {"p": MASK}, "metadata": {"name": "n"}}
    ]


def test_a_password_in_a_url_is_masked() -> None:
    assert Redactor().scrub("https://user:pw@host/x") == f"https://{MASK}@host/x"


def test_registering_a_secret_object_registers_decoded_values() -> None:
    one = Redactor()
    one.register_secret({"kind": "Secret", "data": {"k": base64.b64encode(b"plain-text-value").decode()}})
    assert one.scrub("plain-text-value") == MASK
