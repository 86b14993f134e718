# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Tasks of the catalog do what they say: each test run is executed, and its effect is looked at.

Real are Git over HTTP, the registry, the API server, Python, Node.js and Go. Stood in for are Maven, buildah and
cosign (tests/e2e/cases/bin), and kubectl on machines that have none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from ansible_collections.slipway.gitops.plugins.module_utils._oci.registry import Registry
from slipway.cluster import api as clusters
from slipway.cluster import gitserver
from tests.e2e.cases import cluster as cases
from tests.e2e.cases import servers, sinks
from tests.e2e.cases.catalog import CATALOG, Done, Site, has
from tests.e2e.conftest import git

DIGEST = "sha256:" + "ab" * 32
KUSTOMIZATION = """\
# What runs in the demo
resources:
- ../../base
images:
- name: registry.example.com/other  # stays
  newTag: v1
- name: registry.example.com/hello  # changes
  newTag: v1
namePrefix: demo-
"""


@pytest.fixture(scope="module")
def site(embedded: clusters.ClusterState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("catalog")
    site = Site(folder, {}, kubectl=cases.kubectl(folder))
    site.sink.answers["/api/qualitygates/project_status"] = (200, _gate)
    site.sink.answers["/dingtalk"] = (200, {"errcode": 0, "errmsg": "ok"})
    with (
        servers.git_server(folder / "git") as address,
        servers.serving(site.sink.handler()) as sink,
        servers.serving(site.artifacts.handler()) as site.mirror,
        sinks.smtp(site.mails) as mail,
    ):
        site.addresses = {
            "https://git.example.com/": address,
            "registry.example.com/catalog": f"{embedded.registry_host}/catalog",
            "https://sonar.example.com": sink,
            "https://hooks.example.com": sink,
            "mail.example.com": mail,
        }
        _repositories(folder, address)
        yield site


def _gate(asked: sinks.Received) -> object:
    bad = asked.query["projectKey"] == ["bad"]
    condition = {"status": "ERROR", "metricKey": "coverage", "actualValue": "12", "errorThreshold": "80"}
    return {"projectStatus": {"status": "ERROR" if bad else "OK", "conditions": [condition] if bad else []}}


def _repositories(folder: Path, address: str) -> None:
    servers.sample_repository(folder / "git", folder / "sample", address)
    (folder / "git" / f"{servers.REPOSITORY}.git").rename(folder / "git" / "sample.git")
    git(folder / "sample", "tag", "v1")
    (folder / "sample" / "later.txt").write_text("after v1\n")
    git(folder / "sample", "add", "--all")
    git(folder / "sample", "commit", "--quiet", "--message", "Go on after v1")
    git(folder / "sample", "push", "--quiet", f"{address}sample.git", "HEAD:main", "v1")
    gitserver.create_repo(folder / "git", "config")
    config = folder / "config" / "overlays" / "demo"
    config.mkdir(parents=True)
    (config / "kustomization.yaml").write_text(KUSTOMIZATION)
    (config / "pod.yaml").write_text('image: "hello:v1" # comment\nimage: hello-more:v1\n  - image: hello\n')
    git(folder / "config", "init", "--quiet")
    git(folder / "config", "add", "--all")
    git(folder / "config", "commit", "--quiet", "--message", "Begin")
    git(folder / "config", "push", "--quiet", f"{address}config.git", "HEAD:main")


def commit(site: Site, revision: str) -> str:
    return git(site.folder / "sample", "rev-parse", f"{revision}^{{commit}}")


def config_file(site: Site, name: str) -> str:
    return git(site.folder / "git" / "config.git", "show", f"main:overlays/demo/{name}")


def good(done: Done) -> Done:
    assert done.report.succeeded, (done.report.message, done.logs)
    return done


def test_git_clone_checks_out_a_tag_a_branch_and_a_commit(site: Site) -> None:
    assert good(site.run("git-clone")).results["commit"] == commit(site, "v1")
    for revision, wanted in (("main", "HEAD"), (commit(site, "v1"), "v1")):
        done = good(site.run("git-clone", lambda text, to=revision: text.replace("value: v1", f"value: {to}")))
        assert done.results["commit"] == commit(site, wanted)


def test_git_clone_refuses_a_revision_that_is_an_option(site: Site) -> None:
    done = site.run("git-clone", lambda text: text.replace("value: v1", "value: --upload-pack=/bin/false"))
    assert not done.report.succeeded
    assert "revision must not begin with a dash" in done.logs["git-clone"]


def test_maven_builds_the_jar(site: Site) -> None:
    done = good(site.run("maven"))
    assert done.logs["check"] == ["spring-boot-helloworld-0.9.6.jar"]
    assert len(site.artifacts.requests) >= 4


@pytest.mark.parametrize(("name", "program"), [("python-test", "python3"), ("node-test", "npm")])
def test_a_test_task_succeeds_and_fails_with_its_tests(site: Site, name: str, program: str) -> None:
    if not has(program):
        pytest.skip(f"{program} is not installed where steps find it")
    good(site.run(name))
    broken = site.run(name, lambda text: text.replace("2 + 2", "2 + 3"))
    assert broken.report.status == "StepFailed"


@pytest.mark.timeout(600)  # the first run compiles Go's own packages
def test_go_test_succeeds_and_fails_with_its_tests_and_fills_its_cache(site: Site) -> None:
    if not has("go"):
        pytest.skip("go is not installed where steps find it")
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway" / "tests" / "go"
    kept.mkdir(parents=True, exist_ok=True)
    (site.folder / "go-cache").symlink_to(kept)
    cache = "    - name: cache\n      persistentVolumeClaim:\n        claimName: go-cache\n"
    good(site.run("go-test", lambda text: text + cache))
    broken = site.run("go-test", lambda text: text.replace("2 + 2", "2 + 3") + cache)
    assert broken.report.status == "StepFailed"
    assert any((site.folder / "go-cache" / "build").iterdir())


def test_build_id_makes_a_legal_tag_of_anything(site: Site) -> None:
    results = good(site.run("build-id")).results
    assert re.fullmatch(r"release-v0\.1---id---quoted--\d{8}-\d{6}-1a2b3c4d", results["build-id"])
    assert results["datetime"] in results["build-id"]


@pytest.mark.parametrize("name", ["image-build", "image-build-buildah"])
def test_an_image_is_in_the_registry_under_its_tag_and_digest(
    site: Site, embedded: clusters.ClusterState, name: str
) -> None:
    results = good(site.run(name)).results
    registry = Registry(embedded.registry_host)
    assert registry.digest(f"catalog/{name}", "v1") == results["image-digest"]
    assert results["image-reference"] == f"{embedded.registry_host}/catalog/{name}@{results['image-digest']}"


def test_image_build_passes_more_arguments_on(site: Site, embedded: clusters.ClusterState) -> None:
    results = good(site.run("image-build")).results
    registry = Registry(embedded.registry_host)
    manifest = registry.manifest("catalog/image-build", results["image-digest"]).data
    config = json.loads(registry.blob("catalog/image-build", manifest["config"]["digest"]))
    assert config["config"]["Labels"]["made.by"] == "catalog"


def test_a_signature_lies_beside_the_image(site: Site, embedded: clusters.ClusterState) -> None:
    done = good(site.run("image-sign-digest"))
    digest = str(done.results["signed"]).partition("@")[2]
    manifest = Registry(embedded.registry_host).manifest("catalog/signed", f"{digest.replace(':', '-')}.sig").data
    key = "a key for tests, made by cosign generate-key-pair in real use" + "a password for tests"
    expected = hmac.new(key.encode(), digest.encode(), hashlib.sha256).hexdigest()
    assert manifest["annotations"]["dev.cosignproject.cosign/signature"] == expected


def test_a_tag_is_not_signed(site: Site) -> None:
    done = site.run("image-sign-digest", lambda text: re.sub("sha256:[0-9a-f]{64}", "v1", text))
    assert not done.report.succeeded
    assert "not a digest: v1 (a tag is not signed)" in done.logs["image-sign-digest"]


@pytest.fixture(scope="module")
def kubeconfig(embedded: clusters.ClusterState, site: Site) -> Iterator[Manifest]:
    """The Secret kubeconfig, with the rights to change ConfigMaps, Services and Deployments of one namespace only."""
    meta = {"name": "catalog-deployer", "namespace": cases.NAMESPACE}
    rules = [{"apiGroups": ["", "apps"], "resources": ["configmaps", "services", "deployments"], "verbs": ["*"]}]
    rbac = "rbac.authorization.k8s.io"
    role = {"apiGroup": rbac, "kind": "Role", "name": meta["name"]}
    objects: list[Manifest] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": role,
            "subjects": [{"kind": "ServiceAccount", **meta}],
        },
    ]
    with Client(load_config({"kubeconfig": embedded.kubeconfig})) as client:
        for obj in objects:
            client.apply(obj)
        file = cases.account_kubeconfig(client, embedded.kubeconfig, meta["name"], site.folder / "kubeconfig")
    content = {"kubeconfig": file.read_text()}
    yield {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "kubeconfig"}, "stringData": content}


