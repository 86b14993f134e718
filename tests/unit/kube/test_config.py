# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the cluster and the credentials come from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Permanent, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from ansible_collections.slipway.gitops.plugins.module_utils._spec.auth import ENVIRONMENT


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the kubeconfig of whoever runs it."""
    for name in (*ENVIRONMENT.values(), "KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def kubeconfig(user: dict[str, Any], cluster: dict[str, Any] | None = None, **context: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u", **context}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://kube.example:6443", **(cluster or {})}}],
        "users": [{"name": "u", "user": user}],
    }


def written(folder: Path, data: dict[str, Any]) -> str:
    path = folder / "config"
    path.write_text(yaml.dump(data))
    return str(path)


def test_options_beat_the_environment_and_the_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, kubeconfig({"token": "token-of-file"}, namespace="shop"))
    monkeypatch.setenv("K8S_AUTH_KUBECONFIG", path)
    assert load_config({}).token == "token-of-file" and load_config({}).namespace == "shop"
    monkeypatch.setenv("K8S_AUTH_API_KEY", "token-of-environment")
    assert load_config({}).token == "token-of-environment"
    assert load_config({"api_key": "token-of-option"}).token == "token-of-option"


def test_a_kubeconfig_may_be_given_as_a_mapping() -> None:
    cluster = {"tls-server-name": "kube.internal", "insecure-skip-tls-verify": True, "proxy-url": "http://proxy:3128"}
    user = {"token": "token-inline", "as": "deploy", "as-groups": ["a", "b"]}
    config = load_config({"kubeconfig": kubeconfig(user, cluster)})
    assert (config.server_name, config.verify, config.proxy) == ("kube.internal", False, "http://proxy:3128")
    assert (config.impersonate_user, config.impersonate_groups) == ("deploy", ("a", "b"))


def test_paths_in_a_kubeconfig_start_at_its_folder(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("CERTIFICATE")
    data = kubeconfig({"tokenFile": "token"}, {"certificate-authority": "ca.pem"})
    config = load_config({"kubeconfig": written(tmp_path, data)})
    assert config.ca == "CERTIFICATE" and config.token_file == str(tmp_path / "token")


def test_an_unknown_context_names_the_known_ones(tmp_path: Path) -> None:
    path = written(tmp_path, kubeconfig({}))
    with pytest.raises(Invalid, match=r"no entry 'two' \(there: one\)") as caught:
        load_config({"kubeconfig": path, "context": "two"})
    assert caught.value.at and caught.value.at.file == path


def test_a_host_needs_no_kubeconfig() -> None:
    config = load_config({"host": "https://kube.example", "validate_certs": False, "api_key": "token-given"})
    assert (config.server, config.verify, config.token) == ("https://kube.example", False, "token-given")


def test_nothing_at_all_says_what_to_set() -> None:
    with pytest.raises(Permanent, match="K8S_AUTH_KUBECONFIG"):
        load_config({})


def test_the_environments_words_for_false_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8S_AUTH_VERIFY_SSL", "no")
    monkeypatch.setenv("K8S_AUTH_IMPERSONATE_GROUPS", "a,b")
    config = load_config({"host": "https://kube.example"})
    assert config.verify is False and config.impersonate_groups == ("a", "b")


@pytest.mark.parametrize(
    ("no_proxy", "used"),
    [("", True), ("other.example", True), ("kube.example", False), (".example", False), ("a, *", False), ("e", True)],
)
def test_no_proxy_goes_past_the_proxy(no_proxy: str, used: bool) -> None:
    config = load_config({"host": "https://kube.example:6443", "proxy": "http://proxy:3128", "no_proxy": no_proxy})
    assert bool(config.proxy) is used


PLUGIN = """
import json, os, sys
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
token = "-".join(["token", os.environ["WHO"], sys.argv[1], info["spec"]["cluster"]["server"]])
print(json.dumps({"kind": "ExecCredential", "apiVersion": info["apiVersion"], "status": {"token": token}}))
"""


def exec_user(code: str, folder: Path, **extra: Any) -> dict[str, Any]:
    path = folder / "plugin.py"
    path.write_text(code)
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": [str(path), "arg"],
        "env": [{"name": "WHO", "value": "me"}],
        "provideClusterInfo": True,
        **extra,
    }
    return {"exec": plugin}


def test_a_credential_plugin_is_asked(tmp_path: Path) -> None:
    path = written(tmp_path, kubeconfig(exec_user(PLUGIN, tmp_path)))
    assert load_config({"kubeconfig": path}).token == "token-me-arg-https://kube.example:6443"


def test_a_failing_credential_plugin_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, kubeconfig(exec_user("raise SystemExit(3)", tmp_path)))
    with pytest.raises(Permanent, match="ended with 3"):
        load_config({"kubeconfig": path})
    missing = exec_user("", tmp_path, command="no-such-plugin", installHint="get it from your admin")
    path = written(tmp_path, kubeconfig(missing))
    with pytest.raises(Permanent, match="get it from your admin"):
        load_config({"kubeconfig": path})


def test_a_removed_auth_provider_is_refused() -> None:
    with pytest.raises(Refused, match="gcp"):
        load_config({"kubeconfig": json.loads(json.dumps(kubeconfig({"auth-provider": {"name": "gcp"}})))})
