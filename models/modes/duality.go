package modes

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/gemm"
	"cavity/models/dataset"
)

// A Duality is what the activity-weight duality (Feng, Zhang, Tu 2023) says of how a network generalises, in its last layer.
// There a picture's activities a enter, and the loss depends on Wᵀa. Every test picture is paired with the training picture of
// its class whose activities are nearest. Its own activities a′ = a + δa have the effect on the pair's of a change of weights,
//
//	(W + δW)ᵀ a = Wᵀ a′,   δW = a (Wᵀδa)ᵀ/|a|²,
//
// the smallest one that does so. The rise of the loss from training to test pictures is therefore that of the training loss
// over the dual weights; to second order, with the mean Hessian of the training pictures, direction n of its eigenvectors
// adds λ_n σ_n²/2, its sharpness times the spread of the dual weights along it.
type Duality struct {
	Rise      float64   // mean loss of test pictures less that of their pairs: the truth
	Gradient  float64   // <∂L/∂W · δW>, of first order
	Own       float64   // <δW·H δW>/2 with the pair's own Hessian
	Quadratic float64   // Σ λ_n σ_n²/2, what is left of Own when Hessian and spread are averaged apart
	Sharpness []float64 // λ_n, descending
	Spread    []float64 // σ_n² = <(δW·v_n)²>
	Error     float64   // largest |(W + δW)ᵀa - Wᵀa′|: rounding
}

// DualLimit is the most weights of a layer whose Hessian is diagonalised.
const DualLimit = 3000

// Duality pairs the pictures of two parts and measures.
func (n Network) Duality(b engine.Backend, w Weights, loss string, train, test dataset.Part) (*Duality, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	last := len(n.Layers) - 2
	units, classes := n.Layers[last], n.Layers[last+1]
	if units*classes > DualLimit {
		return nil, fmt.Errorf("modes: duality of a last layer of %d × %d weights: at most %d in all", units, classes, DualLimit)
	}
	if train.Count == 0 || test.Count == 0 || train.Labels == nil || test.Labels == nil {
		return nil, fmt.Errorf("modes: duality of %d training and %d test pictures: at least 1 each, with labels", train.Count, test.Count)
	}
	c, err := n.open(b, w, tensor.Float64, min(chunk, max(train.Count, test.Count)))
	if err != nil {
		return nil, err
	}
	learnt, err := c.Activities(train, last)
	if err != nil {
		return nil, err
	}
	seen, err := c.Activities(test, last)
	if err != nil {
		return nil, err
	}
	pair, err := pairs(learnt, seen, train.Labels, test.Labels, units)
	if err != nil {
		return nil, err
	}
	l := lastLayer{units: units, classes: classes, loss: loss, w: n.explicit(w, last)}
	return l.duality(learnt, train.Labels, seen, test.Labels, pair)
}

// pairs finds for every row of seen the nearest row of learnt with its label and some activity.
func pairs(learnt, seen []float64, of, wanted []uint8, units int) ([]int, error) {
	pair := make([]int, len(wanted))
	for k, label := range wanted {
		best := math.Inf(1)
		pair[k] = -1
		for j, other := range of {
			if other != label {
				continue
			}
			var distance, size float64
			for i := range units {
				d := seen[k*units+i] - learnt[j*units+i]
				distance, size = distance+d*d, size+learnt[j*units+i]*learnt[j*units+i]
			}
			if size > 0 && distance < best {
				best, pair[k] = distance, j
			}
		}
		if pair[k] < 0 {
			return nil, fmt.Errorf("modes: duality: no training picture of class %d is active in the last layer's inputs, which may have died of too large a rate", label)
		}
	}
	return pair, nil
}

// lastLayer is a layer whose outputs are the logits.
type lastLayer struct {
	units, classes int
	loss           string
	w              []float64 // units × classes
}

func (l lastLayer) logits(w, a []float64) []float64 {
	z := make([]float64, l.classes)
	for i, v := range a {
		for c := range z {
			z[c] += v * w[i*l.classes+c]
		}
	}
	return z
}

