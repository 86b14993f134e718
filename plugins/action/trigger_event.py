# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applies Tekton Triggers to one event. The documentation is in the module of the same name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Permanent, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Subject
from ansible_collections.slipway.gitops.plugins.module_utils._spec.trigger import TRIGGER_EVENT_SPEC
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api
from ansible_collections.slipway.gitops.plugins.plugin_utils._action import GitOpsAction, Result

_TOKEN = "X-Gitlab-Token"


class ActionModule(GitOpsAction):
    """Say what an event starts."""

    SPEC = TRIGGER_EVENT_SPEC

    def perform(self, options: dict[str, Any]) -> Result:
        documents = self.load(options)
        listener = api.Listener(documents, options["listener"], self._secrets(options))
        found = listener.handle(api.make(self._event(options["event"], options["token"])))
        subject = Subject("EventListener", listener.namespace, listener.name)
        for trigger in found.triggers:
            phase = "Succeeded" if trigger.fired else "Skipped"
            self.events.emit(
                subject,
                phase,
                reason="Fired" if trigger.fired else "Refused",
                message=f"{trigger.name}: {trigger.reason}",
            )
            for text in trigger.warnings:
                self.warn(f"{trigger.name}: {text}")
        failure = self._create(options, found.created) if options["create"] else None
        return Result(
            changed=options["create"] and bool(found.created),
            data={
                "accepted": True,
                "event_id": found.event_id,
                "triggers": [asdict(trigger) for trigger in found.triggers],
                "created": found.created,
                "emulates": api.EMULATED,
            },
            failure=failure,
        )

    def _create(self, options: dict[str, Any], objects: list[dict[str, Any]]) -> SlipwayError | None:
        """Create the objects, each on its own as the EventListener does; return why some could not be."""
        if not objects:
            return None
        client, problems = self.client(options), []
        for obj in objects:
            try:
                client.create(obj, dry_run=self.check_mode)
            except SlipwayError as error:
                problems.append(str(error))
        hint = f"{len(objects) - len(problems)} of {len(objects)} objects were created"
        return Permanent("; ".join(problems), reason="NotCreated", hint=hint) if problems else None

    def _event(self, given: Any, token: str) -> dict[str, Any]:
        if isinstance(given, str) and given.startswith("data:"):
            given = api.unpack(given)
        elif isinstance(given, str):
            documents = yaml.load_path(self.find(given))
            given = documents[0].data if documents else None
        if not isinstance(given, dict):
            raise Invalid("event", "must be a mapping with path, method, headers and body, or a file that holds one")
        if not token:
            return given
        headers = {
            name: value for name, value in (given.get("headers") or {}).items() if name.lower() != _TOKEN.lower()
        }
        return {**given, "headers": {**headers, _TOKEN: token}}

    def _secrets(self, options: dict[str, Any]) -> Any:
        if not options["secrets_from_cluster"]:
            return lambda _name: None
        client = self.client(options)
        return lambda name: client.get("v1", "Secret", name)
