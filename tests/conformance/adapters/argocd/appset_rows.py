# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of Argo CD's ApplicationSets: generators, parameter sets, templates without Go templates, progressive syncs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import duration, gojson
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.appset import (
    combine,
    generators,
    params,
    progressive,
    render,
    transform,
)
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.rollouts import calls
from tests.conformance.registry import Row, Skip, adapter

GENERATORS = "applicationset/generators"
PROGRESSIVE = "applicationset/progressivesync"
UTILS = "applicationset/utils/utils_test.go"
FLAT, GO = render.FLAT, render.Style(go=True)


class Seen:
    """The clusters of a row; there is no repository."""

    def __init__(self, secrets: Sequence[Manifest] = ()) -> None:
        self._clusters = [generators.LOCAL, *map(cluster, secrets)]

    def clusters(self) -> Sequence[generators.Cluster]:
        return self._clusters

    def directories(self, spec: Mapping[str, Any]) -> Sequence[str]:
        raise Skip("what the Git generator finds is in Go code")

    def files(self, spec: Mapping[str, Any]) -> Mapping[str, str]:
        raise Skip("what the Git generator finds is in Go code")

    def decisions(self, spec: Mapping[str, Any]) -> tuple[Manifest, Sequence[Manifest]]:
        raise Skip("what the generator finds is in Go code")


def cluster(secret: Manifest) -> generators.Cluster:
    data = {key: str(value["$bytes"]) for key, value in secret["data"].items()}
    meta = secret["metadata"]
    labels, annotations = meta.get("labels") or {}, meta.get("annotations") or {}
    return generators.Cluster(data["name"], data["server"], data.get("project", ""), labels, annotations)


def style_of(row: Row) -> render.Style:
    return GO if "GoTempl" in row.test or row.fields.get("useGoTemplate") else FLAT


def check(row: Row, made: Callable[[], Any], wanted: Any, error: str | None) -> None:
    """Compare parameter sets in whatever order, or the error's text."""
    try:
        found = made()
    except Invalid as problem:
        assert error is not None, problem.message
        assert error in problem.message, problem.message
        return
    except Refused as problem:
        raise Skip("needs Go templates") from problem
    assert not error, f"no error, but {error}"
    same = in_order(found) == in_order(wanted) if wanted else not found
    assert same, f"{found!r} is not {wanted!r}"


def in_order(sets: Any) -> Any:
    if isinstance(sets, list):
        return sorted((in_order(one) for one in sets), key=gojson.dumps)
    if isinstance(sets, Mapping) and "clusters" in sets:
        return {**sets, "clusters": in_order(sets["clusters"])}
    return sets


def error_of(row: Row, name: str = "expectedError") -> str | None:
    wanted = row.fields.get(name)
    return None if wanted is None else str(wanted["$error"])


@adapter("argocd", f"{GENERATORS}/list_test.go", "TestGenerateListParams", "TestGenerateListParamsGoTemplate")
def listed(row: Row) -> None:
    spec = {"elements": row.value("elements")}
    check(row, lambda: generators.list_params(spec, style_of(row)), row.value("expected"), None)


@adapter("argocd", f"{GENERATORS}/cluster_test.go", "TestGenerateParams", "TestGenerateParamsGoTemplate")
def clusters(row: Row) -> None:
    if row.value("clientError"):
        raise Skip("the client's error is the client's")
    seen = Seen(row.table["context"]["clusters"])
    spec = {"selector": row.fields.get("selector"), "values": row.value("values"), "flatList": row.value("isFlatMode")}
    made = lambda: transform.param_sets({"clusters": spec}, seen, style_of(row))  # noqa: E731
    check(row, made, row.value("expected"), error_of(row))


