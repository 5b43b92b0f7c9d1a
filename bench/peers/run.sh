#!/usr/bin/env bash
# Runs the peers, each pinned to one core, and then Cavity on the same core; writes bench/RESULTS.md and its figures.
# usage: run.sh PYTHON CAVITY [quick]
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1 cavity=$2 quick=${3:-}
out=build/peers && mkdir -p $out
pin=""; command -v taskset >/dev/null && pin="taskset -c 0"
: > $out/figures.jsonl
for script in spin learn machines meanfield; do
	echo "peers: $script" >&2
	$pin "$python" bench/peers/$script.py $quick >> $out/figures.jsonl || echo "peers: $script.py failed; its figures are missing" >&2
done
"$python" - $out/figures.jsonl > $out/peers.json <<'P'
import json, sys
print(json.dumps(dict(machine={}, command="", results=[], peers=[json.loads(l) for l in open(sys.argv[1])])))
P
GOMAXPROCS=1 $pin "$cavity" bench ${quick:+--quick} --peers $out/peers.json --out $out/report --force
{
	echo "# Results"
	echo
	echo "Made by \`make bench-peers${quick:+ QUICK=quick}\`; not edited by hand."
	echo
	cat $out/report/report.md
	echo
	for figure in $out/report/figures/*.svg; do
		name=$(basename $figure .svg)
		cp $figure bench/figures/
		echo "![${name//-/ }](figures/$name.svg)"
	done
} > bench/RESULTS.md
