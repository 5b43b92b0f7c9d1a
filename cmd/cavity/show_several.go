package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"cavity/engine/figure"
	"cavity/engine/store"
)

// A sized run is one of several that differ in size.
type sizedRun struct {
	dir, model string
	size       int
	ts         []float64
	series     []store.Array
}

// open reads the runs, in the order of their sizes.
func (v *show) open() ([]sizedRun, error) {
	var runs []sizedRun
	for _, dir := range v.Dirs {
		r, err := openSized(dir)
		if err != nil {
			return nil, err
		}
		if len(runs) > 0 && r.model != runs[0].model {
			return nil, misusef("%s is a run of %s and %s of %s: runs of one model are shown together", dir, r.model, runs[0].dir, runs[0].model)
		}
		if i := slices.IndexFunc(runs, func(o sizedRun) bool { return o.size == r.size }); i >= 0 {
			return nil, misusef("%s and %s have the same size %d", runs[i].dir, dir, r.size)
		}
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(a, b sizedRun) int { return a.size - b.size })
	return runs, nil
}

// several shows runs of one model at several sizes together: the crossings of Binder parameters and of ξ_L/L.
func (v *show) several(f *frame) error {
	runs, err := v.open()
	if err != nil {
		return err
	}
	quantities := []struct {
		key, label string
		scale      func(size int) float64
		of         func(s samples, k int) float64 // nil: no crossing
	}{
		{"binder", "Binder parameter", func(int) float64 { return 1 }, samples.binder},
		{"correlation_length", "ξ / L", func(size int) float64 { return 1 / float64(size) }, samples.correlation},
		{"energy", "energy per spin e", func(int) float64 { return 1 }, nil},
		{"specific_heat", "specific heat c", func(int) float64 { return 1 }, nil},
	}
	var sum store.Summary
	sum.Set("model", runs[0].model)
	sum.Set("sizes", sizesOf(runs))
	picture := figure.Panels{Title: runs[0].model}
	for _, q := range quantities {
		curves := figure.Curves{X: figure.Axis{Label: "temperature T"}, Y: figure.Axis{Label: q.label}}
		for _, r := range runs {
			y, err := r.column(q.key, q.scale(r.size))
			if err != nil {
				return err
			}
			sigma, err := r.column(q.key+"_err", q.scale(r.size))
			if err != nil {
				return err
			}
			if len(y) == len(r.ts) && len(sigma) == len(r.ts) {
				curves.Curves = append(curves.Curves, figure.Curve{Name: fmt.Sprintf("size %d", r.size), X: r.ts, Y: y, Err: sigma, Style: figure.LinePoints})
			}
		}
		if len(curves.Curves) < len(runs) {
			continue // not measured by all
		}
		picture.Panels = append(picture.Panels, curves)
		if q.of != nil && runs[0].ordered() {
			if err := crossings(&sum, q.key, runs, curves.Curves, q.of); err != nil {
				return err
			}
		}
	}
	if ground, err := lowestEnergies(&sum, runs); err != nil {
		return err
	} else if ground != nil {
		picture.Panels = append(picture.Panels, *ground)
	}
	if len(picture.Panels) == 0 {
		return fmt.Errorf("the runs hold no series against temperature that they share")
	}
	if err := f.print(v.JSON, sum); err != nil || v.Figures == "" {
		return err
	}
	return v.draw(f, picture)
}

func sizesOf(runs []sizedRun) (sizes []int) {
	for _, r := range runs {
		sizes = append(sizes, r.size)
	}
	return sizes
}

// openSized reads what a finished run of temper holds.
func openSized(dir string) (sizedRun, error) {
	s := sizedRun{dir: dir}
	r, err := store.Open(dir)
	if err != nil {
		return s, err
	}
	defer r.Close()
	settings, err := r.Read(store.SettingsFile)
	if err != nil {
		return s, err
	}
	list, err := store.DecodeSettings(r.Path(store.SettingsFile), settings)
	if err != nil {
		return s, err
	}
	couplings := ""
	for _, x := range list {
		switch x.Key {
		case "model":
			s.model = fmt.Sprint(x.Value)
		case "couplings":
			if c := fmt.Sprint(x.Value); c != "auto" {
				couplings = " " + c
			}
		case "size":
			if n, ok := x.Value.(int64); ok {
				s.size = int(n)
			}
		}
	}
	if s.model == "" || s.size < 1 {
		return s, misusef("%s is not a run of a spin model with a size", dir)
	}
	s.model += couplings
	if !r.Has(store.SummaryFile) || !r.Has(store.SeriesFile) {
		return s, fmt.Errorf("%s: the run is not finished", dir)
	}
	if s.series, err = store.ReadNpz(r.Path(store.SeriesFile)); err != nil {
		return s, err
	}
	s.ts, err = s.column("temperatures", 1)
	if err == nil && len(s.ts) == 0 {
		err = misusef("%s holds no temperatures", dir)
	}
	return s, err
}

// column is a series times a number, nil where the run does not have it.
func (s *sizedRun) column(key string, scale float64) ([]float64, error) {
	a, ok := store.Find(s.series, key)
	if !ok {
		return nil, nil
	}
	x, err := store.Values[float64](a)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", s.dir, key, err)
	}
	x = slices.Clone(x)
	for i := range x {
		x[i] *= scale
	}
	return x, nil
}

// draw writes the figure as SVG and PNG to the folder that --figures names.
func (v *show) draw(f *frame, p figure.Figure) error {
	if err := os.MkdirAll(v.Figures, 0o777); err != nil {
		return err
	}
	for end, write := range map[string]func(io.Writer, figure.Figure) error{".svg": figure.WriteSVG, ".png": figure.WritePNG} {
		var b bytes.Buffer
		if err := write(&b, p); err != nil {
			return err
		}
		name := filepath.Join(v.Figures, "crossings"+end)
		if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	if !v.JSON {
		fmt.Fprintln(f.stdout, filepath.Join(v.Figures, "crossings.svg"))
	}
	return nil
}
