package dmft_test

import (
	"context"
	"fmt"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/models/dmft"
)

// The chaotic state of Sompolinsky, Crisanti and Sommers at g = 2.
func ExampleSolveStationary() {
	s, err := dmft.SolveStationary(dmft.Tanh, 2, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("Δ(0) = %.6f, λ = %.4f\n", s.Delta0, s.Lyapunov)
	// Output: Δ(0) = 1.924805, λ = 0.1125
}

// Two-time correlation and response of a network with correlated couplings.
func ExampleProblem_Causal() {
	b, err := engine.Open("cpu", engine.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	p := dmft.Problem{Gain: dmft.Linear, G: .5, Eta: .5, Step: .1, Time: 2, Trajectories: 256}
	s, err := p.Causal(context.Background(), b)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("R(1, 0) = %.4f\n", s.RAt(10, 0)) // for φ(x) = x without sampling error
	// Output: R(1, 0) = 0.4092
}

// The energy of a p-spin model long after a quench, on its way to the threshold -.886693.
func ExampleLongQuench() {
	a, err := dmft.LongQuench{Step: .05}.Run(context.Background(), dmft.PurePSpin(3, .5), 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("e(100) = %.3f with %d of %d times kept\n", a.EnergyAt(100), a.Kept, a.Steps)
	// Output: e(100) = -0.866 with 179 of 2000 times kept
}
