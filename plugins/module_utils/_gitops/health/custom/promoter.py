# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds of the GitOps Promoter (promoter.argoproj.io).

All of them say in a condition Ready whether they were reconciled; some add what their environments wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...._core.types import Manifest
from ..status import Health
from .rules import Check, get, listed

GROUP = "promoter.argoproj.io"


@dataclass(frozen=True, slots=True)
class Words:
    """How a kind is called in messages."""

    starting: str  # Initializing ...
    subject: str  # in "... is being deleted", "Waiting for ... spec update"
    failed: str  # in "... failed: why"
    not_ready: str  # in "... (reason): why" for another reason than an error
    unknown: str  # in "... (reason): why" while nobody knows; empty: such a condition counts as fine
    missing: str  # without a condition
    observed: str = ""  # the subject as it is called while the spec was not observed
    finalizers: Mapping[str, str] = field(default_factory=dict)


def _deleting(obj: Manifest, words: Words) -> Health:
    message = f"{words.subject} is being deleted"
    if not words.finalizers:
        return Health("Progressing", message)
    blocking = [name for name in listed(obj, "metadata.finalizers") if name in words.finalizers]
    return Health("Progressing", " ".join([f"{message}.", *(f"{n}: {words.finalizers[n]}" for n in blocking)]))


def _not_ready(obj: Manifest, words: Words, kinds: Sequence[str]) -> Health | None:
    """Return the health of an object that is not ready, None for one that is."""
    if get(obj, "metadata.deletionTimestamp"):
        return _deleting(obj, words)
    if obj.get("status") is None:
        return Health("Progressing", f"Initializing {words.starting}")
    found = [one for one in listed(obj, "status.conditions") if one.get("type") in kinds]
    for condition in found:
        health = _condition(obj, condition, words)
        if health:
            return health
    return None if found else Health("Progressing", words.missing)


def _condition(obj: Manifest, condition: Mapping[str, Any], words: Words) -> Health | None:
    wanted, seen = get(obj, "metadata.generation"), condition.get("observedGeneration")
    if wanted and seen and wanted != seen:
        return Health("Progressing", f"Waiting for {words.observed or words.subject} spec update to be observed")
    reason = str(condition.get("reason") or "Unknown")
    if condition.get("status") == "False":
        message = str(condition.get("message") or "Unknown error")
        if reason == "ReconciliationError":
            return Health("Degraded", f"{words.failed}: {message}")
        return Health("Degraded", f"{words.not_ready} ({reason}): {message}")
    if condition.get("status") == "Unknown" and words.unknown:
        return Health("Progressing", f"{words.unknown} ({reason}): {condition.get('message') or 'Unknown'}")
    return None


def _check(words: Words, then: Callable[[Manifest], Health], kinds: Sequence[str] = ("Ready",)) -> Check:
    return lambda obj: _not_ready(obj, words, kinds) or then(obj)


def _fine(message: str) -> Callable[[Manifest], Health]:
    return lambda _obj: Health("Healthy", message)


def _branches(name: str, reconciled: str, passed: str) -> Callable[[Manifest], Health]:
    """The phases of the environments: a failure counts first, then what is pending."""

    def then(obj: Manifest) -> Health:
        environments = listed(obj, "status.environments")
        if not environments:
            return Health("Healthy", reconciled)
        phases = [(str(one.get("branch") or "?"), str(one.get("phase") or "pending")) for one in environments]
        failed = [branch for branch, phase in phases if phase == "failure"]
        pending = [branch for branch, phase in phases if phase not in ("failure", "success")]
        if failed:
            return Health("Degraded", f"{name} failed for branch(es): {', '.join(failed)}")
        if pending:
            return Health("Progressing", f"{name} pending for branch(es): {', '.join(pending)}")
        return Health("Healthy", f"{name} {passed} for {len(phases)} environment(s)")

    return then


def _short(sha: Any) -> str:
    return str(sha or "")[:7]


def _keys(statuses: Sequence[Mapping[str, Any]], phase: str) -> list[str]:
    return [str(one.get("key")) for one in statuses if one.get("phase") == phase]


def _counts(statuses: Sequence[Mapping[str, Any]]) -> str:
    pending, done, failed = (_keys(statuses, phase) for phase in ("pending", "success", "failure"))
    out = f"{len(pending)} pending, {len(done)} successful, {len(failed)} failed. "
    if pending:
        out += f"Pending commit statuses: {', '.join(pending)}. "
    return out + (f"Failed commit statuses: {', '.join(failed)}. " if failed else "")


