package figure

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curves is a plot of lines and points over two axes.
type Curves struct {
	Title  string
	X, Y   Axis
	Curves []Curve
	// Gradual colours the curves from dark to light in their order, for a family along a parameter such as temperature.
	Gradual       bool
	Width, Height float64 // in centimetres; 0 means 15 by 10
}

// Axis is one axis of a plot.
type Axis struct {
	Label    string  // with its unit, if any
	Log      bool    // logarithmic; what is not positive is left out
	Min, Max float64 // equal (both 0, say) means from the data
	Whole    bool    // what is measured is counted: no marks between whole numbers
}

// Style is how a curve is drawn.
type Style int

const (
	Line       Style = iota // a line
	Points                  // marks, with error bars where Err is given
	LinePoints              // marks joined by a thin line
	Steps                   // a staircase, each value holding from its x to the next
)

// Curve is one curve: points (X[i], Y[i]), joined in their order. A point that is not finite is left out and breaks the
// line.
type Curve struct {
	Name  string // for the legend; "" leaves it out
	X, Y  []float64
	Err   []float64 // standard errors of Y; nil means none
	Style Style
	Color int // place in the palette, from 1; 0 means by the curve's position
	Dash  int // 0 solid, 1 dashed, 2 dotted, 3 dash-dotted
}

func (f Curves) size() (w, h vg.Length) { return centimetres(f.Width, 15), centimetres(f.Height, 10) }

func centimetres(x, otherwise float64) vg.Length {
	if x == 0 {
		x = otherwise
	}
	return vg.Length(x) * vg.Centimeter
}

func (f Curves) check() error {
	if err := checkSize(f.Width, f.Height); err != nil {
		return err
	}
	seen := false
	for i, c := range f.Curves {
		name := fmt.Sprintf("curve %d (%q)", i+1, c.Name)
		if len(c.X) != len(c.Y) || c.Err != nil && len(c.Err) != len(c.Y) {
			return fmt.Errorf("%s has %d x, %d y and %d errors", name, len(c.X), len(c.Y), len(c.Err))
		}
		if c.Style < Line || c.Style > Steps || c.Color < 0 || c.Dash < 0 || c.Dash >= len(dashes) {
			return fmt.Errorf("%s has style %d, colour %d, dash %d: one of them is out of range", name, c.Style, c.Color, c.Dash)
		}
		for k := range c.X {
			seen = seen || f.shown(c, k)
		}
	}
	if !seen {
		return fmt.Errorf("%q has no point to draw (finite, and positive on a logarithmic axis)", f.Title)
	}
	return nil
}

func checkSize(w, h float64) error {
	for _, x := range []float64{w, h} {
		if !(x == 0 || x >= 2 && x <= 200) {
			return fmt.Errorf("a size of %g by %g centimetres: 2 to 200, or 0 for the default", w, h)
		}
	}
	return nil
}

// shown reports whether point k of c can be drawn.
func (f Curves) shown(c Curve, k int) bool {
	return finite(c.X[k], f.X.Log) && finite(c.Y[k], f.Y.Log)
}

func finite(x float64, positive bool) bool {
	return !math.IsNaN(x) && !math.IsInf(x, 0) && (!positive || x > 0)
}

// interval is the range of y that point k of c covers with its error bar.
func (f Curves) interval(c Curve, k int) (lo, hi float64) {
	lo, hi = c.Y[k], c.Y[k]
	if c.Err != nil && finite(c.Err[k], false) {
		lo, hi = lo-c.Err[k], hi+c.Err[k]
	}
	if f.Y.Log && lo <= 0 {
		lo = c.Y[k] // the bar reaches to minus infinity: it is drawn to the edge and does not set the range
	}
	return lo, hi
}

func (f Curves) draw(c draw.Canvas) {
	p := newPlot(f.Title, f.X, f.Y)
	x, y := span{}, span{}
	for _, curve := range f.Curves {
		for k := range curve.X {
			if f.shown(curve, k) {
				lo, hi := f.interval(curve, k)
				x.add(curve.X[k])
				y.add(lo)
				y.add(hi)
			}
		}
	}
	p.X.Min, p.X.Max = x.limits(f.X)
	p.Y.Min, p.Y.Max = y.limits(f.Y)
	p.Add(grid{})
	l := f.legend()
	for i, curve := range f.Curves {
		p.Add(drawn{f, curve, f.look(i)})
	}
	p.Add(frame{})
	l.place(p, c, f)
}

// span collects the range of what is drawn.
type span struct {
	lo, hi float64
	any    bool
}

func (s *span) add(x float64) {
	if !s.any {
		s.lo, s.hi, s.any = x, x, true
	}
	s.lo, s.hi = min(s.lo, x), max(s.hi, x)
}

// limits are the ends of an axis: those asked for, or the data's with a little air.
func (s span) limits(a Axis) (lo, hi float64) {
	if a.Min < a.Max && (!a.Log || a.Min > 0) {
		return a.Min, a.Max
	}
	const air = .04
	if a.Log {
		f := math.Pow(s.hi/s.lo, air)
		if s.hi == s.lo {
			f = 2
		}
		return s.lo / f, s.hi * f
	}
	d := air * (s.hi - s.lo)
	if d <= 1e-12*max(math.Abs(s.lo), math.Abs(s.hi)) {
		d = max(.5*math.Abs(s.hi), 1e-3)
		if s.hi == 0 {
			d = 1
		}
	}
	return s.lo - d, s.hi + d
}

