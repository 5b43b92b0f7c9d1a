package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// denseMagnetisation is the mean spin of every replica.
type denseMagnetisation struct {
	op
	sites, replicas, stride int
}

// DenseMagnetisation is m = (1/n) Σ_i s_i of every replica, float64 [systems, replicas], of a state of n sites.
func DenseMagnetisation(n int, state *gorgonia.Node) (*gorgonia.Node, error) {
	s, err := denseState("dense magnetisation", n, state)
	if err != nil {
		return nil, err
	}
	o := newOp(fmt.Sprintf("DenseMagnetisation{%d}", n), tensor.Float64, tensor.Shape{s[0], s[2]}, state)
	return gorgonia.ApplyOp(&denseMagnetisation{o, n, s[2], s[3]}, state)
}

func denseState(kernel string, n int, state *gorgonia.Node) (tensor.Shape, error) {
	if n < 1 {
		return nil, fmt.Errorf("%s: %d sites", kernel, n)
	}
	return state.Shape(), operand(kernel, "state", state, tensor.Float32, anySize, 2, anySize, DenseStride(n))
}

// Host is the definition.
func (k *denseMagnetisation) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	m, state := engine.Slice[float64](out), engine.Slice[float32](in[0])
	for i := range m {
		row := (i/k.replicas*2*k.replicas + i%k.replicas) * k.stride
		sum := 0
		for _, s := range state[row:][:k.sites] {
			sum += int(s)
		}
		m[i] = float64(sum) / float64(k.sites)
	}
	return nil
}

// denseOverlaps compares the copies of every system.
type denseOverlaps struct {
	op
	sites, copies, temperatures, stride int
}

// DenseOverlaps is the overlap of every pair of copies at every temperature, float64 [systems, pairs, temperatures] with the
// pairs (0,1), (0,2), (1,2), (0,3), …:
//
//	q = (1/n) Σ_i s_i^a s_i^b
//
// of the walkers that hold the temperature in the copies a < b, from a state of n sites and a ladder. In a fully connected
// model the overlap of the links is (n q² - 1)/(n - 1).
func DenseOverlaps(n int, state, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	s, err := denseState("dense overlaps", n, state)
	if err == nil {
		err = operand("dense overlaps", "ladder", ladder, tensor.Int32, LadderRows, s[0], anySize, anySize)
	}
	if err != nil {
		return nil, err
	}
	c, t := ladder.Shape()[2], ladder.Shape()[3]
	if c < 2 || c*t != s[2] {
		return nil, fmt.Errorf("dense overlaps: %d copies of %d temperatures over %d replicas: at least 2 copies that fill the replicas", c, t, s[2])
	}
	o := newOp(fmt.Sprintf("DenseOverlaps{%d}", n), tensor.Float64, tensor.Shape{s[0], c * (c - 1) / 2, t}, state, ladder)
	return gorgonia.ApplyOp(&denseOverlaps{o, n, c, t, s[3]}, state, ladder)
}

// Host is the definition.
func (k *denseOverlaps) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	if err := k.check(in); err != nil {
		return err
	}
	for i := range out.Shape[0] {
		k.system(engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[int32](in[1]), i, out.Shape[0])
	}
	return nil
}

func (k *denseOverlaps) check(in []engine.Buffer) error {
	return checkWalkers("dense overlaps", engine.Slice[int32](in[1]), in[1].Len()/LadderRows, k.temperatures)
}

func (k *denseOverlaps) system(q []float64, state []float32, ladder []int32, system, systems int) {
	c, t := k.copies, k.temperatures
	spins := state[2*system*c*t*k.stride:]
	walkers := ladder[(LadderWalker*systems+system)*c*t:][:c*t]
	q = q[system*c*(c-1)/2*t:]
	for b := 1; b < c; b++ {
		for a := range b {
			for j := range t {
				x := spins[(a*t+int(walkers[a*t+j]))*k.stride:][:k.sites]
				y := spins[(b*t+int(walkers[b*t+j]))*k.stride:][:k.sites]
				q[j] = product(x, y) / float64(k.sites)
			}
			q = q[t:]
		}
	}
}

// product is Σ x y of spins ±1, exact below 2^26 of them.
func product(x, y []float32) float64 {
	var sum [4]float32
	n := len(x) &^ 3
	for i := 0; i < n; i += 4 {
		for l := range sum {
			sum[l] += x[i+l] * y[i+l]
		}
	}
	for i := n; i < len(x); i++ {
		sum[0] += x[i] * y[i]
	}
	return float64(sum[0]) + float64(sum[1]) + float64(sum[2]) + float64(sum[3])
}

// Bind splits the systems.
func (k *denseOverlaps) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	q, state, ladder := engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[int32](in[1])
	task := func(i, _ int) { k.system(q, state, ladder, i, out.Shape[0]) }
	return func(*engine.Clock) error {
		if err := k.check(in); err != nil {
			return err
		}
		w.Do(out.Shape[0], task)
		return nil
	}, nil
}

// byTemperature reorders values of walkers.
type byTemperature struct {
	op
	temperatures int
}

// ByTemperature puts values of walkers, float64 [systems, copies·temperatures], in the order of the temperatures that a
// ladder gives them: float64 [systems, copies, temperatures].
func ByTemperature(ladder, values *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("by temperature", "ladder", ladder, tensor.Int32, LadderRows, anySize, anySize, anySize); err != nil {
		return nil, err
	}
	s := ladder.Shape()
	if err := operand("by temperature", "values", values, tensor.Float64, s[1], s[2]*s[3]); err != nil {
		return nil, err
	}
	k := &byTemperature{newOp("ByTemperature{}", tensor.Float64, s[1:], ladder, values), s[3]}
	return gorgonia.ApplyOp(k, ladder, values)
}

// Host is the definition.
func (k *byTemperature) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	if err := checkWalkers("by temperature", engine.Slice[int32](in[0]), out.Len(), k.temperatures); err != nil {
		return err
	}
	dst, walker, values := engine.Slice[float64](out), engine.Slice[int32](in[0])[LadderWalker*out.Len():], engine.Slice[float64](in[1])
	for i := range dst {
		dst[i] = values[i/k.temperatures*k.temperatures+int(walker[i])]
	}
	return nil
}
