# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: app_diff
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Show what a sync of an Argo CD Application would change
description:
  - Compares what Git wants with what is live, by a server-side dry run.
  - Changes nothing; RV(ignore:changed) says whether there is a difference.
extends_documentation_fragment:
  - slipway.gitops._attributes
  - slipway.gitops._attributes.k8s
  - slipway.gitops._source
  - slipway.gitops._app
  - slipway.gitops._auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  action: {}
  async: {}
  action_group: {}
"""

EXAMPLES = r"""
- name: Show the difference
  slipway.gitops.app_diff:
    src:
      - application.yaml
  diff: true
"""

RETURN = r"""
sync_status:
  description: V(Synced) or V(OutOfSync).
  type: str
  returned: success
  sample: OutOfSync
revision:
  description: The commit that was compared.
  type: str
  returned: success
  sample: 5f2a8c0e6d1b4f3a9c7e8d2b1a0f9e8d7c6b5a4f
differing:
  description: The objects that differ.
  type: list
  elements: str
  returned: success
  sample:
    - apps/Deployment hello/hello
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.app import APP_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=APP_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()
