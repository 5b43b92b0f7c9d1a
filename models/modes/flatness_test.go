package modes

import (
	"math"
	"testing"
)

// Points ±3 along (.6, .8, 0) and ±1 along the third axis: variances 9/2 and 1/2 about the mean (5, 5, 5).
func TestPrincipal(t *testing.T) {
	c, err := Principal([][]float64{{6.8, 7.4, 5}, {3.2, 2.6, 5}, {5, 5, 6}, {5, 5, 4}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c) != 2 {
		t.Fatalf("%d components of points in a plane", len(c))
	}
	near(t, "first variance", c[0].Variance, 4.5, 1e-12)
	near(t, "second variance", c[1].Variance, .5, 1e-12)
	near(t, "first direction", math.Abs(.6*c[0].Direction[0]+.8*c[0].Direction[1]), 1, 1e-12)
	near(t, "second direction", math.Abs(c[1].Direction[2]), 1, 1e-12)
	if _, err := Principal([][]float64{{1, 2}, {1}}); err == nil {
		t.Error("snapshots of different lengths were accepted")
	}
}

// L = L₀ + λx²/2 is e L₀ at x = ±√(2(e-1)L₀/λ); L₀ e^{|x|/a} on one side only at a; a loss that never rises is flat for ever.
func TestFlatness(t *testing.T) {
	const floor, curvature = .02, 3.
	f, err := Flatness(func(x float64) (float64, error) { return floor + curvature*x*x/2, nil }, 1e-3, 1e3)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "F of a parabola", f, 2*math.Sqrt(2*(math.E-1)*floor/curvature), 1e-8)
	f, err = Flatness(func(x float64) (float64, error) { return floor * math.Exp(max(x/4, -x/3)), nil }, .5, 1e3)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "F of an uneven valley", f, 7, 1e-7)
	if f, err := Flatness(func(float64) (float64, error) { return floor, nil }, 1, 100); err != nil || !math.IsInf(f, 1) {
		t.Errorf("F of a plain: %v, %v", f, err)
	}
	if _, err := Flatness(func(float64) (float64, error) { return 0, nil }, 1, 2); err == nil {
		t.Error("a loss of 0 was accepted")
	}
}
