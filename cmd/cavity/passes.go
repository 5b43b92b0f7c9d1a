package main

// passes are the flags of the verbs that learn in minibatches; such a verb embeds them.
type passes struct {
	Epochs int `default:"10" help:"Passes through the training examples."`
	Batch  int `default:"100" help:"Examples of a minibatch."`
}

// checkPasses finds numbers that make no training; how large a batch may be depends on the data.
func (p *passes) checkPasses() error {
	if p.Epochs < 1 {
		return misusef("--epochs is %d: at least 1", p.Epochs)
	}
	if p.Batch < 1 {
		return misusef("--batch is %d: at least 1", p.Batch)
	}
	return nil
}
