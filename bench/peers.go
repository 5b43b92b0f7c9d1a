package bench

import (
	"fmt"
	"strings"
)

// A Peer is a figure of another program on the same work in the same run.
type Peer struct {
	Suite   string  `json:"suite"`
	Case    string  `json:"case"`
	Program string  `json:"program"` // with its version
	Unit    string  `json:"unit"`
	Value   float64 `json:"value"`
	Command string  `json:"command"`
}

// Against fills in the ratio to the best peer of each case on one core of the processor: above 1 Cavity is faster.
func Against(rs []Result, peers []Peer) {
	for i := range rs {
		r := &rs[i]
		for _, p := range peers {
			if p.Suite != r.Suite || p.Case != r.Case || p.Unit != r.Unit || p.Value <= 0 || r.Error != "" || r.Workers != 1 || strings.HasPrefix(r.Backend, "cuda") {
				continue
			}
			ratio := r.over(p)
			if r.BestPeer == "" || ratio < r.PeerRatio {
				r.BestPeer, r.PeerRatio = p.Program, ratio
			}
		}
	}
}

// over is how much faster a result is than a peer.
func (r Result) over(p Peer) float64 {
	if Lower(r.Unit) {
		return p.Value / r.Value
	}
	return r.Value / p.Value
}

// peersTable lists every peer beside Cavity on one core with its best instructions, where both did the work.
func (r Report) peersTable(b *strings.Builder) {
	head := "\nOther programs on the same work:\n\n| suite | case | program | value | Cavity | Cavity is faster | command |\n|---|---|---|---|---|---|---|\n"
	for _, x := range r.Results {
		for _, p := range r.Peers {
			if p.Suite != x.Suite || p.Case != x.Case || p.Unit != x.Unit || p.Value <= 0 || x.Error != "" || x.Workers != 1 || x.Where() != "cpu" {
				continue
			}
			fmt.Fprintf(b, "%s| %s | %s | %s | %s %s | %s %s | %.3g × | %s |\n", head, x.Suite, x.Case, p.Program, number(p.Value), p.Unit, number(x.Value), x.Unit, x.over(p), p.Command)
			head = ""
		}
	}
}
