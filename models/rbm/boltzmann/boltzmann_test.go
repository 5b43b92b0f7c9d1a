package boltzmann

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/engine/rng"
	"cavity/models/dataset"
)

var ctx = context.Background()

func open(tb testing.TB, workers int) engine.Backend {
	tb.Helper()
	b, err := engine.Open("cpu", engine.Options{Workers: workers})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	return b
}

// parity is a set of 1×4 pictures with an even number of bright pixels, every pixel wrong with probability .08: it has correlations of
// four spins and none of two, so that a machine without hidden spins learns nothing.
func parity() *dataset.Set {
	s := &dataset.Set{Name: "parity", Height: 1, Width: 4}
	for part, p := range []*dataset.Part{&s.Train, &s.Test} {
		*p = dataset.Part{Count: 400 - 200*part}
		for k := range p.Count {
			r := rng.At(1, uint64(k), rng.SetupStage, uint16(part))
			odd := false
			for i := range 4 {
				on := r.Uint32(uint64(i))>>31 == 1
				if i == 3 {
					on = odd
				}
				odd = odd != on
				if on != (r.Float64(uint64(10+i)) < .08) {
					p.Images = append(p.Images, 255)
				} else {
					p.Images = append(p.Images, 0)
				}
			}
		}
	}
	return s
}

// random is a machine with normal parameters of deviation s.
func random(visible, hidden int, s float32, seed uint64) *Machine {
	m := New(visible, hidden)
	r, at := rng.At(seed, 0, rng.SetupStage, 9), uint64(0)
	next := func() float32 { at++; return s * r.Normal32(at) }
	for i := range m.Bv {
		m.Bv[i] = next()
	}
	for j := range m.Bh {
		m.Bh[j] = next()
	}
	for e := range m.W {
		m.W[e] = next()
	}
	for _, c := range []struct {
		x []float32
		n int
	}{{m.A, visible}, {m.B, hidden}} {
		for i := range c.n {
			for j := range i {
				x := next()
				c.x[i*c.n+j], c.x[j*c.n+i] = x, x
			}
		}
	}
	return m
}

// dataMoments are exact moments with the visible spins at rows of v: [N·N], ⟨s_i⟩ on the diagonal.
func dataMoments(m *Machine, v []float32) []float64 {
	n, nv := m.N(), m.Visible
	out, s := make([]float64, n*n), make([]float64, n)
	rows := len(v) / nv
	for k := range rows {
		total := Summed(m, v[k*nv:(k+1)*nv])
		for state := range 1 << m.Hidden {
			for i := range s {
				if i < nv {
					s[i] = float64(v[k*nv+i])
				} else {
					s[i] = float64(2*(state>>(i-nv)&1) - 1)
				}
			}
			p := math.Exp(m.LogWeight(s)-total) / float64(rows)
			for i := range n {
				for j := range n {
					if i == j {
						out[i*n+i] += p * s[i]
					} else {
						out[i*n+j] += p * s[i] * s[j]
					}
				}
			}
		}
	}
	return out
}

// The definitions agree: Summed over all visible configurations gives Z, its derivatives by central differences are the moments,
// and the mean-field bound lies below it, and on it without B.
func TestLikelihoods(t *testing.T) {
	m := random(4, 3, .6, 2)
	z, moments, err := m.Moments()
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	for state := range 16 {
		v := make([]float32, 4)
		for i := range v {
			v[i] = float32(2*(state>>i&1) - 1)
		}
		exact, bound := Summed(m, v), Bounded(m, v)
		all = append(all, exact)
		if bound > exact || bound < exact-1 {
			t.Errorf("state %d: the bound is %v, the sum %v", state, bound, exact)
		}
		free := *m
		free.B = make([]float32, 9)
		if exact, bound := Summed(&free, v), Bounded(&free, v); math.Abs(exact-bound) > 1e-12 {
			t.Errorf("state %d without B: the bound is %v, the sum %v", state, bound, exact)
		}
	}
	if math.Abs(logSumExp(all)-z) > 1e-12 {
		t.Errorf("ln Z is %v, by visible states %v", z, logSumExp(all))
	}
	n := m.N()
	for _, c := range []struct {
		p    *float32
		q    *float32
		want float64
	}{{&m.A[1], &m.A[4], moments[1]}, {&m.W[2*3+1], nil, moments[2*n+5]}, {&m.B[2], &m.B[6], moments[4*n+6]}, {&m.Bv[3], nil, moments[3*n+3]}, {&m.Bh[0], nil, moments[4*n+4]}} {
		keep := *c.p
		at := func(x float32) float64 {
			*c.p = x
			if c.q != nil {
				*c.q = x
			}
			z, err := m.LogZ()
			if err != nil {
				t.Fatal(err)
			}
			return z
		}
		up, down := keep+1.0/1024, keep-1.0/1024
		got := (at(up) - at(down)) / (float64(up) - float64(down))
		at(keep)
		if math.Abs(got-c.want) > 1e-6 {
			t.Errorf("∂ ln Z is %v by differences, the moment %v", got, c.want)
		}
	}
}