@adapter(
    "argocd", f"{GENERATORS}/duck_type_test.go",
    "TestGenerateParamsForDuckType", "TestGenerateParamsForDuckTypeGoTemplate",
)  # fmt: skip
def ducks(row: Row) -> None:
    context = row.table["context"]
    names = {"resourceName": "name", "labelSelector": "labelSelector", "values": "values"}
    spec = {ours: row.fields[theirs] for theirs, ours in names.items() if theirs in row.fields}
    known = [cluster(secret) for secret in context["runtimeClusters"]]

    def made() -> Any:
        return generators.duck_params(spec, context["configMap"], [row.fields["resource"]], known, style_of(row))

    check(row, made, row.value("expected"), error_of(row))


@adapter("argocd", f"{GENERATORS}/matrix_test.go", "TestMatrixGetRequeueAfter")
def requeued(row: Row) -> None:
    seconds = duration.parse_go(str(row.fields.get("gitGetRequeueAfter") or "0s"))
    told = [
        {**entry, "git": {**entry["git"], "requeueAfterSeconds": seconds}} if "git" in entry else entry
        for entry in row.value("baseGenerators")
    ]
    assert combine.requeue_after({"matrix": {"generators": told}}) == duration.parse_go(row.value("expected"))


@adapter(
    "argocd", f"{GENERATORS}/matrix_test.go",
    "TestMatrixGenerate", "TestMatrixGenerateGoTemplate", "TestInterpolatedMatrixGenerate",
    "TestInterpolatedMatrixGenerateGoTemplate",
)  # fmt: skip
@adapter("argocd", f"{GENERATORS}/merge_test.go", "TestMergeGenerate")
def nested(row: Row) -> None:
    spec = {"generators": row.value("baseGenerators"), "mergeKeys": row.fields.get("mergeKeys")}
    generator = {"merge" if "Merge" in row.test else "matrix": spec}
    seen = Seen((row.table.get("context") or {}).get("clusters", []))
    made = lambda: transform.param_sets(generator, seen, style_of(row))  # noqa: E731
    check(row, made, row.value("expected"), error_of(row, "expectedErr"))


@adapter("argocd", f"{GENERATORS}/merge_test.go", "TestParamSetsAreUniqueByMergeKeys")
def keyed(row: Row) -> None:
    made = lambda: combine.by_merge_key(row.value("mergeKeys"), row.value("paramSets"))  # noqa: E731
    check(row, made, row.value("expected") or {}, error_of(row, "expectedErr"))


@adapter(
    "argocd", f"{GENERATORS}/value_interpolation_test.go", "TestValueInterpolation",
    "TestValueInterpolationWithGoTemplating",
)  # fmt: skip
def values(row: Row) -> None:
    made = lambda: params.with_values(row.value("values"), dict(row.value("params")), style_of(row))  # noqa: E731
    check(row, made, row.value("expected"), None)


@adapter("argocd", f"{GENERATORS}/interface_test.go", "Test_getDefaultRequeueAfter")
def default_requeue(row: Row) -> None:
    assert combine.default_requeue(row.value("requeueAfterEnv")) == duration.parse_go(row.value("want"))


@adapter("argocd", f"{GENERATORS}/generator_spec_processor_test.go", "TestMatchValues", "TestMatchValuesGoTemplate")
def matched(row: Row) -> None:
    generator = {"list": {"elements": row.value("elements")}, "selector": row.fields.get("selector")}
    check(row, lambda: transform.param_sets(generator, Seen(), style_of(row)), row.value("expected"), None)


@adapter(
    "argocd", f"{GENERATORS}/generator_spec_processor_test.go",
    "TestInterpolateGeneratorValuesHandling", "TestInterpolateGeneratorError",
)  # fmt: skip
def interpolated(row: Row) -> None:
    args = row.value("args")
    style = render.Style(bool(args.get("useGoTemplate")), tuple(args.get("goTemplateOptions") or ()))
    made = lambda: bare(render.render(args["requestedGenerator"], args["params"], style))  # noqa: E731
    check(row, made, bare(row.value("want")), row.value("expectedErrStr") or None)


