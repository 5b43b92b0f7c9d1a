package main

import (
	"bytes"
	"testing"
	"time"
)

// clock is a time that the test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func TestProgressLines(t *testing.T) {
	var b bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := newProgress(&b, false)
	p.now = c.now
	p.phase("sweeps")
	for i := range uint64(5) { // 1000 sweeps from 2000 on, one batch of 250 every 6 s
		p.report(2000+250*i, 3000)
		c.t = c.t.Add(6 * time.Second)
	}
	want := "cavity: sweeps 83 % (2500 of 3000), 41.7/s, 12s left\n" +
		"cavity: sweeps 100 % (3000 of 3000), 41.7/s, 0s left\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestProgressBar(t *testing.T) {
	var b bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := newProgress(&b, false)
	p.now, p.terminal = c.now, true
	p.phase("sweeps")
	p.report(0, 4000000)
	c.t = c.t.Add(50 * time.Millisecond)
	p.report(1, 4000000) // too soon
	c.t = c.t.Add(950 * time.Millisecond)
	p.report(1000000, 4000000)
	p.clear()
	want := "\r\x1b[Ksweeps ██████░░░░░░░░░░░░░░░░░░ 25 %, 1 M/s, 3s left\r\x1b[K"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestProgressQuiet(t *testing.T) {
	var b bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := newProgress(&b, true)
	p.now = c.now
	for i := range uint64(3) {
		p.report(i, 2)
		c.t = c.t.Add(time.Minute)
	}
	if b.Len() > 0 {
		t.Errorf("quiet, but it wrote %q", b.String())
	}
}
