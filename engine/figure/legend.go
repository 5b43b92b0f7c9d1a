package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend is the list of the named curves. It stands in a corner of the plot if one is free of data, else to its right.
type legend struct {
	entries []drawn
}

const (
	thumbWidth = 22 // points
	rowHeight  = 13
	gap        = 5
)

func (f Curves) legend() legend {
	var l legend
	for i, c := range f.Curves {
		if c.Name != "" {
			l.entries = append(l.entries, drawn{f, c, f.look(i)})
		}
	}
	return l
}

// size is the room that the legend needs.
func (l legend) size() (w, h vg.Length) {
	style := textStyle(9, false)
	for _, e := range l.entries {
		w = max(w, style.Width(e.Name))
	}
	return w + vg.Points(thumbWidth+3*gap), vg.Points(rowHeight*float64(len(l.entries)) + gap)
}

// place draws the plot and the legend.
func (l legend) place(p *plot.Plot, c draw.Canvas, f Curves) {
	if len(l.entries) == 0 {
		p.Draw(c)
		return
	}
	w, h := l.size()
	data := p.DataCanvas(c)
	if room := data.Size(); w < .6*room.X && h < .6*room.Y {
		for _, corner := range corners(data, w, h) {
			if f.free(p, data, corner) {
				p.Draw(c)
				l.draw(c, corner)
				return
			}
		}
	}
	p.Draw(draw.Crop(c, 0, -w-vg.Points(gap), 0, 0))
	top := p.DataCanvas(draw.Crop(c, 0, -w-vg.Points(gap), 0, 0)).Max.Y
	l.draw(c, vg.Rectangle{Min: vg.Point{X: c.Max.X - w, Y: top - h}, Max: vg.Point{X: c.Max.X, Y: top}})
}

// corners are the places inside the axes in order of preference.
func corners(c draw.Canvas, w, h vg.Length) []vg.Rectangle {
	in := vg.Points(gap)
	left, right, bottom, top := c.Min.X+in, c.Max.X-in-w, c.Min.Y+in, c.Max.Y-in-h
	var out []vg.Rectangle
	for _, at := range []vg.Point{{X: right, Y: top}, {X: left, Y: top}, {X: right, Y: bottom}, {X: left, Y: bottom}} {
		out = append(out, vg.Rectangle{Min: at, Max: at.Add(vg.Point{X: w, Y: h})})
	}
	return out
}

// free reports whether no curve, mark or error bar touches r or comes close to it.
func (f Curves) free(p *plot.Plot, c draw.Canvas, r vg.Rectangle) bool {
	air := vg.Points(6)
	r.Min = r.Min.Sub(vg.Point{X: air, Y: air})
	r.Max = r.Max.Add(vg.Point{X: air, Y: air})
	tx, ty := p.Transforms(&c)
	inside := draw.Canvas{Canvas: c.Canvas, Rectangle: r}
	for i, curve := range f.Curves {
		if curve.Style != Points {
			for _, run := range (drawn{f, curve, f.look(i)}).runs(c, p) {
				if len(inside.ClipLinesXY(run)) > 0 {
					return false
				}
			}
		}
		for k := range curve.X {
			if !f.shown(curve, k) {
				continue
			}
			lo, hi := f.interval(curve, k)
			if curve.Err != nil && f.Y.Log && curve.Err[k] >= curve.Y[k] {
				lo = p.Y.Min
			}
			x := tx(curve.X[k])
			if x >= r.Min.X && x <= r.Max.X && ty(hi) >= r.Min.Y && ty(lo) <= r.Max.Y {
				return false
			}
		}
	}
	return true
}

// draw paints the legend into r, first entry on top.
func (l legend) draw(c draw.Canvas, r vg.Rectangle) {
	c.SetColor(paper)
	c.Fill(r.Path())
	style := textStyle(9, false)
	style.YAlign = draw.YCenter
	x := r.Min.X + vg.Points(gap)
	y := r.Max.Y - vg.Points(gap/2)
	for _, e := range l.entries {
		y -= vg.Points(rowHeight)
		thumb := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + vg.Points(thumbWidth), Y: y + vg.Points(rowHeight)},
		}}
		e.Thumbnail(&thumb)
		c.FillText(style, vg.Point{X: thumb.Max.X + vg.Points(gap), Y: thumb.Center().Y + vg.Points(1)}, e.Name)
	}
}
