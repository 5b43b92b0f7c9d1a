"""numpy on the work of `cavity bench --suite dmft`: the causal population solver and the spherical p-spin model."""
import sys

from common import best, report, version
import numpy as np
import scipy.linalg


def causal(steps, eta, trajectories, g=2.0, dt=0.1):
    rng = np.random.default_rng(1)
    x = rng.random(trajectories).astype(np.float32)
    phi = np.zeros((steps, trajectories), np.float32)
    noise = rng.standard_normal((steps, trajectories)).astype(np.float32)
    factor, c, r = np.zeros((steps, steps)), np.zeros((steps, steps)), np.zeros((steps, steps))
    pull = np.float32(dt * dt * eta * g * g)
    if eta:
        chi = np.zeros((steps, trajectories), np.float32)
        past = np.zeros((steps, steps, trajectories), np.float32)
    for i in range(steps):
        phi[i] = np.tanh(x)
        c[i, : i + 1] = c[: i + 1, i] = phi[: i + 1].astype(np.float64) @ phi[i].astype(np.float64) / trajectories
        if i == steps - 1:
            return c, r
        row = g * g * c[i, : i + 1].copy()
        row[i] *= 1 + 1e-5
        if i:
            factor[i, :i] = scipy.linalg.solve_triangular(factor[:i, :i], row[:i], lower=True, check_finite=False)
        factor[i, i] = np.sqrt(max(row[i] - factor[i, :i] @ factor[i, :i], 1e-10 * row[i]))
        x = np.float32(1 - dt) * x + np.float32(dt) * (factor[i, : i + 1].astype(np.float32) @ noise[: i + 1])
        if eta:
            x += pull * (r[i, :i].astype(np.float32) @ phi[:i])
            chi[:i] *= np.float32(1 - dt)
            if i > 1:
                chi[:i] += pull * (r[i, :i].astype(np.float32) @ past[:i, :i].reshape(i, -1)).reshape(i, trajectories)
            chi[i] = 1
            past[i + 1, : i + 1] = chi[: i + 1] * (1 - np.tanh(x) ** 2)
            r[i + 1, : i + 1] = past[i + 1, : i + 1].mean(1)


def quench(steps, dt, temperature=0.5):
    """p = 3, by Heun's method and the trapezoid rule."""
    c, r = np.zeros((steps + 1, steps + 1)), np.zeros((steps + 1, steps + 1))
    c[0, 0] = r[0, 0] = 1

    def slopes(i):
        cr, rr, w = c[i, : i + 1], r[i, : i + 1], np.full(i + 1, dt)
        w[0] = w[-1] = dt / 2 if i else 0
        d, s = 1.5 * cr**2, 3 * cr * rr
        z = temperature + 3 * np.dot(w, d * rr)
        lower, diagonal = r[: i + 1, : i + 1], np.diagonal(r)[: i + 1]
        first = dt * (lower @ d) - dt / 2 * (lower[:, 0] * d[0]) - dt / 2 * (diagonal * d)
        third = dt * (s @ lower) - dt / 2 * s * diagonal - dt / 2 * s[-1] * lower[-1]
        first[0] = third[-1] = 0
        return -z * cr + first + c[: i + 1, : i + 1] @ (w * s), -z * rr + third

    def put(i, row_c, row_r):
        c[i, :i], c[:i, i], c[i, i], r[i, :i], r[i, i] = row_c, row_c, 1, row_r, 1

    for i in range(steps):
        old_c, old_r = c[i, : i + 1].copy(), r[i, : i + 1].copy()
        a, b = slopes(i)
        put(i + 1, old_c + dt * a, old_r + dt * b)
        a2, b2 = slopes(i + 1)
        put(i + 1, old_c + dt / 2 * (a + a2[:-1]), old_r + dt / 2 * (b + b2[:-1]))
    return c, r


if __name__ == "__main__":
    program = version("numpy")
    report("dmft", "causal solver n=200, η=.5, 2,000 trajectories", program, "s", best(lambda: causal(200, 0.5, 2000), 2))
    report("dmft", "causal solver n=200, η=0, 20,000 trajectories", program, "s", best(lambda: causal(200, 0.0, 20000), 2))
    report("dmft", "p-spin quench, 800 steps", program, "s", best(lambda: quench(800, 0.05), 2))
    if "quick" not in sys.argv:
        report("dmft", "p-spin quench, 1,600 steps", program, "s", best(lambda: quench(1600, 0.025), 1))
