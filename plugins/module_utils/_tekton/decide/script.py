# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Scripts of steps and sidecars: what is run, and how a pod's init container puts it into place.

Source: tektoncd/pipeline pkg/pod/script.go, v1.15.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FOLDER = "/tekton/scripts"
_MOUNT = {"name": "tekton-internal-scripts", "readOnly": True, "mountPath": FOLDER}


def with_shebang(script: str) -> str:
    """Return the script as Tekton ships it: without a shebang it is run by /bin/sh with set -e."""
    return script if script.strip().startswith("#!") else f"#!/bin/sh\nset -e\n{script}"


@dataclass(frozen=True, slots=True)
class Converted:
    """`init` is the shell text that writes the scripts, `containers` run them."""

    init: str
    containers: tuple[dict[str, Any], ...]


def convert(containers: Sequence[Mapping[str, Any]], prefix: str, suffix: Callable[[str], str]) -> Converted:
    """Return steps or sidecars with their scripts in files <prefix>-<index>, which `suffix` makes unique."""
    init, out = "", []
    for index, container in enumerate(containers):
        entry = {key: value for key, value in container.items() if key != "script"}
        if container.get("script"):
            path = f"{FOLDER}/{suffix(f'{prefix}-{index}')}"
            init += placed(path, with_shebang(str(container["script"])))
            entry |= {"command": [path], "volumeMounts": [*(container.get("volumeMounts") or []), _MOUNT]}
        out.append(entry)
    return Converted(init, tuple(out))


def placed(path: str, script: str) -> str:
    """Return the shell text that writes one script. It goes in base64, so that no shell expands anything in it."""
    packed = base64.b64encode(script.encode()).decode()
    return (
        f'scriptfile="{path}"\ntouch ${{scriptfile}} && chmod +x ${{scriptfile}}\n'
        f"cat > ${{scriptfile}} << '_EOF_'\n{packed}\n_EOF_\n"
        '/tekton/bin/entrypoint decode-script "${scriptfile}"\n'
    )
