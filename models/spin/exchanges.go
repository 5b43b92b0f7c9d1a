package spin

import "cavity/kernels"

// exchanges adds what the ladder counted: swap acceptance between neighbours and round trips.
func (m *Measurement) exchanges(r *Results) error {
	b := m.s.batch
	if err := m.s.Program.Read("ladder", m.ladder); err != nil {
		return err
	}
	cells := b.systems * b.walkers()
	row := func(k int) []int32 { return m.ladder[k*cells : (k+1)*cells] }
	tries, accepts, trips := row(kernels.LadderAttempts), row(kernels.LadderAccepts), row(kernels.LadderTrips)
	for k := 0; k+1 < b.temperatures; k++ {
		var a, n float64
		for i := k; i < cells; i += b.temperatures {
			a, n = a+float64(accepts[i]), n+float64(tries[i])
		}
		if n > 0 {
			a /= n
		}
		r.SwapAcceptance = append(r.SwapAcceptance, a)
	}
	for _, t := range trips {
		r.RoundTrips += float64(t) / float64(cells)
	}
	return nil
}
