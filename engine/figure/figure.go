// Package figure draws results in the house style: labelled axes, error bars, a legend that stands clear of the data,
// colours that colour-blind readers can tell apart (and marks that differ besides), as SVG and as PNG.
//
// A figure is a struct literal: Curves for lines and points, Heat for a matrix with its colour bar, Images for a grid of
// small pictures such as the filters of a Boltzmann machine, Panels for several of them side by side.
//
// The colours of curves are those of Okabe and Ito, "Color universal design" (2008).
package figure

import (
	"bytes"
	"fmt"
	"image/png"
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Figure is Curves, Heat, Images or Panels.
type Figure interface {
	// check says what cannot be drawn; draw assumes that it said nothing.
	check() error
	// size is the width and the height of the figure in its own right.
	size() (w, h vg.Length)
	draw(c draw.Canvas)
}

// dpi is the resolution of PNG files.
const dpi = 200

// WriteSVG writes f as SVG. Text stays text, in a font that every system has a metric twin of.
func WriteSVG(w io.Writer, f Figure) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	c := vgsvg.New(f.size())
	paint(f, draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")))
	return err
}

// WritePNG writes f as PNG with 200 dots per inch.
func WritePNG(w io.Writer, f Figure) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	c := vgimg.NewWith(vgimg.UseWH(f.size()), vgimg.UseDPI(dpi))
	paint(f, draw.New(c))
	return png.Encode(w, c.Image())
}

// margin is the white border of every figure.
const margin = 4 * vg.Millimeter

func paint(f Figure, c draw.Canvas) {
	c.SetColor(paper)
	c.Fill(c.Rectangle.Path())
	f.draw(draw.Crop(c, margin, -margin, margin, -margin))
}
