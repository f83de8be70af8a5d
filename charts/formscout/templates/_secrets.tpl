{{- /* Which Secret holds what, and how a pod gets it: as files below one directory, named like the settings. */ -}}

{{- define "formscout.secretsDirectory" -}}/run/secrets/formscout{{- end }}

{{- /* The Secret with the release's name: generated, or filled by an ExternalSecret. */ -}}
{{- define "formscout.encryptionSecret" -}}
{{- default (include "formscout.fullname" .) .Values.encryption.existingSecret -}}
{{- end }}

{{- define "formscout.databaseSecret" -}}
{{- if .Values.database.own.enabled -}}
{{- default (include "formscout.fullname" .) .Values.database.own.existingSecret -}}
{{- else if .Values.database.cloudNativePG.enabled -}}
{{- printf "%s-app" (include "formscout.componentName" (dict "root" . "component" "database")) -}}
{{- else -}}
{{- default (include "formscout.fullname" .) .Values.database.external.existingSecret -}}
{{- end -}}
{{- end }}

{{- define "formscout.databaseKey" -}}
{{- if .Values.database.own.enabled -}}DATABASE_URL
{{- else if .Values.database.cloudNativePG.enabled -}}uri
{{- else -}}{{ .Values.database.external.key }}
{{- end -}}
{{- end }}

{{- define "formscout.redisSecret" -}}
{{- if .Values.redis.own.enabled -}}
{{- default (include "formscout.fullname" .) .Values.redis.own.existingSecret -}}
{{- else -}}
{{- default (include "formscout.fullname" .) .Values.redis.external.existingSecret -}}
{{- end -}}
{{- end }}

{{- /* The key of the Redis address for a `role`, producer or worker. */ -}}
{{- define "formscout.redisKey" -}}
{{- if .root.Values.redis.own.enabled -}}REDIS_URL_{{ upper .role }}
{{- else if eq .role "worker" -}}{{ .root.Values.redis.external.workerKey }}
{{- else -}}{{ .root.Values.redis.external.producerKey }}
{{- end -}}
{{- end }}

{{- define "formscout.operatorSecret" -}}
{{- default (printf "%s-operator" (include "formscout.fullname" .)) .Values.bootstrap.existingSecret -}}
{{- end }}

{{- define "formscout.flowerSecret" -}}
{{- default (include "formscout.fullname" .) .Values.flower.existingSecret -}}
{{- end }}

{{- /* What a generated Secret holds already (decoded), else the value that is given: kept across upgrades, lost under `helm template`. */ -}}
{{- define "formscout.kept" -}}
{{- $found := get (default (dict) .secret.data) .key -}}
{{- if $found -}}{{ b64dec $found }}{{- else -}}{{ .fresh }}{{- end -}}
{{- end }}

{{- /* The volume of secrets: `redis` (a role, or nothing), `encryption` (whether), `database` (whether). */ -}}
{{- define "formscout.secretsVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- if .database }}
      - secret:
          name: {{ include "formscout.databaseSecret" .root }}
          items:
            - key: {{ include "formscout.databaseKey" .root }}
              path: DATABASE_URL
      {{- if include "formscout.databaseCa" .root }}
      - secret:
          name: {{ .root.Values.database.external.tls.caSecret }}
          items:
            - key: {{ .root.Values.database.external.tls.caKey }}
              path: database-ca.crt
      {{- end }}
      {{- end }}
      {{- if .redis }}
      - secret:
          name: {{ include "formscout.redisSecret" .root }}
          items:
            - key: {{ include "formscout.redisKey" (dict "root" .root "role" .redis) }}
              path: REDIS_URL
      {{- if include "formscout.redisCa" .root }}
      - secret:
          name: {{ .root.Values.redis.external.tls.caSecret }}
          items:
            - key: {{ .root.Values.redis.external.tls.caKey }}
              path: redis-ca.crt
      {{- end }}
      {{- end }}
      {{- if .encryption }}
      - secret:
          name: {{ include "formscout.encryptionSecret" .root }}
          items:
            - key: {{ .root.Values.encryption.key }}
              path: FORMSCOUT_ENCRYPTION_KEYS
      {{- end }}
      {{- if .operator }}
      - secret:
          name: {{ include "formscout.operatorSecret" .root }}
          items:
            - key: {{ .root.Values.bootstrap.key }}
              path: FORMSCOUT_API_KEY
      {{- end }}
{{- end }}

{{- define "formscout.databaseCa" -}}
{{- if not (or .Values.database.own.enabled .Values.database.cloudNativePG.enabled) -}}{{ .Values.database.external.tls.caSecret }}{{- end -}}
{{- end }}

{{- define "formscout.redisCa" -}}
{{- if not .Values.redis.own.enabled -}}{{ .Values.redis.external.tls.caSecret }}{{- end -}}
{{- end }}
