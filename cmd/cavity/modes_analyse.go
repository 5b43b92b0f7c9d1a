package main

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"

	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesAnalyse opens a trained network.
type modesAnalyse struct {
	common
	Weights string `required:"" placeholder:"PATH" help:"A run folder of modes train, or its weights.safetensors."`
	Data    string `placeholder:"NAME" help:"Pictures; without it those that the network was trained on."`
	Tests   int    `default:"0" help:"Use the first so many test pictures; 0 means as in the training."`
	Steps   int    `default:"20" help:"Fractions of the modes at which a removal is measured."`
	Draws   int    `default:"3" help:"Random orders of removal to average over."`

	net     modes.Network
	weights modes.Weights
	data    *dataset.Set
}

func (v *modesAnalyse) Run(f *frame) error { return f.compute(v) }

func (v *modesAnalyse) validate() error {
	if v.Steps < 1 || v.Draws < 1 {
		return misusef("--steps is %d and --draws is %d: at least 1", v.Steps, v.Draws)
	}
	path := weightsIn(v.Weights)
	arrays, metadata, err := store.ReadSafetensors(path)
	if err != nil {
		return err
	}
	var p pictures
	if v.net, p, err = described(path, metadata); err != nil {
		return err
	}
	v.weights = modes.Weights{}
	for _, a := range v.net.Parameters() {
		x, found := store.Find(arrays, a.Name)
		if !found {
			return fmt.Errorf("%s: it has no array %s", path, a.Name)
		}
		y, err := store.Values[float32](x)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, e := range y {
			v.weights[a.Name] = append(v.weights[a.Name], float64(e))
		}
		if want := a.Len(); len(y) != want {
			return fmt.Errorf("%s: %s has %d elements, not %d", path, a.Name, len(y), want)
		}
	}
	if v.Data != "" {
		p.Data, p.Examples, p.Tests = v.Data, 0, 0
	}
	if v.Tests != 0 {
		p.Tests = v.Tests
	}
	if v.data, err = p.load(); err != nil {
		return err
	}
	first, last := v.net.Layers[0], v.net.Layers[len(v.net.Layers)-1]
	if v.data.Pixels() != first || v.data.Classes != last || v.data.Train.Labels == nil || v.data.Test.Count == 0 {
		return fmt.Errorf("%s: a network of %d inputs and %d classes cannot look at %s, %d pixels and %d classes", path, first, last, v.data.Name, v.data.Pixels(), v.data.Classes)
	}
	return nil
}

// An analysed network, layer by layer; what belongs to modes is empty in weight space.
type analysed struct {
	Layers     int // that are done
	Law        []modes.RankLaw
	Fraction   []float64
	Removal    []map[modes.Order][]float64
	In, Out    [][]float64 // cosines
	Values     [][]float64 // singular
	Overlap    [][]float64 // of layer l with the next
	Dimensions []float64   // of the representations of layers 0, 1, …
	Separable  []float64
	Shuffled   []float64 // D when the trained weights are shuffled
	Zero       []float64 // D about zero instead of about the mean
	ZeroMixed  []float64 // of shuffled weights
	Squares    []float64 // mean square of the activities
	Accuracy   float64
}

func (v *modesAnalyse) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	c, err := v.net.Open(b, v.weights)
	if err != nil {
		return nil, err
	}
	n, w, _ := v.net.Shuffled(v.weights, v.Seed)
	shuffled, err := n.Open(b, w)
	if err != nil {
		return nil, err
	}
	a := &analysed{}
	if saved := s.Saved(); saved != nil {
		if err := reload(saved, "layers", func(r io.Reader) error { return gob.NewDecoder(r).Decode(a) }); err != nil {
			return nil, err
		}
	}
	if a.Accuracy, err = c.Accuracy(v.data.Test); err != nil {
		return nil, err
	}
	s.Phase("layers")
	for layers := len(v.net.Layers) - 1; a.Layers < layers; {
		if err := v.layer(ctx, c, shuffled, a); err != nil {
			return nil, err
		}
		s.Report(uint64(a.Layers), uint64(layers))
		if err := s.Save(store.Section{Name: "layers", Write: func(w io.Writer) error { return gob.NewEncoder(w).Encode(a) }}); err != nil {
			return nil, err
		}
	}
	theory, err := v.recursion(a)
	if err != nil {
		return nil, err
	}
	out := v.report(a, theory)
	return out, v.ensemble(b, out)
}

// layer opens the next layer. An interruption in its midst leaves what the layers before have given.
func (v *modesAnalyse) layer(ctx context.Context, c, shuffled *modes.Classifier, a *analysed) error {
	next, l := *a, a.Layers
	if err := ctx.Err(); err != nil {
		return err
	}
	spectrum, err := v.net.Spectrum(v.weights, l)
	if err != nil {
		return err
	}
	next.Values = append(next.Values, spectrum.Values)
	if l > 0 {
		below, err := v.net.Spectrum(v.weights, l-1)
		if err != nil {
			return err
		}
		next.Overlap = append(next.Overlap, modes.SubspaceOverlap(below, spectrum))
	}
	if v.net.InModes() {
		if err := v.modesOf(ctx, c, &next, l); err != nil {
			return err
		}
	}
	if err := v.representation(c, shuffled, &next, l); err != nil {
		return err
	}
	next.Layers++
	*a = next
	return nil
}

