# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a person may have a pull request tested: member, collaborator, or in the repository's OWNERS file.

Source: tektoncd/triggers pkg/interceptors/github/github.go, checkOwnershipAndMembership (v0.37).
"""

from __future__ import annotations

import re

from ..._core import yaml
from ..._core.errors import Invalid
from .github_api import GitHub, NotThere
from .github_payload import Proposal

_OK_TO_TEST = re.compile(r"(^|\n)/ok-to-test(\r\n|\r|\n|\Z)")


def has_ok_to_test(comment: str) -> bool:
    """Return whether a line of the comment is exactly /ok-to-test."""
    return _OK_TO_TEST.search(comment) is not None


def approved(proposal: Proposal, check: str, github: GitHub) -> bool:
    """Return whether the sender may. `check` is checkType: orgMembers, repoMembers, all or none.

    The OWNERS file is asked when membership does not decide; without the file the answer is no.
    """
    if check in ("orgMembers", "all") and proposal.sender in github.public_members(proposal.owner):
        return True
    if check in ("repoMembers", "all") and proposal.sender in github.collaborators(proposal.owner, proposal.repository):
        return True
    try:
        text = github.text(proposal.owner, proposal.repository, "OWNERS")
    except NotThere:
        return False
    return in_owners(text, proposal.sender)


def in_owners(text: str, sender: str) -> bool:
    """Return whether an OWNERS file lists the person as approver or reviewer; case does not count."""
    documents = yaml.load_all(text, "OWNERS")
    data = documents[0].data if documents else {}
    if not isinstance(data, dict):
        raise Invalid("OWNERS", "is no mapping with approvers and reviewers")
    names = [*(data.get("approvers") or []), *(data.get("reviewers") or [])]
    return sender.casefold() in {str(name).casefold() for name in names}
