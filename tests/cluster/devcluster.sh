# shellcheck shell=bash
# A cluster of this machine's own, for run.sh: sourced where SEGUE_DEVCLUSTER names the folder that has it.
#
# That folder holds devcluster/devcluster, which builds and runs Kubernetes without Docker or a registry; strimzi/ and
# spark-operator/, which build the images of those two operators; and crds/, definitions of other projects' kinds.

STRIMZI=(localhost/strimzi/operator:1.2.0 localhost/strimzi/kafka:1.2.0-kafka-4.3.1)
SPARK_OPERATOR=localhost/spark-operator:2.5.2

built() { buildah inspect --type image "$1" >/dev/null 2>&1; }
devcluster() { "$SEGUE_DEVCLUSTER/devcluster/devcluster" "$@"; }

segue_images() {
  make images BUILDER=buildah BASE="$BASE" &&  # set -e does not reach into a step
    buildah bud --isolation chroot --layers --build-arg BASE="$BASE" \
      --tag localhost/segue-test-mongodb:dev --file tests/cluster/mongodb/Dockerfile .
}

prepare_devcluster() {
  BASE=localhost/debian:trixie
  echo "No KUBECONFIG: a cluster of this machine's own, by $SEGUE_DEVCLUSTER (the first time it is compiled: 15 minutes)"
  step "Debian's container tools" devcluster install
  devcluster build >"$BUILD/kubernetes.log" 2>&1 &  # keeps the processors busy while the images wait for downloads
  local kubernetes=$!
  trap 'kill "$kubernetes" 2>/dev/null || true' EXIT
  step "base image" devcluster base
  step "Segue's images" segue_images
  built "${STRIMZI[1]}" || step "Strimzi's images" "$SEGUE_DEVCLUSTER/strimzi/build.sh"
  step "Kubernetes" finish "$kubernetes" "$BUILD/kubernetes.log"
  trap - EXIT
  built "$SPARK_OPERATOR" || step "the Spark operator's image" "$SEGUE_DEVCLUSTER/spark-operator/build.sh"
  [[ ${WHAT:-} != build ]] || exit 0
  step "cluster" devcluster up
  eval "$(devcluster env)"
  step "images into the node" devcluster load "${OURS[@]}" "${STRIMZI[@]}" "$SPARK_OPERATOR"
  local spark_operator
  spark_operator=$(cd "$SEGUE_DEVCLUSTER/devcluster/modules/spark-operator" && go list -m -f '{{.Dir}}' github.com/kubeflow/spark-operator/v2)
  step "charts" .venv/bin/python tests/cluster/local_charts.py "$BUILD/charts" \
    strimzi-kafka-operator="$SEGUE_DEVCLUSTER/strimzi/chart" spark-operator="$spark_operator/charts/spark-operator-chart"
  export SEGUE_BUILD_IMAGE="buildah bud --isolation chroot --layers --quiet --build-arg BASE=$BASE"
  export SEGUE_LOAD_IMAGE="$SEGUE_DEVCLUSTER/devcluster/devcluster load"
  export SEGUE_RESTART_API_SERVER="bash -c 'read -r pid _ <${DEVCLUSTER_HOME:-$HOME/.cache/devcluster}/state/pids/kube-apiserver; kill -KILL \$pid; sleep 1; $SEGUE_DEVCLUSTER/devcluster/devcluster up'"
  export SEGUE_CLUSTER_CHART=$BUILD/charts/segue-stack SEGUE_CLUSTER_VALUES=tests/cluster/values-devcluster.yaml
}
