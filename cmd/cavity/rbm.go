package main

// rbmVerbs are the verbs about restricted Boltzmann machines.
type rbmVerbs struct {
	Train      rbmTrain      `cmd:"" help:"Train a machine."`
	Evaluate   rbmEvaluate   `cmd:"" help:"Weigh a machine: ln Z with bounds, log-likelihoods."`
	Sample     rbmSample     `cmd:"" help:"Sample a machine."`
	Boltzmann  rbmBoltzmann  `cmd:"" help:"Train and weigh a general Boltzmann machine: couplings among hidden and visible spins too."`
	Inverse    rbmInverse    `cmd:"" help:"Find the fields and couplings of an Ising model from samples."`
	Transition rbmTransition `cmd:"" help:"Learn planted binary synapses by belief propagation, beside the replica-symmetric curve."`
}
