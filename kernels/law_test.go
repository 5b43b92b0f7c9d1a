package kernels_test

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// The stationary law of every sampler is compared with enumeration: many copies of one small system are tempered
// together, and the histogram of their states at each temperature must fit exp(-βH)/Z.
const (
	lawSystems      = 384 // copies of the system, which share nothing but their couplings
	lawTemperatures = 4
	lawSamples      = 30
	lawSpacing      = 12   // sweeps and exchanges between samples: states decorrelate in about two
	lawAlarm        = 1e-4 // false-alarm rate of each comparison, one per temperature
)

var lawBeta = []float64{1.25, .9, .6, .3}

// A law is a small system: what to run and what it must sample.
type law struct {
	n      int
	energy func(s []float64) float64 // H
	stages func(b *inputs) []engine.Stage
	weight func(beta float64, s []float64) float64                 // another law than exp(-βH), without exchanges
	copies int                                                     // 0 means 1
	spins  string                                                  // the slot that holds them
	spin   func(data any, system, replica, site, replicas int) int // its spins
}

// inputs are the first values of slots.
type inputs struct {
	t    *testing.T
	data map[string]any
}

func (b *inputs) in(g *gorgonia.ExprGraph, name string, dt tensor.Dtype, data any, shape ...int) *gorgonia.Node {
	if data != nil {
		b.data[name] = data
	}
	return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

func (b *inputs) ok(n *gorgonia.Node, err error) *gorgonia.Node {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// ladder is the ladder slot and the part of it that sweeps read.
func (b *inputs) ladder(g *gorgonia.ExprGraph, copies int) (ladder, index *gorgonia.Node) {
	first := kernels.NewLadder(lawSystems, copies, lawTemperatures)
	ladder = b.in(g, "ladder", tensor.Int32, first, kernels.LadderRows, lawSystems, copies, lawTemperatures)
	at := b.ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt)))
	return ladder, b.ok(gorgonia.Reshape(at, tensor.Shape{lawSystems, copies * lawTemperatures}))
}

// check runs the law's stages and compares histograms.
func (l law) check(t *testing.T) {
	t.Helper()
	if p := l.least(t); p < lawAlarm {
		t.Errorf("p = %.2g", p)
	}
}

// least is the least p-value of the law's temperatures.
func (l law) least(t *testing.T) float64 {
	t.Helper()
	b := &inputs{t, map[string]any{}}
	p, err := engine.Compile(engine.Plan{Seed: 3, Stages: l.stages(b)}, kerneltest.Bound{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range b.data {
		if err := p.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	counts := make([][]float64, lawTemperatures)
	for k := range counts {
		counts[k] = make([]float64, 1<<l.n)
	}
	copies := max(l.copies, 1)
	ladders := lawSystems * copies // one a copy
	ladder := make([]int32, kernels.LadderRows*ladders*lawTemperatures)
	state := clone(b.data[l.spins])
	for range lawSamples {
		if err := p.Step(context.Background(), lawSpacing); err != nil {
			t.Fatal(err)
		}
		for slot, x := range map[string]any{l.spins: state, "ladder": ladder} {
			if err := p.Read(slot, x); err != nil {
				t.Fatal(err)
			}
		}
		for s := range ladders {
			for k := range lawTemperatures {
				w := s%copies*lawTemperatures + int(ladder[(kernels.LadderWalker*ladders+s)*lawTemperatures+k])
				code := 0
				for i := range l.n {
					if l.spin(state, s/copies, w, i, copies*lawTemperatures) > 0 {
						code |= 1 << i
					}
				}
				counts[k][code]++
			}
		}
	}
	least := 1.
	for k, beta := range lawBeta {
		least = min(least, l.chiSquare(t, beta, counts[k]))
	}
	exchanged := 0
	for _, n := range ladder[kernels.LadderAccepts*ladders*lawTemperatures:][:ladders*lawTemperatures] {
		exchanged += int(n)
	}
	if exchanged == 0 && l.weight == nil {
		t.Error("no exchange was accepted")
	}
	return least
}

// chiSquare is the p-value of the counts of states under Boltzmann's law; states expected fewer than 8 times share a bin.
func (l law) chiSquare(t *testing.T, beta float64, counts []float64) float64 {
	t.Helper()
	weight := make([]float64, len(counts))
	z, total := 0.0, 0.0
	s := make([]float64, l.n)
	for code := range weight {
		for i := range s {
			s[i] = float64(2*(code>>i&1) - 1)
		}
		if l.weight != nil {
			weight[code] = l.weight(beta, s)
		} else {
			weight[code] = math.Exp(-beta * l.energy(s))
		}
		z += weight[code]
		total += counts[code]
	}
	chi, bins, rareWant, rareGot := 0.0, 0, 0.0, 0.0
	for code, w := range weight {
		want := total * w / z
		if want < 8 {
			rareWant += want
			rareGot += counts[code]
			continue
		}
		chi += (counts[code] - want) * (counts[code] - want) / want
		bins++
	}
	if rareWant > 0 {
		chi += (rareGot - rareWant) * (rareGot - rareWant) / rareWant
		bins++
	}
	p := 1 - (distuv.ChiSquared{K: float64(bins - 1)}).CDF(chi)
	t.Logf("β = %g: χ² = %.1f over %d bins, p = %.2g", beta, chi, bins, p)
	return p
}

func clone(x any) any {
	switch x := x.(type) {
	case []float32:
		return make([]float32, len(x))
	case []uint64:
		return make([]uint64, len(x))
	}
	panic("law: no such slot")
}

// repeat copies one system's data for all systems.
func repeat[T any](x []T) []T {
	out := make([]T, 0, len(x)*lawSystems)
	for range lawSystems {
		out = append(out, x...)
	}
	return out
}

// pairEnergy is H of couplings given as rows of a stride, and an external field.
func pairEnergy(couplings, external []float32, stride int) func(s []float64) float64 {
	return func(s []float64) float64 {
		h := 0.0
		for i := range s {
			h -= float64(external[i]) * s[i]
			for j := range i {
				h -= float64(couplings[i*stride+j]) * s[i] * s[j]
			}
		}
		return h
	}
}
