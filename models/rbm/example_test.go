package rbm_test

import (
	"context"
	"fmt"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/models/dataset"
	"cavity/models/rbm"
)

// A machine learns the built-in digits; its exact ln Z gives the likelihood before and after.
func Example() {
	backend, err := engine.Open("cpu", engine.Options{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()
	set, err := dataset.Digits(10, 1000, 200, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	trainer, err := rbm.Training{Set: set, Hidden: 12, Method: rbm.PCD, Rate: .05, Batch: 50}.Start(backend)
	if err != nil {
		fmt.Println(err)
		return
	}
	likelihood := func() float64 {
		machine, err := trainer.Machine()
		if err != nil {
			return 0
		}
		z, err := machine.LogZ()
		if err != nil {
			return 0
		}
		test, l := machine.Encode(set.Test, 1), 0.0
		for n := set.Pixels(); len(test) > 0; test = test[n:] {
			l -= (machine.FreeEnergy(test[:n]) + z) / float64(set.Test.Count)
		}
		return l
	}
	before := likelihood()
	err = trainer.Step(context.Background(), 500)
	fmt.Println(err, likelihood() > before+1)
	// Output: <nil> true
}
