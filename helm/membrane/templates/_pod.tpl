{{/* The pod of a service. Arguments: root, component. */}}

{{- define "membrane.securityContext.pod" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "membrane.securityContext.container" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "membrane.spread" -}}
{{- $ctx := . -}}
{{- $spread := .root.Values.spread -}}
{{- range $key, $when := dict "topology.kubernetes.io/zone" $spread.zones "kubernetes.io/hostname" $spread.hosts }}
{{- if ne $when "off" }}
- topologyKey: {{ $key }}
  maxSkew: 1
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels:
      {{- include "membrane.selector" $ctx | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* MiB outside of the heap that belong to the service's own work. */}}
{{- define "membrane.nativeMiB" -}}
{{- $v := .root.Values -}}
{{- if eq .component "fragment-service" -}}
{{- $form := ternary 0 (int64 $v.fragment.maxFragmentMiB) (eq $v.fragment.compression "none") -}}
{{- add (int64 $v.fragment.memoryMiB) (int64 $v.fragment.maxInFlightMiB) $form -}}
{{- else if eq .component "compute-worker" -}}
{{- int64 $v.worker.nativeMiB -}}
{{- else -}}
0
{{- end -}}
{{- end -}}

{{/* Memory is what the parts add up to: a JVM that is given less than it may take is killed for it. */}}
{{- define "membrane.resources" -}}
{{- $component := index (include "membrane.components" .root | fromYaml) .component -}}
{{- $values := index .root.Values $component.key -}}
{{- $mib := add (int64 $values.heapMiB) (int64 $values.directMiB) (int64 $values.overheadMiB) (include "membrane.nativeMiB" . | int64) -}}
{{- $memory := dict "memory" (printf "%dMi" (int64 $mib)) -}}
{{- $limits := merge (dict) $memory $values.resources.limits -}}
{{- if and (eq .component "compute-worker") (gt (int64 $values.gpu.count) 0) -}}
{{- $limits = set $limits $values.gpu.resource (int64 $values.gpu.count) -}}
{{- end -}}
requests:
  {{- merge (dict) $memory $values.resources.requests | toYaml | nindent 2 }}
limits:
  {{- $limits | toYaml | nindent 2 }}
{{- end -}}

{{- define "membrane.pod" -}}
{{- $root := .root -}}
{{- $v := $root.Values -}}
{{- $name := .component -}}
{{- $component := index (include "membrane.components" $root | fromYaml) $name -}}
{{- $values := index $v $component.key -}}
{{- $isWorker := eq $name "compute-worker" -}}
{{- $isGpu := and $isWorker (gt (int64 $v.worker.gpu.count) 0) -}}
metadata:
  labels:
    {{- include "membrane.labels" . | nindent 4 }}
  annotations:
    membrane.io/config: {{ printf "%s%s" (include "membrane.config.fixed" .) (ternary (include "membrane.pdInstances" $root) "" (eq $name "scheduler-service")) | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "membrane.serviceAccount" . }}
  automountServiceAccountToken: {{ not (empty (include "membrane.asksKubernetes" .)) }}
  # MEMBRANE_GATEWAY_PORT and its kind would be read as properties.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ add 20 (mul 2 (int64 $values.drainSeconds)) }}
  securityContext:
    {{- include "membrane.securityContext.pod" 10001 | nindent 4 }}
  {{- with $v.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if and $isGpu $v.worker.gpu.runtimeClassName }}
  runtimeClassName: {{ $v.worker.gpu.runtimeClassName }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if or $isGpu $values.tolerations }}
  tolerations:
    {{- if $isGpu }}
    - key: {{ $v.worker.gpu.resource }}
      operator: Exists
      effect: NoSchedule
    {{- end }}
    {{- with $values.tolerations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- with include "membrane.spread" . }}
  topologySpreadConstraints:
    {{- . | trim | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ $name }}
      image: {{ printf "%s%s/%s:%s" (ternary (printf "%s/" $v.image.registry) "" (ne $v.image.registry "")) $v.image.repository $name (default $root.Chart.AppVersion $v.image.tag) }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      securityContext:
        {{- include "membrane.securityContext.container" . | nindent 8 }}
      ports:
        - name: http
          containerPort: {{ $component.port }}
        - name: management
          containerPort: {{ include "membrane.managementPort" $root }}
        {{- if and (eq $name "fragment-service") $v.fragment.membrain.enabled }}
        - name: membrain
          containerPort: 9201
        {{- end }}
        {{- if and (eq $name "fragment-service") $v.fragment.direct.enabled }}
        - name: direct
          containerPort: {{ $v.fragment.direct.port }}
        {{- end }}
        {{- if and (eq $name "directory-service") $v.region.gossip.enabled }}
        - name: gossip
          containerPort: {{ $v.region.gossip.port }}
        {{- end }}
      env:
        {{- include "membrane.env" . | nindent 8 }}
      resources:
        {{- include "membrane.resources" . | nindent 8 }}
      startupProbe:
        httpGet:
          path: /actuator/health/liveness
          port: management
        periodSeconds: 2
        timeoutSeconds: 3
        failureThreshold: {{ ternary (div (add 1 (int64 $v.worker.startupSeconds)) 2) 90 $isWorker }}
      livenessProbe:
        httpGet:
          path: /actuator/health/liveness
          port: management
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        httpGet:
          path: /actuator/health/readiness
          port: management
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      lifecycle:
        preStop:
          # Until every proxy has heard that this pod takes no more.
          sleep:
            seconds: 5
      volumeMounts:
        {{- include "membrane.mounts" . | nindent 8 }}
  volumes:
    {{- include "membrane.volumes" . | nindent 4 }}
{{- end -}}

{{- define "membrane.env" -}}
{{- $v := .root.Values -}}
{{- $component := index (include "membrane.components" .root | fromYaml) .component -}}
{{- $values := index $v $component.key -}}
{{- $native := ternary " --enable-native-access=ALL-UNNAMED" "" (has .component (list "fragment-service" "compute-worker")) -}}
- name: JAVA_TOOL_OPTIONS
  value: {{ printf "-Xmx%dm -XX:MaxDirectMemorySize=%dm -XX:+UseCompactObjectHeaders -XX:+ExitOnOutOfMemoryError%s %s" (int64 $values.heapMiB) (int64 $values.directMiB) $native $values.javaOptions | trim | quote }}
- name: SPRING_CONFIG_ADDITIONALLOCATION
  value: file:/etc/membrane/config/
{{- if and (ne .component "compute-worker") $v.redis.password.existingSecret }}
{{- if and (ne $v.redis.mode "internal") $v.redis.username }}
- name: SPRING_DATA_REDIS_USERNAME
  value: {{ $v.redis.username | quote }}
{{- end }}
{{- end }}
{{- if eq .component "directory-service" }}
{{- if $v.region.peerKey.existingSecret }}
- name: MEMBRANE_DIRECTORY_PEERKEY
  valueFrom:
    secretKeyRef:
      name: {{ $v.region.peerKey.existingSecret }}
      key: {{ $v.region.peerKey.key }}
{{- end }}
{{- end }}
{{- if eq .component "fragment-service" }}
- name: MEMBRANE_FRAGMENT_INSTANCE
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: MEMBRANE_FRAGMENT_URL
  value: {{ include "membrane.fragmentUrl" (dict "root" .root "pod" "$(MEMBRANE_FRAGMENT_INSTANCE)" "port" $component.port) }}
{{- end }}
{{- if eq .component "compute-worker" }}
{{- if eq $v.worker.backend "local" }}
- name: DJL_CACHE_DIR
  value: /var/cache/membrane
{{- if $v.worker.gpu.libtorch.volume }}
- name: PYTORCH_LIBRARY_PATH
  value: /opt/libtorch/lib
- name: PYTORCH_VERSION
  value: {{ $v.worker.gpu.libtorch.version | quote }}
- name: PYTORCH_FLAVOR
  value: {{ $v.worker.gpu.libtorch.flavor | quote }}
{{- end }}
{{- else }}
- name: MEMBRANE_WORKER_PROVIDER_NODE
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "membrane.hasRedisPassword" -}}
{{- if and (ne .component "compute-worker") .root.Values.redis.password.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "membrane.hasProviderKey" -}}
{{- $w := .root.Values.worker -}}
{{- if and (eq .component "compute-worker") (ne $w.backend "local") $w.provider.apiKey.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "membrane.hasDirectSecret" -}}
{{- if and (has .component (list "gateway" "fragment-service")) .root.Values.fragment.direct.enabled -}}true{{- end -}}
{{- end -}}

