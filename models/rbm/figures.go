package rbm

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"cavity/engine/figure"
)

// picture is the pixels of visible units.
func (m *Machine) picture(v []float32) []float64 {
	p := make([]float64, m.Height*m.Width)
	for i := range p {
		p[i] = float64(v[i])
		if m.Shift != nil {
			p[i] = p[i]*float64(m.Scale[i]) + float64(m.Shift[i])
		}
	}
	return p
}

// shows reports whether the visible units are pixels: those of an upper machine of a stack are a single row, no picture.
func (m *Machine) shows() bool { return m.Height > 1 && m.Width > 1 && m.Visible.Units != Potts }

// Pictures is a grid of the first configurations of v, at most so many.
func (m *Machine) Pictures(title string, v []float32, most int) (figure.Images, bool) {
	f := figure.Images{Title: title, Rows: m.Height, Common: true}
	if !m.shows() {
		return f, false
	}
	for nv := m.Visible.Count; len(v) >= nv && len(f.Pictures) < most; v = v[nv:] {
		f.Pictures = append(f.Pictures, m.picture(v))
	}
	return f, len(f.Pictures) > 0
}

// Filters is a grid of the weights of the hidden units, at most so many, those of the largest norm first.
func (m *Machine) Filters(most int) (figure.Images, bool) {
	f := figure.Images{Title: "filters", Rows: m.Height, Signed: true}
	if !m.shows() {
		return f, false
	}
	nh := m.Hidden.Count
	norm, order := make([]float64, nh), make([]int, nh)
	for e, w := range m.W {
		norm[e%nh] += float64(w) * float64(w)
	}
	for j := range order {
		order[j] = j
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(norm[b], norm[a]) })
	for _, j := range order[:min(most, nh)] {
		p := make([]float64, m.Height*m.Width)
		for i := range p {
			p[i] = float64(m.W[i*nh+j])
		}
		f.Pictures = append(f.Pictures, p)
	}
	return f, true
}

// Spectrum draws the singular values of W in order, on logarithmic axes.
func (m *Machine) Spectrum() (figure.Curves, error) {
	s, err := m.SingularValues()
	if err != nil {
		return figure.Curves{}, err
	}
	rank := make([]float64, len(s))
	for k := range rank {
		rank[k] = float64(k + 1)
	}
	return figure.Curves{Title: "spectrum of W", X: figure.Axis{Label: "rank", Log: true}, Y: figure.Axis{Label: "singular value", Log: true},
		Curves: []figure.Curve{{X: rank, Y: s, Style: figure.LinePoints}}}, nil
}

// SingularValues are those of W, largest first.
func (m *Machine) SingularValues() ([]float64, error) {
	w := mat.NewDense(m.Visible.Count, m.Hidden.Count, nil)
	for e, x := range m.W {
		w.Set(e/m.Hidden.Count, e%m.Hidden.Count, float64(x))
	}
	var svd mat.SVD
	if !svd.Factorize(w, mat.SVDNone) {
		return nil, fmt.Errorf("rbm: the singular values of W were not found")
	}
	return svd.Values(nil), nil
}

// Histories draws likelihoods, reconstruction error and free energy gap against epochs.
func Histories(history []Epoch) (figure.Panels, bool) {
	var epoch, l, pl, validation, r, gap, gapErr []float64
	for _, e := range history {
		epoch = append(epoch, float64(e.Epoch))
		l, pl = append(l, orNaN(e.LogLikelihood)), append(pl, orNaN(e.PseudoLikelihood))
		validation = append(validation, orNaN(e.Validation))
		r, gap, gapErr = append(r, e.Reconstruction), append(gap, e.FreeEnergyGap), append(gapErr, e.GapErr)
	}
	f := figure.Panels{Title: "training", Columns: 2}
	for _, c := range []struct {
		label  string
		y, err []float64
	}{{"test log-likelihood (nats)", l, nil}, {"test pseudo-likelihood (nats)", pl, nil}, {"validation (nats)", validation, nil}, {"reconstruction error", r, nil}, {"free energy gap, test - train (nats)", gap, gapErr}} {
		if !allNaN(c.y) {
			f.Panels = append(f.Panels, figure.Curves{X: figure.Axis{Label: "epoch", Whole: true}, Y: figure.Axis{Label: c.label}, Width: 10, Height: 7,
				Curves: []figure.Curve{{X: epoch, Y: c.y, Err: c.err, Style: figure.LinePoints}}})
		}
	}
	return f, len(f.Panels) > 0
}

func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

func allNaN(x []float64) bool {
	for _, v := range x {
		if !math.IsNaN(v) {
			return false
		}
	}
	return true
}
