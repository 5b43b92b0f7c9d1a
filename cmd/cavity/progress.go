package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// progress tells how far a phase has come: a bar that redraws itself where stderr is a terminal, a plain line every few
// seconds elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	quiet    bool
	unit     string
	from     uint64 // where the phase stood when it was first reported, which is not zero after a resume
	known    bool   // from is set
	began    time.Time
	told     time.Time
	drawn    bool // a bar is on the screen
	now      func() time.Time
}

// plainEvery is the time between two plain lines.
const plainEvery = 10 * time.Second

func newProgress(w io.Writer, quiet bool) *progress {
	file, isFile := w.(*os.File)
	p := &progress{w: w, quiet: quiet, terminal: isFile && term.IsTerminal(int(file.Fd())), now: time.Now}
	p.phase("steps")
	return p
}

func (p *progress) phase(unit string) {
	p.clear()
	p.unit, p.known, p.began = unit, false, p.now()
	p.told = p.began
}

func (p *progress) report(done, until uint64) {
	if p.quiet || until == 0 {
		return
	}
	t := p.now()
	if !p.known {
		p.from, p.known, p.began = done, true, t
	}
	every := plainEvery
	if p.terminal {
		every = 100 * time.Millisecond
	}
	if done < until && t.Sub(p.told) < every {
		return
	}
	if done >= until && !p.terminal && t.Sub(p.began) < plainEvery {
		return // a phase that was over at once needs no line
	}
	p.told = t
	line := p.line(done, until, t.Sub(p.began).Seconds())
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		p.drawn = true
		return
	}
	fmt.Fprintln(p.w, "cavity: "+line)
}

// line is "sweeps ███████░░░ 70 %  12.3 k/s  1m5s left" on a terminal and the same without the bar elsewhere.
func (p *progress) line(done, until uint64, seconds float64) string {
	share := min(1, float64(done)/float64(until))
	var b strings.Builder
	fmt.Fprintf(&b, "%s ", p.unit)
	if p.terminal {
		const width = 24
		full := int(share * width)
		b.WriteString(strings.Repeat("█", full) + strings.Repeat("░", width-full) + " ")
	}
	fmt.Fprintf(&b, "%.0f %%", 100*share)
	if !p.terminal {
		fmt.Fprintf(&b, " (%d of %d)", done, until)
	}
	if rate := float64(done-min(p.from, done)) / seconds; seconds > 0 && rate > 0 {
		left := time.Duration(float64(until-min(done, until)) / rate * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(&b, ", %s/s, %s left", short(rate), left)
	}
	return b.String()
}

// clear removes the bar from the terminal.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

// short writes a positive rate with three digits and a metric prefix.
func short(x float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if x >= u.size {
			return fmt.Sprintf("%.3g%s", x/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.3g", x)
}
