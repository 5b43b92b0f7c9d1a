"""Spin samplers of other packages, and what a user's own numba would do, on the work of `cavity bench --suite spin`."""
import sys

from common import best, report, slope, version
import numpy as np
import numba


@numba.njit(fastmath=True)
def xorshift(state):
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state


@numba.njit(fastmath=True)
def sweep_square(spins, accept4, accept8, sweeps, state):
    side = spins.shape[0]
    for _ in range(sweeps):
        for colour in range(2):
            for y in range(side):
                up, down = (y + 1) % side, (y - 1) % side
                for x in range((y + colour) & 1, side, 2):
                    cost = spins[y, x] * (spins[y, (x + 1) % side] + spins[y, (x - 1) % side] + spins[up, x] + spins[down, x])
                    if cost <= 0:
                        spins[y, x] = -spins[y, x]
                        continue
                    state = xorshift(state)
                    if np.float32(state >> np.uint64(40)) * np.float32(2.0**-24) < (accept4 if cost == 2 else accept8):
                        spins[y, x] = -spins[y, x]
    return state


@numba.njit(fastmath=True)
def temper_graph(spins, neighbours, couplings, betas, order, sweeps, state):
    """Metropolis on a graph of six neighbours, replicas in the inner loop, exchanges every sweep."""
    sites, replicas = spins.shape
    energy = np.zeros(replicas, np.float32)
    for sweep in range(sweeps):
        for i in range(sites):
            for r in range(replicas):
                field = np.float32(0)
                for k in range(6):
                    field += couplings[i, k] * spins[neighbours[i, k], r]
                cost = np.float32(2) * spins[i, r] * field
                turn = cost <= 0
                if not turn:
                    state = xorshift(state)
                    turn = np.float32(state >> np.uint64(40)) * np.float32(2.0**-24) < np.exp(-betas[order[r]] * cost)
                if turn:
                    spins[i, r] = -spins[i, r]
        energy[:] = 0
        for i in range(sites):
            for k in range(3):
                for r in range(replicas):
                    energy[r] -= couplings[i, k] * spins[i, r] * spins[neighbours[i, k], r]
        for a in range(replicas):
            for b in range(replicas):
                if order[b] == order[a] + 1 and (order[a] + sweep) % 2 == 0:
                    state = xorshift(state)
                    u = np.float32(state >> np.uint64(40)) * np.float32(2.0**-24)
                    if np.log(u + 1e-30) < (betas[order[a]] - betas[order[b]]) * (energy[a] - energy[b]):
                        order[a], order[b] = order[b], order[a]
    return state


@numba.njit(fastmath=True)
def sweep_dense(spins, fields, couplings, betas, sweeps, state):
    """Heat flows through local fields: a row of couplings is added when a spin turns."""
    sites, replicas = spins.shape
    for _ in range(sweeps):
        for i in range(sites):
            row = couplings[i]
            for r in range(replicas):
                cost = np.float32(2) * betas[r] * spins[i, r] * fields[r, i]
                turn = cost <= 0
                if not turn:
                    state = xorshift(state)
                    turn = np.float32(state >> np.uint64(40)) * np.float32(2.0**-24) < np.exp(-cost)
                if turn:
                    change = np.float32(-2) * spins[i, r]
                    spins[i, r] = -spins[i, r]
                    for j in range(sites):
                        fields[r, j] += change * row[j]
    return state


