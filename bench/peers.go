package bench

// A Peer is a figure of another program on the same work in the same run.
type Peer struct {
	Suite   string  `json:"suite"`
	Case    string  `json:"case"`
	Program string  `json:"program"` // with its version
	Unit    string  `json:"unit"`
	Value   float64 `json:"value"`
	Command string  `json:"command"`
}

// Against fills in the ratio to the best peer of each case: above 1 Cavity is faster.
func Against(rs []Result, peers []Peer) {
	for i := range rs {
		r := &rs[i]
		for _, p := range peers {
			if p.Suite != r.Suite || p.Case != r.Case || p.Unit != r.Unit || p.Value <= 0 || r.Error != "" || r.Workers != 1 {
				continue
			}
			ratio := r.Value / p.Value
			if Lower(r.Unit) {
				ratio = 1 / ratio
			}
			if r.BestPeer == "" || ratio < r.PeerRatio {
				r.BestPeer, r.PeerRatio = p.Program, ratio
			}
		}
	}
}
