{{/* The name of every object: that of the release. */}}
{{- define "numwatch.name" -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The labels by which pods are chosen; they never change. */}}
{{- define "numwatch.selector" -}}
app.kubernetes.io/name: numwatch
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "numwatch.labels" -}}
{{ include "numwatch.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
