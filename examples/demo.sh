#!/usr/bin/env bash
# From nothing to recommendations on this machine: music, ingestion, training, reasons, a map.
# Everything it writes is in .segue (or $SEGUE_STATE); needs `segue` and its python on the PATH, as `make demo` sets it.
set -euo pipefail

examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${SEGUE_STATE:-.segue}
out=$state/demo

step() {
  if [ -t 1 ]; then printf '\n\033[1m== %s\033[0m\n' "$1"; else printf '\n== %s\n' "$1"; fi
}

step "Music"
"$examples/music.sh" "$out"

step "Ingest and train: segue apply -f examples/demo --volume demo-music=$out"
apply=(segue apply -f "$examples/demo" --volume "demo-music=$out")
if segue get 2>/dev/null | grep -qw Failed; then apply+=(--again); fi  # an earlier run failed: try once more
"${apply[@]}"

step "Recommendations for three tracks of different clusters: segue recommend --catalogue demo --track ID --why"
segue tracks --catalogue demo --typical 1 --json > "$out/typical.json"
recommend=(segue recommend --catalogue demo --limit 5 --why)
while read -r track; do recommend+=("--track=$track"); done < <(
  python -c 'import json, sys; print(*(track["trackId"] for track in json.load(sys.stdin)[:3]), sep="\n")' < "$out/typical.json"
)
"${recommend[@]}"

step "A map: segue map --catalogue demo --output $out/clusters.png"
segue map --catalogue demo --output "$out/clusters.png"

step "How to go on"
cat <<TEXT
  segue tracks --catalogue demo                   every track with its id and cluster
  segue recommend --catalogue demo --like ID --like ID --dislike ID
  segue rejected --catalogue demo                 what could not be used, and why
  segue get                                       the two resources behind all this
  segue init ~/Music --catalogue mine --output mine && segue apply -f mine
                                                  the same for a folder of your own
TEXT
