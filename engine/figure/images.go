package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Images is a grid of small pictures of one size: the filters of a Boltzmann machine, its samples, digits.
type Images struct {
	Title    string
	Rows     int         // rows of pixels of every picture
	Pictures [][]float64 // each row by row, from the top left pixel
	Columns  int         // pictures side by side; 0 makes the grid about square
	Captions []string    // below the pictures; nil for none
	// Signed centres the colours on zero (blue below, vermilion above), for weights; otherwise the least value of a
	// picture is white and its greatest black.
	Signed bool
	// Common gives all pictures one scale; otherwise each has its own.
	Common bool
	Width  float64 // in centimetres; 0 means 15
}

func (f Images) check() error {
	if err := checkSize(f.Width, 0); err != nil {
		return err
	}
	if len(f.Pictures) == 0 {
		return fmt.Errorf("%q has no pictures", f.Title)
	}
	n := len(f.Pictures[0])
	if f.Rows < 1 || n == 0 || n%f.Rows != 0 {
		return fmt.Errorf("%q: pictures of %d pixels do not have %d rows", f.Title, n, f.Rows)
	}
	for i, p := range f.Pictures {
		if len(p) != n {
			return fmt.Errorf("%q: picture %d has %d pixels, the first has %d", f.Title, i, len(p), n)
		}
	}
	if f.Columns < 0 || f.Captions != nil && len(f.Captions) != len(f.Pictures) {
		return fmt.Errorf("%q: %d columns and %d captions for %d pictures", f.Title, f.Columns, len(f.Captions), len(f.Pictures))
	}
	return nil
}

// shape is the grid: columns, rows, and the side lengths of a cell with its gap and caption.
func (f Images) shape() (cols, rows int, w, h, between, caption vg.Length) {
	cols = f.Columns
	if cols == 0 {
		cols = int(math.Ceil(math.Sqrt(float64(len(f.Pictures)))))
	}
	cols = min(cols, len(f.Pictures))
	rows = (len(f.Pictures) + cols - 1) / cols
	room := centimetres(f.Width, 15) - 2*margin
	between = min(vg.Points(5), room/vg.Length(cols)*.12)
	w = (room - between*vg.Length(cols-1)) / vg.Length(cols)
	pixels := len(f.Pictures[0]) / f.Rows
	h = w * vg.Length(f.Rows) / vg.Length(pixels)
	if f.Captions != nil {
		caption = vg.Points(12)
	}
	return cols, rows, w, h, between, caption
}

func (f Images) size() (w, h vg.Length) {
	_, rows, _, cell, between, caption := f.shape()
	h = 2*margin + vg.Length(rows)*(cell+caption) + vg.Length(rows-1)*between
	if f.Title != "" {
		h += vg.Points(titleRoom)
	}
	return centimetres(f.Width, 15), h
}

// titleRoom is the height of a title with the space below it, in points.
const titleRoom = 22

func (f Images) draw(c draw.Canvas) {
	cols, rows, w, h, between, caption := f.shape()
	if f.Title != "" {
		c = title(c, f.Title)
	}
	// Panels may give another room than size asks for: the grid shrinks to fit it.
	needW := vg.Length(cols)*w + vg.Length(cols-1)*between
	needH := vg.Length(rows)*(h+caption) + vg.Length(rows-1)*between
	room := c.Size()
	scale := min(1, room.X/needW, room.Y/needH)
	w, h, between = w*scale, h*scale, between*scale
	left := c.Min.X + (room.X-needW*scale)/2
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, p := range f.Pictures {
		a, b := extremes(p)
		lo, hi = min(lo, a), max(hi, b)
	}
	style := textStyle(8, false)
	style.XAlign, style.YAlign = draw.XCenter, draw.YTop
	for i, p := range f.Pictures {
		x := left + vg.Length(i%cols)*(w+between)
		y := c.Max.Y - vg.Length(i/cols)*(h+between+caption)
		a, b := lo, hi
		if !f.Common {
			a, b = extremes(p)
		}
		frame := vg.Rectangle{Min: vg.Point{X: x, Y: y - h}, Max: vg.Point{X: x + w, Y: y}}
		c.DrawImage(frame, f.picture(p, max(100, 1200/cols), a, b))
		c.StrokeLines(draw.LineStyle{Color: pale, Width: vg.Points(.5)}, []vg.Point{
			frame.Min, {X: frame.Max.X, Y: frame.Min.Y}, frame.Max, {X: frame.Min.X, Y: frame.Max.Y}, frame.Min})
		if f.Captions != nil {
			c.FillText(style, vg.Point{X: x + w/2, Y: y - h - vg.Points(1)}, f.Captions[i])
		}
	}
}

// title writes a heading over the canvas and returns the room below it.
func title(c draw.Canvas, text string) draw.Canvas {
	style := textStyle(11, true)
	style.XAlign, style.YAlign = draw.XCenter, draw.YTop
	c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y}, text)
	return draw.Crop(c, 0, 0, 0, -vg.Points(titleRoom))
}

// extremes are the least and the greatest finite value; 0 and 0 when there is none.
func extremes(p []float64) (lo, hi float64) {
	s := span{}
	for _, v := range p {
		if finite(v, false) {
			s.add(v)
		}
	}
	return s.lo, s.hi
}

// picture is one of them with about so many dots along its longer side.
func (f Images) picture(p []float64, dots int, lo, hi float64) image.Image {
	r := grey
	if f.Signed {
		m := max(math.Abs(lo), math.Abs(hi))
		lo, hi, r = -m, m, diverging
	}
	if lo == hi {
		lo, hi = lo-1, hi+1
	}
	return mosaic(p, len(p)/f.Rows, dots, false, func(v float64) color.NRGBA { return r.at((v - lo) / (hi - lo)) })
}
