{{/*
The sidecar without a webhook: a map of labels and annotations for the pod's template, containers,
initContainers, imagePullSecrets and volumes, the same as the injector would add. One of the two lists of
containers is empty.
For a chart that depends on this one, with injector.enabled false:

    {{- $sidecar := include "postern.sidecar" (dict "context" .Subcharts.postern) | fromYaml }}
    ...
          volumes:
            {{- toYaml $sidecar.volumes | nindent 8 }}

Its settings are the values of this chart below `sidecar`. If workloads differ, each passes its own:
(dict "context" .Subcharts.postern "sidecar" (dict "target" (dict "url" "https://localhost:8443"))).
*/}}
{{- define "postern.sidecar" -}}
{{- include "postern.values" .context }}
{{- $s := mergeOverwrite (deepCopy .context.Values.sidecar) (default dict .sidecar) }}
{{- $own := dict "port" "3000" "run-as-user" "65532" }}
{{- $wishes := merge (include "postern.wishes" . | fromYaml) $own }}
{{- $native := eq (include "postern.nativeSidecar" $s) "true" }}
{{- if eq (include "postern.nativeSidecar" $s) "auto" }}
{{- $native = semverCompare ">=1.29.0-0" (include "postern.kubeVersion" .context) }}
{{- end }}
{{- $container := include "postern.container" (dict "context" .context "sidecar" $s "wishes" $wishes) | fromYaml }}
{{- if $native }}{{ $_ := set $container "restartPolicy" "Always" }}{{ end -}}
labels:
  postern.io/status: injected
  postern.io/port: {{ get $wishes "port" | quote }}
annotations:
  prometheus.io/scrape: "true"
  prometheus.io/port: {{ get $wishes "port" | quote }}
  prometheus.io/path: /metrics
  prometheus.io/scheme: http
initContainers: {{ ternary (list $container) list $native | toJson }}
containers: {{ ternary list (list $container) $native | toJson }}
imagePullSecrets: {{ default list $s.imagePullSecrets | toJson }}
volumes:
  {{- range $mount := include "postern.mounts" $wishes | fromYamlArray }}
  - name: {{ $mount.name }}
    {{- if eq $mount.kind "Secret" }}
    secret:
      secretName: {{ $mount.object }}
      optional: true
      defaultMode: {{ ternary 288 292 (eq (toString $s.podHasFsGroup) "true") }}  # 0440, 0444
    {{- else }}
    configMap: { name: {{ $mount.object }}, optional: true }
    {{- end }}
  {{- end }}
  - name: postern-state
    emptyDir: { medium: Memory, sizeLimit: 4Mi }  # on disk it would keep cluster-autoscaler from removing the node
{{- end }}

{{/* The mounts: kind and name of the object, name of the volume, path, and the variable for it. */}}
{{- define "postern.mounts" -}}
{{- range $each := list
  (list "tls-secret" "Secret" "postern-tls" "/tls" "POSTERN_TLS_DIR" "/tls")
  (list "credentials-secret" "Secret" "postern-credentials" "/credentials" "POSTERN_CREDENTIALS_DIR" "/credentials")
  (list "mysql-secret" "Secret" "postern-mysql" "/mysql" "POSTERN_MYSQL_DIR" "/mysql")
  (list "ca-config-map" "ConfigMap" "postern-ca" "/ca" "POSTERN_TLS_CA_FILE" "/ca/ca.crt")
  (list "config-map" "ConfigMap" "postern-config" "/config" "POSTERN_CONFIG_FILE" "/config/postern.yml")
  (list "web-config-secret" "Secret" "postern-web" "/web" "POSTERN_WEB_CONFIG_FILE" "/web/web-config.yml")
}}
{{- with get $ (first $each) }}
- { object: {{ . | quote }}, kind: {{ index $each 1 }}, name: {{ index $each 2 }}, path: {{ index $each 3 }}, variable: {{ index $each 4 }}, content: {{ index $each 5 }} }
{{- end }}
{{- end }}
{{- end }}

