package spin

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// table is the exact 2D Ising model computed independently with 60 digits.
func table(t *testing.T) (rows []struct {
	L               int
	T, LnZ, E, C, F float64
}) {
	t.Helper()
	raw, err := os.ReadFile("testdata/ising2d_exact.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Table json.RawMessage }
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc.Table, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// Where sinh(Lγ_0/2) leaves the range of numbers, cold and hot, the first terms of the series in e^{-8K} and in K are exact to all digits:
// ln Z/N = 2K + e^{-8K} + … + ln 2/N, and ln 2 + K² + …
func TestKaufmanFarFromTc(t *testing.T) {
	for _, l := range []int{32, 256, 1024} {
		n := float64(l) * float64(l)
		for _, T := range []float64{1e-300, .001, .01, .02, .05, .1, .2, .25, 1e4, 1e6} {
			x, err := Kaufman(l, T)
			if err != nil {
				t.Fatal(err)
			}
			k := 1 / T
			logZ, e := math.Ln2/n+2*k+math.Exp(-8*k), -2+8*math.Exp(-8*k)
			if T > 1 {
				logZ, e = math.Ln2+k*k, -2*k
			}
			if d := math.Abs(x.LogZ/n/logZ - 1); !(d < 1e-12) {
				t.Errorf("L=%d T=%v: ln Z/N is %v, want %v", l, T, x.LogZ/n, logZ)
			}
			if d := math.Abs(x.Energy - e); !(d < 1e-9) || !(math.Abs(x.SpecificHeat) < 1e-6) {
				t.Errorf("L=%d T=%v: e = %v, want %v; c = %v, want none", l, T, x.Energy, e, x.SpecificHeat)
			}
		}
	}
}

func TestKaufman(t *testing.T) {
	rows := table(t)
	if len(rows) < 80 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, r := range rows {
		x, err := Kaufman(r.L, r.T)
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range map[string][2]float64{"ln Z": {x.LogZ, r.LnZ}, "e": {x.Energy, r.E}, "c": {x.SpecificHeat, r.C}, "f": {x.FreeEnergy, r.F}} {
			tol := 1e-11
			if name == "c" {
				tol = 1e-8
			}
			if d := math.Abs(p[0]-p[1]) / (1 + math.Abs(p[1])); !(d < tol) {
				t.Errorf("L=%d T=%v: %s = %.15g, want %.15g", r.L, r.T, name, p[0], p[1])
			}
		}
	}
}
