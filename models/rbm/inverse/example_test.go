package inverse_test

import (
	"fmt"

	"cavity/models/rbm/inverse"
)

// A coupling is found again from the exact moments of its model.
func Example() {
	m := inverse.New(3)
	m.Set(0, 1, .4)
	states, err := m.States()
	if err != nil {
		fmt.Println(err)
		return
	}
	moments, err := states.Moments()
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := moments.Bethe()
	fmt.Printf("%.3f %v\n", found.J[1], err)
	// Output: 0.400 <nil>
}