@adapter(
    "argocd",
    f"{GENERATORS}/generator_spec_processor_test.go",
    "TestInterpolateGenerator",
    "TestInterpolateGenerator_go",
)
def interpolated_parts(row: Row) -> None:
    generator, given, go, options = row.fields["args"]
    try:
        found = render.render(generator, given, render.Style(bool(go), tuple(options or ())))
    except Refused as problem:
        raise Skip("needs Go templates") from problem
    calls.run(row, {"generators.InterpolateGenerator": lambda *_args: found})


@adapter("argocd", f"{GENERATORS}/git_test.go", "Test_generateParamsFromGitFile")
def git_file(row: Row) -> None:
    args = row.value("args")
    content = str(args["fileContent"]["$bytes"])
    spec = {"values": args.get("values"), "pathParamPrefix": args.get("pathParamPrefix")}
    style = GO if args.get("useGoTemplate") else FLAT
    made = lambda: generators.file_params(spec, {args["filePath"]: content}, style)  # noqa: E731
    check(row, made, row.value("want"), "" if row.value("wantErr") else None)


@adapter(
    "argocd", f"{GENERATORS}/git_test.go",
    "TestGitGenerateParamsFromDirectories", "TestGitGenerateParamsFromDirectoriesGoTemplate",
)  # fmt: skip
def git_directories(row: Row) -> None:
    if row.fields.get("repoError"):
        raise Skip("the repository's error is the repository's")
    spec = {name: row.fields.get(name) for name in ("directories", "pathParamPrefix", "values")}
    made = lambda: generators.directory_params(spec, row.value("repoApps"), style_of(row))  # noqa: E731
    check(row, made, row.value("expected"), error_of(row))


@adapter(
    "argocd", f"{GENERATORS}/git_test.go", "TestGitGenerateParamsFromFiles", "TestGitGenerateParamsFromFilesGoTemplate"
)
def git_files(row: Row) -> None:
    if row.fields.get("repoPathsError"):
        raise Skip("the repository's error is the repository's")
    spec = {"repoURL": "RepoURL", "values": row.fields.get("values")}
    files = {path: str(content["$bytes"]) for path, content in row.value("repoFileContents").items()}
    check(row, lambda: generators.file_params(spec, files, style_of(row)), row.value("expected"), error_of(row))


@adapter("argocd", "applicationset/utils/map_test.go", "TestCombineStringMaps")
def combined(row: Row) -> None:
    made = lambda: params.combine(row.value("left"), row.value("right"))  # noqa: E731
    check(row, made, row.value("expected"), error_of(row, "expectedErr"))


@adapter("argocd", UTILS, "TestRenderTemplateParams", "TestRenderTemplateParamsGoTemplate")
def rendered(row: Row) -> None:
    template = row.table["context"]["emptyApplication"]
    source = dict.fromkeys(("repoURL", "path", "targetRevision", "chart"), row.value("fieldVal"))
    destination = dict.fromkeys(("server", "namespace", "name"), row.value("fieldVal"))
    spec = {"source": source, "destination": destination, "project": row.value("fieldVal")}
    style = render.Style(style_of(row).go, tuple(row.fields.get("templateOptions") or ()))
    wanted = row.value("expectedVal")

    def made() -> Any:
        found = render.render_application({**template, "spec": spec}, None, dict(row.value("params")), style)
        got = found["spec"]
        return sorted({*got["source"].values(), *got["destination"].values(), got["project"]})

    check(row, made, [wanted], row.fields.get("errorMessage"))


@adapter("argocd", UTILS, "TestRenderTemplateParamsFinalizers")
def finalizers(row: Row) -> None:
    template = {**row.table["context"]["emptyApplication"], "metadata": {"finalizers": row.value("existingFinalizers")}}
    found = render.render_application(template, row.fields.get("syncPolicy"), {"one": "two"}, FLAT)
    assert found["metadata"]["finalizers"] == row.value("expectedFinalizers")


@adapter("argocd", UTILS, "TestInvalidGenerators")
def unknown(row: Row) -> None:
    found, names = transform.unknown_generators(row.fields["appSet"])
    assert (found, set(names)) == (row.value("expectedInvalid"), set(row.value("expectedNames")))


