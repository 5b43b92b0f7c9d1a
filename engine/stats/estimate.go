package stats

import (
	"fmt"
	"math"
	"strconv"
)

// Estimate is a number with its standard error, in the same units.
type Estimate struct {
	Value, Err float64
}

// Sigmas is how many standard errors the estimate lies above exact: (Value-exact)/Err. Without an error it is 0 when they are equal
// and infinite otherwise; it is NaN when either is.
func (e Estimate) Sigmas(exact float64) float64 {
	if e.Value == exact {
		return 0
	}
	return (e.Value - exact) / e.Err
}

// String prints the value to two digits of its error, which stand in parentheses: -1.4335(12).
// An error that is zero, infinite or NaN is printed after ± in full.
func (e Estimate) String() string {
	if !(e.Err > 0) || math.IsInf(e.Err, 0) || math.IsNaN(e.Value) || math.IsInf(e.Value, 0) {
		return fmt.Sprintf("%v±%v", e.Value, e.Err)
	}
	digits := 1 - int(math.Floor(math.Log10(e.Err)))
	last := math.Round(e.Err * math.Pow(10, float64(digits)))
	if last >= 100 { // .0996 rounds to .10
		last, digits = 10, digits-1
	}
	switch {
	case digits > 15 || digits < -15:
		return fmt.Sprintf("%.8g±%.2g", e.Value, e.Err)
	case digits < 0:
		scale := math.Pow(10, float64(-digits))
		return fmt.Sprintf("%.0f(%.0f)", math.Round(e.Value/scale)*scale, last*scale)
	case digits == 1:
		return fmt.Sprintf("%.1f(%.1f)", e.Value, last/10)
	}
	return fmt.Sprintf("%s(%.0f)", strconv.FormatFloat(e.Value, 'f', digits, 64), last)
}

// finite returns an error that names the first entry of x that is NaN or infinite.
func finite(what string, x []float64) error {
	for i, v := range x {
		if v-v != 0 {
			return fmt.Errorf("stats: %s %d is %v", what, i, v)
		}
	}
	return nil
}
