package figure

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gallery holds one figure of every kind, with the difficulties that results have.
func gallery() map[string]Figure {
	temperatures := []float64{.5, .7, .9, 1.1, 1.3, 1.5, 1.7, 1.9}
	var energy, heat, err, binder [3][]float64
	for k := range 3 {
		for _, t := range temperatures {
			energy[k] = append(energy[k], -1.7+.4*t*t/(1+.3*t)+.05*float64(k))
			heat[k] = append(heat[k], .9*math.Exp(-4*(t-.9-.1*float64(k))*(t-.9-.1*float64(k))))
			err[k] = append(err[k], .02+.02*t)
			binder[k] = append(binder[k], .5-.5*math.Tanh(float64(k+1)*(t-1.1)))
		}
	}
	var x, slow, fast []float64
	for i := range 200 {
		t := .01 * math.Pow(1.07, float64(i))
		x = append(x, t)
		slow = append(slow, math.Pow(t, -.3))
		fast = append(fast, math.Exp(-t/3))
	}
	slow[100] = math.NaN()
	matrix := make([]float64, 40*60)
	for i := range matrix {
		matrix[i] = math.Sin(float64(i%60)/6) * math.Cos(float64(i/60)/5) * 3
	}
	matrix[0] = math.NaN()
	var filters [][]float64
	for k := range 20 {
		f := make([]float64, 28*28)
		for i := range f {
			a, b := float64(i%28-14)-float64(k%5), float64(i/28-14)+float64(k/5)
			f[i] = math.Cos(a/float64(2+k/4)) * math.Exp(-(a*a+b*b)/60)
		}
		filters = append(filters, f)
	}
	curve := func(name string, y, err []float64, s Style) Curve {
		return Curve{Name: name, X: temperatures, Y: y, Err: err, Style: s}
	}
	curves := Curves{
		Title: "Edwards-Anderson model, 3D, L = 8", X: Axis{Label: "temperature T"}, Y: Axis{Label: "energy per spin"},
		Curves: []Curve{
			curve("16 systems", energy[0], err[0], LinePoints), curve("another law", energy[1], err[1], Points),
			{Name: "exact", X: temperatures, Y: energy[2], Dash: 1},
		},
	}
	return map[string]Figure{
		"curves": curves,
		"gradual": Curves{
			Title: "No corner is free", X: Axis{Label: "T"}, Y: Axis{Label: "Binder cumulant g"}, Gradual: true,
			Curves: []Curve{curve("L = 4", binder[0], err[0], LinePoints), curve("L = 8", binder[1], err[1], LinePoints), curve("L = 16", binder[2], err[2], LinePoints),
				{X: []float64{.5, 1.9}, Y: []float64{0, 1}, Dash: 2}},
		},
		"log": Curves{
			Title: "Relaxation", X: Axis{Label: "time t (sweeps)", Log: true}, Y: Axis{Label: "C(t)", Log: true, Min: 1e-3, Max: 10},
			Curves: []Curve{{Name: "power law", X: x, Y: slow}, {Name: "exponential", X: x, Y: fast, Dash: 1},
				{Name: "measured", X: []float64{.1, 1, 10, 100}, Y: []float64{1.9, .9, .3, .01}, Err: []float64{.1, .1, .1, .02}, Style: Points}},
		},
		"steps":  Curves{X: Axis{Label: "overlap q"}, Y: Axis{Label: "P(q)"}, Curves: []Curve{{Name: "T = 0.5", X: temperatures, Y: heat[0], Style: Steps}}},
		"heat":   Heat{Title: "Correlation C(t, t′)", X: Axis{Label: "t", Max: 12}, Y: Axis{Label: "t′", Max: 8}, Bar: "C", Rows: 40, Values: matrix},
		"signed": Heat{Title: "Couplings", X: Axis{Label: "i"}, Y: Axis{Label: "j"}, Bar: "J", Rows: 40, Values: matrix, Signed: true},
		"images": Images{Title: "Filters", Rows: 28, Pictures: filters, Columns: 7, Signed: true},
		"digits": Images{Rows: 28, Pictures: filters[:5], Columns: 5, Captions: []string{"0", "1", "2", "3", "4"}, Width: 10},
		"panels": Panels{Title: "Four views of one run", Panels: []Figure{curves,
			Curves{X: Axis{Label: "T"}, Y: Axis{Label: "specific heat"}, Curves: []Curve{curve("", heat[0], err[0], LinePoints)}},
			Heat{X: Axis{Label: "t"}, Y: Axis{Label: "t′"}, Bar: "C", Rows: 40, Values: matrix},
			Images{Rows: 28, Pictures: filters[:9]}}},
	}
}

