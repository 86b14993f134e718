#!/usr/bin/env python3
# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for kubectl on a machine without it: `kubectl apply -f FILE`, with the token of a kubeconfig in JSON.

Each document of the file is sent as a server-side apply, as the user of the kubeconfig, into its namespace.
"""

import base64
import json
import os
import re
import ssl
import sys
import urllib.request

PLACES = {"Deployment": "apis/apps/v1/namespaces/{}/deployments", "Service": "api/v1/namespaces/{}/services"}


def apply(document, config):
    """Send one document."""
    kind = re.search(r"^kind: (\w+)", document, re.M)[1]
    name = re.search(r"^metadata:\n  name: (\S+)", document, re.M)[1]
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    place = PLACES[kind].format(config["contexts"][0]["context"]["namespace"])
    request = urllib.request.Request(
        f"{cluster['server']}/{place}/{name}?fieldManager=kubectl&force=true",
        data=document.encode(),
        method="PATCH",
        headers={"Authorization": f"Bearer {user['token']}", "Content-Type": "application/apply-patch+yaml"},
    )
    trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    urllib.request.urlopen(request, context=trust, timeout=30).read()
    print(f"{kind.lower()}/{name} serverside-applied")


def main():
    if sys.argv[1:3] != ["apply", "-f"]:
        sys.exit(f"error: the stand-in knows only apply -f FILE, not {sys.argv[1:]}")
    with open(os.environ["KUBECONFIG"], encoding="utf-8") as file:
        config = json.load(file)
    with open(sys.argv[3], encoding="utf-8") as file:
        for document in re.split(r"^---\n", file.read(), flags=re.M):
            if document.strip():
                apply(document, config)


main()