// slopes are ∂L/∂z of a picture and ∂²L/∂z∂z, classes × classes.
func (l lastLayer) slopes(z []float64, label int) (g, h []float64) {
	g, h = make([]float64, l.classes), make([]float64, l.classes*l.classes)
	for c, v := range z {
		g[c] = v
		h[c*l.classes+c] = 1
	}
	if l.loss != "mse" {
		softmax(g)
		for c, p := range g {
			for d, q := range g {
				h[c*l.classes+d] = -p * q
			}
			h[c*l.classes+c] += p
		}
	}
	g[label]--
	return g, h
}

func softmax(z []float64) {
	top, sum := z[0], 0.0
	for _, v := range z {
		top = max(top, v)
	}
	for c, v := range z {
		z[c] = math.Exp(v - top)
		sum += z[c]
	}
	for c := range z {
		z[c] /= sum
	}
}

// dual is δW for activities a and b of a pair.
func (l lastLayer) dual(a, b []float64) []float64 {
	delta := make([]float64, len(a))
	for i, v := range a {
		delta[i] = b[i] - v
	}
	effect, size := l.logits(l.w, delta), dot(a, a)
	out := make([]float64, len(l.w))
	for i, v := range a {
		for c, e := range effect {
			out[i*l.classes+c] = v * e / size
		}
	}
	return out
}

func (l lastLayer) duality(learnt []float64, of []uint8, seen []float64, wanted []uint8, pair []int) (*Duality, error) {
	h, err := l.hessian(learnt, of)
	if err != nil {
		return nil, err
	}
	n, count := len(l.w), float64(len(wanted))
	d := &Duality{Spread: make([]float64, n)}
	var vectors [][]float64
	if d.Sharpness, vectors, err = eigen(h, n); err != nil {
		return nil, err
	}
	for k, label := range wanted {
		a, b := learnt[pair[k]*l.units:(pair[k]+1)*l.units], seen[k*l.units:(k+1)*l.units]
		delta := l.dual(a, b)
		z, target := l.logits(l.w, a), l.logits(l.w, b)
		d.Rise += (pictureLoss(l.loss, target, int(label)) - pictureLoss(l.loss, z, int(label))) / count
		moved := l.logits(delta, a) // δWᵀa
		g, s := l.slopes(z, int(label))
		d.Gradient += dot(g, moved) / count
		for c, x := range moved {
			d.Error = max(d.Error, math.Abs(z[c]+x-target[c]))
			d.Own += x * dot(s[c*l.classes:(c+1)*l.classes], moved) / 2 / count
		}
		for m, v := range vectors {
			x := dot(v, delta)
			d.Spread[m] += x * x / count
		}
	}
	d.Quadratic = dot(d.Sharpness, d.Spread) / 2
	return d, nil
}

// hessian is the mean over pictures of ∂²L/∂z_c∂z_d a_i a_j, weights i·classes + c by j·classes + d.
func (l lastLayer) hessian(a []float64, labels []uint8) ([]float64, error) {
	m, n := len(labels), len(l.w)
	out, weighted, block := make([]float64, n*n), make([]float64, len(a)), make([]float64, l.units*l.units)
	var seconds [][]float64
	for k, label := range labels {
		_, s := l.slopes(l.logits(l.w, a[k*l.units:(k+1)*l.units]), int(label))
		seconds = append(seconds, s)
	}
	for c := range l.classes {
		for d := range c + 1 {
			for k, s := range seconds {
				for i := range l.units {
					weighted[k*l.units+i] = s[c*l.classes+d] / float64(m) * a[k*l.units+i]
				}
			}
			if err := gemm.Multiply(gemm.Spec{M: l.units, N: l.units, K: m, TransA: true, Alpha: 1}, weighted, a, block); err != nil {
				return nil, err
			}
			for i := range l.units {
				for j := range l.units {
					x := block[i*l.units+j]
					out[(i*l.classes+c)*n+j*l.classes+d] = x
					out[(i*l.classes+d)*n+j*l.classes+c] = x
				}
			}
		}
	}
	return out, nil
}
