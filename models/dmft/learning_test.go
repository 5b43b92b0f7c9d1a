package dmft

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// simulate trains one perceptron in d dimensions by the rule that Perceptron states, in plain loops.
func simulate(p Perceptron, d int, seed uint64) *Learning {
	rnd := rand.New(rand.NewPCG(seed, 7))
	examples := int(math.Round(p.Alpha * float64(d)))
	root := math.Sqrt(float64(d))
	x := make([][]float64, examples)
	fresh := func() { // labels are absorbed: y x has the same law as x with y = 1; v is all ones
		for mu := range x {
			if x[mu] == nil {
				x[mu] = make([]float64, d)
			}
			for i := range x[mu] {
				x[mu][i] = p.Signal/root + rnd.NormFloat64()
			}
		}
	}
	fresh()
	w := make([]float64, d)
	for i := range w {
		w[i] = p.Norm * rnd.NormFloat64()
	}
	out := &Learning{}
	for range p.Steps {
		if p.Online {
			fresh()
		}
		grad := make([]float64, d)
		loss, wrong, m, norm := 0., 0., 0., 0.
		for _, row := range x {
			h := 0.
			for i, v := range row {
				h += w[i] * v
			}
			h /= root
			loss += p.Loss.Value(h) / float64(examples)
			if h < 0 {
				wrong += 1 / float64(examples)
			}
			if rnd.Float64() >= p.Batch {
				continue
			}
			f := p.Loss.Slope(h) / p.Batch / root
			for i, v := range row {
				grad[i] += f * v
			}
		}
		for i := range w {
			m += w[i] / float64(d)
			norm += w[i] * w[i] / float64(d)
			w[i] -= p.Rate * (p.Decay*w[i] + grad[i])
		}
		out.Loss, out.TrainError = append(out.Loss, loss), append(out.TrainError, wrong)
		out.Alignment, out.Norm = append(out.Alignment, m), append(out.Norm, norm)
	}
	return out
}

// Learning in the limit against perceptrons of 300 dimensions: the mean over 12 of them within 5 standard errors, .012 for the
// sampling of 6,000 trajectories and O(1/d).
func TestPerceptronAgainstSimulation(t *testing.T) {
	for _, p := range []Perceptron{
		{Loss: Logistic, Alpha: 2, Signal: 1, Rate: .3, Decay: .1, Batch: 1, Norm: 1},
		{Loss: Logistic, Alpha: 1.5, Signal: 0, Rate: .4, Decay: .2, Batch: .5, Norm: .5},
		{Loss: Square, Alpha: .8, Signal: 1.5, Rate: .2, Batch: .3, Norm: 1},
		{Loss: Logistic, Alpha: 1, Signal: 1, Rate: .3, Decay: .1, Batch: 1, Norm: 1, Online: true},
	} {
		p.Steps, p.Trajectories, p.Seed = 25, 6000, 1
		s, err := p.Solve(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		const runs, d = 12, 300
		var sims [runs]*Learning
		for r := range sims {
			sims[r] = simulate(p, d, uint64(r))
		}
		for _, k := range []int{0, 1, 2, 5, 12, 24} {
			for _, v := range []struct {
				name string
				of   func(*Learning) []float64
			}{
				{"loss", func(l *Learning) []float64 { return l.Loss }}, {"training error", func(l *Learning) []float64 { return l.TrainError }},
				{"alignment", func(l *Learning) []float64 { return l.Alignment }}, {"norm", func(l *Learning) []float64 { return l.Norm }},
			} {
				x := make([]float64, runs)
				for r := range x {
					x[r] = v.of(sims[r])[k]
				}
				e := estimate(x)
				near(t, v.name+" with "+p.Loss.Name, v.of(s)[k], e.Mean, 5*e.Err+.012)
			}
		}
	}
}

// Memory matters: the training error of full-batch descent falls below the test error, online they agree.
func TestPerceptronMemory(t *testing.T) {
	p := Perceptron{Loss: Logistic, Alpha: 1.5, Signal: 1, Rate: .5, Batch: 1, Norm: .5, Steps: 30, Trajectories: 4000, Seed: 2}
	full, err := p.Solve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if last := p.Steps - 1; full.TrainError[last] > full.TestError[last]-.1 {
		t.Errorf("training error %v, test error %v: the examples should have been memorised", full.TrainError[last], full.TestError[last])
	}
	p.Online = true
	online, err := p.Solve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	near(t, "online training error", online.TrainError[29], online.TestError[29], .04)
	p.Batch = 0
	if _, err := p.Solve(context.Background()); err == nil {
		t.Error("batch 0 did not fail")
	}
}
