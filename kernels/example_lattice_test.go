package kernels_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/kernels"
)

// The 16×16 Ising ferromagnet, 64 systems a word: all at the critical temperature, from all spins up. The exact energy per spin
// is -1.4530649 (Kaufman 1949); that of these 3,000 sweeps, of which 1,000 reach equilibrium, has an error of about 0.002.
func ExampleLatticeSweep() {
	l := kernels.Lattice{Size: []int{16, 16}, Words: 8}
	table, err := kernels.LatticeTable(kernels.Metropolis, l.Dims(), []float64{math.Log(1+math.Sqrt2) / 2})
	if err != nil {
		log.Fatal(err)
	}
	g := gorgonia.NewGraph()
	input := func(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	index := input("index", tensor.Int32, 1, l.Systems()) // zeros: the only temperature
	thresholds := gorgonia.Must(kernels.LatticeThresholds(l, kernels.Metropolis, input("table", tensor.Uint64, 1, 2), index))
	swept := gorgonia.Must(kernels.LatticeSweep(l, kernels.Metropolis, 1, input("spins", tensor.Uint64, l.Sites(), l.Words), nil, thresholds))
	energy := gorgonia.Must(kernels.LatticeEnergy(l, 1, l.Systems(), swept, nil))

	backend, err := engine.Open("cpu", engine.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := engine.Compile(engine.Plan{Seed: 1, Stages: []engine.Stage{{
		Name: "sweep", Graph: g, Repeat: 1, Next: map[string]*gorgonia.Node{"spins": swept, "energy": energy},
	}}}, backend)
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Write("table", table); err != nil {
		log.Fatal(err)
	}
	sum, now := 0.0, make([]float64, l.Systems())
	const steps = 2000
	for step := range steps + 1000 {
		if err := p.Step(context.Background(), 1); err != nil {
			log.Fatal(err)
		}
		if err := p.Read("energy", now); err != nil {
			log.Fatal(err)
		}
		for _, e := range now {
			if step >= 1000 {
				sum += e
			}
		}
	}
	fmt.Printf("energy per spin %.2f\n", sum/float64(steps*l.Systems()*l.Spins()))
	// Output: energy per spin -1.45
}
