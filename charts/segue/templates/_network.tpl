{{/* Rules of the NetworkPolicies: each one peer list with its ports. */}}

{{- define "segue.network.ports" -}}
ports:
{{- range . }}
  - {protocol: TCP, port: {{ . | int }}}
{{- end }}
{{- end -}}

{{/* Takes (dict "root" $ "ports" LIST). */}}
{{- define "segue.network.scrape" -}}
{{- include "segue.network.ports" .ports }}
{{- with .root.Values.networkPolicies.metrics.from }}
from:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "segue.network.dns" -}}
ports:
{{- range .Values.networkPolicies.dns.ports }}
  - {protocol: UDP, port: {{ . | int }}}
  - {protocol: TCP, port: {{ . | int }}}
{{- end }}
{{- with .Values.networkPolicies.dns.to }}
to:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* No selector finds the API server: it runs on the node's network or outside the cluster. */}}
{{- define "segue.network.apiServer" -}}
{{- include "segue.network.ports" .Values.networkPolicies.apiServerPorts }}
{{- end -}}

{{- define "segue.network.kafka" -}}
{{- $isOurs := and (include "segue.kafka.isStrimzi" .) (not .Values.networkPolicies.kafka.to) -}}
{{- if $isOurs -}}
{{- include "segue.network.ports" (list (include "segue.kafka.port" .)) }}
to:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ include "segue.kafka.namespace" . }}
    podSelector:
      matchLabels:
        strimzi.io/cluster: {{ .Values.kafka.strimzi.cluster }}
        strimzi.io/kind: Kafka
{{- else -}}
{{- include "segue.network.ports" .Values.networkPolicies.kafka.ports }}
{{- with .Values.networkPolicies.kafka.to }}
to:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "segue.network.mongodb" -}}
{{- include "segue.network.ports" .Values.networkPolicies.mongodb.ports }}
{{- with .Values.networkPolicies.mongodb.to }}
to:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
