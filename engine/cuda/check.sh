#!/bin/sh
# usage: check.sh    The CUDA part of `make test`: the committed PTX is what the sources compile to, and every kernel gives its
# definition's results under the emulator. It says what it leaves out where a tool is missing; with CAVITY_REQUIRE_CUDA set, as
# .ci/run does, leaving anything out is a failure.
set -eu
cd "$(dirname "$0")/../.."
missing=
python3 -m pip --version >/dev/null 2>&1 || missing="Python 3 with pip"
for tool in "${CXX:-c++}" "${CC:-cc}" ar; do
	command -v "$tool" >/dev/null || missing="$missing${missing:+, }$tool"
done
if [ -z "$missing" ] && ! [ -e .cuda/tools ] && ! engine/cuda/tools.sh "$PWD/.cuda"; then
	missing="the CUDA compiler and headers (Python packages, which could not be fetched)"
fi
if [ -n "$missing" ]; then
	echo "left out: the tests of the CUDA backend, for want of $missing"
	[ -z "${CAVITY_REQUIRE_CUDA:-}" ] || exit 1
	exit 0
fi
exec "${MAKE:-make}" cuda-ptx-check cuda-test cuda-mutants
