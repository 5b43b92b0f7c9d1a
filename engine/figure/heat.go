package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Heat is a matrix drawn as coloured cells, with a bar that gives the colours their numbers.
type Heat struct {
	Title  string
	X, Y   Axis      // Min and Max are the edges of the matrix; equal means that columns and rows are counted from 0
	Bar    string    // label of the colour bar
	Rows   int       // rows of the matrix; row 0 is drawn at the bottom, where Y begins
	Values []float64 // row by row; NaN cells are pale grey
	// Signed centres the colours on zero: blue below, white at it, vermilion above.
	Signed        bool
	Width, Height float64 // in centimetres; 0 means 13 by 10.5
}

func (f Heat) size() (w, h vg.Length) { return centimetres(f.Width, 13), centimetres(f.Height, 10.5) }

func (f Heat) check() error {
	if err := checkSize(f.Width, f.Height); err != nil {
		return err
	}
	if f.Rows < 1 || len(f.Values) == 0 || len(f.Values)%f.Rows != 0 {
		return fmt.Errorf("%q: %d values do not make %d rows", f.Title, len(f.Values), f.Rows)
	}
	if f.X.Log || f.Y.Log {
		return fmt.Errorf("%q: the axes of a heat map are linear", f.Title)
	}
	for _, v := range f.Values {
		if finite(v, false) {
			return nil
		}
	}
	return fmt.Errorf("%q has no finite value", f.Title)
}

// colours returns the ramp and the values at its ends.
func (f Heat) colours() (r ramp, lo, hi float64) {
	s := span{}
	for _, v := range f.Values {
		if finite(v, false) {
			s.add(v)
		}
	}
	if f.Signed {
		m := max(math.Abs(s.lo), math.Abs(s.hi), math.SmallestNonzeroFloat32)
		return diverging, -m, m
	}
	if s.lo == s.hi {
		s.lo, s.hi = s.limits(Axis{})
	}
	return sequential, s.lo, s.hi
}

func (f Heat) draw(c draw.Canvas) {
	r, lo, hi := f.colours()
	cols := len(f.Values) / f.Rows
	main := newPlot(f.Title, f.X, f.Y)
	main.X.Min, main.X.Max = edges(f.X, cols)
	main.Y.Min, main.Y.Max = edges(f.Y, f.Rows)
	main.Add(cells{f.Values, f.Rows, r, lo, hi}, frame{})
	bar := colourBar{f.Bar, r, lo, hi}
	room := draw.Crop(c, 0, -bar.width(), 0, 0)
	main.Draw(room)
	bar.draw(c, main.DataCanvas(room).Rectangle)
}

// colourBar gives the colours their numbers, to the right of a matrix.
type colourBar struct {
	label  string
	ramp   ramp
	lo, hi float64
}

// The bar's measures, in points.
const (
	barAway  = 12 // from the matrix
	barWidth = 11
	barTick  = 4
)

func (b colourBar) ticks() []plot.Tick { return linearTicks{}.Ticks(b.lo, b.hi) }

// width is the room that the bar needs beside the matrix.
func (b colourBar) width() vg.Length {
	w := vg.Points(barAway + barWidth + barTick + 3)
	numbers := vg.Length(0)
	for _, t := range b.ticks() {
		numbers = max(numbers, textStyle(9, false).Width(t.Label))
	}
	if b.label != "" {
		w += vg.Points(6) + textStyle(10.5, false).Height(b.label)
	}
	return w + numbers
}

// draw paints the bar level with the matrix, which lies in m.
func (b colourBar) draw(c draw.Canvas, m vg.Rectangle) {
	at := vg.Rectangle{
		Min: vg.Point{X: m.Max.X + vg.Points(barAway), Y: m.Min.Y},
		Max: vg.Point{X: m.Max.X + vg.Points(barAway+barWidth), Y: m.Max.Y},
	}
	const shades = 256
	values := make([]float64, shades)
	for i := range values {
		values[i] = b.lo + (b.hi-b.lo)*(float64(i)+.5)/shades
	}
	bar := draw.Canvas{Canvas: c.Canvas, Rectangle: at}
	cells{values, shades, b.ramp, b.lo, b.hi}.Plot(bar, nil)
	thin := draw.LineStyle{Color: ink, Width: vg.Points(.6)}
	numbers := textStyle(9, false)
	numbers.YAlign = draw.YCenter
	for _, t := range b.ticks() {
		y := bar.Y((t.Value - b.lo) / (b.hi - b.lo))
		c.StrokeLine2(thin, at.Max.X, y, at.Max.X+vg.Points(barTick), y)
		c.FillText(numbers, vg.Point{X: at.Max.X + vg.Points(barTick+3), Y: y + vg.Points(1)}, t.Label)
	}
	label := textStyle(10.5, false)
	label.XAlign, label.YAlign, label.Rotation = draw.XCenter, draw.YBottom, math.Pi/2
	c.FillText(label, vg.Point{X: c.Max.X - vg.Points(1), Y: bar.Center().Y}, b.label)
}

// edges are the ends of an axis of n cells.
func edges(a Axis, n int) (lo, hi float64) {
	if a.Min < a.Max {
		return a.Min, a.Max
	}
	return -.5, float64(n) - .5
}

// cells paints a matrix over the whole plot, row 0 at the bottom.
type cells struct {
	values []float64
	rows   int
	ramp   ramp
	lo, hi float64
}

func (h cells) Plot(c draw.Canvas, _ *plot.Plot) {
	c.DrawImage(c.Rectangle, mosaic(h.values, len(h.values)/h.rows, 600, true, func(v float64) color.NRGBA {
		return h.ramp.at((v - h.lo) / (h.hi - h.lo))
	}))
}

// mosaic turns values into coloured tiles of several dots, so that viewers which smooth enlarged images keep their
// edges: about so many dots along the longer side. The first row of values is at the top, or at the bottom when upward.
func mosaic(values []float64, cols, dots int, upward bool, shade func(float64) color.NRGBA) image.Image {
	rows := len(values) / cols
	tile := max(1, dots/max(rows, cols))
	img := image.NewNRGBA(image.Rect(0, 0, cols*tile, rows*tile))
	for k, v := range values {
		row := k / cols
		if upward {
			row = rows - 1 - row
		}
		colour := shade(v)
		for y := row * tile; y < (row+1)*tile; y++ {
			for x := k % cols * tile; x < (k%cols+1)*tile; x++ {
				img.SetNRGBA(x, y, colour)
			}
		}
	}
	return img
}
