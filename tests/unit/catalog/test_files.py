# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every file of the catalog must have, so that it can be used as it is, here and on a real Tekton."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml as documents
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

CATALOG = Path(__file__).resolve().parents[3] / "catalog"
TASKS = sorted((CATALOG / "tasks").glob("*.yaml"))
PIPELINES = sorted((CATALOG / "pipelines").glob("*.yaml"))
NOTES = ("pipelines.minVersion", "categories", "tags", "displayName", "platforms")
# What may stand in a script: paths that Tekton chooses. Values of others come by env and args.
SAFE = re.compile(r"\$\((?:results\.[\w-]+\.path|workspaces\.[\w-]+\.path)\)")
REFERENCE = re.compile(r"\$\((?:params|tasks|context|results|workspaces|steps)[.\[][^)]*\)")


def load(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    return list(load(file)["spec"]["steps"])


def name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


@pytest.mark.parametrize("file", [*TASKS, *PIPELINES], ids=name)
def test_a_file_holds_one_v1_object_of_its_name_with_the_marks_of_the_tekton_catalog(file: Path) -> None:
    obj = load(file)
    assert (obj["apiVersion"], obj["metadata"]["name"]) == ("tekton.dev/v1", file.stem)
    assert obj["metadata"]["labels"]["app.kubernetes.io/version"]
    assert all(obj["metadata"]["annotations"][f"tekton.dev/{note}"] for note in NOTES)


@pytest.mark.parametrize("file", [*TASKS, *PIPELINES], ids=name)
def test_everything_that_a_user_gives_or_gets_is_described(file: Path) -> None:
    spec = load(file)["spec"]
    assert spec["description"]
    for part in ("params", "workspaces", "results"):
        assert [one["name"] for one in spec.get(part, []) if not one.get("description")] == []


@pytest.mark.parametrize("file", TASKS, ids=name)
def test_images_are_pinned_by_a_tag(file: Path) -> None:
    tags = [step["image"].rpartition("/")[2].partition(":")[2] for step in steps(file)]
    assert [tag for tag in tags if not re.search(r"\d", tag)] == []


@pytest.mark.parametrize("file", TASKS, ids=name)
def test_no_value_is_put_into_the_text_of_a_script(file: Path) -> None:
    left = [SAFE.sub("", str(step.get("script", ""))) for step in steps(file)]
    assert [found for text in left for found in REFERENCE.findall(text)] == []


@pytest.mark.parametrize("file", TASKS, ids=name)
def test_a_shell_never_runs_what_it_is_given_as_text(file: Path) -> None:
    for step in steps(file):
        assert not re.search(r"\beval\b|\b(?:ba)?sh\s+-c\b|shell=True|os\.system", str(step.get("script", "")))


@pytest.mark.parametrize("file", sorted((CATALOG / "tests").glob("*.yaml")), ids=name)
def test_a_test_run_is_accepted_together_with_the_catalog(file: Path) -> None:
    found = [one for path in (*TASKS, *PIPELINES, file) for one in documents.load_path(str(path))]
    bundle = api.parse(found)
    assert len(bundle.names("TaskRun")) + len(bundle.names("PipelineRun")) == 1


def test_the_readme_lists_every_file() -> None:
    text = (CATALOG / "README.md").read_text()
    assert [file.stem for file in (*TASKS, *PIPELINES) if f"/{file.name})" not in text] == []