@adapter("argocd", UTILS, "TestSlugify")
def slugs(row: Row) -> None:
    found = params.slugify(row.value("branch"), row.value("length"), at_words=row.value("smartTruncate"))
    assert found == row.value("expectedBasePath")


@adapter("argocd", UTILS, "TestRenderGeneratorParams_ValuesInterpolation")
def nested_values(row: Row) -> None:
    wanted = row.fields.get("expectedClusterValues") or row.fields.get("expectedGitValues")
    style = render.Style(bool(row.value("useGoTemplate")), tuple(row.value("goTemplateOptions")))

    def made() -> Any:
        (spec,) = render.render(row.fields["gen"], row.value("params"), style).values()
        return spec["values"]

    check(row, made, wanted, row.value("expectErr") or None)


@adapter("argocd", f"{PROGRESSIVE}/progressive_sync_test.go", "TestBuildAppDependencyList")
def steps(row: Row) -> None:
    found = progressive.steps_of(row.fields["appSet"], row.value("apps"))
    assert [list(names) for names in found.names] == row.value("expectedList")
    assert found.step_of == row.value("expectedStepMap")
    assert found.issues == issues(row.fields["expectedValidationIssues"])


def issues(told: Mapping[str, Any]) -> progressive.Issues:
    return progressive.Issues(
        operators=tuple((entry["StepIndex"], entry["Operator"]) for entry in told.get("InvalidMatchExpressions", [])),
        duplicates={name: tuple(found) for name, found in told.get("DuplicateAppSelections", {}).items()},
        empty=tuple(told.get("EmptySteps", [])),
        max_updates=tuple((entry["StepIndex"], entry["MaxUpdate"]) for entry in told.get("InvalidMaxUpdates", [])),
    )


@adapter("argocd", f"{PROGRESSIVE}/progressive_sync_test.go", "TestGetAppsToSync")
def to_sync(row: Row) -> None:
    names = row.value("appDependencyList")
    found = progressive.names_to_sync(row.fields["appSet"], row.value("currentApps"), names)
    assert dict.fromkeys(found, True) == row.value("expectedMap")


@adapter(
    "argocd",
    f"{PROGRESSIVE}/progressive_sync_test.go",
    "TestIsRollingSyncStrategy",
    "TestIsRollingSyncDeletionReversed",
)
def kinds(row: Row) -> None:
    rule = progressive.is_rolling if row.test == "TestIsRollingSyncStrategy" else progressive.is_deleted_in_reverse
    assert rule(row.fields["appset"]) is row.value("expected")


@adapter("argocd", f"{PROGRESSIVE}/progressive_sync_test.go", "TestPerformReverseDeletionTerminatingApp")
def deletion(row: Row) -> None:
    made = lambda: duration.format_go(progressive.deletion_wait(duration.parse_go(row.value("deletionAge"))))  # noqa: E731
    check(row, made, row.fields.get("expectRequeue"), row.value("expectedErr") or None)


@adapter(
    "argocd", f"{PROGRESSIVE}/specchanged_regression_test.go", "TestDisableAutomatedSyncIsIdempotentAcrossEnabledStates"
)
def not_automated(row: Row) -> None:
    found = progressive.without_automated_sync(row.fields.get("syncPolicy"))
    assert ((found or {}).get("automated") is None) is row.value("wantNil")
    assert row.value("wantNil") or (found or {})["automated"]["enabled"] is False
    assert progressive.without_automated_sync(found) == found


@adapter(
    "argocd", f"{PROGRESSIVE}/validation_issues_test.go",
    "TestFormatInvalidMatchExpressionMessage", "TestFormatDuplicateAppSelectionMessage", "TestFormatInvalidMaxUpdateMessage",
    "TestFormatEmptyStepsMessage",
)  # fmt: skip
def told(row: Row) -> None:
    assert progressive.describe(issues(row.fields["issues"])) == [row.value("expectedConditionMessage")]
