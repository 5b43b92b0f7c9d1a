package main

import (
	"fmt"

	"cavity/engine/figure"
	"cavity/models/modes"
)

// figures draws the analysis.
func (v *modesAnalyse) figures(a *analysed, theory []float64) []picture {
	title := fmt.Sprintf("%s, layers %v, %s", v.data.Name, v.net.Layers, v.net.Space)
	if v.net.InModes() {
		title += fmt.Sprintf(", P = %d", v.net.P)
	}
	pictures := []picture{{"spectrum", v.spectrum(a, title)}, {"representation", v.layers(a, theory, title)}}
	if v.net.InModes() {
		pictures = append(pictures, picture{"removal", v.removal(a, title)}, picture{"correlation", v.correlation(a, title)})
	}
	return pictures
}

// ranks are 1, 2, ….
func ranks(n int) []float64 {
	x := make([]float64, n)
	for k := range x {
		x[k] = float64(k + 1)
	}
	return x
}

// spectrum draws singular values, significances and overlaps of subspaces against their ranks.
func (v *modesAnalyse) spectrum(a *analysed, title string) figure.Figure {
	values := figure.Curves{X: figure.Axis{Label: "rank", Log: true}, Y: figure.Axis{Label: "singular value of W", Log: true}}
	tau := figure.Curves{X: values.X, Y: figure.Axis{Label: "significance τ", Log: true}}
	overlap := figure.Curves{X: figure.Axis{Label: "leading directions k"}, Y: figure.Axis{Label: "overlap of subspaces", Min: 0, Max: 1.05}}
	for l, x := range a.Values {
		top := x[0]
		keep := len(x)
		for keep > 1 && x[keep-1] < 1e-7*top {
			keep-- // zero but for rounding
		}
		name := fmt.Sprintf("layer %d", l+1)
		values.Curves = append(values.Curves, figure.Curve{Name: name, X: ranks(keep), Y: x[:keep], Style: figure.LinePoints})
		if a.Law != nil {
			tau.Curves = append(tau.Curves, figure.Curve{Name: name, X: ranks(len(a.Law[l].Tau)), Y: a.Law[l].Tau, Style: figure.LinePoints})
		}
	}
	for l, x := range a.Overlap {
		overlap.Curves = append(overlap.Curves, figure.Curve{Name: fmt.Sprintf("layers %d and %d", l+1, l+2), X: ranks(len(x)), Y: x, Style: figure.LinePoints, Color: l + 1})
		chance := make([]float64, len(x))
		for k := range x {
			chance[k] = float64(k+1) / float64(v.net.Layers[l+1])
		}
		overlap.Curves = append(overlap.Curves, figure.Curve{Name: "by chance", X: ranks(len(x)), Y: chance, Color: l + 1, Dash: 1})
	}
	if a.Law != nil {
		l := len(a.Law) / 2
		tau.Curves = append(tau.Curves, figure.Curve{Name: fmt.Sprintf("slopes %g and %g", modes.Published.Head, modes.Published.Tail), X: ranks(len(a.Law[l].Tau)), Y: modes.Published.Guide(a.Law[l]), Dash: 1})
	}
	panels := []figure.Figure{values}
	if a.Law != nil {
		panels = append(panels, tau)
	}
	if a.Overlap != nil {
		panels = append(panels, overlap)
	}
	return figure.Panels{Title: title, Panels: panels}
}

// layers draws dimension and separability of the representations.
func (v *modesAnalyse) layers(a *analysed, theory []float64, title string) figure.Figure {
	var x []float64
	for l := range a.Dimensions {
		x = append(x, float64(l))
	}
	layer := figure.Axis{Label: "layer (0: pictures)", Whole: true}
	zero := figure.Curves{X: layer, Y: figure.Axis{Label: "participation ratio about zero"}, Curves: []figure.Curve{
		{Name: "trained", X: x, Y: a.Zero, Style: figure.LinePoints}, {Name: "weights shuffled", X: x, Y: a.ZeroMixed, Style: figure.LinePoints},
	}}
	if theory != nil {
		zero.Curves = append(zero.Curves, figure.Curve{Name: "random, theory", X: x, Y: theory, Dash: 1})
	}
	return figure.Panels{Title: title, Panels: []figure.Figure{
		figure.Curves{X: layer, Y: figure.Axis{Label: "participation ratio D"}, Curves: []figure.Curve{
			{Name: "trained", X: x, Y: a.Dimensions, Style: figure.LinePoints}, {Name: "weights shuffled", X: x, Y: a.Shuffled, Style: figure.LinePoints},
		}},
		zero,
		figure.Curves{X: layer, Y: figure.Axis{Label: "test accuracy of a linear probe"}, Curves: []figure.Curve{{X: x, Y: a.Separable, Style: figure.LinePoints}}},
	}}
}

// removal draws the accuracy against the share of modes removed, a panel a layer.
func (v *modesAnalyse) removal(a *analysed, title string) figure.Figure {
	f := figure.Panels{Title: title}
	for l, curves := range a.Removal {
		p := figure.Curves{Title: fmt.Sprintf("layer %d", l+1), X: figure.Axis{Label: "share of modes removed"}, Y: figure.Axis{Label: "test accuracy", Min: 0, Max: 1.02}}
		for _, o := range modes.Orders {
			p.Curves = append(p.Curves, figure.Curve{Name: string(o) + " τ", X: a.Fraction, Y: curves[o], Style: figure.LinePoints})
		}
		p.Curves[2].Name = "random"
		f.Panels = append(f.Panels, p)
	}
	return f
}

// correlation draws the cosines between input modes, the first forty of every layer.
func (v *modesAnalyse) correlation(a *analysed, title string) figure.Figure {
	f := figure.Panels{Title: title}
	n := min(v.net.P, 40)
	for l, c := range a.In {
		cells := make([]float64, 0, n*n)
		for i := range n {
			cells = append(cells, c[i*v.net.P:i*v.net.P+n]...)
		}
		f.Panels = append(f.Panels, figure.Heat{Title: fmt.Sprintf("input modes of layer %d", l+1), X: figure.Axis{Label: "mode"}, Y: figure.Axis{Label: "mode"}, Bar: "cosine", Rows: n, Values: cells, Signed: true})
	}
	return f
}
