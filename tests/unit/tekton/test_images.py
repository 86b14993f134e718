# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What images mean for local processes, and the shell in a failed step."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pty
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process as sandbox
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act import images
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act.steps import FailedStep
from tests.unit.tekton.task_runs import lines, run_task, sandboxed

needs_busybox = pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox is not installed")


@needs_busybox
def test_busybox_images_have_the_programs_of_busybox(tmp_path: Path) -> None:
    report, events = run_task(
        """
steps:
- {name: ash, image: alpine, script: "#!/usr/bin/env ash\\necho ash"}
- {name: bin, image: alpine, script: "#!/bin/ash\\necho bin"}
- {name: sed, image: busybox, command: [sh, -c], args: ["sed --help 2>&1 | head -1 | cut -c1-7"]}
- {name: host, image: debian, script: "sed --version | head -1"}
""",
        tmp_path,
    )
    assert report.status == "Succeeded", report.message
    said = [lines(events, name) for name in ("ash", "bin", "sed")]
    assert said == [["ash"], ["bin"], ["BusyBox"]]
    assert "GNU" in lines(events, "host")[0]


def test_an_entry_of_the_map_brings_environment_directory_user_and_tools(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho $A $(pwd) $1\n")
    tool.chmod(0o755)
    entry = {"image": "mine:*", "entrypoint": ["/opt/x/tool"], "env": {"A": "one"}, "workdir": "/there"}
    if sandbox.available().name != "bwrap":
        pytest.skip("paths inside need a sandbox")
    _report, events = run_task(
        "steps: [{name: s, image: 'mine:1', args: [two]}]",
        tmp_path,
        image_map=[{**entry, "tools": {"/opt/x/tool": str(tool)}}],
    )
    assert lines(events, "s") == ["one /there two"]


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"image": "x", "toolsett": "host"}, "toolsett"),
        ({"image": "x", "user": "me"}, "user"),
        ({"image": "x", "tools": {"/a": "/nowhere"}}, "tools./a"),
        ({"image": "x", "layout": "/nowhere"}, "layout"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, entry: dict[str, object], named: str) -> None:
    with pytest.raises(Invalid) as caught:
        run_task('steps: [{name: s, image: x, script: "true"}]', tmp_path, image_map=[entry])
    assert caught.value.field == f"image_map[0].{named}"


def layout(folder: Path, files: dict[str, bytes], config: dict[str, object]) -> Path:
    """Write an OCI layout with one layer."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    layer = gzip.compress(raw.getvalue())
    diff = f"sha256:{hashlib.sha256(raw.getvalue()).hexdigest()}"
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(content: bytes) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    whole = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff]}, "config": config}
    manifest = {"schemaVersion": 2, "config": put(json.dumps(whole).encode()), "layers": [put(layer)]}
    (folder / "index.json").write_text(json.dumps({"manifests": [put(json.dumps(manifest).encode())]}))
    return folder


def test_a_layout_brings_its_files_and_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sandbox.available().name != "bwrap":
        pytest.skip("an image of its own needs a sandbox")
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "cache"))
    files = {
        "app/run": b"#!/bin/sh\necho $GREETING $1 from $(pwd) as $(id -u)\n",
        "etc/passwd": b"root:x:0:0::/root:/bin/sh\napp:x:1234:1234::/home/app:/bin/sh\n",
    }
    config = {"Entrypoint": ["/app/run"], "Env": ["GREETING=hello"], "WorkingDir": "/app", "User": "app"}
    place = layout(tmp_path / "layout", files, config)
    for folder in ("first", "again"):
        report, events = run_task(
            "steps: [{name: s, image: 'mine:1', args: [world]}]",
            tmp_path / folder,
            image_map=[{"image": "mine:1", "layout": str(place)}],
        )
        assert (report.status, lines(events, "s")) == ("Succeeded", ["hello world from /app as 1234"])


@needs_busybox
def test_steps_write_into_their_own_copy_of_a_whole_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busybox = Path(shutil.which("busybox") or "").resolve()
    if sandbox.available().name != "bwrap" or b"ld-linux" in busybox.read_bytes():
        pytest.skip("needs a sandbox and a static busybox")
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "cache"))
    place = layout(tmp_path / "layout", {"bin/sh": busybox.read_bytes(), "etc/x": b"old"}, {"Cmd": ["/bin/sh"]})
    report, events = run_task(
        """
stepTemplate: {image: 'mine:1'}
steps:
- {name: a, image: 'mine:1', args: ['-c', 'echo new > /etc/x; read x < /etc/x; echo $x']}
- {name: b, image: 'mine:1', script: 'read x < /etc/x; echo $x'}
""",
        tmp_path,
        image_map=[{"image": "mine:1", "layout": str(place)}],
    )
    assert (report.status, lines(events, "a"), lines(events, "b")) == ("Succeeded", ["new"], ["old"])


def test_a_failed_step_can_be_looked_at(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []

    def look(failed: FailedStep) -> None:
        seen.append((failed.step, failed.exit_code))
        with pytest.raises(Refused, match="terminal"):
            failed.shell()

    run_task(
        'steps: [{name: a, image: alpine, script: "true"}, {name: b, image: alpine, script: "exit 3"}]',
        tmp_path,
        on_failure=look,
    )
    assert seen == [("b", 3)]


SHELL = """
import os, sys
from pathlib import Path
from tests.unit.tekton.task_runs import run_task

spec = 'steps: [{name: b, image: alpine, env: [{name: A, value: xyz}], script: "echo 5 > /workspace/f; exit 3"}]'
run_task(spec, Path(sys.argv[1]), on_failure=lambda failed: os._exit(failed.shell()))
"""


def test_the_shell_of_a_failed_step_sees_its_files(tmp_path: Path) -> None:
    sandboxed()
    ours, theirs = pty.openpty()
    line = [sys.executable, "-c", SHELL, str(tmp_path)]
    with subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        os.write(ours, b"echo got-$A-$(cat /workspace/f); exit 7\n")
        said = b""
        while chunk := _read(ours):
            said += chunk
    os.close(ours)
    assert (process.returncode, b"got-xyz-5" in said) == (7, True), said


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def test_a_tool_at_no_absolute_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is no absolute path"):
        images.toolsets([{"image": "maven:*", "tools": {"opt": str(tmp_path)}}], str(tmp_path))


def test_maven_sees_the_configuration_that_a_distribution_keeps_in_etc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "java-17-openjdk").mkdir()
    monkeypatch.setitem(images._CONFIGURATION, "mvn", (f"{tmp_path}/java-*", f"{tmp_path}/maven"))
    known = images.toolsets([], str(tmp_path / "tools"))
    mounts = images.extra_mounts(images.find("maven:3.9", known, "image", ""))
    assert [(mount.target, mount.read_only) for mount in mounts] == [(f"{tmp_path}/java-17-openjdk", True)]
