# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The order in which Go writes the fields of a pod template, and which empty ones it still writes.

The hash of a template is over that text. Source: k8s.io/api core/v1 types.go and apimachinery meta/v1 types.go (v0.34);
a field without "!" is left out when empty; "!" fields are always written; names after a colon are nested types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core import gojson, quantity

_TYPES: dict[str, str] = {
    "PodTemplateSpec": "metadata!:ObjectMeta spec!:PodSpec",
    "ObjectMeta": "name generateName namespace selfLink uid resourceVersion generation labels annotations ownerReferences "
    "finalizers managedFields",
    "PodSpec": "volumes:Volume[] initContainers:Container[] containers!:Container[] ephemeralContainers restartPolicy "
    "terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount "
    "automountServiceAccountToken nodeName hostNetwork hostPID hostIPC shareProcessNamespace securityContext "
    "imagePullSecrets:LocalObjectReference[] hostname subdomain affinity schedulerName tolerations:Toleration[] hostAliases "
    "priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead "
    "topologySpreadConstraints:TopologySpread[] setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources",
    "Container": "name! image command args workingDir ports:ContainerPort[] envFrom:EnvFrom[] env:EnvVar[] resources!:Resources "
    "resizePolicy restartPolicy restartPolicyRules volumeMounts:VolumeMount[] volumeDevices livenessProbe:Probe "
    "readinessProbe:Probe startupProbe:Probe lifecycle:Lifecycle terminationMessagePath terminationMessagePolicy "
    "imagePullPolicy securityContext:SecurityContext stdin stdinOnce tty",
    "ContainerPort": "name hostPort containerPort! protocol hostIP",
    "EnvVar": "name! value valueFrom:EnvSource",
    "EnvSource": "fieldRef:FieldRef resourceFieldRef configMapKeyRef:KeyRef secretKeyRef:KeyRef fileKeyRef",
    "FieldRef": "apiVersion fieldPath!",
    "KeyRef": "name key! optional",
    "EnvFrom": "prefix configMapRef:NameRef secretRef:NameRef",
    "NameRef": "name optional",
    "LocalObjectReference": "name",
    "Resources": "limits:Quantities requests:Quantities claims",
    "VolumeMount": "name! readOnly recursiveReadOnly mountPath! subPath mountPropagation subPathExpr",
    "Probe": "exec httpGet:HTTPGet tcpSocket:TCPSocket grpc initialDelaySeconds timeoutSeconds periodSeconds successThreshold "
    "failureThreshold terminationGracePeriodSeconds",
    "HTTPGet": "path port! host scheme httpHeaders",
    "TCPSocket": "port! host",
    "Lifecycle": "postStart:Handler preStop:Handler stopSignal",
    "Handler": "exec httpGet:HTTPGet tcpSocket:TCPSocket sleep",
    "SecurityContext": "capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot "
    "readOnlyRootFilesystem allowPrivilegeEscalation procMount seccompProfile appArmorProfile",
    "Toleration": "key operator value effect tolerationSeconds",
    "TopologySpread": "maxSkew! topologyKey! whenUnsatisfiable! labelSelector minDomains nodeAffinityPolicy nodeTaintsPolicy matchLabelKeys",
    "Volume": "name! hostPath emptyDir:EmptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret:SecretVolume nfs iscsi glusterfs "
    "persistentVolumeClaim:ClaimVolume rbd flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap:ConfigVolume "
    "vsphereVolume quobyte azureDisk photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image",
    "EmptyDir": "medium sizeLimit",
    "SecretVolume": "secretName items:KeyToPath[] defaultMode optional",
    "ConfigVolume": "name items:KeyToPath[] defaultMode optional",
    "KeyToPath": "key! path! mode",
    "ClaimVolume": "claimName! readOnly",
}
_POINTERS = frozenset(
    (
        "runAsUser",
        "runAsGroup",
        "runAsNonRoot",
        "readOnlyRootFilesystem",
        "allowPrivilegeEscalation",
        "privileged",
        "optional",
        "defaultMode",
        "terminationGracePeriodSeconds",
        "activeDeadlineSeconds",
        "automountServiceAccountToken",
        "enableServiceLinks",
        "tolerationSeconds",
        "shareProcessNamespace",
        "priority",
        "mode",
        "hostUsers",
        "setHostnameAsFQDN",
    )
)


def text(template: Mapping[str, Any]) -> str:
    """Return the template as Go marshals its typed form."""
    return gojson.dumps(_typed(template, "PodTemplateSpec"), sort=False)


def typed(value: Any, kind: str, types: Mapping[str, str]) -> Any:
    """Return `value` with its fields in the order of a Go type; `types` in the notation of this file."""
    return _typed(value, kind, types)


def _typed(value: Any, kind: str, types: Mapping[str, str] = _TYPES) -> Any:
    if kind.endswith("[]") and value is None:
        return None  # Go writes a slice that was never made as null
    if kind.endswith("[]"):
        return [_typed(item, kind[:-2], types) for item in value]
    if kind == "Quantities":
        return {name: quantity.canonical(value[name]) for name in sorted(value or {})}
    if kind not in types:
        return _sorted(value)
    out: dict[str, Any] = {}
    for entry in types[kind].split():
        name, _, inner = entry.partition(":")
        always = name.endswith("!")
        name = name.rstrip("!")
        found = (value or {}).get(name)
        if always:
            out[name] = _typed(found, inner, types) if inner else _zero(found, name)
        elif not _empty(found, name):
            out[name] = _typed(found, inner, types) if inner else _sorted(found)
    return out


def _zero(value: Any, name: str) -> Any:
    if value is not None:
        return _sorted(value)
    return 0 if name in ("containerPort", "port", "maxSkew") else ""


def _empty(value: Any, name: str) -> bool:
    """omitempty: nil, "", 0, false and empty collections; a pointer to one of the scalars is written."""
    if value is None:
        return True
    if isinstance(value, (dict, list)):
        return len(value) == 0 and not isinstance(value, dict)
    return name not in _POINTERS and value in ("", 0, False)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
