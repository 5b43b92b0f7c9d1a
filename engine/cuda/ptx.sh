#!/bin/sh
# usage: ptx.sh [-check] TOOLS FILE.cu...    Compiles each FILE.cu to FILE.ptx beside it; with -check into a temporary folder,
# and compares. Multiplications and additions are fused only where the source says fma, so that results have one definition.
#        ptx.sh -assemble TOOLS FILE.ptx...  Only assembles PTX, such as the emulator leaves in PTXSIM_DUMP: what Go wrote.
# A kernel that spills registers, or keeps anything else in local memory, is an error.
set -eu
check= given=
case $1 in
-check) check=1 && shift ;;
-assemble) given=1 && shift ;;
esac
bin=$1/cu13/nvidia/cu13/bin
shift
tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT

assemble() { # FILE.ptx NAME ARCHITECTURE...
	ptx=$1 name=$2
	shift 2
	for sm in "$@"; do
		"$bin/ptxas" -v -arch=sm_$sm "$ptx" -o /dev/null >"$tmp/said" 2>&1 || { cat "$tmp/said" >&2; echo "ptx.sh: $name does not assemble for sm_$sm" >&2; exit 1; }
		awk -v where="$name for sm_$sm" '
			/Function properties for/ { entry = $NF }
			/bytes stack frame/ && !/^ *0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads/ { print "ptx.sh: " where ": " entry " uses local memory:" $0; bad = 1 }
			END { exit bad }' "$tmp/said" >&2 || exit 1
	done
}

bad=0
for file in "$@"; do
	if [ -n "$given" ]; then
		assemble "$file" "$file" 80 90
		continue
	fi
	ptx=$tmp/$(basename "$file" .cu).ptx
	"$bin/nvcc" -O3 -std=c++17 -fmad=false -arch=compute_80 -I"$(dirname "$0")/ptx" -ptx "$file" -o "$ptx"
	# any driver since CUDA 11.0 loads version 7.0; the compiler's name and build number say nothing about the code
	sed -i -e 's/^\.version .*/.version 7.0/' -e '/^\/\//d' "$ptx"
	assemble "$ptx" "$file" 80 86 89 90 100
	if [ -z "$check" ]; then
		cp "$ptx" "${file%.cu}.ptx"
	elif ! cmp -s "$ptx" "${file%.cu}.ptx"; then
		echo "ptx.sh: ${file%.cu}.ptx is not what $file compiles to: run make cuda-ptx" >&2
		bad=1
	fi
done
exit $bad
