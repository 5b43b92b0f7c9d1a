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
	if n := m.Words; m.packed() > 1 && v.lanes%n == 0 {
		v.run = [2][2]func(*planeArgs){{bonds2AVX2, bonds3AVX2}, {bonds2AVX512, bonds3AVX512}}[v.lanes/8][m.Dims()-2]
		v.setSteps(m.bondSteps(), m.bondSteps())
		for i := range v.args {
			for lane := range 8 {
				v.args[i].bondPick[lane] = uint64(lane / n)
			}
		}
	}
	v.job.init(&m.board, v.lanes, func(block int, s slab, colour, worker int) {
		a, totals := v.plane(&m.board, block, s, colour, worker), &v.totals[worker][block]
		if m.begins(worker, block) {
			clear(totals[:m.planes])
		}
		a.totals = unsafe.Pointer(totals)
		v.run(a)
	})
}

// collect adds a worker's totals of word w to sum.
func (v *vectorMeter) collect(m *EnergyMeter, worker, w int, sum *planeCounts) {
	totals := &v.totals[worker][w/v.lanes]
	for i := range m.packed() {
		lane := w%v.lanes + i*m.Words
		var c planeCounts
		for p := range m.planes {
			c[p] = totals[p][lane]
		}
		sum.merge(&c, m.planes)
	}
}

// bondSteps are the steps along a row of words, whatever the colour of their sites.
func (m *EnergyMeter) bondSteps() (steps []step) {
	nx, words := m.Size[0], m.Words
	for first := 0; first < nx*words; first += m.lanes() {
		s := step{here: 8 * first, right: 8 * (first + words), bond: 8 * first / words}
		for lane := range min(m.lanes(), nx*words-first) {
			x := (first + lane) / words
			s.low |= 1 << lane
			s.bondLanes |= 1 << (lane / words)
			if x < nx-1 {
				s.rightLow |= 1 << lane
				continue
			}
			s.rightWrap |= 1 << lane
			s.rightFrom = 8 * (first - (nx-1)*words)
			if m.Strips {
				s.rightTurn[lane], s.turned = 1, turnRight
			}
		}
		s.widen()
		steps = append(steps, s)
	}
	return steps
}
