# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods on a process node, with a real API server."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._oci import build

from .conftest import ProcessNode, is_ready

SERVER = """
import http.server, os
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.environ.get("SAY", "hello").encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer((os.environ["POD_IP"], 8080), H).serve_forever()
"""
PROBE = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1}
WEB: Manifest = {
    "command": ["python3", "-c", SERVER],
    "ports": [{"name": "http", "containerPort": 8080}],
    "readinessProbe": PROBE,
}


def shell(script: str, **more: object) -> Manifest:
    return {"command": ["/bin/sh", "-c", script], **more}


def state_of(pod: Manifest, index: int = 0) -> Manifest:
    return dict(deep_get(pod, "status", "containerStatuses", index, "state", default={}))


def transition(pod: Manifest) -> dict[str, str]:
    return {item["type"]: item["status"] for item in pod["status"]["conditions"]}


def test_a_web_program_is_ready_and_answers_on_the_address_of_its_pod(node: ProcessNode) -> None:
    node.pod("web", WEB)
    pod = node.ready("web")
    with urllib.request.urlopen(f"http://{pod['status']['podIP']}:8080/", timeout=5) as reply:
        assert reply.read() == b"hello"
    assert pod["status"]["phase"] == "Running"
    assert set(transition(pod).values()) == {"True"}


def test_two_pods_listen_on_the_same_port(node: ProcessNode) -> None:
    node.pod("one", WEB)
    node.pod("two", WEB)
    addresses = {node.ready(name)["status"]["podIP"] for name in ("one", "two")}
    assert len(addresses) == 2


def test_a_pod_is_ready_soon_after_it_was_bound(node: ProcessNode) -> None:
    times = []
    for number in range(3):
        started = time.monotonic()
        node.pod(f"fast-{number}", {**WEB, "readinessProbe": {"httpGet": {"path": "/", "port": 8080}}})
        node.ready(f"fast-{number}")
        times.append(time.monotonic() - started)
    # The default period is 10 s: only the early looks can find it. Far above the usual 0.2 s, for busy machines.
    assert min(times) < 2


def test_a_program_that_ends_well_makes_its_pod_succeed(node: ProcessNode) -> None:
    node.pod("good", shell("echo done; echo -n told > /dev/termination-log"), restartPolicy="Never")
    pod = node.ended("good")
    ended = state_of(pod)["terminated"]
    assert (pod["status"]["phase"], ended["exitCode"], ended["reason"], ended["message"]) == (
        "Succeeded",
        0,
        "Completed",
        "told",
    )
    assert node.log("good") == "done\n"


def test_a_program_that_fails_makes_its_pod_fail_with_its_exit_code(node: ProcessNode) -> None:
    node.pod("bad", shell("echo why; exit 7", terminationMessagePolicy="FallbackToLogsOnError"), restartPolicy="Never")
    pod = node.ended("bad")
    ended = state_of(pod)["terminated"]
    assert (pod["status"]["phase"], ended["exitCode"], ended["reason"], ended["message"]) == (
        "Failed",
        7,
        "Error",
        "why\n",
    )


def test_init_containers_run_one_after_another_and_share_volumes(node: ProcessNode) -> None:
    mount = [{"name": "data", "mountPath": "/data"}]
    inits = [
        {"name": f"i{n}", "image": "host/tools:1", "volumeMounts": mount, **shell(f"echo {n} >> /data/order")}
        for n in (1, 2)
    ]
    node.pod(
        "inits",
        shell("cat /data/order", volumeMounts=mount),
        initContainers=inits,
        volumes=[{"name": "data", "emptyDir": {}}],
        restartPolicy="Never",
    )
    assert node.ended("inits")["status"]["phase"] == "Succeeded"
    assert node.log("inits") == "1\n2\n"


