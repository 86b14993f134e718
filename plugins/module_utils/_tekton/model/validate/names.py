# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Names: DNS labels and subdomains, qualified names, of objects and params.

Source: k8s.io/apimachinery pkg/util/validation/validation.go; tektoncd/pipeline pkg/apis/validate/metadata.go, v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .problem import Problem, Problems, quoted

LONGEST = 63
HELP = "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names"
RESULT_FORMAT = "^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$"
_RESULT = re.compile(RESULT_FORMAT.replace("$", r"\Z"))
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile("([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_CHARACTERS = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
_SAMPLES = f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED.pattern}')"
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def is_label(name: str) -> bool:
    """True for a DNS label (RFC 1123)."""
    return len(name) <= LONGEST and bool(_LABEL.fullmatch(name))


def is_subdomain(name: str) -> bool:
    """True for labels with dots between, at most 253 characters."""
    return len(name) <= 253 and bool(_SUBDOMAIN.fullmatch(name))


def is_result(name: str) -> bool:
    """True for what a result may be called."""
    return bool(_RESULT.match(name))


def qualified(name: str) -> list[str]:
    """Return what is wrong with a qualified name (prefix/name), in the words of Kubernetes."""
    prefix, slash, rest = name.rpartition("/")
    if "/" in prefix:
        return [
            f"a qualified name {_CHARACTERS} {_SAMPLES} with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')"
        ]
    found = []
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash and not is_subdomain(prefix):
        found.append(f"prefix part {_SUBDOMAIN_RULE}")
    if not rest:
        found.append("name part must be non-empty")
    elif len(rest) > LONGEST:
        found.append(f"name part must be no more than {LONGEST} characters")
    if not _QUALIFIED.fullmatch(rest):
        found.append(f"name part {_CHARACTERS} {_SAMPLES}")
    return found


def metadata(meta: Mapping[str, Any]) -> Problems:
    """Check an object's name. With only a generateName there is nothing to check: the API server completes it."""
    name = str(meta.get("name") or "")
    if not name and meta.get("generateName"):
        return ()
    if not is_subdomain(name):
        return (Problem(f"invalid resource name {quoted(name)}: must be a valid DNS label", ("name",)),)
    if len(name) > LONGEST:
        return (Problem("Invalid resource name: length must be no more than 63 characters", ("name",)),)
    return ()
