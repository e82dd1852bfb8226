{{/* What each service is configured with: Spring properties, written into a ConfigMap. Arguments: root, component. */}}

{{- define "membrane.config" -}}
{{- $component := index (include "membrane.components" .root | fromYaml) .component -}}
{{- $values := index .root.Values $component.key -}}
{{- $config := include "membrane.config.all" . | fromYaml -}}
{{- $config = merge (include (printf "membrane.config.%s" .component) .root | fromYaml) $config -}}
{{- mergeOverwrite $config $values.config | toYaml -}}
{{- end -}}

{{/* What a service takes while it runs, by how its names begin; all else needs a new pod. */}}
{{- define "membrane.isLive" -}}
{{- if or (hasPrefix "logging.level." .)
  (hasPrefix "membrane.gateway.limits." .)
  (has . (list "membrane.scheduler.fleet" "membrane.scheduler.threshold-tokens" "membrane.scheduler.regime"))
  (hasPrefix "membrane.scheduler.routing." .)
  (hasPrefix "membrane.scheduler.congestion." .)
  (hasPrefix "membrane.scheduler.headroom." .)
  (and (hasPrefix "membrane.scheduler.roles." .) (ne . "membrane.scheduler.roles.period")) -}}
true
{{- end -}}
{{- end -}}

{{/* Of the fleet, what the scheduler reads at its start alone. */}}
{{- define "membrane.pdInstances" -}}
{{- range (default list .Values.scheduler.fleet.clusters) -}}
{{- if eq (toString .role) "pd" -}}{{ toJson .instances }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "membrane.config.fixed" -}}
{{- $fixed := dict -}}
{{- range $name, $value := include "membrane.config" . | fromYaml -}}
{{- if not (include "membrane.isLive" $name) -}}{{- $fixed = set $fixed $name $value -}}{{- end -}}
{{- end -}}
{{- toYaml $fixed -}}
{{- end -}}

{{- define "membrane.config.live" -}}
{{- $live := dict -}}
{{- range $name, $value := include "membrane.config" . | fromYaml -}}
{{- if include "membrane.isLive" $name -}}{{- $live = set $live $name $value -}}{{- end -}}
{{- end -}}
{{- toYaml $live -}}
{{- end -}}

{{- define "membrane.config.all" -}}
{{- $root := .root -}}
{{- $v := $root.Values -}}
{{- $component := index (include "membrane.components" $root | fromYaml) .component -}}
server.port: {{ $component.port }}
management.server.port: {{ include "membrane.managementPort" $root }}
management.server.address: 0.0.0.0
membrane.reload.file: /etc/membrane/config/live.yaml
{{- if and $v.kubernetes.discovery.enabled $component.finds }}
membrane.discovery.by: kubernetes
membrane.discovery.namespace: {{ $root.Release.Namespace }}
membrane.discovery.selector: {{ printf "app.kubernetes.io/part-of=membrane,app.kubernetes.io/instance=%s" $root.Release.Name | quote }}
{{- end }}
{{- if and $v.kubernetes.leadership.enabled $component.leads }}
membrane.leadership.by: kubernetes
membrane.leadership.namespace: {{ $root.Release.Namespace }}
membrane.leadership.name: {{ include "membrane.fullname" $root }}
{{- end }}
spring.lifecycle.timeout-per-shutdown-phase: {{ (index $v $component.key).drainSeconds }}s
membrane.http.drain: 2s
{{- if $v.logging.json }}
logging.structured.format.console: ecs
{{- if $v.region.name }}
logging.structured.json.add.region: {{ $v.region.name | quote }}
{{- end }}
{{- end }}
{{- if $v.tracing.enabled }}
management.tracing.export.otlp.enabled: true
management.opentelemetry.tracing.export.otlp.endpoint: {{ $v.tracing.endpoint | quote }}
management.tracing.sampling.probability: {{ $v.tracing.samplingProbability }}
{{- end }}
{{- if $v.tls.enabled }}
{{- include "membrane.bundle" (dict "name" "membrane" "path" "/etc/membrane/tls" "own" true "ca" true) }}
{{- if and (eq .component "gateway") $v.tls.gatewaySecret }}
{{- include "membrane.bundle" (dict "name" "front" "path" "/etc/membrane/front-tls" "own" true "ca" false) }}
server.ssl.bundle: front
{{- else }}
server.ssl.bundle: membrane
{{- end }}
{{- if ne .component "gateway" }}
server.ssl.client-auth: need
{{- end }}
management.server.ssl.enabled: false
membrane.client.ssl-bundle: membrane
{{- end }}
{{- if ne .component "compute-worker" }}
{{- include "membrane.config.redis" $root }}
{{- if include "membrane.hasRedisPassword" . }}
membrane.redis.password-file: /etc/membrane/redis/{{ $v.redis.password.key }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Arguments: name, path, own (certificate and key), ca. */}}
{{- define "membrane.bundle" }}
{{- $bundle := printf "spring.ssl.bundle.pem.%s" .name }}
{{ $bundle }}.reload-on-update: true
{{- if .own }}
{{ $bundle }}.keystore.certificate: file:{{ .path }}/tls.crt
{{ $bundle }}.keystore.private-key: file:{{ .path }}/tls.key
{{- end }}
{{- if .ca }}
{{ $bundle }}.truststore.certificate: file:{{ .path }}/ca.crt
{{- end }}
{{- end -}}

