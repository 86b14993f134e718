# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pod of a TaskRun in a cluster without Tekton, and what its status means."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Refused
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import pod_build, pod_view

PLAIN = {"image": "tool", "command": ["tool"], "args": ["$(HOME)"]}


def pod(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    wanted = {"name": "tr", "namespace": "ns", "bindings": [], "run": "id", **more}
    return pod_build.pod(pod_build.Wanted(spec=spec, **wanted))


def names(made: dict[str, Any], group: str) -> list[str]:
    return [one["name"] for one in made["spec"][group]]


def test_steps_are_init_containers_and_the_last_is_the_container() -> None:
    made = pod({"steps": [{**PLAIN, "name": "a"}, PLAIN, {**PLAIN, "name": "c"}]})
    assert (names(made, "initContainers"), names(made, "containers")) == (["step-a", "step-unnamed-1"], ["step-c"])
    assert made["spec"]["restartPolicy"] == "Never"


def test_a_command_that_needs_nothing_of_tekton_is_left_as_it_is() -> None:
    step = pod({"steps": [PLAIN]})["spec"]["containers"][0]
    assert (step["command"], step["args"]) == (["tool"], ["$(HOME)"])


def test_the_entry_point_of_an_image_is_left_to_the_cluster() -> None:
    assert "command" not in pod({"steps": [{"image": "tool", "args": ["-v"]}]})["spec"]["containers"][0]


def test_the_program_is_not_expanded_by_kubernetes() -> None:
    program = pod({"steps": [{"image": "i", "script": "echo $(date) $X"}]})["spec"]["containers"][0]["command"][2]
    assert "echo $$(date) $$X" in program
    assert "$" not in program.replace("$$", "")


def test_results_without_a_known_command_are_refused() -> None:
    with pytest.raises(Refused, match=r"spec.steps\[0\].command is needed, because results is used"):
        pod({"results": [{"name": "r"}], "steps": [{"image": "tool"}]})


def test_an_image_without_a_shell_may_give_results_that_a_later_step_hands_out() -> None:
    steps = [{"image": "kaniko", "args": ["--digest-file=/tekton/results/r"]}, {"image": "i", "script": "true"}]
    made = pod({"results": [{"name": "r"}], "steps": steps})
    builder = made["spec"]["initContainers"][0]
    assert "command" not in builder
    assert "/tekton/results" in [mount["mountPath"] for mount in builder["volumeMounts"]]
    assert "tell 1 r /tekton/results/r" in made["spec"]["containers"][0]["command"][2]


def test_a_step_without_the_program_finds_the_credentials_of_registries() -> None:
    made = pod({"steps": [{"image": "kaniko", "args": ["x"]}]}, credentials={".docker/config.json": "{}"})
    step = made["spec"]["containers"][0]
    assert {"name": "DOCKER_CONFIG", "value": "/tekton/creds/.docker"} in step["env"]
    volume = next(one for one in made["spec"]["volumes"] if one["name"] == "tekton-internal-creds")
    assert volume["secret"] == {"secretName": "tr-creds", "items": [{"key": "file-0", "path": ".docker/config.json"}]}


def test_a_sidecar_is_not_ended_for_being_slow_to_get_ready() -> None:
    probe = {"tcpSocket": {"port": 80}}
    made = pod({"sidecars": [{"name": "s", "image": "i", "readinessProbe": probe}], "steps": [PLAIN]})
    assert made["spec"]["initContainers"][0]["startupProbe"]["failureThreshold"] >= 10_000


def test_a_sidecar_is_first_runs_on_and_is_awaited() -> None:
    probe = {"tcpSocket": {"port": 80}}
    made = pod({"sidecars": [{"name": "s", "image": "i", "readinessProbe": probe}], "steps": [PLAIN]})
    sidecar = made["spec"]["initContainers"][0]
    assert (sidecar["name"], sidecar["restartPolicy"]) == ("sidecar-s", "Always")
    assert sidecar["startupProbe"]["tcpSocket"] == {"port": 80}


def test_a_claim_is_a_volume_with_its_sub_path() -> None:
    spec = {"steps": [PLAIN], "workspaces": [{"name": "w", "mountPath": "/data"}]}
    made = pod(spec, bindings=[{"name": "w", "persistentVolumeClaim": {"claimName": "c"}, "subPath": "s"}])
    volume = made["spec"]["volumes"][-1]
    assert volume["persistentVolumeClaim"] == {"claimName": "c"}
    mounts = made["spec"]["containers"][0]["volumeMounts"]
    assert {"name": volume["name"], "mountPath": "/data", "subPath": "s"} in mounts


def test_pods_of_one_claim_wish_to_be_on_one_node() -> None:
    binding = {"name": "w", "persistentVolumeClaim": {"claimName": "c"}}
    made = pod({"steps": [PLAIN], "workspaces": [{"name": "w"}]}, bindings=[binding])
    wish = made["spec"]["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"][0]
    label = made["metadata"]["labels"]["slipway.dev/claim"]
    assert wish["podAffinityTerm"]["labelSelector"] == {"matchLabels": {"slipway.dev/claim": label}}


def test_an_affinity_of_the_pod_template_is_left_alone() -> None:
    binding = {"name": "w", "persistentVolumeClaim": {"claimName": "c"}}
    own = {"nodeAffinity": {}}
    spec = {"steps": [PLAIN], "workspaces": [{"name": "w"}]}
    assert pod(spec, bindings=[binding], template={"affinity": own})["spec"]["affinity"] == own


def test_a_mount_of_the_task_replaces_ours_at_the_same_path() -> None:
    spec = {"volumes": [{"name": "v", "emptyDir": {}}]}
    made = pod({**spec, "steps": [{**PLAIN, "volumeMounts": [{"name": "v", "mountPath": "/workspace"}]}]})
    mounts = {mount["mountPath"]: mount["name"] for mount in made["spec"]["containers"][0]["volumeMounts"]}
    assert mounts["/workspace"] == "v"


def test_a_pod_whose_engine_died_ends_by_itself() -> None:
    assert pod({"steps": [PLAIN]}, timeout=60.0)["spec"]["activeDeadlineSeconds"] == 90


def test_what_is_no_label_is_left_out_and_kept_as_annotation() -> None:
    long = "x" * 70
    meta = pod({"steps": [PLAIN]}, name=long)["metadata"]
    assert "tekton.dev/taskRun" not in meta["labels"]
    assert meta["annotations"]["tekton.dev/taskRun"] == long


def test_messages_of_many_steps_share_what_a_pod_has() -> None:
    made = pod({"results": [{"name": "r"}], "steps": [{**PLAIN, "name": f"s{n}"} for n in range(6)]})
    assert "longest=2048" in made["spec"]["containers"][0]["command"][2]


def status(phase: str, init: list[dict[str, Any]], main: list[dict[str, Any]]) -> dict[str, Any]:
    def named(group: list[dict[str, Any]], first: int) -> list[dict[str, Any]]:
        return [{"name": f"step-{n + first}", "state": state} for n, state in enumerate(group)]

    first, last = named(init, 0), named(main, len(init))
    spec = {
        key: [{"name": one["name"]} for one in group]
        for key, group in (("initContainers", first), ("containers", last))
    }
    return {"spec": spec, "status": {"phase": phase, "initContainerStatuses": first, "containerStatuses": last}}


DONE, RUNS, WAITS = (
    {"terminated": {"exitCode": 0, "reason": "Completed"}},
    {"running": {}},
    {"waiting": {"reason": "PodInitializing"}},
)
BAD = {"terminated": {"exitCode": 7, "reason": "Error"}}


def condition(found: dict[str, Any]) -> tuple[str, str, str]:
    answer = pod_view.condition(found, "tr", 60)
    return answer.status, answer.reason, answer.message


def test_a_running_step_makes_the_task_run_run_although_the_pod_is_pending() -> None:
    assert condition(status("Pending", [RUNS], [WAITS]))[:2] == ("Unknown", "Running")


def test_a_failed_init_container_is_a_failed_step() -> None:
    found = status("Failed", [DONE, BAD], [WAITS])
    assert condition(found) == ("False", "StepFailed", '"step-1" exited with code 7: Error')


def test_steps_after_a_failed_one_are_skipped() -> None:
    found = pod_view.steps(status("Failed", [BAD, WAITS], [WAITS]))
    assert [(step.reason, step.exit_code) for step in found] == [("Error", 7), ("Skipped", 1), ("Skipped", 1)]


def test_an_image_that_cannot_be_pulled_fails_at_once() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    _status, reason, message = condition(status("Pending", [DONE], [waiting]))
    assert reason == "TaskRunImagePullFailed"
    assert message.startswith('The step "1" in TaskRun "tr" failed to pull the image')


def test_a_pod_that_the_kubelet_ended_for_its_deadline_is_a_timeout() -> None:
    found = status("Failed", [], [BAD])
    found["status"]["reason"] = "DeadlineExceeded"
    assert condition(found)[1:] == ("TaskRunTimeout", 'TaskRun "tr" failed to finish within "1m0s"')


def test_an_evicted_pod_is_told_as_such() -> None:
    found = status("Failed", [], [BAD])
    found["status"] |= {"reason": "Evicted", "message": "low on memory"}
    assert condition(found)[1:] == ("PodEvicted", "low on memory")


def test_results_are_read_from_the_messages_of_all_steps() -> None:
    told = {"terminated": {**DONE["terminated"], "message": '[{"key":"r","value":"v","type":1}]'}}
    assert pod_view.written(status("Succeeded", [told], [DONE])) == {"r": "v"}
