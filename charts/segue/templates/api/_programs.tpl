{{/* What the service's pods are told, and how they are kept: shared by the API and the sink of events. */}}

{{/* The KafkaUser that the chart makes for a program; empty if credentials are given. Takes (dict "root" $ "program" NAME). */}}
{{- define "segue.program.kafkaUser" -}}
{{- if include "segue.kafka.makesUsers" .root }}{{ include "segue.fullname" .root }}-{{ .program }}{{ end -}}
{{- end -}}

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
{{- if include "segue.kafka.isSasl" .root }}
{{- $user := include "segue.program.kafkaUser" . | default $values.kafka.credentials.username }}
{{- $variables = append $variables (list "KAFKA_SASL_MECHANISM" $values.kafka.saslMechanism) }}
{{- $variables = append $variables (list "KAFKA_USERNAME" $user) }}
{{- end }}
{{- range $variables }}
- name: {{ first . }}
  value: {{ last . | quote }}
{{- end }}
{{- if include "segue.kafka.isSasl" .root }}
- name: KAFKA_PASSWORD_FILE
  value: /etc/segue/kafka-user/password
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

{{/*
The brokers' CA and the password of the program's user, where there are any. They are files, not variables: Strimzi's user
operator may set another password just after it has made the Secret, and a pod's variables never change.
Takes (dict "root" $ "program" NAME).
*/}}
{{- define "segue.program.kafkaMounts" -}}
{{- if include "segue.kafka.isSasl" .root }}
- name: kafka-user
  mountPath: /etc/segue/kafka-user
  readOnly: true
{{- end }}
{{- if include "segue.kafka.ca" .root }}
- name: kafka-ca
  mountPath: /etc/segue/kafka
  readOnly: true
{{- end }}
{{- end -}}

{{- define "segue.program.kafkaVolumes" -}}
{{- if include "segue.kafka.isSasl" .root }}
- name: kafka-user
  secret: # Strimzi keeps a user's password in a Secret of the user's name
    secretName: {{ include "segue.program.kafkaUser" . | default .root.Values.kafka.credentials.secret }}
    items: [{key: {{ .root.Values.kafka.credentials.key }}, path: password}]
{{- end }}
{{- if include "segue.kafka.ca" .root }}
- name: kafka-ca
  secret:
    secretName: {{ include "segue.kafka.ca" .root }}
    items: [{key: {{ .root.Values.kafka.ca.key }}, path: ca.crt}]
{{- end }}
{{- end -}}
