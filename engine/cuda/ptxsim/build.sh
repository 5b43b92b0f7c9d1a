#!/bin/sh
# usage: build.sh OUT/libcuda.so.1    Compiles the emulator for the machine it runs on.
set -eu
cxx=${CXX:-c++}
command -v "$cxx" >/dev/null || { echo "build.sh: a C++ compiler is needed for the PTX emulator" >&2; exit 1; }
mkdir -p "$(dirname "$1")"
# -ffp-contract=off: a fused operation only where PTX says fma
"$cxx" -std=c++20 -O2 -ftree-vectorize -march=native -fwrapv -fno-strict-aliasing -ffp-contract=off -fPIC -fvisibility=hidden \
	-Wall -Wextra -shared -Wl,-soname,libcuda.so.1 -o "$1" "$(dirname "$0")"/src/*.cc