// look is what tells a curve from the others.
type look struct {
	color color.NRGBA
	line  draw.LineStyle
	glyph draw.GlyphStyle
	bar   draw.LineStyle
}

func (f Curves) look(i int) look {
	c := f.Curves[i]
	place := i
	if c.Color > 0 {
		place = c.Color - 1
	}
	col := palette[place%len(palette)]
	if f.Gradual && c.Color == 0 {
		col = sequential.at(.05 + .83*float64(i)/float64(max(1, len(f.Curves)-1)))
	}
	width := vg.Points(1.5)
	if c.Style == LinePoints {
		width = vg.Points(.8)
	}
	return look{
		color: col,
		line:  draw.LineStyle{Color: col, Width: width, Dashes: dashes[c.Dash]},
		glyph: draw.GlyphStyle{Color: col, Radius: vg.Points(2.6), Shape: glyphs[place%len(glyphs)]},
		bar:   draw.LineStyle{Color: col, Width: vg.Points(1)},
	}
}

// drawn is a curve on a plot.
type drawn struct {
	f Curves
	Curve
	look look
}

func (d drawn) Plot(c draw.Canvas, p *plot.Plot) {
	if d.Style != Points {
		for _, run := range d.runs(c, p) {
			c.StrokeLines(d.look.line, c.ClipLinesXY(run)...)
		}
	}
	if d.Style != Points && d.Style != LinePoints && d.Err == nil {
		return
	}
	tx, ty := p.Transforms(&c)
	for k := range d.X {
		if !d.f.shown(d.Curve, k) {
			continue
		}
		x, y := tx(d.X[k]), ty(d.Y[k])
		if d.Err != nil && finite(d.Err[k], false) && d.Err[k] > 0 && c.ContainsX(x) {
			d.bar(c, p, x, d.Y[k]-d.Err[k], d.Y[k]+d.Err[k])
		}
		if d.Style == Points || d.Style == LinePoints {
			c.DrawGlyph(d.look.glyph, vg.Point{X: x, Y: y})
		}
	}
}

// bar draws an error bar with caps at the ends that lie on the plot.
func (d drawn) bar(c draw.Canvas, p *plot.Plot, x vg.Length, lo, hi float64) {
	cap := vg.Points(2)
	bottom, top := c.Min.Y, c.Y(p.Y.Norm(hi))
	if !d.f.Y.Log || lo > 0 {
		bottom = c.Y(p.Y.Norm(lo))
	}
	if bottom > c.Max.Y || top < c.Min.Y {
		return
	}
	if top <= c.Max.Y {
		c.StrokeLine2(d.look.bar, x-cap, top, x+cap, top)
	}
	if bottom > c.Min.Y {
		c.StrokeLine2(d.look.bar, x-cap, bottom, x+cap, bottom)
	}
	c.StrokeLine2(d.look.bar, x, max(bottom, c.Min.Y), x, min(top, c.Max.Y))
}

// runs are the unbroken pieces of the line on the canvas.
func (d drawn) runs(c draw.Canvas, p *plot.Plot) [][]vg.Point {
	tx, ty := p.Transforms(&c)
	var runs [][]vg.Point
	var run []vg.Point
	for k := range d.X {
		if !d.f.shown(d.Curve, k) {
			runs, run = append(runs, run), nil
			continue
		}
		at := vg.Point{X: tx(d.X[k]), Y: ty(d.Y[k])}
		if d.Style == Steps && len(run) > 0 {
			run = append(run, vg.Point{X: at.X, Y: run[len(run)-1].Y})
		}
		run = append(run, at)
	}
	return append(runs, run)
}

// Thumbnail draws the curve's sign in the legend.
func (d drawn) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	if d.Style != Points {
		c.StrokeLine2(d.look.line, c.Min.X, y, c.Max.X, y)
	}
	if d.Err != nil {
		h := vg.Points(4)
		c.StrokeLine2(d.look.bar, c.Center().X, y-h, c.Center().X, y+h)
	}
	if d.Style == Points || d.Style == LinePoints {
		c.DrawGlyphNoClip(d.look.glyph, c.Center())
	}
}

// frame draws the two axes' lines, joined at their corner.
type frame struct{}

func (frame) Plot(c draw.Canvas, _ *plot.Plot) {
	c.StrokeLines(draw.LineStyle{Color: ink, Width: vg.Points(.6)},
		[]vg.Point{{X: c.Min.X, Y: c.Max.Y}, c.Min, {X: c.Max.X, Y: c.Min.Y}})
}

// grid draws pale lines at the major marks.
type grid struct{}

func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	thin := draw.LineStyle{Color: pale, Width: vg.Points(.5)}
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if x := tx(t.Value); !t.IsMinor() && c.ContainsX(x) {
			c.StrokeLine2(thin, x, c.Min.Y, x, c.Max.Y)
		}
	}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if y := ty(t.Value); !t.IsMinor() && c.ContainsY(y) {
			c.StrokeLine2(thin, c.Min.X, y, c.Max.X, y)
		}
	}
}
