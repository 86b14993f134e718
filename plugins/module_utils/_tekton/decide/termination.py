# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a step's entrypoint tells the controller in its termination message, and how it is read.

Source: tektoncd/pipeline pkg/termination/parse.go, pkg/result/result.go, v1.15.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ..._core import gojson_errors
from ..._core.errors import Invalid

LIMIT = 4096  # bytes of a container's message
_COMPRESSED = "tknz:"


class Kind(IntEnum):
    """What a result is of."""

    NONE = 0
    TASK_RUN = 1
    INTERNAL = 3
    STEP = 4
    ARTIFACTS = 5
    UNKNOWN = 10


_BY_NAME = {"TaskRunResult": Kind.TASK_RUN, "InternalTektonResult": Kind.INTERNAL, "StepResult": Kind.STEP}


@dataclass(frozen=True, slots=True)
class Result:
    """One entry of a message. `kind` is a number that may be none of Kind."""

    key: str = ""
    value: str = ""
    kind: int = Kind.NONE

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as the message has it."""
        data: dict[str, Any] = {"key": self.key, "value": self.value}
        return {**data, "type": int(self.kind)} if self.kind else data


def parse(message: str) -> list[Result]:
    """Return the entries, of several with one key the last, sorted by key. Invalid when it is not such JSON."""
    entries = _entries(_plain(message)) if message else []
    by_key = {entry.key: entry for entry in entries if entry != Result()}
    return [by_key[key] for key in sorted(by_key)]


def _plain(message: str) -> str:
    """A long message is compressed: raw deflate in base64."""
    if not message.startswith(_COMPRESSED):
        return message
    body = message.removeprefix(_COMPRESSED)
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        text = unpack.decompress(packed) + unpack.flush()
        if not unpack.eof:
            raise Invalid("", "decompressing termination message: unexpected EOF")
        return text.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise Invalid("", f"decompressing termination message: {error}") from error


def _entries(text: str) -> list[Result]:
    wrong = gojson_errors.problem(text)
    if wrong:
        raise Invalid("", f"parsing message json: {wrong}, msg: {text}")
    found = json.loads(text)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Invalid("", f"parsing message json: it is no list of results, msg: {text}")
    return [entry(one) for one in found]


def entry(data: Mapping[str, Any]) -> Result:
    """Return one entry; its type may be a number or a name."""
    kind = data.get("type", 0)
    if isinstance(kind, str):
        kind = _BY_NAME.get(kind, Kind.UNKNOWN)
    return Result(str(data.get("key") or ""), str(data.get("value") or ""), int(kind))


def log_results(lines: str, most: int) -> list[Result]:
    """Return the results that a sidecar wrote to its log, one JSON object a line.

    Invalid when a line is longer than `most` bytes or is no such object. Source: internal/sidecarlogresults.
    """
    out: list[Result] = []
    for line in lines.splitlines():
        if len(line.encode()) >= most:
            raise Invalid("", "results size exceeds configured limit")
        wrong = gojson_errors.problem(line)
        if wrong:
            raise Invalid("", f'invalid result "": {wrong}')
        data = json.loads(line)
        named = {"key": data.get("name"), "value": data.get("value")}
        out.append(entry({**named, "type": {"task": 1, "step": 4}.get(str(data.get("type")), 0)}))
    return out
