package main

import (
	"fmt"
	"strconv"
	"strings"

	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesVerbs are the verbs of deep networks in weight and in mode space.
type modesVerbs struct {
	Train       modesTrain       `cmd:"" help:"Train a fully connected network in weight space or in mode space."`
	Analyse     modesAnalyse     `cmd:"" help:"Open a trained network: significance and removal of modes, spectra, representations."`
	Compare     modesCompare     `cmd:"" help:"Train the same layers in weight space and in mode space, side by side: accuracy, parameters, time, crossover."`
	Forward     modesForward     `cmd:"" help:"Train by the Forward-Forward algorithm, beside backpropagation."`
	SGD         modesSGD         `cmd:"" name:"sgd" help:"Stochastic gradients about a minimum: variance and flatness along principal components, noise temperature, activity-weight duality."`
	Mislabelled modesMislabelled `cmd:"" help:"Phases of learning with a share of wrong labels."`
	Depth       modesDepth       `cmd:"" help:"Dimension of representations through the depth of random networks, against theory."`
	Continual   modesContinual   `cmd:"" help:"Learn tasks one after the other, with and without a memory of the earlier ones."`
	Sample      modesSample      `cmd:"" help:"Draw networks from a law of networks (space ensemble or binary): one by one and by a vote."`
	Recurrent   modesRecurrent   `cmd:"" help:"Train a recurrent network, in weight or in mode space, to recall symbols or to read pictures row by row."`
}

// pictures are the flags that name labelled pictures.
type pictures struct {
	Data     string `default:"digits" placeholder:"NAME" help:"mnist, digits (built in), or a file: idx, idx.gz or npz."`
	Examples int    `default:"0" help:"Train on the first so many pictures; 0 means all."`
	Tests    int    `default:"0" help:"Test with the first so many pictures; 0 means all."`
}

// load reads the set and keeps the parts asked for.
func (v *pictures) load() (*dataset.Set, error) {
	if v.Examples < 0 || v.Tests < 0 {
		return nil, misusef("--examples is %d and --tests is %d: at least 1, or 0 for all", v.Examples, v.Tests)
	}
	d, err := dataset.Load(v.Data)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct {
		flag string
		n    int
		part *dataset.Part
	}{{"--examples", v.Examples, &d.Train}, {"--tests", v.Tests, &d.Test}} {
		if c.n > c.part.Count {
			return nil, misusef("%s is %d: %s has %d pictures", c.flag, c.n, d.Name, c.part.Count)
		}
		if c.n > 0 {
			*c.part = c.part.Head(c.n)
		}
	}
	return d, nil
}

// architecture are the flags of a network.
type architecture struct {
	Layers     []int  `placeholder:"N,…" help:"Units of every layer, inputs and classes included; without it two hidden layers of 100."`
	Space      string `default:"modes" help:"weight, modes, tied-modes, unit-modes (strengths 1), svd-modes, ensemble (a law of every weight), or binary (a law of weights ±1)."`
	Modes      int    `default:"30" help:"Modes of every layer."`
	Activation string `default:"relu" help:"Of hidden layers: relu, tanh, sigmoid or linear."`
}

func (v *architecture) network(d *dataset.Set) modes.Network {
	n := modes.Network{Layers: v.Layers, Space: modes.Space(v.Space), P: v.Modes, Activation: v.Activation}
	if len(n.Layers) == 0 {
		n.Layers = []int{d.Pixels(), 100, 100, d.Classes}
	}
	if !n.InModes() {
		n.P = 0
	}
	return n
}

// describe keeps what `modes analyse` needs to know beside the weights.
func describe(n modes.Network, p pictures) map[string]string {
	var layers []string
	for _, u := range n.Layers {
		layers = append(layers, strconv.Itoa(u))
	}
	return map[string]string{
		"layers": strings.Join(layers, ","), "space": string(n.Space), "modes": strconv.Itoa(n.P), "activation": n.Activation,
		"data": p.Data, "examples": strconv.Itoa(p.Examples), "tests": strconv.Itoa(p.Tests),
	}
}

// described undoes describe.
func described(where string, m map[string]string) (n modes.Network, p pictures, err error) {
	number := func(text string) int {
		x, e := strconv.Atoi(text)
		if e != nil && err == nil {
			err = fmt.Errorf("%s: %q is no number: these are not the weights of modes train", where, text)
		}
		return x
	}
	if m["layers"] == "" {
		return n, p, fmt.Errorf("%s: these are not the weights of modes train: nothing says which layers they connect", where)
	}
	for _, u := range strings.Split(m["layers"], ",") {
		n.Layers = append(n.Layers, number(u))
	}
	n.Space, n.P, n.Activation = modes.Space(m["space"]), number(m["modes"]), m["activation"]
	p = pictures{Data: m["data"], Examples: number(m["examples"]), Tests: number(m["tests"])}
	if err == nil {
		err = n.Check()
	}
	return n, p, err
}

// weights are a network's arrays for weights.safetensors, in float32.
func weights(n modes.Network, value func(string) ([]float64, error)) ([]store.Array, error) {
	var out []store.Array
	for _, p := range n.Parameters() {
		x, err := value(p.Name)
		if err != nil {
			return nil, err
		}
		y := make([]float32, len(x))
		for i, v := range x {
			y[i] = float32(v)
		}
		out = append(out, store.Of(p.Name, y, p.Shape...))
	}
	return out, nil
}

// excess says in which layers before the last there are more modes than the weights have dimensions; "" for none. In the
// last layer, of few classes, it is customary.
func excess(n modes.Network) string {
	var found []string
	for l := range max(1, len(n.Layers)-2) {
		if rank := min(n.Layers[l], n.Layers[l+1]); n.P > rank {
			found = append(found, fmt.Sprintf("layer %d has rank %d", l+1, rank))
		}
	}
	return strings.Join(found, ", ")
}

// usualRate is the learning rate of Adam that suits a form of the weights.
func usualRate(space modes.Space) float64 {
	switch space {
	case modes.Weight:
		return .001
	case modes.TiedModes, modes.Binary:
		return .01
	case modes.Ensemble:
		return .1
	}
	return .005
}
