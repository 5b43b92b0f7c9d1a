package rbm

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"cavity/engine/rng"
	"cavity/models/dataset"
)

// strips is a set of 2×3 pictures with labels 0 and 1: one row bright, or one column, and every pixel wrong with probability .1.
func strips(tb testing.TB) *dataset.Set {
	tb.Helper()
	s := &dataset.Set{Name: "strips", Height: 2, Width: 3, Classes: 2}
	for part, p := range []*dataset.Part{&s.Train, &s.Test} {
		*p = dataset.Part{Count: 400 - 200*part}
		for k := range p.Count {
			r := rng.At(1, uint64(k), rng.SetupStage, uint16(part))
			kind := int(r.Below(0, 5))
			p.Labels = append(p.Labels, uint8(min(kind/2, 1)))
			for i := range 6 {
				on := kind < 2 && i/3 == kind || kind >= 2 && i%3 == kind-2
				if on != (r.Float64(uint64(10+i)) < .1) {
					p.Images = append(p.Images, uint8(200+r.Below(uint64(20+i), 56)))
				} else {
					p.Images = append(p.Images, uint8(r.Below(uint64(20+i), 56)))
				}
			}
		}
	}
	return s
}

var ctx = context.Background()

// With frozen parameters (a tiny rate) the velocity after one update with momentum is the estimated gradient times the rate.
// PCD with many steps, PT and deep tempering, over many chains, must agree with the exact gradient of the
// log-likelihood. The largest of 41 deviations of standard error at most .5/√chains must stay below 4.5 of those: false
// alarm below 41·7e-6 = 3e-4.
func TestGradientAgainstEnumeration(t *testing.T) {
	const chains = 20000
	for _, method := range []Method{PCD, PT, Deep, CD} {
		tr := start(t, Training{Set: strips(t), Hidden: 5, Method: method, K: 40, Chains: chains, Temperatures: 2, Batch: 400, Rate: 1e-9, Momentum: .5, Deviation: .8, Seed: 3}, 2)
		if method == CD { // as many chains as examples
			tr = start(t, Training{Set: repeated(strips(t), 50), Hidden: 5, Method: CD, K: 40, Batch: 20000, Rate: 1e-9, Momentum: .5, Deviation: .8, Seed: 3}, 2)
		}
		if err := tr.Step(ctx, 1); err != nil {
			t.Fatal(err)
		}
		m, err := tr.Machine()
		if err != nil {
			t.Fatal(err)
		}
		v, h, vh, err := m.Moments()
		if err != nil {
			t.Fatal(err)
		}
		w0, b0, c0 := dataMoments(m, m.Encode(tr.Set.Train, 0))
		check := func(slot string, data, model []float64) {
			got := make([]float32, len(data))
			if err := tr.Program.Read("velocity "+slot, got); err != nil {
				t.Fatal(err)
			}
			for i, g := range got {
				if d := float64(g)/1e-9 - (data[i] - model[i]); math.Abs(d) > 4.5*.5/math.Sqrt(chains) {
					t.Errorf("%s: gradient %d of %s is off by %.4f from %.4f", method, i, slot, d, data[i]-model[i])
				}
			}
		}
		check("W", w0, vh)
		check("b", b0, v)
		check("c", c0, h)
	}
}

// repeated is a set whose training part comes n times.
func repeated(s *dataset.Set, n int) *dataset.Set {
	s.Train = dataset.Part{Images: bytes.Repeat(s.Train.Images, n), Labels: bytes.Repeat(s.Train.Labels, n), Count: n * s.Train.Count}
	return s
}

// dataMoments are ⟨v hᵀ⟩, ⟨v⟩ and ⟨h⟩ over examples.
func dataMoments(m *Machine, data []float32) (vh, v, h []float64) {
	nv, nh := m.Visible.Count, m.Hidden.Count
	vh, v, h = make([]float64, nv*nh), make([]float64, nv), make([]float64, nh)
	n := float64(len(data) / nv)
	x, mean := make([]float64, nh), make([]float64, nh)
	for ; len(data) > 0; data = data[nv:] {
		m.fields(x, data[:nv])
		m.Hidden.Means(mean, x)
		for j, y := range mean {
			h[j] += y / n
		}
		for i, s := range data[:nv] {
			v[i] += float64(s) / n
			for j, y := range mean {
				vh[i*nh+j] += float64(s) * y / n
			}
		}
	}
	return vh, v, h
}

