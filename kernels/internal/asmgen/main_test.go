package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCommitted(t *testing.T) {
	for name, write := range outputs {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != write() {
			t.Errorf("%s is not what asmgen writes: run go generate ./kernels/...", name)
		}
	}
}
