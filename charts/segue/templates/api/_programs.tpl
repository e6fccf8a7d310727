{{/* What the service's pods are told, and how they are kept: shared by the API and the sink of events. */}}

{{/* Environment that every program reads. Takes (dict "root" $ "program" NAME "mongodb" SECRET). */}}
{{- define "segue.program.environment" -}}
{{- $values := .root.Values -}}
{{- $variables := list
  (list "KAFKA_BOOTSTRAP" (include "segue.kafka.bootstrap" .root))
  (list "KAFKA_SECURITY_PROTOCOL" $values.kafka.securityProtocol)
  (list "SEGUE_DATABASE" $values.mongodb.database)
  (list "SEGUE_TOPIC_PREFIX" $values.kafka.topics.prefix)
  (list "SEGUE_TOPIC_CREATE" (and $values.kafka.topics.create (not (include "segue.kafka.isStrimzi" .root)) | toString))
  (list "SEGUE_TOPIC_PARTITIONS" ($values.kafka.topics.partitions | toString))
  (list "SEGUE_METRICS_PORT" "8080")
  (list "SEGUE_LOG_FORMAT" $values.operator.logFormat)
-}}
{{- if include "segue.kafka.ca" .root }}
{{- $variables = append $variables (list "KAFKA_CA_FILE" "/etc/segue/kafka/ca.crt") }}
{{- end }}
{{- $user := $values.kafka.credentials.username }}
{{- $secret := $values.kafka.credentials.secret }}
{{- if include "segue.kafka.makesUsers" .root }}
{{- $user = printf "%s-%s" (include "segue.fullname" .root) .program }}
{{- $secret = $user }}
{{- end }}
{{- if include "segue.kafka.isSasl" .root }}
{{- $variables = append $variables (list "KAFKA_SASL_MECHANISM" $values.kafka.saslMechanism) }}
{{- $variables = append $variables (list "KAFKA_USERNAME" $user) }}
{{- end }}
{{- range $variables }}
- name: {{ first . }}
  value: {{ last . | quote }}
{{- end }}
{{- if include "segue.kafka.isSasl" .root }}
- name: KAFKA_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: {{ $values.kafka.credentials.key }}}
{{- end }}
- name: MONGODB_URI
  valueFrom:
    secretKeyRef: {name: {{ .mongodb }}, key: {{ $values.mongodb.key }}}
{{- end -}}

{{/* Where a pod may run. Takes one program's values. */}}
{{- define "segue.program.scheduling" -}}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A pod without a token and without rights. Takes (dict "root" $ "program" NAME). */}}
{{- define "segue.program.pod" -}}
serviceAccountName: {{ include "segue.fullname" .root }}-{{ .program }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with include "segue.pullSecrets" .root }}
{{ . | trim }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .root.Values.operator.userId }}
  runAsGroup: {{ .root.Values.operator.userId }}
  fsGroup: {{ .root.Values.operator.userId }}
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "segue.program.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  readOnlyRootFilesystem: true
  runAsNonRoot: true
terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}

{{/* The brokers' CA, where there is one. */}}
{{- define "segue.program.caMount" -}}
{{- if include "segue.kafka.ca" . }}
- name: kafka-ca
  mountPath: /etc/segue/kafka
  readOnly: true
{{- end }}
{{- end -}}

{{- define "segue.program.caVolume" -}}
{{- if include "segue.kafka.ca" . }}
- name: kafka-ca
  secret:
    secretName: {{ include "segue.kafka.ca" . }}
    items: [{key: {{ .Values.kafka.ca.key }}, path: ca.crt}]
{{- end }}
{{- end -}}
