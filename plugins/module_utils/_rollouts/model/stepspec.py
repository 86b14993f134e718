# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The order in which Go writes the fields of canary steps; the hash of the steps is over that text.

Source: argo-rollouts v1.9 pkg/apis/rollouts/v1alpha1/types.go (CanaryStep). Notation as in podspec.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core import gojson
from . import podspec

_TYPES: dict[str, str] = {
    "Step": "setWeight pause:Pause experiment:Experiment analysis:Analysis setCanaryScale:Scale setHeaderRoute:HeaderRoute "
    "setMirrorRoute:MirrorRoute plugin:Plugin",
    "Pause": "duration",
    "Scale": "weight replicas matchTrafficWeight",
    "Experiment": "templates!:ExperimentTemplate[] duration analyses:ExperimentAnalysis[] dryRun analysisRunMetadata!:RunMetadata",
    "ExperimentTemplate": "name! specRef! replicas metadata:PodMetadata selector weight service:ExperimentService",
    "ExperimentService": "name",
    "PodMetadata": "labels annotations",
    "ExperimentAnalysis": "name! templateName! clusterScope args:Argument[] requiredForCompletion",
    "Analysis": "templates:TemplateRef[] args:Argument[] dryRun measurementRetention analysisRunMetadata!:RunMetadata",
    "RunMetadata": "labels annotations",
    "TemplateRef": "templateName clusterScope",
    "Argument": "name! value valueFrom:ValueFrom",
    "ValueFrom": "podTemplateHashValue fieldRef",
    "HeaderRoute": "name match:HeaderMatch[]",
    "HeaderMatch": "headerName! headerValue!:StringMatch",
    "StringMatch": "exact prefix regex",
    "MirrorRoute": "name match:RouteMatch[] percentage",
    "RouteMatch": "method:StringMatch path:StringMatch headers",
    "Plugin": "name! config",
}


def text(steps: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the steps as Go marshals their typed form; no steps are null."""
    if not steps:
        return "null"
    return gojson.dumps(podspec.typed(list(steps), "Step[]", _TYPES), sort=False)
