{{- /* What cannot work stops here, with a sentence that names the value and the remedy. */ -}}

{{- /* Whether the release's Secret is generated. */ -}}
{{- define "formscout.generates" -}}
{{- if and .Values.secrets.generate (not .Values.externalSecrets.enabled) -}}
{{- if or (not .Values.encryption.existingSecret)
  (and .Values.database.own.enabled (not .Values.database.own.existingSecret))
  (and .Values.redis.own.enabled (not .Values.redis.own.existingSecret))
  (and .Values.flower.enabled (not .Values.flower.existingSecret)) -}}
yes
{{- end -}}
{{- end -}}
{{- end }}

{{- define "formscout.seccompProfile" -}}
{{- $sandbox := .Values.discoveryWorker.sandbox -}}
{{- if eq $sandbox.mode "localhost" -}}
{{- $name := include "formscout.seccompName" . -}}
{{- if $sandbox.localhostProfile -}}
{{- $sandbox.localhostProfile -}}
{{- else if eq $sandbox.installer "securityProfilesOperator" -}}
{{- if $sandbox.securityProfilesOperator.namespaced -}}
operator/{{ .Release.Namespace }}/{{ $name }}.json
{{- else -}}
operator/{{ $name }}.json
{{- end -}}
{{- else -}}
formscout/chromium.json
{{- end -}}
{{- end -}}
{{- end }}

{{- define "formscout.seccompName" -}}
{{- printf "%s-chromium" (include "formscout.fullname" .) -}}
{{- end }}

{{- /* Whether a cluster was asked what it knows: `helm template` and `helm lint` know groups only, never kinds. */ -}}
{{- define "formscout.knowsCluster" -}}
{{- if .Capabilities.APIVersions.Has "apps/v1/Deployment" -}}yes{{- end -}}
{{- end }}

{{- define "formscout.requireKind" -}}
{{- if and .wanted (include "formscout.knowsCluster" .root) (not (.root.Capabilities.APIVersions.Has .kind)) -}}
{{- fail (printf "\n\n%s needs %s, which this cluster does not know. %s\n" .value .kind .remedy) -}}
{{- end -}}
{{- end }}
