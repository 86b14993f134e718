# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about routers: names and weights in VirtualServices, canary Ingresses, annotations of load balancers."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import gojson, yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.traffic import ingress, istio, istio_match, nginx
from tests.conformance.adapters.rollouts import calls
from tests.conformance.adapters.rollouts.calls import Many
from tests.conformance.adapters.rollouts.fixtures import rollout, status
from tests.conformance.registry import Case, Row, Skip, adapter, scenario

ISTIO_NAMES, INGRESS = "utils/istio/istio_test.go", "utils/ingress/ingress_test.go"
ISTIO, NGINX = "rollout/trafficrouting/istio/istio_test.go", "rollout/trafficrouting/nginx/nginx_test.go"


@adapter("rollouts", ISTIO_NAMES, "TestGetVirtualServiceNamespaceName")
def names(row: Row) -> None:
    found = istio.split_name(row.value("input"), "")
    assert found == (row.value("expectedName"), row.value("expectedNamespace")), str(found)


@adapter("rollouts", ISTIO_NAMES, "TestGetRolloutVirtualServiceKeys", "TestGetRolloutDesinationRuleKeys")
def istio_keys(row: Row) -> None:
    table: calls.Calls = {
        "istio.GetRolloutVirtualServiceKeys": lambda obj: istio.virtual_service_keys(rollout(obj)),
        "istio.GetRolloutDesinationRuleKeys": lambda obj: istio.destination_rule_keys(rollout(obj)),
    }
    calls.run(row, table)


@adapter("rollouts", INGRESS, "TestDetermineIngressMode")
def mode(row: Row) -> None:
    server = row.fields.get("faKeDiscovery") or {}
    failed = row.fields.get("expectedError") is not None
    if server.get("err") is not None:
        raise Skip("tests that an error of the Kubernetes client is passed on")
    try:
        found = ingress.mode(row.value("apiVersion"), server.get("major") or "", server.get("minor") or "")
    except Invalid as error:
        assert failed, str(error)
        return
    assert not failed
    assert found == row.value("expectedMode"), str(found)


def build_patch(mode_: Any, current: Any, desired: Any, *options: str) -> Many:
    if mode_ not in tuple(ingress.Mode):
        raise Invalid("", "error building annotations patch: undefined ingress mode")
    found = ingress.patch(current, desired, options)
    return Many((gojson.dumps(found), bool(found), None))


def wrapped(api_version: str) -> Any:
    return lambda obj: {"apiVersion": api_version, "kind": "Ingress", **obj}


def canary_ingress(recv: Any, stable: Any, name: str, weight: int) -> Any:
    return nginx.canary_ingress(rollout(recv["cfg"]["Rollout"]), stable, name, weight)


INGRESSES: calls.Calls = {
    "ingress.NewIngress": wrapped("networking.k8s.io/v1"),
    "ingress.NewLegacyIngress": wrapped("extensions/v1beta1"),
    "ingress.GetCanaryIngressName": ingress.canary_name,
    "ingress.GetRolloutIngressKeys": lambda obj: ingress.keys(rollout(obj)),
    "ingress.HasRuleWithService": ingress.has_rule_with_service,
    "ingress.BuildIngressPatch": build_patch,
    "ingress.WithAnnotations": lambda: "annotations",
    "ingress.WithLabels": lambda: "labels",
    "ingress.WithSpec": lambda: "spec",
    "ingress.NewManagedALBActions": ingress.managed_actions,
    "ingress.NewManagedALBAnnotations": ingress.managed_annotations,
    "ingress.ManagedALBActions.String": ingress.managed_actions_text,
    "ingress.ManagedALBAnnotations.String": ingress.managed_annotations_text,
    "ingress.ALBActionAnnotationKey": lambda obj: ingress.alb_action_key(rollout(obj)),
    "ingress.ALBHeaderBasedActionAnnotationKey": lambda obj, name: ingress.alb_action_key(rollout(obj), name),
    "ingress.ALBHeaderBasedConditionAnnotationKey": lambda obj, name: ingress.alb_condition_key(rollout(obj), name),
    "nginx.Reconciler.canaryIngress": canary_ingress,
}


