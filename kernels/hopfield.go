package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/lowrank"
)

// PatternStride is the length of a row of p patterns in the Hopfield kernels: a multiple of four, zero from column p on.
func PatternStride(p int) int { return lowrank.PatternStride(p) }

// LaneStride is the length of a row of replicas in states whose lanes are replicas: a multiple of 16.
func LaneStride(replicas int) int { return lowrank.LaneStride(replicas) }

// hopfieldSampler advances spins and overlaps, by single flips or in blocks.
type hopfieldSampler struct {
	op
	model  lowrank.Model
	rule   Rule
	stream uint16
	move   hopfieldMove
}

// hopfieldMove is how a sampler visits the sites.
type hopfieldMove uint8

const (
	hopfieldOneByOne hopfieldMove = iota
	hopfieldBlocks                // spins and Gaussian variables in turn
	hopfieldAtOnce                // Little's dynamics
)

// HopfieldSweep is one sweep of the Hopfield model in its low-rank form, sites in order, O(p) a flip:
//
//	H = -(1/n) Σ_{i<j} Σ_μ ξ_i^μ ξ_j^μ s_i s_j - Σ_i b_i s_i
//
//	state     float32 [systems, n + PatternStride(p), LaneStride(replicas)]  spins ±1 by site, then overlaps M_μ = Σ_i ξ_i^μ s_i
//	patterns  float32 [systems, n, PatternStride(p)]                         ±1
//	external  float32 [systems, n]                                           b
//	beta      float64 [temperatures]                                         1/T, not negative
//	index     int32   [systems, replicas]                                    which temperature a replica has
//
// The value is the new state. The overlaps are integers and exact (n·p < 2^24); they are counted from the spins every
// RefreshEvery passes, the first one included, so a state needs only its spins to begin.
func HopfieldSweep(p int, rule Rule, stream uint16, state, patterns, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	k := &hopfieldSampler{rule: rule, stream: stream}
	return k.apply(fmt.Sprintf("HopfieldSweep{%d patterns, rule %d, stream %d}", p, rule, stream), p, state, patterns, external, beta, index)
}

// HopfieldGibbs is one round of block sampling of the same law, as a restricted Boltzmann machine with Gaussian hidden
// units (Hubbard-Stratonovich): λ_μ = M_μ/√n + √T z_μ, then every spin by the heat bath in the field
// (1/√n) Σ_μ ξ_i^μ λ_μ + b_i. Operands as for HopfieldSweep; a round costs about as much as a sweep. Its normal numbers are
// those of sites n, n+1, … of the stream.
func HopfieldGibbs(p int, stream uint16, state, patterns, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	k := &hopfieldSampler{rule: HeatBath, stream: stream, move: hopfieldBlocks}
	return k.apply(fmt.Sprintf("HopfieldGibbs{%d patterns, stream %d}", p, stream), p, state, patterns, external, beta, index)
}

// HopfieldLittle is one update of Little's dynamics: all spins at once by the heat bath in the fields of the old ones. Operands
// as for HopfieldSweep. It retrieves patterns but does not sample exp(-H/T): its stationary law is proportional to
// exp(Σ_i b_i s_i/T) Π_i cosh(h_i/T), h_i being the field of site i. (Little 1974, doi:10.1016/0025-5564(74)90031-5; Peretto
// 1984, doi:10.1007/BF00317939.)
func HopfieldLittle(p int, stream uint16, state, patterns, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	k := &hopfieldSampler{rule: HeatBath, stream: stream, move: hopfieldAtOnce}
	return k.apply(fmt.Sprintf("HopfieldLittle{%d patterns, stream %d}", p, stream), p, state, patterns, external, beta, index)
}

func (k *hopfieldSampler) apply(form string, p int, state, patterns, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "hopfield"
	if p < 1 {
		return nil, fmt.Errorf("%s: %d patterns: at least 1", name, p)
	}
	if err := first(
		operand(name, "patterns", patterns, tensor.Float32, anySize, anySize, PatternStride(p)),
		operand(name, "index", index, tensor.Int32, anySize, anySize),
		operand(name, "beta", beta, tensor.Float64, anySize),
	); err != nil {
		return nil, err
	}
	k.model = lowrank.Model{Systems: patterns.Shape()[0], Sites: patterns.Shape()[1], Patterns: p, Replicas: index.Shape()[1]}
	m := k.model
	if err := first(
		operand(name, "state", state, tensor.Float32, m.Systems, m.Sites+PatternStride(p), LaneStride(m.Replicas)),
		operand(name, "external", external, tensor.Float32, m.Systems, m.Sites),
		operand(name, "index", index, tensor.Int32, m.Systems, m.Replicas),
	); err != nil {
		return nil, err
	}
	if int64(m.Sites)*int64(p) >= 1<<24 {
		return nil, fmt.Errorf("%s: %d sites and %d patterns: their product must be below 2^24 for exact fields; use couplings", name, m.Sites, p)
	}
	k.op = newOp(form, tensor.Float32, state.Shape(), state, patterns, external, beta, index)
	return gorgonia.ApplyOp(k, state, patterns, external, beta, index)
}

