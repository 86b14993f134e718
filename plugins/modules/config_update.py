# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: config_update
author: slipway contributors (@slipway-gitops)
version_added: 0.1.0
short_description: Commit an image or a value to the config repository
description:
  - Sets images in a kustomization or in plain YAML, and single values in any YAML file, then commits and pushes.
  - Exactly the changed lines differ; comments and quotes stay.
  - Values that are there already make no commit.
  - When somebody else has pushed in between, the change is made again on top of theirs.
extends_documentation_fragment:
  - slipway.gitops._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  action: {}
  async: {}
options:
  repository:
    description: URL or path of the repository.
    type: str
    required: true
  branch:
    description: Branch to commit to.
    type: str
    default: main
  path:
    description: Folder of the kustomization or of the plain YAML.
    type: str
    default: .
  images:
    description: Images to set. In a kustomization the entry of C(images) with this name is changed.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the image in the configuration.
        type: str
        required: true
      new_name:
        description: Name to use instead.
        type: str
      new_tag:
        description: Tag to use.
        type: str
      digest:
        description: Digest to use, such as V(sha256:...). It takes the place of a tag.
        type: str
  values:
    description: Single values to set.
    type: list
    elements: dict
    default: []
    suboptions:
      file:
        description: File below O(path).
        type: str
        required: true
      path:
        description:
          - Path in the file, such as V(image.tag), V(spec.containers[0].image) or V(data["app.yaml"]).
          - A missing last key is added. In a file with several documents the first one that has the path is meant.
        type: str
        required: true
      value:
        description:
          - The new value, a single one. Text keeps the quotes that were there, and is quoted where it would be read as
            something else.
          - Text of a whole number in the place of a plain number stays a plain number.
        type: raw
        required: true
  commit_message:
    description: Message of the commit.
    type: str
    default: Update images
  author_name:
    description: Name of the author.
    type: str
    default: slipway
  author_email:
    description: Address of the author.
    type: str
    default: slipway@localhost
  skip_ci:
    description: Whether to add V([skip ci]) to the message, so that GitLab and GitHub start no pipeline for the commit.
    type: bool
    default: false
  push:
    description: Whether to push. Without it nothing is kept of the commit, the clone is private to the task.
    type: bool
    default: true
  retries:
    description: How often to try to push at most.
    type: int
    default: 5
  work_dir:
    description: Folder below which the private clone is made, and removed again. The system's folder for temporary files
      by default.
    type: path
  username:
    description: User for the repository. Without it, Git's own configuration is used.
    type: str
  password:
    description: Password or token for the repository. It is sent to the server of O(repository) only.
    type: str
    aliases:
      - token
"""

EXAMPLES = r"""
- name: Deploy the image that the pipeline pushed
  slipway.gitops.config_update:
    repository: https://git.example.com/hello-config.git
    path: overlays/demo
    images:
      - name: hello
        digest: "{{ pipeline.results['image-digest'] }}"

- name: Set a value of a Helm chart
  slipway.gitops.config_update:
    repository: https://git.example.com/hello-config.git
    path: chart
    values:
      - file: values.yaml
        path: image.tag
        value: v2
"""

RETURN = r"""
commit:
  description: Head of the branch afterwards.
  type: str
  returned: success
  sample: 5f2a8c0e6d1b4f3a9c7e8d2b1a0f9e8d7c6b5a4f
previous_commit:
  description: Head of the branch before.
  type: str
  returned: success
  sample: 0c9b8a7f6e5d4c3b2a1f0e9d8c7b6a5f4e3d2c1b
revision:
  description: The same as RV(commit), by the name that the sync modules use.
  type: str
  returned: success
  sample: 5f2a8c0e6d1b4f3a9c7e8d2b1a0f9e8d7c6b5a4f
files:
  description: Files that were changed.
  type: list
  elements: str
  returned: success
  sample:
    - overlays/demo/kustomization.yaml
pushed:
  description: Whether a commit was pushed.
  type: bool
  returned: success
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.slipway.gitops.plugins.module_utils._spec.config_update import CONFIG_UPDATE_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._spec.stub import stub


def main() -> None:
    stub(AnsibleModule(argument_spec=CONFIG_UPDATE_SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()
