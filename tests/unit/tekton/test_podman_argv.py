# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command lines of podman, and what podman is not asked to do. Needs no podman."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.process import Mount
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act import podman_argv, podman_rules
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act.containers import StepCommand
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act.podman_argv import Place
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act.podman_rules import Rules
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.resources import Limits
from tests.unit.tekton.task_runs import run_task

PLACE = Place("pod", "name", "localhost/i", {"l": "v"}, "/env")


def step(**more: Any) -> StepCommand:
    plain: dict[str, Any] = {
        "name": "s", "task_run": "run", "field": "spec.steps[0]", "image": "i", "command": (), "args": (), "env": {},
        "cwd": "", "mounts": (), "security": {},
    }  # fmt: skip
    return StepCommand(**{**plain, **more})


def words(**more: Any) -> str:
    return " ".join(podman_argv.run(step(**more), PLACE, []))


def test_the_plainest_step() -> None:
    assert words() == (
        "run --pod pod --name name --log-driver none --pull never --label l=v --env-file /env localhost/i"
    )


def test_a_command_replaces_the_entry_point_and_arguments_follow_the_image() -> None:
    assert words(command=("sh", "-c"), args=("a", "b")).endswith('--entrypoint ["sh", "-c"] localhost/i a b')


def test_directory_and_limits() -> None:
    told = words(cwd="/w", limits=Limits(memory=1024, cpu=0.5))
    assert "--workdir /w --memory=1024 --memory-swap=1024 --cpus=0.5" in told


def test_mounts_are_read_only_where_they_should_and_the_last_of_a_place_counts() -> None:
    told = words(mounts=(Mount("/a", "/x"), Mount("/b", "/y", read_only=True), Mount("/c", "/x")))
    assert "--volume /c:/x --volume /b:/y:ro" in told
    assert "/a:" not in told


def test_selinux_labels_are_asked_for_only_where_it_is() -> None:
    place = Place("pod", "name", "i", {}, "/env", relabel=True)
    told = podman_argv.run(step(mounts=(Mount("/a", "/x"),)), place, [])
    assert "/a:/x:z" in told


def test_a_path_with_a_colon_is_refused() -> None:
    with pytest.raises(Refused, match=r"spec\.steps\[0\]\.volumeMounts"):
        words(mounts=(Mount("/a:b", "/x"),))


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}, "--cap-drop=ALL --cap-add=CHOWN"),
        ({"readOnlyRootFilesystem": True}, "--read-only --read-only-tmpfs=false"),
        ({"allowPrivilegeEscalation": False}, "--security-opt=no-new-privileges"),
        ({"seccompProfile": {"type": "Unconfined"}}, "--security-opt=seccomp=unconfined"),
        ({"privileged": True}, "--privileged"),
        ({"seLinuxOptions": {"level": "s0:c1"}}, "--security-opt=label=level:s0:c1"),
        ({"procMount": "Unmasked"}, "--security-opt=unmask=ALL"),
    ],
)
def test_security_contexts(context: dict[str, Any], told: str) -> None:
    assert told in words(security=context)


def test_values_are_in_no_command_line() -> None:
    env = {"PLAIN": "hidden", "LINES": "hid\nden", "PATH": "/hidden"}
    found = podman_argv.environment(step(env=env))
    assert found.lines == ("PLAIN=hidden", "PATH=/hidden")
    assert dict(found.through) == {"LINES": "hid\nden"}
    told = podman_argv.run(step(env=env), PLACE, list(found.through))
    assert "--env=LINES" in told
    assert not [word for word in told if "hid" in word]


def test_a_value_that_would_change_podman_itself_is_refused() -> None:
    with pytest.raises(Refused, match="LD_PRELOAD"):
        podman_argv.environment(step(env={"LD_PRELOAD": "a\nb"}))


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("alpine/git:v1", "docker.io/alpine/git:v1"),
        ("gcr.io/a/b@sha256:1", "gcr.io/a/b@sha256:1"),
        ("localhost/a", "localhost/a"),
        ("host:5000/a", "host:5000/a"),
    ],
)
def test_names_of_images_are_those_of_kubernetes(name: str, whole: str) -> None:
    assert podman_argv.image_name(name) == whole


def test_only_named_registries_do_without_tls() -> None:
    assert podman_argv.pull("r:5000/a", ["r:5000"]) == ["pull", "--quiet", "--tls-verify=false", "r:5000/a"]
    assert podman_argv.pull("other/a", ["r:5000"]) == ["pull", "--quiet", "other/a"]


def test_arguments_of_the_user_go_where_podman_takes_them() -> None:
    found = podman_argv.extra(["--runtime", "runc", "--ulimit", "nproc=1:1", "--ulimit=nofile=2:2", "--root=/r"])
    assert found.common == ("--runtime", "runc", "--root=/r")
    assert found.run == ("--ulimit", "nproc=1:1", "--ulimit=nofile=2:2")
    assert sorted(found.ulimits) == ["nofile=2:2", "nproc=1:1"]


@pytest.mark.parametrize("words", [["stray"], ["--a", "b", "stray"], ["--a=b", "stray"]])
def test_a_word_of_the_user_that_is_no_option_is_named(words: list[str]) -> None:
    with pytest.raises(Invalid, match="'stray'"):
        podman_argv.extra(words)


