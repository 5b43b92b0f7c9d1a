package bench

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/models/dataset"
	"cavity/models/rbm"
)

func init() {
	for _, c := range []struct {
		method           rbm.Method
		k, hidden, batch int
		target           float64
	}{{rbm.CD, 1, 500, 128, 3.3}, {rbm.CD, 10, 500, 128, 18}, {rbm.PCD, 100, 500, 128, 165}, {rbm.CD, 1, 1024, 512, 30}} {
		name := fmt.Sprintf("%s-%d 784×%d, batches of %d", map[rbm.Method]string{rbm.CD: "CD", rbm.PCD: "PCD"}[c.method], c.k, c.hidden, c.batch)
		register(Case{Suite: "rbm", Name: name, Unit: "ms", Target: c.target, Slow: c.k > 10, Only: []string{"cpu", "openblas", "cuda"},
			Start: training(rbm.Training{Hidden: c.hidden, Method: c.method, K: c.k, Batch: c.batch, Rate: .05, Momentum: .5})})
	}
	for _, h := range []int{125, 250, 500, 1000} {
		register(Case{Suite: "rbm", Name: fmt.Sprintf("CD-1 784×%d, batches of 100", h), Family: "CD-1 by hidden units", Size: float64(h), Unit: "ms", Slow: h == 1000,
			Start: training(rbm.Training{Hidden: h, Method: rbm.CD, K: 1, Batch: 100, Rate: .05, Momentum: .5})})
	}
	register(Case{Suite: "rbm", Name: "an epoch of 60,000, CD-1 784×500, batches of 128", Unit: "s", Target: 1.7, Slow: true, Only: []string{"cpu", "openblas", "cuda"}, Start: epoch})
	register(Case{Suite: "rbm", Name: "block Gibbs, a sweep of 2,000 chains, 500 hidden", Unit: "ms", Target: 2000. / 75, Only: []string{"cpu", "openblas", "cuda"}, Start: gibbs})
	register(Case{Suite: "rbm", Name: "AIS 1,000 temperatures × 100 chains, 500 hidden", Unit: "s", Target: 1.4, Slow: true, Start: annealing})
}

// discs is a set of 28×28 pictures of bright discs: MNIST's share of bright pixels, without files.
func discs(count int) *dataset.Set {
	s := &dataset.Set{Name: "discs", Height: 28, Width: 28, Classes: 10}
	for part, p := range []*dataset.Part{&s.Train, &s.Test} {
		n := count >> (2 * part)
		*p = dataset.Part{Count: n, Images: make([]uint8, n*784), Labels: make([]uint8, n)}
		for k := range n {
			r := rng.At(1, uint64(k), rng.SetupStage, uint16(part))
			cx, cy := 9+int(r.Below(0, 10)), 9+int(r.Below(1, 10))
			p.Labels[k] = uint8((cx - 9 + k%2) % 10)
			for i := range 784 {
				if x, y := i%28-cx, i/28-cy; x*x+y*y < 33 {
					p.Images[k*784+i] = 255
				}
			}
		}
	}
	return s
}

// training times updates. The verification: every weight is finite, and the training has lowered the free energy of the data
// against that of the data with their pixels shuffled.
func training(t rbm.Training) func(b engine.Backend) (*Work, error) {
	return func(b engine.Backend) (*Work, error) {
		t.Set = discs(4096)
		tr, err := t.Start(b)
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		return &Work{Step: func(n int) error { return tr.Step(ctx, n) }, Amount: 1, Flops: productsOf(t), Verify: func() error {
			if left := 20 - int(tr.Program.Steps()); left > 0 {
				if err := tr.Step(ctx, left); err != nil {
					return err
				}
			}
			m, err := tr.Machine()
			if err != nil {
				return err
			}
			return learned(m, t.Set.Train)
		}}, nil
	}
}

// epoch times passes over as many pictures as MNIST has, which the Program keeps as bytes.
func epoch(b engine.Backend) (*Work, error) {
	t := rbm.Training{Set: discs(60000), Hidden: 500, Method: rbm.CD, K: 1, Batch: 128, Rate: .05, Momentum: .5}
	tr, err := t.Start(b)
	if err != nil {
		return nil, err
	}
	if s := tr.Program.Slots()["data"]; s.Dtype != tensor.Uint8 || s.Len() != 60000*784 {
		return nil, fmt.Errorf("the pictures are %v of %v, not bytes", s.Shape, s.Dtype)
	}
	ctx := context.Background()
	return &Work{Step: func(n int) error { return tr.Step(ctx, n*tr.Updates()) }, Amount: 1, Flops: productsOf(t) * float64(tr.Updates()), Verify: func() error {
		m, err := tr.Machine()
		if err != nil {
			return err
		}
		return learned(m, t.Set.Train)
	}}, nil
}