@adapter(
    "rollouts", INGRESS,
    "TestGetRolloutIngressKeysForCanary", "TestGetRolloutIngressKeysForCanaryWithTrafficRouting",
    "TestGetRolloutIngressKeysForCanaryWithTrafficRoutingMultiIngress", "TestGetCanaryIngressName",
    "TestGetCanaryAlbIngressName", "TestHasRuleWithService", "TestBuildIngressPath", "TestManagedALBActions",
    "TestALBActionAnnotationKey", "TestManagedALBAnnotations", "TestALBHeaderBasedActionAnnotationKey",
    "TestALBHeaderBasedConditionAnnotationKey",
)  # fmt: skip
@adapter(
    "rollouts", NGINX,
    "TestCanaryIngressCreate", "TestCanaryIngressPatchWeight", "TestCanaryIngressUpdateRoute",
    "TestCanaryIngressRetainIngressClass", "TestCanaryIngressRetainTLS",
    "TestCanaryIngressRetainTLSWithMultipleStableIngresses", "TestCanaryIngressRetainLegacyTLS",
    "TestCanaryIngressNotAddTLS", "TestCanaryIngressNotAddLegacyTLS", "TestCanaryIngressAdditionalAnnotations",
    "TestCanaryIngressAdditionalAnnotationsNewIngress", "TestCanaryIngressRetainCurrentAnnotations",
    "TestCanaryIngressMaxWeightInTrafficRouting", "TestReconciler_canaryIngress",
)  # fmt: skip
def ingresses(row: Row) -> None:
    calls.run(row, INGRESSES)


def virtual_service(text: str) -> Any:
    return yaml.load_all(text, "virtualservice.yaml")[0].data


def reconcile(recv: Any, service: Any, names: Any, tls: Any, tcp: Any, weight: int, *more: Any) -> Many:
    obj = recv["rollout"]
    ro, wanted = rollout(obj), {"routes": names, "tlsRoutes": tls, "tcpRoutes": tcp}
    extra = [istio.Additional(one["serviceName"], int(one.get("weight") or 0)) for one in more]
    found = istio.set_weight(service, wanted, istio.roles(ro, status(obj)), weight, extra, istio.managed_routes(ro))
    return Many((found, found != service, None))


def malformed(_patches: Any, *routes: Any) -> None:
    for kind, entries in zip(istio_match.KINDS, routes, strict=True):
        istio_match.checked(entries, kind)


def validate(kind: str) -> Any:
    def call(obj: Any, wanted: Any, entries: Any) -> None:
        ro = rollout(obj)
        who = istio.roles(ro, status(obj))
        istio.validate(kind, entries or [], {istio_match.FIELDS[kind]: wanted}, who, istio.managed_routes(ro))

    return call


def destinations(entries: Any, stable: str, canary: str, rule: Any) -> None:
    settings = {
        "stableService": stable,
        "canaryService": canary,
        "trafficRouting": {"istio": {"destinationRule": rule}},
    }
    ro = rollout({"spec": {"strategy": {"canary": settings}}})
    istio.validate_destinations(entries or [], istio.roles(ro, {}))


ROUTES: calls.Calls = {
    "unstructured.StrToUnstructuredUnsafe": virtual_service,
    "istio.Reconciler.reconcileVirtualService": reconcile,
    "istio.virtualServicePatches.patchVirtualService": malformed,
    "istio.ValidateHTTPRoutes": validate("http"),
    "istio.ValidateTlsRoutes": validate("tls"),
    "istio.ValidateTcpRoutes": validate("tcp"),
    "istio.validateVirtualServiceRouteDestinations": destinations,
    "istio.MultipleVirtualServiceConfigured": lambda obj: istio.multiple(rollout(obj)),
    "istio.getHttpRouteIndexesToPatch": istio_match.http_indexes,
    "istio.getTlsRouteIndexesToPatch": istio_match.tls_indexes,
    "istio.getTcpRouteIndexesToPatch": istio_match.tcp_indexes,
}


@adapter(
    "rollouts", ISTIO,
    "TestTlsSniReconcileWeightsBaseCase", "TestTlsPortAndSniReconcileWeightsBaseCase", "TestReconcileWeightsBaseCase",
    "TestReconcileWeightsPingPongBaseCase", "TestHttpReconcileInvalidVsvc", "TestTlsReconcileInvalidVsvc",
    "TestTcpReconcileInvalidVsvc", "TestInvalidPatches", "TestValidateHTTPRoutes", "TestValidateTLSRoutes",
    "TestValidateTCPRoutes", "TestValidateHosts", "TestValidateHTTPRoutesSubsets", "TestMultipleVirtualServiceConfigured",
    "TestMultipleVirtualServiceReconcileWeightsBaseCase", "TestGetHttpRouteIndexesToPatch",
)  # fmt: skip
def routes(row: Row) -> None:
    calls.run(row, ROUTES)


@scenario("rollouts/istio")
def weights(case: Case) -> None:
    before = yaml.load_path(str(case.path / case.meta["before"]))[0].data
    ro = rollout({"spec": {"strategy": case.meta["rollout_strategy"]}})
    wanted = istio.virtual_services(ro.traffic)[0]
    after = istio.set_weight(before, wanted, istio.roles(ro, {}), case.meta["set_weight"])
    for expected in case.meta["expected"]:
        kind, _slash, index = expected["route"].partition("/")
        entries = after["spec"][kind][int(index)]["route"]
        found = {istio.short_host(entry["destination"]): entry.get("weight", 0) for entry in entries}
        assert found == expected["weights"], f"{expected['route']}: {found}"
