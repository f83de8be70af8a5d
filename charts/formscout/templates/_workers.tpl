{{- /* A Celery worker: `app` is its module, `queue` what it serves, `image`, `values` and `component` whose it is. */ -}}
{{- define "formscout.workerDeployment" -}}
{{- $values := .values -}}
{{- $image := include "formscout.image" (dict "root" .root "image" .image) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "formscout.metadata" . | nindent 2 }}
spec:
  {{- if not .root.Values.keda.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}
  selector:
    matchLabels:
      {{- include "formscout.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      {{- include "formscout.podMetadata" . | nindent 6 }}
    spec:
      {{- include "formscout.podHead" . | nindent 6 }}
      {{- include "formscout.scheduling" (merge (dict "spread" true) .) | nindent 6 }}
      {{- with $values.runtimeClassName }}
      runtimeClassName: {{ . }}
      {{- end }}
      {{- if dig "sandbox" "userNamespace" false $values }}
      hostUsers: false
      {{- end }}
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      securityContext:
        {{- include "formscout.podSecurity" (dict "localhostProfile" .localhostProfile) | nindent 8 }}
      initContainers:
        {{- include "formscout.waitForSchema" (dict "root" .root "image" $image) | nindent 8 }}
      containers:
        - name: {{ .component }}
          image: {{ $image }}
          imagePullPolicy: {{ .root.Values.images.pullPolicy }}
          args:
            {{- list "celery" "-A" .app "worker" "-Q" .queue "-c" ($values.concurrency | toString) "--without-mingle" "--without-gossip" | toYaml | nindent 12 }}
          env:
            {{- include "formscout.commonEnv" .root | nindent 12 }}
            {{- include "formscout.workerEnv" . | nindent 12 }}
            - name: FORMSCOUT_DATABASE_POOL_SIZE
              value: {{ $values.databasePoolSize | quote }}
            {{- if .snapshots }}
            {{- include "formscout.snapshotEnv" .root | nindent 12 }}
            {{- end }}
            {{- with .env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
            {{- with $values.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - {name: metrics, containerPort: 9464}
          {{- include "formscout.aliveProbes" . | nindent 10 }}
          securityContext:
            {{- include "formscout.containerSecurity" . | nindent 12 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            {{- include "formscout.mounts" . | nindent 12 }}
            {{- if $values.sharedMemory }}
            - name: shm
              mountPath: /dev/shm
            {{- end }}
      volumes:
        {{- include "formscout.secretsVolume" (dict "root" .root "database" true "redis" "worker" "encryption" .encryption) | nindent 8 }}
        {{- include "formscout.tmpVolume" (dict "size" $values.scratch) | nindent 8 }}
        {{- with $values.sharedMemory }}
        - name: shm
          emptyDir: {medium: Memory, sizeLimit: {{ . }}}
        {{- end }}
{{- end }}

{{- define "formscout.scaledObject" -}}
{{- $keda := .root.Values.keda -}}
{{- $scaling := .values.autoscaling -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  {{- $annotations := ternary (dict "autoscaling.keda.sh/paused" "true") (dict) $scaling.paused }}
  {{- include "formscout.metadata" (merge (dict "annotations" $annotations) .) | nindent 2 }}
spec:
  scaleTargetRef:
    name: {{ include "formscout.componentName" . }}
  minReplicaCount: {{ $scaling.minReplicas }}
  maxReplicaCount: {{ $scaling.maxReplicas }}
  pollingInterval: {{ $keda.pollingInterval }}
  cooldownPeriod: {{ $keda.cooldownPeriod }}
  # An error never scales to zero, and never takes a busy pod away.
  fallback:
    failureThreshold: {{ $keda.fallbackFailures }}
    replicas: {{ $keda.fallbackReplicas }}
    behavior: currentReplicasIfHigher
  advanced:
    # Several triggers would be maxed, and a message that a worker holds has left the list: the sum alone counts the busy.
    scalingModifiers:
      formula: waiting + inflight
      target: {{ .values.concurrency | quote }}
      activationTarget: "0"
      metricType: AverageValue
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp:
          stabilizationWindowSeconds: 0
          selectPolicy: Max
          {{- if semverCompare ">=1.35.0-0" .root.Capabilities.KubeVersion.Version }}
          tolerance: "0"
          {{- end }}
          policies:
            - {type: Pods, value: {{ $keda.scaleUp.pods }}, periodSeconds: {{ $keda.scaleUp.periodSeconds }}}
            - {type: Percent, value: {{ $keda.scaleUp.percent }}, periodSeconds: {{ $keda.scaleUp.periodSeconds }}}
        scaleDown:
          stabilizationWindowSeconds: {{ $keda.scaleDown.stabilizationSeconds }}
          selectPolicy: Max
          policies:
            - {type: Pods, value: {{ $keda.scaleDown.pods }}, periodSeconds: {{ $keda.scaleDown.periodSeconds }}}
            - {type: Percent, value: {{ $keda.scaleDown.percent }}, periodSeconds: {{ $keda.scaleDown.periodSeconds }}}
  triggers:
    {{- include "formscout.redisTrigger" (dict "root" .root "name" "waiting" "list" .queue) | nindent 4 }}
    {{- include "formscout.redisTrigger" (dict "root" .root "name" "inflight" "list" (printf "unacked:%s" .queue)) | nindent 4 }}
{{- end }}

{{- /* KEDA's Redis scaler reads a hash by HLEN, so `inflight` counts what workers hold. */ -}}
{{- define "formscout.redisTrigger" -}}
{{- $redis := .root.Values.redis -}}
{{- $sentinels := and (not $redis.own.enabled) $redis.external.keda.sentinels -}}
- type: {{ ternary "redis-sentinel" "redis" (not (empty $sentinels)) }}
  name: {{ .name }}
  metadata:
    {{- if $redis.own.enabled }}
    address: {{ include "formscout.componentName" (dict "root" .root "component" "redis") }}.{{ .root.Release.Namespace }}.svc.cluster.local:6379
    {{- else if $sentinels }}
    addresses: {{ join "," $sentinels }}
    sentinelMaster: {{ $redis.external.keda.sentinelMaster }}
    {{- else }}
    address: {{ $redis.external.keda.address }}
    {{- end }}
    listName: {{ .list }}
    listLength: "1"
    {{- if not $redis.own.enabled }}
    databaseIndex: {{ $redis.external.keda.databaseIndex | quote }}
    enableTLS: {{ $redis.external.keda.tls | quote }}
    {{- end }}
  authenticationRef:
    name: {{ include "formscout.componentName" (dict "root" .root "component" "redis") }}
{{- end }}

{{- define "formscout.podDisruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "formscout.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  # A pod that does not get ready must not keep a node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "formscout.selectorLabels" . | nindent 6 }}
{{- end }}

{{- define "formscout.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "formscout.metadata" (merge (dict "annotations" (default (dict) (default (dict) .values).serviceAccountAnnotations)) .) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{- define "formscout.podMonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  {{- include "formscout.metadata" (merge (dict "extraLabels" .root.Values.monitoring.podMonitors.labels) .) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "formscout.selectorLabels" . | nindent 6 }}
  podMetricsEndpoints:
    - port: {{ .port }}
      path: /metrics
      interval: {{ .root.Values.monitoring.podMonitors.interval }}
{{- end }}
