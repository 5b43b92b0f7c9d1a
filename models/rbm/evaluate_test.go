package rbm

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
)

// random is a machine with normal weights and biases of deviation s.
func random(t *testing.T, visible, hidden Layer, s float64, seed uint64) *Machine {
	t.Helper()
	m, err := New(visible, hidden, s, seed)
	if err != nil {
		t.Fatal(err)
	}
	r := rng.At(seed, 0, rng.SetupStage, 77)
	for i := range m.B {
		m.B[i] = float32(s) * r.Normal32(uint64(i))
	}
	for j := range m.C {
		m.C[j] = float32(s) * r.Normal32(uint64(1000+j))
	}
	m.Base = make([]float32, len(m.B))
	return m
}

// ln Z is the same by the states of either layer, and by brute force over the free energies.
func TestLogZByEitherLayer(t *testing.T) {
	for _, units := range []Units{Bernoulli, Ising} {
		for _, other := range []Layer{{Units: Bernoulli, Count: 14}, {Units: Ising, Count: 14}} {
			m := random(t, Layer{Units: units, Count: 13}, other, .7, 3)
			byHidden, byVisible := m.transposed().enumerate(), m.enumerate()
			if math.Abs(byHidden-byVisible) > 1e-9 {
				t.Errorf("%s × %s: %.12f by hidden states, %.12f by visible states", units, other.Units, byHidden, byVisible)
			}
			small := random(t, Layer{Units: units, Count: 5}, other, .7, 4)
			var f []float64
			for s := range 32 {
				v := make([]float32, 5)
				for i := range v {
					if v[i] = float32(s >> i & 1); units == Ising {
						v[i] = 2*v[i] - 1
					}
				}
				f = append(f, -small.FreeEnergy(v))
			}
			if z, err := small.LogZ(); err != nil || math.Abs(z-logSumExp(f)) > 1e-9 {
				t.Errorf("%v (%v), by brute force %v", z, err, logSumExp(f))
			}
		}
	}
	if _, err := random(t, Layer{Units: Bernoulli, Count: 30}, Layer{Units: Bernoulli, Count: 25}, .1, 1).LogZ(); err == nil {
		t.Error("a layer of 25 units was enumerated")
	}
}

// The analytical gradients of PL and RM that gorgonia derives agree with central differences in float64.
func TestObjectivesAgainstDifferences(t *testing.T) {
	for _, hidden := range []Units{Bernoulli, Ising, Gaussian} {
		for _, method := range []Method{PL, RM} {
			m := random(t, Layer{Units: Bernoulli, Count: 5}, Layer{Units: hidden, Count: 4}, .6, 8)
			const rows = 6
			g := newGraph(tensor.Float64)
			w := g.machine(*m, "")
			value := g.turning(w, g.Slot("v0", rows, 5), g.Slot("turned", rows, 5), method)
			grad := g.ascent(value, w)
			if g.Err() != nil {
				t.Fatal(g.Err())
			}
			p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{{Name: "s", Graph: g.ExprGraph, Repeat: 1,
				Next: map[string]node{"value": value, "dW": grad.w, "db": grad.b, "dc": grad.c}}}}, open(t, 1))
			if err != nil {
				t.Fatal(err)
			}
			v, turned := make([]float64, rows*5), make([]float64, rows*5)
			s := rng.At(1, 0, 0, 0)
			for e := range v {
				v[e] = float64(s.Uint32(uint64(e)) & 1)
			}
			for k := range rows {
				turned[k*5+int(s.Below(uint64(100+k), 5))] = 1
			}
			slots := map[string][]float64{"W": wide(m.W), "b": wide(m.B), "c": wide(m.C)}
			at := func() float64 {
				for name, x := range slots {
					if err := p.Write(name, x); err != nil {
						t.Fatal(err)
					}
				}
				y := []float64{0}
				if err := errors.Join(p.Write("v0", v), p.Write("turned", turned), p.Step(ctx, 1), p.Read("value", y)); err != nil {
					t.Fatal(err)
				}
				return y[0]
			}
			at()
			for name, x := range slots {
				d := make([]float64, len(x))
				at()
				if err := p.Read("d"+name, d); err != nil {
					t.Fatal(err)
				}
				for i := range x {
					const h = 1e-5
					keep := x[i]
					x[i] = keep + h
					up := at()
					x[i] = keep - h
					down := at()
					x[i] = keep
					if want := (up - down) / (2 * h); math.Abs(d[i]-want) > 1e-7*(1+math.Abs(want)) {
						t.Errorf("%s, %s hidden: ∂/∂%s[%d] is %.9f, by differences %.9f", method, hidden, name, i, d[i], want)
					}
				}
			}
		}
	}
}

func wide(x []float32) (y []float64) {
	for _, v := range x {
		y = append(y, float64(v))
	}
	return y
}

