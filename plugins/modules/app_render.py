# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: app_render
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Render the objects of an Argo CD Application
description:
  - Returns what Git wants, with the destination's namespace and the tracking annotation. Nothing is changed.
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
    support: none
  action: {}
  async: {}
  action_group: {}
"""

EXAMPLES = r"""
- name: Look at what the application is made of
  slipway.gitops.app_render:
    src:
      - application.yaml
  register: rendered
"""

RETURN = r"""
manifests:
  description: The objects.
  type: list
  elements: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.app import APP_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=APP_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()
