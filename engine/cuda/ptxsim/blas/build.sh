#!/bin/sh
# usage: build.sh OUT/libcublas.so    Compiles the stand-in for cuBLAS, which works on the emulator's memory.
set -eu
cxx=${CXX:-c++}
command -v "$cxx" >/dev/null || { echo "build.sh: a C++ compiler is needed for the stand-in of cuBLAS" >&2; exit 1; }
mkdir -p "$(dirname "$1")"
"$cxx" -std=c++20 -O2 -ffp-contract=off -fPIC -fvisibility=hidden -Wall -Wextra -shared -o "$1" "$(dirname "$0")/cublas.cc" -ldl
