{{/* Labels of every object of this chart itself. Takes (dict "root" $ "component" NAME). */}}
{{- define "segue-stack.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{ include "segue-stack.selector" . }}
app.kubernetes.io/part-of: segue
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end -}}

{{- define "segue-stack.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "segue-stack.kafka.isOurs" -}}
{{- if and .Values.kafka.create (eq .Values.segue.kafka.mode "strimzi") }}true{{ end -}}
{{- end -}}

{{- define "segue-stack.kafka.isSecured" -}}
{{- if eq .Values.segue.kafka.securityProtocol "SASL_SSL" }}true{{ end -}}
{{- end -}}

{{/* Priority class of brokers and databases; empty for none. */}}
{{- define "segue-stack.priorityClass" -}}
{{- $default := ternary (printf "%s-%s-servers" .Release.Namespace .Release.Name) "" .Values.priorityClass.create -}}
{{- .Values.priorityClass.name | default $default -}}
{{- end -}}

{{/* Pods of Segue that speak with its servers. */}}
{{- define "segue-stack.clients" -}}
- namespaceSelector:
    {{- if eq .Values.segue.scope "Cluster" }} {}
    {{- else }}
    matchExpressions:
      - {key: kubernetes.io/metadata.name, operator: In, values: {{ concat (list .Release.Namespace) .Values.segue.watchNamespaces | uniq | toJson }}}
    {{- end }}
  podSelector:
    matchExpressions:
      - {key: segue.dev/component, operator: In, values: [extract, sink, verify, train]}
{{- end -}}
