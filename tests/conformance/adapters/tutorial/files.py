# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tutorial's own files: each loads and is understood by its engine, or is refused with file and line.

`parses: false` must be refused with a place. Kinds of Kubernetes and Istio need apiVersion, kind and a name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._gitops import api as gitops
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.rollout import read
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api as triggers
from tests.conformance.registry import Case, scenario


def _tekton(documents: Sequence[Document]) -> None:
    tekton.parse(documents)


def _triggers(documents: Sequence[Document]) -> None:
    if documents[0].data["kind"] == "EventListener":
        triggers.Listener(documents)


def _argo(documents: Sequence[Document]) -> None:
    obj = documents[0].data
    if obj["kind"] == "Application":
        gitops.applications(documents)
    elif obj["kind"] == "Rollout":
        read(obj)


ENGINES: dict[str, Callable[[Sequence[Document]], None]] = {
    "tekton.dev": _tekton,
    "triggers.tekton.dev": _triggers,
    "argoproj.io": _argo,
}


@scenario("tutorial")
def understood(case: Case) -> None:
    file = case.path / str(case.meta["file"])
    if file.suffix == ".json":
        assert isinstance(json.loads(file.read_text()), dict)
        return
    try:
        documents = yaml.load_path(str(file))
        _check(documents, case)
    except SlipwayError as error:
        assert not case.meta["parses"], str(error)
        assert error.at is not None, str(error)
        assert error.at.line, str(error)
        return
    assert case.meta["parses"], f"{file.name} was understood and should be refused"


def _check(documents: Sequence[Document], case: Case) -> None:
    if "fragment" in str(case.meta["file"]):
        return
    if not documents or not isinstance(documents[0].data, dict):
        raise Invalid("", "holds no object", at=documents[0].place() if documents else None)
    obj = documents[0].data
    for name in ("apiVersion", "kind"):
        if not obj.get(name):
            raise Invalid(name, "is missing", at=documents[0].place())
    if not obj.get("metadata"):  # shown as a part of an object: it loads, there is nothing to plan
        return
    engine = ENGINES.get(str(obj["apiVersion"]).rpartition("/")[0])
    if engine:
        engine(documents)
