package spin

import (
	"math"
	"strings"
	"testing"
)

// Both exact solutions agree where both apply, also on the side of 2 with its double bonds.
func TestEnumerationAgreesWithKaufman(t *testing.T) {
	for _, l := range []int{2, 4} {
		c, err := Ising{L: l, D: 2}.Couplings(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		ts := []float64{.7, 1.5, 2 / math.Log(1+math.Sqrt2), 3.1}
		got, ground, err := Enumerate(c, ts)
		if err != nil {
			t.Fatal(err)
		}
		if want := -2 * float64(l*l); math.Abs(ground.Energy-want) > 1e-9 || ground.States != 2 {
			t.Errorf("L=%d: ground state %+v, want energy %v twice", l, ground, want)
		}
		for k, temp := range ts {
			want, err := Kaufman(l, temp)
			if err != nil {
				t.Fatal(err)
			}
			g := got[k]
			for name, p := range map[string][2]float64{"ln Z": {g.LogZ, want.LogZ}, "e": {g.Energy, want.Energy}, "c": {g.SpecificHeat, want.SpecificHeat}, "f": {g.FreeEnergy, want.FreeEnergy}} {
				if d := math.Abs(p[0] - p[1]); !(d < 1e-8*(1+math.Abs(p[1]))) {
					t.Errorf("L=%d T=%v: %s %.12g by enumeration, %.12g by Kaufman", l, temp, name, p[0], p[1])
				}
			}
		}
	}
}

// Two spins with a field: everything is elementary.
func TestEnumerateTwoSpins(t *testing.T) {
	c := Couplings{N: 2, Bonds: []Bond{{0, 1, .8}}, Fields: []float64{.3, 0}}
	got, _, err := Enumerate(c, []float64{1.7})
	if err != nil {
		t.Fatal(err)
	}
	z, e := 0.0, 0.0
	for _, a := range []float64{1, -1} {
		for _, b := range []float64{1, -1} {
			h := -.8*a*b - .3*a
			z += math.Exp(-h / 1.7)
			e += h * math.Exp(-h/1.7)
		}
	}
	if math.Abs(got[0].LogZ-math.Log(z)) > 1e-12 || math.Abs(got[0].Energy-e/z/2) > 1e-12 {
		t.Fatalf("ln Z %v, e %v; want %v, %v", got[0].LogZ, got[0].Energy, math.Log(z), e/z/2)
	}
}

// The moments of the disorder, at five standard errors (false alarm 6e-7 a comparison), and that samples and seeds differ.
func TestDisorder(t *testing.T) {
	for _, m := range []struct {
		model        Model
		bonds        int
		mean, second float64
	}{
		{EdwardsAnderson{L: 8, D: 3}, 3 * 512, 0, 1},
		{EdwardsAnderson{L: 16, D: 2, Gaussian: true}, 2 * 256, 0, 1},
		{SherringtonKirkpatrick{N: 100}, 4950, 0, .01},
		{SherringtonKirkpatrick{N: 100, Binary: true}, 4950, 0, .01},
		{Nishimori{L: 16, P: .1}, 512, .8, 1},
	} {
		var n, s1, s2 float64
		var first Couplings
		for sample := range 20 {
			c, err := m.model.Couplings(7, sample)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Bonds) != m.bonds || c.N != m.model.Spins() {
				t.Fatalf("%s: %d bonds of %d spins", m.model.Name(), len(c.Bonds), c.N)
			}
			if sample == 0 {
				first = c
			} else if same(first, c) {
				t.Errorf("%s: samples 0 and %d are the same", m.model.Name(), sample)
			}
			if err := c.Check(); err != nil {
				t.Error(err)
			}
			for _, b := range c.Bonds {
				n, s1, s2 = n+1, s1+b.Strength, s2+b.Strength*b.Strength
			}
		}
		sd := math.Sqrt((m.second - m.mean*m.mean) / n)
		if d := math.Abs(s1/n - m.mean); d > 5*sd {
			t.Errorf("%s: mean coupling %v, want %v within %v", m.model.Name(), s1/n, m.mean, 5*sd)
		}
		if d := math.Abs(s2/n - m.second); d > 5*m.second*math.Sqrt(2/n) {
			t.Errorf("%s: mean squared coupling %v, want %v", m.model.Name(), s2/n, m.second)
		}
	}
}

func same(a, b Couplings) bool {
	for k := range a.Bonds {
		if a.Bonds[k] != b.Bonds[k] {
			return false
		}
	}
	return true
}

func TestReadErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "no couplings",
		"0 1 1\n1 0 2":           "line 2: spins 1 and 0 were given in line 1",
		"0 1":                    "line 1: 2 columns",
		"0 1 1e31":               `line 1: "1e31" is out of range: 0, or 1e-30 to 1e+30 in size`,
		"0 1 -1e-31":             `"-1e-31" is out of range`,
		"0 1 x":                  `line 1: "x" is not a finite number`,
		"# a\n\n0 1 nan":         "line 3",
		"-1 0 1":                 "index -1",
		"0 1 1\n0 99999999999 1": "line 2: index",
		"0 1 1\n2 2 .5\n2 2 .5":  "line 3: spins 2 and 2 were given in line 2",
		"zero 1 1":               `"zero" is not an index`,
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                              "no graph",
		"3 2 J\n1 2 1\n2 3 1":           "",
		"3 2 \r\n1 2 1 \r\n2 3\r\n\r\n": "", // carriage returns and blanks, a weight left out
		"3 1\n1 2 1\n2 3 1":             "2 edges where the first line promises 1",
		"3 1\n1 4 1":                    "line 2: vertex 4 of a graph of 3",
		"3 1\n0 1 1":                    "index 0",
		"3 1\n1 1 1":                    "an edge to itself",
		"three one":                     "where the numbers of vertices and edges are expected",
	} {
		c, err := ReadRudy(strings.NewReader(text))
		if want == "" {
			if err != nil || c.N != 3 || len(c.Bonds) != 2 || c.Bonds[0].Strength != -1 {
				t.Errorf("%q: %+v, %v", text, c, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// A path of three vertices: the largest cut has weight 2, and the ground state finds it.
func TestCut(t *testing.T) {
	c, err := ReadRudy(strings.NewReader("3 2\n1 2 1\n2 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, g, err := Enumerate(c, []float64{1})
	if err != nil || c.Cut(g.Energy) != 2 {
		t.Fatalf("cut %v, %v; want 2", c.Cut(g.Energy), err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("0 1 1\n1 2 -0.5 # c\n2 2 .1")
	f.Add("3 2 J\n1 2 1\n2 3 1")
	f.Add("0 1 1e309")
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func(string) (Couplings, error){
			func(s string) (Couplings, error) { return Read(strings.NewReader(s)) },
			func(s string) (Couplings, error) { return ReadRudy(strings.NewReader(s)) },
		} {
			if c, err := read(text); err == nil {
				if err := c.Check(); err != nil {
					t.Fatalf("%q was read as couplings that do not check: %v", text, err)
				}
			}
		}
	})
}
