{{/* Names and labels. */}}

{{- define "segue.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name, with the chart's unless it holds it already; programs add at most ten characters. */}}
{{- define "segue.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "segue.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "segue.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels of every object. Takes (dict "root" $ "component" NAME). */}}
{{- define "segue.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{ include "segue.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: segue
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "segue.selector" -}}
app.kubernetes.io/name: {{ include "segue.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Whole reference of an image. Takes (dict "root" $ "image" VALUE). */}}
{{- define "segue.image" -}}
{{- if or (contains "@" .image) (contains ":" (base .image)) -}}
{{- .image -}}
{{- else -}}
{{- with .root.Values.images.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .image }}:{{ .root.Values.images.tag | default .root.Chart.AppVersion -}}
{{- end -}}
{{- end -}}

{{/* Namespaces with programs: the release's and the watched ones, as JSON {"items": []}. */}}
{{- define "segue.namespaces" -}}
{{- dict "items" (concat (list .Release.Namespace) .Values.watchNamespaces | uniq) | toJson -}}
{{- end -}}

{{- define "segue.pullSecrets" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}
