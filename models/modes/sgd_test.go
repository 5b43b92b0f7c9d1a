package modes

import (
	"fmt"
	"testing"
)

// The drift's own numbers, and 400 runs against it. The theory is of first order in η: earlier simulations differed by up to
// .0024 at the last time, so that is allowed beside four standard errors (6e-5 a number).
func TestValley(t *testing.T) {
	v := Valley{Rate: .1, Variance: .05, Start: 1.5, Seed: 1}
	theory, err := v.Theory(3000)
	if err != nil {
		t.Fatal(err)
	}
	mean, errs, err := v.Simulate(3000, 400)
	if err != nil {
		t.Fatal(err)
	}
	for k, at := range []int{300, 1000, 3000} {
		want := []float64{1.1790, .8072, .3952}[k]
		near(t, fmt.Sprintf("theory at %d", at), theory[at-1], want, 5e-5)
		near(t, fmt.Sprintf("simulation at %d", at), mean[at-1], want, .0024+4*errs[at-1])
		t.Logf("%d: %.4f ± %.4f", at, mean[at-1], errs[at-1])
	}
	if _, err := (Valley{Rate: 1, Start: 2}).Theory(1); err == nil {
		t.Error("an unstable rate was accepted")
	}
}
