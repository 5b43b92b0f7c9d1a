package figure

import (
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panels is several figures in a grid, filled row by row.
type Panels struct {
	Title   string
	Columns int // 0 means 2
	Panels  []Figure
}

func (f Panels) columns() int {
	if f.Columns == 0 {
		return min(2, len(f.Panels))
	}
	return f.Columns
}

func (f Panels) check() error {
	if len(f.Panels) == 0 || f.Columns < 0 {
		return fmt.Errorf("%q: %d panels in %d columns", f.Title, len(f.Panels), f.Columns)
	}
	for i, p := range f.Panels {
		if err := p.check(); err != nil {
			return fmt.Errorf("panel %d: %w", i+1, err)
		}
	}
	return nil
}

// cell is the size of the largest panel, which every panel gets.
func (f Panels) cell() (w, h vg.Length) {
	for _, p := range f.Panels {
		pw, ph := p.size()
		w, h = max(w, pw), max(h, ph)
	}
	return w, h
}

func (f Panels) size() (w, h vg.Length) {
	w, h = f.cell()
	rows := (len(f.Panels) + f.columns() - 1) / f.columns()
	w, h = w*vg.Length(f.columns()), h*vg.Length(rows)
	if f.Title != "" {
		h += vg.Points(titleRoom)
	}
	return w, h
}

func (f Panels) draw(c draw.Canvas) {
	if f.Title != "" {
		c = title(c, f.Title)
	}
	rows := (len(f.Panels) + f.columns() - 1) / f.columns()
	room := c.Size()
	w, h := room.X/vg.Length(f.columns()), room.Y/vg.Length(rows)
	const between = 2 * vg.Millimeter
	for i, p := range f.Panels {
		x, y := c.Min.X+w*vg.Length(i%f.columns()), c.Max.Y-h*vg.Length(i/f.columns())
		p.draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x + between, Y: y - h + between},
			Max: vg.Point{X: x + w - between, Y: y - between},
		}})
	}
}
