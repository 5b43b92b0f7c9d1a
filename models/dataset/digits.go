package dataset

import (
	"fmt"
	"math"

	"cavity/engine/rng"
)

type point struct{ x, y float64 }

// glyphs are the strokes of the ten digits in a unit square, x to the right and y down.
var glyphs = [10][][]point{
	{{{.5, .08}, {.26, .22}, {.2, .5}, {.26, .78}, {.5, .92}, {.74, .78}, {.8, .5}, {.74, .22}, {.5, .08}}},
	{{{.34, .26}, {.54, .08}, {.54, .92}}},
	{{{.24, .28}, {.36, .1}, {.62, .1}, {.76, .28}, {.66, .5}, {.22, .9}, {.8, .9}}},
	{{{.24, .14}, {.56, .08}, {.74, .24}, {.66, .42}, {.44, .48}, {.7, .56}, {.78, .74}, {.58, .92}, {.24, .86}}},
	{{{.6, .08}, {.2, .62}, {.82, .62}}, {{.62, .4}, {.62, .94}}},
	{{{.74, .1}, {.3, .1}, {.27, .46}, {.56, .42}, {.76, .6}, {.72, .82}, {.5, .92}, {.24, .86}}},
	{{{.66, .08}, {.38, .3}, {.25, .62}, {.36, .88}, {.6, .9}, {.74, .72}, {.62, .54}, {.4, .54}, {.27, .66}}},
	{{{.22, .1}, {.8, .1}, {.56, .48}, {.42, .92}}},
	{{{.5, .48}, {.3, .36}, {.3, .18}, {.5, .08}, {.7, .18}, {.7, .36}, {.5, .48}, {.26, .64}, {.28, .84}, {.5, .92}, {.72, .84}, {.74, .64}, {.5, .48}}},
	{{{.73, .34}, {.6, .46}, {.38, .46}, {.26, .28}, {.4, .1}, {.64, .12}, {.75, .38}, {.62, .7}, {.34, .92}}},
}

// Digits is a set made here: the ten digits drawn with strokes whose points, slant, size, place and thickness vary
// at random. Pictures are side×side pixels; labels are drawn uniformly. Picture k of a part is a function of (seed, part, k).
func Digits(side, train, test int, seed uint64) (*Set, error) {
	if side < 6 || side > 128 || train < 1 || test < 1 {
		return nil, fmt.Errorf("digits: %d and %d pictures of %d×%d pixels: at least 1 each, 6×6 to 128×128 pixels", train, test, side, side)
	}
	s := &Set{Name: "digits", Source: fmt.Sprintf("%d training and %d test pictures of %d×%d pixels drawn by the built-in generator, seed %d", train, test, side, side, seed),
		Height: side, Width: side, Classes: 10}
	for part, p := range []*Part{&s.Train, &s.Test} {
		*p = Part{Count: []int{train, test}[part]}
		p.Images, p.Labels = make([]uint8, p.Count*side*side), make([]uint8, p.Count)
		for k := range p.Count {
			p.Labels[k] = draw(p.Images[k*side*side:(k+1)*side*side], side, rng.At(seed, uint64(k), rng.SetupStage, uint16(part)))
		}
	}
	return s, nil
}

// draw draws one digit and returns which.
func draw(picture []uint8, side int, r rng.Stream) uint8 {
	next := uint64(16)
	normal := func(width float64) float64 { next++; return width * min(2.5, max(-2.5, r.Normal64(next))) }
	label := uint8(r.Below(0, 10))
	slant, tilt := normal(.12), normal(.06)
	sx, sy := 1+normal(.08), 1+normal(.06)
	dx, dy := normal(.03), normal(.03)
	radius, soft := .055+normal(.012), .75/float64(side)
	var strokes [][]point
	for _, glyph := range glyphs[label] {
		var line []point
		for _, p := range glyph {
			x, y := p.x-.5+normal(.02), p.y-.5+normal(.02)
			line = append(line, point{.5 + dx + .8*sx*(x-slant*y), .5 + dy + .8*sy*(y+tilt*x)})
		}
		strokes = append(strokes, line)
	}
	for i := range side {
		for j := range side {
			d := distance(strokes, point{(float64(j) + .5) / float64(side), (float64(i) + .5) / float64(side)})
			ink := min(1, max(0, .5+(radius-d)/(2*soft)))
			picture[i*side+j] = uint8(255*ink + .5)
		}
	}
	return label
}

// distance is how far p is from the nearest stroke.
func distance(strokes [][]point, p point) float64 {
	least := math.Inf(1)
	for _, line := range strokes {
		for k := 1; k < len(line); k++ {
			a, b := line[k-1], line[k]
			ux, uy, vx, vy := b.x-a.x, b.y-a.y, p.x-a.x, p.y-a.y
			t := min(1, max(0, (ux*vx+uy*vy)/(ux*ux+uy*uy+1e-12)))
			ex, ey := vx-t*ux, vy-t*uy
			least = min(least, ex*ex+ey*ey)
		}
	}
	return math.Sqrt(least)
}