// Every figure is drawn twice to the same bytes, in both formats; CAVITY_GALLERY names a folder to keep them in.
func TestGallery(t *testing.T) {
	for name, f := range gallery() {
		var svg, again, raster bytes.Buffer
		if err := WriteSVG(&svg, f); err != nil {
			t.Fatal(name, err)
		}
		if err := WriteSVG(&again, f); err != nil {
			t.Fatal(name, err)
		}
		if !bytes.Equal(svg.Bytes(), again.Bytes()) {
			t.Errorf("%s: drawn twice, it differs", name)
		}
		if err := WritePNG(&raster, f); err != nil {
			t.Fatal(name, err)
		}
		img, err := png.Decode(bytes.NewReader(raster.Bytes()))
		if err != nil {
			t.Fatal(name, err)
		}
		w, h := f.size()
		if got, want := img.Bounds().Dx(), int(math.Round(w.Dots(dpi))); got < want-1 || got > want+1 {
			t.Errorf("%s: %d dots wide, want %d", name, got, want)
		}
		if got, want := img.Bounds().Dy(), int(math.Round(h.Dots(dpi))); got < want-1 || got > want+1 {
			t.Errorf("%s: %d dots high, want %d", name, got, want)
		}
		if dir := os.Getenv("CAVITY_GALLERY"); dir != "" {
			os.WriteFile(filepath.Join(dir, name+".svg"), svg.Bytes(), 0o644)
			os.WriteFile(filepath.Join(dir, name+".png"), raster.Bytes(), 0o644)
		}
	}
}

// Labels and names reach the file as text, in a font with fallbacks.
func TestSVGText(t *testing.T) {
	var b bytes.Buffer
	if err := WriteSVG(&b, gallery()["curves"]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">temperature T<", ">energy per spin<", ">16 systems<", ">exact<", "Arial,Helvetica,sans-serif", "−1.6"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in the SVG", want)
		}
	}
}

func TestErrors(t *testing.T) {
	nan := math.NaN()
	for want, f := range map[string]Figure{
		`curve 1 ("a") has 2 x, 1 y and 0 errors`: Curves{Curves: []Curve{{Name: "a", X: []float64{1, 2}, Y: []float64{1}}}},
		`curve 1 ("") has 1 x, 1 y and 2 errors`:  Curves{Curves: []Curve{{X: []float64{1}, Y: []float64{1}, Err: []float64{1, 2}}}},
		`"t" has no point to draw`:                Curves{Title: "t", Curves: []Curve{{X: []float64{1}, Y: []float64{nan}}}},
		`no point to draw (finite, and positive`:  Curves{Y: Axis{Log: true}, Curves: []Curve{{X: []float64{1}, Y: []float64{0}}}},
		`style 9`:                                 Curves{Curves: []Curve{{X: []float64{1}, Y: []float64{1}, Style: 9}}},
		`a size of 1000 by 0 centimetres`:         Curves{Width: 1000},
		`"h": 5 values do not make 2 rows`:        Heat{Title: "h", Rows: 2, Values: make([]float64, 5)},
		`has no finite value`:                     Heat{Rows: 1, Values: []float64{nan}},
		`the axes of a heat map are linear`:       Heat{X: Axis{Log: true}, Rows: 1, Values: []float64{1}},
		`has no pictures`:                         Images{},
		`pictures of 5 pixels do not have 2 rows`: Images{Rows: 2, Pictures: [][]float64{make([]float64, 5)}},
		`picture 1 has 2 pixels, the first has 4`: Images{Rows: 2, Pictures: [][]float64{make([]float64, 4), make([]float64, 2)}},
		`1 captions for 2 pictures`:               Images{Rows: 1, Pictures: [][]float64{{1}, {2}}, Captions: []string{"a"}},
		`0 panels`:                                Panels{},
		`panel 2: "" has no pictures`:             Panels{Panels: []Figure{Heat{Rows: 1, Values: []float64{1}}, Images{}}},
	} {
		for format, write := range map[string]func(*bytes.Buffer) error{
			"SVG": func(b *bytes.Buffer) error { return WriteSVG(b, f) },
			"PNG": func(b *bytes.Buffer) error { return WritePNG(b, f) },
		} {
			if err := write(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", format, err, want)
			}
		}
	}
}
