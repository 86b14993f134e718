# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of charts and of the files that belong to a source."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.slipway.gitops.plugins.module_utils._core import paths
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model import environment
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model.application import Source
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.source import (
    charts,
    files,
    helm_command,
    render,
)
from tests.conformance.adapters.argocd import calls
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.registry import Row, Skip, adapter

HELM = "util/helm/helm_test.go"
COMMAND = "util/helm/cmd_test.go"
CHARTS = "util/helm/client_test.go"
REPOSITORY = "reposerver/repository/repository_test.go"
NO_HELM = "needs Helm, whose charts are not rendered yet"


@adapter("argocd", HELM, "TestHelmArgCleaner")
def set_values(row: Row) -> None:
    assert helm_command.set_value(str(row.fields.get("$key", ""))) == row.value("value")


@adapter(
    "argocd",
    HELM,
    "TestHelmTemplateParams",
    "TestHelmTemplateReleaseNameOverwrite",
    "TestHelmTemplateReleaseName",
    "TestAPIVersions",
    "TestKubeVersionWithSymbol",
    "TestSkipCrds",
    "TestSkipTests",
)
@adapter("argocd", COMMAND, "TestCmd_template_kubeVersion", "TestCmd_template_noApiVersionsInError")
@adapter("argocd", COMMAND, "TestNewCmd_helmInvalidVersion", "TestNewCmd_withProxy")
@adapter("argocd", CHARTS, "TestWithPlainHTTP")
def templates(row: Row) -> None:
    raise Skip(NO_HELM)


def text(command: helm_command.Command) -> str:
    return " ".join(["helm", *command.arguments])


@adapter("argocd", COMMAND, "TestRegistryLogin", "TestRegistryLogout")
def registry(row: Row) -> None:
    wanted = row.fields.get("expectedErr")
    if row.fields.get("execErr"):
        raise Skip("the error is upstream's fake helm's")
    try:
        if row.test == "TestRegistryLogin":
            plain = row.value("plainHTTP")
            command = helm_command.registry_login(row.value("repo"), row.fields.get("creds") or {}, plain_http=plain)
        else:
            command = helm_command.registry_logout(row.value("repo"))
    except Invalid as error:
        assert wanted is not None, str(error)
        assert str(error) == wanted["$error"]
        return
    assert wanted is None
    assert text(command) == row.value("expectedOut")
    assert command.secret == row.value("expectedStdin", "")


@adapter("argocd", COMMAND, "TestPullOCI")
def pull(row: Row) -> None:
    place = ("my.registry.com/myrepo", "mychart", "1.0.0", "/tmp/dest")
    command = helm_command.pull_oci(*place, row.fields.get("creds") or {}, plain_http=row.value("plainHTTP"))
    assert text(command) == row.value("expectedOut")


@adapter("argocd", COMMAND, "TestDependencyBuild")
def dependencies(row: Row) -> None:
    command = helm_command.dependency_build(insecure=row.value("insecure"), plain_http=row.value("plainHTTP"))
    assert text(command) == row.value("expectedOut")


@adapter("argocd", HELM, "TestDependencyBuild_PlainHTTPFromDependencyRepo")
def dependencies_without_tls(row: Row) -> None:
    repos = [
        charts.ChartRepository("", "", oci=True, credentials={"insecureOCIForceHttp": insecure})
        for insecure in row.value("depInsecureHTTP")
    ]
    assert charts.need_plain_http(repos) is row.value("expectPlainHTTP")


def chart_entries(index: Mapping[str, Any], name: str) -> Any:
    return charts.entries({"entries": index["Entries"]}, name), None


@adapter("argocd", CHARTS, "Test_normalizeChartName", "TestIsHelmOciRepo", "TestGetIndexURL")
@adapter("argocd", "util/helm/index_test.go", "TestIndex_GetEntries")
def chart_calls(row: Row) -> None:
    functions = {
        "helm.normalizeChartName": charts.plain_name,
        "helm.IsHelmOciRepo": charts.is_oci,
        "helm.getIndexURL": lambda url: (charts.index_url(url), None),
        "helm.Index.GetEntries": chart_entries,
    }
    calls.run(row, functions)


