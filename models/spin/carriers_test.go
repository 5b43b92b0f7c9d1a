package spin

import (
	"context"
	"math"
	"strings"
	"testing"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/kernels"
)

// Every way to hold and to move one small instance samples its law: energies, specific heats, magnetisation and overlaps
// against enumeration. 180 comparisons at 4.5 errors: false alarm about 1e-3.
func TestLayoutsAndMovesAgainstEnumeration(t *testing.T) {
	for _, c := range []struct {
		Tempering
		held string
	}{
		{Tempering{Model: SherringtonKirkpatrick{N: 13, Binary: true}, Layout: "bits"}, "couplings and spins as bits, integer fields"},
		{Tempering{Model: SherringtonKirkpatrick{N: 13, Binary: true}, Layout: "bits", Rule: kernels.HeatBath}, "couplings and spins as bits, integer fields"},
		{Tempering{Model: SherringtonKirkpatrick{N: 12}}, "dense couplings, float32 fields"},
		{Tempering{Model: Hopfield{N: 14, P: 3}, Layout: "patterns"}, "patterns, integer overlaps"},
		{Tempering{Model: Hopfield{N: 14, P: 3}, Layout: "gibbs"}, "patterns, block Gibbs sampling"},
		{Tempering{Model: Hopfield{N: 14, P: 3}}, "dense couplings, float32 fields"},
		{Tempering{Model: EdwardsAnderson{L: 4, D: 2}, Layout: "sparse", Rule: kernels.HeatBath}, "sparse graph in colours, float32 couplings"},
		{Tempering{Model: EdwardsAnderson{L: 3, D: 2, Gaussian: true}}, "sparse graph in colours, float32 couplings"},
		{Tempering{Model: EdwardsAnderson{L: 4, D: 2}, Houdayer: true}, "multi-spin lattice, 64 walkers a word"},
		{Tempering{Model: EdwardsAnderson{L: 4, D: 2}, Houdayer: true, Layout: "sparse"}, "sparse graph in colours, float32 couplings"},
		{Tempering{Model: Ising{L: 4, D: 2}, Move: SwendsenWang}, "sparse graph in colours, float32 couplings"},
		{Tempering{Model: Ising{L: 3, D: 2}, Move: Wolff}, "sparse graph in colours, float32 couplings"},
	} {
		tp := c.Tempering
		tp.Temperatures, tp.Seed = []float64{.9, 1.6, 3}, 4
		name := tp.Model.Name() + " " + tp.Layout + " " + tp.Move.String() + " "
		s := start(t, tp, "cpu", 1)
		if s.Carrier() != c.held {
			t.Errorf("%s: held as %s", name, s.Carrier())
		}
		_, r := sampled(t, s, 300, 12000, 2)
		instance, err := tp.Model.Couplings(tp.Seed, 0)
		if err != nil {
			t.Fatal(err)
		}
		exact, _, err := Enumerate(instance, r.Temperatures)
		if err != nil {
			t.Fatal(err)
		}
		if v := s.carrier.infinite(0); math.Abs(v-instance.variance()) > 1e-9*v {
			t.Errorf("%s: variance %v at infinite temperature, not %v", name, v, instance.variance())
		}
		for k, x := range exact {
			within(t, name+"e", r.Energy[k], x.Energy)
			within(t, name+"c", r.SpecificHeat[k], x.SpecificHeat)
			within(t, name+"|m|", r.Magnetization[k], x.AbsM)
			q2, link := exactOverlaps(instance, x.Temperature)
			within(t, name+"q2", r.Overlap2[k], q2)
			if r.LinkOverlap != nil {
				within(t, name+"link overlap", r.LinkOverlap[k], link)
			}
		}
	}
}

