package bench

import "cavity/engine/cpu/level"

// A Peak is the best that a run of benchmarks has seen of the machine with so many workers: rates of float32 products and of
// bytes read and written by a copy, both per nanosecond.
type Peak struct{ GFLOPs, CopyGBs float64 }

// Peaks are those of the engine suite's products and copy on the processor, by the number of workers.
func Peaks(rs []Result) map[int]Peak {
	peaks := map[int]Peak{}
	for _, r := range rs {
		if r.Error != "" || r.Backend != "cpu" && r.Backend != "openblas" {
			continue
		}
		p := peaks[r.Workers]
		switch r.Unit {
		case "GFLOP/s":
			p.GFLOPs = max(p.GFLOPs, r.Value)
		case "GB/s":
			p.CopyGBs = max(p.CopyGBs, r.Value)
		}
		peaks[r.Workers] = p
	}
	return peaks
}

// Roofline fills in the share of the attainable speed: the least time of a step, the larger of its operations over the peak
// rate and its bytes over the rate of a copy, over the time that it took. Data that stay in a cache can be moved faster than
// a large copy, and on a shared machine the peaks may be measured in a worse moment than a row: a share somewhat above 1 is
// possible. Without both peaks of the same number of workers it
// stays 0. (Williams, Waterman, Patterson 2009, doi:10.1145/1498765.1498785.)
func Roofline(rs []Result) {
	peaks := Peaks(rs)
	for i := range rs {
		r := &rs[i]
		if p := peaks[r.Workers]; r.bound != nil && r.Error == "" && (r.Backend == "cpu" || r.Backend == "openblas" || r.Backend == "tape") && p.GFLOPs > 0 && p.CopyGBs > 0 {
			r.Roofline = r.bound(p)
		}
	}
}

// Where is the backend, with the level of instructions where that is not the one in use.
func (r Result) Where() string {
	if r.Backend != "cpu" || r.Level == "" || r.Level == level.Of().String() {
		return r.Backend
	}
	return r.Backend + " " + r.Level
}
