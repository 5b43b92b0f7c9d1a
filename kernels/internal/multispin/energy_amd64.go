package multispin

import "unsafe"

// A vectorMeter is the part of an EnergyMeter that runs assembly.
type vectorMeter struct {
	vectorBoard
	totals [][]laneCounts // of each worker, for each block of words
	run    func(*planeArgs)
	job    job
}

// laneCounts are the counters of a block, by lane.
type laneCounts [32][8]uint64

func (v *vectorMeter) init(m *EnergyMeter) {
	v.vectorBoard.init(&m.board)
	v.totals = make([][]laneCounts, m.workers.N())
	for i := range v.totals {
		v.totals[i] = make([]laneCounts, v.blocks)
	}
	v.run = [2][2]func(*planeArgs){{unsatisfied2AVX2, unsatisfied3AVX2}, {unsatisfied2AVX512, unsatisfied3AVX512}}[v.lanes/8][m.Dims()-2]
	v.job.init(&m.board, v.blocks, func(block int, s slab, colour, worker int) {
		a := v.plane(&m.board, block, s, colour, worker)
		a.totals = unsafe.Pointer(&v.totals[worker][block])
		v.run(a)
	})
}

// count leaves the totals in m.totals[0].
func (v *vectorMeter) count(m *EnergyMeter) {
	for i := range v.totals {
		clear(v.totals[i])
	}
	v.job.one(m.workers)
	for _, t := range v.totals {
		for block := range t {
			lanes := min(v.lanes, m.Words-v.lanes*block)
			if m.packed() > 1 {
				lanes = m.Words * m.packed()
			}
			for lane := range lanes {
				var c planeCounts
				for p := range c {
					c[p] = t[block][p][lane]
				}
				m.totals[0][m.word(v.lanes, block, lane)].merge(&c)
			}
		}
	}
}