def test_a_failing_init_container_fails_the_pod_and_starts_nothing(node: ProcessNode) -> None:
    init = {"name": "first", "image": "host/tools:1", **shell("exit 3")}
    node.pod("stopped", shell("echo never"), initContainers=[init], restartPolicy="Never")
    pod = node.ended("stopped")
    assert pod["status"]["phase"] == "Failed"
    assert pod["status"]["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
    assert node.log("stopped") == ""


def test_a_sidecar_starts_before_and_is_stopped_after_the_containers(node: ProcessNode) -> None:
    sidecar = {"name": "side", "image": "host/tools:1", "restartPolicy": "Always", **shell("echo up; exec sleep 100")}
    node.pod("beside", shell("sleep 0.2; echo main"), initContainers=[sidecar], restartPolicy="Never")
    assert node.ended("beside")["status"]["phase"] == "Succeeded"
    assert (node.log("beside", "side"), node.log("beside")) == ("up\n", "main\n")


def test_values_come_from_config_maps_secrets_and_the_downward_api(node: ProcessNode) -> None:
    meta = {"name": "values", "namespace": node.namespace}
    node.client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": "1", "b.txt": "two"}})
    node.client.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"s": "hidden-value"}})
    script = 'echo "$A $S $NAME $LABEL $REF $c $IP"; cat /config/b.txt /secret/s /info/labels; ls -ld /secret/s | cut -c1-10; touch /config/x'
    node.pod(
        "values",
        shell(
            script,
            envFrom=[{"configMapRef": {"name": "values"}, "prefix": "P_"}],
            env=[
                {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "values", "key": "a"}}},
                {"name": "S", "valueFrom": {"secretKeyRef": {"name": "values", "key": "s"}}},
                {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
                {"name": "REF", "value": "$(P_a)-$(NAME)-$$(NAME)-$(UNKNOWN)"},
                {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            ],
            volumeMounts=[{"name": name, "mountPath": f"/{name}"} for name in ("config", "secret", "info")],
        ),
        metadata={"labels": {"app": "x"}},
        restartPolicy="Never",
        volumes=[
            {"name": "config", "configMap": {"name": "values"}},
            {"name": "secret", "secret": {"secretName": "values", "defaultMode": 0o400}},
            {
                "name": "info",
                "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]},
            },
        ],
    )
    pod = node.ended("values")
    lines = node.log("values").splitlines()
    assert lines[0] == f"1 hidden-value values x 1-values-$(NAME)-$(UNKNOWN)  {pod['status']['podIP']}"
    assert lines[1] == 'twohidden-valueapp="x"-r--------'
    assert "Read-only file system" in lines[2]


def test_the_account_of_a_pod_can_speak_to_the_api(node: ProcessNode) -> None:
    script = "test -s $D/ca.crt && cut -d. -f1 $D/token && cat $D/namespace && echo && echo $KUBERNETES_SERVICE_HOST"
    place = "/var/run/secrets/kubernetes.io/serviceaccount"
    node.pod("account", shell(script, env=[{"name": "D", "value": place}]), restartPolicy="Never")
    assert node.ended("account")["status"]["phase"] == "Succeeded", node.log("account")
    lines = node.log("account").splitlines()
    assert lines[0].startswith("eyJ")
    assert lines[1:] == [node.namespace, "127.0.0.1"]


def test_a_missing_config_map_is_named_and_its_arrival_is_noticed(node: ProcessNode) -> None:
    node.pod("later", shell("echo got $A", envFrom=[{"configMapRef": {"name": "late"}}]), restartPolicy="Never")
    pod = node.wait(
        "later", lambda found: state_of(found).get("waiting", {}).get("reason") == "CreateContainerConfigError"
    )
    assert state_of(pod)["waiting"]["message"] == 'configmap "late" not found'
    assert pod["status"]["phase"] == "Pending"
    meta = {"name": "late", "namespace": node.namespace}
    node.client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"A": "it"}})
    node.ended("later")
    assert node.log("later") == "got it\n"


def test_an_image_that_cannot_be_pulled_is_err_image_pull_then_back_off(node: ProcessNode, registry: str) -> None:
    node.pod("noimage", {"image": f"{registry}/nothing/here:1", "command": ["true"]})
    pod = node.wait("noimage", lambda found: state_of(found).get("waiting", {}).get("reason") == "ErrImagePull")
    assert "has no nothing/here:1" in state_of(pod)["waiting"]["message"]
    node.wait("noimage", lambda found: state_of(found)["waiting"]["reason"] == "ImagePullBackOff", 25)


def test_a_crashing_program_is_restarted_with_back_off(node: ProcessNode) -> None:
    node.pod("crash", shell("exit 5"))
    pod = node.wait("crash", lambda found: state_of(found).get("waiting", {}).get("reason") == "CrashLoopBackOff")
    status = pod["status"]["containerStatuses"][0]
    assert status["restartCount"] >= 1
    assert status["lastState"]["terminated"]["exitCode"] == 5
    assert pod["status"]["phase"] == "Running"


