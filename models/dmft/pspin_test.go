package dmft

import (
	"context"
	"math"
	"strings"
	"testing"
)

func quench(t testing.TB, m PSpin, time, step float64) *TwoTime {
	t.Helper()
	s, err := m.Quench(context.Background(), time, step)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Values of p = 3, T = .5 by Romberg extrapolation of another method (Heun).
// The leading errors of ours are of second and third order in the step.
func TestPSpinEnergy(t *testing.T) {
	m := PurePSpin(3, .5)
	a, b, c := quench(t, m, 20, .05), quench(t, m, 20, .025), quench(t, m, 20, .0125)
	at := func(time float64) (x, y, z float64) {
		i := int(math.Round(time * 20))
		return a.Energy[i], b.Energy[2*i], c.Energy[4*i]
	}
	for time, want := range map[float64]float64{.5: -.449232, 1: -.586993, 2: -.685844, 5: -.768986, 10: -.808117, 20: -.834260} {
		x, y, z := at(time)
		xy, yz := Extrapolate(x, y), Extrapolate(y, z)
		near(t, "e(t), extrapolated once", yz, want, 1e-5)
		near(t, "e(t), extrapolated twice", Limit(3, func(k int) float64 { return []float64{x, y, z}[k] }), want, 5e-6)
		if math.Abs(yz-want) > math.Abs(xy-want)/4 {
			t.Errorf("t=%v: the extrapolated error falls only from %.1e to %.1e", time, xy-want, yz-want)
		}
	}
	for _, k := range []struct {
		t, s int
		want float64
	}{{10, 5, .596844}, {20, 5, .421301}} {
		x, y, z := a.C(k.t*20, k.s*20), b.C(k.t*40, k.s*40), c.C(k.t*80, k.s*80)
		xy, yz := Extrapolate(x, y), Extrapolate(y, z)
		near(t, "C", yz+(yz-xy)/7, k.want, 1e-5)
	}
}

// At T = 1 > T_d the system equilibrates: e = -1/(2T), and R = -∂C/∂t/T.
func TestPSpinEquilibrium(t *testing.T) {
	m := PurePSpin(3, 1)
	a, b, c := quench(t, m, 20, .05), quench(t, m, 20, .025), quench(t, m, 20, .0125)
	ab, bc := Extrapolate(a.Energy[a.N], b.Energy[b.N]), Extrapolate(b.Energy[b.N], c.Energy[c.N])
	near(t, "e", bc+(bc-ab)/7, -.5, 1e-5)
	i := b.N
	for _, lag := range []int{20, 40, 100} {
		near(t, "T chi + C - 1", b.Chi(i, i-lag)+b.C(i, i-lag)-1, 0, 1e-3)
	}
	if _, err := m.Threshold(); err == nil || !strings.Contains(err.Error(), "dynamical") {
		t.Errorf("threshold above T_d: error %v", err)
	}
}

func TestPSpinThreshold(t *testing.T) {
	th, err := PurePSpin(3, .5).Threshold()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "q", th.Overlap, .6388241377678379, 1e-12)
	near(t, "X", th.Ratio, .5653760415099109, 1e-12)
	near(t, "e_th", th.Energy, -.8866927718845617, 1e-12)
	near(t, "T_d", PurePSpin(3, .5).DynamicalTemperature(), math.Sqrt(3./8), 1e-12)
	th, err = PurePSpin(3, 1e-4).Threshold()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "e_th(T→0)", th.Energy, -math.Sqrt(4./3), 1e-3)
}

func TestPSpinRefuses(t *testing.T) {
	for _, c := range []struct {
		m          PSpin
		time, step float64
		say        string
	}{
		{PurePSpin(1, .5), 10, .1, "p from 2"},
		{PurePSpin(3, -1), 10, .1, "temperature"},
		{PurePSpin(3, .5), 10, 1, "step"},
		{PurePSpin(3, .5), -1, .1, "steps"},
		{PurePSpin(3, .5), 10_000, .1, "GB of memory are needed"},
		{PSpin{Temperature: 1}, 10, .1, "no terms"},
	} {
		if _, err := c.m.Quench(context.Background(), c.time, c.step); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%+v: error %v, want one about %q", c, err, c.say)
		}
	}
}

// BenchmarkPSpin1600 is the uniform grid with n = 1,600 (numpy: 2.8 s on one core of a quiet machine).
func BenchmarkPSpin1600(b *testing.B) {
	for range b.N {
		quench(b, PurePSpin(3, .5), 40, .025)
	}
}
