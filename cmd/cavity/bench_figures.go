package main

import (
	"fmt"
	"slices"
	"strings"

	"cavity/bench"
	"cavity/engine/figure"
)

// growth draws time against size for each family, a curve a backend.
func growth(rs []bench.Result) []picture {
	figures := map[string]*figure.Curves{}
	for _, r := range rs {
		if r.Family == "" || r.Error != "" || !bench.Lower(r.Unit) {
			continue
		}
		name := strings.ReplaceAll(r.Suite+"-"+r.Family, " ", "-")
		f := figures[name]
		if f == nil {
			f = &figure.Curves{Title: r.Suite + ": " + r.Family, X: figure.Axis{Label: "size", Log: true}, Y: figure.Axis{Label: "time [" + r.Unit + "]", Log: true}}
			figures[name] = f
		}
		label := fmt.Sprintf("%s, %d workers", r.Where(), r.Workers)
		i := slices.IndexFunc(f.Curves, func(c figure.Curve) bool { return c.Name == label })
		if i < 0 {
			f.Curves = append(f.Curves, figure.Curve{Name: label, Style: figure.LinePoints})
			i = len(f.Curves) - 1
		}
		c := &f.Curves[i]
		c.X, c.Y = append(c.X, r.Size), append(c.Y, r.Value)
	}
	var out []picture
	for _, name := range bench.Sorted(figures) {
		out = append(out, picture{name, *figures[name]})
	}
	return out
}

// errorsInTime draws the error of each sampler's estimate against the time of a chain, a figure for each estimate.
func errorsInTime(rs []bench.Result) []picture {
	figures := map[string]*figure.Curves{}
	for _, r := range rs {
		if r.Trace == nil || r.Error != "" {
			continue
		}
		f := figures[r.Trace.Figure]
		if f == nil {
			f = &figure.Curves{Title: r.Trace.Figure, X: figure.Axis{Label: "processor time of a chain [s]", Log: true},
				Y: figure.Axis{Label: "root mean square error", Log: true}, Width: 18, Height: 11}
			figures[r.Trace.Figure] = f
		}
		f.Curves = append(f.Curves, figure.Curve{Name: r.Trace.Curve, X: r.Trace.Seconds, Y: r.Trace.Error, Dash: len(f.Curves) % 4})
	}
	var out []picture
	for _, name := range bench.Sorted(figures) {
		file := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" =,", r) {
				return '-'
			}
			return r
		}, name)
		out = append(out, picture{"samplers-" + file, *figures[name]})
	}
	return out
}
