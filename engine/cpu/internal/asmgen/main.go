// Asmgen writes the assembly of the CPU backend: one .s file and the Go declarations of its functions per entry of outputs,
// and the elementwise primitives of the CUDA backend.
//
// The files are committed; TestCommitted fails when they differ from what this program writes.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . ../..

// outputs lists the files: dir below engine/cpu (its base is the package's name), file name without "_amd64.s", and the function that writes it.
var outputs = []struct {
	dir, name string
	write     func(*source)
}{
	{"gemm", "f32_avx512", gemmFile(avx512, f32)},
	{"gemm", "f64_avx512", gemmFile(avx512, f64)},
	{"gemm", "f32_avx2", gemmFile(avx2, f32)},
	{"gemm", "f64_avx2", gemmFile(avx2, f64)},
	{"gemm", "sparse_avx512", sparseFile(avx512)},
	{"gemm", "sparse_avx2", sparseFile(avx2)},
	{"gemm", "binary_avx512", binaryFile(avx512)},
	{"gemm", "binary_avx2", binaryFile(avx2)},
	{"vec", "avx512_f32", vectors(avx512, f32)},
	{"vec", "avx512_f64", vectors(avx512, f64)},
	{"vec", "avx2_f32", vectors(avx2, f32)},
	{"vec", "avx2_f64", vectors(avx2, f64)},
	{"vec", "reduce_avx512_f32", reductions(avx512, f32)},
	{"vec", "reduce_avx512_f64", reductions(avx512, f64)},
	{"vec", "reduce_avx2_f32", reductions(avx2, f32)},
	{"vec", "reduce_avx2_f64", reductions(avx2, f64)},
}

// cudaFiles are the primitives for the CUDA backend by their path below engine.
func cudaFiles() map[string][]byte {
	text := primitives()
	return map[string][]byte{"cuda/ptx/primitives.txt": text, "cuda/ptx/primitives.cuh": cudaHeader(text)}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: asmgen ENGINE/CPU")
		os.Exit(2)
	}
	for name, text := range cudaFiles() {
		if err := os.WriteFile(filepath.Join(os.Args[1], "..", name), text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "asmgen:", err)
			os.Exit(1)
		}
	}
	for _, o := range outputs {
		s := newSource(filepath.Base(o.dir))
		o.write(s)
		for suffix, text := range s.files() {
			if err := os.WriteFile(filepath.Join(os.Args[1], o.dir, o.name+suffix), text, 0o644); err != nil {
				fmt.Fprintln(os.Stderr, "asmgen:", err)
				os.Exit(1)
			}
		}
	}
}
