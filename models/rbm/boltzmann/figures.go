package boltzmann

import (
	"math"

	"cavity/engine/figure"
)

// Pictures is a grid of the first configurations of v, [rows, Visible], at most so many.
func (m *Machine) Pictures(title string, v []float32, most int) (figure.Images, bool) {
	f := figure.Images{Title: title, Rows: m.Height, Common: true}
	for ; len(v) >= m.Visible && len(f.Pictures) < most; v = v[m.Visible:] {
		f.Pictures = append(f.Pictures, wide(v[:m.Visible]))
	}
	return f, m.Height*m.Width == m.Visible && len(f.Pictures) > 0
}

// Filters is a grid of the couplings of the hidden spins to the visible ones, at most so many.
func (m *Machine) Filters(most int) (figure.Images, bool) {
	f := figure.Images{Title: "couplings W of the hidden spins", Rows: m.Height, Signed: true}
	for j := range min(most, m.Hidden) {
		x := make([]float64, m.Visible)
		for i := range x {
			x[i] = float64(m.W[i*m.Hidden+j])
		}
		f.Pictures = append(f.Pictures, x)
	}
	return f, m.Height*m.Width == m.Visible
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// Couplings draws the three kinds of couplings as histograms.
func (m *Machine) Couplings() figure.Figure {
	upper := func(x []float32, n int) (y []float64) {
		for i := range n {
			for j := range i {
				y = append(y, float64(x[i*n+j]))
			}
		}
		return y
	}
	most := 1e-6
	kinds := [][]float64{upper(m.A, m.Visible), wide(m.W), upper(m.B, m.Hidden)}
	for _, x := range kinds {
		for _, y := range x {
			most = max(most, math.Abs(y))
		}
	}
	f := figure.Curves{Title: "couplings", X: figure.Axis{Label: "coupling"}, Y: figure.Axis{Label: "density", Log: true}}
	for k, name := range []string{"A, visible - visible", "W, visible - hidden", "B, hidden - hidden"} {
		const bins = 61
		count := make([]float64, bins)
		for _, y := range kinds[k] {
			count[min(bins-1, int((y/most+1)/2*bins))]++
		}
		c := figure.Curve{Name: name, Color: k + 1}
		for b, n := range count {
			if n > 0 {
				c.X = append(c.X, most*(2*(float64(b)+.5)/bins-1))
				c.Y = append(c.Y, n/float64(len(kinds[k]))*bins/(2*most))
			}
		}
		if len(c.X) > 0 {
			f.Curves = append(f.Curves, c)
		}
	}
	return f
}

// Histories draws likelihoods against epochs.
func Histories(history []Epoch) (figure.Curves, bool) {
	c := figure.Curve{Style: figure.LinePoints}
	for _, e := range history {
		if e.LogLikelihood != nil {
			c.X, c.Y = append(c.X, float64(e.Epoch)), append(c.Y, *e.LogLikelihood)
		}
	}
	return figure.Curves{X: figure.Axis{Label: "epoch", Whole: true}, Y: figure.Axis{Label: "test log-likelihood (nats)"}, Curves: []figure.Curve{c}}, len(c.X) > 0
}
