package rbm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cavity/engine/store"
)

// Arrays are the machine's parameters for a file: W [visible, hidden], vbias, hbias, and base, shift and scale where they exist.
func (m *Machine) Arrays() []store.Array {
	nv, nh := m.Visible.Count, m.Hidden.Count
	a := []store.Array{store.Of("W", m.W, nv, nh), store.Of("vbias", m.B), store.Of("hbias", m.C)}
	for _, extra := range []store.Array{store.Of("base", m.Base), store.Of("shift", m.Shift), store.Of("scale", m.Scale)} {
		if extra.Shape[0] > 0 {
			a = append(a, extra)
		}
	}
	return a
}

// metadata keys and the fields of a machine that they hold.
func (m *Machine) settings() (words map[string]*string, numbers map[string]*int) {
	return map[string]*string{"visible": (*string)(&m.Visible.Units), "hidden": (*string)(&m.Hidden.Units), "binarised": &m.Binarised},
		map[string]*int{"visible_states": &m.Visible.States, "hidden_states": &m.Hidden.States, "labels": &m.Visible.Labels, "height": &m.Height, "width": &m.Width}
}

// Metadata describes the units for a file.
func (m *Machine) Metadata() map[string]string {
	meta := map[string]string{"format": "cavity rbm"}
	words, numbers := m.settings()
	for k, p := range words {
		if *p != "" {
			meta[k] = *p
		}
	}
	for k, p := range numbers {
		if *p != 0 {
			meta[k] = strconv.Itoa(*p)
		}
	}
	return meta
}

// Read reads a machine from a safetensors or npz file. W, vbias and hbias are needed, float32 or float64; without
// metadata (an npz file has none) the units are Bernoulli, and the pictures square if the number of visible units is.
func Read(name string) (*Machine, error) {
	var arrays []store.Array
	var meta map[string]string
	var err error
	if strings.HasSuffix(name, ".npz") {
		arrays, err = store.ReadNpz(name)
	} else {
		arrays, meta, err = store.ReadSafetensors(name)
	}
	if err != nil {
		return nil, err
	}
	m, err := fromArrays(arrays, meta)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

func fromArrays(arrays []store.Array, meta map[string]string) (*Machine, error) {
	w, found := store.Find(arrays, "W")
	if !found {
		var have []string
		for _, a := range arrays {
			have = append(have, a.Name)
		}
		return nil, fmt.Errorf("there is no array W [visible, hidden] (it holds %q)", have)
	}
	if len(w.Shape) != 2 {
		return nil, fmt.Errorf("array W has the shape %v, not [visible, hidden]", w.Shape)
	}
	m := &Machine{Visible: Layer{Units: Bernoulli, Count: w.Shape[0]}, Hidden: Layer{Units: Bernoulli, Count: w.Shape[1]}}
	words, numbers := m.settings()
	for k, p := range words {
		if v, ok := meta[k]; ok {
			*p = v
		}
	}
	for _, k := range slices.Sorted(maps.Keys(numbers)) {
		if v, ok := meta[k]; ok {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("metadata %s is %q: a number is needed", k, v)
			}
			*numbers[k] = n
		}
	}
	for _, p := range []struct {
		name string
		to   *[]float32
	}{{"W", &m.W}, {"vbias", &m.B}, {"hbias", &m.C}, {"base", &m.Base}, {"shift", &m.Shift}, {"scale", &m.Scale}} {
		a, found := store.Find(arrays, p.name)
		if !found {
			continue
		}
		if p.name != "W" && len(a.Shape) != 1 {
			return nil, fmt.Errorf("%s has the shape %v: one axis is expected", p.name, a.Shape)
		}
		x, err := single(a)
		if err != nil {
			return nil, err
		}
		*p.to = x
	}
	if m.Height == 0 && m.Width == 0 {
		for side := 1; side*side <= m.Visible.Count; side++ {
			if side*side == m.Visible.Count {
				m.Height, m.Width = side, side
			}
		}
	}
	return m, m.Check()
}

func single(a store.Array) ([]float32, error) {
	switch x := a.Data.(type) {
	case []float32:
		return x, nil
	case []float64:
		out := make([]float32, len(x))
		for i, v := range x {
			out[i] = float32(v)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s is of type %s: float32 or float64", a.Name, a.Dtype())
}