{{/* Takes a dict: context; sidecar and wishes, the merged settings. */}}
{{- define "postern.container" -}}
{{- $wishes := .wishes }}
{{- $mounts := include "postern.mounts" $wishes | fromYamlArray }}
{{- $probed := "postern" }}
{{- $port := get $wishes "port" | int }}
{{- $healthPort := ternary 3000 (add1 $port) (eq $port 65535) }}
{{- if get $wishes "web-config-secret" }}{{ $probed = "postern-health" }}{{ end -}}
name: postern
image: {{ if .sidecar.image }}{{ .sidecar.image | quote }}{{ else }}{{ include "postern.image" .context | quote }}{{ end }}
imagePullPolicy: {{ get $wishes "image-pull-policy" | default "IfNotPresent" }}
env:
  - { name: POSTERN_WEB_LISTEN_ADDRESS, value: ":{{ get $wishes "port" }}" }
  {{- /* The web configuration may require TLS or a login, which the kubelet cannot do. */}}
  {{- if eq $probed "postern-health" }}
  - { name: POSTERN_WEB_HEALTH_ADDRESS, value: ":{{ $healthPort }}" }
  {{- end }}
  - { name: POSTERN_CONFIG_AWAIT, value: "true" }
  - { name: POSTERN_STATE_DIR, value: /state }
  {{- /* A configuration file names the other mounted files itself. */}}
  {{- range $mounts }}
  {{- if or (not (get $wishes "config-map")) (has .variable (list "POSTERN_CONFIG_FILE" "POSTERN_WEB_CONFIG_FILE")) }}
  - { name: {{ .variable }}, value: {{ .content }} }
  {{- end }}
  {{- end }}
  {{- range $each := list
    (list "target-url" "POSTERN_TARGET_URL")
    (list "target-name" "POSTERN_TARGET_NAME")
    (list "target-server-name" "POSTERN_TARGET_SERVER_NAME")
    (list "target-spiffe-id" "POSTERN_TARGET_SPIFFE_ID")
    (list "preset" "POSTERN_TARGET_PRESET")
    (list "scrape-timeout" "POSTERN_TARGET_SCRAPE_TIMEOUT")
    (list "tls-system-roots" "POSTERN_TLS_SYSTEM_ROOTS")
    (list "timeout-offset" "POSTERN_TIMEOUT_OFFSET")
    (list "status-page" "POSTERN_WEB_STATUS_PAGE")
    (list "log-level" "POSTERN_LOG_LEVEL")
    (list "log-format" "POSTERN_LOG_FORMAT")
  }}
  {{- with get $wishes (first $each) }}
  - { name: {{ last $each }}, value: {{ . | quote }} }
  {{- end }}
  {{- end }}
  - { name: POSTERN_SANDBOX, value: {{ default "auto" (get $wishes "sandbox") | quote }} }
ports:
  - { name: postern, containerPort: {{ get $wishes "port" }}, protocol: TCP }
  {{- if eq $probed "postern-health" }}
  - { name: postern-health, containerPort: {{ $healthPort }}, protocol: TCP }
  {{- end }}
livenessProbe:
  httpGet: { path: /-/healthy, port: {{ $probed }} }
  timeoutSeconds: 5
{{- if get $wishes "readiness-probe" }}
readinessProbe:
  httpGet: { path: /-/ready, port: {{ $probed }} }
  timeoutSeconds: 5
{{- end }}
{{- if get $wishes "startup-probe" }}
startupProbe:
  httpGet: { path: /-/healthy, port: {{ $probed }} }
  timeoutSeconds: 5
{{- end }}
{{- $requests := dict }}
{{- $limits := dict }}
{{- if ne (toString .sidecar.podHasResources) "true" }}
{{- $requests = dict "cpu" (get $wishes "requests-cpu" | default "5m") "memory" (get $wishes "requests-memory" | default "16Mi") }}
{{- $limits = dict "memory" (get $wishes "limits-memory" | default "64Mi") }}
{{- with get $wishes "limits-cpu" }}{{ $_ := set $limits "cpu" . }}{{ end }}
{{- end }}
{{- /* spec.resources of a pod do not include ephemeral storage. */}}
{{- with get $wishes "requests-ephemeral-storage" }}{{ $_ := set $requests "ephemeral-storage" . }}{{ end }}
{{- with get $wishes "limits-ephemeral-storage" }}{{ $_ := set $limits "ephemeral-storage" . }}{{ end }}
{{- if or $requests $limits }}
resources:
  {{- with $requests }}
  requests: {{ toJson . }}
  {{- end }}
  {{- with $limits }}
  limits: {{ toJson . }}
  {{- end }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities: { drop: [ALL] }
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  {{- if ne (get $wishes "run-as-user") "none" }}
  runAsUser: {{ get $wishes "run-as-user" }}
  {{- end }}
  seccompProfile: { type: RuntimeDefault }
volumeMounts:
  {{- range $mounts }}
  - { name: {{ .name }}, mountPath: {{ .path }}, readOnly: true }
  {{- end }}
  - { name: postern-state, mountPath: /state }
{{- end }}
