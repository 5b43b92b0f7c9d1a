package engine

import (
	"fmt"
	"maps"
)

// A Keeper is a backend that works on while the host reads. Keep gives memory of a buffer's size and what copies the buffer there, in the
// order of the launches; reading that memory waits for the copy and for nothing launched after it.
type Keeper interface {
	Backend
	Keep(b Buffer) (kept Buffer, take func() error, err error)
}

// A Moment is what the slots of Plan.Moment were when it was taken. A device copies them aside, and works on what is launched next while
// the host reads them; on other backends they are read where they lie.
type Moment struct {
	slots map[string]Buffer
	takes []func() error
}

// keep prepares the moment of a plan.
func (pr *Program) keep(names []string) error {
	pr.moment = &Moment{slots: map[string]Buffer{}}
	keeper, keeps := pr.backend.(Keeper)
	for _, name := range names {
		b, ok := pr.slots[name]
		if !ok {
			return fmt.Errorf("engine: a moment of slot %q, which no stage has", name)
		}
		if keeps {
			kept, take, err := keeper.Keep(b)
			if err != nil {
				return fmt.Errorf("engine: a moment of slot %q: %w", name, err)
			}
			b, pr.moment.takes = kept, append(pr.moment.takes, take)
		}
		pr.moment.slots[name] = b
	}
	return nil
}

// Moment is what holds the slots of Plan.Moment.
func (pr *Program) Moment() *Moment { return pr.moment }

// Apart reports whether a moment stays as it was taken while the Program goes on. Where it does not, it must be read before the next step.
func (m *Moment) Apart() bool { return len(m.takes) > 0 }

// Take makes this moment the present one. It does not wait for a device.
func (m *Moment) Take() error {
	for _, take := range m.takes {
		if err := take(); err != nil {
			return err
		}
	}
	return nil
}

// Slots lists the slots by name, with dtype and shape; the memory is not to be touched.
func (m *Moment) Slots() map[string]Buffer { return maps.Clone(m.slots) }

// Read copies a slot into dst, a slice of the slot's element type and length.
func (m *Moment) Read(slot string, dst any) error {
	b, raw, err := lookup(m.slots, slot, dst)
	if err != nil {
		return err
	}
	return b.read(raw)
}

// ReadAt copies the elements of a slot that begin at element `at` into dst, a slice of the slot's element type.
func (m *Moment) ReadAt(slot string, at int, dst any) error {
	b, raw, err := part(m.slots, slot, at, dst)
	if err != nil {
		return err
	}
	return b.read(raw)
}
