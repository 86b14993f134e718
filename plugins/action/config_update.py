# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commits values to the config repository. The documentation is in the module of the same name."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Subject
from ansible_collections.slipway.gitops.plugins.module_utils._git.command import Credentials
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.config import api
from ansible_collections.slipway.gitops.plugins.module_utils._spec.config_update import CONFIG_UPDATE_SPEC
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction, Result

SKIP_CI = "[skip ci]"


class ActionModule(GitOpsAction):
    """Set images and values, commit, push."""

    SPEC = CONFIG_UPDATE_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        update = api.Update(
            repository=options["repository"],
            branch=options["branch"],
            path=options["path"],
            images=options["images"],
            values=options["values"],
            message=options["commit_message"] + (f"\n\n{SKIP_CI}" if options["skip_ci"] else ""),
            author=options["author_name"],
            email=options["author_email"],
        )
        done = api.apply(
            update,
            Credentials(options["username"] or "", options["password"] or "", url=options["repository"]),
            push=options["push"],
            dry_run=self.check_mode,
            retries=options["retries"],
            work_dir=options["work_dir"] or "",
            cancel=self.cancel,
        )
        changed = bool(done.diff)
        text = f"{done.commit[:8]}: {', '.join(done.files)}" if changed else f"nothing to change at {done.commit[:8]}"
        subject = Subject("Repository", "", options["repository"])
        self.events.emit(
            subject,
            "Changed" if changed else "Succeeded",
            reason="Committed",
            message=text,
            data={"commit": done.commit},
        )
        return Result(
            changed=changed,
            data={
                "commit": done.commit,
                "previous_commit": done.previous,
                "revision": done.commit,
                "files": list(done.files),
                "pushed": done.pushed,
            },
            diff=[{"prepared": done.diff + "\n"}] if changed else [],
        )