// gibbs times sweeps of a machine that falls into independent pairs: hidden unit j has weight 1 with visible unit j alone, and there are no fields. So
// P(v_j = 1) = (1+e)/(3+e) for the first 500 visible units and 1/2 for the others, up to six standard errors of the share in one sweep's chains: a right
// program fails once in 250 million runs.
func gibbs(b engine.Backend) (*Work, error) {
	const visible, hidden, chains = 784, 500, 2000
	m, err := rbm.New(rbm.Layer{Units: rbm.Bernoulli, Count: visible}, rbm.Layer{Units: rbm.Bernoulli, Count: hidden}, 0, 1)
	if err != nil {
		return nil, err
	}
	for j := range hidden {
		m.W[j*hidden+j] = 1
	}
	s, err := rbm.Sampling{Machine: m, Chains: chains, Seed: 1}.Start(b)
	if err != nil {
		return nil, err
	}
	step := func(n int) error { return s.Program.Step(context.Background(), n) }
	return &Work{Step: step, Amount: 1, Flops: 4 * visible * hidden * chains, Verify: func() error {
		if err := step(50); err != nil {
			return err
		}
		v := make([]float32, chains*visible)
		if err := s.Program.Read("v", v); err != nil {
			return err
		}
		var ones [2]float64
		for i, x := range v {
			if i%visible < hidden {
				ones[0] += float64(x)
			} else {
				ones[1] += float64(x)
			}
		}
		for k, n := range []float64{chains * hidden, chains * (visible - hidden)} {
			p := []float64{(1 + math.E) / (3 + math.E), .5}[k]
			if share := ones[k] / n; !(math.Abs(share-p) < 6*math.Sqrt(p*(1-p)/n)) {
				return fmt.Errorf("visible units are on with a share of %v, exactly %v", share, p)
			}
		}
		return nil
	}}, nil
}

// productsOf are the operations of an update's products, from the layers' sizes: the hidden units of the data, K steps down and
// up again, and the two correlations of visible and hidden units.
func productsOf(t rbm.Training) float64 {
	return 2 * 784 * float64(t.Hidden*t.Batch) * float64(2*t.K+3)
}

func learned(m *rbm.Machine, p dataset.Part) error {
	var data, noise float64
	for k := range 50 {
		v, w := make([]float32, 784), make([]float32, 784)
		for i, x := range p.Images[k*784 : (k+1)*784] {
			v[i] = float32(x / 255)
			w[(i*397+11)%784] = v[i]
		}
		data, noise = data+m.FreeEnergy(v), noise+m.FreeEnergy(w)
	}
	if math.IsNaN(data) || !(data < noise) {
		return fmt.Errorf("free energy %v of the data, %v of shuffled pixels", data/50, noise/50)
	}
	return nil
}

// annealing times AIS of a machine whose ln Z is known: small weights make it nearly independent, and with W = 0 it is
// Σ ln(1+e^b) + H ln 2 exactly.
func annealing(b engine.Backend) (*Work, error) {
	m, err := rbm.New(rbm.Layer{Units: rbm.Bernoulli, Count: 784}, rbm.Layer{Units: rbm.Bernoulli, Count: 500}, 1e-9, 1)
	if err != nil {
		return nil, err
	}
	a, err := (rbm.AIS{Chains: 100, Temperatures: 1000, Seed: 1}).Start(m, b)
	if err != nil {
		return nil, err
	}
	var last rbm.Estimate
	ctx := context.Background()
	return &Work{Amount: 1, Step: func(n int) error {
		for range n {
			if last, err = a.Forward(ctx); err != nil {
				return err
			}
		}
		return nil
	}, Verify: func() error {
		if want := (784 + 500) * math.Ln2; math.Abs(last.LogZ-want) > .05 {
			return fmt.Errorf("ln Z = %v of an independent machine, exactly %v", last.LogZ, want)
		}
		return nil
	}}, nil
}
