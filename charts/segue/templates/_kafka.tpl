{{/* How Kafka is reached: the one place that knows Strimzi's names. */}}

{{- define "segue.kafka.isStrimzi" -}}
{{- if eq .Values.kafka.mode "strimzi" }}true{{ end -}}
{{- end -}}

{{- define "segue.kafka.isSasl" -}}
{{- if hasPrefix "SASL" .Values.kafka.securityProtocol }}true{{ end -}}
{{- end -}}

{{- define "segue.kafka.namespace" -}}
{{- .Values.kafka.strimzi.namespace | default .Release.Namespace -}}
{{- end -}}

{{- define "segue.kafka.port" -}}
{{- $port := index .Values.kafka.strimzi.ports .Values.kafka.securityProtocol -}}
{{- $port | required (printf "kafka.securityProtocol %s has no port in kafka.strimzi.ports" .Values.kafka.securityProtocol) -}}
{{- end -}}

{{- define "segue.kafka.bootstrap" -}}
{{- if .Values.kafka.bootstrap -}}
{{- .Values.kafka.bootstrap -}}
{{- else if include "segue.kafka.isStrimzi" . -}}
{{- printf "%s-kafka-bootstrap.%s.svc:%s" .Values.kafka.strimzi.cluster (include "segue.kafka.namespace" .) (include "segue.kafka.port" .) -}}
{{- else -}}
{{- fail "kafka.bootstrap is empty: with kafka.mode=external, name the brokers as host:port,host:port" -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the CA of the brokers; empty: the CAs of the image. */}}
{{- define "segue.kafka.ca" -}}
{{- if .Values.kafka.ca.secret -}}
{{- .Values.kafka.ca.secret -}}
{{- else if and (include "segue.kafka.isStrimzi" .) (hasSuffix "SSL" .Values.kafka.securityProtocol) -}}
{{- printf "%s-cluster-ca-cert" .Values.kafka.strimzi.cluster -}}
{{- end -}}
{{- end -}}

{{/* Whether the chart makes a KafkaUser for each program: it does unless credentials are given. */}}
{{- define "segue.kafka.makesUsers" -}}
{{- if and (include "segue.kafka.isStrimzi" .) (include "segue.kafka.isSasl" .) (not .Values.kafka.credentials.username) }}true{{ end -}}
{{- end -}}