// kinds are trainings of every method and kind of unit, with all that may be combined.
func kinds(t *testing.T) map[string]Training {
	base := Training{Set: strips(t), Hidden: 7, Batch: 50, Rate: .2, Momentum: .5, Epochs: 3, FinalRate: .01, Seed: 9}
	with := func(f func(t *Training)) Training {
		c := base
		f(&c)
		return c
	}
	return map[string]Training{
		"cd":       with(func(t *Training) { t.Method, t.K = CD, 3 }),
		"pcd":      with(func(t *Training) { t.Method, t.Nesterov, t.L2, t.L1 = PCD, true, 1e-3, 1e-4 }),
		"pt":       with(func(t *Training) { t.Method, t.Temperatures, t.Chains = PT, 4, 20 }),
		"deep":     with(func(t *Training) { t.Method, t.K = Deep, 2 }),
		"pl":       with(func(t *Training) { t.Method = PL }),
		"rm":       with(func(t *Training) { t.Method, t.Rate = RM, .2 }),
		"centred":  with(func(t *Training) { t.Centred, t.Sparsity, t.Clip = true, .2, 1 }),
		"binary":   with(func(t *Training) { t.BinaryWeights, t.Binarise = .3, "sample" }),
		"ising":    with(func(t *Training) { t.Visible, t.HiddenUnits = Ising, Ising }),
		"gaussian": with(func(t *Training) { t.Visible, t.Rate = Gaussian, .05 }),
		"potts":    with(func(t *Training) { t.Visible, t.States = Potts, 3 }),
		"labels":   with(func(t *Training) { t.Labels, t.Method = true, PCD }),
		"relu":     with(func(t *Training) { t.HiddenUnits, t.Rate = ReLU, .05 }),
		"hopfield": with(func(t *Training) { t.Visible, t.HiddenUnits, t.Rate = Ising, Gaussian, .01 }),
	}
}

// Every kind of training: the same bytes at 1 and 2 workers and when it is saved and resumed in between; no allocation; and a
// better machine than at the beginning, by the exact likelihood where there is one.
func TestEveryKindIsReproducibleAndLearns(t *testing.T) {
	for name, training := range kinds(t) {
		one, two := start(t, training, 1), start(t, training, 2)
		before := likelihood(t, one)
		const updates = 400
		if err := errors.Join(one.Step(ctx, updates), two.Step(ctx, updates/2)); err != nil {
			t.Fatal(name, err)
		}
		saved, err := two.Program.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		resumed := start(t, training, 1)
		if err := errors.Join(resumed.Program.Load(bytes.NewReader(saved)), resumed.Step(ctx, updates/2), two.Step(ctx, updates/2)); err != nil {
			t.Fatal(name, err)
		}
		want, _ := one.Program.Snapshot()
		for who, tr := range map[string]*Trainer{"two workers": two, "a resumed run": resumed} {
			if got, _ := tr.Program.Snapshot(); !bytes.Equal(got, want) {
				t.Errorf("%s: %s ends in another state", name, who)
			}
		}
		if n := testing.AllocsPerRun(20, func() { one.Step(ctx, 1) }); n != 0 {
			t.Errorf("%s: %v allocations an update", name, n)
		}
		if after := likelihood(t, one); before != 0 && !(after > before+.05) {
			t.Errorf("%s: the log-likelihood went from %.3f to %.3f", name, before, after)
		}
	}
}

// likelihood is the exact mean log-likelihood of the training data, 0 where Z is not enumerated.
func likelihood(t *testing.T, tr *Trainer) float64 {
	m, err := tr.Machine()
	if err != nil {
		t.Fatal(err)
	}
	z, err := m.LogZ()
	if err != nil {
		return 0
	}
	data, sum := m.Encode(tr.Set.Train, 0), 0.0
	for k := range tr.Set.Train.Count {
		sum -= m.FreeEnergy(data[k*m.Visible.Count:(k+1)*m.Visible.Count]) + z
	}
	return sum / float64(tr.Set.Train.Count)
}

