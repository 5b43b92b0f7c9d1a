package engine

import (
	"strings"
	"testing"

	"cavity/engine/rng"
)

// A stage may run 2^40 times: then its random numbers would begin again.
func TestRandomNumbersDoNotRepeat(t *testing.T) {
	pr := &Program{stages: []stage{{name: "sweep", pass: rng.MaxPass - 1}}}
	if err := pr.once(0, 0); err != nil {
		t.Fatal(err)
	}
	if err := pr.once(0, 0); err == nil || !strings.Contains(err.Error(), "stage sweep has run 2^40 times") {
		t.Fatalf("the run after the last: %v", err)
	}
}