{{- define "membrane.config.redis" }}
{{- $r := .Values.redis }}
{{- if eq $r.mode "internal" }}
spring.data.redis.host: {{ include "membrane.fullname" . }}-redis
spring.data.redis.port: 6379
{{- else if eq $r.mode "standalone" }}
spring.data.redis.host: {{ $r.host | quote }}
spring.data.redis.port: {{ $r.port }}
{{- else if eq $r.mode "cluster" }}
spring.data.redis.cluster.nodes: {{ join "," $r.nodes | quote }}
{{- else if eq $r.mode "sentinel" }}
spring.data.redis.sentinel.master: {{ $r.sentinel.master | quote }}
spring.data.redis.sentinel.nodes: {{ join "," $r.sentinel.nodes | quote }}
{{- end }}
{{- if and (eq $r.mode "internal") .Values.tls.enabled }}
spring.data.redis.ssl.bundle: membrane
{{- else if and (ne $r.mode "internal") $r.tls.enabled }}
{{- if $r.tls.existingSecret }}
{{- include "membrane.bundle" (dict "name" "redis" "path" "/etc/membrane/redis-tls" "own" $r.tls.mutual "ca" true) }}
spring.data.redis.ssl.bundle: redis
{{- else }}
spring.data.redis.ssl.enabled: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "membrane.config.gateway" -}}
{{- range (list "directory-service" "fragment-service" "reconstruction-service" "scheduler-service" "compute-worker") }}
membrane.client.peers.{{ . }}: {{ include "membrane.url" (dict "root" $ "component" .) }}
{{- end }}
membrane.gateway.fragment-cluster: {{ .Values.cluster.name | quote }}
{{- with .Values.gateway.security }}
membrane.gateway.security.anonymous: {{ .anonymous }}
{{- if .issuer }}
membrane.gateway.security.issuer: {{ .issuer | quote }}
membrane.gateway.security.audience: {{ .audience | quote }}
{{- end }}
{{- if .bootstrapKey.existingSecret }}
membrane.gateway.security.bootstrap-key-file: /etc/membrane/bootstrap/{{ .bootstrapKey.key }}
{{- end }}
{{- end }}
{{- if .Values.fragment.direct.enabled }}
membrane.gateway.direct.secret-file: {{ include "membrane.directSecretFile" . }}
{{- end }}
{{- if .Values.gateway.ingress.enabled }}
server.forward-headers-strategy: native
{{- end }}
{{- end -}}

{{- define "membrane.config.directory-service" -}}
{{- $v := .Values -}}
membrane.directory.max-blocks: {{ int64 $v.directory.maxBlocks }}
membrane.directory.snapshot-dir: /var/lib/membrane/snapshots
{{- if $v.directory.snapshots.shared.enabled }}
membrane.directory.snapshot-shared: true
{{- end }}
membrane.directory.sharing: {{ $v.tenancy.sharing }}
{{- if $v.region.name }}
membrane.directory.region: {{ $v.region.name | quote }}
{{- end }}
{{- range $name, $url := $v.region.peers }}
membrane.directory.peers.{{ $name }}: {{ $url | quote }}
{{- end }}
{{- with $v.region.gossip }}
{{- if .enabled }}
membrane.directory.gossip.port: {{ .port }}
membrane.directory.gossip.seeds: {{ join "," .seeds | quote }}
membrane.directory.gossip.url: {{ .url | quote }}
{{- if .externalHost }}
membrane.directory.gossip.external-host: {{ .externalHost | quote }}
{{- else if $v.tls.enabled }}
{{- /* Certificates hold no addresses. */}}
membrane.directory.gossip.external-host: {{ printf "${HOSTNAME}.%s-directory-service-pods.%s.svc" (include "membrane.fullname" $) $.Release.Namespace | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- if $v.kubernetes.engines.enabled }}
membrane.directory.kubernetes.enabled: true
membrane.directory.kubernetes.namespace: {{ include "membrane.enginesNamespace" . }}
membrane.directory.kubernetes.cluster: {{ $v.cluster.name | quote }}
{{- end }}
{{- if $v.kubernetes.peers.enabled }}
membrane.directory.kubernetes.peers.enabled: true
membrane.directory.kubernetes.peers.namespaces: {{ join "," (default (list .Release.Namespace) $v.kubernetes.peers.namespaces) | quote }}
{{- end }}
{{- end -}}

