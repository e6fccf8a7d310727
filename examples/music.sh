#!/usr/bin/env bash
# The demo's music: music.sh OUT fetches it, or makes some where there is none to fetch; kept if it is there already.
set -euo pipefail

examples=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1

if [ -e "$out/tracks.csv" ]; then
  echo "already in $out; make clean removes it"
  exit
fi
fetched=0
python "$examples/fetch_music.py" "$out" || fetched=$?
case $fetched in
  0) ;;
  3) python "$examples/synthesise_music.py" "$out" ;;
  *) exit "$fetched" ;;
esac
