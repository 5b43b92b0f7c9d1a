#!/bin/sh
# usage: build.sh OUT/libcuda.a    Compiles the stubs into the archive that -lcuda finds.
set -eu
cc=${CC:-cc}
command -v "$cc" >/dev/null || { echo "build.sh: a C compiler is needed for the CUDA stubs" >&2; exit 1; }
mkdir -p "$(dirname "$1")"
"$cc" -O2 -Wall -Wextra -fPIC -c "$(dirname "$0")/lazy.c" -o "${1%.a}.o"
rm -f "$1"
ar rcsD "$1" "${1%.a}.o"
