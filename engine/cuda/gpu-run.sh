#!/bin/sh
# usage: run.sh    Checks a machine with an NVIDIA GPU: the CUDA backend's tests, the same under compute-sanitizer where it is
# installed, and the benchmarks with their targets for an H100, met or missed. Copy the whole folder; nothing else is needed.
set -eu
cd "$(dirname "$0")"
export CAVITY_REQUIRE_CUDA=1
tests() { # a prefix such as compute-sanitizer
	"$@" ./engine -test.v=false -test.run .
	"$@" ./kernels -test.v=false -test.run 'TestBackends|TestBrokenInput' -test.skip 'TestBackends/(cpu|openblas|tape)'
}
tests env
if command -v compute-sanitizer >/dev/null; then
	for tool in memcheck racecheck synccheck; do tests compute-sanitizer --tool "$tool" --error-exitcode 1; done
else
	echo "left out: memcheck, racecheck and synccheck, for want of compute-sanitizer"
fi
./engine -test.run '^$' -test.bench . -test.benchtime 20x
./kernels -test.run '^$' -test.bench CUDA -test.benchtime 20x
