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
	"cavity/engine/rng"
	"cavity/kernels"
)

// One Sherrington-Kirkpatrick sample of 64 spins, tempered at eight temperatures: a graph of three kernels whose new state and
// new ladder replace the old ones at every step.
func ExampleExchange() {
	const n, temperatures = 64, 8
	ld := kernels.DenseStride(n)
	state := make([]float32, 2*temperatures*ld) // spins, then fields, which the first sweep computes
	couplings := make([]float32, n*ld)
	beta := make([]float64, temperatures)
	random := rng.At(1, 0, rng.SetupStage, 0)
	for i := range n {
		for j := range i {
			x := random.Normal32(uint64(i*n+j)) / float32(math.Sqrt(n))
			couplings[i*ld+j], couplings[j*ld+i] = x, x
		}
	}
	for k := range temperatures {
		beta[k] = 1 / (.3 + .15*float64(k))
		for i := range n {
			state[k*ld+i] = 1
		}
	}

	g := gorgonia.NewGraph()
	input := func(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	x, j := input("state", tensor.Float32, 1, 2, temperatures, ld), input("couplings", tensor.Float32, 1, n, ld)
	b, t := input("external", tensor.Float32, 1, ld), input("beta", tensor.Float64, temperatures)
	ladder := input("ladder", tensor.Int32, kernels.LadderRows, 1, 1, temperatures)
	at := gorgonia.Must(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt)))
	index := gorgonia.Must(gorgonia.Reshape(at, tensor.Shape{1, temperatures}))
	swept := gorgonia.Must(kernels.DenseSweep(kernels.Metropolis, 1, x, j, b, t, index))
	energy := gorgonia.Must(kernels.DenseEnergy(swept, b))
	moved := gorgonia.Must(kernels.Exchange(2, ladder, energy, t))

	backend, err := engine.Open("cpu", engine.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := engine.Compile(engine.Plan{Seed: 1, Stages: []engine.Stage{{
		Name: "temper", Graph: g, Repeat: 1,
		Next: map[string]*gorgonia.Node{"state": swept, "ladder": moved, "energy": gorgonia.Must(kernels.ByTemperature(moved, energy))},
	}}}, backend)
	if err != nil {
		log.Fatal(err)
	}
	for slot, data := range map[string]any{
		"state": state, "couplings": couplings, "beta": beta, "ladder": kernels.NewLadder(1, 1, temperatures),
	} {
		if err := p.Write(slot, data); err != nil {
			log.Fatal(err)
		}
	}
	var mean [temperatures]float64
	var now [temperatures]float64
	const steps = 2000
	for step := range steps + 500 {
		if err := p.Step(context.Background(), 1); err != nil {
			log.Fatal(err)
		}
		if err := p.Read("energy", now[:]); err != nil {
			log.Fatal(err)
		}
		for k := range mean {
			if step >= 500 {
				mean[k] += now[k] / n / steps
			}
		}
	}
	for k := 1; k < temperatures; k += 3 {
		fmt.Printf("T = %.2f  e = %.2f\n", 1/beta[k], mean[k])
	}
	// Output:
	// T = 0.45  e = -0.64
	// T = 0.90  e = -0.48
	// T = 1.35  e = -0.35
}
