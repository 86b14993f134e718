# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection works where it is installed, without the repository, from a user's own folder."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from tests.e2e.conftest import BIN, ROOT, git, only, run

PIPELINE = (ROOT / "extensions" / "molecule" / "deliver" / "pipeline.yaml").read_text()


def _variables(folder: Path, state: Path) -> dict[str, object]:
    return {
        "deliver_state_dir": str(state),
        "deliver_claims": {"app": str(folder / "app")},
        "deliver_manifests": [str(folder / "pipeline" / "10-tasks.yaml"), str(folder / "build.yaml")],
        "deliver_pipeline_run": {
            "apiVersion": "tekton.dev/v1",
            "kind": "PipelineRun",
            "metadata": {"generateName": "own-"},
            "spec": {
                "pipelineRef": {"name": "build"},
                "workspaces": [{"name": "source", "persistentVolumeClaim": {"claimName": "app"}}],
            },
        },
    }


def test_deliver_runs_from_the_installed_collection(installed: Path, own_files: Path, tmp_path: Path) -> None:
    (own_files / "build.yaml").write_text(PIPELINE)
    variables = tmp_path / "vars.json"
    variables.write_text(json.dumps(_variables(own_files, tmp_path / "state")))
    result = tmp_path / "result.json"
    done = run(
        str(BIN / "ansible-playbook"),
        "-i",
        "localhost,",
        "slipway.gitops.deliver",
        "-e",
        f"@{variables}",
        cwd=own_files,
        env={**only(installed), "SLIPWAY_RESULT": str(result)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    delivered = json.loads(result.read_text())
    assert delivered["pipeline"]["status"] in ("Succeeded", "Completed")
    assert delivered["commit"] == git(own_files / "app", "rev-parse", "HEAD")


def test_every_module_is_documented_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    names = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("[a-z]*.py"))
    assert names
    wanted = [f"slipway.gitops.{name}" for name in names]
    done = run(
        str(BIN / "ansible-doc"),
        "--json",
        *wanted,
        cwd=tmp_path,
        env=only(installed),
    )
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)) == wanted


def test_the_tarball_holds_no_runner_and_no_tests(installed: Path) -> None:
    with tarfile.open(next(installed.parent.glob("*.tar.gz"))) as tarball:
        tops = {name.split("/")[0] for name in tarball.getnames()}
    assert not tops & {"runner", "tests", ".ci", ".build", "docs", "examples"}
    assert {"plugins", "roles", "playbooks", "meta"} <= tops
