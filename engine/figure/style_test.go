package figure

import (
	"image/color"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

func labels(t plot.Ticker, lo, hi float64) (out []string) {
	for _, tick := range t.Ticks(lo, hi) {
		if tick.Label != "" {
			out = append(out, tick.Label)
		}
	}
	return out
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		ticker plot.Ticker
		lo, hi float64
		want   []string
	}{
		{linearTicks{}, 0, 1, []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{linearTicks{}, -1.31, .2, []string{"−1.2", "−1.0", "−0.8", "−0.6", "−0.4", "−0.2", "0.0", "0.2"}},
		{linearTicks{whole: true}, .9, 3.1, []string{"1", "2", "3"}},
		{linearTicks{whole: true}, 0, 40, []string{"0", "10", "20", "30", "40"}},
		{linearTicks{}, 3, 77, []string{"10", "20", "30", "40", "50", "60", "70"}},
		{linearTicks{}, 0, 4e5, []string{"0", "1×10⁵", "2×10⁵", "3×10⁵", "4×10⁵"}},
		{linearTicks{}, 0, 4.2e-6, []string{"0", "1×10¯⁶", "2×10¯⁶", "3×10¯⁶", "4×10¯⁶"}},
		{linearTicks{}, 7e4, 1.2e5, []string{"0.7×10⁵", "0.8×10⁵", "0.9×10⁵", "1.0×10⁵", "1.1×10⁵", "1.2×10⁵"}},
		{linearTicks{}, 1.000001, 1.000005, []string{"1.000001", "1.000002", "1.000003", "1.000004", "1.000005"}},
		{logTicks{}, .008, 120, []string{"0.01", "0.1", "1", "10", "100"}},
		{logTicks{}, 1, 60, []string{"1", "2", "5", "10", "20", "50"}},
		{logTicks{}, 3, 8, []string{"3", "4", "5", "6", "7", "8"}},
		{logTicks{}, 1e-8, 1e-4, []string{"10¯⁸", "10¯⁷", "10¯⁶", "10¯⁵", "10¯⁴"}},
		{logTicks{}, 1e-10, 1e10, []string{"1e−9", "1e−6", "0.001", "1", "1000", "1e6", "1e9"}}, // no raised 9 in the fonts
		{linearTicks{}, 0, 4e9, []string{"0", "1e9", "2e9", "3e9", "4e9"}},
	} {
		if d := cmp.Diff(c.want, labels(c.ticker, c.lo, c.hi)); d != "" {
			t.Errorf("%T from %g to %g: %s", c.ticker, c.lo, c.hi, d)
		}
	}
	for _, r := range [][2]float64{{-math.MaxFloat64, math.MaxFloat64}, {1e300, 2e300}, {1, 1 + 1e-15}, {-1e-320, 1e-320}} {
		if n := len(linearTicks{}.Ticks(r[0], r[1])); n > 50 {
			t.Errorf("from %g to %g: %d marks", r[0], r[1], n)
		}
	}
}

// The ramps hit their ends, the sequential one only gets lighter, and the signed one is nearly white at zero.
func TestRamps(t *testing.T) {
	for name, r := range map[string]ramp{"sequential": sequential, "diverging": diverging, "grey": grey} {
		for k, want := range r {
			if got := r.at(float64(k) / float64(len(r)-1)); got != want {
				t.Errorf("%s: colour %d is %v, want %v", name, k, got, want)
			}
		}
	}
	last := -1.0
	for i := range 101 {
		l := toLab(sequential.at(float64(i) / 100))[0]
		if l <= last {
			t.Errorf("the lightness falls at %d %%", i)
		}
		last = l
	}
	if sequential.at(math.NaN()) != pale || grey.at(-3) != (color.NRGBA{255, 255, 255, 255}) || grey.at(7) != (color.NRGBA{0, 0, 0, 255}) {
		t.Error("NaN or a value outside has a wrong colour")
	}
}

// A legend is put into a corner only where nothing is drawn: a line through the middle of a corner, a mark in it and an
// error bar that reaches into it all forbid it.
func TestLegendKeepsClear(t *testing.T) {
	c := draw.New(vgsvg.New(15*vg.Centimeter, 10*vg.Centimeter))
	for name, curve := range map[string]Curve{
		"line":      {X: []float64{0, .5, 1}, Y: []float64{0, 0, 1}},
		"mark":      {X: []float64{0, .95, 1}, Y: []float64{0, .95, 0}, Style: Points},
		"error bar": {X: []float64{0, .95, 1}, Y: []float64{0, .3, 0}, Err: []float64{0, .7, 0}, Style: Points},
	} {
		f := Curves{Curves: []Curve{curve}, X: Axis{Max: 1}, Y: Axis{Max: 1}}
		p := newPlot("", f.X, f.Y)
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
		data := p.DataCanvas(c)
		places := corners(data, 3*vg.Centimeter, 2*vg.Centimeter) // top right, top left, bottom right, bottom left
		if f.free(p, data, places[0]) {
			t.Errorf("%s: the occupied corner counts as free", name)
		}
		if !f.free(p, data, places[1]) {
			t.Errorf("%s: the empty corner counts as occupied", name)
		}
	}
}
