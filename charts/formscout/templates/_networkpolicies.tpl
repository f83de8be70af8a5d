{{- /* What NetworkPolicies open. Each helper writes items of `ingress` or `egress`; an empty list of peers means any. */ -}}

{{- define "formscout.networkPolicyHead" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "formscout.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "formscout.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end }}

{{- /* Pods of this release, by components. */ -}}
{{- define "formscout.peerComponents" -}}
- podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ include "formscout.name" .root }}
      app.kubernetes.io/instance: {{ .root.Release.Name }}
    matchExpressions:
      - {key: app.kubernetes.io/component, operator: In, values: [{{ join ", " .components }}]}
{{- end }}

{{- define "formscout.fromMonitoring" -}}
- from:
    {{- toYaml .root.Values.networkPolicy.monitoring | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- end }}

{{- define "formscout.toDatabase" -}}
{{- if .Values.database.own.enabled -}}
- to:
    {{- include "formscout.peerComponents" (dict "root" . "components" (list "database")) | nindent 4 }}
  ports:
    - {protocol: TCP, port: 5432}
{{- else if .Values.database.cloudNativePG.enabled -}}
- to:
    - podSelector:
        matchLabels:
          cnpg.io/cluster: {{ include "formscout.componentName" (dict "root" . "component" "database") }}
  ports:
    - {protocol: TCP, port: 5432}
{{- else -}}
- ports:
    - {protocol: TCP, port: {{ .Values.database.external.port }}}
  {{- with .Values.database.external.peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "formscout.toRedis" -}}
{{- if .Values.redis.own.enabled -}}
- to:
    {{- include "formscout.peerComponents" (dict "root" . "components" (list "redis")) | nindent 4 }}
  ports:
    - {protocol: TCP, port: 6379}
{{- else -}}
- ports:
    {{- range .Values.redis.external.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .Values.redis.external.peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* Any public address: what counts as inside is left out, cluster and metadata addresses above all. */ -}}
{{- define "formscout.publicPeers" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except:
      {{- toYaml .Values.networkPolicy.privateNetworks | nindent 6 }}
- ipBlock:
    cidr: ::/0
    except:
      {{- toYaml .Values.networkPolicy.privateNetworksV6 | nindent 6 }}
{{- end }}

{{- define "formscout.toSnapshots" -}}
{{- if hasPrefix "s3:" .Values.snapshots.store -}}
- to:
    {{- if .Values.snapshots.s3.peers }}
    {{- toYaml .Values.snapshots.s3.peers | nindent 4 }}
    {{- else }}
    {{- include "formscout.publicPeers" . | nindent 4 }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ .Values.snapshots.s3.port }}}
{{- end }}
{{- end }}

{{- define "formscout.toTelemetry" -}}
{{- if .Values.telemetry.otlp.endpoint -}}
- ports:
    - {protocol: TCP, port: {{ .Values.telemetry.otlp.port }}}
  {{- with .Values.telemetry.otlp.peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