// Free energies of the graph agree with the definition in float64, and the pseudo-likelihood with free energies of
// turned configurations, for every kind of unit.
func TestFreeEnergiesAndPseudoLikelihood(t *testing.T) {
	for _, visible := range []Layer{{Units: Bernoulli, Count: 6}, {Units: Ising, Count: 6}, {Units: Gaussian, Count: 6}, {Units: Potts, Count: 6, States: 3}, {Units: Bernoulli, Count: 6, Labels: 2}} {
		for _, hidden := range []Units{Bernoulli, Ising, Gaussian, ReLU} {
			if visible.Units == Gaussian && !(Layer{Units: hidden}).Discrete() {
				continue
			}
			m := random(t, visible, Layer{Units: hidden, Count: 19}, .5, 5)
			v := make([]float32, 7*6)
			s := rng.At(2, 0, 0, 0)
			for e := range v {
				v[e] = float32(s.Uint32(uint64(e)) & 1)
				if visible.Units == Ising {
					v[e] = 2*v[e] - 1
				}
			}
			e, err := NewEvaluator(m, 4, open(t, 1))
			if err != nil {
				t.Fatal(err)
			}
			f, err := e.FreeEnergies(v)
			if err != nil {
				t.Fatal(err)
			}
			pl := 0.0
			for k, got := range f {
				row := v[k*6 : (k+1)*6]
				want := m.FreeEnergy(row)
				if math.Abs(got-want) > 2e-5*(1+math.Abs(want)) {
					t.Errorf("%v × %s: F is %v, by definition %v", visible, hidden, got, want)
				}
				for i := range row {
					keep := row[i]
					if row[i] = 1 - keep; visible.Units == Ising {
						row[i] = -keep
					}
					pl -= softplus(want-m.FreeEnergy(row)) / float64(len(f))
					row[i] = keep
				}
			}
			if (visible.Units == Bernoulli || visible.Units == Ising) && visible.Labels == 0 {
				if got, err := m.PseudoLikelihood(ctx, v); err != nil || math.Abs(got-pl) > 1e-5 {
					t.Errorf("%v × %s: pseudo-likelihood %v (%v), by definition %v", visible, hidden, got, err, pl)
				}
			}
		}
	}
}

// The samplers' laws against enumeration: means of visible units and their products with hidden means over many chains after
// 300 steps from noise, plain and tempered. Each of the at most 60 deviations per kind stays below 5 standard errors (false alarm
// 60·6e-7 = 4e-5 a kind).
func TestSamplersAgainstEnumeration(t *testing.T) {
	for _, hidden := range []Units{Bernoulli, Ising, Gaussian, ReLU} {
		for _, visible := range []Units{Bernoulli, Ising} {
			for _, temperatures := range []int{1, 3} {
				s := .5
				if !(Layer{Units: hidden}).Discrete() {
					s = .25
				}
				m := random(t, Layer{Units: visible, Count: 5}, Layer{Units: hidden, Count: 4}, s, 2)
				v, _, vh, err := m.Moments()
				if err != nil {
					t.Fatal(err)
				}
				checkMoments(t, fmt.Sprintf("%s × %s, %d temperatures", visible, hidden, temperatures), m, temperatures, v, vh)
			}
		}
	}
}

// checkMoments samples a machine and compares ⟨v⟩ and ⟨v E[h|v]⟩.
func checkMoments(t *testing.T, name string, m *Machine, temperatures int, v, vh []float64) {
	t.Helper()
	const chains = 8000
	sa, err := Sampling{Machine: m, Chains: chains, Temperatures: temperatures, Seed: 6}.Start(open(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := sa.Step(ctx, 60); err != nil {
		t.Fatal(err)
	}
	states, err := sa.States()
	if err != nil {
		t.Fatal(err)
	}
	gotVH, gotV, _ := dataMoments(m, states)
	squares := append([]float64{}, make([]float64, len(v)+len(vh))...) // second moments, for the errors
	nv, nh := m.Visible.Count, m.Hidden.Count
	x, mean := make([]float64, nh), make([]float64, nh)
	for k := range chains {
		row := states[k*nv : (k+1)*nv]
		m.fields(x, row)
		m.Hidden.Means(mean, x)
		for i, s := range row {
			squares[i] += float64(s) * float64(s) / chains
			for j, y := range mean {
				squares[nv+i*nh+j] += float64(s) * y * float64(s) * y / chains
			}
		}
	}
	got, want := append(gotV, gotVH...), append(append([]float64{}, v...), vh...)
	for e, g := range got {
		deviation := math.Sqrt((squares[e] - g*g) / chains)
		if math.Abs(g-want[e]) > 5*deviation+1e-6 {
			t.Errorf("%s: moment %d is %.4f ± %.4f, exactly %.4f", name, e, g, deviation, want[e])
		}
	}
}

// Gaussian and Potts visible units: moments by the sum over hidden states, E[v] = Σ_h p(h) E[v | h].
func TestOtherVisibleSamplers(t *testing.T) {
	for _, visible := range []Layer{{Units: Gaussian, Count: 5}, {Units: Potts, Count: 6, States: 3}, {Units: Bernoulli, Count: 6, Labels: 3}} {
		m := random(t, visible, Layer{Units: Bernoulli, Count: 4}, .4, 2)
		tr := m.transposed()
		h, v, hv, err := tr.Moments()
		if err != nil {
			t.Fatal(err)
		}
		sa, err := Sampling{Machine: m, Chains: 20000, Seed: 6}.Start(open(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		if err := sa.Step(ctx, 60); err != nil {
			t.Fatal(err)
		}
		states, err := sa.States()
		if err != nil {
			t.Fatal(err)
		}
		gotVH, gotV, gotH := dataMoments(m, states)
		for i := range v {
			if math.Abs(gotV[i]-v[i]) > 5*1.3/math.Sqrt(20000) {
				t.Errorf("%v: ⟨v%d⟩ is %.4f, exactly %.4f", visible, i, gotV[i], v[i])
			}
			for j := range h {
				if math.Abs(gotVH[i*4+j]-hv[j*len(v)+i]) > 5*1.3/math.Sqrt(20000) {
					t.Errorf("%v: ⟨v%d h%d⟩ is %.4f, exactly %.4f", visible, i, j, gotVH[i*4+j], hv[j*len(v)+i])
				}
			}
		}
		for j := range h {
			if math.Abs(gotH[j]-h[j]) > 5*.5/math.Sqrt(20000) {
				t.Errorf("%v: ⟨h%d⟩ is %.4f, exactly %.4f", visible, j, gotH[j], h[j])
			}
		}
	}
}
