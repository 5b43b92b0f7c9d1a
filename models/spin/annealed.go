package spin

import (
	"fmt"
	"math"
)

// Annealed is what an annealing found.
type Annealed struct {
	Ground       []Ground // per sample, the lowest seen
	Temperatures []float64
	Energy       []Estimate // per spin, averaged over samples
	FreeEnergy   []Estimate // per spin; nil without populations
	Families     []float64  // ρ_t of the worst sample, averaged over runs: well below the population where that is large enough
	OverError    string     // what the errors were taken over

	// TimeToTarget is the number of sweeps of one walker after which the target is found with probability 0.99,
	// sweeps·ln 0.01/ln(1-p), averaged over samples; NaN where no run has found it. p is the share of walkers (of runs, with
	// populations) that did. Its error is that of p, a binomial.
	TimeToTarget Estimate
	Success      float64 // p, averaged over samples
}

// Results are the averages of the complete runs. A walker reaches the target when its energy does, within 1e-6 a spin; NaN
// stands for the lowest energy seen, sample by sample.
func (s *Annealer) Results(target float64) (Annealed, error) {
	runs := int(s.Run)
	if runs == 0 {
		return Annealed{}, fmt.Errorf("spin: no run of the annealing is complete")
	}
	r := Annealed{Ground: s.best}
	steps := len(s.schedule)
	for k, beta := range s.schedule {
		r.Temperatures = append(r.Temperatures, 1/beta)
		at := func(run int) stage { return s.trace[run*steps+k] }
		energy, free := s.average(runs, at)
		r.Energy = append(r.Energy, energy)
		if s.Population {
			r.FreeEnergy = append(r.FreeEnergy, free)
		}
		worst := 0.0
		for run := range runs {
			most := 0.0
			for _, rho := range at(run).families {
				most = max(most, rho)
			}
			worst += most / float64(runs)
		}
		if s.Population {
			r.Families = append(r.Families, worst)
		}
	}
	switch {
	case s.Systems > 1 && s.carrier.disordered():
		r.OverError = fmt.Sprintf("%d samples", s.Systems)
	case runs > 1:
		r.OverError = fmt.Sprintf("%d runs", runs)
	default:
		r.OverError = "one run of one sample: no errors"
	}
	r.TimeToTarget, r.Success = s.timeToTarget(runs, target)
	return r, nil
}

// average combines runs with weights Z, for which the mean of Z over runs is free of bias at any size of the population, and
// gives errors by leaving out samples or runs. Without populations all runs weigh alike.
func (s *Annealer) average(runs int, at func(run int) stage) (energy, free Estimate) {
	n := float64(s.batch.n)
	of := func(system, without int) (e, f float64) {
		top := math.Inf(-1)
		for run := range runs {
			top = max(top, at(run).logZ[system])
		}
		var z, ez, count float64
		for run := range runs {
			if run == without {
				continue
			}
			x := at(run)
			w := 1.0
			if s.Population {
				w = math.Exp(x.logZ[system] - top)
			}
			z, ez, count = z+w, ez+w*x.energy[system], count+1
		}
		return ez / z / n, -(top + math.Log(z/count)) / at(0).beta / n
	}
	over := func(skip, without int) (e, f float64) {
		count := 0.0
		for q := range s.Systems {
			if q != skip {
				x, y := of(q, without)
				e, f, count = e+x, f+y, count+1
			}
		}
		return e / count, f / count
	}
	energy.Mean, free.Mean = over(-1, -1)
	replicates := 0
	var values [][2]float64
	if s.Systems > 1 && s.carrier.disordered() {
		for replicates = range s.Systems {
			e, f := over(replicates, -1)
			values = append(values, [2]float64{e, f})
		}
	} else if runs > 1 {
		for replicates = range runs {
			e, f := over(-1, replicates)
			values = append(values, [2]float64{e, f})
		}
	}
	energy.Err, free.Err = jackknifeError(values, 0), jackknifeError(values, 1)
	return energy, free
}

// jackknifeError is √((n-1)/n Σ (x_i - x̄)²) of one of two columns; NaN without replicates.
func jackknifeError(x [][2]float64, column int) float64 {
	n := float64(len(x))
	if n < 2 {
		return math.NaN()
	}
	mean, sum := 0.0, 0.0
	for _, v := range x {
		mean += v[column] / n
	}
	for _, v := range x {
		sum += (v[column] - mean) * (v[column] - mean)
	}
	return math.Sqrt((n - 1) / n * sum)
}

// timeToTarget averages over samples.
func (s *Annealer) timeToTarget(runs int, target float64) (Estimate, float64) {
	var sum, variance, share float64
	cells := s.Systems * s.Walkers
	sweeps := float64(s.Sweeps * len(s.schedule))
	for q := range s.Systems {
		want := target
		if math.IsNaN(target) {
			want = s.best[q].Energy
		}
		want += 1e-6 * float64(s.batch.n)
		tries, hits := 0.0, 0.0
		for run := range runs {
			reached := false
			for w := range s.Walkers {
				hit := s.lowest[run*cells+q*s.Walkers+w] <= want
				reached = reached || hit
				if !s.Population {
					tries++
					if hit {
						hits++
					}
				}
			}
			if s.Population {
				tries++
				if reached {
					hits++
				}
			}
		}
		p := hits / tries
		share += p / float64(s.Systems)
		cost := sweeps
		if s.Population {
			cost *= float64(s.Walkers)
		}
		// With p = 1 or nearly one run is enough.
		if rest := math.Log1p(-p); p > 0 && rest > math.Log(.01) {
			t := cost * math.Log(.01) / rest
			slope := t / -rest / (1 - p)
			sum, variance = sum+t, variance+slope*slope*p*(1-p)/tries
		} else if p > 0 {
			sum += cost
		} else {
			return Estimate{math.NaN(), math.NaN()}, share
		}
	}
	n := float64(s.Systems)
	return Estimate{sum / n, math.Sqrt(variance) / n}, share
}