def test_a_failed_liveness_probe_restarts_the_container(node: ProcessNode) -> None:
    probe = {"exec": {"command": ["test", "!", "-e", "/tmp/sick"]}, "periodSeconds": 1, "failureThreshold": 1}
    node.pod("sick", shell("rm -f /tmp/sick; sleep 0.5; touch /tmp/sick; exec sleep 100", livenessProbe=probe))
    pod = node.wait(
        "sick", lambda found: deep_get(found, "status", "containerStatuses", 0, "restartCount", default=0) > 0
    )
    assert deep_get(pod, "status", "containerStatuses", 0, "lastState", "terminated", "exitCode") in (137, 143)


def test_readiness_follows_the_probe_without_a_restart(node: ProcessNode) -> None:
    probe = {"exec": {"command": ["test", "-e", "/tmp/good"]}, "periodSeconds": 1, "failureThreshold": 1}
    node.pod(
        "moody", shell("sleep 0.3; touch /tmp/good; sleep 1.5; rm /tmp/good; exec sleep 100", readinessProbe=probe)
    )
    node.ready("moody")
    pod = node.wait("moody", lambda found: not is_ready(found))
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
    assert transition(pod)["ContainersReady"] == "False"


def test_what_cannot_be_honoured_is_refused_by_name(node: ProcessNode) -> None:
    share = {"name": "disk", "nfs": {"server": "files.example.com", "path": "/"}}
    node.pod("greedy", shell("true", securityContext={"privileged": True}), volumes=[share], hostNetwork=True)
    pod = node.ended("greedy")
    assert (pod["status"]["phase"], pod["status"]["reason"]) == ("Failed", "UnsupportedByProcessNode")
    for word in ("hostNetwork", "nfs", "privileged"):
        assert word in pod["status"]["message"]