func TestLimitsOnWeights(t *testing.T) {
	tr := start(t, kinds(t)["centred"], 1)
	tr.Clip = 1
	binary := start(t, kinds(t)["binary"], 1)
	if err := errors.Join(tr.Step(ctx, 200), binary.Step(ctx, 50)); err != nil {
		t.Fatal(err)
	}
	m, err := tr.Machine()
	if err != nil {
		t.Fatal(err)
	}
	if most := slices.Max(m.W); most > 1.000001 {
		t.Errorf("a weight clipped to 1 is %v", most)
	}
	if m, err = binary.Machine(); err != nil {
		t.Fatal(err)
	}
	for _, w := range m.W {
		if w != .3 && w != -.3 {
			t.Errorf("a binary weight is %v", w)
		}
	}
}

func TestSparsityIsReached(t *testing.T) {
	mean := func(target float64) float64 {
		tr := start(t, Training{Set: strips(t), Hidden: 7, Rate: .2, Batch: 100, Sparsity: target, SparsityCost: 5, Seed: 1}, 1)
		if err := tr.Step(ctx, 400); err != nil {
			t.Fatal(err)
		}
		m, err := tr.Machine()
		if err != nil {
			t.Fatal(err)
		}
		_, _, h := dataMoments(m, m.Encode(tr.Set.Train, 0))
		return average(h)
	}
	if got := mean(.1); math.Abs(got-.1) > .05 {
		t.Errorf("hidden units are on with %.3f, the target is .1", got)
	}
}

// A rate that is far too large ends in an error that names the update, and no machine is handed out.
func TestDivergence(t *testing.T) {
	tr := start(t, Training{Set: strips(t), Visible: Gaussian, Hidden: 7, Rate: 50, Batch: 50}, 1)
	if err := tr.Step(ctx, 300); err != nil {
		t.Fatal(err)
	}
	_, err := tr.Machine()
	if d, is := errors.AsType[*Diverged](err); !is || d.Update < 2 || d.Update > 300 || !strings.Contains(err.Error(), "diverged at update") {
		t.Errorf("got %v", err)
	}
}

func TestBadTrainings(t *testing.T) {
	b := open(t, 1)
	for want, f := range map[string]func(t *Training){
		"0 hidden units":                     func(t *Training) { t.Hidden = 0 },
		"batches of 500 from 400 examples":   func(t *Training) { t.Batch = 500 },
		"no data set":                        func(t *Training) { t.Set = nil },
		`method "sgd"`:                       func(t *Training) { t.Method = "sgd" },
		"rate -1":                            func(t *Training) { t.Rate = -1 },
		"rate NaN":                           func(t *Training) { t.Rate = math.NaN() },
		"momentum 1":                         func(t *Training) { t.Momentum = 1 },
		`visible units "spins"`:              func(t *Training) { t.Visible = "spins" },
		"one layer must have a finite":       func(t *Training) { t.Visible, t.HiddenUnits = Gaussian, ReLU },
		"Potts units of 1 states":            func(t *Training) { t.Visible, t.States = Potts, 1 },
		"Potts units of 0 states":            func(t *Training) { t.Visible, t.States = Potts, 0 },
		"-1 hidden units of deep":            func(t *Training) { t.Method, t.Upper = Deep, -1 },
		"pl needs Bernoulli":                 func(t *Training) { t.Method, t.Visible = PL, Ising },
		"rm knows no centred gradient":       func(t *Training) { t.Method, t.Centred = RM, true },
		`binarisation "half"`:                func(t *Training) { t.Binarise = "half" },
		"gaussian visible units are not bin": func(t *Training) { t.Visible, t.Binarise = Gaussian, "sample" },
	} {
		c := Training{Set: strips(t), Hidden: 3, Batch: 10}
		f(&c)
		if _, err := c.Start(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
