package dmft

import (
	"context"
	"fmt"
	"math"

	"cavity/engine"
	"cavity/engine/rng"
)

// Lyapunov is the largest Lyapunov exponent after a transient of the network's Time: the mean rate of growth of one tangent vector a
// replica over the time that follows, with its standard error over realisations. Finite networks deviate much from N = ∞.
func (w Network) Lyapunov(ctx context.Context, b engine.Backend, time float64) (Estimate, error) {
	if err := w.fill(); err != nil {
		return Estimate{}, err
	}
	if err := w.checkRoom(0); err != nil {
		return Estimate{}, err
	}
	prog, err := w.compile(b, false, true)
	if err != nil {
		return Estimate{}, err
	}
	u := make([]float32, w.size())
	rng.At(w.Seed, 0, rng.SetupStage, 0).FillNormal32(u, 0)
	w.normalise(u)
	if err := prog.Write("u", u); err != nil {
		return Estimate{}, err
	}
	const every = 10
	warm := (w.steps() + every - 1) / every * every
	total := warm + max(every, int(math.Round(time/w.Step))/every*every)
	growth := make([]float64, w.Realisations)
	for i := range total {
		if err := w.advance(ctx, prog, i); err != nil {
			return Estimate{}, err
		}
		if (i+1)%every != 0 {
			continue
		}
		if err := prog.Read("u", u); err != nil {
			return Estimate{}, err
		}
		logs := w.normalise(u)
		if err := prog.Write("u", u); err != nil {
			return Estimate{}, err
		}
		if i >= warm {
			for r, l := range logs {
				growth[r] += l / (float64(total-warm) * w.Step)
			}
		}
	}
	return estimate(growth), nil
}

// normalise gives every replica's vector the length 1 and returns the mean logarithm of the lengths in each realisation.
func (w Network) normalise(u []float32) []float64 {
	logs := make([]float64, w.Realisations)
	for r := range logs {
		block := u[r*w.N*w.Replicas : (r+1)*w.N*w.Replicas]
		for k := range w.Replicas {
			sum := 0.
			for i := k; i < len(block); i += w.Replicas {
				sum += float64(block[i]) * float64(block[i])
			}
			length := math.Sqrt(sum)
			logs[r] += math.Log(length) / float64(w.Replicas)
			for i := k; i < len(block); i += w.Replicas {
				block[i] = float32(float64(block[i]) / length)
			}
		}
	}
	return logs
}

// Response is R(t_i, t_s) for one kick s to each replica, at s n + i of the result with s in the order of the kicks: the change of φ_i
// with the input to the same unit in step s, from an infinitesimal perturbation of all units with random signs ζ,
//
//	R(t, s) = (1/N) Σ_i ζ_i φ'(x_i(t)) u_i(t),   u(s+1) = ζ,
//
// to which the other units add a noise of order 1/√N. Replicas are set to the number of kicks.
func (w Network) Response(ctx context.Context, b engine.Backend, kicks []int) ([]float64, error) {
	w.Replicas = len(kicks)
	if err := w.fill(); err != nil {
		return nil, err
	}
	n := w.steps()
	for _, s := range kicks {
		if s < 0 || s >= n-1 {
			return nil, fmt.Errorf("dmft: a kick in step %d, want 0 to %d", s, n-2)
		}
	}
	if err := w.checkRoom(0); err != nil {
		return nil, err
	}
	prog, err := w.compile(b, false, true)
	if err != nil {
		return nil, err
	}
	sign, u := make([]float32, w.size()), make([]float32, w.size())
	for i, stream := 0, rng.At(w.Seed, 0, rng.SetupStage, 1); i < len(sign); i++ {
		sign[i] = float32(2*int(stream.Uint32(uint64(i))&1) - 1)
	}
	out := make([]float64, len(kicks)*n)
	for i := range n {
		if err := w.advance(ctx, prog, i); err != nil {
			return nil, err
		}
		if err := prog.Read("weighed", u); err != nil {
			return nil, err
		}
		for e, x := range u {
			out[e%w.Replicas*n+i] += float64(sign[e]) * float64(x) / float64(w.Realisations*w.N)
		}
		if err := w.kick(prog, kicks, i, sign, u); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// kick sets the tangents of the replicas that are kicked in step i.
func (w Network) kick(prog *engine.Program, kicks []int, i int, sign, u []float32) error {
	read := false
	for k, s := range kicks {
		if s != i {
			continue
		}
		if !read {
			if err := prog.Read("u", u); err != nil {
				return err
			}
			read = true
		}
		for e := k; e < len(u); e += w.Replicas {
			u[e] = sign[e]
		}
	}
	if !read {
		return nil
	}
	return prog.Write("u", u)
}

// Couplings returns the matrices J of all realisations, row by row.
func (w Network) Couplings(ctx context.Context, b engine.Backend) ([]float32, error) {
	if err := w.fill(); err != nil {
		return nil, err
	}
	if err := w.checkRoom(0); err != nil {
		return nil, err
	}
	prog, err := w.divided(b, func(w Network) ([]engine.Stage, error) {
		stage, err := w.beginStage()
		return []engine.Stage{stage}, err
	})
	if err != nil {
		return nil, err
	}
	if err := prog.Step(ctx, 1); err != nil {
		return nil, err
	}
	j := make([]float32, w.Realisations*w.N*w.N)
	return j, prog.Read("j", j)
}