{{- define "membrane.mounts" -}}
{{- $v := .root.Values -}}
- name: config
  mountPath: /etc/membrane/config
  readOnly: true
{{- if include "membrane.hasRedisPassword" . }}
- name: redis-password
  mountPath: /etc/membrane/redis
  readOnly: true
{{- end }}
{{- if include "membrane.hasProviderKey" . }}
- name: provider-key
  mountPath: /etc/membrane/provider
  readOnly: true
{{- end }}
{{- if include "membrane.hasDirectSecret" . }}
- name: direct-secret
  mountPath: /etc/membrane/direct
  readOnly: true
{{- end }}
- name: tmp
  mountPath: /tmp
{{- if $v.tls.enabled }}
- name: tls
  mountPath: /etc/membrane/tls
  readOnly: true
{{- if and (eq .component "gateway") $v.tls.gatewaySecret }}
- name: front-tls
  mountPath: /etc/membrane/front-tls
  readOnly: true
{{- end }}
{{- end }}
{{- if include "membrane.mountsRedisTls" . }}
- name: redis-tls
  mountPath: /etc/membrane/redis-tls
  readOnly: true
{{- end }}
{{- if and (eq .component "gateway") $v.gateway.security.bootstrapKey.existingSecret }}
- name: bootstrap
  mountPath: /etc/membrane/bootstrap
  readOnly: true
{{- end }}
{{- if eq .component "directory-service" }}
- name: snapshots
  mountPath: /var/lib/membrane/snapshots
{{- end }}
{{- if and (eq .component "compute-worker") (eq $v.worker.backend "local") }}
- name: engine
  mountPath: /var/cache/membrane
{{- if $v.worker.model.volume }}
- name: model
  mountPath: {{ $v.worker.model.mountPath }}
  readOnly: true
{{- end }}
{{- if $v.worker.gpu.libtorch.volume }}
- name: libtorch
  mountPath: /opt/libtorch
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "membrane.mountsRedisTls" -}}
{{- $r := .root.Values.redis -}}
{{- if and (ne .component "compute-worker") (ne $r.mode "internal") $r.tls.enabled $r.tls.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "membrane.volumes" -}}
{{- $v := .root.Values -}}
- name: config
  configMap:
    name: {{ include "membrane.fullname" .root }}-{{ .component }}
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{- if include "membrane.hasRedisPassword" . }}
- name: redis-password
  secret:
    secretName: {{ $v.redis.password.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if include "membrane.hasProviderKey" . }}
