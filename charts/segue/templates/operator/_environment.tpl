{{/* What the operator and its children are told; segue_operator.children.config reads most of it. */}}

{{- define "segue.operator.environment" -}}
{{- $fullname := include "segue.fullname" . -}}
{{- $variables := list
  (list "SEGUE_WATCH_NAMESPACES" (ternary "" (include "segue.namespaces" . | fromJson | dig "items" list | join ",") (eq .Values.scope "Cluster")))
  (list "SEGUE_HTTP_PORT" "8080")
  (list "SEGUE_WORKERS" (.Values.operator.workers | toString))
  (list "SEGUE_ACTIVE_BATCHES" (.Values.operator.activeBatches | toString))
  (list "SEGUE_RESYNC_SECONDS" (.Values.operator.resyncSeconds | toString))
  (list "SEGUE_LOG_LEVEL" .Values.operator.logLevel)
  (list "SEGUE_LOG_FORMAT" .Values.operator.logFormat)
  (list "SEGUE_JOBS_IMAGE" (include "segue.image" (dict "root" . "image" .Values.images.jobs)))
  (list "SEGUE_SPARK_IMAGE" (include "segue.image" (dict "root" . "image" .Values.images.spark)))
  (list "SEGUE_IMAGE_PULL_POLICY" .Values.images.pullPolicy)
  (list "SEGUE_EXTRACT_SERVICE_ACCOUNT" (printf "%s-extract" $fullname))
  (list "SEGUE_SINK_SERVICE_ACCOUNT" (printf "%s-sink" $fullname))
  (list "SEGUE_VERIFY_SERVICE_ACCOUNT" (printf "%s-verify" $fullname))
  (list "SEGUE_SPARK_SERVICE_ACCOUNT" (printf "%s-spark" $fullname))
  (list "SEGUE_EXTRACT_RESOURCES" (toJson .Values.jobs.extract.resources))
  (list "SEGUE_SINK_RESOURCES" (toJson .Values.jobs.sink.resources))
  (list "SEGUE_SINK_MAX_REPLICAS" (.Values.jobs.sink.maxReplicas | toString))
  (list "SEGUE_SINK_POD_OVERRIDES" (toJson .Values.jobs.sink.podOverrides))
  (list "SEGUE_VERIFY_RESOURCES" (toJson .Values.jobs.verify.resources))
  (list "SEGUE_MONGODB_SECRET" .Values.mongodb.secret)
  (list "SEGUE_MONGODB_SECRET_KEY" .Values.mongodb.key)
  (list "SEGUE_DATABASE" .Values.mongodb.database)
  (list "SEGUE_TOPIC_PREFIX" .Values.kafka.topics.prefix)
  (list "SEGUE_TOPIC_CREATE" (and .Values.kafka.topics.create (not (include "segue.kafka.isStrimzi" .)) | toString))
  (list "SEGUE_TOPIC_PARTITIONS" (.Values.kafka.topics.partitions | toString))
  (list "KAFKA_BOOTSTRAP" (include "segue.kafka.bootstrap" .))
  (list "KAFKA_SECURITY_PROTOCOL" .Values.kafka.securityProtocol)
-}}
{{- if include "segue.kafka.ca" . }}
{{- $variables = concat $variables (list (list "SEGUE_KAFKA_CA_SECRET" (include "segue.kafka.ca" .)) (list "SEGUE_KAFKA_CA_SECRET_KEY" .Values.kafka.ca.key)) }}
{{- end }}
{{- if include "segue.kafka.isSasl" . }}
{{- $variables = append $variables (list "KAFKA_SASL_MECHANISM" .Values.kafka.saslMechanism) }}
{{- $variables = append $variables (list "SEGUE_KAFKA_SECRET_KEY" .Values.kafka.credentials.key) }}
{{- if include "segue.kafka.makesUsers" . }}
{{- range $program := list "extract" "sink" "verify" "train" }}
{{- $user := printf "%s-%s" $fullname $program }}
{{- $variables = append $variables (list (printf "SEGUE_%s_KAFKA_USERNAME" (upper $program)) $user) }}
{{- $variables = append $variables (list (printf "SEGUE_%s_KAFKA_SECRET" (upper $program)) $user) }}
{{- end }}
{{- else }}
{{- $hint := printf "kafka.securityProtocol %s needs it" .Values.kafka.securityProtocol }}
{{- $variables = append $variables (list "KAFKA_USERNAME" (required (printf "kafka.credentials.username is empty: %s" $hint) .Values.kafka.credentials.username)) }}
{{- $variables = append $variables (list "SEGUE_KAFKA_SECRET" (required (printf "kafka.credentials.secret is empty: %s" $hint) .Values.kafka.credentials.secret)) }}
{{- end }}
{{- end }}
{{- range $variables }}
- name: {{ first . }}
  value: {{ last . | quote }}
{{- end }}
{{- end -}}
