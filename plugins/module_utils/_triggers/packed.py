# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An event as one word that is safe where templates are filled in.

Ansible takes every text of its extra vars for a template, also a commit message that somebody else has written. A data
URL (RFC 2397) in base64 has no braces, and is unpacked where nothing is templated any more.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection
from typing import Any

from .._core.errors import Invalid
from .event import Event

PREFIX = "data:application/json;base64,"


def pack(event: Event, without: Collection[str] = ()) -> str:
    """Return the event as a data URL, lacking the headers of these canonical names."""
    headers = {name: list(values) for name, values in event.headers.items() if name not in without}
    data = {"method": event.method, "path": event.path, "headers": headers}
    text = json.dumps({**data, "body": event.body.decode("utf-8", "replace")}, separators=(",", ":"))
    return PREFIX + base64.b64encode(text.encode()).decode()


def unpack(text: str) -> Any:
    """Return what `pack` was given, as `make` takes it. Invalid for anything else that begins with `data:`."""
    if not text.startswith(PREFIX):
        raise Invalid("event", "is a data URL of another kind", hint=f"it begins with {PREFIX}")
    try:
        return json.loads(base64.b64decode(text.removeprefix(PREFIX), validate=True))
    except (binascii.Error, ValueError) as error:
        raise Invalid("event", f"is no packed event: {error}", hint="give it as the source has packed it") from error
