package main

import (
	"fmt"
	"math"

	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/modes"
)

// report sums up all legs.
func (v *modesSGD) report(f *found) *result {
	type gap struct {
		Rise      float64 `json:"rise"`
		Gradient  float64 `json:"first_order"`
		Own       float64 `json:"second_order"`
		Quadratic float64 `json:"sharpness_times_spread"`
		Error     float64 `json:"identity_error"`
	}
	type leg struct {
		Rate         float64        `json:"rate"`
		Batch        int            `json:"batch"`
		Loss         float64        `json:"loss"`
		TestAccuracy float64        `json:"test_accuracy"`
		Dimension    float64        `json:"dimension"`
		Psi          store.Estimate `json:"psi"`
		Temperature  store.Estimate `json:"temperature"`
		Theory       float64        `json:"temperature_theory"`
		Independent  float64        `json:"temperature_independent"`
		Ratio        float64        `json:"variance_over_theory"`
		Other        float64        `json:"variance_over_independent"`
		Gap          *gap           `json:"generalisation,omitempty"`
	}
	out := &result{}
	var legs []leg
	var noise, temperature []float64
	for k, w := range f.Legs {
		l := leg{w.Rate, w.Batch, w.Loss, w.TestAccuracy, w.Dimension, store.Estimate{Mean: w.Psi.Exponent, Err: w.Psi.Err}, w.Temperature, w.Theory[0], w.Theory[1], w.Ratio[0], w.Ratio[1], nil}
		if d := w.Duality; d != nil {
			l.Gap = &gap{d.Rise, d.Gradient, d.Own, d.Quadratic, d.Error}
		}
		legs = append(legs, l)
		noise, temperature = append(noise, w.Rate/float64(w.Batch)), append(temperature, w.Temperature.Mean)
		out.axes(k, w)
	}
	out.Summary.Set("components_fitted", []int{v.From, v.To})
	out.Summary.Set("legs", legs)
	if p := modes.FitPower(noise, temperature); p.Points > 2 {
		out.Summary.Set("temperature_exponent", store.Estimate{Mean: p.Exponent, Err: p.Err})
	}
	title := fmt.Sprintf("%s, layers %v, weights of layer %d", v.data.Name, v.network().Layers, v.Layer)
	first := f.Legs[0]
	for _, s := range first.Sections {
		key := fmt.Sprintf("section%d", s.Component)
		out.Series = append(out.Series, store.Of(key+"_distance", s.Distance), store.Of(key+"_loss", s.Loss))
	}
	out.Series = append(out.Series, store.Of("plane_loss", first.Plane, planeCells, planeCells))
	out.Figures = []picture{
		{"flatness", v.flatness(f, title)}, {"variance", v.variance(f, title)}, {"sections", v.sections(first, title)},
		{"temperature", v.temperature(f, title)},
	}
	if first.Duality != nil {
		out.Series = append(out.Series, store.Of("dual_sharpness", first.Duality.Sharpness), store.Of("dual_spread", first.Duality.Spread))
		out.Figures = append(out.Figures, picture{"duality", v.duality(f)})
	}
	return out
}

// axes adds the series of a leg.
func (r *result) axes(leg int, w wandered) {
	get := func(f func(axis) float64) []float64 { return w.each(f) }
	for _, c := range []struct {
		name string
		x    []float64
	}{
		{"variance", get(func(a axis) float64 { return a.Variance })}, {"flatness", get(func(a axis) float64 { return a.Flatness })},
		{"curvature", get(func(a axis) float64 { return a.Curvature })}, {"noise", get(func(a axis) float64 { return a.Noise })},
		{"variance_theory", get(func(a axis) float64 { return a.Shuffled })}, {"variance_independent", get(func(a axis) float64 { return a.Independent })},
	} {
		r.Series = append(r.Series, store.Of(fmt.Sprintf("leg%d_%s", leg+1, c.name), c.x))
	}
}

func (w wandered) each(f func(axis) float64) []float64 {
	var x []float64
	for _, a := range w.Axes {
		x = append(x, f(a))
	}
	return x
}

func (w wandered) name() string { return fmt.Sprintf("rate %g, batch %d", w.Rate, w.Batch) }

// flatness draws σ² against F, and the fitted power of the first leg.
func (v *modesSGD) flatness(f *found, title string) figure.Figure {
	c := figure.Curves{Width: 20, Title: title, X: figure.Axis{Label: "flatness F", Log: true}, Y: figure.Axis{Label: "variance σ²", Log: true}}
	for k, w := range f.Legs {
		x, y := w.each(func(a axis) float64 { return a.Flatness }), w.each(func(a axis) float64 { return a.Variance })
		c.Curves = append(c.Curves, figure.Curve{Name: w.name(), X: x, Y: y, Style: figure.Points, Color: k + 1})
		if k > 0 || math.IsNaN(w.Psi.Exponent) {
			continue
		}
		var lx, ly, n float64
		least, most := math.Inf(1), 0.0
		for j := v.From - 1; j < len(x); j++ {
			if !math.IsInf(x[j], 0) {
				lx, ly, n = lx+math.Log(x[j]), ly+math.Log(y[j]), n+1
				least, most = min(least, x[j]), max(most, x[j])
			}
		}
		line := func(x float64) float64 { return math.Exp(ly/n - w.Psi.Exponent*(math.Log(x)-lx/n)) }
		c.Curves = append(c.Curves, figure.Curve{Name: fmt.Sprintf("F to the -%.2f, components %d to %d", w.Psi.Exponent, v.From, v.To), X: []float64{least, most}, Y: []float64{line(least), line(most)}, Color: k + 1})
	}
	return c
}

