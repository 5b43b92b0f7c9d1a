package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"cavity/engine/stats"
)

// A Report is a whole run of benchmarks.
type Report struct {
	Machine Machine  `json:"machine"`
	Command string   `json:"command"`
	Results []Result `json:"results"`
	Peers   []Peer   `json:"peers,omitempty"`
}

// Machine is where a report was made, with the peaks that were measured in the same run.
type Machine struct {
	CPU        string            `json:"cpu"`
	Level      string            `json:"level"`
	Cores      int               `json:"cores"`
	Go         string            `json:"go"`
	OS         string            `json:"os"`
	Libraries  map[string]string `json:"libraries,omitempty"`
	PeakGFLOPs float64           `json:"peak_gflops"` // largest product of the engine suite, one worker, float32
	CopyGBs    float64           `json:"copy_gbs"`    // read and written, one worker
}

// WriteJSON writes the report as one JSON object.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// ReadReport reads what WriteJSON wrote.
func ReadReport(in io.Reader) (Report, error) {
	var r Report
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, fmt.Errorf("bench: not a report of cavity bench: %w", err)
	}
	return r, nil
}

// WriteTable writes the results for people, in Markdown.
func (r Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Rows with one worker on the processor count processor time, others wall time; the value is the fastest repeat's, the spread that of all. Estimates, with their standard errors in parentheses, are means over repeats; × one is how many times faster several workers are than one, timed in turn; off is the deviation from the exact value.\n\n")
	fmt.Fprintf(&b, "%s, %d cores, %s, %s %s", m.CPU, m.Cores, m.Level, m.Go, m.OS)
	if m.PeakGFLOPs > 0 {
		fmt.Fprintf(&b, "; measured peaks of one worker: %.0f GFLOP/s in float32 products, %.1f GB/s copied; of peak is the share of the speed that these allow to the multiplications of a dense product, more than all of it where zeros and ones are looked up instead of multiplied", m.PeakGFLOPs, m.CopyGBs)
	}
	for _, d := range r.devices() {
		b.WriteString("; " + d)
	}
	b.WriteString("\n\n| suite | case | backend | workers | value | spread | allocs | memory | target | of peak | best peer |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, x := range r.Results {
		value, workers, memory, target, peak, peer := number(x.Value), fmt.Sprint(x.Workers), "", "", "", ""
		if x.Err > 0 {
			value = stats.Estimate{Value: x.Value, Err: x.Err}.String()
		}
		value += " " + x.Unit
		switch {
		case x.Error != "":
			value = "FAILED: " + x.Error
		case x.Note != "":
			value = x.Note
		}
		if x.SpeedUp > 0 {
			workers += fmt.Sprintf(", %.2f × one", x.SpeedUp)
		}
		if x.PeakMB > 0 {
			memory = fmt.Sprintf("%.0f MB", x.PeakMB)
		}
		if x.Target > 0 {
			target = number(x.Target) + " missed"
			if *x.Met {
				target = number(x.Target) + " met"
			}
		}
		if x.Roofline > 0 {
			peak = fmt.Sprintf("%.0f %%", 100*x.Roofline)
		}
		if x.BestPeer != "" {
			peer = fmt.Sprintf("%.3g × %s", x.PeerRatio, x.BestPeer)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.0f %% | %.0f | %s | %s | %s | %s |\n", x.Suite, x.Case, x.Where(), workers, value, 100*x.Spread, x.Allocs, memory, target, peak, peer)
	}
	r.peersTable(&b)
	if e := Exponents(r.Results); len(e) > 0 {
		b.WriteString("\nGrowth of the time with the size, fitted as a power:\n\n")
		for _, k := range Sorted(e) {
			fmt.Fprintf(&b, "- %s: %.2f\n", k, e[k])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// devices says what backends other than the processor's run on.
func (r Report) devices() (all []string) {
	for _, x := range r.Results {
		if d := x.Backend + " is " + x.Device; x.Device != "" && !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	return all
}

func number(x float64) string {
	switch a := math.Abs(x); {
	case a >= 1000:
		return fmt.Sprintf("%.0f", x)
	case a >= 100:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.3g", x)
	}
}

// WriteBenchstat writes the results as lines that benchstat reads: times in ns/op, rates under their own units.
func (r Report) WriteBenchstat(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "goos: %s\ncpu: %s\n", r.Machine.OS, r.Machine.CPU)
	for _, x := range r.Results {
		if x.Error != "" || x.Note != "" {
			continue
		}
		value, unit := x.Value, x.Unit
		switch unit {
		case "ms":
			value, unit = value*1e6, "ns/op"
		case "s":
			value, unit = value*1e9, "ns/op"
		case "ns":
			unit = "ns/op"
		}
		name := strings.Map(func(r rune) rune {
			if r == ' ' {
				return '_'
			}
			return r
		}, x.Suite+"/"+x.Case+"/"+x.Where())
		fmt.Fprintf(&b, "Benchmark%s-%d 1 %g %s\n", name, x.Workers, value, unit)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// A Change is how a result differs from that of an older report.
type Change struct {
	Suite, Case, Backend string
	Workers              int
	Ratio                float64 // speed now over speed then
	Noise                float64 // the larger of the two spreads, or three standard errors
	Beyond               bool    // the change is larger than the noise
}

// Compare lists the changes between two reports, for cases that both have.
func Compare(old, now Report) []Change {
	key := func(r Result) string { return fmt.Sprint(r.Suite, r.Case, r.Where(), r.Workers, r.Unit) }
	then := map[string]Result{}
	for _, r := range old.Results {
		then[key(r)] = r
	}
	var out []Change
	for _, r := range now.Results {
		o, ok := then[key(r)]
		if !ok || r.Error != "" || o.Error != "" || o.Value <= 0 || r.Value <= 0 {
			continue
		}
		ratio := r.Value / o.Value
		if Lower(r.Unit) {
			ratio = 1 / ratio
		}
		noise := max(r.Spread, o.Spread, 3*r.Err/r.Value, 3*o.Err/o.Value)
		out = append(out, Change{r.Suite, r.Case, r.Where(), r.Workers, ratio, noise, ratio > 1+noise || ratio < 1/(1+noise)})
	}
	return out
}
