#!/bin/sh
# usage: gpu-check.sh build DIR    Makes a folder that checks a machine with a GPU without Go, Python or this repository: the test
# programs with their data, the benchmarks, and run.sh, which runs them, with compute-sanitizer where it is installed.
set -eu
[ "${1:-}" = build ] && [ -n "${2:-}" ] || { echo "usage: gpu-check.sh build DIR" >&2; exit 2; }
mkdir -p "$2"
go test -tags gpu -c -o "$2/engine" ./engine/cuda
go test -tags gpu -c -o "$2/kernels" ./kernels/kerneltest
cp "$(dirname "$0")/gpu-run.sh" "$2/run.sh"
chmod +x "$2/run.sh"
