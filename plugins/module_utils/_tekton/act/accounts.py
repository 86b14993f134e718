# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a ServiceAccount may do for a step on this machine: the kubeconfig that the user gave for that account.

In a cluster a pod gets its account's token from the kubelet; here a step of an account that has a kubeconfig finds it
through KUBECONFIG, and a step of any other account finds none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..._core import redact, yaml
from ..._core.errors import Invalid
from ..._sandbox.process import Mount

PLACE = "/tekton/kubeconfig"
_SECRETS = ("token", "password", "client-key-data")


def checked(accounts: Mapping[str, str]) -> dict[str, str]:
    """Return the accounts with whole paths; what must stay secret of them is registered. Invalid for a missing file."""
    found = {name: os.path.abspath(os.path.expanduser(path)) for name, path in accounts.items()}
    for name, path in found.items():
        if not os.path.isfile(path):
            raise Invalid(f"service_accounts.{name}", f"there is no file {path}", hint="give a kubeconfig")
        for document in yaml.load_path(path):
            _register(document.data)
    return found


def environment(accounts: Mapping[str, str], account: str) -> dict[str, str]:
    """Return the variables for steps of an account; "" is the account default."""
    return {"KUBECONFIG": PLACE} if (account or "default") in accounts else {}


def mounts(accounts: Mapping[str, str], account: str) -> list[Mount]:
    """Return the mounts for steps of an account."""
    path = accounts.get(account or "default")
    return [Mount(path, PLACE, read_only=True)] if path else []


def _register(kubeconfig: Any) -> None:
    users = kubeconfig.get("users") if isinstance(kubeconfig, dict) else None
    for entry in users or []:
        user = entry.get("user") or {}
        for name in _SECRETS:
            if user.get(name):
                redact.current.register(str(user[name]))
