# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One container: how its process is made, probed and ended.

Knows the pod only through `PodContext`; decides nothing about restarts.
"""

from __future__ import annotations

import os
import pwd
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process as sandbox
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.probes import Answer, Track, look
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.process import Mount, ProcessSpec, Running

from . import environment, volumes
from .api import Api
from .environment import ConfigError, Facts, Lookup
from .images import Images, Pulled
from .kubelet import previous
from .volumes import PodVolumes

TAIL = 2048


@dataclass(frozen=True, slots=True)
class Exited:
    """A process has ended. `run` counts the starts of a container, so that late news are recognised."""

    name: str
    run: int
    code: int


@dataclass(frozen=True, slots=True)
class Health:
    """A probe changed its mind: kind is startup, readiness or liveness."""

    name: str
    run: int
    kind: str
    good: bool
    message: str = ""


Event = Exited | Health


@dataclass(slots=True)
class PodContext:
    """What the containers of a pod share."""

    pod: Manifest
    folder: Path
    facts: Facts
    images: Images
    api: Api
    volumes: PodVolumes
    base_env: Mapping[str, str]
    post: Callable[[Event], None]

    @property
    def namespace(self) -> str:
        """The pod's namespace."""
        return str(self.pod["metadata"]["namespace"])

    def lookup(self) -> Lookup:
        """Return the ConfigMaps and Secrets of the pod's namespace, each asked for once."""
        known: dict[tuple[str, str], Manifest | None] = {}

        def once(kind: str, name: str, ask: Callable[[str, str], Manifest | None]) -> Manifest | None:
            if (kind, name) not in known:
                known[kind, name] = ask(self.namespace, name)
            return known[kind, name]

        return Lookup(
            lambda name: once("ConfigMap", name, self.api.config_map),
            lambda name: once("Secret", name, self.api.secret),
        )

    def pull_secrets(self) -> list[str]:
        """Return the Docker configurations that imagePullSecrets name; missing ones are passed over, as upstream."""
        found = []
        for item in self.pod["spec"].get("imagePullSecrets") or []:
            secret = self.api.secret(self.namespace, item.get("name", ""))
            found += [text for key, text in environment.texts(secret or {}).items() if key == ".dockerconfigjson"]
        return found


