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
  - Returns the objects that Tekton would create, and for each trigger whether it fired and why not. Nothing is created.
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
  secrets_from_cluster:
    description: Whether to look up Secrets that are not among the given objects in the cluster of the auth options.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Ask what a push starts
  slipway.gitops.trigger_event:
    src:
      - pipeline/
      - secret.yaml
    event: push.json
  register: event

- name: Run the pipeline that came of it
  slipway.gitops.pipeline_run:
    src:
      - pipeline/
    pipeline_run: "{{ event.created | first }}"
  when: event.created | length > 0
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
  description: The objects that Tekton would create.
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
