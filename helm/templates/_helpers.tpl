{{/*
The first line of every template: deletes each value that is null, and creates the chart's own maps. Keeps
nulls in `config` and `extraManifests`.
*/}}
{{- define "postern.values" -}}
{{- range $key, $value := .Values }}
{{- if kindIs "invalid" $value }}
{{- $_ := unset $.Values $key }}
{{- else if not (has $key (list "config" "extraManifests" "global")) }}
{{- include "postern.withoutNulls" $value }}
{{- end }}
{{- end }}
{{- range $path := list "global" "commonLabels" "image" "injector" "serviceAccount" "rbac" "log" "service"
  "podDisruptionBudget" "webhook" "tls" "certManager" "sidecar" "sidecar.target" "sidecar.tls"
  "sidecar.credentials" "sidecar.mysql" "sidecar.ca" "sidecar.webConfig" "sidecar.log" "sidecar.resources"
  "sidecar.resources.requests" "sidecar.resources.limits" "podMonitor" "prometheusRule" "dashboards"
  "networkPolicy" "networkPolicy.injector"
}}
{{- $map := $.Values }}
{{- range $key := splitList "." $path }}
{{- if not (hasKey $map $key) }}{{ $_ := set $map $key dict }}{{ end }}
{{- $map = get $map $key }}
{{- end }}
{{- end }}
{{- end }}

{{- define "postern.withoutNulls" -}}
{{- if kindIs "map" . }}
{{- range $key, $value := . }}
{{- if kindIs "invalid" $value }}
{{- $_ := unset $ $key }}
{{- else }}
{{- include "postern.withoutNulls" $value }}
{{- end }}
{{- end }}
{{- else if kindIs "slice" . }}
{{- range . }}{{ include "postern.withoutNulls" . }}{{ end }}
{{- end }}
{{- end }}