def test_a_pod_takes_names_and_kernel_settings_of_its_template() -> None:
    template = {
        "dnsConfig": {"nameservers": ["10.0.0.1"], "searches": ["a.b"], "options": [{"name": "ndots", "value": "2"}]},
        "securityContext": {"sysctls": [{"name": "net.x", "value": "1"}]},
    }
    told = podman_argv.pod("p", "run", {}, template)
    assert told[6:] == ["--dns=10.0.0.1", "--dns-search=a.b", "--dns-option=ndots:2", "--sysctl=net.x=1"]


def test_the_host_name_of_a_pod_is_one_however_long_the_name_of_its_run() -> None:
    told = podman_argv.pod("p", "r" * 80, {}, {})
    assert len(told[told.index("--hostname") + 1]) <= 63


@pytest.mark.parametrize(
    ("container", "field"),
    [
        ({"securityContext": {"privileged": True}}, "securityContext.privileged"),
        ({"securityContext": {"seccompProfile": {"type": "Localhost"}}}, "securityContext.seccompProfile"),
        ({"imagePullPolicy": "Sometimes"}, "imagePullPolicy"),
        ({"computeResources": {"limits": {"nvidia.com/gpu": 1}}}, r"computeResources.limits.nvidia.com/gpu"),
        ({"lifecycle": {"preStop": {}}}, "lifecycle"),
        ({"readinessProbe": {"grpc": {"port": 1}}}, "readinessProbe.grpc"),
        ({"readinessProbe": {"httpGet": {"port": 1}}}, "readinessProbe.httpGet"),
    ],
)
def test_what_podman_cannot_honour_is_refused_by_name(container: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused, match=field):
        Rules(privileged=False, rootless=True).refuse_container(container, "spec.steps[0]", "Task t")


def test_what_is_allowed_is_not_refused() -> None:
    rules = Rules(privileged=True, rootless=False)
    rules.refuse_container(
        {"securityContext": {"privileged": True}, "readinessProbe": {"httpGet": {"port": 1}}}, "spec.steps[0]", "t"
    )


@pytest.mark.parametrize(
    ("security", "of_image", "told"),
    [
        ({}, "1000", ""),
        ({"runAsUser": 5}, "", "5"),
        ({"runAsUser": 5, "runAsGroup": 6}, "", "5:6"),
        ({"runAsGroup": 6}, "me:7", "me:6"),
        ({"runAsGroup": 6}, "", "0:6"),
        ({"runAsNonRoot": True}, "1000", ""),
    ],
)
def test_users(security: dict[str, Any], of_image: str, told: str) -> None:
    assert podman_rules.user(step(security=security), of_image) == told


@pytest.mark.parametrize(("security", "of_image"), [({}, ""), ({}, "0"), ({}, "name"), ({"runAsUser": 0}, "1000")])
def test_containers_that_must_not_run_as_root_do_not(security: dict[str, Any], of_image: str) -> None:
    with pytest.raises(Refused, match="runAsNonRoot"):
        podman_rules.user(step(security={"runAsNonRoot": True, **security}), of_image)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"Entrypoint": ["a"], "Cmd": ["b"]}, ("a",)),
        ({"Entrypoint": None, "Cmd": ["b", "c"]}, ("b", "c")),
    ],
)
def test_a_step_without_a_command_has_that_of_its_image(config: dict[str, Any], told: tuple[str, ...]) -> None:
    assert podman_rules.with_command(step(args=("x",)), config).command == told


def test_a_step_and_an_image_without_a_command_are_refused() -> None:
    with pytest.raises(Invalid, match="neither ENTRYPOINT nor CMD"):
        podman_rules.with_command(step(), {})


def test_the_command_of_a_sidecar_is_left_to_podman() -> None:
    sidecar = step(field="spec.sidecars[0]")
    assert podman_rules.with_command(sidecar, {"Cmd": ["b"]}).command == ()


def test_keys_of_an_image_map_that_mean_processes_are_refused() -> None:
    with pytest.raises(Refused, match=r"image_map\[0\]\.toolset"):
        podman_rules.mapping([{"image": "a", "toolset": "busybox"}])


@pytest.mark.parametrize("name", ["insecure_registries", "allow_privileged"])
def test_options_of_podman_are_refused_by_other_executors(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=f"{name} is for the executor podman"):
        run_task("steps: [{image: alpine, command: ['true']}]", tmp_path, **{name: ["x"]})


def test_the_first_replacement_that_matches_wins() -> None:
    uses = podman_rules.mapping([{"image": "alp*", "use": "r.io/one"}, {"image": "*", "use": "r.io/two"}])
    assert podman_rules.image_of("alpine:3", uses) == "r.io/one"


PASSWD = "root:x:0:0:root:/root:/bin/sh\nbad line\nme:x:1000:100::/home/me:/bin/sh\nbare:x:7:7:::\n"


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ("", (0, 0, "/root")),
        ("me", (1000, 100, "/home/me")),
        ("1000:5", (1000, 100, "/home/me")),
        ("bare", (7, 7, "/")),
    ],
)
def test_users_of_an_image_are_found_by_name_and_number(user: str, told: tuple[int, int, str]) -> None:
    found = podman_rules.account(user, PASSWD)
    assert found is not None
    assert (found.uid, found.gid, found.home) == told


def test_a_user_that_the_image_does_not_have_is_not_guessed() -> None:
    assert podman_rules.account("1234", PASSWD) is None