@dataclass(slots=True)
class Container:
    """A container of a pod, started any number of times."""

    spec: Manifest
    context: PodContext
    run: int = 0
    process: Running | None = None
    pulled: Pulled | None = None
    probing: _Prober | None = None
    made: ProcessSpec | None = None
    _stopping: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def log_path(self) -> Path:
        """Where its output goes."""
        return self.context.folder / f"{self.name}.log"

    @property
    def _termination_log(self) -> Path:
        return self.context.folder / f".{self.name}.termination"

    @property
    def probed(self) -> bool:
        """Whether any probe decides about health."""
        return any(self.spec.get(f"{kind}Probe") for kind in ("startup", "readiness", "liveness"))

    def start(self) -> None:
        """Start the process. Raises PullError, ConfigError, NotExecutable and what the sandbox refuses."""
        policy = self.spec.get("imagePullPolicy") or ""
        self.pulled = self.context.images.get(self.spec["image"], policy, self.context.pull_secrets())
        self.made = self._process_spec(self.pulled)
        self.run += 1
        if self.log_path.exists():
            self.log_path.replace(previous(self.log_path))
        run, log = self.run, open(self.log_path, "ab", buffering=0)  # noqa: SIM115 - closed at the end of the process

        def write(data: bytes) -> None:
            log.write(data)

        def ended(code: int) -> None:
            log.close()
            self.context.post(Exited(self.name, run, code))

        try:
            self.process = sandbox.start(replace(self.made, stdout=write, ended=ended))
        except BaseException:
            log.close()
            raise
        if self.probed:
            self.probing = _Prober(self, run)
            self.probing.start()
        self._handler("postStart")

    def stop(self, grace: float) -> None:
        """End the process: preStop, SIGTERM, SIGKILL, within `grace` seconds. Safe to call twice."""
        with self._stopping:
            if self.probing:
                self.probing.halt()
            process = self.process
            if process is None or process.poll() is not None:
                return
            deadline = time.monotonic() + grace
            if grace > 0:
                self._handler("preStop", grace)
            process.stop(max(deadline - time.monotonic(), min(grace, 1.0)))

    def execute(self, argv: list[str], timeout: float) -> Answer:
        """Run a command beside the process, with the same files and environment (exec probes and hooks)."""
        output: list[bytes] = []
        if self.made is None:
            return Answer(False, "not started")
        try:
            beside = sandbox.start(replace(self.made, argv=tuple(argv), stdout=output.append, ended=None))
        except sandbox.NotExecutable as error:
            return Answer(False, str(error))
        code = beside.wait(timeout)
        if code is None:
            beside.stop(0)
            return Answer(False, f"command timed out after {timeout:g} s")
        return Answer(code == 0, b"".join(output)[-TAIL:].decode(errors="replace").strip() or f"exit code {code}")

    def termination_message(self, code: int) -> str:
        """Return what the program left in its termination log, or the end of its output when it failed and asked so."""
        try:
            text = self._termination_log.read_bytes()[:4096].decode(errors="replace")
        except OSError:
            text = ""
        wants_log = self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError"
        if text or code == 0 or not wants_log:
            return text
        with open(self.log_path, "rb") as log:
            log.seek(max(log.seek(0, os.SEEK_END) - TAIL, 0))
            return log.read().decode(errors="replace")

    def _handler(self, kind: str, timeout: float = 30.0) -> None:
        handler = deep_get(self.spec, "lifecycle", kind)
        if not handler:
            return
        if "sleep" in handler:
            time.sleep(min(float(handler["sleep"].get("seconds", 0)), timeout))
            return
        answer = look(handler, self.spec, self.context.facts.pod_ip, timeout, self.execute)
        if not answer.ok:
            reason = "FailedPostStartHook" if kind == "postStart" else "FailedPreStopHook"
            self.context.api.event(self.context.pod, "Warning", reason, answer.message)

    # -- how the process is made ---------------------------------------------------------------

    def _process_spec(self, pulled: Pulled) -> ProcessSpec:
        uid, gid, home = self._user(pulled)
        env = {"HOME": home, **self.context.base_env, **pulled.config.variables}
        env = environment.variables(self.spec, env, self.context.facts, self.context.lookup())
        argv = environment.command(self.spec, pulled.config.entrypoint, pulled.config.cmd, env)
        read_only = bool(deep_get(self.spec, "securityContext", "readOnlyRootFilesystem"))
        return ProcessSpec(
            argv=tuple(argv),
            env=env,
            cwd=self.spec.get("workingDir") or pulled.config.working_dir or "/",
            mounts=tuple(self._mounts(env, uid)),
            rootfs=pulled.rootfs if read_only or not pulled.rootfs else self._own_copy(pulled.rootfs, uid),
            rootfs_writable=not read_only,
            hostname=env.get("HOSTNAME", "")[:63],
            uid=uid or None,
            gid=gid or None,
        )

    def _mounts(self, env: Mapping[str, str], uid: int) -> list[Mount]:
        place = self.spec.get("terminationMessagePath") or "/dev/termination-log"
        self._termination_log.write_bytes(b"")
        self._termination_log.chmod(0o666 if uid else 0o644)
        found = [Mount(str(self._termination_log), place), *volumes.mounts(self.spec, self.context.volumes, env)]
        targets = {mount.target.rstrip("/") for mount in found}
        # One /tmp per container, not per process, so that exec probes see the files of the program.
        if "/tmp" not in targets:
            scratch = self.context.folder / ".tmp" / self.name
            scratch.mkdir(parents=True, exist_ok=True)
            scratch.chmod(0o1777)
            found.append(Mount(str(scratch), "/tmp"))
        aliases = self.context.pod["spec"].get("hostAliases")
        if aliases and "/etc/hosts" not in targets:
            found.append(Mount(str(self._hosts(aliases)), "/etc/hosts", read_only=True))
        return found

    def _hosts(self, aliases: list[Manifest]) -> Path:
        lines = ["127.0.0.1 localhost", f"{self.context.facts.pod_ip} {self.context.pod['metadata']['name']}"]
        lines += [f"{item['ip']} {' '.join(item.get('hostnames') or [])}" for item in aliases]
        path = self.context.folder / ".hosts"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def _own_copy(self, rootfs: str, uid: int) -> str:
        """Return a private copy of the image: the container may write into it, its neighbours must not see that."""
        target = self.context.folder / ".rootfs" / self.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(rootfs, target, symlinks=True)
        return str(target)

    def _user(self, pulled: Pulled) -> tuple[int, int, str]:
        """Return uid, gid and home: the container's, else the pod's, else the image's user."""
        own, shared = self.spec.get("securityContext") or {}, self.context.pod["spec"].get("securityContext") or {}
        wanted = own.get("runAsUser", shared.get("runAsUser"))
        group = own.get("runAsGroup", shared.get("runAsGroup"))
        uid, image_gid = (int(wanted), 0) if wanted is not None else _image_user(pulled)
        gid = int(group) if group is not None else image_gid
        if uid == 0 and own.get("runAsNonRoot", shared.get("runAsNonRoot")):
            raise ConfigError("container has runAsNonRoot and image will run as root")
        return uid, gid, "/root" if uid == 0 else "/"


