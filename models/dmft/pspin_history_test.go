package dmft

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func longQuench(t testing.TB, l LongQuench, m PSpin, time float64) *Aging {
	t.Helper()
	a, err := l.Run(context.Background(), m, time)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The compressed history against Romberg's values of the uniform grid.
func TestLongQuenchAgainstUniformGrid(t *testing.T) {
	l := LongQuench{Step: .04, Snapshots: []float64{10, 20}}
	a := longQuench(t, l, PurePSpin(3, .5), 20)
	for time, want := range map[float64]float64{2: -.685844, 10: -.808117, 20: -.834260} {
		near(t, "e(t)", a.EnergyAt(time), want, 1e-4)
	}
	near(t, "C(10,5)", a.Rows[0].CAt(5), .596844, 1e-4)
	near(t, "C(20,5)", a.Rows[1].CAt(5), .421301, 1e-4)

	fine := longQuench(t, LongQuench{Step: .0125, Thinning: .05}, PurePSpin(3, .5), 20)
	near(t, "e(20), fine", fine.EnergyAt(20), -.834260, 4e-6)
}

// Dropping history must not matter: a quench that keeps four times as many times ends at the same energy, and mixed
// models agree with the uniform grid.
func TestLongQuenchThinning(t *testing.T) {
	m := PurePSpin(3, .5)
	a := longQuench(t, LongQuench{Step: .05, Thinning: .12}, m, 200)
	b := longQuench(t, LongQuench{Step: .05, Thinning: .03}, m, 200)
	if b.Kept < 3*a.Kept {
		t.Errorf("kept %d and %d times, want a clear difference", a.Kept, b.Kept)
	}
	near(t, "e(200)", a.EnergyAt(200), b.EnergyAt(200), 5e-6)

	mixed := PSpin{Terms: []Monomial{{3, .5}, {4, .5}}, Temperature: .4}
	u, v := quench(t, mixed, 10, .025), quench(t, mixed, 10, .0125)
	c := longQuench(t, LongQuench{Step: .02}, mixed, 10)
	near(t, "e(10) of the mixed model", c.EnergyAt(10), Extrapolate(u.Energy[u.N], v.Energy[v.N]), 2e-5)
}

// Aging towards the threshold: e(t) - e_th falls like a power near -2/3, and χ(C) has the slope -1/T above the plateau
// and approaches -X/T below it.
func TestAging(t *testing.T) {
	m := PurePSpin(3, .5)
	th, err := m.Threshold()
	if err != nil {
		t.Fatal(err)
	}
	a := longQuench(t, LongQuench{Step: .05, Snapshots: []float64{250, 500}}, m, 500)
	d1, d2 := a.EnergyAt(50)-th.Energy, a.EnergyAt(500)-th.Energy
	if d1 < 0 || d2 < 0 || d1/d2 < 3.2 || d1/d2 > 5.5 {
		t.Errorf("e - e_th = %v at 50 and %v at 500: ratio %v, want 10^(.5 to .74)", d1, d2, d1/d2)
	}
	fast, err := a.Rows[1].Ratio(m.Temperature, .8, .98)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "X above the plateau", fast, 1, .02)
	early, err1 := a.Rows[0].Ratio(m.Temperature, .1, .5)
	late, err2 := a.Rows[1].Ratio(m.Temperature, .1, .5)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if !(early < late && late < th.Ratio && late > .45) {
		t.Errorf("X = %v at 250 and %v at 500, want growth towards %v", early, late, th.Ratio)
	}
}

// A quench that is saved half-way and gone on with ends with the same bits.
func TestLongQuenchResume(t *testing.T) {
	l := LongQuench{Step: .05, Snapshots: []float64{5, 30}}
	want := longQuench(t, l, PurePSpin(3, .5), 30)
	begin := func() *AgingRun {
		r, err := l.Start(PurePSpin(3, .5), 30)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := begin()
	r.Advance(333)
	var saved bytes.Buffer
	if err := r.Save(&saved); err != nil {
		t.Fatal(err)
	}
	r = begin()
	if err := r.Load(&saved); err != nil {
		t.Fatal(err)
	}
	for !r.Done() {
		r.Advance(100)
	}
	if diff := cmp.Diff(want, r.Result()); diff != "" {
		t.Errorf("the resumed quench differs: %s", diff)
	}
	other, err := l.Start(PurePSpin(3, .4), 30)
	if err != nil {
		t.Fatal(err)
	}
	saved.Reset()
	if err := r.Save(&saved); err != nil {
		t.Fatal(err)
	}
	if err := other.Load(&saved); err == nil {
		t.Error("the state of another temperature was accepted")
	}
}

func TestLongQuenchRefuses(t *testing.T) {
	for _, c := range []struct {
		l    LongQuench
		time float64
		say  string
	}{{LongQuench{}, 1, "step"}, {LongQuench{Step: .05, Thinning: .9}, 1, "thinning"}, {LongQuench{Step: .05}, 0, "time"}} {
		if _, err := c.l.Run(context.Background(), PurePSpin(3, .5), c.time); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%+v: error %v, want one about %q", c.l, err, c.say)
		}
	}
}

// BenchmarkLongQuench shows the growth of the cost with time; its error at t ≤ 20 is 6e-5.
func BenchmarkLongQuench(b *testing.B) {
	for _, time := range []float64{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("t=%g", time), func(b *testing.B) {
			if testing.Short() && time > 1000 {
				b.Skip("takes ten seconds")
			}
			for range b.N {
				a := longQuench(b, LongQuench{Step: .04, Thinning: .12}, PurePSpin(3, .5), time)
				b.ReportMetric(a.Energy[len(a.Energy)-1], "e")
				b.ReportMetric(float64(a.Kept), "kept")
			}
		})
	}
}
