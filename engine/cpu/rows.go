package cpu

import (
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
)

type float interface{ float32 | float64 }

func (b *Backend) softmax(s *engine.Softmax) (engine.Launch, error) {
	if s.In.Dtype == tensor.Float64 {
		return softmaxRows[float64](b, s), nil
	}
	return softmaxRows[float32](b, s), nil
}

func softmaxRows[T float](b *Backend, s *engine.Softmax) engine.Launch {
	in, out, n := engine.Slice[T](s.In), engine.Slice[T](s.Out), s.Cols
	task := func(r, _ int) {
		x, y := in[r*n:(r+1)*n], out[r*n:(r+1)*n]
		m, z := x[0], 0.0
		for _, v := range x {
			m = max(m, v)
		}
		for j, v := range x {
			e := math.Exp(float64(v - m))
			y[j] = T(e)
			z += e
		}
		if !s.Log {
			inv := 1 / z
			for j := range y {
				y[j] = T(float64(y[j]) * inv)
			}
			return
		}
		l := math.Log(z)
		for j, v := range x {
			y[j] = T(float64(v-m) - l)
		}
	}
	return func(*engine.Clock) error { b.pool.Do(s.Rows, task); return nil }
}

func (b *Backend) softmaxGrad(s *engine.SoftmaxGrad) (engine.Launch, error) {
	if s.Y.Dtype == tensor.Float64 {
		return softmaxGradRows[float64](b, s), nil
	}
	return softmaxGradRows[float32](b, s), nil
}

func softmaxGradRows[T float](b *Backend, s *engine.SoftmaxGrad) engine.Launch {
	y, g, out, n := engine.Slice[T](s.Y), engine.Slice[T](s.G), engine.Slice[T](s.Out), s.Cols
	task := func(r, _ int) {
		yi, gi, oi := y[r*n:(r+1)*n], g[r*n:(r+1)*n], out[r*n:(r+1)*n]
		var sum float64
		for j := range gi {
			if s.Log {
				sum += float64(gi[j])
			} else {
				sum += float64(gi[j]) * float64(yi[j])
			}
		}
		for j := range gi {
			if s.Log {
				oi[j] = T(float64(gi[j]) - math.Exp(float64(yi[j]))*sum)
			} else {
				oi[j] = T(float64(yi[j]) * (float64(gi[j]) - sum))
			}
		}
	}
	return func(*engine.Clock) error { b.pool.Do(s.Rows, task); return nil }
}

func (b *Backend) reduce(r *engine.Reduce) (engine.Launch, error) {
	if r.In.Dtype == tensor.Float64 {
		return reduceAxis[float64](b, r), nil
	}
	return reduceAxis[float32](b, r), nil
}

func reduceAxis[T float](b *Backend, r *engine.Reduce) engine.Launch {
	in, out := engine.Slice[T](r.In), engine.Slice[T](r.Out)
	sums := make([]float64, r.Outer*r.Inner)
	task := func(o, _ int) {
		acc := sums[o*r.Inner : (o+1)*r.Inner]
		for i := range acc {
			acc[i] = 0
			if r.Max {
				acc[i] = math.Inf(-1)
			}
		}
		for a := 0; a < r.Axis; a++ {
			line := in[(o*r.Axis+a)*r.Inner:][:r.Inner]
			if r.Max {
				for i, x := range line {
					acc[i] = max(acc[i], float64(x))
				}
				continue
			}
			for i, x := range line {
				acc[i] += float64(x)
			}
		}
		for i, s := range acc {
			out[o*r.Inner+i] = T(s)
		}
	}
	return func(*engine.Clock) error { b.pool.Do(r.Outer, task); return nil }
}