// The correlation length from the slices of overlaps, on the lattice and on the graph, against enumeration:
// <|q(k)|²> = (1/N²) Σ_ij <s_i s_j>² cos k(x_i - x_j). Six comparisons at 4.5 errors.
func TestCorrelationLength(t *testing.T) {
	m := EdwardsAnderson{L: 4, D: 2}
	c, err := m.Couplings(4, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, layout := range []string{"lattice", "sparse"} {
		s := start(t, Tempering{Model: m, Temperatures: []float64{1, 1.5, 2.5}, Seed: 4, Layout: layout}, "cpu", 1)
		_, r := sampled(t, s, 300, 20000, 2)
		for k, temperature := range r.Temperatures {
			zero, wave := 0.0, 0.0
			corr := correlations(c, temperature)
			for i := range c.N {
				for j := range c.N {
					x := corr[max(i, j)*c.N+min(i, j)]
					if i == j {
						x = 1
					}
					zero += x * x
					wave += x * x / 2 * (math.Cos(math.Pi/2*float64(i%4-j%4)) + math.Cos(math.Pi/2*float64(i/4-j/4)))
				}
			}
			within(t, layout+" xi", r.CorrelationLength[k], math.Sqrt(zero/wave-1)/(2*math.Sin(math.Pi/4)))
		}
	}
}

// Several samples that share words keep to their own couplings: the energies of each sample against enumeration.
func TestSamplesInOneWord(t *testing.T) {
	m := EdwardsAnderson{L: 4, D: 2}
	for _, systems := range []int{3, 20} { // in one word, over word boundaries
		s := start(t, Tempering{Model: m, Temperatures: []float64{1, 2}, Systems: systems, Seed: 6}, "cpu", 1)
		if err := s.Step(context.Background(), 100); err != nil {
			t.Fatal(err)
		}
		meter := s.Measure()
		for range 400 {
			if err := s.Step(context.Background(), 2); err != nil {
				t.Fatal(err)
			}
			if err := meter.Take(); err != nil {
				t.Fatal(err)
			}
		}
		v, _, _, err := meter.replicates()
		if err != nil {
			t.Fatal(err)
		}
		for q := range systems {
			c, err := m.Couplings(6, q)
			if err != nil {
				t.Fatal(err)
			}
			exact, _, err := Enumerate(c, s.Temperatures)
			if err != nil {
				t.Fatal(err)
			}
			for k, x := range exact {
				// An energy per spin scatters by √(cT²/N), less than 0.3; 800 values in 300 or more independent ones.
				if e := v.of("e", q, k); !(math.Abs(e-x.Energy) < 5*math.Sqrt(x.SpecificHeat/16/300)*x.Temperature) {
					t.Errorf("sample %d of %d at T = %v: e = %v, exact %v", q, systems, x.Temperature, e, x.Energy)
				}
			}
		}
	}
}

func TestMirror(t *testing.T) {
	const n, w = 150, 3
	m := make([]uint64, n*w)
	s := rng.At(7, 0, setupStage, 9)
	want := map[[2]int]bool{}
	for i := range n {
		for j := i + 1; j < n; j++ {
			if s.Uint32(uint64(i*n+j))&1 == 1 {
				m[i*w+j/64] |= 1 << (j % 64)
				want[[2]int{i, j}], want[[2]int{j, i}] = true, true
			}
		}
	}
	mirror(m, n, w)
	for i := range n {
		for j := range 64 * w {
			if got := m[i*w+j/64]>>(j%64)&1 == 1; got != want[[2]int{i, j}] {
				t.Fatalf("bit %d %d is %v", i, j, got)
			}
		}
	}
}

// The carrier follows from model and size, and what cannot be held is refused with what it would need.
func TestChoice(t *testing.T) {
	b := batch{systems: 1, copies: 2, temperatures: 4}
	for _, c := range []struct {
		model  Model
		layout string
		memory int64
		want   string // a part of the name or of the error
	}{
		{Ising{L: 128, D: 2}, "", 0, "lattice"},
		{EdwardsAnderson{L: 4, D: 3}, "auto", 0, "lattice"},
		{EdwardsAnderson{L: 5, D: 3}, "", 0, "sparse"},
		{EdwardsAnderson{L: 4, D: 3, Gaussian: true}, "", 0, "sparse"},
		{SherringtonKirkpatrick{N: 4096, Binary: true}, "", 0, "bits"},
		{SherringtonKirkpatrick{N: 256, Binary: true}, "", 0, "dense"},
		{Hopfield{N: 2000, P: 100}, "", 0, "patterns"},
		{Hopfield{N: 200, P: 100}, "", 0, "dense"},
		{SherringtonKirkpatrick{N: 1 << 16}, "", 8e9, "34.4 GB of memory are needed"},
		{SherringtonKirkpatrick{N: 1 << 16, Binary: true}, "", 5e8, "1.07 GB of memory are needed"},
		{EdwardsAnderson{L: 256, D: 3, Gaussian: true}, "", 1e9, "2.75 GB of memory are needed"},
		{SherringtonKirkpatrick{N: 64}, "bits", 0, "not all of one size"},
		{SherringtonKirkpatrick{N: 64}, "patterns", 0, "no patterns"},
		{SherringtonKirkpatrick{N: 64}, "lattice", 0, "not a lattice"},
		{EdwardsAnderson{L: 5, D: 3}, "lattice", 0, "not a lattice of even side"},
		{SherringtonKirkpatrick{N: 64}, "gems", 0, "there are auto"},
	} {
		b.n = c.model.Spins()
		got, err := choose(c.model, b, c.layout, c.memory)
		text := ""
		if err != nil {
			text = err.Error()
		} else {
			text = got.name()
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%s, layout %q, %d bytes: %s; want %q", c.model.Name(), c.layout, c.memory, text, c.want)
		}
	}
}

func TestMovesRefused(t *testing.T) {
	back, err := engine.Open("cpu", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	for want, tp := range map[string]Tempering{
		"at least 2 copies": {Model: Ising{L: 4, D: 2}, Temperatures: []float64{2}, Copies: 1, Houdayer: true},
		"not with layout":   {Model: Ising{L: 4, D: 2}, Temperatures: []float64{2}, Move: Wolff, Layout: "lattice"},
		"there are [flips":  {Model: Ising{L: 4, D: 2}, Temperatures: []float64{2}, Move: 7},
		"given twice":       {Model: Ising{L: 4, D: 2}, Temperatures: []float64{2, 2}},
		"no model":          {Temperatures: []float64{2}},
		"8.59 GB of memory are needed and 1 GB are free": {Model: SherringtonKirkpatrick{N: 32768}, Temperatures: []float64{1}, Memory: 1e9},
		// Refused before any of the samples is looked at: that took hours.
		"one bit a spin: 2.05e+03 GB": {Model: EdwardsAnderson{L: 8, D: 3}, Temperatures: []float64{1}, Systems: 1e9, Copies: 32, Memory: 1e9},
		"2 to 65536":                  {Model: SherringtonKirkpatrick{N: 1 << 20}, Temperatures: []float64{1}},
		"positive and finite":         {Model: SherringtonKirkpatrick{N: 20}, Temperatures: []float64{math.NaN()}},
	} {
		if _, err := tp.Start(back); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
