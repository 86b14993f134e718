# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dockerfiles to images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._oci import base, kaniko
from ansible_collections.slipway.gitops.plugins.module_utils._oci.build import BASE_LABEL, Options, build
from ansible_collections.slipway.gitops.plugins.module_utils._oci.tree import ignore_rules, read_tree

HOST = {"python:*": "host"}


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context with a script, a directory, a link and something secret."""
    folder = tmp_path / "context"
    (folder / "app/sub").mkdir(parents=True)
    (folder / "app/main.py").write_text("print(1)\n")
    (folder / "app/sub/data.txt").write_text("data\n")
    (folder / "app/link").symlink_to("main.py")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o700)
    (folder / ".env").write_text("secret\n")
    return folder


def content(context: Path, text: str, **options: object) -> dict[str, tarfile.TarInfo]:
    """Return the members of all layers of a build."""
    with build(str(context), text, options=Options(base_map=HOST, **options)) as image:  # type: ignore[arg-type]
        found = {}
        for layer in image.layers:
            with tarfile.open(layer.path) as archive:
                found.update({member.name: member for member in archive})
        return found


def files(context: Path, text: str) -> set[str]:
    return {name for name, member in content(context, text).items() if not member.isdir()}


def config(context: Path, text: str, **options: object) -> dict[str, object]:
    with build(str(context), text, options=Options(base_map=HOST, **options)) as image:  # type: ignore[arg-type]
        parsed: dict[str, object] = json.loads(image.config_body)["config"]
        return parsed


def test_a_whole_dockerfile_becomes_a_configuration(context: Path) -> None:
    text = """# comment
    FROM python:3.12-alpine
    ARG V=1
    ENV A=$V \\
        B="two words"
    LABEL who="me" what=$A
    WORKDIR /srv
    WORKDIR app
    COPY run.sh .
    EXPOSE 80 53/udp
    USER 1000:1000
    VOLUME /data
    STOPSIGNAL SIGINT
    ENTRYPOINT ["/srv/app/run.sh"]
    CMD serve --now
    """
    assert config(context, text) == {
        "Cmd": ["/bin/sh", "-c", "serve --now"],
        "Entrypoint": ["/srv/app/run.sh"],
        "Env": ["A=1", "B=two words"],
        "ExposedPorts": {"53/udp": {}, "80/tcp": {}},
        "Labels": {BASE_LABEL: "python:3.12-alpine", "what": "1", "who": "me"},
        "StopSignal": "SIGINT",
        "User": "1000:1000",
        "Volumes": {"/data": {}},
        "WorkingDir": "/srv/app",
    }


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        ("COPY app /app", {"app/main.py", "app/sub/data.txt", "app/link"}),
        ("COPY app/ /x/", {"x/main.py", "x/sub/data.txt", "x/link"}),
        ("COPY run.sh /bin/", {"bin/run.sh"}),
        ("COPY run.sh /start", {"start"}),
        ("COPY app/*.py run.sh /x/", {"x/main.py", "x/run.sh"}),
        ('COPY ["run.sh", "/with space/"]', {"with space/run.sh"}),
        ("WORKDIR /w\nCOPY run.sh .", {"w/run.sh"}),
        ("WORKDIR /w\nCOPY run.sh go.sh", {"w/go.sh"}),
        ("COPY app/link /x/", {"x/link"}),
        ("ADD run.sh /x/", {"x/run.sh"}),
    ],
)
def test_copy_puts_files_where_docker_would(context: Path, copy: str, expected: set[str]) -> None:
    assert files(context, f"FROM scratch\n{copy}\n") == expected


def test_a_usual_directory_of_the_host_takes_files_by_name(context: Path) -> None:
    assert files(context, "FROM python:3\nCOPY run.sh /usr/local/bin\n") == {"usr/local/bin/run.sh"}
    assert files(context, "FROM scratch\nCOPY run.sh /usr/local/bin\n") == {"usr/local/bin"}


def test_modes_are_normal_and_owners_are_root(context: Path) -> None:
    members = content(context, "FROM scratch\nCOPY app run.sh /x/\n")
    assert (members["x/run.sh"].mode, members["x/main.py"].mode, members["x"].mode) == (0o755, 0o644, 0o755)
    assert {(m.uid, m.gid, m.uname, m.mtime) for m in members.values()} == {(0, 0, "", 0)}


def test_owner_and_mode_can_be_given(context: Path) -> None:
    member = content(context, "FROM scratch\nCOPY --chown=7:8 --chmod=0600 run.sh /x\n")["x"]
    assert (member.uid, member.gid, member.mode) == (7, 8, 0o600)


def digest(context: Path, text: str = "FROM python:3\nCOPY . /app/\n") -> str:
    with build(str(context), text, base_map=HOST) as image:
        return image.digest


def test_the_same_content_gives_the_same_digest(context: Path) -> None:
    before = digest(context)
    for name in ("app/main.py", "run.sh"):
        os.utime(context / name, (1, 1))
    (context / "app/main.py").chmod(0o664)
    assert digest(context) == before


def test_the_digest_is_known_for_all_machines(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("hello\n")
    # A change here means that every user's images change without a change of theirs.
    assert digest(tmp_path, "FROM scratch\nCOPY f /f\n") == KNOWN


KNOWN = "sha256:6de1d2727d4d5d1621fca598da309bacb06c145c7a891de0d1487913f0c94290"


def test_other_content_gives_another_digest(context: Path) -> None:
    before = digest(context)
    (context / "app/main.py").write_text("print(2)\n")
    assert digest(context) != before


def test_the_umask_does_not_matter(context: Path) -> None:
    before = digest(context)
    program = f"""
