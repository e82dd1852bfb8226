{{/* Names, labels, and the table of services: what each listens at, is, calls, and keeps. */}}

{{/* Without dots, which releases may have and Services may not. */}}
{{- define "membrane.fullname" -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- end -}}
{{- $full | replace "." "-" | trunc 31 | trimSuffix "-" -}}
{{- end -}}

{{/* Arguments: root, component. */}}
{{- define "membrane.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "membrane.labels" -}}
{{- $own := include "membrane.selector" . | fromYaml -}}
{{- $own = merge $own (dict
  "app.kubernetes.io/part-of" "membrane"
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/managed-by" .root.Release.Service
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_")) -}}
{{- merge $own .root.Values.commonLabels | toYaml -}}
{{- end -}}

{{/*
key: of the values; calls: the services that it calls, and no others; finds: whether it calls their instances where it
finds them; leads: what one of its replicas does for all.
*/}}
{{- define "membrane.components" -}}
{{- $v := .Values -}}
gateway:
  key: gateway
  port: 8080
  kind: Deployment
  calls: [directory-service, fragment-service, reconstruction-service, scheduler-service, compute-worker]
  finds: true
directory-service:
  key: directory
  port: 8081
  kind: StatefulSet
  calls: [fragment-service]
  {{- if $v.directory.snapshots.shared.enabled }}
  leads: directory-snapshots
  {{- end }}
fragment-service:
  key: fragment
  port: 8082
  kind: StatefulSet
  calls: [directory-service, fragment-service]
  finds: true
  leads: fragment-sweep
reconstruction-service:
  key: reconstruction
  port: 8083
  kind: Deployment
  calls: [directory-service, fragment-service, scheduler-service, compute-worker]
  finds: true
scheduler-service:
  key: scheduler
  port: 8084
  kind: Deployment
  calls: {{ ternary (list "compute-worker") list $v.scheduler.profiles.enabled | toJson }}
  leads: scheduler-control
compute-worker:
  key: worker
  port: 8085
  kind: Deployment
  calls: [directory-service, fragment-service]
  finds: true
{{- end -}}

{{- define "membrane.managementPort" -}}8090{{- end -}}

{{- define "membrane.scheme" -}}{{ ternary "https" "http" .Values.tls.enabled }}{{- end -}}

{{/* Where a service of this release answers. Arguments: root, component. */}}
{{- define "membrane.url" -}}
{{- $port := (index (include "membrane.components" .root | fromYaml) .component).port -}}
{{ include "membrane.scheme" .root }}://{{ include "membrane.fullname" .root }}-{{ .component }}:{{ $port }}
{{- end -}}

{{/* Where one pod of fragment-service answers. Arguments: root, pod, port. */}}
{{- define "membrane.fragmentUrl" -}}
{{ include "membrane.scheme" .root }}://{{ .pod }}.{{ include "membrane.fullname" .root }}-fragment-service-pods.{{ .root.Release.Namespace }}.svc:{{ int64 .port }}
{{- end -}}

{{- define "membrane.directSecretFile" -}}/etc/membrane/direct/{{ .Values.fragment.direct.secret.key }}{{- end -}}

{{- define "membrane.serviceAccount" -}}
{{- $component := index (include "membrane.components" .root | fromYaml) .component -}}
{{- default (printf "%s-%s" (include "membrane.fullname" .root) .component) (index .root.Values $component.key).serviceAccount.name -}}
{{- end -}}

{{/* Non-empty if the pods of the component ask the Kubernetes API. */}}
{{- define "membrane.asksKubernetes" -}}
{{- $k := .root.Values.kubernetes -}}
{{- $component := index (include "membrane.components" .root | fromYaml) .component -}}
{{- if or (and $k.discovery.enabled $component.finds)
  (and $k.leadership.enabled $component.leads)
  (and (eq .component "directory-service") (or $k.engines.enabled $k.peers.enabled))
  (and (eq .component "scheduler-service") (ne .root.Values.scheduler.scaling.mode "off")) -}}
true
{{- end -}}
{{- end -}}

{{- define "membrane.tlsSecret" -}}
{{- default (printf "%s-%s-tls" (include "membrane.fullname" .root) .component) (index .root.Values.tls.existingSecrets .component) -}}
{{- end -}}

{{- define "membrane.enginesNamespace" -}}
{{- default .Release.Namespace .Values.kubernetes.engines.namespace -}}
{{- end -}}
