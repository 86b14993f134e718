# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: task_run
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Execute a Tekton TaskRun
description:
  - Executes one upstream Tekton Task (v1 and v1beta1) as local processes. No cluster and no Tekton is needed.
  - With O(executor) it runs as pods of a cluster instead, or is handed to a Tekton that is installed there.
  - Apart from being a single task it behaves as M(slipway.gitops.pipeline_run).
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._source
  - slipway.gitops._auth
  - slipway.gitops._pipeline
attributes:
  check_mode:
    support: full
    details:
      - Validates everything, resolves what the run refers to, returns RV(resolved) and RV(lint), and runs nothing.
  diff_mode:
    support: none
    details:
      - A run has no before and after.
  action: {}
  async: {}
  action_group: {}
options:
  task_run:
    description:
      - Name of the TaskRun among the given objects, or the object itself.
      - May be left out when the objects hold exactly one.
    type: raw
"""

EXAMPLES = r"""
- name: Run a task
  slipway.gitops.task_run:
    src:
      - hello.yaml
    task_run:
      apiVersion: tekton.dev/v1
      kind: TaskRun
      metadata:
        generateName: hello-
      spec:
        taskRef:
          name: hello

- name: Run a task as pods of a cluster that has no Tekton
  slipway.gitops.task_run:
    src:
      - hello.yaml
    executor: pods
    kubeconfig: ~/.kube/config
    namespace: ci
"""

RETURN = r"""
lint:
  description:
    - In check mode, what a careful reader would change in the given objects. It never makes the task fail.
    - Warnings are shown as lines too. The page C(docs/lint.md) describes the rules.
  type: list
  elements: dict
  returned: in check mode
  contains:
    severity:
      description: V(note) or V(warning).
      type: str
    rule:
      description: Name of the rule.
      type: str
    where:
      description: File and line.
      type: str
    object:
      description: Kind and name of the object.
      type: str
    field:
      description: Field of the object.
      type: str
    message:
      description: What is there, and why to change it.
      type: str
    rewrite:
      description: YAML text to put in place, empty when there is none.
      type: str
  sample:
    - severity: warning
      rule: script-injection
      where: task.yaml:9
      object: Task say
      field: spec.steps[0].script
      message: "puts $(params.who) into a program: whoever sets the value can run commands; pass it through env"
      rewrite: |
        - name: say
          image: alpine:3
          env:
          - name: WHO
            value: $(params.who)
          script: echo "${WHO}"
name:
  description: Name of the run.
  type: str
  returned: when the run was started or found
  sample: source-to-image-x7k2p
namespace:
  description: Namespace of the run.
  type: str
  returned: when the run was started or found
  sample: default
succeeded:
  description: Whether it ended well.
  type: bool
  returned: when the run ended
  sample: true
status:
  description: Reason of the condition C(Succeeded), as Tekton words it.
  type: str
  returned: when the run ended
  sample: Succeeded
message:
  description: Message of the condition.
  type: str
  returned: when the run ended
  sample: "Tasks Completed: 5 (Failed: 0, Cancelled 0), Skipped: 0"
results:
  description: Results by name.
  type: dict
  returned: when the run ended
  sample:
    build-id: v2-20260102-030405
seconds:
  description: How long it took.
  type: float
  returned: when the run ended
  sample: 1.42
task_runs:
  description: What became of each TaskRun.
  type: list
  elements: dict
  returned: when the run ended
  contains:
    task:
      description: Name in the pipeline.
      type: str
    name:
      description: Name of the TaskRun.
      type: str
    status:
      description: Reason of its condition.
      type: str
    message:
      description: Message of its condition.
      type: str
    seconds:
      description: How long it took.
      type: float
    results:
      description: Its results.
      type: dict
    steps:
      description: Name, exit_code, termination_reason and seconds of each step.
      type: list
      elements: dict
    sidecars:
      description: Name, container and exit_code of each sidecar; one without a name has an empty name.
      type: list
      elements: dict
skipped_tasks:
  description: Skipped tasks with the reason.
  type: list
  elements: dict
  returned: when the run ended
  sample:
    - task: deploy
      reason: When Expressions evaluated to false
log_dir:
  description: Folder that holds the logs of the steps.
  type: str
  returned: when the run ended
  sample: /home/me/.local/state/slipway/pipelines/source-to-image-x7k2p/tasks
resolved:
  description: What references with a C(resolver) gave and where it came from, also in check mode.
  type: list
  elements: dict
  returned: success
  sample:
    - resolver: git
      kind: Task
      name: git-clone
      refSource:
        uri: git+https://github.com/tektoncd/catalog.git
        digest:
          sha1: 3d1f8a4c0b8f1d6a1b7c3e5f9a2d4c6e8b0a1c2d
        entryPoint: task/git-clone/0.9/git-clone.yaml
emulates:
  description: The release of Tekton whose behaviour is executed.
  type: str
  returned: when the run ended
  sample: Tekton Pipelines v1.15
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.pipeline import TASK_RUN_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=TASK_RUN_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()
