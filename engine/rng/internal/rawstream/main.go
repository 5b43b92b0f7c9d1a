// Command rawstream writes the words of package rng to standard output, in memory order, until the reader closes the pipe (which ends the program by SIGPIPE):
// food for a statistical battery, for instance
//
//	go run ./engine/rng/internal/rawstream -per 64 | dieharder -g 200 -d 0
package main

import (
	"flag"
	"fmt"
	"os"
	"unsafe"

	"cavity/engine/rng"
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the stream")
	per := flag.Int("per", 1<<14, "elements of each pass; a small number makes the pass the fastest part of the counter")
	flag.Parse()
	if *per < 1 {
		fmt.Fprintln(os.Stderr, "rawstream: -per must be at least 1")
		os.Exit(2)
	}
	fmt.Fprintln(os.Stderr, "rawstream:", write(*seed, *per))
	os.Exit(1)
}

// write fills a buffer with whole passes, one after the other, and sends it off, until an error stops it.
func write(seed uint64, per int) error {
	words := make([]uint32, per*max(1, 1<<14/per))
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 4*len(words))
	for pass := uint64(0); ; {
		for rest := words; len(rest) > 0; rest = rest[per:] {
			rng.At(seed, pass, 1, 1).FillUint32(rest[:per], 0)
			pass++
		}
		if _, err := os.Stdout.Write(raw); err != nil {
			return err
		}
	}
}
