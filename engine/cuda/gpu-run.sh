#!/bin/sh
# usage: run.sh [PATTERN]    Checks a machine with an NVIDIA GPU: the CUDA backend's tests, the same under compute-sanitizer where it is
# installed, and the benchmarks with their targets for an H100, met or missed. Nothing beside this folder is needed. On the emulator
# it says so, and takes no time.
set -eu
cd "$(dirname "$0")"
export CAVITY_REQUIRE_CUDA=1
only=${1:-.}
device=$(./cavity devices | sed -n 's/^cuda  *//p')
case $device in
"" | "not available"*)
	echo "gpu-check: no GPU: ${device:-this build has no CUDA backend}" >&2
	exit 1
	;;
esac
echo "device: $device"
emulated=
case $device in *"not a GPU"*) emulated=1 && echo "EMULATED: the device code runs in an interpreter on the CPU; nothing below is a GPU's doing" ;; esac
blas='^$'
case $device in *"products own kernels"*) blas=TestBlas\|TestPrecision && echo "left out: products by cuBLAS, for want of cuBLAS" ;; esac
tests() { # a prefix such as compute-sanitizer
	"$@" ./engine -test.run "$only" -test.skip "$blas"
	"$@" ./kernels -test.run "$only" -test.skip 'TestBackends/(cpu|openblas|tape)|TestBound|TestSteadyState'
}
tests env
CAVITY_CUDA_BINARY=$PWD/cavity ./pillars -test.run "$only"
if command -v compute-sanitizer >/dev/null; then
	for tool in memcheck racecheck synccheck; do
		echo "compute-sanitizer: $tool"
		tests compute-sanitizer --tool "$tool" --error-exitcode 1
	done
else
	echo "left out: memcheck, racecheck and synccheck, for want of compute-sanitizer"
fi
cat targets.txt
if [ -n "$emulated" ]; then
	echo "EMULATED: left out: every row of the table, for an emulation has no speed"
	exit 0
fi
./engine -test.run '^$' -test.bench . -test.benchtime 20x >bench.txt 2>&1 || { cat bench.txt; exit 1; }
./kernels -test.run '^$' -test.bench CUDA -test.benchtime 20x >>bench.txt 2>&1 || { cat bench.txt; exit 1; }
cat bench.txt
echo
awk -f table.awk targets.txt bench.txt
