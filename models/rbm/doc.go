// Package rbm trains, weighs and samples restricted Boltzmann machines.
//
// A machine has visible units v and hidden units h with the energy
//
//	E(v, h) = -v·W h - b·v - c·h
//
// over a reference measure of each unit (see [Units]): 0 and 1 for Bernoulli units, ±1 for Ising units, the normal law for
// Gaussian ones. With A(x) the logarithm of the integral of e^{xs} over a unit's reference measure, the hidden units are summed
// exactly,
//
//	F(v) = -b·v - Σ_j A(c_j + (vW)_j),    p(v) = e^{-F(v)} / Z,
//
// and given one layer the units of the other are independent, with the mean A'(x). The gradient of the log-likelihood is
//
//	∂/∂W = ⟨v hᵀ⟩_data - ⟨v hᵀ⟩_model,
//
// whose second term is what the methods of training approximate: contrastive divergence (Hinton 2002,
// doi:10.1162/089976602760128018), persistent chains (Tieleman 2008, doi:10.1145/1390156.1390290), parallel
// tempering (Desjardins et al. 2010) and deep tempering (Desjardins et al. 2014, arXiv:1410.0123).
//
// Log-likelihoods are in nats per example.
//
// # Measured on MNIST
//
// Persistent chains on all of MNIST, binarised by sampling, 784×500:
//
//	cavity rbm train --data mnist --hidden 500 --method pcd --k 25 --batch 100 --epochs 40 --rate 0.01 --final-rate 0.0001 \
//		--momentum 0.9 --nesterov --decay 0.0002 --binarize sample --workers 1 --seed 1 --out long
//	cavity rbm evaluate --weights long/weights.safetensors --data mnist --binarize sample --temperatures 40000 --burn 1000
//
// After these 24,000 updates, nineteen minutes on a loaded core, the mean log-likelihood of the 10,000 test examples lies between
// -90.55 and -90.35 nats by reverse and forward annealing (training examples: -91.12 and -90.92); the error over examples is .24, and
// 32 and 33 of 100 chains count. CD-25 is published at -86.34 (Salakhutdinov, Murray 2008, by forward annealing alone). The
// log of the training, whose forward annealing has fewer temperatures and takes fewer examples, ends at -83.8: too good by far, as a
// lower bound of ln Z makes it.
//
// The rates at the end matter. A run to --final-rate 0.001, stopped after 42 of 60 epochs with the rate still at .002, had -94.8 and
// -95.4: at such rates the persistent chains, and with them ln Z, run around between digits, and the likelihood swings between
// -88 and -101 from epoch to epoch while the pseudo-likelihood rises smoothly. The free energy gap of the first run is -.56 ± .35: no
// overfitting.
//
// A stack of 784-1000-500-250-30, two epochs a machine, tuned for four as an autoencoder, reconstructs the 10,000 test pictures with a
// mean squared error of .0081 a pixel; thirty principal components of the 60,000 training pictures leave .0177:
//
//	cavity rbm train --data mnist --stack 1000,500,250,30 --tune 4 --epochs 2 --rate 0.05 --likelihood 0 --examples 200 --binarize sample
package rbm
