package modes

import (
	"fmt"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/models/dataset"
)

// A Classifier is a network with its present parameters, which looks at pictures.
type Classifier struct {
	Program *engine.Program
	network Network
	dtype   tensor.Dtype
	chunk   int // pictures looked at together
}

// chunk is how many pictures are looked at together, at most.
const chunk = 1000

// Open makes a classifier of given parameters, by name as Network.Parameters lists them, computing in float32.
func (n Network) Open(b engine.Backend, params map[string][]float64) (*Classifier, error) {
	return n.open(b, params, tensor.Float32, chunk)
}

func (n Network) open(b engine.Backend, params map[string][]float64, dt tensor.Dtype, chunk int) (*Classifier, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	c := &Classifier{network: n, dtype: dt, chunk: chunk}
	stage, err := c.alone(chunk)
	if err != nil {
		return nil, err
	}
	plan := engine.Plan{Stages: []engine.Stage{stage}, Split: &engine.Split{Systems: chunk, Axes: map[string]int{"test_x": 0, "test_logits": 0}}}
	for l := range n.Layers {
		plan.Split.Axes[activity(l+1)] = 0
	}
	plan.Split.Part = func(_, rows int) ([]engine.Stage, error) {
		stage, err := c.alone(rows)
		return []engine.Stage{stage}, err
	}
	if c.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	for _, p := range n.Parameters() {
		if _, used := c.Program.Slots()[p.Name]; !used {
			continue // Ξ of an ensemble: the mean network does not depend on it
		}
		if err := c.SetParameter(p.Name, params[p.Name]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// alone is the evaluation of so many pictures, which several devices share.
func (c *Classifier) alone(rows int) (engine.Stage, error) {
	e := newBuilder(c.dtype)
	stage := c.evaluation(e, rows)
	if e.Err() != nil {
		return stage, fmt.Errorf("modes: %w", e.Err())
	}
	return stage, nil
}

// evaluation is the stage that runs when asked to: logits and activities of all layers of so many pictures.
func (c *Classifier) evaluation(e *builder, rows int) engine.Stage {
	logits, layers := e.forward(c.network, e.Slot("test_x", rows, c.network.Layers[0]), func(int) node { return nil })
	next := map[string]node{"test_logits": logits}
	for l, a := range layers[:max(len(layers)-1, 0)] {
		next[activity(l+1)] = a
	}
	return engine.Stage{Name: "evaluate", Graph: e.ExprGraph, Next: next, Repeat: 0}
}

// activity is the slot of a hidden layer's activities; layer 0 is the pictures.
func activity(l int) string {
	if l == 0 {
		return "test_x"
	}
	return fmt.Sprintf("test_layer%d", l)
}

// Parameter is the present value of an array.
func (c *Classifier) Parameter(name string) ([]float64, error) { return c.read(name) }

// SetParameter replaces an array.
func (c *Classifier) SetParameter(name string, x []float64) error { return c.write(name, x) }

// write stores numbers in a slot of the network's dtype, read takes them out.
func (c *Classifier) write(slot string, x []float64) error {
	if c.dtype == tensor.Float64 {
		return c.Program.Write(slot, x)
	}
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return c.Program.Write(slot, y)
}

func (c *Classifier) read(slot string) ([]float64, error) {
	x := make([]float64, c.Program.Slots()[slot].Len())
	if c.dtype == tensor.Float64 {
		return x, c.Program.Read(slot, x)
	}
	y := make([]float32, len(x))
	err := c.Program.Read(slot, y)
	for i, v := range y {
		x[i] = float64(v)
	}
	return x, err
}

// Accuracy is the share of pictures whose largest output is their label's.
func (c *Classifier) Accuracy(p dataset.Part) (float64, error) {
	classes := c.network.Layers[len(c.network.Layers)-1]
	right := 0
	err := c.eachChunk(p, func(first, n int) error {
		z, err := c.read("test_logits")
		if err != nil {
			return err
		}
		for k := range n {
			if largest(z[k*classes:(k+1)*classes]) == int(p.Labels[first+k]) {
				right++
			}
		}
		return nil
	})
	return float64(right) / float64(p.Count), err
}

// largest is the place of the largest number, the first of equal ones.
func largest(x []float64) int {
	best := 0
	for c, v := range x {
		if v > x[best] {
			best = c
		}
	}
	return best
}

// Activities are those of layer l for every picture, [pictures, units]; layer 0 is the pictures themselves.
func (c *Classifier) Activities(p dataset.Part, l int) ([]float64, error) {
	units := c.network.Layers[l]
	out := make([]float64, 0, p.Count*units)
	err := c.eachChunk(p, func(_, n int) error {
		a, err := c.read(activity(l))
		if err == nil {
			out = append(out, a[:n*units]...)
		}
		return err
	})
	return out, err
}

// eachChunk runs the network on all pictures of a part, some at a time.
func (c *Classifier) eachChunk(p dataset.Part, f func(first, n int) error) error {
	in := c.network.Layers[0]
	if p.Count > 0 && len(p.Images) != p.Count*in {
		return fmt.Errorf("modes: %d inputs for pictures of %d pixels", in, len(p.Images)/p.Count)
	}
	x := make([]float64, c.chunk*in)
	for first := 0; first < p.Count; first += c.chunk {
		n := min(c.chunk, p.Count-first)
		for i, v := range p.Images[first*in : (first+n)*in] {
			x[i] = float64(v) / 255
		}
		if err := c.write("test_x", x); err != nil {
			return err
		}
		if err := c.Program.Once("evaluate"); err != nil {
			return err
		}
		if err := f(first, n); err != nil {
			return err
		}
	}
	return nil
}
