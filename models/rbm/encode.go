package rbm

import (
	"fmt"
	"math"

	"cavity/engine/rng"
	"cavity/kernels"
	"cavity/models/dataset"
)

// sampleStream is the stream of the numbers with which Encode turns bytes into units at random.
const sampleStream = 9

// Encode turns pictures into visible units, [pictures, Visible.Count]: bytes become Bernoulli or Ising units as Binarised
// says (from the seed, for samples), Gaussian units (x/255 - Shift)/Scale, Potts units of level ⌊x·States/256⌋; a label layer
// shows the class. The part must have the machine's size.
func (m *Machine) Encode(p dataset.Part, seed uint64) []float32 {
	nv := m.Visible.Count
	out := make([]float32, p.Count*nv)
	pixels := 0
	if p.Count > 0 {
		pixels = len(p.Images) / p.Count
	}
	var limit [256]uint64
	for x := range limit {
		limit[x], _ = rng.Threshold(float64(x) / 255)
	}
	for k := range p.Count {
		m.encode(out[k*nv:(k+1)*nv], p.Images[k*pixels:(k+1)*pixels], rng.At(seed, uint64(k), rng.SetupStage, sampleStream), &limit)
		if m.Visible.Labels > 0 && p.Labels != nil {
			out[k*nv+nv-m.Visible.Labels+int(p.Labels[k])] = 1
		}
	}
	return out
}

func (m *Machine) encode(dst []float32, pixels []uint8, s rng.Stream, limit *[256]uint64) {
	for i, x := range pixels {
		one := x > 127
		if m.Binarised == "sample" {
			one = uint64(s.Uint32(uint64(i))) < limit[x]
		}
		switch m.Visible.Units {
		case Bernoulli:
			if one {
				dst[i] = 1
			}
		case Ising:
			if dst[i] = -1; one {
				dst[i] = 1
			}
		case Gaussian:
			dst[i] = (float32(x)/255 - m.Shift[i]) / m.Scale[i]
		case Potts:
			dst[i*m.Visible.States+int(x)*m.Visible.States/256] = 1
		}
	}
}

// pottsBytes shows every pixel as States bytes, of which that of its level is 255.
func pottsBytes(images []uint8, states int) []uint8 {
	out := make([]uint8, len(images)*states)
	for i, x := range images {
		out[i*states+int(x)*states/256] = 255
	}
	return out
}

// fit takes from the data what a machine knows of them: shift and scale of Gaussian units, the base field, the first biases.
func (m *Machine) fit(set *dataset.Set) {
	n := set.Pixels()
	if m.Visible.Units == Gaussian {
		m.standardise(set.Train, n)
	}
	v := m.Encode(set.Train.Head(10000), 0)
	nv := m.Visible.Count
	count := float64(len(v) / nv)
	mean := make([]float64, nv)
	for e, x := range v {
		mean[e%nv] += float64(x) / count
	}
	m.Base = make([]float32, nv)
	for i, p := range mean {
		field := 0.0
		small := 1 / (count + 2) // one example more of either value: no infinite fields
		switch u := m.Visible.Units; {
		case u == Potts || i >= nv-m.Visible.Labels:
			field = math.Log(p + small)
		case u == Bernoulli:
			p = small + p*(1-2*small)
			field = math.Log(p / (1 - p))
		case u == Ising:
			field = math.Atanh(p * (1 - 2*small))
		}
		m.Base[i] = float32(field)
	}
	copy(m.B, m.Base)
}

// standardise sets Shift to the mean and Scale to the deviation of every pixel, at least a hundredth of the range.
func (m *Machine) standardise(p dataset.Part, n int) {
	sum, square := make([]float64, n), make([]float64, n)
	for e, x := range p.Images {
		y := float64(x) / 255
		sum[e%n] += y
		square[e%n] += y * y
	}
	m.Shift, m.Scale = make([]float32, m.Visible.Count), make([]float32, m.Visible.Count)
	for i := range m.Shift {
		m.Scale[i] = 1
	}
	for i := range n {
		mean := sum[i] / float64(p.Count)
		m.Shift[i] = float32(mean)
		m.Scale[i] = float32(max(.01, math.Sqrt(max(0, square[i]/float64(p.Count)-mean*mean))))
	}
}

// someRows are n of the rows of encoded data, shuffled, taken again from the beginning when they run out.
func someRows(v []float32, width, n int, seed uint64) []float32 {
	rows := uint64(len(v) / width)
	out := make([]float32, n*width)
	for k := range n {
		r := kernels.Shuffled(seed, uint64(k)/rows, rng.SetupStage, sampleStream, uint64(k)%rows, rows)
		copy(out[k*width:(k+1)*width], v[int(r)*width:])
	}
	return out
}

// Fit takes the base field, shift and scale from data, and leaves the biases as they are.
func (m *Machine) Fit(set *dataset.Set) {
	b := m.B
	m.B = make([]float32, len(b))
	m.fit(set)
	m.B = b
}

// Rows are n of the first 10,000 examples as visible units, shuffled.
func (m *Machine) Rows(p dataset.Part, n int, seed uint64) []float32 {
	return someRows(m.Encode(p.Head(10000), seed), m.Visible.Count, n, seed)
}

// Suits finds what keeps a machine from being held against a set.
func (m *Machine) Suits(set *dataset.Set) error {
	n := m.Visible.Count - m.Visible.Labels
	if m.Visible.Units == Potts {
		n /= m.Visible.States
	}
	switch {
	case n != set.Pixels():
		return fmt.Errorf("rbm: the machine has %d visible units for pixels, but the pictures of %s have %d pixels", n, set.Name, set.Pixels())
	case m.Visible.Labels > 0 && m.Visible.Labels != set.Classes:
		return fmt.Errorf("rbm: the machine knows %d classes, %s has %d", m.Visible.Labels, set.Name, set.Classes)
	case m.Visible.Units == Gaussian && m.Shift == nil:
		return fmt.Errorf("rbm: a machine of Gaussian units without shift and scale cannot read pixels")
	}
	return nil
}

// Half marks the pixels of the top, bottom, left or right half of the pictures.
func (m *Machine) Half(side string) ([]bool, error) {
	if !m.shows() {
		return nil, fmt.Errorf("rbm: the visible units are no pixels: there is no %s half", side)
	}
	mark := make([]bool, m.Visible.Count)
	for i := range m.Height * m.Width {
		y, x := i/m.Width, i%m.Width
		mark[i] = side == "top" && 2*y < m.Height || side == "bottom" && 2*y >= m.Height || side == "left" && 2*x < m.Width || side == "right" && 2*x >= m.Width
	}
	return mark, nil
}
