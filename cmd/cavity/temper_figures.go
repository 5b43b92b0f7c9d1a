package main

import (
	"fmt"
	"math"
	"slices"

	"cavity/engine/figure"
	"cavity/models/spin"
)

// figures draws the run: averages against temperature, the overlap's distribution, exchanges, a lattice.
func (v *temper) figures(r spin.Results, m *spin.Measurement) ([]picture, error) {
	temperature := figure.Axis{Label: "temperature T"}
	title := fmt.Sprintf("%s, %s × %s", v.model.Name(), counted(v.Systems, "sample", "samples"), counted(v.Replicas, "copy", "copies"))
	fine := v.fine(r.Temperatures)
	curve := func(label string, x []spin.Estimate, exact []float64) figure.Figure {
		measured := figure.Curve{X: r.Temperatures, Y: means(x), Err: errs(x), Style: figure.Points}
		f := figure.Curves{X: temperature, Y: figure.Axis{Label: label}}
		if exact != nil {
			measured.Name = "measured"
			f.Curves = append(f.Curves, figure.Curve{Name: "exact", X: fine, Y: exact, Color: 2})
			measured.Color = 1
		} else {
			measured.Style = figure.LinePoints
		}
		f.Curves = append(f.Curves, measured)
		return f
	}
	var pictures []picture
	if len(r.Temperatures) > 1 {
		exact := v.exact(fine)
		e := each(exact, func(x spin.Exact) float64 { return x.Energy })
		c := each(exact, func(x spin.Exact) float64 { return x.SpecificHeat })
		free := each(exact, func(x spin.Exact) float64 { return x.FreeEnergy })
		panels := []figure.Figure{curve("energy per spin e", r.Energy, e), curve("specific heat c", r.SpecificHeat, c),
			curve("free energy per spin f", r.FreeEnergy, free), curve("Binder parameter", r.Binder, nil)}
		pictures = append(pictures, picture{"thermodynamics", figure.Panels{Title: title, Panels: panels}})
		if r.CorrelationLength != nil {
			side := float64(v.Size)
			pictures = append(pictures, picture{"correlation", figure.Panels{Title: title, Panels: []figure.Figure{
				curve("ξ / L", divided(r.CorrelationLength, side), nil), curve("link overlap", r.LinkOverlap, nil)}}})
		}
		pictures = append(pictures, picture{"exchange", figure.Panels{Panels: []figure.Figure{v.exchange(r), v.walks(m, r)}}})
	}
	pictures = append(pictures, picture{"energies", energies(m, r, title)})
	if v.Replicas > 1 {
		pictures = append(pictures, picture{"overlap", v.overlaps(r, m, title)})
	}
	if l, ok := v.model.(spin.Lattice); ok {
		f, err := lattice(l, m, r)
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, picture{"lattice", f})
	}
	return pictures, nil
}

// fine is a hundred temperatures over the range of a ladder, for exact curves.
func (v *temper) fine(ts []float64) []float64 {
	fine, err := spin.Linear(ts[0], ts[len(ts)-1], 100)
	if err != nil {
		return ts
	}
	return fine
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func divided(x []spin.Estimate, by float64) []spin.Estimate {
	var out []spin.Estimate
	for _, e := range x {
		out = append(out, spin.Estimate{Mean: e.Mean / by, Err: e.Err / by})
	}
	return out
}

// exchange draws the acceptance between neighbouring temperatures, at their geometric mean.
func (v *temper) exchange(r spin.Results) figure.Figure {
	var mid []float64
	for k := range r.SwapAcceptance {
		mid = append(mid, math.Sqrt(r.Temperatures[k]*r.Temperatures[k+1]))
	}
	return figure.Curves{Title: fmt.Sprintf("%s: %.3g round trips per walker", v.model.Name(), r.RoundTrips), X: figure.Axis{Label: "temperature T"},
		Y: figure.Axis{Label: "acceptance of exchanges", Min: 0, Max: 1}, Curves: []figure.Curve{{X: mid, Y: r.SwapAcceptance, Style: figure.LinePoints}}}
}

// walks draws how up to four walkers of one ladder move over the temperatures.
func (v *temper) walks(m *spin.Measurement, r spin.Results) figure.Figure {
	points, every := m.Walks()
	f := figure.Curves{X: figure.Axis{Label: "time in sweeps"}, Y: figure.Axis{Label: "temperature of a walker"}}
	for _, w := range spread(len(r.Temperatures), 4) {
		var x, y []float64
		for k, at := range points {
			x, y = append(x, float64(k)*float64(every)*float64(v.MeasureEvery)), append(y, r.Temperatures[at[w]])
		}
		f.Curves = append(f.Curves, figure.Curve{X: x, Y: y, Style: figure.Steps})
	}
	return f
}

// energies draws the distributions of the energy at up to eight temperatures: neighbours must overlap to exchange.
func energies(m *spin.Measurement, r spin.Results, title string) figure.Figure {
	f := figure.Curves{Title: title, X: figure.Axis{Label: "energy per spin e"}, Y: figure.Axis{Label: "P(e)"}, Gradual: true}
	for _, k := range spread(len(r.Temperatures), 8) {
		e, p := m.Energies(k)
		first, last := 0, len(p)
		for first < last-1 && p[first] == 0 {
			first++
		}
		for last > first+1 && p[last-1] == 0 {
			last--
		}
		f.Curves = append(f.Curves, figure.Curve{Name: fmt.Sprintf("T = %.3g", r.Temperatures[k]), X: e[first:last], Y: p[first:last]})
	}
	return f
}

// spread is at most k of n numbers, evenly from the first to the last.
func spread(n, k int) []int {
	k = min(n, k)
	var at []int
	for i := range k {
		at = append(at, i*(n-1)/max(k-1, 1))
	}
	return at
}

// overlaps draws P(q) at up to six temperatures.
func (v *temper) overlaps(r spin.Results, m *spin.Measurement, title string) figure.Figure {
	f := figure.Curves{Title: title, X: figure.Axis{Label: "overlap q", Min: -1, Max: 1}, Y: figure.Axis{Label: "P(q)"}, Gradual: true}
	for _, k := range spread(len(r.Temperatures), 6) {
		q, p := m.Overlaps(k)
		f.Curves = append(f.Curves, figure.Curve{Name: fmt.Sprintf("T = %.3g", r.Temperatures[k]), X: q, Y: p})
	}
	return f
}

// lattice draws the last states of the first sample at three temperatures, one layer of a cubic lattice.
func lattice(l spin.Lattice, m *spin.Measurement, r spin.Results) (figure.Figure, error) {
	side, n := l.Side(), len(r.Temperatures)
	f := figure.Images{Title: l.Name(), Rows: side, Columns: 3, Common: true}
	if l.Dims() == 3 {
		f.Title += ", layer z = 0"
	}
	s := make([]int8, l.Spins())
	for _, k := range slices.Compact([]int{0, n / 2, n - 1}) {
		if err := m.State(0, 0, k, s); err != nil {
			return nil, err
		}
		layer := make([]float64, side*side)
		for i := range layer {
			layer[i] = float64(s[i])
		}
		f.Pictures = append(f.Pictures, layer)
		f.Captions = append(f.Captions, fmt.Sprintf("T = %.3g", r.Temperatures[k]))
	}
	return f, nil
}
