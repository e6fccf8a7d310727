#!/usr/bin/env bash
# Runs the end-to-end tests, and beside them the controller's conformance suite, in the cluster that KUBECONFIG names:
# tests/cluster/run.sh [PYTEST ARGUMENT...]; with arguments, the end-to-end tests alone.
#
# That cluster has Segue's images as localhost/...:dev, and localhost/segue-test-mongodb:dev; on kind, make kind-up sees to
# the former and this script to the latter, from BASE where it is set. SEGUE_CLUSTER_CHART names a copy of charts/segue-stack
# that has its dependencies already (tests/cluster/local_charts.py), SEGUE_CLUSTER_VALUES files of values to go with it.
#
# The conformance suite has an image of its own, and a folder that its pods read. On kind this script sees to both; in
# another cluster, SEGUE_BUILD_IMAGE is the command that builds an image (given --tag and a folder), SEGUE_LOAD_IMAGE the one
# that brings it onto the nodes (given its name), and SEGUE_NODE_FOLDER a folder that the nodes have under the same path.
#
# Without KUBECONFIG, but with SEGUE_DEVCLUSTER (tests/cluster/devcluster.sh), a cluster is made first, and all images; what is
# there already is kept. WHAT=build stops before the cluster is started, WHAT=prepare before the tests.
# shellcheck disable=SC2329 # functions are called by way of step
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BUILD=$PWD/build/cluster
OURS=(localhost/segue-{operator,jobs,spark,api,test-mongodb}:dev)

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
prepare_other() {
  for tool in kubectl helm; do
    command -v "$tool" >/dev/null || { echo "error: $tool is missing; install it first" >&2; exit 2; }
  done
  local context
  context=$(kubectl config current-context)
  [[ $context != kind-* ]] || prepare_kind "${context#kind-}"
  [[ -n ${SEGUE_CLUSTER_CHART:-} ]] || step "charts" helm dependency update charts/segue-stack
}
prepare_kind() { # NAME OF THE CLUSTER
  step "the tests' MongoDB" mongodb_for_kind "$1"
  export SEGUE_BUILD_IMAGE="docker build --quiet${BASE:+ --build-arg BASE=$BASE}"
  export SEGUE_LOAD_IMAGE="kind load docker-image --name $1"
  export SEGUE_NODE_FOLDER=${SEGUE_NODE_FOLDER:-/tmp/segue-kind} # as in kind.yaml
  export SEGUE_RESTART_API_SERVER="docker exec $1-control-plane pkill kube-apiserver" # the kubelet starts it again
  docker exec "$1-control-plane" test -d "$SEGUE_NODE_FOLDER" && [[ -w $SEGUE_NODE_FOLDER ]] ||
    { echo "error: the node does not have $SEGUE_NODE_FOLDER of this machine; make it again: make kind-down kind-up" >&2; exit 2; }
}
mongodb_for_kind() { # NAME OF THE CLUSTER
  docker build ${BASE:+--build-arg BASE="$BASE"} --tag localhost/segue-test-mongodb:dev --file tests/cluster/mongodb/Dockerfile .
  kind load docker-image --name "$1" localhost/segue-test-mongodb:dev
}

mkdir -p "$BUILD"
if [[ -z ${KUBECONFIG:-} ]]; then
  [[ -x ${SEGUE_DEVCLUSTER:-}/devcluster/devcluster ]] ||
    { echo "error: set KUBECONFIG to a cluster that has the images: make kind-up, then KUBECONFIG=~/.kube/config make test-cluster" >&2; exit 2; }
  source tests/cluster/devcluster.sh
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
if [[ $# != 0 ]]; then
  echo "With arguments for pytest, the end-to-end tests alone"
elif [[ -z ${SEGUE_BUILD_IMAGE:-} || -z ${SEGUE_LOAD_IMAGE:-} ]]; then
  echo "warning: without SEGUE_BUILD_IMAGE and SEGUE_LOAD_IMAGE, the conformance suite is left out" >&2
else
  conformance -q &
  scenarios=$!
  trap 'kill "$scenarios" 2>/dev/null || true' EXIT
fi
status=0
.venv/bin/pytest tests/cluster -m "cluster and not faults" "$@" || status=$?
if [[ -n ${scenarios:-} ]]; then
  if [[ $status == 0 ]]; then wait "$scenarios" || status=$?; cat "$BUILD/conformance.log"; fi
fi
exit "$status"
