package rng

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestKnownAnswers compares with the vectors that Random123 publishes for Philox4x32 (its tests/kat_vectors and, from
// old_kat_vectors, those of 7 and 10 rounds).
func TestKnownAnswers(t *testing.T) {
	f, err := os.Open("testdata/philox4x32.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := map[int]int{}
	for in := bufio.NewScanner(f); in.Scan(); {
		var rounds int
		var c, want [4]uint32
		var k [2]uint32
		line := strings.Join(strings.Fields(in.Text()), " ")
		if _, err := fmt.Sscanf(line, "philox4x32 %d %x %x %x %x %x %x %x %x %x %x", &rounds,
			&c[0], &c[1], &c[2], &c[3], &k[0], &k[1], &want[0], &want[1], &want[2], &want[3]); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got := Philox(rounds, c, k); got != want {
			t.Errorf("philox4x32-%d of %08x under %08x: %08x, published %08x", rounds, c, k, got, want)
		}
		s := Stream{K0: k[0], K1: k[1], C2: c[2], C3: c[3], Check: rounds == CheckRounds}
		if got := s.Block(c[0], c[1]); got != want {
			t.Errorf("Block with %d rounds: %08x, published %08x", rounds, got, want)
		}
		seen[rounds]++
	}
	if seen[Rounds] < 50 || seen[CheckRounds] < 50 {
		t.Errorf("read %v vectors, expected at least 50 of each", seen)
	}
}

func TestAtPacksTheCounter(t *testing.T) {
	s := At(0x1122334455667788, 0xAB_CDEF0123, 0x45, 0x6789)
	want := Stream{K0: 0x55667788, K1: 0x11223344, C2: 0xCDEF0123, C3: 0xAB456789}
	if s != want {
		t.Errorf("At gives %+v, want %+v", s, want)
	}
	defer func() {
		if recover() == nil {
			t.Error("a pass of 2^40 was accepted, its numbers are those of pass 0")
		}
	}()
	At(1, MaxPass, 0, 0)
}

// TestWordsHaveOneHome checks on 1,024 elements that no two share a word, and that they use every word of their counters.
func TestWordsHaveOneHome(t *testing.T) {
	type slot struct {
		counter uint64
		word    uint
	}
	seen32, seen64 := map[slot]bool{}, map[slot]bool{}
	for e := uint64(0); e < 1024; e++ {
		c, w := slot32(e)
		if c != 16*(e/64)+e%16 || w != uint(e/16%4) {
			t.Fatalf("element %d of 32 bits: counter %d word %d", e, c, w)
		}
		seen32[slot{c, w}] = true
		c, h := slot64(e)
		if c != 8*(e/16)+e%8 || h != uint(e/8%2) {
			t.Fatalf("element %d of 64 bits: counter %d half %d", e, c, h)
		}
		seen64[slot{c, h}] = true
	}
	if len(seen32) != 1024 || len(seen64) != 1024 {
		t.Errorf("1024 elements share %d and %d slots", len(seen32), len(seen64))
	}
	if c, w := slot32(Site(7) + 100); c != 7<<32+16+4 || w != 2 {
		t.Errorf("replica 100 of site 7: counter %x word %d", c, w)
	}
}