// modesOf measures the modes of layer l.
func (v *modesAnalyse) modesOf(ctx context.Context, c *modes.Classifier, a *analysed, l int) error {
	a.Law = append(a.Law, modes.Rank(v.net.Significance(v.weights, l)))
	in, out := v.net.Correlations(v.weights, l)
	a.In, a.Out = append(a.In, in), append(a.Out, out)
	a.Removal = append(a.Removal, map[modes.Order][]float64{})
	for _, o := range modes.Orders {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, x, err := modes.Removal{Layer: l, Order: o, Steps: v.Steps, Draws: v.Draws, Seed: v.Seed}.Measure(c, v.weights, v.data.Test)
		if err != nil {
			return err
		}
		a.Fraction, a.Removal[l][o] = f, x
	}
	return nil
}

// probed is how many training pictures a linear probe learns from, at most.
const probed = 10000

// representation measures the activities of layer l, layer 0 being the pictures, and those of the shuffled network.
func (v *modesAnalyse) representation(c, shuffled *modes.Classifier, a *analysed, l int) error {
	units := v.net.Layers[l]
	train, err := c.Activities(v.data.Train.Head(probed), l)
	if err != nil {
		return err
	}
	test, err := c.Activities(v.data.Test, l)
	if err != nil {
		return err
	}
	mixed, err := shuffled.Activities(v.data.Test, l)
	if err != nil {
		return err
	}
	for _, d := range []struct {
		to      *[]float64
		of      []float64
		centred bool
	}{{&a.Dimensions, test, true}, {&a.Shuffled, mixed, true}, {&a.Zero, test, false}, {&a.ZeroMixed, mixed, false}} {
		x, err := modes.ParticipationRatio(d.of, units, d.centred)
		if err != nil {
			return err
		}
		*d.to = append(*d.to, x)
	}
	a.Squares = append(a.Squares, modes.MeanSquare(test))
	probe, err := modes.Fit(train, v.data.Train.Head(probed).Labels, units, v.data.Classes)
	if err != nil {
		return err
	}
	x, err := probe.Accuracy(test, v.data.Test.Labels)
	a.Separable = append(a.Separable, x)
	return err
}

// recursion is what D about zero would be in random layers with the trained weights' variances, from that of the pictures on; nil
// for activations without a theory.
func (v *modesAnalyse) recursion(a *analysed) ([]float64, error) {
	if v.net.Activation != "tanh" && v.net.Activation != "linear" {
		return nil, nil
	}
	_, _, gain := v.net.Shuffled(v.weights, v.Seed)
	hidden := v.net.Layers[1 : len(v.net.Layers)-1]
	d, err := modes.Recursion{Activation: v.net.Activation, Square: a.Squares[0], Dimension: a.Zero[0]}.Dimensions(hidden, gain[:len(hidden)])
	return append([]float64{a.Zero[0]}, d...), err
}

func (v *modesAnalyse) report(a *analysed, theory []float64) *result {
	out := &result{}
	sum := &out.Summary
	sum.Set("space", string(v.net.Space))
	sum.Set("test_accuracy", a.Accuracy)
	sum.Set("participation_ratio", a.Dimensions)
	sum.Set("participation_ratio_shuffled", a.Shuffled)
	sum.Set("participation_ratio_about_zero", a.Zero)
	sum.Set("participation_ratio_about_zero_shuffled", a.ZeroMixed)
	if theory != nil {
		sum.Set("participation_ratio_about_zero_theory", theory)
	}
	sum.Set("linear_separability", a.Separable)
	if v.net.InModes() {
		v.reportModes(a, out)
	}
	values, overlap := store.Summary{}, store.Summary{}
	for l, x := range a.Values {
		out.keep(&values, "singular_values", l, x)
	}
	for l, x := range a.Overlap {
		out.keep(&overlap, "subspace_overlap", l, x)
	}
	sum.Set("singular_values", values)
	sum.Set("subspace_overlap", overlap)
	out.Figures = v.figures(a, theory)
	return out
}

// keep sets a layer's numbers in an object of the summary and as a series.
func (r *result) keep(object *store.Summary, name string, layer int, x []float64) {
	key := fmt.Sprintf("layer%d", layer+1)
	object.Set(key, x)
	r.Series = append(r.Series, store.Of(name+"_"+key, x))
}

// reportModes adds what networks in mode space have.
func (v *modesAnalyse) reportModes(a *analysed, out *result) {
	type slopes struct {
		Head float64 `json:"head"`
		Tail float64 `json:"tail"`
	}
	sum := &out.Summary
	tau, fit, removal := store.Summary{}, store.Summary{}, store.Summary{}
	var cos []float64
	removal.Set("fraction", a.Fraction)
	for l, law := range a.Law {
		key := fmt.Sprintf("layer%d", l+1)
		out.keep(&tau, "significance", l, law.Tau)
		fit.Set(key, slopes{law.Head, law.Tail})
		cos = append(cos, modes.MeanAbsolute(a.In[l]))
		for _, o := range modes.Orders {
			removal.Set(key+"_"+string(o), a.Removal[l][o])
			out.Series = append(out.Series, store.Of("removal_"+key+"_"+string(o), a.Removal[l][o]))
		}
	}
	out.Series = append(out.Series, store.Of("removal_fraction", a.Fraction))
	fit.Set("published", slopes{modes.Published.Head, modes.Published.Tail})
	sum.Set("mode_correlation", cos)
	sum.Set("rank_slopes", fit)
	sum.Set("significance", tau)
	sum.Set("removal", removal)
}
