package main

import (
	"fmt"
	"math"
	"slices"

	"cavity/engine/figure"
	"cavity/models/dmft"
)

// solutionFigures draws C and R as maps, their diagonal, and the fluctuation-dissipation plot of the last time.
func solutionFigures(title string, s *dmft.Solution) ([]picture, error) {
	mean, err := split(s.Diagonal)
	phi, phiErr := split(s.Mean)
	f, fail := s.FluctuationDissipation(len(s.T) - 1)
	if fail != nil {
		return nil, fail
	}
	return []picture{
		{"correlation", twoTimes(title, "C(t, t')", s.T, s.C)},
		{"response", twoTimes(title, "R(t, t')", s.T, s.R)},
		{"diagonal", figure.Panels{Title: title, Panels: []figure.Figure{
			figure.Curves{X: figure.Axis{Label: "time t"}, Y: figure.Axis{Label: "C(t, t)"}, Curves: []figure.Curve{{X: s.T, Y: mean, Err: err, Style: figure.LinePoints}}},
			figure.Curves{X: figure.Axis{Label: "time t"}, Y: figure.Axis{Label: "‹φ›"}, Curves: []figure.Curve{{X: s.T, Y: phi, Err: phiErr, Style: figure.LinePoints}}},
		}}},
		{"fdt", fdtFigure(title, []string{fmt.Sprintf("t = %.3g", s.T[len(s.T)-1])}, []dmft.FDTCurve{f}, 0)},
	}, nil
}

// mapCells is how many cells along an axis a map is drawn with at most.
const mapCells = 300

// twoTimes is a map of a function of two times.
func twoTimes(title, bar string, t, values []float64) figure.Heat {
	n, stride := len(t), (len(t)+mapCells-1)/mapCells
	var cells []float64
	rows := 0
	for i := 0; i < n; i += stride {
		rows++
		for k := 0; k < n; k += stride {
			cells = append(cells, values[i*n+k])
		}
	}
	signed := slices.Min(cells) < 0
	end := t[n-1]
	return figure.Heat{Title: title, X: figure.Axis{Label: "time t'", Max: end}, Y: figure.Axis{Label: "time t", Max: end}, Bar: bar, Rows: rows, Values: cells, Signed: signed}
}

// fdtFigure plots integrated responses against correlations; a temperature above 0 adds the line of equilibrium.
func fdtFigure(title string, names []string, curves []dmft.FDTCurve, temperature float64) figure.Curves {
	f := figure.Curves{Title: title, X: figure.Axis{Label: "correlation C(t, t')"}, Y: figure.Axis{Label: "integrated response χ(t, t')"}, Gradual: len(curves) > 2}
	for k, c := range curves {
		f.Curves = append(f.Curves, figure.Curve{Name: names[k], X: c.C, Y: c.Chi})
	}
	if temperature > 0 {
		f.Curves = append(f.Curves, figure.Curve{Name: "equilibrium, slope −1/T", X: []float64{0, 1}, Y: []float64{1 / temperature, 0}, Dash: 1})
	}
	return f
}

// networkFigure shows C(t,t) of networks with error bars over the mean-field line, if there is one.
func networkFigure(title string, sim *dmft.Simulation, theory *dmft.Solution) figure.Curves {
	f := figure.Curves{Title: title, X: figure.Axis{Label: "time t"}, Y: figure.Axis{Label: "C(t, t)"}}
	if theory != nil {
		mean, _ := split(theory.Diagonal)
		f.Curves = append(f.Curves, figure.Curve{Name: "mean field", X: theory.T, Y: mean, Color: 2})
	}
	stride := (len(sim.T) + 39) / 40
	var t, c, e []float64
	for i := 0; i < len(sim.T); i += stride {
		t, c, e = append(t, sim.T[i]), append(c, sim.Diagonal[i].Mean), append(e, sim.Diagonal[i].Err)
	}
	f.Curves = append(f.Curves, figure.Curve{Name: "networks", X: t, Y: c, Err: e, Style: figure.Points, Color: 1})
	return f
}

func correlationFigure(v *dmftStationary, tau, delta, cphi []float64) picture {
	return picture{"correlation", figure.Curves{
		Title: fmt.Sprintf("stationary state, %s, g = %v, σ = %v", v.Phi, v.G, v.Sigma), X: figure.Axis{Label: "lag τ"}, Y: figure.Axis{Label: "correlation"},
		Curves: []figure.Curve{{Name: "Δ(τ) = ‹x(t) x(t+τ)›", X: tau, Y: delta}, {Name: "‹φ(t) φ(t+τ)›", X: tau, Y: cphi, Dash: 1}},
	}}
}

func lyapunovFigure(v *dmftStationary, g, lyapunov []float64) picture {
	return picture{"lyapunov", figure.Curves{
		Title: fmt.Sprintf("largest Lyapunov exponent, %s, σ = %v", v.Phi, v.Sigma), X: figure.Axis{Label: "coupling g"}, Y: figure.Axis{Label: "λ"},
		Curves: []figure.Curve{{X: g, Y: lyapunov}},
	}}
}

func transitionFigure(v *dmftStationary, g, sigma []float64) picture {
	return picture{"transition", figure.Curves{
		Title: "transition to chaos, " + v.Phi, X: figure.Axis{Label: "coupling g"}, Y: figure.Axis{Label: "noise σ"},
		Curves: []figure.Curve{{X: g, Y: sigma}},
	}}
}

// energyFigure shows the decay of the energy, towards the threshold where there is one.
func energyFigure(title string, t, e []float64, known bool, threshold float64) figure.Figure {
	energy := figure.Curves{X: figure.Axis{Label: "time t", Log: true}, Y: figure.Axis{Label: "energy per spin e"}, Curves: []figure.Curve{{Name: "e(t)", X: t, Y: e}}}
	if !known {
		energy.Title = title
		return energy
	}
	energy.Curves = append(energy.Curves, figure.Curve{Name: "threshold", X: []float64{t[1], t[len(t)-1]}, Y: []float64{threshold, threshold}, Dash: 1})
	above := make([]float64, len(e))
	for i, x := range e {
		above[i] = x - threshold
	}
	distance := figure.Curves{X: figure.Axis{Label: "time t", Log: true}, Y: figure.Axis{Label: "e − e_th", Log: true}, Curves: []figure.Curve{{X: t, Y: above}}}
	return figure.Panels{Title: title, Panels: []figure.Figure{energy, distance}}
}

// spectrumFigure shows eigenvalues in the plane and the edge of the elliptic law.
func spectrumFigure(title string, re, im []float64, g, eta float64) figure.Curves {
	var x, y []float64
	for k := 0; k <= 200; k++ {
		angle := 2 * math.Pi * float64(k) / 200
		x, y = append(x, g*(1+eta)*math.Cos(angle)), append(y, g*(1-eta)*math.Sin(angle))
	}
	return figure.Curves{
		Title: title, X: figure.Axis{Label: "real part"}, Y: figure.Axis{Label: "imaginary part"}, Width: 12, Height: 12,
		Curves: []figure.Curve{{Name: "eigenvalues", X: re, Y: im, Style: figure.Points}, {Name: "elliptic law", X: x, Y: y}},
	}
}