def with_kubeconfig(text: str) -> str:
    return f"{text}    - name: kubeconfig\n      secret:\n        secretName: kubeconfig\n"


def test_kubectl_deploy_applies_the_manifest_with_the_image(
    site: Site, embedded: clusters.ClusterState, kubeconfig: Manifest
) -> None:
    done = good(site.run("kubectl-deploy", with_kubeconfig, [kubeconfig]))
    assert done.results["objects"] == "configmap/catalog-deployed\n"
    with Client(load_config({"kubeconfig": embedded.kubeconfig})) as client:
        found = client.get("v1", "ConfigMap", "catalog-deployed", cases.NAMESPACE) or {}
    assert deep_get(found, "data", "image") == "registry.example.com/hello:v1@&"


def test_kubectl_deploy_has_only_the_rights_of_its_kubeconfig_and_tells_what_it_applied_before_it_failed(
    site: Site, kubeconfig: Manifest
) -> None:
    secret = "    ---\n    apiVersion: v1\n    kind: Secret\n    metadata:\n      name: catalog-forbidden\n"
    done = site.run(
        "kubectl-deploy",
        lambda text: with_kubeconfig(text.replace('image: "__IMAGE__"\n', f'image: "__IMAGE__"\n{secret}')),
        [kubeconfig],
    )
    assert done.report.status == "StepFailed"
    assert done.results["objects"] == "configmap/catalog-deployed\n"
    assert any("orbidden" in line for line in done.logs["kubectl-deploy"])


