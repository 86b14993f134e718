# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: wait
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Wait for Kubernetes objects
description:
  - Waits for any number of objects together, by watch and not by polling.
  - Ends early when an object can no longer get there, such as a failed Job or a Deployment past its progress deadline.
  - On a connection other than V(local) the same work runs as a module on the remote host, where O(src) and
    O(kubeconfig) are then read.
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._source
  - slipway.gitops._auth
attributes:
  check_mode:
    support: full
    details:
      - Looks once and does not wait. RV(met) says how things stand.
  diff_mode:
    support: none
    details:
      - Waiting changes nothing.
  action: {}
  async: {}
  action_group: {}
options:
  objects:
    description: The objects to wait for, beside those that O(src) and O(definition) hold.
    type: list
    elements: dict
    suboptions:
      api_version:
        description: Its apiVersion.
        type: str
        default: v1
      kind:
        description: Its kind.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
      namespace:
        description: Its namespace, O(namespace) if left out.
        type: str
  namespace:
    description: Namespace of objects that name none. The one of the context if left out.
    type: str
  until:
    description:
      - V(ready) knows Deployment, StatefulSet, DaemonSet, ReplicaSet, Pod, Job, PersistentVolumeClaim,
        CustomResourceDefinition, Service and others. Other kinds are ready when their condition C(Ready) or
        C(Available) is true, or when they exist if they have neither.
      - V(exists) and V(deleted) look at the object only.
      - V(condition) and V(field) need the option of the same name.
    type: str
    choices:
      - ready
      - exists
      - deleted
      - condition
      - field
    default: ready
  condition:
    description: The condition to wait for. One that the controller wrote for an older generation does not count.
    type: dict
    suboptions:
      type:
        description: Its type.
        type: str
        required: true
      status:
        description: Its wanted status.
        type: str
        default: "True"
  field:
    description: The field to wait for.
    type: dict
    suboptions:
      path:
        description: JSONPath as in kubectl, with or without the braces.
        type: str
        required: true
      value:
        description: Its wanted value, as text.
        type: str
        required: true
  wait_timeout:
    description: Seconds to wait at most, for everything together.
    type: float
    default: 600.0
"""

EXAMPLES = r"""
- name: Wait until all that a folder holds is ready
  slipway.gitops.wait:
    src:
      - manifests/
    namespace: shop

- name: Wait for a certificate
  slipway.gitops.wait:
    objects:
      - api_version: cert-manager.io/v1
        kind: Certificate
        name: web
        namespace: shop
    until: condition
    condition:
      type: Ready
    wait_timeout: 120

- name: Wait for the end of a pod
  slipway.gitops.wait:
    objects:
      - kind: Pod
        name: import
        namespace: shop
    until: field
    field:
      path: .status.phase
      value: Succeeded
"""

RETURN = r"""
met:
  description: Whether everything is as it was waited for.
  type: bool
  returned: when the objects could be read
  sample: true
objects:
  description: The objects as they are now, without the fields that the server keeps for itself. Empty if not met.
  type: list
  elements: dict
  returned: when the objects could be read
  sample:
    - apiVersion: v1
      kind: Pod
      metadata:
        name: import
        namespace: shop
      status:
        phase: Succeeded
seconds:
  description: How long it took.
  type: float
  returned: when the objects could be read
  sample: 3.2
failure:
  description: Reason, message, object and hint of what went wrong, and where it was written (file and line).
  type: dict
  returned: on failure
  sample:
    reason: TimedOut
    message: "after 120 s, 1 of 3 are still awaited: Deployment shop/web: 1 of 2 replicas are available"
    object: Deployment shop/web
    hint: raise wait_timeout, or see why
    at: ""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError, Unreachable
from ansible_collections.slipway.gitops.plugins.module_utils._core.redact import current as redactor
from ansible_collections.slipway.gitops.plugins.module_utils._kube import source, task
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from ansible_collections.slipway.gitops.plugins.module_utils._spec.wait import WAIT_CONSTRAINTS, WAIT_MODULE_SPEC


def fetch(url: str) -> str:
    try:
        with open_url(url, timeout=30) as answer:
            return str(answer.read().decode("utf-8"))
    except Exception as error:  # urllib raises a dozen kinds
        raise Unreachable(f"cannot fetch {url}: {error}", hint="check the address, or give a file") from error


def perform(module: AnsibleModule) -> task.TaskReport:
    mode = task.Mode(module.check_mode, module._diff)
    try:
        objects = source.load(module.params, fetch)
        with Client(load_config(module.params)) as client:
            return task.wait_task(client, objects, module.params, mode)
    except SlipwayError as error:
        return task.TaskReport(failure=error)


def main() -> None:
    module = AnsibleModule(argument_spec=WAIT_MODULE_SPEC, supports_check_mode=True, **WAIT_CONSTRAINTS)
    done = perform(module)
    answer = {"changed": done.changed, **redactor.scrub_data(done.data)}
    if done.diff:
        answer["diff"] = redactor.scrub_data(done.diff)
    if done.failure:
        answer["failure"] = redactor.scrub_data(done.failure.failure())
        module.fail_json(msg=redactor.scrub(str(done.failure)), **answer)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
