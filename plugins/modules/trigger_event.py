# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: trigger_event
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Apply Tekton Triggers to one event
description:
  - Applies the interceptors, TriggerBindings and TriggerTemplates of an EventListener to one event.
  - Returns the objects that Tekton would create, and for each trigger whether it fired and why not.
  - Hand a PipelineRun or TaskRun of RV(created) to M(slipway.gitops.pipeline_run) or M(slipway.gitops.task_run) to run it here,
    or set O(create) to leave all of them to a Tekton in a cluster.
  - The interceptors C(cel), C(gitlab), C(github), C(bitbucket) and C(slack) work in the process; C(cel) needs the Python
    package C(cel-expr-python).
  - Where the secret of C(gitlab) begins with C(whsec_) the signature of a GitLab 19 hook is checked instead of the token; it
    ends five minutes after its C(webhook-timestamp).
  - Webhooks, interceptors of one's own (their C(ClusterInterceptor) must be given) and the C(github) options
    C(addChangedFiles) and C(githubOwners) call services over HTTP.
  - A GitHub Enterprise host gets the personal access token only when the annotation
    C(slipway.dev/github-enterprise-hosts) of the EventListener lists it (hosts separated by commas).
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._source
  - slipway.gitops._auth
attributes:
  check_mode:
    support: full
    details: With O(create) the API server checks the objects and keeps none of them.
  diff_mode:
    support: none
  action: {}
  async: {}
  action_group: {}
options:
  event:
    description:
      - The event as a mapping with C(path), C(method), C(headers) and C(body), or a file that holds it.
      - C(body) is text or an object.
      - C(data:application/json;base64,...) holds the same mapping. Events pass through extra vars in this form, because
        Ansible takes every text there for a template, also a commit message that somebody else has written. The EDA source
        C(gitlab_webhook) gives it as C(event.meta.packed).
    type: raw
    required: true
  token:
    description:
      - Value of the header C(X-Gitlab-Token), for an event that comes without it. The EDA source C(gitlab_webhook) takes it
        away, so that it is in no log of ansible-rulebook.
    type: str
    default: ""
  listener:
    description: Name of the EventListener, where the given objects hold more than one.
    type: str
    default: ""
  create:
    description:
      - Whether to create the objects in the cluster of the auth options, for the Tekton there to run.
      - Each is tried on its own, as the EventListener does; the task fails when one could not be created.
    type: bool
    default: false
  secrets_from_cluster:
    description: Whether to look up Secrets that are not among the given objects in the cluster of the auth options.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Ask what a push starts
  slipway.gitops.trigger_event:
    src:
      - triggers/
      - secret.yaml
    event: events/push.json
  register: event

- name: Say what each trigger made of it, and why it did not fire
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.reason }}"
  loop: "{{ event.triggers }}"

- name: Run each TaskRun that came of it, here
  slipway.gitops.task_run:
    src:
      - triggers/
    task_run: "{{ item }}"
  loop: "{{ event.created | selectattr('kind', 'equalto', 'TaskRun') }}"

- name: Run each PipelineRun that came of it, here
  slipway.gitops.pipeline_run:
    src:
      - triggers/
      - pipeline/
    pipeline_run: "{{ item }}"
  loop: "{{ event.created | selectattr('kind', 'equalto', 'PipelineRun') }}"

- name: Or leave them to the Tekton of a cluster
  slipway.gitops.trigger_event:
    src:
      - triggers/
    event: events/push.json
    secrets_from_cluster: true
    create: true
    kubeconfig: ~/.kube/ci
"""

RETURN = r"""
accepted:
  description: Whether the event was a well-formed one.
  type: bool
  returned: success
event_id:
  description: The id of the event.
  type: str
  returned: success
triggers:
  description:
    - For each trigger its name, whether it fired, and the reason.
    - C(warnings) says what is odd about one that fired, such as a param that is null in the event.
  type: list
  elements: dict
  returned: success
  sample:
    - name: gitlab-push
      fired: false
      reason: event type Tag Push Hook is not allowed
      warnings: []
created:
  description:
    - The objects that Tekton would create, with their names and labels.
    - With O(create), those that are in the cluster now or could not be created.
  type: list
  elements: dict
  returned: success
emulates:
  description: The release of Tekton Triggers whose behaviour is executed.
  type: str
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub
from ansible_collections.slipway.gitops.plugins.module_utils._spec.trigger import TRIGGER_EVENT_SPEC


def main() -> None:
    stub(AnsibleModule(argument_spec=TRIGGER_EVENT_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()
