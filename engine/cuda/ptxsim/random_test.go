package ptxsim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// history follows a program in the way that its words say: by the operations that must be over before each, listed one by one, without
// clocks and without any notion of when things run.
type history struct {
	before   []map[int]bool // of each operation: what must be over
	touches  []touch
	last     map[uintptr]map[int]bool // of each stream: what must be over before its next operation
	host     map[int]bool             // what the host has waited for
	streams  []uintptr                // the null stream first
	blocking bool
}

type touch struct {
	from, to int // words of the array
	write    bool
}

func (h *history) issue(stream uintptr, t touch) {
	before := map[int]bool{}
	add := func(set map[int]bool) {
		for k := range set {
			before[k] = true
		}
	}
	add(h.last[stream])
	add(h.host)
	for _, s := range h.streams {
		if h.blocking && (s == 0 || stream == 0) {
			add(h.last[s])
		}
	}
	now := map[int]bool{len(h.before): true}
	for k := range before {
		now[k] = true
	}
	h.before, h.touches, h.last[stream] = append(h.before, before), append(h.touches, t), now
}

// races says whether two operations are not ordered and touch the same words, one of them writing.
func (h *history) races() bool {
	for j, t := range h.touches {
		for i, s := range h.touches[:j] {
			if (s.write || t.write) && s.from < t.to && t.from < s.to && !h.before[j][i] {
				return true
			}
		}
	}
	return false
}

func union(a, b map[int]bool) map[int]bool {
	c := map[int]bool{}
	for _, set := range []map[int]bool{a, b} {
		for k := range set {
			c[k] = true
		}
	}
	return c
}

// Random programs of launches, copies, fills, events and waits on three streams stop exactly when the plain reading of their words
// says that there is a race. The programs are fixed by their seeds; about half of them have a race.
func TestRandomPrograms(t *testing.T) {
	racing := 0
	const programs = 300
	for seed := range programs {
		t.Setenv("PTXSIM_SEED", fmt.Sprint(seed))
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		p := newPair(t, uint32(seed%2))
		h := &history{last: map[uintptr]map[int]bool{}, host: map[int]bool{}, streams: []uintptr{0, p.a, p.b}, blocking: seed%2 == blocking}
		events := []uintptr{p.event(), p.event()}
		recorded := make([]map[int]bool, 2)
		var rc int32
		var text []string
		for range 4 + r.IntN(12) {
			s, e := h.streams[r.IntN(3)], r.IntN(2)
			at := 16 * r.IntN(2)
			switch k := r.IntN(12); k {
			case 0, 1:
				text = append(text, fmt.Sprintf("fill %d on %d", at, s))
				h.issue(s, touch{at, at + 16, true})
				rc = p.l.fillAsync(p.x+uint64(4*at), uint32(seed), 16, s)
			case 2:
				text = append(text, fmt.Sprintf("copy on %d", s))
				h.issue(s, touch{0, 32, false})
				rc = p.ops["copy away"](s)
			case 3:
				text = append(text, fmt.Sprintf("read on %d", s))
				h.issue(s, touch{0, 32, false})
				rc = p.ops["read"](s)
			case 4, 5, 6:
				text = append(text, fmt.Sprintf("record %d on %d", e, s))
				h.issue(s, touch{})
				recorded[e] = h.last[s]
				rc = p.l.record(events[e], s)
			case 7, 8, 9:
				text = append(text, fmt.Sprintf("%d waits for %d", s, e))
				h.last[s] = union(h.last[s], recorded[e])
				rc = p.l.waitEvent(s, events[e], 0)
			case 10:
				text = append(text, fmt.Sprintf("host waits for event %d", e))
				h.host = union(h.host, recorded[e])
				rc = p.l.syncEvent(events[e])
			case 11:
				if s == 0 {
					continue // what a wait for the null stream promises depends on the kind of the others
				}
				text = append(text, fmt.Sprintf("host waits for %d", s))
				h.host = union(h.host, h.last[s])
				rc = p.l.syncStream(s)
			}
			if rc != 0 {
				break
			}
		}
		if rc == 0 {
			rc = p.l.sync()
		}
		want := h.races()
		if want {
			racing++
		}
		if (rc != 0) != want || want && !strings.Contains(p.l.why(), "race") {
			t.Fatalf("program %d: a race is %v, the emulator says %d: %s\n%s", seed, want, rc, p.l.why(), strings.Join(text, "\n"))
		}
		p.l.freeCtx(p.ctx)
	}
	if racing < programs/4 || racing > 3*programs/4 {
		t.Errorf("%d of %d programs race: they test one side only", racing, programs)
	}
}