// variance draws σ² of the first leg by component beside what a quadratic loss with its curvature and noise would give, and the
// curvatures.
func (v *modesSGD) variance(f *found, title string) figure.Figure {
	w := f.Legs[0]
	x := ranks(len(w.Axes))
	rank := figure.Axis{Label: "principal component", Log: true}
	get := func(f func(axis) float64) []float64 { return w.each(f) }
	return figure.Panels{Title: title + ", " + w.name(), Panels: []figure.Figure{
		figure.Curves{X: rank, Y: figure.Axis{Label: "variance σ²", Log: true}, Curves: []figure.Curve{
			{Name: "measured", X: x, Y: get(func(a axis) float64 { return a.Variance }), Style: figure.Points},
			{Name: "quadratic, epochs", X: x, Y: get(func(a axis) float64 { return a.Shuffled })},
			{Name: "quadratic, independent batches", X: x, Y: get(func(a axis) float64 { return a.Independent }), Dash: 1},
		}},
		figure.Curves{X: rank, Y: figure.Axis{Label: "curvature λ", Log: true}, Curves: []figure.Curve{{X: x, Y: get(func(a axis) float64 { return a.Curvature }), Style: figure.Points}}},
	}}
}

// sections draws the loss along components of the first leg and over a plane of two.
func (v *modesSGD) sections(w wandered, title string) figure.Figure {
	line := figure.Curves{X: figure.Axis{Label: "distance / F"}, Y: figure.Axis{Label: "training loss", Log: true}}
	for _, s := range w.Sections {
		x := make([]float64, len(s.Distance))
		for k, d := range s.Distance {
			x[k] = d / w.scale(s.Component-1)
		}
		line.Curves = append(line.Curves, figure.Curve{Name: fmt.Sprintf("component %d", s.Component), X: x, Y: s.Loss})
	}
	logs := make([]float64, len(w.Plane))
	for k, l := range w.Plane {
		logs[k] = math.Log10(l)
	}
	axis := func(k int) figure.Axis {
		return figure.Axis{Label: fmt.Sprintf("along component %d", min(v.From, len(w.Axes)-1)+k), Min: -w.Edge[k], Max: w.Edge[k]}
	}
	plane := figure.Heat{X: axis(0), Y: axis(1), Bar: "log10 of the training loss", Rows: planeCells, Values: logs}
	return figure.Panels{Title: title + ", " + w.name(), Panels: []figure.Figure{line, plane}}
}

// temperature draws λσ² of all legs against η/B with the theories, and by component.
func (v *modesSGD) temperature(f *found, title string) figure.Figure {
	var x, y, e, epochs, independent []float64
	single := figure.Curves{X: figure.Axis{Label: "principal component", Log: true}, Y: figure.Axis{Label: "temperature λσ²", Log: true}}
	for k, w := range f.Legs {
		x, y, e = append(x, w.Rate/float64(w.Batch)), append(y, w.Temperature.Mean), append(e, w.Temperature.Err)
		epochs, independent = append(epochs, w.Theory[0]), append(independent, w.Theory[1])
		single.Curves = append(single.Curves, figure.Curve{Name: w.name(), X: ranks(len(w.Axes)), Y: w.each(func(a axis) float64 { return a.Curvature * a.Variance }), Style: figure.Points, Color: k + 1})
	}
	return figure.Panels{Title: title, Panels: []figure.Figure{
		figure.Curves{X: figure.Axis{Label: "rate / batch", Log: true}, Y: figure.Axis{Label: fmt.Sprintf("temperature, components %d to %d", v.From, v.To), Log: true}, Curves: []figure.Curve{
			{Name: "measured", X: x, Y: y, Err: e, Style: figure.Points},
			{Name: "quadratic, epochs", X: x, Y: epochs, Style: figure.Points},
			{Name: "quadratic, independent batches", X: x, Y: independent, Style: figure.Points},
		}},
		single,
	}}
}

// duality draws the rise of the loss from training to test beside its expansion, and sharpness and spread of the first leg.
func (v *modesSGD) duality(f *found) figure.Figure {
	var x, rise, own, sum []float64
	for k, w := range f.Legs {
		d := w.Duality
		x, rise, own, sum = append(x, float64(k+1)), append(rise, d.Rise), append(own, d.Gradient+d.Own), append(sum, d.Quadratic)
	}
	d := f.Legs[0].Duality
	r := ranks(len(d.Sharpness))
	part := make([]float64, len(r))
	total := 0.0
	for n := range r {
		total += d.Sharpness[n] * d.Spread[n] / 2
		part[n] = total
	}
	direction := figure.Axis{Label: "direction n", Log: true}
	return figure.Panels{Title: fmt.Sprintf("%s: activity-weight duality of the last layer", v.data.Name), Panels: []figure.Figure{
		figure.Curves{X: figure.Axis{Label: "leg", Whole: true, Min: .5, Max: float64(len(x)) + .5}, Y: figure.Axis{Label: "rise of the loss"}, Curves: []figure.Curve{
			{Name: "training to test", X: x, Y: rise, Style: figure.Points}, {Name: "first and second order", X: x, Y: own, Style: figure.Points},
			{Name: "Σ λσ²/2", X: x, Y: sum, Style: figure.Points},
		}},
		figure.Curves{X: direction, Y: figure.Axis{Label: "first leg", Log: true, Min: 1e-8, Max: 10}, Curves: []figure.Curve{
			{Name: "sharpness λ", X: r, Y: d.Sharpness}, {Name: "spread σ²", X: r, Y: d.Spread}, {Name: "Σ λσ²/2 up to n", X: r, Y: part},
		}},
	}}
}
