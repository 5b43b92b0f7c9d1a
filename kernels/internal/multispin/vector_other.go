//go:build !amd64

package multispin

// A vectorSweeper does nothing here: the level is always portable.
type vectorSweeper struct{}

func (v *vectorSweeper) init(*Sweeper)  {}
func (v *vectorSweeper) sweep(*Sweeper) { panic("multispin: no vectors on this processor") }

type vectorMeter struct {
	lanes, blocks int
	job           job
}

func (v *vectorMeter) init(*EnergyMeter) {}
func (v *vectorMeter) collect(*EnergyMeter, int, int, *planeCounts) {
	panic("multispin: no vectors on this processor")
}
