package bench

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"cavity/engine"
	_ "cavity/engine/cpu"
)

func fake(name string, cost time.Duration, verify error) Case {
	return Case{Suite: "test", Name: name, Unit: "ms", Target: 1, Start: func(engine.Backend) (*Work, error) {
		return &Work{Amount: 1, Step: func(n int) error {
			for end := processorTime() + time.Duration(n)*cost; processorTime() < end; {
			}
			return nil
		}, Verify: func() error { return verify }}, nil
	}}
}

// A known cost is measured, and a wrong result is a failure without a value.
func TestRun(t *testing.T) {
	rs, err := Run(context.Background(), []Case{fake("right", 200*time.Microsecond, nil), fake("wrong", time.Microsecond, errors.New("off by one"))},
		Options{Backends: []string{"cpu"}, Workers: []int{1}, Repeats: 3, Length: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if r := rs[0]; r.Error != "" || r.Value < .1 || !*r.Met && r.Value <= 1 {
		t.Errorf("a step of 0.2 ms: %+v", r)
	}
	if r := rs[1]; r.Error != "wrong result: off by one" || r.Value != 0 {
		t.Errorf("a wrong result: %+v", r)
	}
}

// The same work for two workers, which it does not use, is as fast as for one: any ratio of the two that is far from 1 would
// have come from different work. One worker has no ratio.
func TestSpeedUp(t *testing.T) {
	rs, err := Run(context.Background(), []Case{fake("same", 500*time.Microsecond, nil)},
		Options{Backends: []string{"cpu"}, Workers: []int{1, 2}, Repeats: 3, Length: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if rs[0].SpeedUp != 0 {
		t.Errorf("one worker: %+v", rs[0])
	}
	if s := rs[1].SpeedUp; s < .1 || s > 10 { // on a loaded machine the wall's clock is no better
		t.Errorf("two workers: %+v", rs[1])
	}
}

func TestReport(t *testing.T) {
	yes := true
	r := Report{Command: "c", Results: []Result{
		{Suite: "s", Case: "a b", Backend: "cpu", Workers: 1, Unit: "ms", Value: 2, Spread: .1, Target: 3, Met: &yes},
		{Suite: "s", Case: "rate", Backend: "cpu", Workers: 1, Unit: "flips/ns", Value: 8},
		{Suite: "s", Case: "shared", Backend: "cpu", Workers: 2, Unit: "flips/ns", Value: 8, SpeedUp: 1.93},
	}}
	var text, js, stat bytes.Buffer
	for _, err := range []error{r.WriteTable(&text), r.WriteJSON(&js), r.WriteBenchstat(&stat)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(text.String(), "| s | a b | cpu | 1 | 2 ms | 10 % | 0 |  | 3 met |") {
		t.Errorf("table:\n%s", text.String())
	}
	if !strings.Contains(text.String(), "| s | shared | cpu | 2, 1.93 × one | 8 flips/ns |") {
		t.Errorf("table:\n%s", text.String())
	}
	if !strings.Contains(stat.String(), "Benchmarks/a_b/cpu-1 1 2e+06 ns/op") {
		t.Errorf("benchstat:\n%s", stat.String())
	}
	back, err := ReadReport(&js)
	if err != nil || back.Results[0].Value != 2 {
		t.Fatalf("%+v, %v", back, err)
	}
	if _, err := ReadReport(strings.NewReader(`{"nonsense": 1}`)); err == nil {
		t.Error("a foreign file was read as a report")
	}
	now := Report{Results: []Result{{Suite: "s", Case: "a b", Backend: "cpu", Workers: 1, Unit: "ms", Value: 1}, {Suite: "s", Case: "rate", Backend: "cpu", Workers: 1, Unit: "flips/ns", Value: 7.9, Spread: .05}}}
	ch := Compare(back, now)
	if len(ch) != 2 || ch[0].Ratio != 2 || !ch[0].Beyond || ch[1].Beyond {
		t.Errorf("changes %+v", ch)
	}
}

func TestExponentsAndPeers(t *testing.T) {
	var rs []Result
	for _, n := range []float64{10, 20, 40} {
		rs = append(rs, Result{Suite: "s", Case: "x", Family: "f", Size: n, Backend: "cpu", Workers: 1, Unit: "ms", Value: 3 * n * n})
	}
	for _, a := range Exponents(rs) {
		if math.Abs(a-2) > 1e-9 {
			t.Errorf("exponent %v of a square", a)
		}
	}
	rs = rs[:1]
	peers := []Peer{{Suite: "s", Case: "x", Program: "slow", Unit: "ms", Value: 600, Command: "run slow"}, {Suite: "s", Case: "x", Program: "fast", Unit: "ms", Value: 450}, {Suite: "s", Case: "y", Program: "other", Unit: "ms", Value: 1}}
	Against(rs, peers)
	if rs[0].BestPeer != "fast" || math.Abs(rs[0].PeerRatio-1.5) > 1e-12 {
		t.Errorf("best peer %+v", rs[0])
	}
	var text strings.Builder
	if err := (Report{Results: rs, Peers: peers}).WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	if row := "| s | x | slow | 600.0 ms | 300.0 ms | 2 × | run slow |"; !strings.Contains(text.String(), row) || strings.Contains(text.String(), "other |") {
		t.Errorf("no row %q, or one of other work:\n%s", row, text.String())
	}
}

// The quick cases of the engine run and verify themselves.
func TestSuites(t *testing.T) {
	if _, err := Select([]string{"none"}, true); err == nil {
		t.Error("an unknown suite was accepted")
	}
	list, err := Select([]string{"engine"}, true)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := Run(context.Background(), list, Options{Backends: []string{"cpu"}, Workers: []int{1}, Repeats: 1, Length: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if r.Error != "" || !(r.Value > 0) {
			t.Errorf("%s: %v %s", r.Case, r.Value, r.Error)
		}
	}
}