{{- define "postern.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "postern.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "postern.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "postern.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "postern.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "postern.kubeVersion" -}}
{{- default .Capabilities.KubeVersion.Version .Values.kubeVersionOverride }}
{{- end }}

{{/* Takes a dict: context; value, the key that is set; version, the first Kubernetes version with its field. */}}
{{- define "postern.since" -}}
{{- $version := include "postern.kubeVersion" .context }}
{{- if semverCompare (printf "<%s-0" .version) $version }}
{{- fail (printf "%s is set, but Kubernetes %s ignores it, expected %s or newer (set kubeVersionOverride if helm cannot ask the cluster)" .value $version .version) }}
{{- end }}
{{- end }}

{{- define "postern.webhookPort" -}}
{{- $port := required "webhook.port is not set, expected the port where the injector serves the webhook" .Values.webhook.port }}
{{- if and .Values.hostNetwork (eq (int $port) 10250) }}
{{- fail "webhook.port is 10250, where the kubelet listens on the network of the node (hostNetwork), expected another port" }}
{{- end }}
{{- if eq (int $port) (int (include "postern.healthPort" .)) }}
{{- fail (printf "webhook.port and healthPort are both %v, expected two ports" $port) }}
{{- end }}
{{- int $port }}
{{- end }}

{{- define "postern.healthPort" -}}
{{- int (required "healthPort is not set, expected the port of the injector's probes and metrics" .Values.healthPort) }}
{{- end }}

{{- define "postern.injector" -}}
{{- include "postern.fullname" . }}-injector
{{- end }}

{{/* The name of a cluster-scoped object: those of two releases must differ. */}}
{{- define "postern.clusterWide" -}}
{{- printf "%s-%s" (include "postern.namespace" .) (include "postern.injector" .) }}
{{- end }}

{{- define "postern.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "postern.injector" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Labels that stay the same over upgrades. Takes a dict: context, component. */}}
{{- define "postern.selectorLabels" -}}
app.kubernetes.io/name: {{ include "postern.name" .context }}
app.kubernetes.io/instance: {{ .context.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Takes a dict: context, component; more, labels that override those of all objects. */}}
{{- define "postern.labels" -}}
{{- $chart := printf "%s-%s" .context.Chart.Name .context.Chart.Version | replace "+" "_" }}
{{- $labels := dict
  "helm.sh/chart" ($chart | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" .context.Chart.AppVersion
  "app.kubernetes.io/part-of" "postern"
  "app.kubernetes.io/managed-by" .context.Release.Service
}}
{{- $selected := include "postern.selectorLabels" . | fromYaml }}
{{- mergeOverwrite $labels .context.Values.commonLabels (default dict .more) $selected | toYaml }}
{{- end }}

{{- define "postern.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag }}
{{- with default .Values.image.registry .Values.global.imageRegistry }}{{ . }}/{{ end }}
{{- required "image.repository is not set, expected the name of the image" .Values.image.repository }}
{{- with .Values.image.digest }}@{{ . }}{{ else }}:{{ $tag }}{{ end }}
{{- end }}

{{- define "postern.sidecarImage" -}}
{{- if .Values.sidecar.image }}{{ .Values.sidecar.image }}{{ else }}{{ include "postern.image" . }}{{ end }}
{{- end }}

{{/* Takes the values of `sidecar`: auto, true or false. */}}
{{- define "postern.nativeSidecar" -}}
{{- if hasKey . "nativeSidecar" }}{{ .nativeSidecar }}{{ else }}auto{{ end }}
{{- end }}

{{/* Whether the injector issues and stores its own certificate: "true" or nothing. */}}
{{- define "postern.ownCertificate" -}}
{{- if and .Values.certManager.enabled .Values.tls.existingSecret }}
{{- fail "certManager.enabled and tls.existingSecret are two sources of one certificate, expected one of them" }}
{{- end }}
{{- if and .Values.tls.caBundle (not .Values.tls.existingSecret) }}
{{- fail "tls.caBundle is the CA of the certificate in tls.existingSecret, expected both" }}
{{- end }}
{{- if not (or .Values.certManager.enabled .Values.tls.existingSecret) }}true{{ end }}
{{- end }}

{{/* Its own Secret and cert-manager's have different names, because neither can use the other's content. */}}
{{- define "postern.servingSecret" -}}
{{- $kind := ternary "certificate" "tls" (eq (include "postern.ownCertificate" .) "true") }}
{{- default (printf "%s-%s" (include "postern.injector" .) $kind) .Values.tls.existingSecret }}
{{- end }}

{{/* The name of the ConfigMap with the sidecars' postern.yml, or nothing. */}}
{{- define "postern.configMap" -}}
{{- if and .Values.config .Values.existingConfigMap }}
{{- fail "config and existingConfigMap are two sources of one configuration, expected one of them" }}
{{- end }}
{{- if .Values.config }}{{ include "postern.fullname" . }}-config{{ else }}{{ default "" .Values.existingConfigMap }}{{ end }}
{{- end }}

{{/*
The settings of `sidecar` by the names of the annotations, as YAML, without empty ones. Takes a dict: context;
sidecar, which overrides the values: with a target there the common configuration is ignored.
*/}}
{{- define "postern.wishes" -}}
{{- include "postern.values" .context }}
{{- $s := mergeOverwrite (deepCopy .context.Values.sidecar) (default dict .sidecar) }}
{{- $config := include "postern.configMap" .context }}
{{- if dig "target" "url" "" (default dict .sidecar) }}{{ $config = "" }}{{ end }}
{{- if and $config (or $s.tls.systemRoots (without (values $s.target) "")) }}
{{- fail "sidecar.target (or sidecar.tls.systemRoots) and a configuration (config, existingConfigMap) exclude each other, expected one of them" }}
{{- end }}
{{- if and (not $config) $s.credentials.existingSecret $s.mysql.existingSecret }}
{{- fail "sidecar.credentials and sidecar.mysql are two sources of one credential, expected one of them" }}
{{- end }}
{{- $pullSecrets := list }}
{{- range $s.imagePullSecrets }}{{ $pullSecrets = append $pullSecrets .name }}{{ end }}
{{- $wishes := dict
  "image-pull-policy" (default "" $s.imagePullPolicy)
  "image-pull-secrets" (join "," $pullSecrets)
  "web-config-secret" (default dict $s.webConfig).existingSecret
  "requests-ephemeral-storage" (default "" (get $s.resources.requests "ephemeral-storage"))
  "limits-ephemeral-storage" (default "" (get $s.resources.limits "ephemeral-storage"))
  "tls-secret" $s.tls.existingSecret
  "credentials-secret" $s.credentials.existingSecret
  "mysql-secret" $s.mysql.existingSecret
  "ca-config-map" $s.ca.existingConfigMap
  "config-map" $config
  "target-url" $s.target.url
  "target-name" $s.target.name
  "target-server-name" $s.target.serverName
  "target-spiffe-id" $s.target.spiffeId
  "preset" $s.target.preset
  "scrape-timeout" $s.target.scrapeTimeout
  "tls-system-roots" $s.tls.systemRoots
  "timeout-offset" $s.timeoutOffset
  "status-page" $s.statusPage
  "log-level" $s.log.level
  "log-format" $s.log.format
  "sandbox" $s.sandbox
  "requests-cpu" $s.resources.requests.cpu
  "requests-memory" $s.resources.requests.memory
  "limits-cpu" $s.resources.limits.cpu
  "limits-memory" $s.resources.limits.memory
  "run-as-user" $s.runAsUser
  "port" $s.port
  "scrape" $s.scrape
  "readiness-probe" (ternary "true" "" (default false $s.readinessProbe))
  "startup-probe" (ternary "true" "" (default false $s.startupProbe))
}}
{{- range $key, $value := $wishes }}
{{- $text := toString $value }}
{{- /* A whole number without an exponent. */}}
{{- if kindIs "float64" $value }}{{ if eq $value (floor $value) }}{{ $text = printf "%.0f" $value }}{{ end }}{{ end }}
{{- if and (ne $text "") (not (kindIs "invalid" $value)) }}
{{ $key }}: {{ $text | quote }}
{{- end }}
{{- end }}
{{- end }}
