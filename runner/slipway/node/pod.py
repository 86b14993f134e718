# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One pod from its binding to its end: asks `decide`, starts and stops containers, publishes the status.

One thread per pod; everything that happens arrives as an event in its queue.
"""

from __future__ import annotations

import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.process import NotExecutable

from . import claims, decide, support, volumes
from .addresses import Addresses
from .api import Api, Publisher
from .container import Container, Event, Exited, Health, PodContext
from .decide import State
from .environment import ConfigError, Facts
from .images import Images, PullError
from .volumes import PodVolumes, Sources

LOG = logging.getLogger("slipway.node")
HOST_IP = "127.0.0.1"
CONFIG_RETRY = 3.0
KILL_GRACE = 30.0


@dataclass(frozen=True, slots=True)
class Changed:
    """The pod's object changed."""

    pod: Manifest


@dataclass(frozen=True, slots=True)
class Leave:
    """End the pod within `grace` seconds; `delete` removes it from the API afterwards."""

    grace: float
    delete: bool


@dataclass(frozen=True, slots=True)
class Node:
    """What all pods of the node share."""

    name: str
    state_dir: Path
    api: Api
    images: Images
    addresses: Addresses
    allocatable: dict[str, str]
    base_env: dict[str, str]


class PodWorker(threading.Thread):
    """Runs one pod. `done` is called when its thread ends."""

    def __init__(self, pod: Manifest, node: Node, done: Callable[[str], None]) -> None:
        meta = pod["metadata"]
        super().__init__(name=f"pod-{meta['name']}", daemon=True)
        self.uid = str(meta["uid"])
        self._pod, self._node, self._done = pod, node, done
        self._events: queue.SimpleQueue[Event | Changed | Leave] = queue.SimpleQueue()
        self._publisher = Publisher(node.api, pod, lambda _answer: None)
        self._leave: Leave | None = None
        self._ip = ""
        self._states: dict[str, State] = {}
        self._containers: dict[str, Container] = {}
        self._volumes: PodVolumes | None = None

    def post(self, event: Event | Changed | Leave) -> None:
        """Tell the pod that something happened."""
        self._events.put(event)

    def runs(self, namespace: str, pod: str, container: str) -> bool:
        """Return whether this is the pod and its container runs."""
        meta = self._pod["metadata"]
        mine = (meta["namespace"], meta["name"]) == (namespace, pod)
        state = self._states.get(container)
        return mine and state is not None and state.phase == "running"

    # -- life ----------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            self._live()
        except Exception as error:  # a defect must end in the pod's status, not in a silent thread
            LOG.exception("pod %s", self._pod["metadata"]["name"])
            self._stop_all(0)
            self._finish("Failed", "NodeError", str(error))
        finally:
            self._clean_up()
            self._done(self.uid)

    def _live(self) -> None:
        self._prepare()
        refused = support.refusal(self._pod)
        if refused:
            self._node.api.event(self._pod, "Warning", refused.reason, refused.message)
            self._finish("Failed", refused.reason, refused.message)
            return
        while self._leave is None:
            now = time.time()
            if now >= self._deadline():
                self._stop_all(KILL_GRACE)
                message = "Pod was active on the node longer than the specified deadline"
                self._finish("Failed", "DeadlineExceeded", message)
                return
            step = decide.next_actions(self._pod, self._states, now)
            if step.end:
                self._stop_all(KILL_GRACE)
                self._finish(step.end)
                return
            for name in step.start:
                self._start(name)
            self._publish()
            if not step.start or not self._events.empty():
                self._wait(step.wake_at)
        self._depart(self._leave)

    def _prepare(self) -> None:
        meta = self._pod["metadata"]
        self._ip = self._node.addresses.take(self.uid, deep_get(self._pod, "status", "podIP", default=""))
        folder = self._node.state_dir / "pods" / f"{meta['namespace']}_{meta['name']}"
        if not _same_pod(folder, self.uid):
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".uid").write_text(self.uid, encoding="ascii")
        private = volumes.private_root(self._node.state_dir) / self.uid
        self._volumes = PodVolumes(folder / ".volumes", private)
        facts = Facts(self._pod, self._ip, HOST_IP, self._node.allocatable)
        context = PodContext(
            self._pod, folder, facts, self._node.images, self._node.api, self._volumes, self._base_env(), self.post
        )
        known = decide.statuses(self._pod)
        for spec in support.containers(self._pod):
            name = spec["name"]
            self._containers[name] = Container(spec, context)
            self._states[name] = decide.adopted(self._pod, name, spec.get("image", ""), known.get(name))

    def _base_env(self) -> dict[str, str]:
        # A program must listen on its pod's address: neighbours share the machine's ports.
        name = deep_get(self._pod, "spec", "hostname", default=self._pod["metadata"]["name"])
        own = {"HOSTNAME": name, "POD_IP": self._ip, "HOST": self._ip, "SLIPWAY_BIND_ADDRESS": self._ip}
        return {**self._node.base_env, **own}

    def _deadline(self) -> float:
        limit = self._pod["spec"].get("activeDeadlineSeconds")
        started = deep_get(self._pod, "status", "startTime")
        return float("inf") if limit is None or not started else parse_rfc3339(started) + float(limit)

    def _wait(self, wake_at: float | None) -> None:
        """Take events until the queue is empty; wait for the first one, or until it is time to act."""
        until = min(wake_at if wake_at is not None else float("inf"), self._deadline())
        timeout = None if until == float("inf") else max(until - time.time(), 0.0)
        try:
            self._take(self._events.get(timeout=timeout))
            while not self._events.empty():
                self._take(self._events.get())
        except queue.Empty:
            return

    def _take(self, event: Event | Changed | Leave) -> None:
        if isinstance(event, Leave):
            self._leave = event
        elif isinstance(event, Changed):
            self._adopt_change(event.pod)
        elif event.run != self._containers[event.name].run:
            return  # news of an earlier run
        elif isinstance(event, Exited):
            self._exited(event)
        else:
            self._health(event)

    def _adopt_change(self, pod: Manifest) -> None:
        mine = deep_get(self._pod, "status", default={})
        kinds = {condition["type"] for condition in mine.get("conditions") or []}
        others = [c for c in deep_get(pod, "status", "conditions", default=[]) if c.get("type") not in kinds]
        conditions = [*(mine.get("conditions") or []), *others]
        self._pod = {**pod, "status": {**(pod.get("status") or {}), **mine, "conditions": conditions}}

    # -- containers ----------------------------------------------------------------------------

    def _start(self, name: str) -> None:
        container, state = self._containers[name], self._states[name]
        try:
            self._make_volumes()
            container.start()
        except PullError as error:
            self._not_pulled(state, error)
        except ConfigError as error:
            self._hold(state, "CreateContainerConfigError", str(error), CONFIG_RETRY)
        except NotExecutable as error:
            self._never_ran(state, container, str(error))
        except (SlipwayError, OSError) as error:
            self._hold(state, "CreateContainerError", str(error), CONFIG_RETRY)
        else:
            self._running(state, container)

    def _make_volumes(self) -> None:
        made = self._volumes
        if made is None or made.paths:
            return
        context = next(iter(self._containers.values())).context
        account = volumes.service_account(self._pod)

        def token(audience: str, seconds: int) -> str:
            return self._node.api.token(context.namespace, account, audience, seconds, self._pod)

        def claim(name: str) -> Path:
            api = self._node.api
            return api.now(lambda: claims.directory(api.client, context.namespace, name))

        volumes.make(self._pod, made, Sources(context.facts, context.lookup(), token, claim))

    def _running(self, state: State, container: Container) -> None:
        if state.last or state.phase == "terminated":
            state.restarts += 1
        if state.phase == "terminated":
            state.last = decide.current(state)
        state.phase, state.reason, state.message, state.exit_code = "running", "", "", 0
        state.started_at = time.time()
        state.image_id = container.pulled.image_id if container.pulled else ""
        state.container_id = f"slipway://{self.uid}/{state.name}/{container.run}"
        state.started = not container.spec.get("startupProbe")
        state.ready = state.started and not container.spec.get("readinessProbe")

    def _not_pulled(self, state: State, error: PullError) -> None:
        again = state.reason in ("ErrImagePull", "ImagePullBackOff")
        message = f'Back-off pulling image "{state.image}": {error}' if again else str(error)
        reason = "ImagePullBackOff" if again and error.reason == "ErrImagePull" else error.reason
        self._node.api.event(self._pod, "Warning", "Failed", str(error))
        delay = max(decide.backoff(state.failures + 1), decide.BACKOFF_FIRST)
        state.failures += 1
        self._hold(state, reason, message, delay)

    def _hold(self, state: State, reason: str, message: str, delay: float) -> None:
        if state.phase == "terminated":
            state.last = decide.current(state)
        if (state.reason, state.message) != (reason, message):
            LOG.info("pod %s container %s: %s: %s", self._pod["metadata"]["name"], state.name, reason, message)
        state.phase, state.reason, state.message = "waiting", reason, message
        state.restart_at = time.time() + delay

    def _never_ran(self, state: State, container: Container, message: str) -> None:
        self._running(state, container)
        self._ended(state, 128, "StartError", message)
        self._node.api.event(self._pod, "Warning", "Failed", message)

    def _exited(self, event: Exited) -> None:
        container, state = self._containers[event.name], self._states[event.name]
        if container.probing:
            container.probing.halt()
        self._ended(state, event.code, "", container.termination_message(event.code))

    def _ended(self, state: State, code: int, reason: str, message: str) -> None:
        now = time.time()
        state.phase, state.exit_code, state.finished_at = "terminated", code, now
        state.reason, state.message = reason or ("Completed" if code == 0 else "Error"), message
        state.ready = state.started = False
        if now - state.started_at > decide.BACKOFF_RESET:
            state.failures = 0
        delay = decide.backoff(state.failures)
        state.failures += 1
        state.restart_at = now + delay
        inits = {item["name"] for item in self._pod["spec"].get("initContainers") or []}
        spec = self._containers[state.name].spec
        again = decide.restarts_again(self._pod, spec, state, init=state.name in inits)
        if again and delay > 0 and self._leave is None:
            text = f"back-off {delay:g}s restarting failed container={state.name} pod={self._pod['metadata']['name']}"
            self._node.api.event(self._pod, "Warning", "BackOff", text)
            self._hold(state, "CrashLoopBackOff", text, delay)

    def _health(self, event: Health) -> None:
        container, state = self._containers[event.name], self._states[event.name]
        if event.kind == "startup" and event.good:
            state.started = True
            state.ready = not container.spec.get("readinessProbe")
        elif event.kind == "readiness":
            state.ready = event.good
        if event.good:
            return
        self._node.api.event(self._pod, "Warning", "Unhealthy", f"{event.kind} probe failed: {event.message}")
        if event.kind in ("startup", "liveness"):
            grace = deep_get(
                container.spec, f"{event.kind}Probe", "terminationGracePeriodSeconds", default=self._grace()
            )
            threading.Thread(target=container.stop, args=(float(grace),), daemon=True).start()

    def _grace(self) -> float:
        return float(deep_get(self._pod, "spec", "terminationGracePeriodSeconds", default=KILL_GRACE))

    # -- the end -------------------------------------------------------------------------------

    def _stop_all(self, grace: float) -> None:
        """End every process: the containers together, then the sidecars in reverse order."""
        names = {item["name"] for item in self._pod["spec"].get("initContainers") or []}
        mains = [c for name, c in self._containers.items() if name not in names]
        threads = [threading.Thread(target=item.stop, args=(grace,), daemon=True) for item in mains]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for item in reversed([c for name, c in self._containers.items() if name in names]):
            item.stop(min(grace, 2.0))
        self._settle()

    def _settle(self) -> None:
        """Take the last events, so that the final status holds every exit code."""
        deadline = time.monotonic() + 2.0
        while any(state.phase == "running" for state in self._states.values()) and time.monotonic() < deadline:
            try:
                event = self._events.get(timeout=0.1)
            except queue.Empty:
                continue
            if isinstance(event, Exited) and event.run == self._containers[event.name].run:
                self._ended(
                    self._states[event.name], event.code, "", self._containers[event.name].termination_message(1)
                )

    def _depart(self, leave: Leave) -> None:
        self._stop_all(leave.grace)
        if not leave.delete:
            return
        states = [self._states[item["name"]] for item in self._pod["spec"]["containers"]]
        if all(state.phase == "terminated" for state in states):
            self._publish("Succeeded" if all(state.exit_code == 0 for state in states) else "Failed")
        self._publisher.flush(5)
        try:
            self._node.api.now(lambda: self._node.api.delete_now(self._pod))
        except SlipwayError as error:
            LOG.warning("pod %s not removed yet: %s", self._pod["metadata"]["name"], error)

    def _finish(self, end: str, reason: str = "", message: str = "") -> None:
        """Publish the end of a pod that nobody deleted."""
        self._publish(end, reason, message)
        self._publisher.flush(10)

    def _publish(self, end: str = "", reason: str = "", message: str = "") -> None:
        ip = "" if end and reason == "UnsupportedByProcessNode" else self._ip
        status = decide.status(self._pod, self._states, ip=ip, host_ip=HOST_IP, now=time.time(), end=end)
        if reason:
            status.update(reason=reason, message=message)
        self._pod = {**self._pod, "status": {**(self._pod.get("status") or {}), **status}}
        self._publisher.put(status)

    def _clean_up(self) -> None:
        if self._volumes:
            self._volumes.remove()
        meta = self._pod["metadata"]
        folder = self._node.state_dir / "pods" / f"{meta['namespace']}_{meta['name']}"
        for own in (".rootfs", ".tmp"):
            shutil.rmtree(folder / own, ignore_errors=True)
        self._node.addresses.release(self.uid)


def _same_pod(folder: Path, uid: str) -> bool:
    try:
        return (folder / ".uid").read_text(encoding="ascii") == uid
    except OSError:
        return False
