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

// Adapt moves the inner temperatures so that the exchanges counted since the last adaptation would all be rejected equally
// often, and forgets the counts. The sum of the rejections below β, Λ(β), grows along the ladder; temperatures go where it takes
// equal steps. Call it during warm-up only: a ladder that changes while measuring samples no one law.
// (Syed, Bouchard-Côté, Deligiannidis, Doucet 2022, doi:10.1111/rssb.12464, section 5.)
func (s *Sampler) Adapt() error {
	return s.adapt(func(sum func(row, k int) float64) []float64 { return s.rejections(sum) })
}

// AdaptRoundTrips moves the inner temperatures towards the largest rate of round trips: their density becomes proportional to
// √(df/dT ΔT⁻¹), f being the share of walkers at a temperature that came last from the cold end. Where too few walkers came
// from either end to tell f it does what Adapt does. (Katzgraber, Trebst, Huse, Troyer 2006,
// doi:10.1088/1742-5468/2006/03/P03018, equation 9.)
func (s *Sampler) AdaptRoundTrips() error {
	return s.adapt(func(sum func(row, k int) float64) []float64 {
		f := make([]float64, s.batch.temperatures)
		for k := range f {
			cold, hot := sum(kernels.LadderFromFirst, k), sum(kernels.LadderFromLast, k)
			if cold+hot < 20 {
				return s.rejections(sum)
			}
			f[k] = cold / (cold + hot)
		}
		if f[0]-f[len(f)-1] < .5 {
			return s.rejections(sum)
		}
		return flow(f)
	})
}

// rejections are the shares of rejected exchanges between neighbours. One success more than was counted keeps a pair that never
// exchanged from taking all temperatures.
func (s *Sampler) rejections(sum func(row, k int) float64) []float64 {
	length := make([]float64, s.batch.temperatures-1)
	for k := range length {
		length[k] = math.Max(1-(sum(kernels.LadderAccepts, k)+.5)/(sum(kernels.LadderAttempts, k)+1), 1e-3)
	}
	return length
}

// flow are √(f_k - f_{k+1}), the optimal number of temperatures between neighbours up to a factor. Noise must not leave a gap
// without temperatures: no step of f counts less than a tenth of the mean.
func flow(f []float64) []float64 {
	length := make([]float64, len(f)-1)
	for k := range length {
		length[k] = math.Sqrt(math.Max(f[k]-f[k+1], .1/float64(len(length))))
	}
	return length
}

// adapt puts temperatures at equal steps of the lengths that a rule gives to the gaps between neighbours, from sums of rows of
// the ladder over all copies and samples.
func (s *Sampler) adapt(rule func(sum func(row, k int) float64) []float64) error {
	n := s.batch.temperatures
	if n < 3 {
		return nil
	}
	cells := s.batch.systems * s.batch.walkers()
	ladder := make([]int32, kernels.LadderRows*cells)
	if err := s.Program.Read("ladder", ladder); err != nil {
		return err
	}
	lengths := rule(func(row, k int) (total float64) {
		for i := k; i < cells; i += n {
			total += float64(ladder[row*cells+i])
		}
		return total
	})
	clear(ladder[kernels.LadderLabel*cells:])
	if err := s.Program.Write("ladder", ladder); err != nil {
		return err
	}
	return s.setTemperatures(evenly(s.Temperatures, lengths))
}

// evenly places as many temperatures so that each gap has the same part of the sum of lengths of the gaps between ts, keeping
// the ends; within a gap the logarithm of T is linear in the length.
func evenly(ts, lengths []float64) []float64 {
	n := len(ts)
	at := make([]float64, n) // lengths up to each temperature
	for k, l := range lengths {
		at[k+1] = at[k] + l
	}
	out := slices.Clone(ts)
	j := 0
	for k := 1; k+1 < n; k++ {
		want := at[n-1] * float64(k) / float64(n-1)
		for j < n-2 && at[j+1] < want {
			j++
		}
		x := (want - at[j]) / (at[j+1] - at[j])
		out[k] = math.Exp(math.Log(ts[j]) + x*math.Log(ts[j+1]/ts[j]))
	}
	return out
}

func (s *Sampler) setTemperatures(ts []float64) error {
	beta := make([]float64, len(ts))
	for k, t := range ts {
		beta[k] = 1 / t
	}
	s.Temperatures = s.temperatures(beta)
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

// temperatures are those of inverse temperatures: the ones that were asked for, where they have that inverse, because 1/(1/T) is not
// always T; what is derived from them is then the same bits after a resume.
func (s *Sampler) temperatures(beta []float64) []float64 {
	ts := make([]float64, len(beta))
	for k, b := range beta {
		if ts[k] = 1 / b; k < len(s.asked) && 1/s.asked[k] == b {
			ts[k] = s.asked[k]
		}
	}
	return ts
}

// Resume takes the temperatures of a loaded Program for its own: an adapted ladder is part of the state.
func (s *Sampler) Resume() error {
	beta := make([]float64, len(s.Temperatures))
	if err := s.Program.Read("beta", beta); err != nil {
		return err
	}
	s.Temperatures = s.temperatures(beta)
	return nil
}
