#!/usr/bin/env bash
# From nothing to recommendations on this machine: music, ingestion, training, reasons, a map.
# With LEARNED=1 it adds learned features: a network of 3 MB is fetched once, into the user's cache.
# Everything else it writes is in .segue (or $SEGUE_STATE); needs `segue` and its python on the PATH, as `make demo` sets it.
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

if [ -n "${LEARNED:-}" ]; then
  step "Learned features: segue models fetch; segue apply -f examples/demo-learned --volume demo-music=$out"
  segue models fetch
  apply[3]=$examples/demo-learned
  "${apply[@]}"
fi

step "Recommendations for three tracks of different clusters: segue recommend --catalogue demo --track ID --why"
segue tracks --catalogue demo --typical 1 --json > "$out/typical.json"
recommend=(segue recommend --catalogue demo --limit 5 --why)
while read -r track; do recommend+=("--track=$track"); done < <(
  python -c 'import json, sys; print(*(track["trackId"] for track in json.load(sys.stdin)[:3]), sep="\n")' < "$out/typical.json"
)
"${recommend[@]}"

step "A map: segue map --catalogue demo --output $out/clusters.png"
segue map --catalogue demo --output "$out/clusters.png"

segue=${SEGUE_COMMAND:-segue}  # what the reader's own shell finds
step "What to try next"
cat <<TEXT
  $segue tracks --catalogue demo                 every track with its id and cluster
  $segue recommend --catalogue demo --like ID --like TITLE --dislike ARTIST
  $segue queue --catalogue demo --from ID --m3u walk.m3u8
                                                 from song to song, in your player
  $segue rejected --catalogue demo               what could not be used, and why
  $segue serve                                   the same over HTTP, learning from likes and skips
  $segue sync ~/Music                            the same for a folder of your own
TEXT
