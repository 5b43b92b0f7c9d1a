#!/bin/sh
# usage: ptx.sh [-check] TOOLS FILE.cu...    Compiles each FILE.cu to FILE.ptx beside it; with -check into a temporary folder,
# and compares. Multiplications and additions are fused only where the source says fma, so that results have one definition.
set -eu
check=
if [ "$1" = -check ]; then check=1; shift; fi
bin=$1/cu13/nvidia/cu13/bin
shift
tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT
bad=0
for cu in "$@"; do
	ptx=$tmp/$(basename "$cu" .cu).ptx
	"$bin/nvcc" -O3 -std=c++17 -fmad=false -arch=compute_80 -I"$(dirname "$0")/ptx" -ptx "$cu" -o "$ptx"
	# any driver since CUDA 11.0 loads version 7.0; the compiler's name and build number say nothing about the code
	sed -i -e 's/^\.version .*/.version 7.0/' -e '/^\/\//d' "$ptx"
	for sm in 80 86 89 90 100; do
		"$bin/ptxas" -arch=sm_$sm "$ptx" -o /dev/null || { echo "ptx.sh: $cu does not assemble for sm_$sm" >&2; exit 1; }
	done
	if [ -z "$check" ]; then
		cp "$ptx" "${cu%.cu}.ptx"
	elif ! cmp -s "$ptx" "${cu%.cu}.ptx"; then
		echo "ptx.sh: ${cu%.cu}.ptx is not what $cu compiles to: run make cuda-ptx" >&2
		bad=1
	fi
done
exit $bad
