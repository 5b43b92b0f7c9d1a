package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestCommitted compares every committed file with what the generator writes now.
func TestCommitted(t *testing.T) {
	for _, o := range outputs {
		s := newSource(filepath.Base(o.dir))
		o.write(s)
		for suffix, want := range s.files() {
			path := filepath.Join("../..", o.dir, o.name+suffix)
			got, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s is not what asmgen writes: run go generate in engine/cpu/internal/asmgen", path)
			}
		}
	}
}

// TestCommittedPrimitives does the same for the CUDA backend's primitives.
func TestCommittedPrimitives(t *testing.T) {
	for name, want := range cudaFiles() {
		got, err := os.ReadFile(filepath.Join("../../..", name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("engine/%s is not what asmgen writes: run go generate in engine/cpu/internal/asmgen", name)
		}
	}
}
