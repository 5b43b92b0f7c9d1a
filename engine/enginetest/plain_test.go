package enginetest

import (
	"testing"

	"cavity/engine"
	_ "cavity/engine/tape"
)

// The definition of the steps and gorgonia's own machine agree on every graph: lowering, fusion and memory are right.
func TestPlainAgainstTape(t *testing.T) {
	tape, err := engine.Open("tape", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	Run(t, Plain{}, tape)
}