def test_kubectl_deploy_says_when_the_placeholder_is_nowhere(site: Site, kubeconfig: Manifest) -> None:
    done = site.run("kubectl-deploy", lambda text: with_kubeconfig(text.replace("__IMAGE__", "fixed:v1")), [kubeconfig])
    assert not done.report.succeeded
    assert done.logs["kubectl-deploy"][0].startswith("the placeholder __IMAGE__ is in none of:")


def test_config_update_commits_a_tag_and_then_a_digest_and_keeps_comments(site: Site) -> None:
    first = good(site.run("config-update"))
    assert first.results["changed"] == "true"
    tagged = KUSTOMIZATION.replace("hello  # changes\n  newTag: v1", 'hello  # changes\n  newTag: "v2"')
    assert config_file(site, "kustomization.yaml") == tagged.strip()
    good(
        site.run(
            "config-update",
            lambda text: text.replace("name: tag\n      value: v2", f"name: digest\n      value: {DIGEST}"),
        )
    )
    assert f"hello  # changes\n  digest: {DIGEST}\nnamePrefix" in config_file(site, "kustomization.yaml")


def test_config_update_commits_nothing_the_second_time(site: Site) -> None:
    first = good(site.run("config-update", lambda text: text.replace("value: v2", "value: v7")))
    second = good(site.run("config-update", lambda text: text.replace("value: v2", "value: v7")))
    assert (first.results["changed"], second.results["changed"]) == ("true", "false")
    assert first.results["commit"] == second.results["commit"]


def test_config_update_tries_again_on_what_somebody_else_pushed(site: Site) -> None:
    bare, work = site.folder / "git" / "config.git", site.folder / "config"
    git(work, "fetch", "--quiet", str(bare), "main")
    git(work, "checkout", "--quiet", "--detach", "FETCH_HEAD")
    git(work, "commit", "--quiet", "--allow-empty", "--message", "Somebody else was faster")
    git(work, "push", "--quiet", str(bare), "HEAD:refs/heads/other")
    hook = bare / "hooks" / "update"
    faster = "env -u GIT_QUARANTINE_PATH git update-ref refs/heads/main refs/heads/other"
    hook.write_text(f'#!/bin/sh\nrm "$0"\n{faster}\necho "you are late" >&2\nexit 1\n')
    hook.chmod(0o755)
    good(site.run("config-update", lambda text: text.replace("value: v2", "value: v9")))
    subjects = git(bare, "log", "-2", "--format=%s", "main").splitlines()
    assert subjects == ["Use registry.example.com/hello:v9", "Somebody else was faster"]


def test_config_update_changes_the_images_of_plain_manifests(site: Site) -> None:
    def plain(text: str) -> str:
        text = text.replace("kustomization.yaml", "pod.yaml")
        return text.replace("registry.example.com/hello", "hello")

    good(site.run("config-update", plain))
    assert config_file(site, "pod.yaml") == 'image: "hello:v2" # comment\nimage: hello-more:v1\n  - image: hello:v2'


def test_config_update_stays_inside_the_repository(site: Site) -> None:
    done = site.run("config-update", lambda text: text.replace("overlays/demo/kustomization.yaml", "../../etc/passwd"))
    assert not done.report.succeeded
    assert done.logs["config-update"] == ["no such file in the repository: ../../etc/passwd"]


