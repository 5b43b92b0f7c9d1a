package spin

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"cavity/kernels"
)

// Geometric is n temperatures from lo to hi with equal ratios.
func Geometric(lo, hi float64, n int) ([]float64, error) {
	return spaced(lo, hi, n, func(x float64) float64 { return math.Log(x) }, math.Exp)
}

// Linear is n temperatures from lo to hi with equal differences.
func Linear(lo, hi float64, n int) ([]float64, error) {
	same := func(x float64) float64 { return x }
	return spaced(lo, hi, n, same, same)
}

func spaced(lo, hi float64, n int, to, from func(float64) float64) ([]float64, error) {
	if n < 1 || n > 4096 {
		return nil, fmt.Errorf("spin: %d temperatures: 1 to 4096", n)
	}
	if n == 1 && lo != hi || n > 1 && !(lo < hi) {
		return nil, fmt.Errorf("spin: %d temperatures from %v to %v: the first must be below the last", n, lo, hi)
	}
	ts := make([]float64, n)
	for k := range ts {
		x := 0.0
		if n > 1 {
			x = float64(k) / float64(n-1)
		}
		ts[k] = from(to(lo) + x*(to(hi)-to(lo)))
	}
	ts[0], ts[n-1] = lo, hi
	return ts, CheckTemperatures(ts)
}

// ParseTemperatures reads "lo:hi:n", spaced geometrically or linearly, or a list "0.8,1,1.3".
func ParseTemperatures(text string, linear bool) ([]float64, error) {
	parts := strings.Split(text, ":")
	if len(parts) == 3 {
		lo, err1 := strconv.ParseFloat(parts[0], 64)
		hi, err2 := strconv.ParseFloat(parts[1], 64)
		n, err3 := strconv.Atoi(parts[2])
		if err1 != nil || err2 != nil || err3 != nil {
			return nil, fmt.Errorf("spin: temperatures %q: lo:hi:n with two numbers and a count", text)
		}
		if err := CheckTemperatures(slices.Compact([]float64{lo, hi})); err != nil {
			return nil, err
		}
		if linear {
			return Linear(lo, hi, n)
		}
		return Geometric(lo, hi, n)
	}
	var ts []float64
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		t, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return nil, fmt.Errorf("spin: temperature %q is not a number", f)
		}
		ts = append(ts, t)
	}
	slices.Sort(ts)
	return ts, CheckTemperatures(ts)
}

// Adapt moves the inner temperatures so that the exchanges counted since the last Adapt would all be rejected equally often,
// and forgets the counts. The sum of the rejections below β, Λ(β), grows along the ladder; temperatures go where it takes
// equal steps. Call it during warm-up only: a ladder that changes while measuring samples no one law.
// (Syed, Bouchard-Côté, Deligiannidis, Doucet 2022, doi:10.1111/rssb.12464, section 5.)
func (s *Sampler) Adapt() error {
	n := s.batch.temperatures
	if n < 3 {
		return nil
	}
	ladder := make([]int32, kernels.LadderRows*s.batch.systems*s.batch.walkers())
	if err := s.Program.Read("ladder", ladder); err != nil {
		return err
	}
	cells := s.batch.systems * s.batch.walkers()
	barrier := make([]float64, n) // Λ at each temperature
	for k := 0; k+1 < n; k++ {
		var tries, accepts float64
		for i := k; i < cells; i += n {
			tries += float64(ladder[kernels.LadderAttempts*cells+i])
			accepts += float64(ladder[kernels.LadderAccepts*cells+i])
		}
		// One success more than was counted keeps a pair that never exchanged from taking all temperatures.
		barrier[k+1] = barrier[k] + math.Max(1-(accepts+.5)/(tries+1), 1e-3)
	}
	ts := slices.Clone(s.Temperatures)
	j := 0
	for k := 1; k+1 < n; k++ {
		want := barrier[n-1] * float64(k) / float64(n-1)
		for barrier[j+1] < want {
			j++
		}
		x := (want - barrier[j]) / (barrier[j+1] - barrier[j])
		ts[k] = math.Exp(math.Log(s.Temperatures[j]) + x*math.Log(s.Temperatures[j+1]/s.Temperatures[j]))
	}
	clear(ladder[kernels.LadderLabel*cells:])
	if err := s.Program.Write("ladder", ladder); err != nil {
		return err
	}
	return s.setTemperatures(ts)
}

func (s *Sampler) setTemperatures(ts []float64) error {
	beta := make([]float64, len(ts))
	for k, t := range ts {
		beta[k] = 1 / t
	}
	s.Temperatures = ts
	if _, used := s.Program.Slots()["beta"]; used {
		if err := s.Program.Write("beta", beta); err != nil {
			return err
		}
	}
	if err := s.carrier.retune(s.Program, beta); err != nil || !s.carrier.follows() {
		return err
	}
	return s.Program.Once("follow")
}

// Reset forgets the counts of exchanges and round trips, at the end of the warm-up.
func (s *Sampler) Reset() error {
	ladder := make([]int32, kernels.LadderRows*s.batch.systems*s.batch.walkers())
	if err := s.Program.Read("ladder", ladder); err != nil {
		return err
	}
	clear(ladder[kernels.LadderLabel*s.batch.systems*s.batch.walkers():])
	return s.Program.Write("ladder", ladder)
}

// Resume takes the temperatures of a loaded Program for its own: an adapted ladder is part of the state.
func (s *Sampler) Resume() error {
	beta := make([]float64, len(s.Temperatures))
	if err := s.Program.Read("beta", beta); err != nil {
		return err
	}
	ts := make([]float64, len(beta))
	for k, b := range beta {
		ts[k] = 1 / b
	}
	s.Temperatures = ts
	return nil
}