def glass(side):
    case = f"ea3d L={side}, 16 samples × 32 temperatures, exchange every sweep"
    narrow = f"ea3d L={side}, 1 sample × 32 temperatures × 2 copies"
    sites, temperatures = side**3, np.geomspace(0.9, 2.0, 32)
    bonds = np.random.default_rng(3).integers(0, 2, (side, side, side, 3)) * 2 - 1
    import peapods

    sweeps = 40 if side == 16 else 6
    for name, copies in ((case, 1), (narrow, 2)):
        model = peapods.Ising((side,) * 3, couplings=bonds.astype(np.float32), temperatures=temperatures, n_replicas=copies)
        took = best(lambda: model.sample(sweeps, pt_interval=1, sequential=True, warmup_ratio=0.0), 3)
        report("spin", name, version("peapods"), "flips/ns", sites * 32 * copies * sweeps / took * 1e-9)
    index = np.arange(sites).reshape((side,) * 3)
    neighbours = np.stack([np.roll(index, -1, a).ravel() for a in range(3)] + [np.roll(index, 1, a).ravel() for a in range(3)], 1).astype(np.int32)
    strengths = np.concatenate([bonds.reshape(sites, 3), np.stack([np.roll(bonds[..., a], 1, a).ravel() for a in range(3)], 1)], 1).astype(np.float32)
    spins = np.ones((sites, 32), np.float32)
    order, betas = np.arange(32), (1 / temperatures).astype(np.float32)
    took = best(lambda: temper_graph(spins, neighbours, strengths, betas, order, sweeps // 2, np.uint64(88172645463325252)), 3)
    for name in (case, narrow):
        report("spin", name, "own " + version("numba"), "flips/ns", sites * 32 * (sweeps // 2) / took * 1e-9)
    import openjij

    pairs = {(int(i), int(neighbours[i, k])): -float(strengths[i, k]) for i in range(sites) for k in range(3)}
    model = openjij.model.model.BinaryQuadraticModel({i: 0.0 for i in range(sites)}, pairs, 0.0, "SPIN", sparse=True)

    def anneal(n):
        openjij.SASampler().sample(model, schedule=[(1 / 1.1, n)], num_reads=8, sparse=True, seed=1)

    n = 200 if side == 16 else 25
    report("spin", case, version("openjij") + " (annealing)", "flips/ns", sites * 8 * 2 * n / slope(anneal, n) * 1e-9)
    import dimod
    from dwave.samplers import SimulatedAnnealingSampler

    problem = dimod.BinaryQuadraticModel({}, pairs, 0.0, "SPIN")

    def cool(n):
        SimulatedAnnealingSampler().sample(problem, num_reads=8, num_sweeps=n, beta_range=(0.5, 1 / 0.9), seed=1)

    report("spin", case, version("dwave-samplers") + " (annealing)", "flips/ns", sites * 8 * 2 * n / slope(cool, n) * 1e-9)


def square():
    case, side, temperature = "ising2d L=1024 at T=2.5", 1024, 2.5
    from mcising._core import IsingSimulation

    model = IsingSimulation(side, 1.0, 0.0, 0.0, 0.0, 42, "metropolis", "square")
    report("spin", case, version("mcising"), "flips/ns", side**2 * 20 / best(lambda: model.sweep(20, temperature=temperature), 3) * 1e-9)
    spins = np.ones((side, side), np.int8)
    arguments = np.float32(np.exp(-4 / temperature)), np.float32(np.exp(-8 / temperature)), 20, np.uint64(88172645463325252)
    report("spin", case, "own " + version("numba"), "flips/ns", side**2 * 20 / best(lambda: sweep_square(spins, *arguments), 3) * 1e-9)


def dense(kind, sites):
    rng = np.random.default_rng(1)
    if kind == "sk":
        case, temperatures = f"sk N={sites}, 32 temperatures", np.geomspace(0.3, 1.5, 32)
        couplings = np.triu(rng.standard_normal((sites, sites)) / np.sqrt(sites), 1)
        couplings += couplings.T
    else:
        case, temperatures = f"hopfield N={sites} P=100, 32 temperatures", np.geomspace(0.3, 1.5, 32)
        patterns = rng.choice([-1.0, 1.0], size=(100, sites))
        couplings = patterns.T @ patterns / sites
        np.fill_diagonal(couplings, 0)
    couplings = couplings.astype(np.float32)
    sweeps = max(1, 40000 // sites)
    spins = np.ones((sites, 32), np.float32)
    fields = (couplings @ spins).T.copy()
    betas = (1 / temperatures).astype(np.float32)
    work = lambda: sweep_dense(spins, fields, couplings, betas, sweeps, np.uint64(88172645463325252))
    report("spin", case, "own " + version("numba"), "flips/ns", sites * 32 * sweeps / best(work, 3) * 1e-9)
    if sites > 2000:
        return
    import openjij

    rows, columns = np.triu_indices(sites, 1)
    pairs = {(int(a), int(b)): -float(w) for a, b, w in zip(rows, columns, couplings[rows, columns])}
    model = openjij.model.model.BinaryQuadraticModel({i: 0.0 for i in range(sites)}, pairs, 0.0, "SPIN", sparse=True)

    def anneal(n):
        openjij.SASampler().sample(model, schedule=[(float(b), n) for b in (1 / temperatures)[::-1]], num_reads=2, sparse=True, seed=1)

    n = max(1, sweeps // 8)
    report("spin", case, version("openjij") + " (annealing)", "flips/ns", sites * 2 * 32 * 2 * n / slope(anneal, n, 2) * 1e-9)


if __name__ == "__main__":
    quick = "quick" in sys.argv
    glass(16)
    square()
    for n in (512, 1024) if quick else (512, 1024, 4096):
        dense("sk", n)
    dense("hopfield", 2000)
    if not quick:
        glass(32)
