// Asmgen writes the assembly of the kernels. Run it by `go generate ./kernels/...`.
//
// The files are committed, so that building Cavity needs nothing but Go; TestCommitted fails when they differ from what
// this program writes.
package main

import (
	"fmt"
	"os"
)

// outputs lists the files, relative to kernels/internal, and the functions that write them.
var outputs = map[string]func() string{
	"chance/rows_amd64.s":   noise,
	"dense/sweep_amd64.s":   denseSweep,
	"lowrank/visit_amd64.s": lowRank,
	"signs/count_amd64.s":   signs,
	"sparse/visit_amd64.s":  sparse,

	"multispin/avx2_amd64.s":   multispin256,
	"multispin/avx512_amd64.s": multispin512,
	"multispin/tables_amd64.s": multispinTables,
}

func main() {
	for name, write := range outputs {
		if err := os.WriteFile(name, []byte(write()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "asmgen:", err)
			os.Exit(1)
		}
	}
}
