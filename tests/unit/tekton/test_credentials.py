# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials: what annotated Secrets become, where steps find it, and that nobody else does."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import credentials
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.credentials import Secret
from tests.unit.tekton.task_runs import lines, run_task, sandboxed

CANARY = "canary-Pa55/word"


def basic(name: str, user: str = "me", password: str = CANARY, **annotations: str) -> Secret:
    notes = {f"tekton.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
    content = {"username": user.encode(), "password": password.encode()}
    return Secret(name, "kubernetes.io/basic-auth", notes, content)


def ssh(name: str, address: str, **content: str) -> Secret:
    data = {key.replace("_key", "-privatekey"): value.encode() for key, value in content.items()}
    return Secret(name, "kubernetes.io/ssh-auth", {"tekton.dev/git-0": address}, data)


def test_git_passwords_become_a_store_and_its_configuration() -> None:
    found = credentials.files([basic("a", user="dom\\me", git_0="https://github.com", git_1="https://gitlab.com:8443")])
    assert found == {
        ".gitconfig": "[credential]\n\thelper = store\n"
        '[credential "https://github.com"]\n\tusername = dom\\\\me\n'
        '[credential "https://gitlab.com:8443"]\n\tusername = dom\\\\me\n',
        ".git-credentials": "https://dom%5Cme:canary-Pa55%2Fword@github.com\n"
        "https://dom%5Cme:canary-Pa55%2Fword@gitlab.com:8443\n",
    }


def test_ssh_keys_of_one_host_stand_together() -> None:
    found = credentials.files([
        ssh("one", "github.com", ssh_key="key1", known_hosts="github.com A"),
        ssh("two", "gitlab.com:2222", ssh_key="key2", known_hosts="gitlab.com B"),
        ssh("three", "github.com", ssh_key="key3"),
    ])  # fmt: skip
    assert found[".ssh/config"] == (
        "Host github.com\n    HostName github.com\n    Port 22\n"
        "    IdentityFile /tekton/creds/.ssh/id_one\n    IdentityFile /tekton/creds/.ssh/id_three\n"
        "Host gitlab.com\n    HostName gitlab.com\n    Port 2222\n    IdentityFile /tekton/creds/.ssh/id_two\n"
    )
    assert found[".ssh/known_hosts"] == "github.com A\ngitlab.com B"
    assert (found[".ssh/id_one"], found[".ssh/id_three"]) == ("key1", "key3")


def test_registries_of_all_kinds_are_one_file_and_annotations_win() -> None:
    old = {"gcr.io": {"username": "old", "auth": "b2xk", "email": "o@x"}, "both": {"auth": "b2xk"}}
    new = {"auths": {"both": {"auth": "bmV3", "identitytoken": "dropped"}, "docker.io": {"auth": "bmV3"}}}
    found = credentials.files([
        basic("a", docker_0="docker.io"),
        Secret("j", "kubernetes.io/dockerconfigjson", {}, {".dockerconfigjson": json.dumps(new).encode()}),
        Secret("c", "kubernetes.io/dockercfg", {}, {".dockercfg": json.dumps(old).encode()}),
    ])  # fmt: skip
    auth = base64.b64encode(f"me:{CANARY}".encode()).decode()
    assert json.loads(found[".docker/config.json"]) == {
        "auths": {
            "both": {"auth": "bmV3"},
            "docker.io": {"username": "me", "password": CANARY, "auth": auth, "email": "not@val.id"},
            "gcr.io": {"username": "old", "auth": "b2xk", "email": "o@x"},
        }
    }


def test_two_passwords_for_one_address_are_refused() -> None:
    with pytest.raises(Invalid, match="multiple entries for url"):
        credentials.files([basic("a", git_0="https://x"), basic("b", git_0="https://x")])


def test_secrets_of_other_types_and_without_annotations_give_nothing() -> None:
    assert credentials.files([basic("a"), Secret("o", "Opaque", {"tekton.dev/git-0": "https://x"}, {})]) == {}


ACCOUNT = f"""
apiVersion: v1
kind: ServiceAccount
metadata: {{name: bot}}
secrets: [{{name: git}}]
---
apiVersion: v1
kind: Secret
metadata: {{name: git, annotations: {{tekton.dev/git-0: "https://git.example"}}}}
type: kubernetes.io/basic-auth
stringData: {{username: me, password: {CANARY}}}
"""
REST = "serviceAccountName: bot"


def test_git_finds_its_password_in_a_step(tmp_path: Path) -> None:
    report, events = run_task(
        """
steps:
- name: s
  image: alpine/git
  script: |
    printf 'protocol=https\\nhost=git.example\\n\\n' | git credential fill | rev
    git config --global user.name anybody && git config --global user.name
    stat -c %a $HOME/.git-credentials $(credentials.path)/.git-credentials
    test ! -e $HOME/.ssh -a ! -e $HOME/.docker
""",
        tmp_path,
        ACCOUNT,
        rest=REST,
    )
    assert report.status == "Succeeded", lines(events, "s")
    assert f"{CANARY[::-1]}=drowssap" in lines(events, "s")
    assert lines(events, "s")[-3:] == ["anybody", "600", "600"]


def test_a_password_is_in_no_log_event_file_or_command_line(tmp_path: Path) -> None:
    seen: list[str] = []

    def look(_failed: object) -> None:
        seen.append(subprocess.run(["ps", "auxeww"], capture_output=True, text=True, check=True).stdout)

    report, events = run_task(
        """
steps:
- {name: s, image: alpine, script: "cat $HOME/.git-credentials; cat $HOME/.gitconfig; exit 1"}
""",
        tmp_path,
        ACCOUNT,
        rest=REST,
        on_failure=look,
    )
    written = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    told = json.dumps([one.as_dict() for one in events.events]) + json.dumps(report.as_dict())
    for text in (*seen, written, told):
        assert CANARY not in text and "canary-Pa55%2Fword" not in text
    assert seen


def test_a_home_that_is_a_volume_takes_the_credentials(tmp_path: Path) -> None:
    report, events = run_task(
        """
volumes: [{name: home}]
steps:
- name: s
  image: alpine
  env: [{name: HOME, value: /home/me}]
  volumeMounts: [{name: home, mountPath: /home/me}]
  script: "test -s /home/me/.git-credentials"
- name: later
  image: alpine
  volumeMounts: [{name: home, mountPath: /v}]
  script: "test -s /v/.git-credentials"
""",
        tmp_path,
        ACCOUNT,
        rest=REST,
    )
    assert report.status == "Succeeded", [one.message for one in events.events]


def test_a_step_changes_only_its_own_copy(tmp_path: Path) -> None:
    report, _events = run_task(
        """
steps:
- {name: a, image: alpine, script: "echo x > $HOME/.gitconfig; rm $(credentials.path)/.gitconfig"}
- {name: b, image: alpine, script: "grep -q helper $HOME/.gitconfig $(credentials.path)/.gitconfig"}
""",
        tmp_path,
        ACCOUNT,
        rest=REST,
    )
    assert report.status == "Succeeded"


def test_another_user_owns_its_credentials(tmp_path: Path) -> None:
    sandboxed()
    report, events = run_task(
        """
steps:
- name: s
  image: alpine
  env: [{name: HOME, value: /home/me}]
  securityContext: {runAsUser: 1234}
  script: "cat $HOME/.git-credentials > /dev/null && echo x >> $HOME/.gitconfig"
""",
        tmp_path,
        ACCOUNT,
        rest=REST,
    )
    assert report.status == "Succeeded", lines(events, "s")


def test_an_account_without_its_secret_is_named_with_the_field(tmp_path: Path) -> None:
    account = ACCOUNT.split("---", maxsplit=1)[0]
    with pytest.raises(Invalid, match=r"secrets\[0\]\.name names a Secret that is not given: 'git'"):
        run_task('steps: [{name: s, image: alpine, script: "true"}]', tmp_path, account, rest=REST)


def test_an_account_that_is_not_given_is_warned_of(tmp_path: Path) -> None:
    report, events = run_task('steps: [{name: s, image: alpine, script: "true"}]', tmp_path, rest=REST)
    warned = [one.message for one in events.events if one.reason == "Credentials"]
    assert (report.status, len(warned)) == ("Succeeded", 1)


@pytest.mark.parametrize(
    ("kind", "key"), [("Opaque", "config.json"), ("kubernetes.io/dockerconfigjson", ".dockerconfigjson")]
)
def test_both_kinds_of_registry_secrets_back_a_workspace(tmp_path: Path, kind: str, key: str) -> None:
    config = json.dumps({"auths": {"docker.io": {"auth": base64.b64encode(f"me:{CANARY}".encode()).decode()}}})
    secret = f"""
apiVersion: v1
kind: Secret
metadata: {{name: docker-config}}
type: {kind}
data: {{{key}: {base64.b64encode(config.encode()).decode()}}}
"""
    report, events = run_task(
        """
workspaces: [{name: docker, mountPath: /kaniko/.docker}]
steps:
- name: s
  image: python
  script: |
    #!/usr/bin/env python3
    import base64, json
    entry = json.load(open("/kaniko/.docker/config.json"))["auths"]["docker.io"]
    print(base64.b64decode(entry["auth"]).decode(), entry["auth"])
""",
        tmp_path,
        secret,
        rest="workspaces: [{name: docker, secret: {secretName: docker-config}}]",
    )
    assert report.status == "Succeeded", lines(events, "s")
    assert CANARY not in lines(events, "s")[0]
