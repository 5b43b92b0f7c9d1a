package spin

import (
	"math"

	"cavity/engine/rng"
)

// resampleStream draws the resampling at the host's stage.
const resampleStream = 3

// cool is the next inverse temperature; a population is resampled for it.
func (s *Annealer) cool() (float64, error) {
	if !s.Population {
		return s.schedule[s.Step], nil
	}
	beta := 0.0
	if s.Step > 0 {
		beta = s.schedule[s.Step-1]
	}
	if s.Step == 0 { // infinite temperature, where every state is as likely: the energies of the first population
		if err := s.look(); err != nil {
			return 0, err
		}
	}
	if s.Step == int64(len(s.schedule)) {
		s.schedule = append(s.schedule, s.choose(beta))
	}
	next := s.schedule[s.Step]
	from := make([]int32, len(s.energies))
	moved := false
	for q := range s.Systems {
		at := q * s.Walkers
		weights, logMean := boltzmann(s.energies[at:at+s.Walkers], next-beta)
		s.logZ[q] += logMean
		u := rng.At(s.Seed, uint64(s.Run)<<24+uint64(s.Step), setupStage, resampleStream).Float64(uint64(q))
		moved = parents(from[at:at+s.Walkers], weights, u) || moved
		families := s.families[at : at+s.Walkers]
		for w, x := range from[at : at+s.Walkers] {
			families[w] = families[x] // x is its own parent, so it still has its family
		}
	}
	if !moved {
		return next, nil
	}
	if err := s.Program.Write("parents", from); err != nil {
		return 0, err
	}
	return next, s.Program.Once("resample")
}

// choose is the largest inverse temperature to which every population can go at the price of the share Culling of its
// effective size (Σw)²/Σw², but not beyond the last.
func (s *Annealer) choose(beta float64) float64 {
	last := 1 / s.Cold
	good := func(next float64) bool {
		for q := range s.Systems {
			w, _ := boltzmann(s.energies[q*s.Walkers:(q+1)*s.Walkers], next-beta)
			var s1, s2 float64
			for _, x := range w {
				s1, s2 = s1+x, s2+x*x
			}
			if s1*s1 < (1-s.Culling)*s2*float64(s.Walkers) {
				return false
			}
		}
		return true
	}
	if good(last) {
		return last
	}
	lo, hi := beta, last
	for range 40 {
		if mid := (lo + hi) / 2; good(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	// A population of few energies may not be able to take any step; it takes a thousandth of the way then.
	return max(lo, beta+last/1000)
}

// boltzmann are the weights exp(-δ E), scaled so that their mean is 1, and the logarithm of the mean before.
func boltzmann(energies []float64, delta float64) (w []float64, logMean float64) {
	top := math.Inf(-1)
	for _, e := range energies {
		top = max(top, -delta*e)
	}
	w = make([]float64, len(energies))
	sum := 0.0
	for i, e := range energies {
		w[i] = math.Exp(-delta*e - top)
		sum += w[i]
	}
	mean := sum / float64(len(w))
	for i := range w {
		w[i] /= mean
	}
	return w, top + math.Log(mean)
}

// parents resamples with weights of mean 1: walker i gets as many descendants as there are integers k with k + u between the
// sums of the weights before and after it, on average its weight (systematic resampling). The first stays in i's place, the
// others take the places of walkers without descendants. It reports whether anything moves.
func parents(from []int32, weights []float64, u float64) (moved bool) {
	n := len(weights)
	count := make([]int, n)
	sum, k := 0.0, 0
	for i, w := range weights {
		sum += w
		for k < n && (float64(k)+u < sum || i == n-1) {
			count[i]++
			k++
		}
	}
	free := 0
	for i := range from {
		if count[i] > 0 {
			from[i] = int32(i)
		}
	}
	for i, c := range count {
		for ; c > 1; c-- {
			for count[free] > 0 {
				free++
			}
			from[free] = int32(i)
			free++
			moved = true
		}
	}
	return moved
}

// record notes a temperature.
func (s *Annealer) record(beta float64) {
	x := stage{beta: beta}
	size := make([]float64, s.Walkers)
	for q := range s.Systems {
		mean, rho := 0.0, 0.0
		clear(size)
		for w := range s.Walkers {
			mean += s.energies[q*s.Walkers+w] / float64(s.Walkers)
			size[s.families[q*s.Walkers+w]]++
		}
		for _, n := range size {
			rho += n * n / float64(s.Walkers)
		}
		x.energy, x.logZ, x.families = append(x.energy, mean), append(x.logZ, s.logZ[q]), append(x.families, rho)
	}
	s.trace = append(s.trace, x)
}
