#!/usr/bin/env bash
# The demo on a cluster: installs the stack by its chart, copies real music into a volume, applies examples/demo, waits
# for the recommendations. KUBECONTEXT names the cluster's context; make kind-demo does all that comes before.
set -euo pipefail
cd "$(dirname "$0")/.."

NAMESPACE=music
MUSIC=.segue/demo
kube() { kubectl ${KUBECONTEXT:+--context "$KUBECONTEXT"} --namespace "$NAMESPACE" "$@"; }
say() { printf '\n== %s\n' "$*"; }

say "The stack: Strimzi, Kafka, MongoDB, the Spark operator, Segue"
helm dependency update charts/segue-stack
helm upgrade --install segue charts/segue-stack ${KUBECONTEXT:+--kube-context "$KUBECONTEXT"} \
  --namespace "$NAMESPACE" --create-namespace --values charts/segue-stack/values-development.yaml --wait --timeout 15m

say "Music: a volume, filled through a pod"
examples/music.sh "$MUSIC"
kube apply -f examples/kubernetes/demo-volume.yaml
kube wait pod/demo-music --for=condition=Ready --timeout=3m
kube cp "$MUSIC/music" demo-music:/volume
kube cp "$MUSIC/tracks.csv" demo-music:/volume
kube delete pod demo-music --wait=false

say "What to ingest and what to learn"
kube apply -f examples/demo
kube wait trackbatch/demo --for=condition=Succeeded --timeout=10m
kube wait trainingrun/demo --for=condition=Succeeded --timeout=15m
kube get trackbatches,trainingruns

say "What sounds alike"
kube port-forward service/segue-mongodb 27117:27017 >/dev/null &
forward=$!
trap 'kill "$forward"' EXIT
until (exec 3<>/dev/tcp/127.0.0.1/27117) 2>/dev/null; do kill -0 "$forward"; sleep 0.2; done
export MONGODB_URI='mongodb://127.0.0.1:27117/?directConnection=true'
first=$(python -m segue tracks --catalogue demo --typical 1 --json | python -c 'import json, sys; print(json.load(sys.stdin)[0]["trackId"])')
python -m segue recommend --catalogue demo --track "$first" --why