def chart(row: Row, path: str) -> Mapping[str, Any]:
    return yaml.safe_load((row.fixtures / path / "Chart.yaml").read_text())


def shown(found: charts.ChartRepository) -> Mapping[str, Any]:
    plain = bool(found.credentials.get("insecureOCIForceHttp"))
    names = dict.fromkeys(("InsecureOCIForceHttp", "InsecureHTTP", "PlainHTTP"), plain)
    return {
        "Name": found.name,
        "Repo": found.address,
        "EnableOci": found.oci,
        "credentials": found.credentials,
        **names,
    }


@adapter(
    "argocd",
    REPOSITORY,
    "Test_getHelmDependencyRepos",
    "TestGetHelmRepos_OCIHelmDependenciesWithHelmRepo",
    "TestGetHelmRepos_OCIHelmDependenciesWithRepo",
    "TestGetHelmRepos_OCIDependenciesWithHelmRepo",
    "TestGetHelmRepos_OCIDependenciesWithRepo",
    "TestGetHelmRepo_NamedRepos",
    "TestGetHelmRepo_NamedReposAlias",
    "TestGetHelmRepos_InsecureOCIForceHttpPropagatedFromRepo",
    "TestGetHelmRepos_InsecureOCIForceHttpPropagatedFromRepoCreds",
)
def chart_repositories(row: Row) -> None:
    def credentialed(path: str, repos: Sequence[Any] | None, creds: Sequence[Any] | None) -> Any:
        return [shown(one) for one in charts.with_credentials(chart(row, path), repos or [], creds or [])], None

    def named(path: str) -> Any:
        found = charts.dependency_repositories(chart(row, path))
        return [{"name": one.name, "repo": one.address, "enableOCI": one.oci} for one in found], None

    functions = {"repository.getHelmRepos": credentialed, "repository.getHelmDependencyRepos": named}
    methods = {
        "GetUsername": lambda one: one["credentials"].get("username"),
        "GetPassword": lambda one: one["credentials"].get("password"),
    }
    calls.run(row, functions, methods)


@adapter("argocd", REPOSITORY, "Test_getPotentiallyValidManifestFile_disableExtensionFilter")
def manifest_file(row: Row) -> None:
    directory = {key: row.value(key) for key in ("include", "exclude", "disableExtensionFilter")}
    assert files.is_manifest(row.value("fileName"), directory) is row.value("expectValid")


def rendered(row: Row, path: str, directory: Mapping[str, Any]) -> list[dict[str, Any]]:
    source = Source(repo="", revision="", path=path, directory=directory)
    return render.render(source, str(row.fixtures))


@adapter("argocd", REPOSITORY, "TestFindResources")
def find(row: Row) -> None:
    directory = {"recurse": True, "include": row.value("include"), "exclude": row.value("exclude")}
    found = rendered(row, "testdata/app-include-exclude", directory)
    assert sorted(one["metadata"]["name"] for one in found) == sorted(row.value("expectedNames"))


@adapter("argocd", REPOSITORY, "Test_GenerateManifests_NoOutOfBoundsAccess")
def out_of_bounds(row: Row) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside, app = Path(folder, "outside"), Path(folder, "repo")
        outside.mkdir()
        app.mkdir()
        name = row.value("outOfBoundsFilename")
        (outside / name).write_text(row.value("outOfBoundsFileContents"))
        (app / name).symlink_to(outside / name)
        try:
            found = str(render.render(Source(repo="", revision="", path="."), str(app)))
        except Invalid as error:
            found = str(error)
    assert "Opaque" not in found
    assert row.value("mustNotContain") not in found


