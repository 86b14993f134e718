# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: apply
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Apply a batch of Kubernetes manifests server-side
description:
  - Brings any number of objects to a cluster in one task. The API server merges and tracks who owns which field.
  - Namespaces are applied first, then CustomResourceDefinitions until they are established, configuration and RBAC,
    workloads, admission webhooks, and custom resources last. Objects of one step are sent in parallel.
  - The cluster is read with one list for each kind and namespace. An object is left alone when the list proves that
    nothing would change, everything else is decided by the API server.
  - Conflicts, throttling, server errors and webhooks that are starting are tried again until O(wait_timeout).
  - One failed object does not stop the others. The task fails in the end and says what failed.
  - On a connection other than V(local) the same work runs as a module on the remote host, where O(src) and
    O(kubeconfig) are then read.
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._source
  - slipway.gitops._wait
  - slipway.gitops._auth
attributes:
  check_mode:
    support: full
    details:
      - The API server validates and merges everything without storing it.
      - An object whose namespace or kind arrives with the same batch cannot be validated yet. It is reported as
        C(would_create) with the reason.
  diff_mode:
    support: full
    details:
      - Shows objects without the fields that the server keeps for itself, values of Secrets masked.
  action: {}
  async: {}
  action_group: {}
options:
  namespace:
    description: Namespace of objects that name none, and of the inventory. The one of the context if left out.
    type: str
  state:
    description:
      - V(present) applies the objects.
      - V(absent) deletes them, custom resources first and namespaces last, and with O(inventory) everything it lists.
    type: str
    choices:
      - present
      - absent
    default: present
  inventory:
    description:
      - Name under which the cluster remembers what was applied, in a ConfigMap of O(namespace).
      - Needed for O(prune).
    type: str
  prune:
    description:
      - Whether to delete what the inventory lists and the batch no longer holds. Nothing is pruned after a failure.
      - Objects of which O(field_manager) owns nothing, and those with the annotation C(slipway.dev/prune) set to
        C("false"), are kept.
    type: bool
    default: false
  force_conflicts:
    description: Whether to take over fields that another manager owns. Otherwise such an object fails, naming the owner.
    type: bool
    default: false
  field_manager:
    description: Name under which the API server records our fields.
    type: str
    default: slipway
"""

EXAMPLES = r"""
- name: Apply a folder and wait until everything is ready
  slipway.gitops.apply:
    src:
      - manifests/
    namespace: shop

- name: Keep a namespace exactly as the folder says
  slipway.gitops.apply:
    src:
      - manifests/
    namespace: shop
    inventory: shop
    prune: true
    wait_timeout: 120

- name: Apply an object from the playbook
  slipway.gitops.apply:
    definition:
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: settings
        namespace: shop
      data:
        colour: green

- name: Delete everything that was ever applied under a name
  slipway.gitops.apply:
    state: absent
    inventory: shop
    namespace: shop
"""

RETURN = r"""
resources:
  description: What became of each object, in the order of the work. What a dry run would prune comes first.
  type: list
  elements: dict
  returned: when the objects could be read
  contains:
    api_version:
      description: Its apiVersion.
      type: str
      sample: v1
    kind:
      description: Its kind.
      type: str
      sample: ConfigMap
    namespace:
      description: Its namespace, empty for cluster-scoped objects.
      type: str
      sample: shop
    name:
      description: Its name.
      type: str
      sample: settings
    action:
      description:
        - One of C(created), C(changed), C(unchanged), C(pruned), C(deleted), C(kept), C(would_create) and C(failed).
      type: str
      sample: created
    reason:
      description: Why it failed, was kept, could not be validated, or what changed.
      type: str
      sample: content
summary:
  description: How many objects there are of each action.
  type: dict
  returned: when the objects could be read
  sample:
    created: 2
    unchanged: 10
failure:
  description: Reason, message, object and hint of what went wrong, and where it was written (file and line).
  type: dict
  returned: on failure
  sample:
    reason: ApplyFailed
    message: "spec.replicas: Invalid value"
    object: Deployment shop/web
    hint: ""
    at: ""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError, Unreachable
from ansible_collections.slipway.gitops.plugins.module_utils._core.redact import current as redactor
from ansible_collections.slipway.gitops.plugins.module_utils._kube import source, task
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from ansible_collections.slipway.gitops.plugins.module_utils._spec.apply import APPLY_CONSTRAINTS, APPLY_SPEC


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
            return task.apply_task(client, objects, module.params, mode)
    except SlipwayError as error:
        return task.TaskReport(failure=error)


def main() -> None:
    module = AnsibleModule(argument_spec=APPLY_SPEC, supports_check_mode=True, **APPLY_CONSTRAINTS)
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
