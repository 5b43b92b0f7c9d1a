#!/bin/sh
# usage: tools.sh DIR    Fetches the CUDA compiler (13.0, the oldest whose PTX runs everywhere once its header says 7.0) and
# the 12.9 headers, which gorgonia.org/cu v0.9.6 needs (it does not compile with those of 13), as Python wheels into DIR.
set -eu
dir=$1
command -v python3 >/dev/null || { echo "tools.sh: python3 is needed to fetch the CUDA compiler" >&2; exit 1; }
pip="python3 -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --root-user-action=ignore"
mkdir -p "$dir"
$pip --target "$dir/cu13" nvidia-cuda-nvcc==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-runtime==13.0.96
$pip --target "$dir/cu12" nvidia-cuda-runtime-cu12==12.9.79
chmod +x "$dir"/cu13/nvidia/cu13/bin/* "$dir"/cu13/nvidia/cu13/nvvm/bin/*
touch "$dir/tools"
