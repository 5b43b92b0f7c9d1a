//go:build !amd64

package multispin

// A vectorSweeper does nothing here: the level is always portable.
type vectorSweeper struct{}

func (v *vectorSweeper) init(*Sweeper)  {}
func (v *vectorSweeper) sweep(*Sweeper) { panic("multispin: no vectors on this processor") }

type vectorMeter struct{}

func (v *vectorMeter) init(*EnergyMeter)  {}
func (v *vectorMeter) count(*EnergyMeter) { panic("multispin: no vectors on this processor") }
