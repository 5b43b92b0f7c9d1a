"""torch and jax on the work of `cavity bench --suite rbm,modes`: discs of MNIST's density, float32, one thread."""
import math
import sys

from common import best, report, version
import numpy as np


def discs(count):
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:28, 0:28]
    return np.stack([((x - rng.integers(9, 19)) ** 2 + (y - rng.integers(9, 19)) ** 2 < 33).ravel() for _ in range(count)]).astype(np.float32)


CD = {(1, 500, 128): "CD-1 784×500, batches of 128", (10, 500, 128): "CD-10 784×500, batches of 128",
      (100, 500, 128): "PCD-100 784×500, batches of 128", (1, 1024, 512): "CD-1 784×1024, batches of 512"}


def torch_rbm(quick):
    import torch

    torch.set_num_threads(1)
    for (k, hidden, batch), case in CD.items():
        if quick and k > 10:
            continue
        w, b, c = 0.01 * torch.randn(784, hidden), torch.zeros(784), torch.zeros(hidden)
        velocity = [torch.zeros_like(p) for p in (w, b, c)]
        v0 = torch.from_numpy(discs(batch))
        chain = v0.clone()

        def update():
            v = chain if k == 100 else v0
            for _ in range(k):
                h = (torch.rand(batch, hidden) < torch.sigmoid(torch.addmm(c, v, w))).float()
                v = (torch.rand(batch, 784) < torch.sigmoid(torch.addmm(b, h, w.t()))).float()
            if k == 100:
                chain.copy_(v)
            p0, pk = torch.sigmoid(torch.addmm(c, v0, w)), torch.sigmoid(torch.addmm(c, v, w))
            for p, u, g in zip((w, b, c), velocity, ((v0.t() @ p0 - v.t() @ pk) / batch, (v0 - v).mean(0), (p0 - pk).mean(0))):
                u.mul_(0.5).add_(g, alpha=0.05)
                p.add_(u)

        report("rbm", case, version("torch"), "ms", 1e3 * best(update, 4, max(1, 20 // k)))


def jax_rbm(quick):
    import jax
    import jax.numpy as jnp

    def bernoulli(key, x):
        return (jax.random.uniform(key, x.shape) < jax.nn.sigmoid(x)).astype(jnp.float32)

    for (k, hidden, batch), case in CD.items():
        if quick and k > 10:
            continue
        v0 = jnp.array(discs(batch))

        @jax.jit
        def update(p, key, chain):
            def gibbs(_, state):
                v, key = state
                key, a, b = jax.random.split(key, 3)
                return bernoulli(b, bernoulli(a, v @ p[0] + p[2]) @ p[0].T + p[1]), key

            v, key = jax.lax.fori_loop(0, k, gibbs, (chain if k == 100 else v0, key))
            h0, hk = jax.nn.sigmoid(v0 @ p[0] + p[2]), jax.nn.sigmoid(v @ p[0] + p[2])
            new = (p[0] + 0.05 * (v0.T @ h0 - v.T @ hk) / batch, p[1] + 0.05 * (v0 - v).mean(0), p[2] + 0.05 * (h0 - hk).mean(0))
            return new, key, v

        key = jax.random.PRNGKey(0)
        p = (0.01 * jax.random.normal(key, (784, hidden)), jnp.zeros(784), jnp.zeros(hidden))
        work = lambda: jax.block_until_ready(update(p, key, v0))
        report("rbm", case, version("jax"), "ms", 1e3 * best(work, 4, max(1, 10 // k)))


def torch_sampling(quick):
    import torch

    torch.set_num_threads(1)
    w, b, c = torch.zeros(784, 500), torch.zeros(784), torch.zeros(500)
    w[range(500), range(500)] = 1
    v = (torch.rand(2000, 784) < 0.5).float()

    def sweep():
        h = (torch.rand(2000, 500) < torch.sigmoid(torch.addmm(c, v, w))).float()
        v.copy_((torch.rand(2000, 784) < torch.sigmoid(torch.addmm(b, h, w.t()))).float())

    report("rbm", "block Gibbs, a sweep of 2,000 chains, 500 hidden", version("torch"), "ms", 1e3 * best(sweep, 4, 3))
    if quick:
        return
    w, data = 0.01 * torch.randn(784, 500), torch.from_numpy((255 * discs(60000)).astype(np.uint8))
    velocity = [torch.zeros_like(p) for p in (w, b, c)]

    def epoch():
        order = torch.randperm(60000)
        for i in range(0, 60000, 128):
            v0 = (data[order[i : i + 128]] > 127).float()
            n = len(v0)
            p0 = torch.sigmoid(torch.addmm(c, v0, w))
            h = (torch.rand(n, 500) < p0).float()
            v = (torch.rand(n, 784) < torch.sigmoid(torch.addmm(b, h, w.t()))).float()
            pk = torch.sigmoid(torch.addmm(c, v, w))
            for p, u, g in zip((w, b, c), velocity, ((v0.t() @ p0 - v.t() @ pk) / n, (v0 - v).mean(0), (p0 - pk).mean(0))):
                u.mul_(0.5).add_(g, alpha=0.05)
                p.add_(u)

    report("rbm", "an epoch of 60,000, CD-1 784×500, batches of 128", version("torch"), "s", best(epoch, 2))


def torch_ais():
    import torch

    w, b, c, base = 1e-9 * torch.randn(784, 500), torch.zeros(784), torch.zeros(500), torch.zeros(784)
    betas = torch.linspace(0, 1, 1000)

    def run():
        v, weight = (torch.rand(100, 784) < 0.5).float(), torch.zeros(100)
        for k in range(1, len(betas)):
            x = torch.addmm(c, v, w)
            weight += (betas[k] - betas[k - 1]) * (v @ (b - base)) + (torch.nn.functional.softplus(betas[k] * x) - torch.nn.functional.softplus(betas[k - 1] * x)).sum(1)
            h = (torch.rand(100, 500) < torch.sigmoid(betas[k] * x)).float()
            v = (torch.rand(100, 784) < torch.sigmoid((1 - betas[k]) * base + betas[k] * torch.addmm(b, h, w.t()))).float()

    report("rbm", "AIS 1,000 temperatures × 100 chains, 500 hidden", version("torch"), "s", best(run, 2))


def torch_network(hidden, modes):
    import torch

    sizes, x, y = [784, hidden, hidden, 10], torch.from_numpy(discs(100)), torch.randint(0, 10, (100,))
    scale = lambda n: (1 / (n * math.log(n))) ** (1 / 6)
    if modes == 0:
        weights = [(math.sqrt(2 / a) * torch.randn(a, b)).requires_grad_() for a, b in zip(sizes, sizes[1:])]
        parameters, name = weights, f"784-{hidden}-{hidden}-10, weights, an update of 100"
        layer = lambda a, l: a @ weights[l]
    else:
        inner = [(scale(a) * torch.randn(a, modes)).requires_grad_() for a in sizes[:-1]]
        middle = [(scale(a) * torch.randn(modes)).requires_grad_() for a in sizes[:-1]]
        outer = [(scale(a) * torch.randn(modes, b)).requires_grad_() for a, b in zip(sizes, sizes[1:])]
        parameters, name = inner + middle + outer, f"784-{hidden}-{hidden}-10, {modes} modes, an update of 100"
        layer = lambda a, l: ((a @ inner[l]) * middle[l]) @ outer[l]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-4)

    def update():
        a = x
        for l in range(3):
            a = layer(a, l)
            if l < 2:
                a = a.relu()
        optimiser.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(a, y).backward()
        optimiser.step()

    report("modes", name, version("torch"), "ms", 1e3 * best(update, 5, 30 if hidden == 100 else 10))


if __name__ == "__main__":
    quick = "quick" in sys.argv
    torch_rbm(quick)
    torch_sampling(quick)
    if not quick:
        torch_ais()
    for hidden in (100, 1000):
        for modes in (0, 10, 30, 70):
            torch_network(hidden, modes)
    jax_rbm(quick)
