package modes

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/models/dataset"
)

// A Landscape is the training loss of a network in weight space as a function of one layer's weights, the other layers held
// fixed, in float64. The activities that enter the layer are computed once; what follows the layer is run anew for every
// point.
type Landscape struct {
	tail   *Classifier // the layer and what follows it
	at     []float64   // its weights at the origin
	labels []uint8
	loss   string
	moved  []float64
}

// Landscape looks at layer l, counted from 0, of a network with given weights, on all pictures of a part.
func (n Network) Landscape(b engine.Backend, w Weights, l int, loss string, p dataset.Part) (*Landscape, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	if n.Space != Weight || l < 0 || l > len(n.Layers)-2 {
		return nil, fmt.Errorf("modes: the loss of layer %d of a network of %d layers in the space %q: layers from 1, in the space %q", l+1, len(n.Layers)-1, n.Space, Weight)
	}
	if p.Count == 0 || p.Labels == nil {
		return nil, fmt.Errorf("modes: the loss of %d pictures: at least 1, with labels", p.Count)
	}
	whole, err := n.open(b, w, tensor.Float64, min(chunk, p.Count))
	if err != nil {
		return nil, err
	}
	a, err := whole.Activities(p, l)
	if err != nil {
		return nil, err
	}
	rest, arrays := n, Weights{}
	rest.Layers = n.Layers[l:]
	for k := range rest.Parameters() {
		arrays[weightName(k)] = w[weightName(k+l)]
	}
	s := &Landscape{at: slices.Clone(w[weightName(l)]), labels: p.Labels, loss: loss, moved: make([]float64, n.Layers[l]*n.Layers[l+1])}
	if s.tail, err = rest.open(b, arrays, tensor.Float64, p.Count); err != nil {
		return nil, err
	}
	return s, s.tail.write("test_x", a)
}

func weightName(l int) string { return fmt.Sprintf("W%d", l+1) }

// Losses are those of every picture at W + Σ distance·direction.
func (s *Landscape) Losses(move ...Move) ([]float64, error) {
	copy(s.moved, s.at)
	for _, m := range move {
		for i, d := range m.Direction {
			s.moved[i] += m.Distance * d
		}
	}
	if err := s.tail.SetParameter(weightName(0), s.moved); err != nil {
		return nil, err
	}
	if err := s.tail.Program.Once("evaluate"); err != nil {
		return nil, err
	}
	z, err := s.tail.read("test_logits")
	if err != nil {
		return nil, err
	}
	classes := len(z) / len(s.labels)
	out := make([]float64, len(s.labels))
	for k, label := range s.labels {
		out[k] = pictureLoss(s.loss, z[k*classes:(k+1)*classes], int(label))
	}
	return out, nil
}

// A Move is a step in the weights of a layer.
type Move struct {
	Direction []float64
	Distance  float64
}

// Loss is the mean of Losses.
func (s *Landscape) Loss(move ...Move) (float64, error) {
	l, err := s.Losses(move...)
	return mean(l), err
}

// pictureLoss is -ln softmax(z)_label, or |z - y|²/2 with y the one-hot label.
func pictureLoss(kind string, z []float64, label int) float64 {
	if kind == "mse" {
		sum := 0.0
		for c, v := range z {
			if c == label {
				v--
			}
			sum += v * v / 2
		}
		return sum
	}
	top, sum := slices.Max(z), 0.0
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	return math.Log(sum) + top - z[label]
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// A Slice is what the loss is like along a direction.
type Slice struct {
	Curvature float64 // λ = (L(h) + L(-h) - 2 L(0))/h², the mean curvature over ±h
	Noise     float64 // S² = Σ (g - <g>)²/(M - 1) of the pictures' slopes g = (L(h) - L(-h))/2h
	Flatness  float64 // F, see [Flatness]; +Inf if the loss stays low out to 10⁴ h
}

// Slice measures the loss along a direction of length 1, curvature and slopes at the scale h.
func (s *Landscape) Slice(direction []float64, h float64) (Slice, error) {
	var out Slice
	var losses [3][]float64
	for k, x := range []float64{-h, 0, h} {
		l, err := s.Losses(Move{direction, x})
		if err != nil {
			return out, err
		}
		losses[k] = l
	}
	floor := mean(losses[1])
	out.Curvature = (mean(losses[0]) + mean(losses[2]) - 2*floor) / (h * h)
	slopes := make([]float64, len(s.labels))
	for k := range slopes {
		slopes[k] = (losses[2][k] - losses[0][k]) / (2 * h)
	}
	m := mean(slopes)
	for _, g := range slopes {
		out.Noise += (g - m) * (g - m) / float64(max(len(slopes)-1, 1))
	}
	first := h
	if out.Curvature > 0 {
		first = math.Sqrt(2 * (math.E - 1) * floor / out.Curvature) // where a parabola's edge would be
	}
	var err error
	out.Flatness, err = Flatness(func(x float64) (float64, error) { return s.Loss(Move{direction, x}) }, first, max(first, 1e4*h))
	return out, err
}
