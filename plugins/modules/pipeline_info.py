# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pipeline_info
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: List pipeline runs, or look at one
description:
  - Returns the PipelineRuns and TaskRuns that M(slipway.gitops.pipeline_run) and M(slipway.gitops.task_run) keep in their O(state_dir),
    newest first, also those that go on at the moment.
  - With O(name), everything that is known of that run. A run that does not exist is no failure, RV(runs) is empty then.
extends_documentation_fragment:
  - slipway.gitops._attributes
attributes:
  check_mode:
    support: full
    details:
      - Only reads.
  diff_mode:
    support: none
    details:
      - Changes nothing.
  action: {}
  async: {}
options:
  name:
    description: Name of one run, which is returned with its steps.
    type: str
  status:
    description:
      - Only runs with this status, in any case, such as V(Running), V(Interrupted), V(Completed) or V(PipelineRunTimeout).
      - V(Succeeded) takes every run that ended well, V(Failed) every run that did not.
    type: str
  pipeline:
    description: Only runs of the Pipeline of this name.
    type: str
  task:
    description: Only runs of the Task of this name. Excludes O(pipeline).
    type: str
  kind:
    description: Only runs of this kind.
    type: str
    choices:
      - PipelineRun
      - TaskRun
  labels:
    description: Only runs with all of these labels.
    type: dict
    default: {}
  limit:
    description: The most runs to return. V(0) returns all.
    type: int
    default: 0
  logs:
    description:
      - Return the texts of the logs too, the last mebibyte of each step.
      - Without O(name), the details of every run that is returned come with them.
    type: bool
    default: false
  state_dir:
    description:
      - Where runs keep their state and logs.
      - The folder of the runner when not given, else C(~/.local/state/slipway/pipelines).
    type: path
"""

EXAMPLES = r"""
- name: Look at one run with what its steps wrote
  slipway.gitops.pipeline_info:
    name: source-to-image-1
    logs: true
  register: found

- name: Show the steps that failed
  ansible.builtin.debug:
    msg: "{{ found.runs | map(attribute='task_runs') | flatten | map(attribute='steps') | flatten | rejectattr('exit_code', 'equalto', 0) }}"

- name: List the last five runs of a pipeline that failed
  slipway.gitops.pipeline_info:
    pipeline: source-to-image
    status: Failed
    limit: 5

- name: List what runs now
  slipway.gitops.pipeline_info:
    status: Running
"""

RETURN = r"""
runs:
  description: The runs, newest first.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name of the run.
      type: str
      sample: source-to-image-x7k2p
    namespace:
      description: Namespace of the run.
      type: str
      sample: default
    kind:
      description: V(PipelineRun) or V(TaskRun).
      type: str
      sample: PipelineRun
    target:
      description: Name of the Pipeline or Task, empty for an inline one.
      type: str
      sample: source-to-image
    labels:
      description: Labels of the run.
      type: dict
      sample:
        team: red
    status:
      description:
        - Reason of the condition C(Succeeded), as Tekton words it.
        - V(Running) while a process works on the run, V(Interrupted) when that process is gone without an end. Such a run goes on from
          there when it is started again.
      type: str
      sample: Succeeded
    succeeded:
      description: Whether it ended well, null before its end.
      type: bool
      sample: true
    message:
      description: Message of the condition.
      type: str
      sample: "Tasks Completed: 5 (Failed: 0, Cancelled 0), Skipped: 0"
    started:
      description: When it was started first, in UTC.
      type: str
      sample: "2026-01-02T03:04:05Z"
    seconds:
      description: How long it took, null before its end.
      type: float
      sample: 1.42
    results:
      description: Results by name.
      type: dict
      sample:
        build-id: v2-20260102-030405
    params:
      description: Params of the run, those that sound like secrets masked.
      type: dict
      returned: with O(name) or O(logs)
    task_runs:
      description:
        - What became of each TaskRun.
        - Before the end of the run, those that have ended and those that have written something.
      type: list
      elements: dict
      returned: with O(name) or O(logs)
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
          description: Its steps.
          type: list
          elements: dict
          contains:
            name:
              description: Name of the step.
              type: str
            exit_code:
              description: Its exit code.
              type: int
            termination_reason:
              description: Why it ended, as Tekton words it.
              type: str
            seconds:
              description: How long it took.
              type: float
            log:
              description: File that holds its log, of the last attempt; empty when there is none.
              type: str
            text:
              description: Its log, of all attempts.
              type: str
              returned: with O(logs)
    skipped_tasks:
      description: Skipped tasks with the reason.
      type: list
      elements: dict
      returned: with O(name) or O(logs)
      sample:
        - task: deploy
          reason: When Expressions evaluated to false
    plan:
      description: The tasks in the order in which they run, as RV(slipway.gitops.pipeline_run#module:plan).
      type: list
      elements: dict
      returned: with O(name) or O(logs)
    log_dir:
      description: Folder that holds the logs of the steps.
      type: str
      returned: with O(name) or O(logs)
    runner:
      description: Id of the run of C(slipway) that executes it, empty for a plain playbook.
      type: str
      returned: with O(name) or O(logs)
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.pipeline import (
    PIPELINE_INFO_CONSTRAINTS,
    PIPELINE_INFO_SPEC,
)
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=PIPELINE_INFO_SPEC, supports_check_mode=True, **PIPELINE_INFO_CONSTRAINTS))


if __name__ == "__main__":
    main()
