# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo in a cluster of somebody's own: it says what it makes, and removes that and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from slipway.core import Refused
from slipway.demo import objects

APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: hello, namespace: default}
spec: {project: default, source: {repoURL: https://git.example.com/x.git, path: .}, destination: {namespace: x}}
"""


@pytest.fixture
def application(tmp_path: Path) -> Path:
    file = tmp_path / "application.yaml"
    file.write_text(APPLICATION)
    return file


def test_a_namespace_that_is_not_the_demos_is_left_alone(
    cluster: str, client: Client, namespace: str, application: Path
) -> None:
    for act in (
        lambda: objects.listing(cluster, namespace),
        lambda: objects.create(cluster, namespace, application),
        lambda: objects.remove(cluster, namespace),
    ):
        with pytest.raises(Refused, match="was not made by the demo"):
            act()
    assert client.get("v1", "Namespace", namespace)
    assert not client.get("argoproj.io/v1alpha1", "Application", "hello", "default")


def test_what_was_made_is_removed_and_the_second_time_there_is_nothing(
    cluster: str, client: Client, application: Path
) -> None:
    objects.create(cluster, "test-demo", application)
    assert client.get("argoproj.io/v1alpha1", "Application", "hello", "default")
    assert objects.remove(cluster, "test-demo") is True
    assert not client.get("argoproj.io/v1alpha1", "Application", "hello", "default")
    assert not client.get("v1", "Namespace", "test-demo")
    assert objects.remove(cluster, "test-demo") is False
