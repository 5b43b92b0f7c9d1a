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
//	cavity rbm train --data mnist --hidden 500 --method pcd --k 25 --batch 100 --epochs 60 --rate 0.01 --final-rate 0.001 \
//		--momentum 0.9 --nesterov --decay 0.0002 --binarize sample --likelihood 2 --ais-temps 1000 --workers 1 --seed 1
//	cavity rbm evaluate --data mnist --binarize sample --temperatures 10000 --chains 100 --burn 1000
//
// The run was stopped for want of time after 25,098 of 36,000 updates (42 of 60 epochs), the rate still at .002. Likelihoods are bounds
// by reverse and by forward annealing over the 10,000 test examples, whose own standard error is .25; CD-25 is published at -86.34
// (Salakhutdinov, Murray 2008, by forward annealing alone):
//
//	update 22,722    -93.5 … -92.2
//	update 25,098    -94.8 and -95.4 (the bounds cross within their errors of .4; 6 and 7 of 100 chains count)
//	and 1,550 more updates in which the rate falls from .002 to .0002    -88.2 … -87.4 (training examples -87.9 … -87.1)
//
// Every second epoch of the log shows why: from epoch 12 on the likelihood swings between -88 and -101 while the pseudo-likelihood
// rises smoothly from -72 to -68. At these rates the persistent chains, and with them ln Z, run around between digits; only
// small rates at the end settle them. So let --final-rate be 0.0001 rather than the recipe's 0.001. (The last row was made by lowering the
// rate by hand from the checkpoint.) The free energy gap is .9 ± .35, which is no overfitting.
//
// A stack of 784-1000-500-250-30, two epochs a machine, tuned for four as an autoencoder, reconstructs the 10,000 test pictures with a
// mean squared error of .0081 a pixel; thirty principal components of the 60,000 training pictures leave .0177:
//
//	cavity rbm train --data mnist --stack 1000,500,250,30 --tune 4 --epochs 2 --rate 0.05 --likelihood 0 --examples 200 --binarize sample
package rbm
