package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cavity/engine"
	"cavity/engine/store"

	// These backends register themselves.
	_ "cavity/engine/cpu"
	_ "cavity/engine/openblas"
	_ "cavity/engine/tape"
)

type devices struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

// backend is one line of the list.
type backend struct {
	Name      string            `json:"name"`
	Available bool              `json:"available"`
	Why       string            `json:"why,omitempty"` // why it is not available
	Device    string            `json:"device,omitempty"`
	Details   map[string]string `json:"details,omitempty"`
}

func (v *devices) Run(f *frame) error {
	list := []backend{}
	for _, d := range engine.Drivers() {
		b := backend{Name: d.Name}
		if err := d.Available(); err != nil {
			b.Why = err.Error()
		} else {
			b.Available = true
			if d.Describe != nil {
				b.Device, b.Details = d.Describe()
			}
		}
		list = append(list, b)
	}
	cpu := processor()
	if v.JSON {
		return f.print(true, store.Summary{{Key: "cpu", Value: cpu}, {Key: "backends", Value: list}})
	}
	var out strings.Builder
	fmt.Fprintf(&out, "cpu       %s, %d cores, %s", cpu.Model, cpu.Cores, cpu.Level)
	if cpu.Lowest != "" {
		fmt.Fprintf(&out, " (%s)", cpu.Lowest)
	}
	out.WriteString("\n\nbackend\n")
	for _, b := range list {
		if !b.Available {
			fmt.Fprintf(&out, "%-9s not available: %s\n", b.Name, b.Why)
			continue
		}
		fmt.Fprintf(&out, "%-9s %s", b.Name, b.Device)
		for _, k := range slices.Sorted(maps.Keys(b.Details)) {
			fmt.Fprintf(&out, ", %s %s", k, b.Details[k])
		}
		out.WriteByte('\n')
	}
	_, err := fmt.Fprint(f.stdout, out.String())
	return err
}

// driverOf is "cuda" for "cuda:1".
func driverOf(name string) string {
	kind, _, _ := strings.Cut(name, ":")
	return kind
}