def test_a_program_that_is_not_there_is_a_start_error(node: ProcessNode) -> None:
    node.pod("typo", {"command": ["no-such-program"]}, restartPolicy="Never")
    ended = state_of(node.ended("typo"))["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert '"no-such-program": executable file not found' in ended["message"]


def test_deletion_is_graceful_and_then_complete(node: ProcessNode, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    script = "trap 'echo bye > /out/said; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    node.pod(
        "polite",
        shell(script, volumeMounts=[{"name": "out", "mountPath": "/out"}]),
        volumes=[{"name": "out", "hostPath": {"path": str(tmp_path)}}],
    )
    node.until(lambda: node.log("polite") == "up\n", "the program did not start")
    node.delete("polite")
    node.until(lambda: not node.get("polite"), "the pod is still there")
    assert (tmp_path / "said").read_text() == "bye\n"


def test_a_deaf_program_is_killed_after_the_grace(node: ProcessNode) -> None:
    node.pod("deaf", shell("trap '' TERM; echo up; while :; do sleep 0.1; done"), terminationGracePeriodSeconds=1)
    node.until(lambda: node.log("deaf") == "up\n", "the program did not start")
    started = time.monotonic()
    node.delete("deaf")
    node.until(lambda: not node.get("deaf"), "the pod is still there")
    assert 0.9 < time.monotonic() - started < 5


def test_a_deadline_ends_the_pod(node: ProcessNode) -> None:
    node.pod("slow", shell("exec sleep 100"), activeDeadlineSeconds=1, restartPolicy="Never")
    pod = node.ended("slow")
    assert (pod["status"]["phase"], pod["status"]["reason"]) == ("Failed", "DeadlineExceeded")


def test_a_user_without_rights_sees_itself_as_that_user(node: ProcessNode) -> None:
    node.pod("nobody", shell("id -u; id -g; touch /usr/x 2>/dev/null || echo no"), restartPolicy="Never",
             securityContext={"runAsUser": 65532, "runAsGroup": 65533, "runAsNonRoot": True})  # fmt: skip
    node.ended("nobody")
    assert node.log("nobody").splitlines() == ["65532", "65533", "no"]


def test_root_is_refused_where_the_pod_forbids_it(node: ProcessNode) -> None:
    node.pod("noroot", shell("true"), securityContext={"runAsNonRoot": True})
    pod = node.wait("noroot", lambda found: "waiting" in state_of(found) and state_of(found)["waiting"].get("message"))
    assert state_of(pod)["waiting"]["reason"] == "CreateContainerConfigError"
    assert "runAsNonRoot" in state_of(pod)["waiting"]["message"]


def test_an_image_of_the_registry_runs_by_its_entrypoint(node: ProcessNode, registry: str, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text(
        "import os, sys; print(os.environ['GREETING'], sys.argv[1:], os.getcwd())"
    )
    text = 'FROM python:3\nWORKDIR /app\nCOPY app/ /app/\nENV GREETING=ahoy\nENTRYPOINT ["python3", "main.py"]\nCMD ["a"]\n'
    with build.build(str(tmp_path), text, base_map={"python:*": "host"}) as image:
        digest = build.push(image, f"{registry}/demo/app:1")
    node.pod("image", {"image": f"{registry}/demo/app:1"}, restartPolicy="Never")
    node.pod("args", {"image": f"{registry}/demo/app@{digest}", "args": ["b", "$(GREETING)"]}, restartPolicy="Never")
    pod = node.ended("image")
    node.ended("args")
    assert (node.log("image"), node.log("args")) == ("ahoy ['a'] /app\n", "ahoy ['b', 'ahoy'] /app\n")
    assert pod["status"]["containerStatuses"][0]["imageID"] == f"{registry}/demo/app@{digest}"


def test_writes_of_one_container_never_reach_the_image(node: ProcessNode, registry: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("image\n")
    with build.build(str(tmp_path), "FROM scratch\nCOPY f /app/f\n") as image:
        build.push(image, f"{registry}/demo/f:1")
    for number in (1, 2):
        script = "cat /app/f; echo changed > /app/f"
        node.pod(f"write-{number}", {"image": f"{registry}/demo/f:1", **shell(script)}, restartPolicy="Never")
        node.ended(f"write-{number}")
        assert node.log(f"write-{number}") == "image\n"


def test_a_killed_node_leaves_no_process_and_its_successor_starts_the_pods_again(
    make_node: Callable[..., ProcessNode],
) -> None:
    node = make_node()
    node.pod("survivor", {**WEB, "env": [{"name": "SAY", "value": "again"}]})
    node.pod("once", shell("exec sleep 1000"), restartPolicy="Never")
    before = node.ready("survivor")
    node.wait("once", lambda pod: "running" in state_of(pod))
    mark = f"/{node.namespace}_".encode()
    assert _processes(before["status"]["podIP"], mark)
    node.stop(signal.SIGKILL)
    node.until(lambda: not _processes(before["status"]["podIP"], mark), "processes are left", 5)
    node.start()
    pod = node.wait(
        "survivor", lambda found: found["status"]["containerStatuses"][0]["restartCount"] == 1 and is_ready(found)
    )
    assert pod["status"]["podIP"] == before["status"]["podIP"]
    assert node.ended("once")["status"]["phase"] == "Failed"


def _processes(ip: str, mark: bytes) -> list[str]:
    """Return the programs that carry the pod's address, or whose sandbox was made of the node's files."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                environment = Path(f"/proc/{name}/environ").read_bytes()
                command = Path(f"/proc/{name}/cmdline").read_bytes()
            except OSError:
                continue
            if f"POD_IP={ip}".encode() in environment or mark in command:
                found.append(name)
    return found


def test_a_node_that_is_asked_to_stop_ends_its_pods(make_node: Callable[..., ProcessNode]) -> None:
    node = make_node()
    node.pod("web", WEB)
    ip = node.ready("web")["status"]["podIP"]
    node.stop()
    assert node.process is not None and node.process.returncode == 0
    assert not _processes(ip, f"/{node.namespace}_".encode())


def test_pods_run_as_plain_processes_where_sandboxes_are_refused(make_node: Callable[..., ProcessNode]) -> None:
    node = make_node(SLIPWAY_SANDBOX="plain")
    node.pod("web", WEB)
    node.ready("web")
    mount = [{"name": "data", "mountPath": "/data"}]
    node.pod("job", shell("echo kept > /data/x; cat /data/x", volumeMounts=mount), restartPolicy="Never",
             volumes=[{"name": "data", "emptyDir": {}}])  # fmt: skip
    node.ended("job")
    assert node.log("job") == "kept\n"
    assert "plain processes without a sandbox" in (node.state / "node.log").read_text()


def test_the_node_object_says_what_it_is(node: ProcessNode) -> None:
    found = node.client.get("v1", "Node", node.name)
    assert found is not None
    assert found["metadata"]["labels"]["slipway.dev/runtime"] == "process"
    assert transition(found)["Ready"] == "True"
    lease = node.client.get("coordination.k8s.io/v1", "Lease", node.name, "kube-node-lease")
    assert lease is not None and lease["spec"]["holderIdentity"] == node.name
