package figure

import (
	"image/color"
	"math"

	faces "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	paper = color.NRGBA{255, 255, 255, 255}
	ink   = color.NRGBA{34, 34, 34, 255}
	pale  = color.NRGBA{228, 228, 228, 255}
)

// palette orders the colours of Okabe and Ito so that neighbours differ most; their yellow is too pale for lines on white.
var palette = []color.NRGBA{
	{0, 114, 178, 255},   // blue
	{213, 94, 0, 255},    // vermilion
	{0, 158, 115, 255},   // bluish green
	{204, 121, 167, 255}, // reddish purple
	{230, 159, 0, 255},   // orange
	{86, 180, 233, 255},  // sky blue
	{0, 0, 0, 255},       // black
}

var glyphs = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.CrossGlyph{},
}

var dashes = [][]vg.Length{
	nil, {6, 3}, {1.5, 2.5}, {8, 2.5, 1.5, 2.5}, // lengths in points
}

// textStyle is the house's sans serif in a size in points.
func textStyle(size float64, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	if bold {
		f.Weight = faces.WeightBold
	}
	return text.Style{Color: ink, Font: f, Handler: plot.DefaultTextHandler, YAlign: draw.YBottom}
}

// newPlot is an empty plot in house style.
func newPlot(title string, x, y Axis) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.Title.Text = title
	p.Title.Padding = vg.Points(6)
	p.Title.TextStyle = textStyle(11, true)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = draw.XCenter, draw.YTop
	for _, a := range []struct {
		to   *plot.Axis
		from Axis
	}{{&p.X, x}, {&p.Y, y}} {
		a.to.Label.Text = a.from.Label
		a.to.Label.TextStyle = textStyle(10.5, false)
		a.to.Label.TextStyle.XAlign = draw.XCenter
		a.to.Label.Padding = vg.Points(4)
		labels := textStyle(9, false)
		labels.XAlign, labels.YAlign = a.to.Tick.Label.XAlign, a.to.Tick.Label.YAlign
		a.to.Tick.Label = labels
		a.to.Tick.Length = vg.Points(4)
		a.to.Tick.LineStyle = draw.LineStyle{Color: ink, Width: vg.Points(.6)}
		a.to.LineStyle.Width = 0 // frame draws them
		a.to.Padding = 0
		a.to.Tick.Marker = linearTicks{whole: a.from.Whole}
		if a.from.Log {
			a.to.Scale = plot.LogScale{}
			a.to.Tick.Marker = logTicks{}
		}
	}
	return p
}

// A ramp blends colours that stand at equal distances, in a space in which equal steps look equal.
type ramp []color.NRGBA

var (
	// sequential rises evenly in lightness from night blue over green to straw.
	sequential = ramp{{24, 28, 66, 255}, {31, 82, 130, 255}, {33, 138, 141, 255}, {117, 187, 110, 255}, {246, 226, 140, 255}}
	// diverging has white in the middle, blue for negative and vermilion for positive values.
	diverging = ramp{{9, 60, 112, 255}, {88, 152, 205, 255}, {248, 248, 248, 255}, {228, 146, 96, 255}, {150, 52, 4, 255}}
	// grey is white for the least and black for the greatest value, as ink on paper.
	grey = ramp{{255, 255, 255, 255}, {0, 0, 0, 255}}
)

// at is the colour at 0 ≤ t ≤ 1; values outside are clamped and NaN is pale grey.
func (r ramp) at(t float64) color.NRGBA {
	if math.IsNaN(t) {
		return pale
	}
	t = min(1, max(0, t)) * float64(len(r)-1)
	k := min(int(t), len(r)-2)
	f := t - float64(k)
	a, b := toLab(r[k]), toLab(r[k+1])
	for i := range a {
		a[i] += f * (b[i] - a[i])
	}
	return fromLab(a)
}

// toLab and fromLab convert between sRGB and Oklab (Ottosson, "A perceptual color space for image processing", 2020).
func toLab(c color.NRGBA) [3]float64 {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	l := math.Cbrt(.4122214708*r + .5363325363*g + .0514459929*b)
	m := math.Cbrt(.2119034982*r + .6806995451*g + .1073969566*b)
	s := math.Cbrt(.0883024619*r + .2817188376*g + .6299787005*b)
	return [3]float64{
		.2104542553*l + .7936177850*m - .0040720468*s,
		1.9779984951*l - 2.4285922050*m + .4505937099*s,
		.0259040371*l + .7827717662*m - .8086757660*s,
	}
}

func fromLab(v [3]float64) color.NRGBA {
	l := v[0] + .3963377774*v[1] + .2158037573*v[2]
	m := v[0] - .1055613458*v[1] - .0638541728*v[2]
	s := v[0] - .0894841775*v[1] - 1.2914855480*v[2]
	l, m, s = l*l*l, m*m*m, s*s*s
	return color.NRGBA{
		gamma(4.0767416621*l - 3.3077115913*m + .2309699292*s),
		gamma(-1.2684380046*l + 2.6097574011*m - .3413193965*s),
		gamma(-.0041960863*l - .7034186147*m + 1.7076147010*s),
		255,
	}
}

func linear(c uint8) float64 {
	x := float64(c) / 255
	if x <= .04045 {
		return x / 12.92
	}
	return math.Pow((x+.055)/1.055, 2.4)
}

func gamma(x float64) uint8 {
	x = min(1, max(0, x))
	if x <= .0031308 {
		x *= 12.92
	} else {
		x = 1.055*math.Pow(x, 1/2.4) - .055
	}
	return uint8(math.Round(255 * x))
}
