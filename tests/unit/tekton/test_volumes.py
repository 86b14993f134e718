# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes, workspaces, variables and the defaults of a cluster for steps as local processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from tests.unit.tekton.task_runs import endings, lines, run_task, sandboxed


def test_another_user_can_write_results_workspaces_and_its_volumes(tmp_path: Path) -> None:
    sandboxed()
    report, _events = run_task(
        """
workspaces: [{name: w}]
results: [{name: r}]
volumes: [{name: v, emptyDir: {}}]
steps:
- name: s
  image: alpine
  securityContext: {runAsUser: 1234, runAsGroup: 1234, runAsNonRoot: true}
  volumeMounts: [{name: v, mountPath: /v}]
  script: "touch /workspace/a /workspace/w/b /v/c; id -u > $(results.r.path)"
""",
        tmp_path,
        rest="workspaces: [{name: w, emptyDir: {}}]",
    )
    assert (report.status, report.results) == ("Succeeded", {"r": "1234\n"})


OBJECTS = """
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {user: somebody, password: verysecretword}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {a: one, b: two}
"""


def test_projected_volumes_hold_what_their_sources_say(tmp_path: Path) -> None:
    report, events = run_task(
        """
volumes:
- name: p
  projected:
    defaultMode: 256
    sources:
    - secret: {name: s, items: [{key: user, path: login/user}]}
    - configMap: {name: c}
    - configMap: {name: missing, optional: true}
    - downwardAPI: {items: [{path: who, fieldRef: {fieldPath: metadata.name}}]}
steps:
- name: s
  image: alpine
  volumeMounts: [{name: p, mountPath: /p, readOnly: true}]
  script: "cd /p; rev login/user; echo; cat a b who; echo; stat -c %a a"
""",
        tmp_path,
        OBJECTS,
    )
    assert (report.status, lines(events, "s")) == ("Succeeded", ["ydobemos", "onetworun-pod", "400"])


@pytest.mark.parametrize(
    ("volume", "named"),
    [
        ("{name: v, secret: {secretName: s, items: [{key: nope, path: x}]}}", "has no key 'nope'"),
        ("{name: v, configMap: {name: nope}}", "needs the ConfigMap 'nope'"),
    ],
)
def test_a_missing_key_or_object_is_named(tmp_path: Path, volume: str, named: str) -> None:
    with pytest.raises(Invalid, match=named):
        run_task(
            f"volumes: [{volume}]\nsteps: [{{name: s, image: alpine, script: 'true',"
            " volumeMounts: [{name: v, mountPath: /v}]}]",
            tmp_path,
            OBJECTS,
        )


def test_a_host_path_needs_leave(tmp_path: Path) -> None:
    place = tmp_path / "host"
    place.mkdir()
    (place / "x").write_text("here")
    spec = f"""
volumes: [{{name: h, hostPath: {{path: {place}}}}}]
steps: [{{name: s, image: alpine, script: "cat /h/x", volumeMounts: [{{name: h, mountPath: /h}}]}}]
"""
    with pytest.raises(Refused, match="host_paths"):
        run_task(spec, tmp_path)
    _report, events = run_task(spec, tmp_path / "b", host_paths=[str(tmp_path)])
    assert lines(events, "s") == ["here"]


def test_a_sub_path_does_not_lead_out_of_its_volume(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"\.\."):
        run_task(
            "volumes: [{name: v}]\n"
            "steps: [{name: s, image: alpine, script: 'true', volumeMounts: [{name: v, mountPath: /v, subPath: ../..}]}]",
            tmp_path,
        )


def test_an_emptydir_over_its_size_evicts_the_run(tmp_path: Path) -> None:
    report, _events = run_task(
        """
volumes: [{name: v, emptyDir: {sizeLimit: 1Ki}}]
steps:
- {name: s, image: alpine, script: "head -c 3000 /dev/zero > /v/x", volumeMounts: [{name: v, mountPath: /v}]}
- {name: never, image: alpine, script: "true"}
""",
        tmp_path,
    )
    assert (report.status, len(endings(report))) == ("PodEvicted", 1)


def test_variables_come_from_fields_and_optional_ones_are_left_out(tmp_path: Path) -> None:
    _report, events = run_task(
        """
steps:
- name: s
  image: alpine
  envFrom: [{configMapRef: {name: c}, prefix: C_}, {secretRef: {name: nope, optional: true}}]
  env:
  - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  - {name: RUN, valueFrom: {fieldRef: {fieldPath: "metadata.labels['tekton.dev/taskRun']"}}}
  - {name: NONE, valueFrom: {configMapKeyRef: {name: c, key: nope, optional: true}}}
  script: 'echo "$NAME $RUN $C_a ${NONE-unset}"'
""",
        tmp_path,
        OBJECTS,
    )
    assert lines(events, "s") == ["run-pod run one unset"]


DEFAULTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: config-defaults}
data:
  default-task-run-workspace-binding: "emptyDir: {}"
  default-timeout-minutes: "90"
  default-forbidden-env: NOT_THIS
"""


def test_the_defaults_of_the_cluster_are_read(tmp_path: Path) -> None:
    report, events = run_task(
        """
workspaces: [{name: w}]
steps: [{name: s, image: alpine, script: "touch $(workspaces.w.path)/x; echo ${NOT_THIS-unset}"}]
""",
        tmp_path,
        DEFAULTS,
        rest="podTemplate: {env: [{name: NOT_THIS, value: x}]}",
    )
    assert (report.status, lines(events, "s")) == ("Succeeded", ["unset"])


def test_a_wrong_default_is_named_with_its_place(tmp_path: Path) -> None:
    wrong = DEFAULTS.replace('"90"', "soon")
    with pytest.raises(Invalid, match="default-timeout-minutes") as caught:
        run_task('steps: [{name: s, image: alpine, script: "true"}]', tmp_path, wrong)
    assert caught.value.at is not None


def test_the_workspaces_of_a_step_are_read_in_any_spelling(tmp_path: Path) -> None:
    report, _events = run_task(
        """
workspaces: [{name: w}]
steps:
- {name: a, image: debian, script: "test -d /w", workspaces: [{name: w, mountpath: /w}]}
- {name: b, image: debian, script: "! test -e /workspace/w"}
""",
        tmp_path,
        rest="workspaces: [{name: w, emptyDir: {}}]",
    )
    assert report.status == "Succeeded"
