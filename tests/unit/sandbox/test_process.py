# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs in both kinds of process: sandboxed and plain."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Permanent, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import bwrap, tree
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process as sandbox
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.process import Limits, Mount, ProcessSpec

Run = Callable[..., tuple[int | None, str]]


@pytest.fixture(params=["bwrap", "plain"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each test runs with both back ends; the sandboxed half is skipped where namespaces are refused."""
    monkeypatch.delenv("SLIPWAY_SANDBOX", raising=False)
    sandbox.available.cache_clear()
    if request.param == "bwrap" and sandbox.available().name != "bwrap":
        pytest.skip(f"no sandbox here: {sandbox.available().why}")
    monkeypatch.setenv("SLIPWAY_SANDBOX", request.param)
    sandbox.available.cache_clear()
    yield request.param
    sandbox.available.cache_clear()


@pytest.fixture
def run(backend: str) -> Run:
    """Run a shell script or a command line to its end; return exit code and output."""

    def go(*argv: str, **options: object) -> tuple[int | None, str]:
        output: list[bytes] = []
        line = ("/bin/sh", "-c", argv[0]) if len(argv) == 1 else argv
        running = sandbox.start(ProcessSpec(line, stdout=output.append, **options))  # type: ignore[arg-type]
        code = running.wait(20)
        return code, b"".join(output).decode()

    return go


def test_the_exit_code_is_the_programs(run: Run) -> None:
    assert run("exit 7") == (7, "")


def test_death_by_a_signal_is_128_and_the_signal(run: Run) -> None:
    assert run("kill -9 $$") == (137, "")


def test_output_and_errors_come_in_order_and_complete(run: Run) -> None:
    assert run("echo a; echo b >&2; echo c") == (0, "a\nb\nc\n")


def test_a_megabyte_of_output_loses_nothing(run: Run) -> None:
    code, text = run("head -c 1000000 /dev/zero | tr '\\0' x")
    assert (code, len(text)) == (0, 1_000_000)


def test_output_arrives_while_the_program_runs(backend: str) -> None:
    seen: list[float] = []
    spec = ProcessSpec(
        ("/bin/sh", "-c", "echo first; sleep 0.4; echo last"), stdout=lambda _data: seen.append(time.monotonic())
    )
    sandbox.start(spec).wait(10)
    assert seen[-1] - seen[0] > 0.3


def test_the_environment_is_what_was_given_and_no_more(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_LEAK", "1")
    assert run('echo "$A $SLIPWAY_LEAK"', env={"A": "x"}) == (0, "x \n")


def test_mounts_are_seen_by_argument_environment_and_directory(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("data")
    mounts = (Mount(str(tmp_path), "/workspace"),)
    code, text = run("cat", "/workspace/f", mounts=mounts)
    assert (code, text) == (0, "data")
    assert run('cat "$F"', env={"F": "/workspace/f"}, mounts=mounts) == (0, "data")
    assert run("cat f", cwd="/workspace", mounts=mounts) == (0, "data")


def test_the_working_directory_is_made_when_missing(run: Run, tmp_path: Path) -> None:
    code, _ = run("touch here", cwd="/workspace/a/b", mounts=(Mount(str(tmp_path), "/workspace"),))
    assert code == 0
    assert (tmp_path / "a/b/here").exists()


def test_scripts_are_rewritten_for_the_back_end(run: Run, tmp_path: Path) -> None:
    mounts = (Mount(str(tmp_path), "/workspace"),)
    script = sandbox.rewrite("echo kept > /workspace/x && cat /workspace/x", mounts)
    assert run(script, mounts=mounts) == (0, "kept\n")
    assert (tmp_path / "x").read_text() == "kept\n"


@pytest.mark.parametrize(("name", "code"), [("no-such", 127), ("/no/such", 127), ("/etc/passwd", 126)])
def test_a_program_that_cannot_start_is_an_error_and_no_exit(backend: str, name: str, code: int) -> None:
    with pytest.raises(sandbox.NotExecutable) as caught:
        sandbox.start(ProcessSpec((name,)))
    assert caught.value.exit_code == code
    assert name in str(caught.value)


def test_a_missing_mount_is_named(backend: str) -> None:
    with pytest.raises(Permanent, match="cannot mount /no/such at /x"):
        sandbox.start(ProcessSpec(("true",), mounts=(Mount("/no/such", "/x"),)))


def test_a_partial_image_lies_over_the_hosts_tools(run: Run, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text("print('from the image')")
    tool = tmp_path / "usr/local/bin/slipway-test-tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho tool\n")
    tool.chmod(0o755)
    assert run("python3", "/app/main.py", rootfs=str(tmp_path)) == (0, "from the image\n")
    assert run("slipway-test-tool", "", rootfs=str(tmp_path)) == (0, "tool\n")


def test_python_has_both_of_its_names(run: Run) -> None:
    assert run("python", "-c", "print('here')") == (0, "here\n")


def test_a_tool_is_shown_where_asked(run: Run, tmp_path: Path) -> None:
    tool = tmp_path / "executor"
    tool.write_text("#!/bin/sh\necho executor $1\n")
    tool.chmod(0o755)
    assert run("/kaniko/executor", "go", tools=(Mount(str(tool), "/kaniko/executor"),)) == (0, "executor go\n")


def test_the_host_interpreter_can_be_mounted(run: Run) -> None:
    code, text = run(sys.executable, "-c", "import sys; print(sys.version_info[:2])", mounts=sandbox.python_mounts())
    assert (code, text.strip()) == (0, str(tuple(sys.version_info[:2])))


def test_limits_hold(run: Run) -> None:
    assert run("ulimit -n; ulimit -t", limits=Limits(open_files=50, cpu_seconds=9)) == (0, "50\n9\n")


def test_stop_lets_the_program_say_goodbye(backend: str) -> None:
    output: list[bytes] = []
    running = sandbox.start(
        ProcessSpec(
            ("/bin/sh", "-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.02; done"),
            stdout=output.append,
        )
    )
    _until(lambda: output)
    assert running.stop(10) == 3
    assert b"".join(output).endswith(b"bye\n")


def test_stop_kills_what_does_not_listen(backend: str) -> None:
    output: list[bytes] = []
    running = sandbox.start(
        ProcessSpec(("/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"), stdout=output.append)
    )
    _until(lambda: output)
    started = time.monotonic()
    assert running.stop(0.3) == 137
    assert 0.25 < time.monotonic() - started < 3


def test_the_end_of_the_program_ends_its_descendants(backend: str) -> None:
    mark = f"SLIPWAY_TEST_MARK={os.urandom(8).hex()}"
    name, _, value = mark.partition("=")
    script = "(setsid sleep 300 &) ; sleep 300 & exit 0"
    assert sandbox.start(ProcessSpec(("/bin/sh", "-c", script), env={name: value})).wait(10) == 0
    _until(lambda: not tree.marked(mark))


def test_nothing_outlives_a_killed_parent(backend: str) -> None:
    mark = f"SLIPWAY_TEST_MARK={os.urandom(8).hex()}"
    program = """
import sys, threading, time
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process
script = "(setsid sleep 300 &) ; sleep 300 & sleep 300"
def go():
    name, _, value = sys.argv[1].partition("=")
    process.start(process.ProcessSpec(("/bin/sh", "-c", script), env={name: value}))
thread = threading.Thread(target=go); thread.start(); thread.join()  # the thread that starts does not live long
print("up", flush=True); time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program, mark], stdout=subprocess.PIPE)
    assert parent.stdout is not None and parent.stdout.readline() == b"up\n"
    _until(lambda: len(_sleepers(mark)) == 3)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _until(lambda: not tree.marked(mark), 5)


