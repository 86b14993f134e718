# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Projects, sync windows and the files of sources: what no vector shows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import projects, webhooks, windows
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.source import directory
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.source.files import Place, value_files

NOON = datetime(2030, 6, 5, 12, 30, tzinfo=UTC)
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def window(kind: str, schedule: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "schedule": schedule, "duration": "1h", "applications": ["*"], **more}


def test_a_window_opens_by_the_clock_of_its_time_zone() -> None:
    there = window("allow", "0 14 * * *", timeZone="Europe/Berlin")
    assert windows.is_active(there, NOON)
    assert not windows.is_active({**there, "timeZone": "UTC"}, NOON)


def test_a_running_sync_goes_on_when_every_deny_window_lets_it() -> None:
    begun = datetime(2030, 6, 5, 11, 50, tzinfo=UTC)
    soft, hard = window("deny", "0 12 * * *", syncOverrun=True), window("deny", "0 12 * * *")
    assert windows.can_sync([soft], NOON, manual=False, started=begun)
    assert not windows.can_sync([soft, hard], NOON, manual=False, started=begun)
    assert not windows.can_sync([soft], NOON, manual=False)


def test_a_name_in_the_cluster_whitelist_narrows_it() -> None:
    spec = {"clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "team-*"}]}
    assert projects.kind_permitted(spec, "", "Namespace", "team-a", namespaced=False)
    assert not projects.kind_permitted(spec, "", "Namespace", "kube-system", namespaced=False)


def test_a_push_without_a_list_of_files_touches_everything() -> None:
    assert webhooks.files_changed(["apps/shop"], [])
    assert webhooks.files_changed(["apps/shop"], ["apps/shop/base/x.yaml"])
    assert not webhooks.files_changed(["apps/shop"], ["apps/shopping/x.yaml"])


def found(base: Path, **options: Any) -> list[str]:
    return [one["kind"] for one in directory.manifests(options, str(base), str(base.parent), "app")]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "a.yaml").write_text(CONFIG)
    return folder


def test_a_link_out_of_the_repository_is_refused_and_one_to_nowhere_passed_over(app: Path) -> None:
    (app / "gone.yaml").symlink_to(app / "nothing.yaml")
    assert found(app) == ["ConfigMap"]
    (app / "passwd.yaml").symlink_to("/etc/passwd")
    with pytest.raises(Invalid, match=r"illegal filepath in symlink at .app/passwd\.yaml"):
        found(app)


def test_jsonnet_is_refused_by_its_name(app: Path) -> None:
    (app / "main.jsonnet").write_text("{}")
    with pytest.raises(Refused, match=r"app/main\.jsonnet is Jsonnet"):
        found(app)
    assert found(app, exclude="*.jsonnet") == ["ConfigMap"]


def test_what_is_no_yaml_counts_only_when_it_looks_like_a_manifest(app: Path) -> None:
    (app / "notes.yaml").write_text("a: [b\n")
    assert found(app) == ["ConfigMap"]
    (app / "notes.yaml").write_text("apiVersion: v1\nkind: X\nmetadata: [b\n")
    with pytest.raises(Invalid):
        found(app)


def test_a_list_of_nothing_holds_nothing(app: Path) -> None:
    (app / "list.yaml").write_text("apiVersion: v1\nkind: List\nitems: null\n")
    assert found(app) == ["ConfigMap"]


def test_value_files_stand_where_their_pattern_stands_and_come_once(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "sub/c.yaml"):
        (tmp_path / "env" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "env" / name).write_text("")
    place = Place(base=str(tmp_path), root=str(tmp_path))
    names = [str(Path(path).relative_to(tmp_path)) for path in value_files(["/env/**/*.yaml", "env/a.yaml"], place, [])]
    assert names == ["env/b.yaml", "env/sub/c.yaml", "env/a.yaml"]


def test_a_value_file_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "secret.yaml").write_text("")
    (tmp_path / "repo" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    place = Place(base=str(tmp_path / "repo"), root=str(tmp_path / "repo"))
    for path in ("../secret.yaml", "link.yaml", "*.yaml"):
        with pytest.raises(Invalid, match="outside repository root"):
            value_files([path], place, [])
