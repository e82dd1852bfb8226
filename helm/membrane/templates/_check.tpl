{{/* What a schema cannot say: values that need each other. Stops the templating with what to write instead. */}}

{{- define "membrane.check" -}}
{{- $v := .Values -}}
{{- if not (regexMatch "^[a-z]" (include "membrane.fullname" .)) -}}
{{- fail (printf "Services would be called %s-gateway and the like, and their names begin with a letter: set fullnameOverride" (include "membrane.fullname" .)) -}}
{{- end -}}
{{- $security := $v.gateway.security -}}
{{- if not (or $security.anonymous $security.issuer $security.bootstrapKey.existingSecret) -}}
{{- fail "nobody could call the gateway: set gateway.security.bootstrapKey.existingSecret (a Secret with the first admin key), gateway.security.issuer (JWTs of an OIDC issuer), or, where everybody who reaches it may do everything, gateway.security.anonymous=true" -}}
{{- end -}}
{{- if and $security.anonymous (or $security.issuer $security.bootstrapKey.existingSecret) -}}
{{- fail "gateway.security.anonymous would let everybody in beside gateway.security.issuer or .bootstrapKey: leave out the one or the others" -}}
{{- end -}}
{{- if and $security.issuer (not $security.audience) -}}
{{- fail "gateway.security.issuer is set without gateway.security.audience: a token that was made for somebody else would do; set the audience that your tokens name" -}}
{{- end -}}
{{- $r := $v.redis -}}
{{- if and (eq $r.mode "internal") (not (or $r.password.existingSecret $r.internal.withoutPassword)) -}}
{{- fail "redis.mode is internal: set redis.password.existingSecret, or redis.internal.withoutPassword=true where nobody else reaches it" -}}
{{- end -}}
{{- if and (eq $r.mode "standalone") (not $r.host) -}}
{{- fail "redis.mode is standalone: set redis.host" -}}
{{- end -}}
{{- if and (eq $r.mode "cluster") (not $r.nodes) -}}
{{- fail "redis.mode is cluster: set redis.nodes to some of its nodes, as host:port" -}}
{{- end -}}
{{- if and (eq $r.mode "sentinel") (not (and $r.sentinel.master $r.sentinel.nodes)) -}}
{{- fail "redis.mode is sentinel: set redis.sentinel.master and redis.sentinel.nodes" -}}
{{- end -}}
{{- if and (eq $r.mode "internal") $r.tls.enabled (not $v.tls.enabled) -}}
{{- fail "redis.tls.enabled is for a Redis of your own, and redis.mode is internal, whose Redis speaks TLS with the services: set tls.enabled" -}}
{{- end -}}
{{- if and $r.internal.persistence.enabled (not $r.internal.appendOnly) -}}
{{- fail "redis.internal.persistence.enabled without redis.internal.appendOnly: nothing would be written to the volume, and a restart would empty the cache. Set both" -}}
{{- end -}}
{{- if and $r.tls.mutual (not $r.tls.enabled) -}}
{{- fail "redis.tls.mutual without redis.tls.enabled: Redis would be spoken to in the clear. Set both" -}}
{{- end -}}
{{- if and $r.tls.mutual (not $r.tls.existingSecret) -}}
{{- fail "redis.tls.mutual needs redis.tls.existingSecret, with ca.crt, tls.crt and tls.key" -}}
{{- end -}}
{{- if $v.tls.enabled -}}
{{- $names := keys (include "membrane.components" . | fromYaml) | sortAlpha -}}
{{- if eq $r.mode "internal" -}}{{- $names = append $names "redis" -}}{{- end -}}
{{- if not $v.tls.certManager.issuerRef.name -}}
{{- range $names -}}
{{- if not (index $v.tls.existingSecrets .) -}}
{{- fail (printf "tls.enabled without a certificate for %s: set tls.certManager.issuerRef.name, or tls.existingSecrets.%s to a Secret with tls.crt, tls.key and ca.crt" . .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.tls.gatewaySecret (not $v.tls.enabled) -}}
{{- fail "tls.gatewaySecret without tls.enabled: the gateway would answer in the clear. Set tls.enabled, or leave TLS to an Ingress (gateway.ingress.tlsSecret)" -}}
{{- end -}}
{{- if and $v.region.expose.enabled (not (or $v.tls.enabled $v.region.expose.withoutTls)) -}}
{{- fail "region.expose.enabled without TLS: whoever reaches these ports can ask as any tenant. Set tls.enabled, or region.expose.withoutTls=true where the network between the regions is yours alone" -}}
{{- end -}}
{{- $finds := or $v.region.peers $v.region.gossip.enabled $v.kubernetes.peers.enabled -}}
{{- if and $finds (not (and $v.region.name $v.region.peerKey.existingSecret)) -}}
{{- fail "other regions are to be followed: set region.name, by which they call this one, and region.peerKey.existingSecret, a Secret with the same key in all regions" -}}
{{- end -}}
{{- if and $v.region.gossip.enabled (not $v.region.gossip.url) -}}
{{- fail "region.gossip.enabled: set region.gossip.url, where directories of other regions reach this one" -}}
{{- end -}}
{{- if and $v.region.gossip.enabled $v.region.gossip.externalHost (not (contains "${" $v.region.gossip.externalHost)) (or (gt (int64 $v.directory.replicas) 1) $v.directory.autoscaling.enabled) -}}
{{- fail "region.gossip.externalHost is one address, and every directory is a member of its own: write it with the pod's name, for example ${HOSTNAME}.directory.east.example.com, or set directory.replicas to 1" -}}
{{- end -}}
{{- if has $v.region.name (keys $v.region.peers) -}}
{{- fail (printf "region.peers names %s, which is this region itself" $v.region.name) -}}
{{- end -}}
{{- if hasKey $v.reconstruction.clusters $v.cluster.name -}}
{{- fail (printf "reconstruction.clusters names %s, which is this cluster itself (cluster.name)" $v.cluster.name) -}}
{{- end -}}
{{- if $v.scheduler.profiles.enabled -}}
{{- $described := list -}}
{{- range (default list $v.scheduler.fleet.clusters) -}}{{- $described = append $described .cluster -}}{{- end -}}
{{- if not (has $v.cluster.name $described) -}}
{{- fail (printf "scheduler.profiles.enabled: describe cluster %s (cluster.name) in scheduler.fleet.clusters" $v.cluster.name) -}}
{{- end -}}
{{- end -}}
{{- $s := $v.scheduler.scaling -}}
{{- if and (ne $s.mode "off") (not (and $s.prefill.name $s.decode.name)) -}}
{{- fail (printf "scheduler.scaling.mode is %s: set scheduler.scaling.prefill.name and .decode.name to the workloads of your engines" $s.mode) -}}
{{- end -}}
{{- if and (ne $v.worker.backend "local") (not $v.worker.provider.model) -}}
{{- fail (printf "worker.backend is %s: set worker.provider.model" $v.worker.backend) -}}
{{- end -}}
{{- if and (has $v.worker.backend (list "openai" "anthropic")) (not $v.worker.provider.apiKey.existingSecret) -}}
{{- fail (printf "worker.backend is %s: set worker.provider.apiKey.existingSecret" $v.worker.backend) -}}
{{- end -}}
{{- if and (has $v.worker.backend (list "vllm" "sglang" "ollama")) (not $v.worker.provider.url) -}}
{{- fail (printf "worker.backend is %s: set worker.provider.url" $v.worker.backend) -}}
{{- end -}}
{{- if and (ne $v.fragment.compression "none") (lt (int64 $v.fragment.maxInFlightMiB) (mul 2 (int64 $v.fragment.maxFragmentMiB))) -}}
{{- fail "fragment.compression needs fragment.maxInFlightMiB to be at least twice fragment.maxFragmentMiB" -}}
{{- end -}}
{{- if lt (int64 $v.fragment.maxInFlightMiB) (int64 $v.fragment.maxFragmentMiB) -}}
{{- fail "fragment.maxInFlightMiB is less than fragment.maxFragmentMiB: the largest fragment would never pass" -}}
{{- end -}}
{{- if and $v.fragment.direct.enabled (not $v.fragment.direct.secret.existingSecret) -}}
{{- fail "fragment.direct.enabled without a secret: everybody could come in. Set fragment.direct.secret.existingSecret, a Secret with one line of `openssl rand -hex 32`, or two, in its key fragment.direct.secret.key" -}}
{{- end -}}
{{- $snapshots := $v.directory.snapshots -}}
{{- if and $snapshots.shared.enabled $snapshots.persistence.enabled -}}
{{- fail "directory.snapshots.shared is one volume for all replicas, and directory.snapshots.persistence one for each: enable the one or the other" -}}
{{- end -}}
{{- if and $snapshots.shared.existingClaim (not $snapshots.shared.enabled) -}}
{{- fail (printf "directory.snapshots.shared.existingClaim is %s, and nobody would mount it: set directory.snapshots.shared.enabled=true" $snapshots.shared.existingClaim) -}}
{{- end -}}
{{- if and $v.gateway.ingress.enabled (not $v.gateway.ingress.host) -}}
{{- fail "gateway.ingress.enabled: set gateway.ingress.host" -}}
{{- end -}}
{{- if and $v.tracing.enabled (not $v.tracing.endpoint) -}}
{{- fail "tracing.enabled: set tracing.endpoint, for example http://otel-collector.monitoring:4318/v1/traces" -}}
{{- end -}}
{{- range $key := list "gateway" "directory" "fragment" "reconstruction" "scheduler" "worker" -}}
{{- $a := (index $v $key).autoscaling -}}
{{- range $property := keys (index $v $key).config | sortAlpha -}}
{{- if has $property (list "server.port" "management.server.port") -}}
{{- fail (printf "%s.config sets %s: Services, probes and policies know the ports that the chart has" $key $property) -}}
{{- end -}}
{{- if regexMatch "(password|secret|api-key|peer-key)$" $property -}}
{{- fail (printf "%s.config sets %s, and a ConfigMap is no place for it: name a Secret where this chart has a value for it, or take %s.extraEnv with valueFrom.secretKeyRef" $key $property $key) -}}
{{- end -}}
{{- end -}}
{{- if and $a.enabled (gt (int64 $a.minReplicas) (int64 $a.maxReplicas)) -}}
{{- fail (printf "%s.autoscaling.minReplicas is above maxReplicas" $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
