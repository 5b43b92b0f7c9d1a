package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cavity/engine/store"
)

func TestTables(t *testing.T) {
	s := store.Summary{
		{Key: "temperatures", Value: []float64{.5, 1, 12.25}},
		{Key: "energy", Value: []store.Estimate{{Mean: -1.7321, Err: .0123}, {Mean: -1.5, Err: .00099}, {Mean: math.NaN()}}},
		{Key: "overlap", Value: []any{nil, 1.0 / 3, "text"}},
		{Key: "systems", Value: 16},
		{Key: "ground_state", Value: map[string]any{"energy": -24.0, "per_spin": store.Estimate{Mean: 123.4, Err: 5.6}}},
		{Key: "epochs", Value: []map[string]int{{"a": 1}, {"a": 2}}},
		{Key: "seconds", Value: 1.5},
	}
	var b bytes.Buffer
	if err := writeTables(&b, s); err != nil {
		t.Fatal(err)
	}
	want := `temperatures        energy   overlap
         0.5    -1.732(12)         -
           1  -1.50000(99)  0.333333
       12.25             -      text

systems              16
ground_state.energy  -24
ground_state.per_spin 123.4(5.6)

epochs

a
1
2

seconds              1.5
not_finite.energy[2].mean NaN
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

// What runs along the temperatures stands beside them, also after a line of its own; other lists of that length do not.
func TestTablesRepeatTheirAxis(t *testing.T) {
	s := store.Summary{
		{Key: "t", Value: []float64{0, .5}},
		{Key: "mean", Value: []float64{1, 2}},
		{Key: "lyapunov", Value: .125},
		{Key: "mean_field", Value: []float64{3, 4}},
		{Key: "layers", Value: []float64{5, 6, 7}},
	}
	var b strings.Builder
	if err := writeTables(&b, s); err != nil {
		t.Fatal(err)
	}
	want := "  t  mean\n  0     1\n0.5     2\n\nlyapunov             0.125\n\n  t  mean_field\n  0           3\n0.5           4\n\n\nlayers\n     5\n     6\n     7\n\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

// A list of objects becomes a table of its own.
func TestRecords(t *testing.T) {
	var b strings.Builder
	row := func(n int, x float64) store.Summary {
		return store.Summary{{Key: "epoch", Value: n}, {Key: "loss", Value: x}}
	}
	if err := writeTables(&b, store.Summary{{Key: "epochs", Value: []store.Summary{row(1, .5), row(10, .25)}}}); err != nil {
		t.Fatal(err)
	}
	if want := "\nepochs\n\nepoch  loss\n    1   0.5\n   10  0.25\n\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestWithError(t *testing.T) {
	for _, c := range []struct {
		mean, err float64
		want      string
	}{
		{-1.7321, .0123, "-1.732(12)"},
		{-1.5, .00099, "-1.50000(99)"},
		{1, .0996, "1.00(10)"},
		{12.3, 1.5, "12.3(1.5)"},
		{12.3, 9.96, "12(10)"},
		{1234, 56, "1234(56)"},
		{1234567, 5600, "1234567(5600)"},
		{.5, 0, "0.5(0)"},
		{.5, math.NaN(), "0.5(-)"},
		{3e-15, 2e-16, "3e-15(2e-16)"},
		{2e12, 3e8, "2e+12(3e+08)"},
		{0, .25, "0.00(25)"},
	} {
		if got := withError(c.mean, c.err); got != c.want {
			t.Errorf("%g ± %g: %s, want %s", c.mean, c.err, got, c.want)
		}
	}
}