import os
os.umask(0o077)
from ansible_collections.slipway.gitops.plugins.module_utils._oci.build import build
print(build({str(context)!r}, "FROM python:3\\nCOPY . /app/\\n", base_map={HOST!r}).digest)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == before


def test_several_stages_hand_files_on(context: Path) -> None:
    text = """FROM scratch AS one
COPY app /built/
FROM one AS two
COPY run.sh /built/
FROM scratch
COPY --from=two /built/main.py /a
COPY --from=0 /built/sub /b/
"""
    assert files(context, text) == {"a", "b/data.txt"}


def test_a_target_ends_the_build_at_that_stage(context: Path) -> None:
    text = "FROM scratch AS one\nENV A=1\nFROM scratch AS two\nENV A=2\n"
    assert config(context, text, target="one")["Env"] == ["A=1"]
    with pytest.raises(Invalid, match="names no stage"):
        config(context, text, target="three")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ENV X=$A", "X=a"),
        ("ENV X=${A}b", "X=ab"),
        ("ENV X=${NONE:-d}", "X=d"),
        ("ENV X=${A:+set}", "X=set"),
        ("ENV X=${EMPTY:-d}", "X=d"),
        ("ENV X=${EMPTY-d}", "X="),
        ("ENV X=\\$A", "X=$A"),
        ("ENV X='$A'", "X=$A"),
        ('ENV X="$A b"', "X=a b"),
        ("ENV X old form $A", "X=old form a"),
        ("ENV X=a\\ b", "X=a b"),
    ],
)
def test_variables_are_replaced_as_docker_does(context: Path, line: str, expected: str) -> None:
    if line == "ENV X old form $A":
        line, expected = "ENV X form $A", "X=form a"
    env = config(context, f"FROM scratch\nARG A=a\nARG EMPTY=\n{line}\n")["Env"]
    assert env == [expected]


def test_build_arguments_win_over_defaults_and_unused_ones_are_told(context: Path) -> None:
    text = "ARG BASE=scratch\nFROM $BASE\nARG V=1\nENV X=$V\n"
    with build(str(context), text, build_args={"V": "2", "W": "3"}) as image:
        assert image.config.env == ("X=2",)
        assert image.warnings == ("build argument W is not used by the Dockerfile",)


def test_an_entrypoint_drops_the_command_of_the_base_only(context: Path) -> None:
    text = 'FROM scratch AS base\nCMD ["x"]\nFROM base\nENTRYPOINT ["y"]\n'
    assert "Cmd" not in config(context, text)
    text = 'FROM scratch\nCMD ["x"]\nENTRYPOINT ["y"]\n'
    assert config(context, text)["Cmd"] == ["x"]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("FROM scratch\nRUN make\n", Refused, ["Dockerfile:2", "buildah"]),
        ("FROM scratch\n\nCOPPY a b\n", Invalid, ["Dockerfile:3", "COPPY"]),
        ("FROM scratch\nCOPY nope /x\n", Invalid, ["Dockerfile:2", "COPY", "'nope'", "app"]),
        ("FROM scratch\nCOPY ../x /x\n", Invalid, ["Dockerfile:2", "outside"]),
        ("FROM scratch\nCOPY run.sh .env /x\n", Invalid, ["Dockerfile:2", "slash"]),
        ("FROM scratch\nCOPY only\n", Invalid, ["Dockerfile:2", "destination"]),
        ("FROM scratch\nCOPY --chown=www run.sh /x\n", Invalid, ["Dockerfile:2", "numbers"]),
        ("FROM scratch\nCOPY --from=9 a b\n", Invalid, ["Dockerfile:2", "no such stage"]),
        ("FROM scratch\nCOPY --exclude=x a b\n", Invalid, ["Dockerfile:2", "--exclude"]),
        ("FROM scratch\nADD https://x.invalid/y /x\n", Refused, ["Dockerfile:2", "URL"]),
        ("FROM scratch\nADD a.tar.gz /x\n", Refused, ["Dockerfile:2", "archives"]),
        ("FROM scratch\nENV\n", Invalid, ["Dockerfile:2", "ENV"]),
        ("FROM scratch\nENV A\n", Invalid, ["Dockerfile:2", "ENV"]),
        ("FROM scratch\nCOPY <<EOF /x\nhi\nEOF\n", Invalid, ["Dockerfile:2", "here-documents"]),
        ("COPY a b\n", Invalid, ["Dockerfile:1", "before the first FROM"]),
        ("FROM scratch extra\n", Invalid, ["Dockerfile:1", "FROM image [AS name]"]),
        ('FROM scratch\nENV X="${A:?not given}"\n', Invalid, ["Dockerfile:2", "not given"]),
        ("# only a comment\n", Invalid, ["no instruction"]),
        ("FROM scratch\nENV A=1 \\\n  B=2\nRUN x\n", Refused, ["Dockerfile:4"]),
    ],
)
def test_mistakes_name_file_line_and_the_way_out(
    context: Path, text: str, kind: type[SlipwayError], words: list[str]
) -> None:
    with pytest.raises(kind) as caught:
        build(str(context), text, base_map=HOST)
    for word in words:
        assert word in str(caught.value)


