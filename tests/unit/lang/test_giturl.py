# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of repositories and URLs as Go reads them."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._lang import giturl, gourl


@pytest.mark.parametrize(
    "text",
    [
        "https://user:pass@example.com:8443/a%20b/c?x=1#part",
        "ssh://git@example.com/org/repo",
        "example.com:5000/repo",
        "/only/a/path",
        "https://example.com/group/*/[x]",
    ],
)
def test_a_url_is_printed_as_it_was_written(text: str) -> None:
    assert str(gourl.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (":///x", 'parse ":///x": missing protocol scheme'),
        ("http://h/%zz", 'parse "http://h/%zz": invalid URL escape "%zz"'),
        ("ssh://host:org/repo", 'parse "ssh://host:org/repo": invalid port ":org" after host'),
        ("a b:c", 'parse "a b:c": first path segment in URL cannot contain colon'),
    ],
)
def test_what_is_no_url_is_refused_in_the_words_of_go(text: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        gourl.parse(text)
    assert str(caught.value) == message


def test_characters_that_no_path_may_have_are_escaped() -> None:
    assert str(gourl.parse("https://h/{a,b}/ü")) == "https://h/%7Ba,b%7D/%C3%BC"


def test_a_host_has_a_name_and_a_port() -> None:
    url = gourl.parse("https://[::1]:6443/")
    assert (url.hostname, url.port) == ("::1", "6443")


def test_credentials_are_not_part_of_what_is_shown() -> None:
    assert giturl.sanitize("https://bob:secret@git.example.com/a.git") == "https://git.example.com/a.git"