- name: provider-key
  secret:
    secretName: {{ $v.worker.provider.apiKey.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if include "membrane.hasDirectSecret" . }}
- name: direct-secret
  secret:
    secretName: {{ $v.fragment.direct.secret.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if $v.tls.enabled }}
- name: tls
  secret:
    secretName: {{ include "membrane.tlsSecret" . }}
    defaultMode: 0440
{{- if and (eq .component "gateway") $v.tls.gatewaySecret }}
- name: front-tls
  secret:
    secretName: {{ $v.tls.gatewaySecret }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- if include "membrane.mountsRedisTls" . }}
- name: redis-tls
  secret:
    secretName: {{ $v.redis.tls.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if and (eq .component "gateway") $v.gateway.security.bootstrapKey.existingSecret }}
- name: bootstrap
  secret:
    secretName: {{ $v.gateway.security.bootstrapKey.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if eq .component "directory-service" }}
{{- if $v.directory.snapshots.shared.enabled }}
- name: snapshots
  persistentVolumeClaim:
    claimName: {{ include "membrane.snapshotsClaim" .root }}
{{- else if not $v.directory.snapshots.persistence.enabled }}
- name: snapshots
  emptyDir:
    sizeLimit: {{ $v.directory.snapshots.persistence.size }}
{{- end }}
{{- end }}
{{- if and (eq .component "compute-worker") (eq $v.worker.backend "local") }}
- name: engine
  emptyDir:
    sizeLimit: 4Gi
{{- with $v.worker.model.volume }}
- name: model
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.worker.gpu.libtorch.volume }}
- name: libtorch
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
