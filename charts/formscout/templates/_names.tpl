{{- /* Names and labels: every helper takes the root context, or a dict with `root` and `component`. */ -}}

{{- define "formscout.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "formscout.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "formscout.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* The name of a component's objects; 40 characters are left for the release, so that none is cut in the middle of a component. */ -}}
{{- define "formscout.componentName" -}}
{{- printf "%s-%s" (include "formscout.fullname" .root) .component -}}
{{- end }}

{{- define "formscout.selectorLabels" -}}
app.kubernetes.io/name: {{ include "formscout.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "formscout.labels" -}}
{{ include "formscout.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: formscout
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* metadata of an object: `name` instead of the component's, `annotations` beside the common ones. */ -}}
{{- define "formscout.metadata" -}}
name: {{ default (include "formscout.componentName" .) .name }}
namespace: {{ default .root.Release.Namespace .namespace }}
labels:
  {{- include "formscout.labels" . | nindent 2 }}
  {{- with .extraLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "formscout.image" -}}
{{- $image := .image -}}
{{- $name := $image.repository -}}
{{- if and .root.Values.images.registry (not .foreign) -}}
{{- $name = printf "%s/%s" (trimSuffix "/" .root.Values.images.registry) $image.repository -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else if .foreign -}}
{{- printf "%s:%s" $name $image.tag -}}
{{- else -}}
{{- printf "%s:%s" $name (coalesce $image.tag .root.Values.images.tag .root.Chart.AppVersion) -}}
{{- end -}}
{{- end }}
