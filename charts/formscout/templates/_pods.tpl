{{- /* What pods have in common. */ -}}

{{- /* Pod Security "restricted". */ -}}
{{- define "formscout.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ default 10001 .user }}
runAsGroup: {{ default 10001 .user }}
fsGroup: {{ default 10001 .user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  {{- if .localhostProfile }}
  type: Localhost
  localhostProfile: {{ .localhostProfile }}
  {{- else }}
  type: RuntimeDefault
  {{- end }}
{{- end }}

{{- define "formscout.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Environment of every Formscout process: `secrets` are files. */ -}}
{{- define "formscout.commonEnv" -}}
- name: FORMSCOUT_SECRETS_DIR
  value: {{ include "formscout.secretsDirectory" . }}
- name: FORMSCOUT_LOG_FORMAT
  value: {{ .Values.log.format }}
- name: FORMSCOUT_LOG_LEVEL
  value: {{ .Values.log.level }}
{{- if include "formscout.databaseCa" . }}
- name: PGSSLMODE
  value: {{ .Values.database.external.tls.mode }}
- name: PGSSLROOTCERT
  value: {{ include "formscout.secretsDirectory" . }}/database-ca.crt
{{- end }}
{{- if include "formscout.redisCa" . }}
- name: FORMSCOUT_REDIS_CA
  value: {{ include "formscout.secretsDirectory" . }}/redis-ca.crt
{{- end }}
{{- with .Values.telemetry.otlp }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER
  value: {{ .sampler }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .ratio | quote }}
{{- if .headersSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ .headersSecret }}
      key: {{ .headersKey }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Where snapshots go, for those who write, read or delete them. */ -}}
{{- define "formscout.snapshotEnv" -}}
- name: FORMSCOUT_SNAPSHOT_STORE
  value: {{ .Values.snapshots.store | quote }}
{{- if hasPrefix "s3:" .Values.snapshots.store }}
{{- with .Values.snapshots.s3 }}
{{- with .region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- with .endpoint }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
{{- if .allowHttp }}
- name: AWS_ALLOW_HTTP
  value: "true"
{{- end }}
{{- with .existingSecret }}
{{- $secret := . }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The alive file and the metrics of processes that do not speak HTTP. */ -}}
{{- define "formscout.workerEnv" -}}
- name: FORMSCOUT_ALIVE_FILE
  value: /tmp/alive
- name: FORMSCOUT_METRICS_PORT
  value: "9464"
{{- end }}

{{- /* A process lives as long as its main loop touches the file, every 5 s: never a question to Celery, which a busy worker answers late. */ -}}
{{- define "formscout.aliveProbes" -}}
startupProbe:
  exec:
    command: [sh, -c, 'test -e "$FORMSCOUT_ALIVE_FILE"']
  periodSeconds: 2
  timeoutSeconds: 10
  failureThreshold: 60
livenessProbe:
  exec:
    command: [sh, -c, 'find "$FORMSCOUT_ALIVE_FILE" -mmin -1 2>/dev/null | grep -q .']
  periodSeconds: 20
  timeoutSeconds: 10
  failureThreshold: 3
{{- end }}

{{- /* The init container that waits for the schema, in the image that needs it. */ -}}
{{- define "formscout.waitForSchema" -}}
- name: wait-for-schema
  image: {{ .image }}
  imagePullPolicy: {{ .root.Values.images.pullPolicy }}
  args: [formscout, db, wait, --seconds, {{ .root.Values.waitForSchema.seconds | quote }}]
  env:
    {{- include "formscout.commonEnv" .root | nindent 4 }}
  securityContext:
    {{- include "formscout.containerSecurity" . | nindent 4 }}
  resources:
    {{- toYaml .root.Values.waitForSchema.resources | nindent 4 }}
  volumeMounts:
    {{- include "formscout.mounts" . | nindent 4 }}
{{- end }}

{{- define "formscout.mounts" -}}
- name: secrets
  mountPath: {{ include "formscout.secretsDirectory" . }}
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- end }}

{{- /* /tmp, the only place on the disk that can be written; `size` bounds it. */ -}}
{{- define "formscout.tmpVolume" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ default "256Mi" .size }}
{{- end }}

{{- /* The head of a pod's spec: who it is and how it is kept small. */ -}}
{{- define "formscout.podHead" -}}
serviceAccountName: {{ include "formscout.componentName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* Where a pod may run: the component's values, else everybody's. */ -}}
{{- define "formscout.scheduling" -}}
{{- $own := .values -}}
{{- $all := .root.Values.scheduling -}}
{{- with coalesce $own.priorityClassName $all.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with coalesce $own.nodeSelector $all.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with coalesce $own.tolerations $all.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if and .spread $all.topologySpread }}
topologySpreadConstraints:
  {{- $context := . }}
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "formscout.selectorLabels" $context | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* metadata of a pod template. */ -}}
{{- /* Where each component tells how it does. */ -}}
{{- define "formscout.metricsPorts" -}}
api: "8000"
scheduler: "9464"
upkeep-worker: "9464"
discovery-worker: "9464"
analysis-worker: "9464"
flower: "5555"
{{- end }}

{{- define "formscout.podMetadata" -}}
labels:
  {{- include "formscout.labels" . | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  kubectl.kubernetes.io/default-container: {{ .component }}
  {{- $port := get (include "formscout.metricsPorts" . | fromYaml) .component }}
  {{- if and .root.Values.monitoring.scrapeAnnotations $port }}
  prometheus.io/scrape: "true"
  prometheus.io/port: {{ $port | quote }}
  prometheus.io/path: /metrics
  {{- end }}
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