@adapter(
    "argocd",
    REPOSITORY,
    "TestGenerateFromUTF16",
    "TestFindManifests_Exclude",
    "TestFindManifests_Exclude_NothingMatches",
)
def manifests(row: Row) -> None:
    def found(*given: Any) -> Any:
        path = next(argument for argument in given if isinstance(argument, str))
        options = ("recurse", "include", "exclude", "jsonnet")
        blocks = (one for one in given if isinstance(one, Mapping) and any(key in one for key in options))
        return rendered(row, path, next(blocks, {})), None

    def generated(*given: Any) -> Any:
        return {"manifests": found(*given)[0]}, None

    functions = {"repository.GenerateManifests": generated, "repository.findManifests": found}
    calls.run(row, functions, {"GetName": lambda one: one["metadata"]["name"]})


@adapter("argocd", REPOSITORY, "Test_isGlobPath")
def is_glob(row: Row) -> None:
    assert files.is_glob(row.value("path")) is row.value("expected")


@adapter("argocd", REPOSITORY, "Test_getReferencedSource")
def referenced(row: Row) -> None:
    found = (row.fields.get("refSources") or {}).get(files.reference(row.value("rawValueFile")))
    assert bare(found) == bare(row.fields.get("expected"))


@adapter("argocd", REPOSITORY, "Test_getResolvedValueFiles", "Test_getResolvedValueFiles_glob")
def value_files(row: Row) -> None:
    """The folders of upstream's test are made anew; what they are called there is not in the row."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("main-repo", "repo1"):
            Path(folder, name).mkdir()
        known = {name: str(Path(folder, "repo1")) for name in row.fields.get("refSources") or {}}
        root = str(Path(folder, "main-repo"))
        place = files.Place(root, root, known)
        ignore = bool(row.fields.get("ignoreMissingValueFiles"))
        try:
            found = files.value_files([row.value("rawPath")], place, row.fields.get("env") or [], ignore_missing=ignore)
        except Invalid as error:
            assert row.value("expectedErr"), str(error)
            return
    assert not row.value("expectedErr"), found
    if row.test.endswith("_glob"):
        assert found == (row.fields.get("expectedPaths") or [])
    elif row.value("expectedPath"):
        raise Skip("the path lies in a folder of upstream's test")


@adapter("argocd", REPOSITORY, "Test_verifyGlobMatchesWithinRoot")
def glob_bounds(row: Row) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            files.check_matches(row.fields.get("matches") or [], folder, "*")
        except Invalid as error:
            assert row.value("expectErr"), str(error)
            assert row.value("errContains") in str(error)
            return
    assert not row.value("expectErr")


@adapter(
    "argocd",
    REPOSITORY,
    "TestGenerateMultiSourceHelmWithFileParameter",
    "TestIdentifyAppSourceTypeByAppDirWithKustomizations",
    "Test_newEnv",
    "TestCheckoutRevisionPresentSkipFetch",
    "TestCheckoutRevisionNotPresentCallFetch",
    "TestConsistentManifestCacheKey",
    "Test_getRepoSanitizerRegex",
)
def repository_calls(row: Row) -> None:
    if row.kind != "assertions":
        raise Skip(NO_HELM)
    functions: dict[str, Any] = {
        "repository.getRepoSanitizerRegex": lambda root: root,
        "repository.GetAppSourceType": lambda *given: app_type(row, *given),
        "repository.newEnv": build_variables,
    }
    calls.run(row, functions, {"ReplaceAllString": paths.masked})


def app_type(row: Row, *given: Any) -> Any:
    path = next(argument for argument in given if isinstance(argument, str))
    return files.folder_type([entry.name for entry in (row.fixtures / path).iterdir()]), None


def build_variables(query: Mapping[str, Any], revision: str) -> Any:
    source = {**(query.get("applicationSource") or {}), "repoURL": (query.get("repo") or {}).get("repo")}
    names = (str(query.get(key) or "") for key in ("appName", "namespace", "projectName"))
    return environment.of_build(*names, revision, source)
