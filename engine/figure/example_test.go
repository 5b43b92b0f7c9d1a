package figure_test

import (
	"bytes"
	"fmt"

	"cavity/engine/figure"
)

// Measured points with their errors over an exact curve.
func Example() {
	f := figure.Curves{
		Title: "2D Ising model",
		X:     figure.Axis{Label: "temperature T"},
		Y:     figure.Axis{Label: "energy per spin"},
		Curves: []figure.Curve{
			{Name: "measured", X: []float64{2, 2.3, 2.6}, Y: []float64{-1.74, -1.35, -1.02}, Err: []float64{.01, .02, .01}, Style: figure.Points},
			{Name: "exact", X: []float64{2, 2.3, 2.6}, Y: []float64{-1.745, -1.34, -1.01}},
		},
	}
	var svg bytes.Buffer
	fmt.Println(figure.WriteSVG(&svg, f), bytes.Contains(svg.Bytes(), []byte("temperature T")))
	// Output:
	// <nil> true
}
