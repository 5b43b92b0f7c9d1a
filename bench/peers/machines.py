"""Packages for restricted Boltzmann machines on the work of `cavity bench --suite rbm`, as their own training does it."""
import sys

from common import best, report, version
from learn import CD, discs
import numpy as np
import torch

torch.set_num_threads(1)


def learnergy(data, k, hidden, batch, case):
    """An update by fit, with the loader, autograd and the two monitors that are part of it."""
    from learnergy.models.bernoulli import RBM

    model = RBM(n_visible=784, n_hidden=hidden, steps=k, learning_rate=0.05, momentum=0.5)
    examples = torch.utils.data.TensorDataset(torch.from_numpy(data), torch.zeros(len(data)))
    updates = len(data) // batch
    report("rbm", case, version("learnergy"), "ms", 1e3 * best(lambda: model.fit(examples, batch_size=batch, epochs=1), 3) / updates)


def rbms(data, k, hidden, batch, case):
    """An update of the loop in rbms.training.pcd, from the batch or from persistent chains."""
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.training.pcd import fit_batch_pcd

    normal = lambda *shape: 0.01 * torch.randn(*shape)
    model = BBRBM(weight_matrix=normal(784, hidden), vbias=torch.zeros(784), hbias=torch.zeros(hidden))
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, maximize=True)
    v, weights = torch.from_numpy(data[:batch]), torch.ones(batch, 1)
    chains = model.init_chains(batch)

    def update():
        nonlocal chains
        start = chains if k == 100 else model.init_chains(batch, weights=weights, start_v=v)
        optimiser.zero_grad(set_to_none=False)
        chains, _ = fit_batch_pcd((v, weights), start, model, gibbs_steps=k, beta=1, centered=False)
        optimiser.step()

    with torch.no_grad():
        report("rbm", case, version("rbms"), "ms", 1e3 * best(update, 3, max(1, 20 // k)))


def scikit(data, hidden, batch):
    from sklearn.neural_network import BernoulliRBM

    model = BernoulliRBM(n_components=hidden, learning_rate=0.05, batch_size=batch, n_iter=1, random_state=1)
    updates = len(data) // batch
    report("rbm", f"PCD-1 784×{hidden}, batches of {batch}", version("scikit-learn"), "ms", 1e3 * best(lambda: model.fit(data), 3) / updates)


if __name__ == "__main__":
    quick = "quick" in sys.argv
    for (k, hidden, batch), case in CD.items():
        if quick and k > 10:
            continue
        data = discs(batch * max(2, 20 // k))
        if k < 100:  # learnergy has no persistent chains
            learnergy(data, k, hidden, batch, case)
        rbms(data, k, hidden, batch, case)
    scikit(discs(128 * 20), 500, 128)