// InPlace is the state.
func (k *hopfieldSampler) InPlace() int { return 0 }

// signs checks the patterns.
func (k *hopfieldSampler) signs(patterns []float32) error {
	stride := PatternStride(k.model.Patterns)
	for i, x := range patterns {
		if mu := i % stride; mu < k.model.Patterns && x != 1 && x != -1 || mu >= k.model.Patterns && x != 0 {
			return fmt.Errorf("hopfield: pattern %d of site %d is %v, not 1 or -1 (and 0 beyond the patterns)", mu, i/stride%k.model.Sites, x)
		}
	}
	return nil
}

// Host is the definition.
func (k *hopfieldSampler) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	halfT := make([]float32, in[4].Len())
	if err := halfTemperatures(halfT, engine.Slice[float64](in[3]), engine.Slice[int32](in[4])); err != nil {
		return err
	}
	state, patterns, external := engine.Slice[float32](out), engine.Slice[float32](in[1]), engine.Slice[float32](in[2])
	if c.Pass%RefreshEvery == 0 {
		if err := k.signs(patterns); err != nil {
			return err
		}
		lowrank.Overlaps(k.model, state, patterns)
	}
	switch s := c.Stream(k.stream); k.move {
	case hopfieldBlocks:
		lowrank.Gibbs(k.model, s, state, patterns, external, halfT)
	case hopfieldAtOnce:
		lowrank.Little(k.model, s, state, patterns, external, halfT)
	default:
		lowrank.Sweep(k.model, k.rule, s, state, patterns, external, halfT)
	}
	return nil
}

// Bind is the vectorised sweep of package lowrank.
func (k *hopfieldSampler) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	s := lowrank.NewSweeper(k.model, k.rule, w)
	patterns := engine.Slice[float32](in[1])
	beta, index := engine.Slice[float64](in[3]), engine.Slice[int32](in[4])
	halfT := make([]float32, len(index))
	s.Set(engine.Slice[float32](out), patterns, engine.Slice[float32](in[2]), halfT)
	return func(c *engine.Clock) error {
		if err := halfTemperatures(halfT, beta, index); err != nil {
			return err
		}
		if c.Pass%RefreshEvery == 0 {
			if err := k.signs(patterns); err != nil {
				return err
			}
			s.Overlaps()
		}
		switch k.move {
		case hopfieldBlocks:
			s.Gibbs(c.Stream(k.stream))
		case hopfieldAtOnce:
			s.Little(c.Stream(k.stream))
		default:
			s.Sweep(c.Stream(k.stream))
		}
		return nil
	}, nil
}

// hopfieldEnergy is the energy of every replica from its spins and overlaps.
type hopfieldEnergy struct {
	op
	model lowrank.Model
}

// HopfieldEnergy is H of every replica, float64 [systems, replicas], from a state of p patterns with its overlaps:
//
//	H = -(1/2n) Σ_μ M_μ² + p/2 - Σ_i b_i s_i
func HopfieldEnergy(p, replicas int, state, external *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "hopfield energy"
	if err := operand(name, "external", external, tensor.Float32, anySize, anySize); err != nil {
		return nil, err
	}
	m := lowrank.Model{Systems: external.Shape()[0], Sites: external.Shape()[1], Patterns: p, Replicas: replicas}
	if err := operand(name, "state", state, tensor.Float32, m.Systems, m.Sites+PatternStride(p), LaneStride(replicas)); err != nil {
		return nil, err
	}
	o := newOp(fmt.Sprintf("HopfieldEnergy{%d, %d}", p, replicas), tensor.Float64, tensor.Shape{m.Systems, replicas}, state, external)
	return gorgonia.ApplyOp(&hopfieldEnergy{o, m}, state, external)
}

// Host is the definition.
func (k *hopfieldEnergy) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	m := k.model
	lanes := LaneStride(m.Replicas)
	for system := range m.Systems {
		h := engine.Slice[float64](out)[system*m.Replicas:][:m.Replicas]
		rows := engine.Slice[float32](in[0])[system*(m.Sites+PatternStride(m.Patterns))*lanes:]
		clear(h)
		for mu := range m.Patterns {
			for r, x := range rows[(m.Sites+mu)*lanes:][:m.Replicas] {
				h[r] += float64(x) * float64(x)
			}
		}
		for r := range h {
			h[r] = (float64(m.Patterns) - h[r]/float64(m.Sites)) / 2
		}
		for i, b := range engine.Slice[float32](in[1])[system*m.Sites:][:m.Sites] {
			if b != 0 {
				for r, s := range rows[i*lanes:][:m.Replicas] {
					h[r] -= float64(b) * float64(s)
				}
			}
		}
	}
	return nil
}
