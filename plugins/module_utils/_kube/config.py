# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which cluster, and who we are there: options, K8S_AUTH_* variables, kubeconfig, in-cluster account.

Reads files and runs exec plugins; must not talk to the API. Source of the kubeconfig rules:
client-go tools/clientcmd and plugin/pkg/client/auth/exec (v0.36).
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .._core import redact, yaml
from .._core.errors import Invalid, Permanent, Place, Refused
from .._spec.auth import ENVIRONMENT

_IN_CLUSTER = "/var/run/secrets/kubernetes.io/serviceaccount"
_FALSE = ("0", "false", "no", "off", "n", "f")


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """Everything a session needs. Certificates are PEM text; `token_file` is read again when it changes."""

    server: str
    ca: str = ""
    verify: bool = True
    server_name: str = ""
    client_cert: str = ""
    client_key: str = ""
    token: str = ""
    token_file: str = ""
    username: str = ""
    password: str = ""
    proxy: str = ""
    namespace: str = "default"
    impersonate_user: str = ""
    impersonate_groups: tuple[str, ...] = ()


def load_config(auth: Mapping[str, Any] | None = None) -> ClusterConfig:
    """Return the configuration that options, then environment, then kubeconfig, then the pod's account give.

    `auth` has the option names of kubernetes.core. Invalid for a broken kubeconfig, Permanent where nothing is found.
    """
    options = _options(auth or {})
    base = _base(options)
    config = _override(base, options)
    for secret in (config.token, config.password, config.client_key):
        redact.current.register(secret)
    return config


def _options(auth: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: auth.get(name) for name in ENVIRONMENT}
    for name, variable in ENVIRONMENT.items():
        if given[name] in (None, "") and os.environ.get(variable):
            given[name] = os.environ[variable]
    if isinstance(given["validate_certs"], str):
        given["validate_certs"] = given["validate_certs"].lower() not in _FALSE
    if isinstance(given["impersonate_groups"], str):
        given["impersonate_groups"] = given["impersonate_groups"].split(",")
    return given


def _base(options: Mapping[str, Any]) -> ClusterConfig:
    kubeconfig = options["kubeconfig"]
    if isinstance(kubeconfig, Mapping):
        return from_kubeconfig(kubeconfig, options["context"], Place("<kubeconfig>"))
    if kubeconfig or not options["host"]:
        path = _path(kubeconfig)
        if path:
            return from_kubeconfig(_read(path), options["context"], Place(path))
    if options["host"]:
        return ClusterConfig(server=str(options["host"]))
    return _in_cluster()


def _path(given: Any) -> str:
    """Return the kubeconfig to read; of several in KUBECONFIG the first that exists (merging is not done)."""
    if given:
        path = os.path.expanduser(str(given))
        if not os.path.isfile(path):
            raise Invalid("kubeconfig", "does not exist", at=Place(path), hint="give an existing file")
        return path
    candidates = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    candidates.append(os.path.expanduser("~/.kube/config"))
    return next((path for path in candidates if os.path.isfile(path)), "")


def _read(path: str) -> Mapping[str, Any]:
    documents = yaml.load_path(path)
    if not documents or not isinstance(documents[0].data, Mapping):
        raise Invalid("kubeconfig", "holds no configuration", at=Place(path))
    data: Mapping[str, Any] = documents[0].data
    return data


def _in_cluster() -> ClusterConfig:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not os.path.isfile(f"{_IN_CLUSTER}/token"):
        raise Permanent(
            "no cluster is configured",
            hint="set kubeconfig or host, the variable K8S_AUTH_KUBECONFIG, or run inside a pod",
            reason="Unreachable",
        )
    with open(f"{_IN_CLUSTER}/ca.crt", encoding="ascii") as stream:
        ca = stream.read()
    with open(f"{_IN_CLUSTER}/namespace", encoding="utf-8") as stream:
        namespace = stream.read().strip()
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return ClusterConfig(server=server, ca=ca, token_file=f"{_IN_CLUSTER}/token", namespace=namespace)


def from_kubeconfig(data: Mapping[str, Any], context: str | None, at: Place) -> ClusterConfig:
    """Return the configuration of one context of a kubeconfig."""
    name = context or data.get("current-context") or ""
    if not name:
        raise Invalid("current-context", "is not set", at=at, hint="give the option context")
    chosen = _named(data, "contexts", name, "context", at)
    cluster = _named(data, "clusters", str(chosen.get("cluster", "")), "cluster", at)
    user = _named(data, "users", str(chosen["user"]), "user", at) if chosen.get("user") else {}
    if not cluster.get("server"):
        raise Invalid(f"clusters[{chosen.get('cluster')}].server", "is missing", at=at)
    folder = os.path.dirname(at.file)
    credentials = _credentials(user, cluster, folder, at)
    return ClusterConfig(
        server=str(cluster["server"]),
        ca=_pem(cluster, "certificate-authority", folder, at),
        verify=not cluster.get("insecure-skip-tls-verify", False),
        server_name=str(cluster.get("tls-server-name", "")),
        proxy=str(cluster.get("proxy-url", "")),
        namespace=str(chosen.get("namespace") or "default"),
        impersonate_user=str(user.get("as", "")),
        impersonate_groups=tuple(user.get("as-groups") or ()),
        **credentials,
    )


