package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"cavity/engine/store"
)

// writeTables prints a summary for people: lists of equal length as columns of one table, everything else as lines
// "key value". Estimates are printed as 1.234(5): the digits in brackets are the standard error in the last places.
func writeTables(w io.Writer, s store.Summary) error {
	var b strings.Builder
	if err := encodeTables(&b, s, ""); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// axes are the keys that arrays run along: temperature, time, lag, number of examples.
var axes = []string{"temperatures", "t", "tau", "alpha_over_alpha_c"}

func encodeTables(b *strings.Builder, s store.Summary, prefix string) error {
	s, err := normal(s)
	if err != nil {
		return err
	}
	var columns [][]string
	var axis []string // the column that later ones run along, repeated where other lines came between
	flush := func() {
		writeColumns(b, columns)
		columns = nil
	}
	for _, e := range s {
		key := prefix + e.Key
		switch v := e.Value.(type) {
		case []any:
			if rows := records(v); rows != nil {
				flush()
				fmt.Fprintf(b, "\n%s\n", key)
				writeColumns(b, rows)
				continue
			}
			column := []string{key}
			for _, x := range v {
				column = append(column, cell(x))
			}
			if len(columns) > 0 && len(columns[0]) != len(column) {
				flush()
			}
			if slices.Contains(axes, e.Key) {
				axis = column
			} else if len(columns) == 0 && len(axis) == len(column) {
				columns = append(columns, axis)
			}
			columns = append(columns, column)
		case store.Summary:
			flush()
			if text, is := estimate(v); is {
				fmt.Fprintf(b, "%-20s %s\n", key, text)
			} else if err := encodeTables(b, v, key+"."); err != nil {
				return err
			}
		default:
			flush()
			fmt.Fprintf(b, "%-20s %s\n", key, cell(v))
		}
	}
	flush()
	return nil
}

// records are the columns of a list of objects with the same keys, such as the epochs of a training; nil for other lists.
func records(list []any) (columns [][]string) {
	for i, x := range list {
		s, ok := x.(store.Summary)
		if _, is := estimate(s); !ok || is || i > 0 && len(s) != len(columns) {
			return nil
		}
		for k, e := range s {
			if i == 0 {
				columns = append(columns, []string{e.Key})
			} else if columns[k][0] != e.Key {
				return nil
			}
			columns[k] = append(columns[k], cell(e.Value))
		}
	}
	return columns
}

// normal brings a summary to the few types that reading JSON gives, so that printing need know no others.
func normal(s store.Summary) (store.Summary, error) {
	b, err := s.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return store.DecodeSummary(b)
}

// writeColumns aligns the columns of one table; the first cell of each is its heading.
func writeColumns(b *strings.Builder, columns [][]string) {
	if len(columns) == 0 {
		return
	}
	width := make([]int, len(columns))
	for i, c := range columns {
		for _, x := range c {
			width[i] = max(width[i], len([]rune(x)))
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	for row := range columns[0] {
		var line strings.Builder
		for i, c := range columns {
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(strings.Repeat(" ", width[i]-len([]rune(c[row]))) + c[row])
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	b.WriteByte('\n')
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case float64:
		return number(v)
	case store.Summary:
		if text, is := estimate(v); is {
			return text
		}
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = cell(x)
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	if s, isSummary := v.(store.Summary); isSummary {
		parts := make([]string, len(s))
		for i, e := range s {
			parts[i] = e.Key + " " + cell(e.Value)
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}

// number keeps whole numbers whole and gives others six digits.
func number(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// estimate recognises {"mean": x, "err": s}.
func estimate(s store.Summary) (string, bool) {
	if len(s) != 2 || s[0].Key != "mean" || s[1].Key != "err" {
		return "", false
	}
	mean, ok := s[0].Value.(float64)
	if !ok {
		return "-", true
	}
	err, ok := s[1].Value.(float64)
	if !ok {
		return number(mean) + "(-)", true
	}
	return withError(mean, err), true
}

// withError writes 1.2345 ± 0.0067 as 1.2345(67): two digits of the error, in units of the last places of the mean.
func withError(mean, err float64) string {
	if math.IsNaN(err) || math.IsInf(err, 0) || err < 0 {
		return number(mean) + "(-)"
	}
	if err == 0 {
		return number(mean) + "(0)"
	}
	short := strconv.FormatFloat(err, 'e', 1, 64) // "6.7e-03"
	exponent, _ := strconv.Atoi(short[4:])
	switch places := 1 - exponent; {
	case places > 12 || places < -3 || math.Abs(mean) >= 1e9:
		return fmt.Sprintf("%.4g(%.2g)", mean, err)
	case places == 1:
		return fmt.Sprintf("%.1f(%s)", mean, short[:3]) // 12.3(1.5): the point must show
	case places > 0:
		return fmt.Sprintf("%.*f(%s)", places, mean, short[:1]+short[2:3])
	}
	return fmt.Sprintf("%.0f(%.0f)", mean, err)
}
