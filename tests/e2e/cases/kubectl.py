#!/usr/bin/env python3
# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for kubectl on a machine without it: `apply` and `rollout status`, with the token of a kubeconfig in JSON.

Each document of the files is sent as a server-side apply, as the user of the kubeconfig, into its namespace.
"""

import base64
import json
import os
import re
import ssl
import sys
import time
import urllib.request
from pathlib import Path

PLACES = {
    "ConfigMap": "api/v1/namespaces/{}/configmaps",
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "Secret": "api/v1/namespaces/{}/secrets",
    "Service": "api/v1/namespaces/{}/services",
}


def call(method, path, body=None):
    """Send one request; return the answer."""
    with open(os.environ["KUBECONFIG"], encoding="utf-8") as file:
        config = json.load(file)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    request = urllib.request.Request(
        f"{cluster['server']}/{path.format(config['contexts'][0]['context']['namespace'])}",
        data=body.encode() if body else None,
        method=method,
        headers={"Authorization": f"Bearer {user['token']}", "Content-Type": "application/apply-patch+yaml"},
    )
    trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    return json.load(urllib.request.urlopen(request, context=trust, timeout=30))


def apply(place):
    """Apply a file, or the .yaml files of a directory."""
    for file in sorted(place.glob("*.yaml")) if place.is_dir() else [place]:
        for document in re.split(r"^---\n", file.read_text(), flags=re.M):
            if document.strip():
                kind = re.search(r"^kind: (\w+)", document, re.M)[1]
                name = re.search(r"^metadata:\n  name: (\S+)", document, re.M)[1]
                call("PATCH", f"{PLACES[kind]}/{name}?fieldManager=kubectl&force=true", document)
                print(f"{kind.lower()}/{name}")


def rolled_out(name):
    """Wait until a Deployment is available."""
    deadline = time.monotonic() + 60
    while call("GET", f"{PLACES['Deployment']}/{name}")["status"].get("availableReplicas", 0) < 1:
        if time.monotonic() > deadline:
            sys.exit(f"error: {name} is not available")
        time.sleep(0.1)


def main():
    words = [one for one in sys.argv[1:] if not one.startswith("-")]
    files = [one.partition("=")[2] for one in sys.argv[1:] if one.startswith("--filename=")]
    if words[:1] == ["apply"]:
        apply(Path((files or words[1:])[0]))
    elif words[:2] == ["rollout", "status"]:
        rolled_out(words[2].partition("/")[2])
    else:
        sys.exit(f"error: the stand-in knows only apply and rollout status, not {words}")


main()
