//go:build !amd64

package multispin

import "cavity/engine/cpu/level"

// A vectorSweeper does nothing here: the level is always portable.
type vectorSweeper struct{}

func (v *vectorSweeper) init(*Sweeper)        {}
func (v *vectorSweeper) can(level.Level) bool { return false }
func (v *vectorSweeper) sweep(*Sweeper)       { panic("multispin: no vectors on this processor") }

type vectorMeter struct{}

func (v *vectorMeter) init(*EnergyMeter)  {}
func (v *vectorMeter) count(*EnergyMeter) { panic("multispin: no vectors on this processor") }
