# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The podman program: its commands, images and pods, and the guard that removes a pod whose owner has died.

Knows podman; must not know Tekton.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.cancel import Cancel
from ..._core.errors import Cancelled, Permanent, Refused
from ..._sandbox.spawn import Command, Handle
from . import podman_argv
from .podman_argv import Extra

ARGUMENTS = "SLIPWAY_PODMAN_ARGS"
_LOOK = 0.2
# What podman's monitor leaves where it is started (a file "oom") must not be in the user's folder.
_PLACE = tempfile.gettempdir()
# Waits for a line from its owner, or for the owner's end: then what the owner was making may still come.
_GUARD = """trap '' HUP INT TERM
read -r _ && exit 0
for _ in 1 2 3; do "$@" >/dev/null 2>&1; sleep 1; done
"""


class PullFailed(Permanent):
    """An image is not here and cannot be had. `image` is its name, `said` podman's own words."""

    def __init__(self, image: str, said: str) -> None:
        super().__init__(f"the image {image} cannot be pulled: {said}", reason="TaskRunImagePullFailed")
        self.image, self.said = image, said


@dataclass(frozen=True, slots=True)
class Answer:
    """What a podman command said."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Podman:
    """Runs podman commands. `insecure` names registries that may be spoken to without TLS."""

    program: str
    extra: Extra
    insecure: Sequence[str] = ()
    _configs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _passwd: dict[str, str] = field(default_factory=dict)
    _here: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def argv(self, words: Sequence[str]) -> list[str]:
        """Return the whole command line."""
        return [self.program, *self.extra.common, *words]

    def call(self, words: Sequence[str], env: Mapping[str, str] | None = None) -> Answer:
        """Run a short command to its end."""
        done = subprocess.run(
            self.argv(words), env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", check=False, start_new_session=True, cwd=_PLACE,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout.strip(), done.stderr.strip())

    def must(self, words: Sequence[str], env: Mapping[str, str] | None = None) -> str:
        """Run a short command and return its output; Permanent with podman's words when it fails."""
        answer = self.call(words, env)
        if answer.code:
            hint = f"arguments that podman needs on this machine can be given in {ARGUMENTS}"
            raise Permanent(f"podman {' '.join(words[:2])} failed: {_last(answer.err)}", reason="Podman", hint=hint)
        return answer.out

    def start(
        self,
        words: Sequence[str],
        out: Callable[[bytes], None],
        err: Callable[[bytes], None] | None,
        env: Mapping[str, str] | None = None,
    ) -> Handle:
        """Start a command whose output is read as it comes."""
        return Handle(Command(self.argv(words), {**os.environ, **(env or {})}, _PLACE, out, err))

    # -- images ----------------------------------------------------------------------------------

    def need(self, image: str, policy: str, cancel: Cancel, pulling: Callable[[str], None]) -> None:
        """Have an image here, pulled as `policy` (of Kubernetes) says; an empty one pulls what is missing.

        Raises PullFailed and Cancelled.
        """
        with self._lock:
            if image in self._here:
                return
            there = policy != "Always" and self.call(["image", "exists", image]).code == 0
            if not there and policy == "Never":
                raise PullFailed(image, "it is not here, and imagePullPolicy is Never")
            if not there:
                pulling(image)
                self._pull(image, cancel)
            self._here.add(image)

    def _pull(self, image: str, cancel: Cancel) -> None:
        said: list[bytes] = []
        running = self.start(podman_argv.pull(image, self.insecure), said.append, None)
        while (code := running.wait(_LOOK)) is None:
            if cancel.is_set():
                running.stop(0)
                raise Cancelled(cancel.reason or "cancelled", obj=f"image {image}")
        if code:
            raise PullFailed(image, _last(b"".join(said).decode(errors="replace")))

    def config(self, image: str) -> Mapping[str, Any]:
        """Return the configuration of an image that is here, with the keys of the OCI specification."""
        if image not in self._configs:
            found = self.must(["image", "inspect", "--format", "{{json .Config}}", image])
            self._configs[image] = json.loads(found) or {}
        return self._configs[image]

    def passwd(self, image: str, pod: str, path: str) -> str:
        """Return /etc/passwd of an image that is here, "" when it has none; `path` is a file for that, `pod` ours."""
        if image not in self._passwd:
            container = self.must(["create", "--pod", pod, "--pull", "never", "--entrypoint", "/none", image])
            answer = self.call(["cp", f"{container}:/etc/passwd", path])
            self._passwd[image] = ""
            if answer.code == 0:
                with open(path, encoding="utf-8", errors="replace") as stream:
                    self._passwd[image] = stream.read()
                os.unlink(path)
        return self._passwd[image]

    # -- pods and containers ---------------------------------------------------------------------

    def state(self, container: str) -> Mapping[str, Any]:
        """Return the state of a container, empty when there is none of that name."""
        answer = self.call(["container", "inspect", "--format", "{{json .State}}", container])
        found: Mapping[str, Any] = json.loads(answer.out) if answer.code == 0 and answer.out else {}
        return found

    def address(self, container: str) -> str:
        """Return an address at which the ports of a container's pod answer this machine."""
        answer = self.call(["container", "inspect", "--format", "{{json .NetworkSettings.Networks}}", container])
        networks = json.loads(answer.out or "null") or {} if answer.code == 0 else {}
        return next((one["IPAddress"] for one in networks.values() if one.get("IPAddress")), "127.0.0.1")

    def removal(self, pods: Sequence[str]) -> list[str]:
        """Return the words that remove pods with all their containers, at once."""
        return ["pod", "rm", "--force", "--ignore", "--time", "0", *pods]

    def remove_labelled(self, label: str) -> None:
        """Remove the pods of that label, which an earlier life of their owner has left."""
        found = self.must(["pod", "ps", "--quiet", "--no-trunc", "--filter", f"label={label}"]).split()
        if found:
            self.must(self.removal(found))

    def make_pod(self, words: Sequence[str]) -> None:
        """Create a pod. Its own container gets the user's resource limits by the only way there is, a configuration."""
        if not self.extra.ulimits or os.environ.get("CONTAINERS_CONF"):
            self.must(words)
            return
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as stream:
            stream.write(f"[containers]\ndefault_ulimits = {json.dumps(list(self.extra.ulimits))}\n")
            stream.flush()
            self.must(words, {"CONTAINERS_CONF": stream.name})


class Guard:
    """A small program that removes a pod when we die before `over` is called, however we die."""

    def __init__(self, podman: Podman, pod: str) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "slipway-podman-guard", *podman.argv(podman.removal([pod]))],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            cwd=_PLACE,
        )  # fmt: skip

    def over(self) -> None:
        """End it: there is nothing left to remove."""
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate(b"over\n")


def find(insecure: Sequence[str]) -> Podman:
    """Return the podman of this machine. Refused when there is none."""
    program = shutil.which("podman")
    if program is None:
        raise Refused("the executor podman needs the program podman", hint="install podman, or use another executor")
    return Podman(program, podman_argv.extra(shlex.split(os.environ.get(ARGUMENTS, ""))), insecure)


def _last(text: str) -> str:
    """Return the line that says what went wrong: podman's last one."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("Error: ") if lines else "it said nothing"