def test_the_answer_of_the_gate_decides_what_runs(site: Site) -> None:
    done = good(site.run("quality-gate"))
    assert [entry["name"] if "name" in entry else entry["task"] for entry in done.report.skipped_tasks] == [
        "release-bad"
    ]
    assert done.logs["release-good"] == ["released"]
    assert "coverage: 12, the gate wants 80" in done.logs["bad"]


def test_notify_mail_sends_to_everybody(site: Site) -> None:
    good(site.run("notify-mail"))
    mail = site.mails[-1]
    assert mail.recipients == ("one@example.com", "two@example.com")
    assert "Subject: The run ended" in mail.text
    assert 'It $(tasks.status) "well".' in mail.text


def test_notify_dingtalk_signs_its_message(site: Site) -> None:
    good(site.run("notify-dingtalk"))
    received = site.sink.at("/dingtalk")[-1]
    (stamp,), (sign,) = received.query["timestamp"], received.query["sign"]
    secret = "SEC-of-the-robot-for-tests"
    expected = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    assert base64.b64decode(sign) == expected
    assert received.json()["at"]["atMobiles"] == ["13800000000"]
    assert 'All is "well", $(echo really).' in received.json()["markdown"]["text"]


def test_notify_dingtalk_fails_when_the_robot_refuses(site: Site) -> None:
    before = site.sink.answers["/dingtalk"]
    site.sink.answers["/dingtalk"] = (200, {"errcode": 310000, "errmsg": "sign not match"})
    done = site.run("notify-dingtalk")
    site.sink.answers["/dingtalk"] = before
    assert not done.report.succeeded
    assert done.logs["notify-dingtalk"] == ["DingTalk refused the message: 310000 sign not match"]


def test_notify_slack_sends_text_and_channel(site: Site) -> None:
    good(site.run("notify-slack"))
    assert site.sink.at("/slack")[-1].json() == {
        "text": 'The run ended "well", $(echo really).',
        "channel": "#builds",
    }


def test_notify_webhook_sends_signed_fields(site: Site) -> None:
    good(site.run("notify-webhook"))
    received = site.sink.at("/webhook")[-1]
    code = hmac.new(b"a-key-for-tests", received.body, hashlib.sha256).hexdigest()
    assert received.headers["X-Signature-256"] == f"sha256={code}"
    assert received.headers["Authorization"] == "Bearer a-token-for-tests"
    assert received.json() == {
        "title": "The run ended",
        "text": 'a "quoted" $(text)',
        "status": "Succeeded",
        "revision": "main",
    }


def test_the_pipeline_goes_from_the_source_to_a_deployment(
    site: Site, embedded: clusters.ClusterState, kubeconfig: Manifest
) -> None:
    notify = "    - name: notify\n      secret:\n        secretName: notify\n"
    secret = {"url": f"{site.addresses['https://hooks.example.com']}/ended"}
    webhook = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "notify"}, "stringData": secret}
    done = good(site.run("source-to-image", lambda text: with_kubeconfig(text) + notify, [kubeconfig, webhook]))
    results = done.results
    assert site.sink.at("/ended")[-1].json()["status"] == "Succeeded"
    assert results["commit"] == commit(site, "HEAD")
    assert Registry(embedded.registry_host).digest("catalog/hello", results["build-id"]) == results["image-digest"]
    with Client(load_config({"kubeconfig": embedded.kubeconfig})) as client:
        found = client.get("apps/v1", "Deployment", "spring-boot-helloworld", cases.NAMESPACE) or {}
        client.delete(ObjectRef("apps/v1", "Deployment", "spring-boot-helloworld", cases.NAMESPACE))
        client.delete(ObjectRef("v1", "Service", "spring-boot-helloworld", cases.NAMESPACE))
    image = deep_get(found, "spec", "template", "spec", "containers", 0, "image")
    assert image == f"{embedded.registry_host}/catalog/hello@{results['image-digest']}"
    assert deep_get(found, "status", "availableReplicas") == 1


def test_the_pipeline_neither_builds_nor_deploys_behind_a_closed_gate(site: Site) -> None:
    def gated(text: str) -> str:
        params = "    - name: quality-gate-url\n      value: {}\n    - name: quality-gate-project\n      value: bad\n"
        return text.replace("  params:\n", "  params:\n" + params.format(site.addresses["https://sonar.example.com"]))

    done = good(site.run("source-to-image", gated))
    assert [entry["task"] for entry in done.report.skipped_tasks] == ["image", "deploy", "tell"]


def test_every_task_has_a_test_run() -> None:
    tested = {file.stem for file in (CATALOG / "tests").glob("*.yaml")}
    written = {file.stem for folder in ("tasks", "pipelines") for file in (CATALOG / folder).glob("*.yaml")}
    assert tested == written