// With the rate 1 an update changes the parameters by the gradient. For each kind of positive phase, from a strong random machine of
// 4 and 3 spins, it must be the exact gradient of the likelihood: within 5 standard errors, at most 1/√chains and, where the hidden
// spins are sampled, 1/√batch more (28 parameters: false alarm 28·6e-7 = 2e-5 a kind). Mean field is held against the gradient
// of its own bound, whose moments are those of independent spins with the means that Bounded finds.
func TestGradientAgainstEnumeration(t *testing.T) {
	const chains = 20000
	for _, kind := range []Positive{Exact, MeanField, Gibbs} {
		set := parity()
		set.Train = dataset.Part{Images: bytes.Repeat(set.Train.Images, 50), Count: 20000}
		tr, err := Training{Set: set, Hidden: 3, Positive: kind, Rounds: 60, K: 60, Batch: 20000, Chains: chains, Rate: 1, Seed: 5}.Start(open(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		m := random(4, 3, .5, 3)
		z := size{4, 3, chains}
		if err := errors.Join(z.write(tr.Program, m), tr.Program.Step(ctx, 1)); err != nil {
			t.Fatal(err)
		}
		after, err := tr.Machine()
		if err != nil {
			t.Fatal(err)
		}
		v := Encode(set.Train.Head(400), "threshold", 0)
		data := dataMoments(m, v)
		if kind == MeanField {
			data = meanFieldMoments(m, v)
		}
		_, model, err := m.Moments()
		if err != nil {
			t.Fatal(err)
		}
		mu := make([]float32, 4)
		if err := tr.Program.Read("mu", mu); err != nil {
			t.Fatal(err)
		}
		n := m.N()
		gradient := func(i, j int) float64 { return data[i*n+j] - model[i*n+j] }
		// The centred gradient from the plain one: of a coupling of visible spin i, less μ_i times that of the other's field, and so on.
		mean := func(i int) float64 {
			if i < 4 {
				return float64(mu[i])
			}
			return 0
		}
		coupling := func(i, j int) float64 {
			return gradient(i, j) - mean(i)*gradient(j, j) - mean(j)*gradient(i, i)
		}
		most := 5 / math.Sqrt(chains)
		if kind == Gibbs {
			most *= math.Sqrt2
		}
		worst := 0.0
		for i := range n {
			want, got := gradient(i, i), after.field(i)-m.field(i)
			for j := range n {
				if j != i {
					want -= coupling(i, j) * mean(j)
				}
			}
			worst = max(worst, math.Abs(got-want))
			for j := range i {
				worst = max(worst, math.Abs(after.coupling(i, j)-m.coupling(i, j)-coupling(i, j)))
			}
		}
		t.Logf("%s: the largest deviation is %.4f of %.4f", kind, worst, most)
		if worst > most {
			t.Errorf("%s: a derivative is off by %.4f, more than %.4f", kind, worst, most)
		}
	}
}

// meanFieldMoments are moments of independent hidden spins with the means of the bound.
func meanFieldMoments(m *Machine, v []float32) []float64 {
	n, nv := m.N(), m.Visible
	out, s := make([]float64, n*n), make([]float64, n)
	rows := len(v) / nv
	for k := range rows {
		_, x := m.seen(v[k*nv : (k+1)*nv])
		for i := range nv {
			s[i] = float64(v[k*nv+i])
		}
		mu := s[nv:]
		clear(mu)
		for range 500 {
			for j := range mu {
				f := x[j]
				for l, y := range mu {
					f += float64(m.B[j*m.Hidden+l]) * y
				}
				mu[j] = math.Tanh(f)
			}
		}
		for i := range n {
			for j := range n {
				if i == j {
					out[i*n+i] += s[i] / float64(rows)
				} else {
					out[i*n+j] += s[i] * s[j] / float64(rows)
				}
			}
		}
	}
	return out
}

// The parity of four spins is learned by three hidden ones, with any positive phase: their law has the entropy ln 8 + .56 = 2.64
// nats, and the best machine without hidden spins stays at 4 ln 2 = 2.77. The same bytes come at 1 and 2 workers and after a break; an update allocates nothing.
func TestTrainingLearnsAndIsReproducible(t *testing.T) {
	for _, kind := range []Positive{MeanField, Exact, Gibbs} {
		training := Training{Set: parity(), Hidden: 3, Positive: kind, Rounds: 5, K: 3, Batch: 100, Chains: 500, Rate: .15, Deviation: .8, Epochs: 1, Seed: 5}
		one, err := training.Start(open(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		two, err := training.Start(open(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		const updates = 1200
		if err := errors.Join(one.Program.Step(ctx, updates), two.Program.Step(ctx, updates/2)); err != nil {
			t.Fatal(err)
		}
		saved, err := two.Program.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		resumed, err := training.Start(open(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(resumed.Program.Load(bytes.NewReader(saved)), resumed.Program.Step(ctx, updates/2), two.Program.Step(ctx, updates/2)); err != nil {
			t.Fatal(err)
		}
		want, _ := one.Program.Snapshot()
		for who, tr := range map[string]*Trainer{"two workers": two, "a resumed run": resumed} {
			if got, _ := tr.Program.Snapshot(); !bytes.Equal(got, want) {
				t.Errorf("%s: %s ends in another state", kind, who)
			}
		}
		if n := testing.AllocsPerRun(10, func() { one.Program.Step(ctx, 1) }); n != 0 {
			t.Errorf("%s: %v allocations an update", kind, n)
		}
		m, err := one.Machine()
		if err != nil {
			t.Fatal(err)
		}
		z, err := m.LogZ()
		if err != nil {
			t.Fatal(err)
		}
		l := average(m.Each(Summed, Encode(one.Set.Train, "threshold", 0))) - z
		t.Logf("%s: log-likelihood %.3f", kind, l)
		if l < -2.68 {
			t.Errorf("%s: the log-likelihood is %.3f nats", kind, l)
		}
	}
}

// Without couplings inside the layers these stay zero.
func TestRestricted(t *testing.T) {
	tr, err := Training{Set: parity(), Hidden: 3, WithoutVisible: true, WithoutHidden: true, Rate: .1, L2: .001, Seed: 1}.Start(open(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Program.Step(ctx, 20); err != nil {
		t.Fatal(err)
	}
	m, err := tr.Machine()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range append(m.A, m.B...) {
		if x != 0 {
			t.Fatalf("a coupling inside a layer is %v", x)
		}
	}
	if m.W[0] == tr.machine.W[0] {
		t.Error("the couplings between the layers did not move")
	}
}

// Annealing in both directions against the exact ln Z of a strong random machine: within four of its own standard errors (false alarm
// 6e-5 each) and .02 for the bias at second order.
func TestAnnealingAgainstEnumeration(t *testing.T) {
	m := random(9, 5, .45, 4)
	exact, err := m.LogZ()
	if err != nil {
		t.Fatal(err)
	}
	base := make([]float32, 9)
	base[2], base[5] = .4, -.7
	an, err := AIS{Chains: 500, Temperatures: 300, Seed: 2, Base: base}.Start(m, open(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	forward, err := an.Forward(ctx)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, 500*9)
	for e := range v {
		v[e] = float32(2*(e*7%2) - 1)
	}
	reverse, err := an.Reverse(ctx, v, 300)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("exact %.3f, forward %.3f ± %.3f, reverse %.3f ± %.3f", exact, forward.LogZ, forward.Deviation, reverse.LogZ, reverse.Deviation)
	for name, e := range map[string]float64{"forward": (forward.LogZ - exact) / (4*forward.Deviation + .02), "reverse": (reverse.LogZ - exact) / (4*reverse.Deviation + .02)} {
		if math.Abs(e) > 1 {
			t.Errorf("%s annealing is off by %.2f of what is allowed", name, e)
		}
	}
	if forward.Deviation > .2 || reverse.Deviation > .2 {
		t.Errorf("deviations %.3f and %.3f show nothing", forward.Deviation, reverse.Deviation)
	}
}

func TestDivergence(t *testing.T) {
	tr, err := Training{Set: parity(), Hidden: 3, Rate: 1e7, Seed: 1}.Start(open(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Program.Step(ctx, 10); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Machine(); err == nil || !strings.Contains(err.Error(), "diverged at update") {
		t.Errorf("got %v", err)
	}
}

func TestBadTrainings(t *testing.T) {
	for want, f := range map[string]func(t *Training){
		"no data set":             func(t *Training) { t.Set = nil },
		"0 hidden spins":          func(t *Training) { t.Hidden = 0 },
		"enumerates up to 10":     func(t *Training) { t.Positive, t.Hidden = Exact, 11 },
		"samples up to 256":       func(t *Training) { t.Positive, t.Hidden = Gibbs, 257 },
		`positive phase "none"`:   func(t *Training) { t.Positive = "none" },
		"batches of 500 from 400": func(t *Training) { t.Batch = 500 },
		"rate -1":                 func(t *Training) { t.Rate = -1 },
		"weight decay NaN":        func(t *Training) { t.L2 = math.NaN() },
		`binarisation "half"`:     func(t *Training) { t.Binarise = "half" },
		"-1 sweeps":               func(t *Training) { t.K = -1 },
	} {
		c := Training{Set: parity(), Hidden: 3}
		f(&c)
		if _, err := c.Start(open(t, 1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	bad := random(3, 2, .1, 1)
	bad.A[1] = 7
	if err := bad.Check(); err == nil || !strings.Contains(err.Error(), "symmetric") {
		t.Errorf("got %v", err)
	}
	bad = random(3, 2, .1, 1)
	bad.W[1] = float32(math.NaN())
	if err := bad.Check(); err == nil || !strings.Contains(err.Error(), "element 1 of W is NaN") {
		t.Errorf("got %v", err)
	}
	if _, err := random(20, 3, .1, 1).LogZ(); err == nil {
		t.Error("23 spins were enumerated")
	}
}
