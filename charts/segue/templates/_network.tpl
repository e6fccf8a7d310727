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

{{/* Whether Strimzi's brokers are the peers. */}}
{{- define "segue.network.isOurKafka" -}}
{{- if and (include "segue.kafka.isStrimzi" .) (not .Values.networkPolicies.kafka.to) }}true{{ end -}}
{{- end -}}

{{/* Ports of the brokers, as JSON {"items": []}: those that the bootstrap names, and the listener's or the values'. */}}
{{- define "segue.network.kafkaPorts" -}}
{{- $ports := list -}}
{{- range .Values.kafka.bootstrap | splitList "," | compact }}
{{- $ports = append $ports (splitList ":" . | last | int) -}}
{{- end }}
{{- $others := .Values.networkPolicies.kafka.ports -}}
{{- if include "segue.network.isOurKafka" . }}
{{- $others = list (include "segue.kafka.port" .) -}}
{{- end }}
{{- range $others }}
{{- $ports = append $ports (int .) -}}
{{- end }}
{{- dict "items" ($ports | uniq) | toJson -}}
{{- end -}}

{{- define "segue.network.kafka" -}}
{{- include "segue.network.ports" (include "segue.network.kafkaPorts" . | fromJson).items }}
{{- if include "segue.network.isOurKafka" . }}
to:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ include "segue.kafka.namespace" . }}
    podSelector:
      matchLabels:
        strimzi.io/cluster: {{ .Values.kafka.strimzi.cluster }}
        strimzi.io/kind: Kafka
{{- else }}
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
