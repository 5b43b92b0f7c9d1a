package spin_test

import (
	"context"
	"fmt"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/models/spin"
)

// A first tempering: the square Ising lattice at three temperatures, its energies beside the exact ones.
func Example() {
	backend, err := engine.Open("cpu", engine.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	sampler, err := spin.Tempering{
		Model:        spin.Ising{L: 8, D: 2},
		Temperatures: []float64{1.8, 2.3, 3},
		Seed:         1,
	}.Start(backend)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := sampler.Measure()
	err = spin.Campaign{Sampler: sampler, Measurement: m, Warmup: 500, Steps: 20000, Every: 2}.Do(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := m.Results()
	if err != nil {
		fmt.Println(err)
		return
	}
	for k, t := range r.Temperatures {
		exact, err := spin.Kaufman(8, t)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("T = %.1f: e = %.2f, exact %.2f\n", t, r.Energy[k].Mean, exact.Energy)
	}
	// Output:
	// T = 1.8: e = -1.86, exact -1.86
	// T = 2.3: e = -1.46, exact -1.46
	// T = 3.0: e = -0.84, exact -0.84
}