def _sleepers(mark: str) -> list[int]:
    return [pid for pid in tree.marked(mark) if tree.command_name(pid) == "sleep"]


def test_an_error_of_the_callback_reaches_the_caller(backend: str) -> None:
    def broken(_data: bytes) -> None:
        raise ValueError("no space")

    with pytest.raises(ValueError, match="no space"):
        sandbox.start(ProcessSpec(("/bin/sh", "-c", "echo x"), stdout=broken)).wait(10)


def test_the_end_is_told_once_with_the_code(backend: str) -> None:
    told: list[int] = []
    sandbox.start(ProcessSpec(("/bin/sh", "-c", "exit 4"), ended=told.append)).wait(10)
    _until(lambda: told)
    assert told == [4]


def test_a_sandbox_hides_the_machines_files(run: Run, backend: str) -> None:
    if backend != "bwrap":
        pytest.skip("a plain process hides nothing")
    _code, text = run("ls / ; ls /etc/shadow /home 2>&1; touch /usr/x 2>&1; echo $$")
    assert "/etc/shadow: No such file" in text.replace("'", "").replace("cannot access ", "")
    assert "Read-only file system" in text
    assert int(text.split()[-1]) < 20  # a PID namespace of its own


def test_a_sandbox_has_its_own_tmp(run: Run, backend: str, tmp_path: Path) -> None:
    if backend != "bwrap":
        pytest.skip("a plain process shares /tmp")
    name = f"/tmp/slipway-{tmp_path.name}"
    run(f"echo x > {name}")
    assert not os.path.exists(name)


