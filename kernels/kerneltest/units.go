package kerneltest

import (
	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

// logits are normal numbers of deviation 6 with a few far out.
func logits(n int) ([]float32, []float64) {
	single, double := make([]float32, n), make([]float64, n)
	s := rng.At(8, 0, rng.SetupStage, 2)
	for i := range n {
		double[i] = 6 * s.Normal64(uint64(i))
		if i%17 == 0 {
			double[i] *= 12
		}
		single[i] = float32(double[i])
	}
	return single, double
}

func init() {
	for _, wide := range []bool{false, true} {
		name := map[bool]string{false: " float32", true: " float64"}[wide]
		in := func(b *Builder) *gorgonia.Node {
			single, double := logits(12 * 35)
			if wide {
				return b.In("x", double, 12, 35)
			}
			return b.In("x", single, 12, 35)
		}
		Cases = append(Cases,
			// the error function and its inverse have no definition bit by bit
			Case{Name: "rectified" + name, Steps: 3, Rel: map[bool]float64{false: 2e-7, true: 1e-10}[wide], Abs: 1e-12, Build: func(b *Builder) map[string]*gorgonia.Node {
				x := in(b)
				return map[string]*gorgonia.Node{"h": b.Ok(kernels.Rectified(x, 3)), "mean": b.Ok(kernels.RectifiedMean(x)), "log": b.Ok(kernels.RectifiedLogPartition(x))}
			}},
			Case{Name: "categorical" + name, Steps: 3, Build: func(b *Builder) map[string]*gorgonia.Node {
				x := in(b)
				return map[string]*gorgonia.Node{"five": b.Ok(kernels.Categorical(x, 5, 3)), "all": b.Ok(kernels.Categorical(x, 35, 4)), "one": b.Ok(kernels.OneHot(x, 5))}
			}},
			Case{Name: "watch" + name, Steps: 3, Build: func(b *Builder) map[string]*gorgonia.Node {
				x := in(b)
				return map[string]*gorgonia.Node{
					"far":   b.Ok(kernels.Watch(b.In("far", []int64{-1}, 1), x, 100)),
					"never": b.Ok(kernels.Watch(b.In("never", []int64{-1}, 1), x, 1e4)),
					"edge":  b.Ok(kernels.Watch(b.In("edge", []int64{-1}, 1), b.Ok(gorgonia.Sign(x)), 1)), // a number at the limit is inside
				}
			}},
		)
	}
	Cases = append(Cases, Case{Name: "resampled", Steps: 2, Build: func(b *Builder) map[string]*gorgonia.Node {
		const systems, replicas, rows = 2, 3, 5
		dense, wide := make([]float32, systems*2*replicas*kernels.DenseStride(300)), make([]uint64, systems*rows*kernels.LaneStride(replicas))
		for i := range dense {
			dense[i] = float32(i)
		}
		for i := range wide {
			wide[i] = uint64(i+1) << 33
		}
		parents := b.In("parents", []int32{2, 0, 2, 1, 1, 0}, systems, replicas)
		return map[string]*gorgonia.Node{
			"dense": b.Ok(kernels.DenseResample(b.In("dense", dense, systems, 2, replicas, kernels.DenseStride(300)), parents)),
			"wide":  b.Ok(kernels.LaneResample(b.In("wide", wide, systems, rows, kernels.LaneStride(replicas)), parents)),
		}
	}})
	Cases = append(Cases, Case{Name: "resampled lattices", Steps: 2, Build: func(b *Builder) map[string]*gorgonia.Node {
		const systems, replicas = 3, 30 // the third system's lie in two words, and there is a word without any
		bits, strips := kernels.Lattice{Size: []int{6, 2}, Words: 3}, kernels.Lattice{Size: []int{6, 2, 4}, Words: 91, Strips: true}
		words := func(n int) []uint64 {
			w := make([]uint64, n)
			for i := range w {
				w[i] = uint64(i+1) * 0x9E3779B97F4A7C15
			}
			return w
		}
		parents := make([]int32, systems*replicas)
		for i := range parents {
			parents[i] = int32((7*i*i + i/3) % replicas)
		}
		p := b.In("parents", parents, systems, replicas)
		return map[string]*gorgonia.Node{
			"bits":   b.Ok(kernels.LatticeResample(bits, b.In("bits", words(bits.Sites()*3), bits.Sites(), 3), p)),
			"strips": b.Ok(kernels.LatticeResample(strips, b.In("strips", words(strips.Sites()*91), strips.Sites(), 91), p)),
		}
	}})
	Cases = append(Cases, Case{Name: "lookup and widen", Steps: 1, Build: func(b *Builder) map[string]*gorgonia.Node {
		table, index := b.In("table", []float32{.5, 2, -1}, 3), b.In("index", []int32{2, 0, 0, 1, 2, 1}, 2, 3)
		found := b.Ok(kernels.Lookup(table, index))
		return map[string]*gorgonia.Node{"found": found, "wide": b.Ok(kernels.Widen(found))}
	}})
}
