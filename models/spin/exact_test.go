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