def _missing(environment: Mapping[str, Any], where: str) -> Health | None:
    for side in ("active", "proposed"):
        if not get(environment, f"{side}.dry.sha"):
            return Health("Progressing", f"The {side} commit DRY SHA is missing or empty{where}.")
    return None


def _target(environment: Mapping[str, Any]) -> str:
    """Return the dry commit an environment moves to: a note may be ahead of what was hydrated."""
    return str(get(environment, "proposed.note.drySha") or get(environment, "proposed.dry.sha") or "")


def _moving(environment: Mapping[str, Any], where: str) -> Health | None:
    active, proposed = get(environment, "active.dry.sha"), get(environment, "proposed.dry.sha")
    if active == proposed:
        return None
    way = f"Promotion in progress{where} from '{_short(active)}' to '{_short(proposed)}': "
    return Health("Progressing", way + _counts(listed(environment, "proposed.commitStatuses")))


def _policy(obj: Manifest) -> Health:
    status = obj["status"]
    found = _missing(status, "") or _moving(status, "")
    if found:
        return found
    statuses = listed(status, "active.commitStatuses")
    if _keys(statuses, "pending") or _keys(statuses, "failure"):
        text = "Environment is up-to-date, but there are non-successful active commit statuses: "
        return Health("Healthy", text + _counts(statuses))
    return Health("Healthy", f"Environment is up-to-date on commit {_short(get(status, 'active.dry.sha'))}.")


def _strategy(obj: Manifest) -> Health:
    environments = listed(obj, "status.environments")
    if not environments:
        return Health("Degraded", "Promotion strategy has no environments configured")
    named = [(one, f" in environment '{one.get('branch')}'") for one in environments]
    missing = next((found for one, where in named if (found := _missing(one, where))), None)
    if missing:
        return missing
    if len({_target(one) for one in environments}) > 1:
        return Health(
            "Progressing",
            "Not all environments have the same proposed commit SHA. This likely means the hydrator has not run for "
            "all environments yet.",
        )
    for one in environments:
        moving = _moving(one, f" for environment '{one.get('branch')}'")
        if moving:
            return moving
    return _up_to_date(environments)


def _up_to_date(environments: Sequence[Mapping[str, Any]]) -> Health:
    troubled = []
    for one in environments:
        statuses = listed(one, "active.commitStatuses")
        pending, failed = len(_keys(statuses, "pending")), len(_keys(statuses, "failure"))
        if pending or failed:
            troubled.append(f"{one.get('branch')} ({failed} failed, {pending} pending)")
    if troubled:
        text = "Environments are up-to-date, but some environments have non-successful commit statuses: "
        return Health("Healthy", f"{text}{', '.join(troubled)}.")
    hydrated, target = str(get(environments[0], "proposed.dry.sha")), _target(environments[0])
    note = "" if target == hydrated else f" Hydrator has processed dry commit '{_short(target)}'."
    return Health("Healthy", f"All environments are up-to-date on commit '{_short(hydrated)}'.{note}")


def _commit(obj: Manifest) -> Health:
    sha, phase = get(obj, "status.sha"), get(obj, "status.phase")
    if not sha or not phase:
        return Health("Healthy", "Commit status is healthy")
    return Health("Healthy", f"Commit status for commit {sha} reports {phase}")


def _pull_request(obj: Manifest) -> Health:
    number, state = get(obj, "status.id"), get(obj, "status.state")
    return Health(
        "Healthy", f"Pull request is {state} as PR {number}" if number and state else "Pull request is healthy"
    )


def _applications(obj: Manifest) -> Health:
    selected = listed(obj, "status.applicationsSelected")
    if not selected:
        return Health("Degraded", "Argo CD commit status has no applications configured")
    return Health("Healthy", f"Argo CD commit status is healthy and is tracking {len(selected)} applications")


def _reconciled(subject: str, finalizers: Mapping[str, str] | None = None) -> Words:
    lower = subject if subject.startswith("Argo") else subject[0].lower() + subject[1:]
    failed = f"{subject} reconciliation failed"
    return Words(lower, subject, failed, failed, "", f"{subject} is not ready yet", lower, finalizers or {})


