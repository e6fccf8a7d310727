{{/* What the operator may do, in both scopes. Tests hold every call it makes against this list: nothing more, nothing less. */}}

{{- define "segue.operator.rules" -}}
- apiGroups: [segue.dev]
  resources: [trackbatches, trainingruns]
  # delete: ttlSecondsAfterFinished
  verbs: [list, watch, delete]
- apiGroups: [segue.dev]
  resources: [trackbatches/status, trainingruns/status]
  verbs: [patch]
# Owner references that block deletion need it where OwnerReferencesPermissionEnforcement is on.
- apiGroups: [segue.dev]
  resources: [trackbatches/finalizers, trainingruns/finalizers]
  verbs: [update]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [sparkoperator.k8s.io]
  resources: [sparkapplications]
  verbs: [get, list, watch, create, patch, delete]
# Why a pod does not start.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# When to try again what a quota had no room for.
- apiGroups: [""]
  resources: [resourcequotas]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}
