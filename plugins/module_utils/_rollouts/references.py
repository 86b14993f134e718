# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Fetches what a Rollout refers to and refuses before anything is changed when it does not fit.

The rules are model/validate_references.py's; this file only looks things up.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._core.errors import Invalid
from .._core.types import Manifest
from .act.world import World
from .analysis.template import Find, collect
from .model.rollout import Rollout
from .model.validate_analyses import BACKGROUND, INLINE, POST_PROMOTION, PRE_PROMOTION, Analyses
from .model.validate_references import Referenced, validate_referenced, validate_virtual_service_choice
from .traffic import istio


def refuse_unfit(ro: Rollout, world: World, find: Find) -> None:
    """Raise Invalid for the first mistake in the Services, VirtualServices and AnalysisTemplates of a Rollout."""
    choice = validate_virtual_service_choice(ro.manifest)
    problems = [choice] if choice else validate_referenced(ro.manifest, _referenced(ro, world, find))
    if problems:
        raise Invalid(problems[0].field, problems[0].message, obj=f"Rollout {ro.namespace}/{ro.name}")


def _referenced(ro: Rollout, world: World, find: Find) -> Referenced:
    return Referenced(
        services=list(_services(ro, world)),
        analyses=list(_analyses(ro, find)),
        virtual_services=[world.router(wanted) for wanted in istio.virtual_services(ro.traffic)],
    )


def _services(ro: Rollout, world: World) -> Iterator[tuple[str, Manifest]]:
    given = [("StableService", ro.stable_service), ("CanaryService", ro.canary_service)]
    given += [
        ("ActiveService", str(ro.blue_green.get("activeService") or "")),
        ("PreviewService", str(ro.blue_green.get("previewService") or "")),
    ]
    for kind, name in given:
        service = world.service(name) if name else None
        if service is not None:
            yield kind, service


def _analyses(ro: Rollout, find: Find) -> Iterator[Analyses]:
    given = [(BACKGROUND, 0, ro.canary.get("analysis"))]
    given += [(INLINE, index, step.get("analysis")) for index, step in enumerate(ro.steps)]
    given += [(PRE_PROMOTION, 0, ro.blue_green.get("prePromotionAnalysis"))]
    given += [(POST_PROMOTION, 0, ro.blue_green.get("postPromotionAnalysis"))]
    for kind, step, analysis in given:
        if not analysis:
            continue
        found = collect(analysis.get("templates") or [], find)
        yield Analyses(
            kind=kind,
            templates=[item for cluster, item in found if not cluster],
            cluster_templates=[item for cluster, item in found if cluster],
            args=analysis.get("args") or [],
            step=step,
        )
