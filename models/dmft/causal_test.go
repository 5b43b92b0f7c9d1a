package dmft

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cavity/engine"
	_ "cavity/engine/cpu"
	_ "cavity/engine/tape"
)

func open(t testing.TB, name string, workers int) engine.Backend {
	t.Helper()
	b, err := engine.Open(name, engine.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func causal(t testing.TB, p Problem) *Solution {
	t.Helper()
	s, err := p.Causal(context.Background(), open(t, "cpu", 1))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A linear network: R has only the error of interpolation, C deviates by its standard errors. With 4 populations the errors
// have 3 degrees of freedom; 5 of them at 16 numbers give a false alarm in 22 % of seeds, the seed is fixed.
func TestCausalLinear(t *testing.T) {
	p := Problem{Gain: Linear, G: .5, Eta: .5, Sigma: .5, Step: .1, Time: 20, Trajectories: 2000, Seed: 1}
	exact, err := LinearDiscrete(p)
	if err != nil {
		t.Fatal(err)
	}
	s := causal(t, p)
	n := p.Steps()
	if s.Residual == 0 || s.Residual > 1e-5 {
		t.Errorf("residual of interpolation %v, want a small positive number", s.Residual)
	}
	for i := range n {
		for k := range i {
			if math.Abs(s.RAt(i, k)-exact.Response[i-k]) > 1e-5 {
				t.Fatalf("R(%d,%d) = %v, want %v", i, k, s.RAt(i, k), exact.Response[i-k])
			}
		}
	}
	for _, i := range []int{0, 1, 2, 10, 50, 100, 150, 199} {
		near(t, "C(i,i)", s.Diagonal[i].Mean, exact.C[i*n+i], 5*s.Diagonal[i].Err)
		near(t, "mean", s.Mean[i].Mean, exact.Mean[i], 5*s.Mean[i].Err+1e-6)
	}
}

// Keeping every time leaves nothing but float32 rounding in the response, and changes a nonlinear solution by no
// more than the residual says.
func TestCausalKeepsPast(t *testing.T) {
	p := Problem{Gain: Linear, G: .4, Eta: 1, Sigma: .5, Step: .1, Time: 5, Trajectories: 64, Populations: 1, Gap: .1}
	exact, err := LinearDiscrete(p)
	if err != nil {
		t.Fatal(err)
	}
	s := causal(t, p)
	for i := range p.Steps() {
		for k := range i {
			near(t, "R", s.RAt(i, k), exact.Response[i-k], 1e-6)
		}
	}
	p = Problem{Gain: Tanh, G: 2, Eta: .5, Step: .1, Time: 8, Trajectories: 512, Populations: 1, Gap: .1}
	whole := causal(t, p)
	p.Gap = .4
	thin := causal(t, p)
	for i := range p.Steps() {
		near(t, "C(i,i)", thin.CAt(i, i), whole.CAt(i, i), 1e-4)
		for k := range i {
			near(t, "R", thin.RAt(i, k), whole.RAt(i, k), 3e-4)
		}
	}
}

// The same seed gives the same bits with any number of workers, and the oracle backend the same law: its floating-point sums differ.
func TestCausalBackends(t *testing.T) {
	p := Problem{Gain: Tanh, G: 1.5, Eta: -.5, Sigma: .2, Step: .1, Time: 2, Trajectories: 2048, Populations: 2, Seed: 3, Input: math.Sin}
	one := causal(t, p)
	two, err := p.Causal(context.Background(), open(t, "cpu", 2))
	if err != nil {
		t.Fatal(err)
	}
	p2 := p
	p2.Trajectories, p2.Time = 128, 1
	plain, err := p2.Causal(context.Background(), open(t, "tape", 1))
	if err != nil {
		t.Fatal(err)
	}
	fast := causal(t, p2)
	for i := range one.C {
		if one.C[i] != two.C[i] || one.R[i] != two.R[i] {
			t.Fatalf("element %d differs between 1 and 2 workers", i)
		}
	}
	for i := range plain.C {
		near(t, "C", fast.C[i], plain.C[i], 1e-4)
		near(t, "R", fast.R[i], plain.R[i], 1e-4)
	}
}

// Transients of finite networks, each with its standard error over realisations: within 2.5 joint standard errors. About eight
// numbers of each case are independent, so a third of all seeds would fail somewhere; the seed is fixed.
func TestCausalAgainstNetworks(t *testing.T) {
	var ref map[string]struct {
		Idx  []int
		Diag [][]float64 `json:"Cphi_diag"`
		Mean [][]float64 `json:"m_phi"`
	}
	readJSON(t, "network_sim.json", &ref)
	for _, c := range []struct{ g, eta, sigma float64 }{{2, 0, 0}, {2, .5, 0}, {.2, .5, 0}, {1.5, .5, .5}} {
		r := ref[fmt.Sprintf("transient_g%.1f_eta%.1f_sig%.1f", c.g, c.eta, c.sigma)]
		if len(r.Idx) == 0 {
			t.Fatalf("no reference for %+v", c)
		}
		p := Problem{Gain: Tanh, G: c.g, Eta: c.eta, Sigma: c.sigma, Step: .1, Time: 20, Trajectories: 3000, Seed: 4}
		if c.eta == 0 {
			p.Trajectories = 10_000
		}
		s := causal(t, p)
		for k, i := range r.Idx {
			e := s.Diagonal[i]
			near(t, fmt.Sprintf("%+v C(%d,%d)", c, i, i), e.Mean, r.Diag[0][k], 2.5*math.Hypot(e.Err, r.Diag[1][k]))
		}
	}
}

// At late times the solver reaches the stationary state of the Newtonian particle, for every odd saturating gain: 5 standard
// errors and .01 for Euler's step.
func TestCausalReachesStationaryState(t *testing.T) {
	for _, c := range []struct {
		gain  Gain
		sigma float64
	}{{Tanh, .3}, {Erf, 0}, {Clip, 0}} {
		gain := c.gain
		st, err := SolveStationary(gain, 2, c.sigma)
		if err != nil {
			t.Fatal(err)
		}
		s := causal(t, Problem{Gain: gain, G: 2, Sigma: c.sigma, Step: .05, Time: 12, Trajectories: 1500, Seed: 6, Initial: Normal})
		n := len(s.T)
		near(t, gain.Name+" C(t,t)", s.Diagonal[n-1].Mean, st.CPhi0, 5*s.Diagonal[n-1].Err+.01)
		near(t, gain.Name+" Delta(0)", s.Variance[n-1].Mean, st.Delta0, 5*s.Variance[n-1].Err+.02*st.Delta0)
		near(t, gain.Name+" C(t,t-1)", s.CAt(n-1, n-21), st.CPhi(st.At(1)), .03)
	}
}

// ReLU has a mean that drives itself; networks of 400 units agree within 5 joint standard errors and .02.
func TestCausalReLU(t *testing.T) {
	w := Network{N: 400, Gain: ReLU, G: .8, Eta: .4, Step: .1, Time: 4, Realisations: 6, Replicas: 2, Seed: 5}
	sim, err := w.Simulate(context.Background(), open(t, "cpu", 1))
	if err != nil {
		t.Fatal(err)
	}
	p := w.problem()
	p.Trajectories, p.Gap = 3000, .4
	s := causal(t, p)
	for _, i := range []int{0, 5, 10, 20, 39} {
		near(t, "C(i,i)", sim.Diagonal[i].Mean, s.Diagonal[i].Mean, 5*math.Hypot(sim.Diagonal[i].Err, s.Diagonal[i].Err)+.005)
	}
}

func TestProblemRefuses(t *testing.T) {
	good := Problem{Gain: Tanh, G: 1, Step: .1, Time: 2, Trajectories: 64}
	for _, c := range []struct {
		change func(*Problem)
		say    string
	}{
		{func(p *Problem) { p.Gain, p.G, p.Eta = Linear, .8, .5 }, "g (1+eta) < 1"},
		{func(p *Problem) { p.Step = 2 }, "too large for stability"},
		{func(p *Problem) { p.Gain, p.G, p.Eta, p.Step = Linear, 3, -.9, .4 }, "too large for stability"},
		{func(p *Problem) { p.Gain = Gain{} }, "no phi"},
		{func(p *Problem) { p.Eta = 2 }, "eta"},
		{func(p *Problem) { p.G = math.NaN() }, "g ="},
		{func(p *Problem) { p.Time = .1 }, "rows"},
		{func(p *Problem) { p.Trajectories = 0 }, "trajectories"},
		{func(p *Problem) { p.Initial = "cauchy" }, "initial law"},
		{func(p *Problem) { p.Time, p.Trajectories, p.Eta = 800, 1<<20, .5 }, "GB of memory"},
		{func(p *Problem) { p.Gain, p.G, p.Eta, p.Time = ReLU, 9, 1, 20 }, "diverges"},
	} {
		p := good
		c.change(&p)
		if _, err := p.Causal(context.Background(), open(t, "cpu", 1)); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("error %v, want one about %q", err, c.say)
		}
	}
}

func BenchmarkCausal(b *testing.B) {
	for _, c := range []struct {
		name string
		p    Problem
	}{
		{"eta=0.5,n=200,M=2000", Problem{Gain: Tanh, G: 2, Eta: .5, Step: .1, Time: 20, Trajectories: 2000, Populations: 1}},
		{"eta=0,n=200,M=20000", Problem{Gain: Tanh, G: 2, Step: .1, Time: 20, Trajectories: 20000, Populations: 1}},
		{"eta=0.5,n=800,M=4000", Problem{Gain: Tanh, G: 2, Eta: .5, Step: .1, Time: 80, Trajectories: 4000, Populations: 1}},
	} {
		b.Run(c.name, func(b *testing.B) {
			if testing.Short() && c.p.Time > 20 {
				b.Skip("takes ten seconds and half a gigabyte")
			}
			for range b.N {
				s := causal(b, c.p)
				b.ReportMetric(float64(s.Pivots), "pivots")
				b.ReportMetric(s.Residual, "residual")
			}
		})
	}
}

// A time step allocates nothing, with one worker and with two.
func TestCausalStepAllocatesNothing(t *testing.T) {
	for workers := 1; workers <= 2; workers++ {
		p := Problem{Gain: Tanh, G: 2, Eta: .5, Sigma: .1, Step: .1, Time: 10, Trajectories: 2048, Populations: 1}
		r, err := p.Start(open(t, "cpu", workers))
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			if err := r.Step(); err != nil {
				t.Fatal(err)
			}
		}
		ctx := context.Background()
		if n := testing.AllocsPerRun(20, func() {
			if err := r.run.prog.Step(ctx, 1); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%d workers: a step allocates %v times", workers, n)
		}
	}
}

// A run that is saved in the middle of its second population and gone on with elsewhere ends with the same bytes.
func TestCausalResume(t *testing.T) {
	p := Problem{Gain: Erf, G: 1.5, Eta: .3, Sigma: .2, Step: .1, Time: 3, Trajectories: 128, Populations: 3, Seed: 9, Initial: Normal}
	want := causal(t, p)
	r, err := p.Start(open(t, "cpu", 1))
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if err := r.Step(); err != nil {
			t.Fatal(err)
		}
	}
	var saved bytes.Buffer
	if err := r.Save(&saved); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Solution(); err == nil {
		t.Error("a solution before the end did not fail")
	}
	again, err := p.Start(open(t, "cpu", 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Load(&saved); err != nil {
		t.Fatal(err)
	}
	for !again.Done() {
		if err := again.Step(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := again.Solution()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the resumed run differs: %s", diff)
	}
	if err := again.Load(strings.NewReader("no state")); err == nil {
		t.Error("a damaged state did not fail")
	}
}
