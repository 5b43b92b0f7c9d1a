package bench

import (
	"fmt"
	"math"
	"time"
)

// A search is one attempt at a lowest energy. next works for a while and tells the lowest energy so far and whether the attempt
// is at its end.
type search func() (lowest float64, done bool, err error)

// timeToTarget starts attempts with new seeds, each until it reaches the target or ends, until the time is spent, and gives
// the time spent over the number of hits: the mean time to the target, if it is exponential, by maximum likelihood, with the
// attempt that the end cut short. Making an attempt ready is not counted. An energy below the target is an error: the target
// is said to be the lowest.
func timeToTarget(target float64, o Budget, start func(seed uint64) (search, error)) (Row, error) {
	row := Row{Quantity: "time to the lowest energy", Unit: "s"}
	var spent time.Duration
	hits, seed := 0, uint64(0)
	var parts []float64 // of each repeat: time over hits
	for range o.Seeds {
		began, found := spent, hits
		for spent-began < o.Length {
			seed++
			next, err := start(seed)
			if err != nil {
				return row, err
			}
			for done := false; !done && spent-began < o.Length; {
				at := o.Clock()
				var lowest float64
				if lowest, done, err = next(); err != nil {
					return row, err
				}
				spent += o.Clock() - at
				if lowest < target-1e-6 {
					return row, fmt.Errorf("wrong result: energy %v, below %v, which was taken for the lowest", lowest, target)
				}
				if lowest < target+1e-6 {
					hits, done = hits+1, true
				}
			}
		}
		if hits > found {
			parts = append(parts, (spent-began).Seconds()/float64(hits-found))
		}
	}
	if hits < 4 {
		row.Note = fmt.Sprintf("found %d times in %.2g s", hits, spent.Seconds())
		return row, nil
	}
	row.Value = spent.Seconds() / float64(hits)
	row.Err = row.Value / math.Sqrt(float64(hits))
	_, row.Spread = meanAndSpread(parts)
	return row, nil
}
