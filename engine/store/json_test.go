package store

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummary(t *testing.T) {
	type ground struct {
		Energy  float64 `json:"energy"`
		PerSpin float64
		MaxCut  int  `json:"max_cut,omitempty"`
		Hidden  bool `json:"-"`
	}
	s := Summary{
		{"temperatures", []float32{0.1, 2}},
		{"energy", []Estimate{{-1.5, .25}, {math.NaN(), math.Inf(1)}}},
		{"ground_state", ground{Energy: -3, PerSpin: math.Inf(-1)}},
		{"by_name", map[string]int{"b": 2, "a": 1}},
		{"nested", Summary{{"x", []any{1, "two", nil, true}}, {"y", Summary{}}}},
		{"none", []float64(nil)},
		{"tiny", 1e-300},
	}
	s.Set("tiny", 5e-324)
	s.Set("note", "a \"quote\"\n")
	var b bytes.Buffer
	if err := s.Encode(&b); err != nil {
		t.Fatal(err)
	}
	want := `{
  "temperatures": [0.1, 2],
  "energy": [
    {"mean": -1.5, "err": 0.25},
    {"mean": null, "err": null}
  ],
  "ground_state": {"energy": -3, "per_spin": null},
  "by_name": {"a": 1, "b": 2},
  "nested": {
    "x": [1, "two", null, true],
    "y": {}
  },
  "none": [],
  "tiny": 5e-324,
  "note": "a \"quote\"\n",
  "not_finite": {"energy[1].mean": "NaN", "energy[1].err": "+Inf", "ground_state.per_spin": "-Inf"}
}
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	if !json.Valid(b.Bytes()) {
		t.Error("encoding/json calls it invalid")
	}
	again, err := DecodeSummary(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	if err := again.Encode(&b); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error("read and written again:", d)
	}
	if v, ok := s.Get("note"); !ok || v != "a \"quote\"\n" {
		t.Error(v, ok)
	}
}

func TestSummaryErrors(t *testing.T) {
	for _, c := range []struct {
		s    Summary
		want string
	}{
		{Summary{{"a", 1}, {"a", 2}}, "a: the key is used twice"},
		{Summary{{"a", []any{func() {}}}}, "a[0]: a func() cannot be written as JSON"},
		{Summary{{"a", map[int]int{1: 1}}}, "a: a map[int]int cannot"},
		{Summary{{"a", complex(1, 2)}}, "complex128 cannot"},
	} {
		if err := c.s.Encode(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	for _, b := range []string{"", "[1]", "{", `{"a":1}x`, "null"} {
		if _, err := DecodeSummary([]byte(b)); err == nil {
			t.Errorf("%q was read as an object", b)
		}
	}
}

func TestSnake(t *testing.T) {
	for in, want := range map[string]string{"TauInt": "tau_int", "LogZ": "log_z", "Mean": "mean", "ESS": "ess", "FlipsPerNs": "flips_per_ns"} {
		if got := snake(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

func TestLog(t *testing.T) {
	var w writes
	l := NewLog(&w)
	for i := range 2 {
		if err := l.Write(Summary{{"epoch", i}, {"loss", math.NaN()}, {"e", Estimate{1, 2}}}); err != nil {
			t.Fatal(err)
		}
	}
	want := writes{
		`{"epoch":0,"loss":null,"e":{"mean":1,"err":2},"not_finite":{"loss":"NaN"}}` + "\n",
		`{"epoch":1,"loss":null,"e":{"mean":1,"err":2},"not_finite":{"loss":"NaN"}}` + "\n",
	}
	if d := cmp.Diff(want, w); d != "" {
		t.Error(d)
	}
}