def _named(data: Mapping[str, Any], listing: str, name: str, key: str, at: Place) -> Mapping[str, Any]:
    entries = data.get(listing) or []
    for entry in entries:
        if entry.get("name") == name:
            found: Mapping[str, Any] = entry.get(key) or {}
            return found
    there = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    raise Invalid(listing, f"has no entry {name!r}", at=at, hint=f"there: {there}")


def _pem(entry: Mapping[str, Any], key: str, folder: str, at: Place) -> str:
    inline = entry.get(f"{key}-data")
    if inline:
        try:
            return base64.b64decode(inline).decode()
        except ValueError as error:
            raise Invalid(f"{key}-data", "is not base64", at=at) from error
    path = entry.get(key)
    return _file(os.path.join(folder, str(path)), key) if path else ""


def _file(path: str, field: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except OSError as error:
        raise Invalid(field, f"cannot be read: {error.strerror}", at=Place(path)) from error


def _credentials(user: Mapping[str, Any], cluster: Mapping[str, Any], folder: str, at: Place) -> dict[str, str]:
    if user.get("exec"):
        return _exec(user["exec"], cluster, folder)
    if user.get("auth-provider"):
        raise Refused(
            f"auth-provider {user['auth-provider'].get('name')!r} is no longer part of Kubernetes clients",
            hint="use an exec plugin, or give api_key",
            obj=str(at),
        )
    token_file = str(user.get("tokenFile") or "")
    return {
        "client_cert": _pem(user, "client-certificate", folder, at),
        "client_key": _pem(user, "client-key", folder, at),
        "token": str(user.get("token") or "") if not token_file else "",
        "token_file": os.path.join(folder, token_file) if token_file else "",
        "username": str(user.get("username") or ""),
        "password": str(user.get("password") or ""),
    }


def _exec(plugin: Mapping[str, Any], cluster: Mapping[str, Any], folder: str) -> dict[str, str]:
    """Run a credential plugin (client.authentication.k8s.io v1 and v1beta1), never interactively."""
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {key: value for key, value in cluster.items() if key != "extensions"}
    info = {"kind": "ExecCredential", "apiVersion": plugin.get("apiVersion"), "spec": spec}
    variables = {entry["name"]: entry["value"] for entry in plugin.get("env") or []}
    command = str(plugin.get("command", ""))
    program = os.path.join(folder, command) if os.sep in command else command
    environment = {**os.environ, **variables, "KUBERNETES_EXEC_INFO": json.dumps(info)}
    try:
        done = subprocess.run(
            [program, *(plugin.get("args") or [])],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        hint = str(plugin.get("installHint") or "install it, or give other credentials")
        raise Permanent(f"credential plugin {command!r} did not run: {error}", hint=hint) from error
    if done.returncode:
        raise Permanent(f"credential plugin {command!r} ended with {done.returncode}", hint="run it by hand to see why")
    status = json.loads(done.stdout or b"{}").get("status") or {}
    return {
        "token": str(status.get("token") or ""),
        "client_cert": str(status.get("clientCertificateData") or ""),
        "client_key": str(status.get("clientKeyData") or ""),
    }


def _override(base: ClusterConfig, options: Mapping[str, Any]) -> ClusterConfig:
    """Lay the single options over what the kubeconfig gave."""
    values: dict[str, Any] = {name: getattr(base, name) for name in ClusterConfig.__slots__}
    for option, field in (
        ("host", "server"),
        ("api_key", "token"),
        ("username", "username"),
        ("password", "password"),
        ("validate_certs", "verify"),
        ("proxy", "proxy"),
        ("impersonate_user", "impersonate_user"),
    ):
        if options[option] not in (None, ""):
            values[field] = options[option]
    for option, field in (("ca_cert", "ca"), ("client_cert", "client_cert"), ("client_key", "client_key")):
        if options[option]:
            values[field] = _file(os.path.expanduser(str(options[option])), option)
    if options["api_key"]:
        values["token_file"] = ""
    if options["impersonate_groups"]:
        values["impersonate_groups"] = tuple(options["impersonate_groups"])
    if _direct(str(values["server"]), options["no_proxy"] or ""):
        values["proxy"] = ""
    return ClusterConfig(**values)


def _direct(server: str, no_proxy: str) -> bool:
    """True when the host is in a no_proxy list: its name, a domain it is in, or a star."""
    host = urlsplit(server if "://" in server else f"https://{server}").hostname or ""
    names = [name.strip().lstrip(".") for name in no_proxy.split(",")]
    return any(name == "*" or (name and (host == name or host.endswith(f".{name}"))) for name in names)