def _validated(kind: str, starting: str, failed: str, not_ready: str, unknown: str, **more: Any) -> Words:
    return Words(starting, kind, failed, not_ready, unknown, f"{kind} Ready condition is missing", **more)


def _risk(wait: str, risk: str) -> str:
    return f"{wait} Risk if removed manually: {risk}"


_NO_PROVIDER = "GitRepository objects can reference a provider that no longer exists."
_FINALIZERS = {
    "ScmProvider": {
        f"scmprovider.{GROUP}/finalizer": _risk(
            "Waiting until no GitRepository in this namespace still references this provider.", _NO_PROVIDER
        )
    },
    "ClusterScmProvider": {
        f"clusterscmprovider.{GROUP}/finalizer": _risk(
            "Waiting until no GitRepository still references this cluster-wide SCM provider.", _NO_PROVIDER
        )
    },
    "GitRepository": {
        f"gitrepository.{GROUP}/finalizer": _risk(
            "Waiting until no non-deleting PullRequests still reference this repository.",
            "repository metadata may be removed while promotions still depend on it.",
        )
    },
    "PullRequest": {
        f"pullrequest.{GROUP}/finalizer": _risk(
            "Waiting for SCM closure or reconciliation of the pull request.",
            "the real PR can stay open after the CR is gone.",
        ),
        f"changetransferpolicy.{GROUP}/pullrequest-finalizer": _risk(
            "Waiting for the ChangeTransferPolicy to observe PR identity and state.",
            "promotion status or history can be wrong or racy.",
        ),
    },
    "ChangeTransferPolicy": {
        f"changetransferpolicy.{GROUP}/finalizer": _risk(
            "Waiting to clear related PullRequest finalizers and finish cleanup before this policy is removed.",
            f"The 'changetransferpolicy.{GROUP}/pullrequest-finalizer' finalizer may not be cleaned up from "
            "PullRequests owned by this ChangeTransferPolicy.",
        )
    },
}


def _provider(kind: str, name: str, starting: str) -> Check:
    words = _validated(
        kind, starting, f"{name} validation failed", f"{name} not ready", f"{name} readiness unknown",
        finalizers=_FINALIZERS[kind],
    )  # fmt: skip
    return _check(words, _fine(f"{name} is ready"))


def _gate(kind: str, starting: str, name: str, then: Callable[[Manifest], Health], unknown: str) -> Check:
    return _check(_validated(kind, starting, f"{name} failed", f"{name} not ready", unknown), then)


RULES: dict[tuple[str, str], Check] = {
    (GROUP, "ArgoCDCommitStatus"): _check(_reconciled("Argo CD commit status"), _applications),
    (GROUP, "ChangeTransferPolicy"): _check(
        _reconciled("Change transfer policy", _FINALIZERS["ChangeTransferPolicy"]), _policy
    ),
    (GROUP, "CommitStatus"): _check(_reconciled("Commit status"), _commit),
    (GROUP, "PromotionStrategy"): _check(_reconciled("Promotion strategy"), _strategy),
    (GROUP, "PullRequest"): _check(
        _reconciled("Pull request", _FINALIZERS["PullRequest"]), _pull_request, ("Reconciled", "Ready")
    ),
    (GROUP, "ScmProvider"): _provider("ScmProvider", "SCM provider", "SCM provider"),
    (GROUP, "ClusterScmProvider"): _provider("ClusterScmProvider", "Cluster SCM provider", "cluster SCM provider"),
    (GROUP, "GitRepository"): _provider("GitRepository", "Git repository", "Git repository"),
    (GROUP, "GitCommitStatus"): _gate(
        "GitCommitStatus", "git commit validation", "Git commit validation",
        _branches("Git commit validation", "Git commit validation reconciled", "passed"),
        "Git commit validation status unknown",
    ),
    (GROUP, "TimedCommitStatus"): _gate(
        "TimedCommitStatus", "timed commit gate", "Timed commit gate",
        _branches("Timed commit gate", "Timed commit gate reconciled", "satisfied"), "Timed commit gate status unknown",
    ),
    (GROUP, "WebRequestCommitStatus"): _gate(
        "WebRequestCommitStatus", "web request commit validation", "Web request commit validation",
        _branches("Web request validation", "Web request commit validation reconciled", "passed"),
        "Web request commit validation unknown",
    ),
}  # fmt: skip
