package kernels_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// exchanges runs rounds of exchange at fixed energies of the walkers and returns the rows of the ladder.
func exchanges(t *testing.T, systems int, beta, energies []float64, rounds int) [kernels.LadderRows][]int32 {
	t.Helper()
	b, g := &inputs{t, map[string]any{}}, gorgonia.NewGraph()
	n := len(beta)
	ladder := b.in(g, "ladder", tensor.Int32, kernels.NewLadder(systems, 1, n), kernels.LadderRows, systems, 1, n)
	e := b.in(g, "energies", tensor.Float64, energies, systems, n)
	moved := b.ok(kernels.Exchange(4, ladder, e, b.in(g, "beta", tensor.Float64, beta, n)))
	stage := engine.Stage{Name: "exchange", Graph: g, Repeat: 1, Next: map[string]*gorgonia.Node{"ladder": moved}}
	p, err := engine.Compile(engine.Plan{Seed: 5, Stages: []engine.Stage{stage}}, kerneltest.Bound{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range b.data {
		if err := p.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Step(context.Background(), rounds); err != nil {
		t.Fatal(err)
	}
	all := make([]int32, kernels.LadderRows*systems*n)
	if err := p.Read("ladder", all); err != nil {
		t.Fatal(err)
	}
	var rows [kernels.LadderRows][]int32
	for r := range rows {
		rows[r] = all[r*systems*n:][:systems*n]
	}
	return rows
}

// TestExchangeOfEquals follows four walkers of equal energy, which always change places: each goes up and down the ladder
// in turn, so that all counts are known.
func TestExchangeOfEquals(t *testing.T) {
	// Rounds: (0,1)(2,3), (1,2), (0,1)(2,3), … Walker 0 is at 1, 2, 3, 3, 2, 1, 0, 0, … after rounds 1, 2, 3, ….
	row := exchanges(t, 1, []float64{1, .8, .6, .4}, make([]float64, 4), 16)
	if want := []int32{0, 1, 2, 3}; !slices.Equal(row[kernels.LadderAt], want) || !slices.Equal(row[kernels.LadderWalker], want) {
		t.Errorf("after two periods the walkers are at %v", row[kernels.LadderAt])
	}
	if want := []int32{8, 8, 8, 0}; !slices.Equal(row[kernels.LadderAttempts], want) || !slices.Equal(row[kernels.LadderAccepts], want) {
		t.Errorf("%v attempts and %v acceptances, want %v", row[kernels.LadderAttempts], row[kernels.LadderAccepts], want)
	}
	// A round trip ends at temperature 0 with the label of the other end. Walker 0 closes one in rounds 7 and 15; walker 1 is
	// at temperature 0 in rounds 1 and 9; walker 2 reaches the last in rounds 1 and 9 and returns in 5 and 13; walker 3 starts
	// there without a label, gets it in round 7 and returns in 11.
	if want := []int32{2, 1, 2, 1}; !slices.Equal(row[kernels.LadderTrips], want) {
		t.Errorf("%v round trips, want %v", row[kernels.LadderTrips], want)
	}
	up, down := row[kernels.LadderFromFirst], row[kernels.LadderFromLast]
	if up[0] != 16 || down[0] != 0 || up[3] != 0 || down[3] != 16 {
		t.Errorf("visits by label: %v and %v", up, down)
	}
}

// TestExchangeProbability counts the exchanges of 40,000 independent pairs: a binomial count within 4.5 standard
// deviations, false-alarm rate 7e-6 for each of four cases.
func TestExchangeProbability(t *testing.T) {
	const systems = 40000
	beta := []float64{1, .75}
	for _, gap := range []float64{-2, .4, 4, 12} { // energy of the walker at the lower temperature below that of the other
		energies := make([]float64, 2*systems)
		for s := range systems {
			energies[2*s], energies[2*s+1] = -gap, 0
		}
		row := exchanges(t, systems, beta, energies, 1)
		count := 0
		for s := range systems {
			count += int(row[kernels.LadderAccepts][2*s])
			if at := row[kernels.LadderAt][2*s : 2*s+2]; at[0]+at[1] != 1 {
				t.Fatalf("walkers at %v", at)
			}
		}
		p := min(1, math.Exp(-gap*(beta[0]-beta[1])))
		if d := math.Abs(float64(count) - systems*p); d > 4.5*math.Sqrt(systems*p*(1-p)) {
			t.Errorf("gap %g: %d exchanges of %d, want %.0f", gap, count, systems, systems*p)
		}
	}
}