def test_no_network_means_no_network(run: Run, backend: str) -> None:
    if backend == "plain":
        with pytest.raises(Refused, match="network"):
            sandbox.start(ProcessSpec(("true",), share_net=False))
        return
    code, text = run("cat /proc/net/dev | wc -l", share_net=False)
    assert (code, text.strip()) == (0, "3")  # two lines of heading and lo


def test_another_user_is_shown_to_the_program(run: Run, backend: str) -> None:
    if backend == "plain" and os.geteuid() != 0:
        pytest.skip("only root can change its user without a sandbox")
    assert run("id -u; id -g; echo x > /dev/stdout", uid=65532, gid=65533) == (0, "65532\n65533\nx\n")


def test_the_warning_is_given_once_and_only_without_a_sandbox(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_warned", False)
    first, second = sandbox.take_warning(), sandbox.take_warning()
    assert second is None
    assert (first is None) == (backend == "bwrap")


def _until(good: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_machine_without_python_shows_ours(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **more: None if name.startswith("python") else real(name, **more))
    monkeypatch.setattr(bwrap, "_BIN", ["/nowhere"])
    code, text = run("/bin/sh", "-c", "PATH=${PATH##*:}; python3 -c 'import sys; print(sys.version_info[:2])'")
    assert (code, text.strip()) == (0, str(tuple(sys.version_info[:2])))


def test_standard_error_comes_apart_when_asked(backend: str) -> None:
    out: list[bytes] = []
    err: list[bytes] = []
    line = ("/bin/sh", "-c", "echo one; echo two >&2")
    code = sandbox.start(ProcessSpec(line, stdout=out.append, stderr=err.append)).wait(20)
    assert (code, b"".join(out), b"".join(err)) == (0, b"one\n", b"two\n")


def test_a_program_over_its_memory_is_ended_and_said_to_be(backend: str) -> None:
    text = "import time; held = b'x' * (200 << 20); time.sleep(60)"
    running = sandbox.start(ProcessSpec(("python3", "-c", text), limits=Limits(memory=64 << 20)))
    assert running.wait(20) == 137
    assert running.out_of_memory


def test_a_program_within_its_memory_is_left_alone(backend: str) -> None:
    text = "import time; held = b'x' * (8 << 20); time.sleep(0.3)"
    running = sandbox.start(ProcessSpec(("python3", "-c", text), limits=Limits(memory=64 << 20)))
    assert running.wait(20) == 0
    assert not running.out_of_memory


def test_a_limit_of_processors_is_what_the_program_sees(run: Run) -> None:
    assert run("nproc", limits=Limits(cpus=1)) == (0, "1\n")


def test_a_read_only_root_leaves_only_the_mounts_writable(backend: str, run: Run, tmp_path: Path) -> None:
    if backend == "plain":
        with pytest.raises(Refused, match="read-only"):
            run("true", read_only_root=True)
        return
    script = "touch /data/x && ! touch /x 2>/dev/null && ! touch /tmp/x 2>/dev/null"
    assert run(script, read_only_root=True, mounts=(Mount(str(tmp_path), "/data"),)) == (0, "")
    assert (tmp_path / "x").exists()


def test_dropped_capabilities_are_gone_for_root_inside(backend: str, run: Run) -> None:
    if backend == "plain" or os.geteuid() != 0:
        pytest.skip("only root in a sandbox has any")
    code, text = run("grep CapEff /proc/self/status", drop=frozenset(["ALL"]))
    assert (code, int(text.split()[1], 16)) == (0, 0)


def test_another_user_may_enter_the_directories_above_a_mount(backend: str, tmp_path: Path) -> None:
    if backend == "plain":
        pytest.skip("a plain process sees the machine's own directories")
    (tmp_path / "x").write_text("there")
    tmp_path.chmod(0o755)
    out: list[bytes] = []
    mount = Mount(str(tmp_path), "/one/two/three")
    spec = ProcessSpec(("cat", "/one/two/three/x"), mounts=(mount,), uid=1234, gid=1234, stdout=out.append)
    assert (sandbox.start(spec).wait(20), b"".join(out)) == (0, b"there")
