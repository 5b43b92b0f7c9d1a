package main

import (
	"bytes"
	"os"
	"testing"
)

// TestCommitted fails when the assembly in package rng is not what this generator writes.
func TestCommitted(t *testing.T) {
	for _, set := range []isa{avx512, avx2} {
		got, err := os.ReadFile("../../" + set.file())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, generate(set)) {
			t.Errorf("%s differs from the generator's output: run go generate in engine/rng", set.file())
		}
	}
}
