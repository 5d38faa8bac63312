{{/* Name of the application. */}}
{{- define "direct-connect-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of the objects: RELEASE-CHART, or RELEASE alone if it contains the name of the chart. */}}
{{- define "direct-connect-operator.fullname" -}}
{{- $name := include "direct-connect-operator.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "direct-connect-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "direct-connect-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/*
Name of objects that are cluster-scoped or in another namespace. A cluster has only one unsharded operator; several shards may have the same
release name in different namespaces, so their names include the namespace.
*/}}
{{- define "direct-connect-operator.wideName" -}}
{{- $name := include "direct-connect-operator.fullname" . -}}
{{- if or .Values.watchNamespaces .Values.selector -}}
{{- printf "%s-%s" $name .Release.Namespace -}}
{{- else -}}
{{- $name -}}
{{- end -}}
{{- end -}}

{{/*
Name of the shard: part of the finalizers on accounts and Secrets, so it must not change with the namespaces and the selector. Finalizers leave 48
characters for it. Empty for the only operator of a cluster.
*/}}
{{- define "direct-connect-operator.shard" -}}
{{- if .Values.shard -}}
{{- .Values.shard -}}
{{- else if or .Values.watchNamespaces .Values.selector -}}
{{- $name := include "direct-connect-operator.wideName" . | replace "." "-" -}}
{{- if gt (len $name) 48 -}}
{{- printf "%s-%s" (trunc 39 $name) (sha256sum $name | trunc 8) -}}
{{- else -}}
{{- $name -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Name of the simulator's objects. */}}
{{- define "direct-connect-operator.simulatorName" -}}
{{- include "direct-connect-operator.fullname" . | trunc 53 | trimSuffix "-" -}}-simulator
{{- end -}}

{{/* Selector labels of the Deployment. They are immutable. */}}
{{- define "direct-connect-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "direct-connect-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Selector labels of the simulator, distinct so that the operator's selectors do not match its pod. */}}
{{- define "direct-connect-operator.simulatorSelectorLabels" -}}
app.kubernetes.io/name: {{ include "direct-connect-operator.name" . | trunc 53 | trimSuffix "-" }}-simulator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "direct-connect-operator.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "direct-connect-operator.labels" -}}
{{ include "direct-connect-operator.selectorLabels" . }}
{{ include "direct-connect-operator.commonLabels" . }}
{{- end -}}

{{- define "direct-connect-operator.simulatorLabels" -}}
{{ include "direct-connect-operator.simulatorSelectorLabels" . }}
{{ include "direct-connect-operator.commonLabels" . }}
{{- end -}}

{{/* Reference of an image. Takes a list: the image's values, and the chart's appVersion. */}}
{{- define "direct-connect-operator.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default (index . 1) $image.tag) -}}
{{- end -}}
{{- end -}}
