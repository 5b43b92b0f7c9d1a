package store_test

import (
	"fmt"
	"os"
	"path/filepath"

	"cavity/engine/store"
)

// A run folder from its settings to its summary; numpy.load reads series.npz.
func Example() {
	dir, err := os.MkdirTemp("", "run-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	settings, err := store.EncodeSettings("", []store.Setting{{Key: "verb", Value: "temper"}, {Key: "size", Value: 8}})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := store.Create(filepath.Join(dir, "first"), settings, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()
	if err := run.SaveSeries([]store.Array{store.Of("energy", []float64{-1.5, -1.6, -1.7, -1.8}, 2, 2)}); err != nil {
		fmt.Println(err)
		return
	}
	summary := store.Summary{
		{Key: "temperatures", Value: []float64{.5, 1}},
		{Key: "energy", Value: []store.Estimate{{Mean: -1.6, Err: .1}, {Mean: -1.7, Err: .1}}},
	}
	if err := run.SaveSummary(store.SummaryFile, summary); err != nil {
		fmt.Println(err)
		return
	}

	text, err := run.Read(store.SummaryFile)
	fmt.Print(string(text), err)
	// Output:
	// {
	//   "temperatures": [0.5, 1],
	//   "energy": [
	//     {"mean": -1.6, "err": 0.1},
	//     {"mean": -1.7, "err": 0.1}
	//   ]
	// }
	// <nil>
}

// A checkpoint holds named sections and is verified whole before any of it is used.
func ExampleDecodeCheckpoint() {
	_, err := store.DecodeCheckpoint([]byte("some other file of at least 48 bytes in all, say"))
	fmt.Println(err)
	// Output:
	// not a checkpoint of cavity (it begins with "some oth")
}
