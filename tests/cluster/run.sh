#!/usr/bin/env bash
# Runs the end-to-end tests in the cluster that KUBECONFIG names: tests/cluster/run.sh [PYTEST ARGUMENT...]
#
# That cluster has Segue's images as localhost/...:dev, and localhost/segue-test-mongodb:dev; on kind, make kind-up sees to
# the former and this script to the latter, from BASE where it is set. SEGUE_CLUSTER_CHART names a copy of charts/segue-stack
# that has its dependencies already (tests/cluster/local_charts.py), SEGUE_CLUSTER_VALUES files of values to go with it.
# Without KUBECONFIG, but with ../shared/devcluster beside the checkout, a cluster is made first, and the images of Segue,
# Strimzi and the Spark operator; what is there already is kept. WHAT=build stops before the cluster is started,
# WHAT=prepare before the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

SHARED=$PWD/../shared
BUILD=$PWD/build/cluster
STRIMZI=(localhost/strimzi/operator:1.2.0 localhost/strimzi/kafka:1.2.0-kafka-4.3.1)
SPARK_OPERATOR=localhost/spark-operator:2.5.2
OURS=(localhost/segue-operator:dev localhost/segue-jobs:dev localhost/segue-spark:dev localhost/segue-test-mongodb:dev)

step() { # WHAT COMMAND...: says what is done and how long it took; shows the output only of what fails
  local began=$SECONDS what=$1 log=$BUILD/log
  shift
  printf '%s ... ' "$what"
  "$@" >"$log" 2>&1 || { echo "failed"; tail -n 40 "$log"; exit 1; }
  echo "$((SECONDS - began)) s"
}
finish() { # PROCESS LOG: waits for it; its log becomes this one's
  local status=0
  wait "$1" || status=$?
  cat "$2"
  return "$status"
}
built() { buildah inspect --type image "$1" >/dev/null 2>&1; }

images() {
  make images BUILDER=buildah BASE="$BASE"
  buildah bud --isolation chroot --layers --build-arg BASE="$BASE" \
    --tag localhost/segue-test-mongodb:dev --file tests/cluster/mongodb/Dockerfile .
}

devcluster() { "$SHARED/devcluster/devcluster" "$@"; }

prepare_devcluster() {
  BASE=localhost/debian:trixie
  echo "No KUBECONFIG: a cluster of this machine's own, by ../shared/devcluster (the first time it is compiled: 15 minutes)"
  step "Debian's container tools" devcluster install
  devcluster build >"$BUILD/kubernetes.log" 2>&1 &  # keeps the processors busy while the images wait for downloads
  local kubernetes=$!
  trap 'kill "$kubernetes" 2>/dev/null || true' EXIT
  step "base image" devcluster base
  step "Segue's images" images
  built "${STRIMZI[1]}" || step "Strimzi's images" "$SHARED/strimzi/build.sh"
  step "Kubernetes" finish "$kubernetes" "$BUILD/kubernetes.log"
  trap - EXIT
  built "$SPARK_OPERATOR" || step "the Spark operator's image" "$SHARED/spark-operator/build.sh"
  [[ ${WHAT:-} != build ]] || exit 0
  step "cluster" devcluster up
  eval "$(devcluster env)"
  step "images into the node" devcluster load "${OURS[@]}" "${STRIMZI[@]}" "$SPARK_OPERATOR"
  local spark_operator
  spark_operator=$(cd "$SHARED/devcluster/modules/spark-operator" && go list -m -f '{{.Dir}}' github.com/kubeflow/spark-operator/v2)
  step "charts" .venv/bin/python tests/cluster/local_charts.py "$BUILD/charts" \
    strimzi-kafka-operator="$SHARED/strimzi/chart" spark-operator="$spark_operator/charts/spark-operator-chart"
  export SEGUE_LOAD_IMAGE="$SHARED/devcluster/devcluster load"
  export SEGUE_CLUSTER_CHART=$BUILD/charts/segue-stack SEGUE_CLUSTER_VALUES=tests/cluster/values-devcluster.yaml
}

prepare_other() {
  for tool in kubectl helm; do
    command -v "$tool" >/dev/null || { echo "error: $tool is missing; install it first" >&2; exit 2; }
  done
  local context
  context=$(kubectl config current-context)
  [[ $context != kind-* ]] || step "the tests' MongoDB" mongodb_for_kind "${context#kind-}"
  [[ -n ${SEGUE_CLUSTER_CHART:-} ]] || step "charts" helm dependency update charts/segue-stack
}
mongodb_for_kind() { # NAME OF THE CLUSTER
  docker build ${BASE:+--build-arg BASE="$BASE"} --tag localhost/segue-test-mongodb:dev --file tests/cluster/mongodb/Dockerfile .
  kind load docker-image --name "$1" localhost/segue-test-mongodb:dev
}

mkdir -p "$BUILD"
if [[ -z ${KUBECONFIG:-} ]]; then
  [[ -x $SHARED/devcluster/devcluster ]] || { echo "error: set KUBECONFIG to a cluster that has the images, for example by make kind-up" >&2; exit 2; }
  prepare_devcluster
else
  prepare_other
fi
[[ ${WHAT:-} != prepare ]] || exit 0

# The controller's own scenarios go on beside the installed system, once its kinds are there, in namespaces of their own.
conformance() {
  local log=$BUILD/conformance.log
  until kubectl wait --for=condition=Established --timeout=60s crd/trackbatches.segue.dev crd/trainingruns.segue.dev; do sleep 2; done >/dev/null 2>&1
  exec .venv/bin/pytest tests/conformance -m cluster "$@" >"$log" 2>&1
}
if [[ -n ${SEGUE_LOAD_IMAGE:-} && $# == 0 ]]; then
  conformance -q &
  scenarios=$!
  trap 'kill "$scenarios" 2>/dev/null || true' EXIT
fi
status=0
.venv/bin/pytest tests/cluster -m cluster "$@" || status=$?
if [[ -n ${scenarios:-} ]]; then
  if [[ $status == 0 ]]; then wait "$scenarios" || status=$?; cat "$BUILD/conformance.log"; fi
fi
exit "$status"
