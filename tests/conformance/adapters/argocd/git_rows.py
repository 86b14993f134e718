# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of Git: addresses, revisions, files, trailers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._git import command, files, refs, trailers
from ansible_collections.slipway.gitops.plugins.module_utils._lang import giturl, gourl
from tests.conformance.adapters.argocd import calls
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.registry import Row, Skip, adapter

GIT = "util/git/git_test.go"
CLIENT = "util/git/client_test.go"
# What upstream's tests put into their repositories; the rows only name it.
TAGS = ("v1.0.0-rc1", "v1.0.0-rc2", "v1.0.0", "v1.0", "v1.0.1", "v1.1.0", "2024-apple", "2024-banana")
FILES = (
    "cluster-charts/cluster1/mychart/charts/mysubchart/values.yaml",
    "cluster-charts/cluster1/mychart/values.yaml",
    "cluster-charts/cluster1/myotherchart/values.yaml",
    "cluster-charts/cluster2/values.yaml",
    "some-path/values.yaml",
    "some-path/staging/values.yaml",
    "cluster-config/engineering/production/config.json",
    "cluster-config/engineering/dev/config.json",
    "p1/p2/config.json",
    "p1/app2/config.json",
    "p1/app3/config.json",
    "p1/config.json",
)


@adapter("argocd", GIT, "TestIsSSHURL")
def is_ssh(row: Row) -> None:
    assert giturl.is_ssh(row.value("$key", "") or "") is row.value("value")


@adapter("argocd", GIT, "TestSSHHostWithPort")
def host_port(row: Row) -> None:
    assert giturl.ssh_host_port(str(row.fields.get("$key", ""))) == row.value("value")


@adapter("argocd", GIT, "TestSameURL")
def same(row: Row) -> None:
    assert giturl.same(str(row.fields.get("$key", "")), row.value("value"))


@adapter("argocd", GIT, "TestSanitizeRepoURL")
def sanitize(row: Row) -> None:
    assert giturl.sanitize(row.value("in")) == row.value("want")


@adapter("argocd", GIT, "TestIsShortRef")
def short_ref(row: Row) -> None:
    assert refs.is_short_ref(row.value("revision")) is row.value("expected")


@adapter("argocd", GIT, "TestLsRemote")
def remote(row: Row) -> None:
    if row.kind == "assertions":
        git_calls(row)
        return
    if not refs.is_commit(row.value("revision")):
        raise Skip("needs the repository on GitHub")
    assert refs.resolve(refs.Refs(), row.value("revision")) == row.value("expectedCommit")


@adapter("argocd", GIT, "TestLsFiles")
def safe_globs(row: Row) -> None:
    raise Skip("symbolic links of the test's repository are not in the row")


@adapter("argocd", GIT, "TestLsFilesForGitFileGeneratorGlobbingPatterns")
def globbing(row: Row) -> None:
    found = files.matching(FILES, row.value("pattern"), stars=row.value("isNewGlobbingEnabled"))
    assert sorted(found) == sorted(row.value("expected"))


def user(url: str) -> tuple[bool, str]:
    return giturl.is_ssh(url), giturl.ssh_user(url) or ""


def client(url: str, *_rest: Any) -> Any:
    """Answer what a client of an address has to say of it: only an ssh address is read by upstream."""
    if url.startswith("ssh://"):
        gourl.parse(url)
    raise Skip("a Git client of upstream's")


CALLS = {
    "git.IsCommitSHA": refs.is_commit,
    "git.IsTruncatedCommitSHA": refs.is_short_commit,
    "git.IsSSHURL": user,
    "git.NewClient": client,
}


@adapter("argocd", GIT, "TestIsCommitSHA", "TestIsSSHURLUserName")
@adapter("argocd", CLIENT, "TestNewClient_invalidSSHURL")
def git_calls(row: Row) -> None:
    calls.run(row, CALLS)


@adapter("argocd", GIT, "TestCustomHTTPClient")
@adapter("argocd", CLIENT, "Test_newAuth_SSH_MalformedPrivateKey", "Test_newAuth_SSH_NoCreds_AgentUnavailable")
def go_client(row: Row) -> None:
    raise Skip("the HTTP and ssh clients of Go; git itself connects here")


@adapter("argocd", CLIENT, "Test_nativeGitClient_runCredentialedCmd")
def credentials(row: Row) -> None:
    raise Skip("how upstream hands credentials to git; ours go by GIT_CONFIG variables")


@adapter("argocd", CLIENT, "Test_LsSignatures_Error")
def signatures(row: Row) -> None:
    raise Skip("signatures of commits are not checked yet")


@adapter("argocd", CLIENT, "Test_SemverTags", "Test_SemverTagsWithPrefix")
def tags(row: Row) -> None:
    prefix = row.value("tagPrefix", "") or ""
    if prefix or row.test == "Test_SemverTagsWithPrefix":
        raise Skip("the tags of the test's repository are not in the row")
    commits = {f"refs/tags/{tag}": f"{number:040x}" for number, tag in enumerate(TAGS, 1)}
    try:
        found = refs.resolve(refs.Refs(commits), row.value("ref"))
    except SlipwayError as error:
        assert row.value("error"), str(error)
        return
    assert not row.value("error"), found
    assert found in commits.values()


@adapter("argocd", CLIENT, "Test_GetReferences")
def references(row: Row) -> None:
    origin, message = trailers.read(row.value("input"))
    commit = {
        "Author": {"Name": origin.author_name, "Address": origin.author_email},
        "Date": origin.date,
        "Subject": origin.subject,
        "Body": origin.body,
        "SHA": origin.sha,
        "RepoURL": origin.repo,
    }
    found = [{"Commit": bare(commit)}] if origin != trailers.Origin() else []
    assert bare(found) == bare(row.fields.get("expectedReferences") or [])
    assert message == row.value("expectedMessage")


@adapter("argocd", CLIENT, "Test_isRetryableNotePushError")
def push_races(row: Row) -> None:
    assert command.is_race(row.value("errStr")) is row.value("want")


def humanized(url: str, error: Mapping[str, str] | None) -> SlipwayError | None:
    return command.explained(url, error["$error"]) if error else None


@adapter("argocd", CLIENT, "Test_humanizeAuthPromptError")
def prompts(row: Row) -> None:
    calls.run(row, {"git.humanizeAuthPromptError": humanized})