def test_a_base_that_cannot_be_reached_is_refused_with_the_remedy(context: Path) -> None:
    with pytest.raises(Refused) as caught:
        build(str(context), "FROM 127.0.0.1:1/base:1\n", base_map={})
    assert "SLIPWAY_BASE_MAP" in caught.value.hint


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_a_broken_base_map_is_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        base.base_map(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("python:3.12", "host"),
        ("docker.io/library/python:3", "host"),
        ("ghcr.io/x/y", "127.0.0.1:1/y"),
        ("go:1", "go:1"),
    ],
)
def test_bases_are_mapped_by_short_and_full_name(name: str, expected: str) -> None:
    table = {"docker.io/library/python:*": "host", "ghcr.io/*": "127.0.0.1:1/y"}
    assert base.mapped(name, table) == expected


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ("", {"a.py", "a.log", "d/b.log", "d/e/c.py", ".git/x"}),
        ("*.log", {"a.py", "d/b.log", "d/e/c.py", ".git/x"}),
        ("**/*.log", {"a.py", "d/e/c.py", ".git/x"}),
        ("d", {"a.py", "a.log", ".git/x"}),
        ("/d/\n.git", {"a.py", "a.log"}),
        ("*\n!d/e/*.py", {"d/e/c.py"}),
        ("d/*\n!d/b.log", {"a.py", "a.log", "d/b.log", ".git/x"}),
        ("# comment\n\n?.py", {"a.log", "d/b.log", "d/e/c.py", ".git/x"}),
        ("[ab].*", {"d/b.log", "d/e/c.py", ".git/x"}),
    ],
)
def test_dockerignore_leaves_out_what_docker_would(tmp_path: Path, rules: str, kept: set[str]) -> None:
    for name in ("a.py", "a.log", "d/b.log", "d/e/c.py", ".git/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = read_tree(str(tmp_path), ignore_rules(rules))
    assert {name for name, entry in found.items() if entry.kind != "dir"} == kept


def test_dockerignore_of_the_context_is_honoured(context: Path) -> None:
    (context / ".dockerignore").write_text(".env\n.dockerignore\napp/sub\n")
    assert files(context, "FROM scratch\nCOPY . /x/\n") == {"x/app/main.py", "x/app/link", "x/run.sh"}


def kaniko_file() -> str:
    return os.path.abspath(kaniko.__file__)


def test_kaniko_builds_as_a_plain_file_with_an_isolated_python(context: Path, tmp_path: Path) -> None:
    (context / "Dockerfile").write_text("FROM scratch\nARG V\nENV V=$V\nCOPY run.sh /\n")
    flags = [f"--context=dir://{context}", "--no-push", "--build-arg", "V=1", "--reproducible"]
    flags += ["--digest-file", str(tmp_path / "digest"), "--oci-layout-path", str(tmp_path / "layout")]
    done = subprocess.run(
        [sys.executable, "-I", kaniko_file(), *flags, "--destination=a.b/c:1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    index = json.loads((tmp_path / "layout/index.json").read_text())
    assert index["manifests"][0]["digest"] == (tmp_path / "digest").read_text()
    blob = tmp_path / "layout/blobs/sha256" / index["manifests"][0]["digest"][7:]
    assert len(json.loads(blob.read_text())["layers"]) == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--no-such-flag"], "unrecognized arguments: --no-such-flag"),
        ([], "--destination must be given"),
        (["--no-push", "--context=s3://bucket/x"], "s3:// is not supported"),
        (["--no-push", "--dockerfile=nope"], "'nope' is neither"),
        (["-d", "Not/Valid"], "Not/Valid"),
    ],
)
def test_kaniko_says_what_is_wrong_and_fails(
    context: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    defaults = [] if any("context" in item for item in arguments) else [f"--context={context}"]
    assert kaniko.main([*defaults, *arguments]) == 1
    assert word in capsys.readouterr().err


def test_an_interrupted_build_leaves_nothing_behind(
    context: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with pytest.raises(Refused):
        build(str(context), "FROM scratch\nCOPY run.sh /\nRUN x\n")
    assert list((tmp_path / "tmp").iterdir()) == []
