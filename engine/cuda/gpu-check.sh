#!/bin/sh
# usage: gpu-check.sh build FILE    Makes one file that checks a machine with an NVIDIA GPU, without Go, Python or this repository:
# the command, the test programs, the targets and gpu-run.sh, which it unpacks into a temporary folder and runs.
set -eu
[ "${1:-}" = build ] && [ -n "${2:-}" ] || { echo "usage: gpu-check.sh build FILE" >&2; exit 2; }
here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT
go build -tags gpu -o "$tmp/cavity" ./cmd/cavity
go test -tags gpu -c -o "$tmp/engine" ./engine/cuda
go test -tags gpu -c -o "$tmp/kernels" ./kernels/kerneltest
go test -tags gpu -c -o "$tmp/pillars" ./engine/cuda/pillars
cp "$here/targets.txt" "$here/table.awk" "$tmp"
cp "$here/gpu-run.sh" "$tmp/run.sh"
cat >"$2" <<'END'
#!/bin/sh
# usage: gpu-check [PATTERN]    Checks this machine's GPU; with PATTERN only by the tests that match it (see go help testflag).
set -eu
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
sed '1,/^payload:$/d' "$0" | gzip -d | tar -xf - -C "$dir"
status=0
sh "$dir/run.sh" "$@" || status=$?
exit $status
payload:
END
tar -cf - -C "$tmp" cavity engine kernels pillars targets.txt table.awk run.sh | gzip -1 >>"$2"
chmod +x "$2"
