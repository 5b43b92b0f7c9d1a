//go:build gpu

package cuda

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
)

// TestSoftmax compares rows of several lengths, logits so far apart that only the true maximum keeps exp in range, and a row
// with NaN; and both gradients.
func TestSoftmax(t *testing.T) {
	b := openDevice(t)
	s := rng.At(5, 0, rng.SetupStage, 9)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		eps := map[tensor.Dtype]float64{tensor.Float32: 1e-5, tensor.Float64: 1e-12}[dt]
		for _, cols := range []int{1, 10, 33, 70} {
			const rows = 5
			x, y, g := make([]float64, rows*cols), make([]float64, rows*cols), make([]float64, rows*cols)
			for i := range x {
				x[i] = float64(float32(700 * s.Normal64(uint64(i))))
				y[i] = float64(float32(-math.Log(s.Float64(uint64(1000 + i)))))
				g[i] = float64(float32(s.Normal64(uint64(2000 + i))))
			}
			x[3*cols+cols-1] = math.NaN()
			for _, log := range []bool{false, true} {
				out := empty(t, b, dt, rows*cols)
				step(t, b, &engine.Softmax{Name: "s", Log: log, In: put(t, b, convert(x, dt), len(x)), Out: out, Rows: rows, Cols: cols}, engine.Clock{})
				near(t, "softmax", floats(t, out), softmaxOf(x, cols, log), eps)
				logY := append([]float64{}, y...)
				if log {
					for i := range logY {
						logY[i] = -logY[i] // a logarithm of a probability
					}
				}
				step(t, b, &engine.SoftmaxGrad{Name: "s", Log: log, Y: put(t, b, convert(logY, dt), len(y)), G: put(t, b, convert(g, dt), len(g)), Out: out, Rows: rows, Cols: cols}, engine.Clock{})
				near(t, "gradient", floats(t, out), softmaxGradOf(logY, g, cols, log), eps)
			}
		}
	}
}

func near(t *testing.T, what string, got, want []float64, eps float64) {
	t.Helper()
	for i := range want {
		nan := got[i] != got[i] && want[i] != want[i]
		if !nan && !(math.Abs(got[i]-want[i]) <= eps*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: element %d of %d is %v, want %v", what, i, len(want), got[i], want[i])
		}
	}
}

func softmaxOf(x []float64, cols int, log bool) []float64 {
	out := make([]float64, len(x))
	for r := 0; r < len(x); r += cols {
		top, sum := math.Inf(-1), 0.0
		for _, v := range x[r : r+cols] {
			top = math.Max(top, v)
		}
		for _, v := range x[r : r+cols] {
			sum += math.Exp(v - top)
		}
		for i, v := range x[r : r+cols] {
			out[r+i] = math.Exp(v-top) / sum
			if log {
				out[r+i] = v - top - math.Log(sum)
			}
		}
	}
	return out
}

func softmaxGradOf(y, g []float64, cols int, log bool) []float64 {
	out := make([]float64, len(y))
	for r := 0; r < len(y); r += cols {
		sum := 0.0
		for i := r; i < r+cols; i++ {
			if log {
				sum += g[i]
			} else {
				sum += y[i] * g[i]
			}
		}
		for i := r; i < r+cols; i++ {
			if log {
				out[i] = g[i] - math.Exp(y[i])*sum
			} else {
				out[i] = y[i] * (g[i] - sum)
			}
		}
	}
	return out
}