def _image_user(pulled: Pulled) -> tuple[int, int]:
    user, _, group = pulled.config.user.partition(":")
    if not user or user == "root":
        return 0, int(group) if group.isdigit() else 0
    if user.isdigit():
        return int(user), int(group) if group.isdigit() else 0
    for line in _passwd(pulled.rootfs):
        fields = line.split(":")
        if len(fields) > 3 and fields[0] == user:
            return int(fields[2]), int(group) if group.isdigit() else int(fields[3])
    raise ConfigError(f"unable to find user {user}: no matching entries in passwd file")


def _passwd(rootfs: str) -> list[str]:
    path = Path(rootfs) / "etc" / "passwd"
    if rootfs and path.is_file() and not path.is_symlink():
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [f"{entry.pw_name}:x:{entry.pw_uid}:{entry.pw_gid}" for entry in pwd.getpwall()]


class _Prober(threading.Thread):
    """Probes one run of a container until it is halted: startup first, then readiness and liveness."""

    def __init__(self, container: Container, run: int) -> None:
        super().__init__(name=f"probe-{container.name}", daemon=True)
        self._container, self._run = container, run
        self._halt = threading.Event()

    def halt(self) -> None:
        """Stop probing."""
        self._halt.set()

    def run(self) -> None:
        spec = self._container.spec
        if spec.get("startupProbe"):
            track = Track(spec["startupProbe"], time.monotonic())
            while not self._halt.is_set() and track.state is None:
                self._turn("startup", track, spec["startupProbe"])
            if track.state is not True:
                return
        kinds = [kind for kind in ("readiness", "liveness") if spec.get(f"{kind}Probe")]
        tracks = {kind: Track(spec[f"{kind}Probe"], time.monotonic()) for kind in kinds}
        while tracks and not self._halt.is_set():
            kind = min(tracks, key=lambda name: tracks[name].due)
            self._turn(kind, tracks[kind], spec[f"{kind}Probe"])

    def _turn(self, kind: str, track: Track, handler: Manifest) -> None:
        if self._halt.wait(max(track.due - time.monotonic(), 0)):
            return
        container = self._container
        answer = look(handler, container.spec, container.context.facts.pod_ip, track.timeout, container.execute)
        news = track.record(answer.ok, time.monotonic())
        if news is not None and not self._halt.is_set():
            container.context.post(Health(container.name, self._run, kind, news, answer.message))
