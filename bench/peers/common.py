"""What the peers' scripts share: timing by processor time, and one JSON object a figure on stdout."""
import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def best(work, repeats=4, inner=1):
    """Least processor seconds of one call of work, after a call that is not counted."""
    work()
    least = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        for _ in range(inner):
            work()
        least = min(least, (time.process_time() - began) / inner)
    return least


def slope(make, n, repeats=3):
    """Processor seconds of 2n more sweeps of make(sweeps): its set-up is not counted."""
    return max(1e-9, best(lambda: make(3 * n), repeats) - best(lambda: make(n), repeats))


def report(suite, case, program, unit, value):
    """One figure; cases and units are those of `cavity bench`."""
    command = "python " + " ".join(["bench/peers/" + os.path.basename(sys.argv[0])] + sys.argv[1:])
    print(json.dumps(dict(suite=suite, case=case, program=program, unit=unit, value=value, command=command)), flush=True)


def version(package):
    from importlib.metadata import version as of

    return f"{package} {of(package)}"
