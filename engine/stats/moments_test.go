package stats

import (
	"bytes"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
)

func TestMomentsAgainstGonum(t *testing.T) {
	x := chain(1, .3, 1000)
	for i, v := range x {
		x[i] = math.Exp(v) + 1e6 // skewed, far from zero
	}
	var m, left, right Moments
	for i, v := range x {
		m.Add(v)
		if i < 333 {
			left.Add(v)
		} else {
			right.Add(v)
		}
	}
	left.Merge(right)
	left.Merge(Moments{})
	n := float64(len(x))
	for name, m := range map[string]Moments{"added": m, "merged": left} {
		mean, variance := stat.MeanVariance(x, nil)
		near(t, name+" mean", m.Mean(), mean, 1e-9)
		near(t, name+" variance", m.Variance(), variance, 1e-9*variance)
		// gonum's skewness and kurtosis carry sample corrections; ours are averages.
		near(t, name+" skewness", m.Skewness(), stat.MomentAbout(3, x, mean, nil)/math.Pow(variance*(n-1)/n, 1.5), 1e-6)
		near(t, name+" kurtosis", m.Kurtosis(), stat.MomentAbout(4, x, mean, nil)/math.Pow(variance*(n-1)/n, 2)-3, 1e-6)
	}
	var empty Moments
	empty.Add(math.NaN())
	empty.Add(math.Inf(1))
	if empty.Bad() != 2 || empty.N() != 0 || !math.IsNaN(empty.Mean()) || !math.IsNaN(empty.Variance()) {
		t.Errorf("only bad values: %+v", empty)
	}
	empty.Merge(m)
	if empty.Bad() != 2 || empty.N() != 1000 {
		t.Errorf("merged into an empty one: %d values, %d bad", empty.N(), empty.Bad())
	}
}

// TestGaussianMoments: mean 0, variance 1, skewness 0, excess kurtosis 0 with standard errors 1, √2, √6, √24 over √n.
func TestGaussianMoments(t *testing.T) {
	const n = 1 << 17
	var m Moments
	for _, v := range chain(77, 0, n) {
		m.Add(v)
	}
	root := math.Sqrt(n)
	near(t, "mean", m.Mean(), 0, alarm/root)
	near(t, "variance", m.Variance(), 1, alarm*math.Sqrt2/root)
	near(t, "skewness", m.Skewness(), 0, alarm*math.Sqrt(6)/root)
	near(t, "kurtosis", m.Kurtosis(), 0, alarm*math.Sqrt(24)/root)
	near(t, "error", m.Estimate().Err, 1/root, .02/root)
}

func TestEstimatePrints(t *testing.T) {
	for want, e := range map[string]Estimate{
		"-1.4335(12)":  {-1.43351, .00121},
		"-1.434(10)":   {-1.43351, .00996},
		"12.3(1.5)":    {12.34, 1.52},
		"123(15)":      {123.4, 15.2},
		"12300(1500)":  {12345, 1520},
		"0±0":          {},
		"1±NaN":        {1, math.NaN()},
		"2.000000(20)": {2, 2e-5},
	} {
		if got := e.String(); got != want {
			t.Errorf("%v ± %v prints %q, want %q", e.Value, e.Err, got, want)
		}
	}
	if z := (Estimate{3, .5}).Sigmas(2); z != 2 {
		t.Errorf("3±.5 lies %v errors above 2", z)
	}
	if z := (Estimate{3, 0}).Sigmas(2); !math.IsInf(z, 1) {
		t.Errorf("3±0 lies %v errors above 2", z)
	}
}

// accumulator is what all kinds have in common.
type accumulator interface {
	AppendBinary([]byte) ([]byte, error)
	UnmarshalBinary([]byte) error
}

var accumulators = []struct {
	fresh func() accumulator
	add   func(a accumulator, v float64)
}{
	{func() accumulator { return new(Moments) }, func(a accumulator, v float64) { a.(*Moments).Add(v) }},
	{func() accumulator { return new(Binning) }, func(a accumulator, v float64) { a.(*Binning).Add(v) }},
	{func() accumulator { return new(LogBins) }, func(a accumulator, v float64) { a.(*LogBins).Add(v) }},
	{func() accumulator { b, _ := NewBlocks(2, 6); return b }, func(a accumulator, v float64) { a.(*Blocks).Add([]float64{v, v * v}) }},
	{func() accumulator { h, _ := NewHistogram(-2, 2, 9); return h }, func(a accumulator, v float64) { a.(*Histogram).AddWeighted(v, v*v) }},
}

// FuzzUnmarshal: whatever state is accepted can be added to and is saved as it was read.
func FuzzUnmarshal(f *testing.F) {
	for _, k := range accumulators {
		a := k.fresh()
		for _, v := range chain(1, .5, 30) {
			k.add(a, v)
		}
		saved, _ := a.AppendBinary(nil)
		f.Add(saved)
		f.Add(saved[:len(saved)-8])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, k := range accumulators {
			a := k.fresh()
			if a.UnmarshalBinary(data) != nil {
				continue
			}
			if again, _ := a.AppendBinary(nil); !bytes.Equal(again, data) {
				t.Errorf("%T: saved state differs from what was read", a)
			}
			for i := range 20 {
				k.add(a, float64(i))
			}
		}
	})
}

// TestStateRoundTrip: an accumulator restored half-way goes on with the same bits, and foreign, cut or longer state is refused.
func TestStateRoundTrip(t *testing.T) {
	x := chain(9, .6, 777)
	for i, k := range accumulators {
		straight, first, second := k.fresh(), k.fresh(), k.fresh()
		for j, v := range x {
			k.add(straight, v)
			if j < 400 {
				k.add(first, v)
			}
		}
		saved, err := first.AppendBinary([]byte("head"))
		if err != nil || string(saved[:4]) != "head" {
			t.Fatalf("saving %T: %v", first, err)
		}
		saved = saved[4:]
		if err := second.UnmarshalBinary(saved); err != nil {
			t.Fatalf("restoring %T: %v", second, err)
		}
		for _, v := range x[400:] {
			k.add(second, v)
		}
		a, _ := straight.AppendBinary(nil)
		b, _ := second.AppendBinary(nil)
		if !bytes.Equal(a, b) {
			t.Errorf("%T: a resumed series differs from an uninterrupted one", straight)
		}
		for what, data := range map[string][]byte{"empty": nil, "cut": saved[:len(saved)-3], "longer": append(saved[:len(saved):len(saved)], 0)} {
			if k.fresh().UnmarshalBinary(data) == nil {
				t.Errorf("%T: %s state was accepted", straight, what)
			}
		}
		if accumulators[(i+1)%len(accumulators)].fresh().UnmarshalBinary(saved) == nil {
			t.Errorf("state of %T was accepted by another kind", straight)
		}
	}
	wide, _ := NewBlocks(3, 6)
	narrow, _ := NewBlocks(2, 6)
	saved, _ := narrow.AppendBinary(nil)
	if wide.UnmarshalBinary(saved) == nil {
		t.Error("blocks of another shape were accepted")
	}
}