{{- define "membrane.config.fragment-service" -}}
{{- $f := .Values.fragment -}}
membrane.client.peers.directory-service: {{ include "membrane.url" (dict "root" $ "component" "directory-service") }}
membrane.fragment.cluster: {{ .Values.cluster.name | quote }}
membrane.fragment.memory: {{ int64 $f.memoryMiB }}MB
membrane.fragment.max-in-flight: {{ int64 $f.maxInFlightMiB }}MB
membrane.fragment.max-bytes: {{ int64 $f.maxFragmentMiB }}MB
membrane.fragment.default-ttl: {{ $f.defaultTtl }}
membrane.fragment.replicas: {{ $f.copies }}
membrane.fragment.compression: {{ $f.compression }}
membrane.fragment.sharing: {{ .Values.tenancy.sharing }}
membrane.fragment.membrain.port: {{ ternary 9201 -1 $f.membrain.enabled }}
{{- if $f.direct.enabled }}
membrane.fragment.direct.port: {{ int64 $f.direct.port }}
membrane.fragment.direct.secret-file: {{ include "membrane.directSecretFile" . }}
membrane.fragment.direct.url: {{ include "membrane.fragmentUrl" (dict "root" . "pod" "${MEMBRANE_FRAGMENT_INSTANCE}" "port" $f.direct.port) }}
{{- end }}
{{- if $f.redisCapacity }}
membrane.fragment.redis-capacity: {{ $f.redisCapacity }}
{{- end }}
{{- if .Values.region.fragmentPeers }}
membrane.fragment.peers: {{ join "," .Values.region.fragmentPeers | quote }}
{{- end }}
{{- if .Values.region.transferRate }}
membrane.fragment.transfer-rate: {{ .Values.region.transferRate }}
{{- end }}
{{- end -}}

{{- define "membrane.config.reconstruction-service" -}}
{{- range (list "directory-service" "fragment-service" "scheduler-service") }}
membrane.client.peers.{{ . }}: {{ include "membrane.url" (dict "root" $ "component" .) }}
{{- end }}
membrane.reconstruction.clusters.{{ .Values.cluster.name }}.url: {{ include "membrane.url" (dict "root" $ "component" "compute-worker") }}
membrane.reconstruction.clusters.{{ .Values.cluster.name }}.role: {{ .Values.cluster.role }}
{{- range $name, $cluster := .Values.reconstruction.clusters }}
membrane.reconstruction.clusters.{{ $name }}.url: {{ $cluster.url | quote }}
membrane.reconstruction.clusters.{{ $name }}.role: {{ $cluster.role }}
{{- end }}
{{- end -}}

{{- define "membrane.config.scheduler-service" -}}
{{- $s := .Values.scheduler -}}
membrane.scheduler.regime: {{ $s.regime }}
{{- if $s.fleet }}
membrane.scheduler.fleet: /etc/membrane/config/fleet.json
{{- end }}
{{- if not (kindIs "invalid" $s.thresholdTokens) }}
membrane.scheduler.threshold-tokens: {{ int64 $s.thresholdTokens }}
{{- end }}
{{- if $s.profiles.enabled }}
membrane.scheduler.profiles.{{ .Values.cluster.name }}: {{ include "membrane.url" (dict "root" $ "component" "compute-worker") }}
{{- end }}
membrane.scheduler.kubernetes.mode: {{ $s.scaling.mode | quote }}
{{- if ne $s.scaling.mode "off" }}
membrane.scheduler.kubernetes.namespace: {{ .Release.Namespace }}
{{- range (list "prefill" "decode") }}
membrane.scheduler.kubernetes.{{ . }}.kind: {{ (index $s.scaling .).kind }}
membrane.scheduler.kubernetes.{{ . }}.name: {{ (index $s.scaling .).name }}
{{- end }}
{{- if not (kindIs "invalid" $s.scaling.instances) }}
membrane.scheduler.kubernetes.instances: {{ int64 $s.scaling.instances }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "membrane.config.compute-worker" -}}
{{- $w := .Values.worker -}}
{{- range (list "directory-service" "fragment-service") }}
membrane.client.peers.{{ . }}: {{ include "membrane.url" (dict "root" $ "component" .) }}
{{- end }}
membrane.worker.backend: {{ $w.backend }}
membrane.worker.block-tokens: {{ int64 $w.blockTokens }}
{{- if eq $w.backend "local" }}
membrane.worker.model: {{ $w.model.path | quote }}
membrane.worker.device: {{ $w.device | quote }}
{{- else }}
membrane.worker.provider.model: {{ $w.provider.model | quote }}
membrane.worker.provider.cluster: {{ .Values.cluster.name | quote }}
{{- if $w.provider.apiKey.existingSecret }}
membrane.worker.provider.api-key-file: /etc/membrane/provider/{{ $w.provider.apiKey.key }}
{{- end }}
{{- if $w.provider.url }}
membrane.worker.provider.url: {{ $w.provider.url | quote }}
{{- end }}
{{- end }}
{{- if $w.model.id }}
membrane.worker.model-id: {{ $w.model.id | quote }}
{{- end }}
{{- if $w.model.revision }}
membrane.worker.revision: {{ $w.model.revision | quote }}
{{- end }}
{{- if $w.kvDtype }}
membrane.worker.kv-dtype: {{ $w.kvDtype }}
{{- end }}
{{- end -}}
