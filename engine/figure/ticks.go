package figure

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// linearTicks puts four to eight marks at multiples of 1, 2 or 5 times a power of ten, all with the same decimals.
// With whole set there are none between whole numbers, so there may be fewer.
type linearTicks struct{ whole bool }

func (t linearTicks) Ticks(lo, hi float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/4)))
	for _, f := range []float64{5, 2} {
		if (hi-lo)/(f*step) >= 4 {
			step *= f
			break
		}
	}
	if t.whole {
		step = max(step, 1)
	}
	unit := int(math.Floor(math.Log10(step) + 1e-9)) // the step's power of ten
	power := 0                                       // the common power of ten that the labels are given in
	if most := max(math.Abs(lo), math.Abs(hi)); most >= 1e5 || unit < -4 {
		power = int(math.Floor(math.Log10(most) + 1e-9))
	}
	var ticks []plot.Tick
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+1e-9*step && len(ticks) < 50; k++ { // 50: the end where k+1 == k
		ticks = append(ticks, plot.Tick{Value: k * step, Label: label(k*step, power, max(0, power-unit))})
	}
	return ticks
}

// label writes a tick's number in units of a power of ten: 3×10⁵, or plainly when power is 0.
func label(x float64, power, decimals int) string {
	text := strconv.FormatFloat(x/math.Pow(10, float64(power)), 'f', decimals, 64)
	switch {
	case math.Abs(x) < 1e-300 && power != 0:
		return "0"
	case math.Abs(x) < 1e-300: // no −0
		return strconv.FormatFloat(0, 'f', decimals, 64)
	case power != 0:
		return times(minus(text), power, raised(power))
	}
	return minus(text)
}

// minus replaces the hyphen by the sign.
func minus(s string) string { return strings.Replace(s, "-", "−", 1) }

// raised reports whether the fonts have every raised digit of an exponent: they lack 0 and 9.
func raised(e int) bool { return !strings.ContainsAny(strconv.Itoa(e), "09") }

// times writes a number times a power of ten, as 3×10⁵ or as 3e5.
func times(number string, e int, raise bool) string {
	if !raise {
		return number + "e" + minus(strconv.Itoa(e))
	}
	return number + "×10" + superscript(e)
}

func superscript(n int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	var b strings.Builder
	for _, c := range strconv.Itoa(n) {
		if c == '-' {
			b.WriteRune('¯') // a raised bar: the fonts have no superscript minus
		} else {
			b.WriteRune(digits[c-'0'])
		}
	}
	return b.String()
}

// logTicks puts marks at powers of ten, with minor marks at their multiples; a range of less than two decades also gets
// numbers at 2 and 5.
type logTicks struct{}

func (logTicks) Ticks(lo, hi float64) []plot.Tick {
	first, last := int(math.Floor(math.Log10(lo)+1e-9)), int(math.Ceil(math.Log10(hi)-1e-9))
	decades := math.Log10(hi / lo)
	every := 1 + int(decades)/9 // at most about nine numbers
	raise := true               // on the whole axis or nowhere
	for e := first; e <= last; e++ {
		shown := e%every == 0 && math.Log10(lo)-1e-9 <= float64(e) && float64(e) <= math.Log10(hi)+1e-9
		raise = raise && (!shown || plain(e) || raised(e))
	}
	var ticks []plot.Tick
	for e := first; e <= last; e++ {
		for m := 1; m <= 9; m++ {
			x := float64(m) * math.Pow(10, float64(e))
			if x < lo*(1-1e-9) || x > hi*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: x}
			switch {
			case m == 1 && e%every == 0:
				t.Label = power(1, e, raise)
			case decades < 2 && (m == 2 || m == 5), decades < .7:
				t.Label = power(m, e, raise)
			case decades > 9 && m > 1:
				continue
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// power writes m·10^e.
func power(m, e int, raise bool) string {
	if plain(e) {
		return strconv.FormatFloat(float64(m)*math.Pow(10, float64(e)), 'f', max(0, -e), 64)
	}
	if m == 1 && raise {
		return "10" + superscript(e)
	}
	return times(strconv.Itoa(m), e, raise)
}

// plain are the powers of ten that are written out, from 0.001 to 50,000.
func plain(e int) bool { return e >= -3 && e <= 4 }
