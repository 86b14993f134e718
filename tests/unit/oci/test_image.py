# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""References to images."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._oci.image import ImageConfig, config_of, parse_reference

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine:3.16", "docker.io/library/alpine:3.16"),
        ("bitnami/git", "docker.io/bitnami/git:latest"),
        ("index.docker.io/library/alpine", "docker.io/library/alpine:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/a/b:v1", "localhost:5000/a/b:v1"),
        ("127.0.0.1:5000/app", "127.0.0.1:5000/app:latest"),
        ("gcr.io/kaniko-project/executor:debug", "gcr.io/kaniko-project/executor:debug"),
        (f"quay.io/a/b@{DIGEST}", f"quay.io/a/b@{DIGEST}"),
        (f"quay.io/a/b:v1@{DIGEST}", f"quay.io/a/b:v1@{DIGEST}"),
        ("[::1]:5000/app:1", "[::1]:5000/app:1"),
    ],
)
def test_a_reference_is_completed(text: str, full: str) -> None:
    assert str(parse_reference(text)) == full


@pytest.mark.parametrize(
    "text", ["", "foo/Bar", "a b", "app:", "app:-x", "app@sha256:12", "-a", "a//b", "https://x/y", "x@"]
)
def test_what_is_no_reference_is_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        parse_reference(text)


def test_a_digest_wins_over_the_tag_as_identifier() -> None:
    assert parse_reference(f"quay.io/a/b:v1@{DIGEST}").identifier == DIGEST


def test_a_configuration_survives_the_way_there_and_back() -> None:
    config = ImageConfig(("a",), ("b",), ("X=1",), "/w", "1000", ("80/tcp",), {"l": "v"}, ("/data",), "SIGINT")
    assert config_of({"config": config.as_dict()}) == config
    assert config.variables == {"X": "1"}
