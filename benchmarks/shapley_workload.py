"""Measure the Shapley engines for the paper's game: time, memory, proved bound, error against exact values.

Usage: ``python benchmarks/shapley_workload.py --slow > docs/benchmarks/shapley.md``. Each case runs in a
process of its own, so that its memory is its own. Without ``--slow`` it takes about a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from fractions import Fraction
from math import comb
from random import Random
from time import process_time

import numpy as np

from bcfl_offchain.mechanism import _shapley_counting, shapley_values
from bcfl_offchain.mechanism._shapley_floats import shapley_floats
from bcfl_offchain.mechanism.errors import ToleranceTooFine


def integers(seed: int, n_clients: int) -> list[int]:
    """Draw whole workloads from 1 to 20."""
    return Random(seed).choices(range(1, 21), k=n_clients)


def decimals(seed: int, n_clients: int, places: int = 2) -> list[Fraction]:
    """Draw workloads from 1 to 20 with a few decimals."""
    scale = 10**places
    values = Random(seed).choices(range(scale, 20 * scale + 1), k=n_clients)
    return [Fraction(value, scale) for value in values]


def reals(seed: int, n_clients: int, low: float = 1.0, high: float = 20.0) -> list[float]:
    """Draw arbitrary doubles."""
    random = Random(seed)
    return [random.uniform(low, high) for _ in range(n_clients)]


MANY = 10_000
CASES = {
    "exact, N = 50, integers": (lambda: (integers(1, 50), 10), None),
    "exact, N = 50, two decimals": (lambda: (decimals(1, 50), 10), None),
    "exact, N = 200, integers": (lambda: (integers(1, 200), 10), None),
    "N = 1,000, integers, to 1e-12 W": (lambda: (integers(1, 1000), 10), 1e-12),
    "N = 10,000, reals, one-sided": (lambda: (reals(1, MANY, 1, 9), 10), 1e-12),
    "N = 1,000, integers": (lambda: (integers(1, 1000), 10), 1e-9),
    "N = 1,000, integers, g = 10.37": (lambda: (integers(1, 1000), "10.37"), 1e-9),
    "N = 1,000, two decimals": (lambda: (decimals(1, 1000), 10), 1e-9),
    "N = 10,000, integers": (lambda: (integers(1, MANY), 10), 1e-9),
    "N = 10,000, two decimals": (lambda: (decimals(1, MANY), 10), 1e-9),
    "N = 10,000, two values": (lambda: ([1] * 5000 + [20] * 5000, 10), 1e-9),
    "N = 10,000, one differs": (lambda: ([9] * (MANY - 1) + [12], 10), 1e-9),
    "N = 10,000, one outlier of 2,000": (lambda: ([*integers(1, MANY - 1), 2000], 10), 1e-9),
    "N = 10,000, half on the target": (lambda: ([10] * 5000 + integers(1, 5000), 10), 1e-9),
}
NEAR = 1.2345678901234  # workloads on no lattice
SLOW = {
    "N = 25, reals": (lambda: (reals(1, 25), 10), 1e-9),
    "N = 40, reals": (lambda: (reals(1, 40), 10), 1e-9),
    "N = 50, reals": (lambda: (reals(1, 50), 10), 1e-9),
    "N = 100, reals": (lambda: (reals(1, 100), 10), 1e-9),
    "N = 300, reals": (lambda: (reals(1, 300), 10), 1e-9),
    "N = 1,000, reals": (lambda: (reals(1, 1000), 10), 1e-9),
    "N = 10,000, reals": (lambda: (reals(1, MANY), 10), 1e-9),
    "N = 10,000, reals, mean on the target": (lambda: (reals(1, MANY, 0, 20), 10), 1e-9),
    "N = 10,000, reals, half on the target": (lambda: ([10.0] * 5000 + reals(1, 5000), 10), 1e-9),
    "N = 10,000, reals, one outlier of 2,000": (lambda: ([*reals(1, MANY - 1), 2000.0], 10), 1e-9),
    "N = 10,000, two real values": (lambda: ([NEAR] * 5000 + [17.345678912345] * 5000, 10), 1e-9),
    "N = 10,000, three real values": (
        lambda: ([NEAR] * 3000 + [17.345678912345] * 3000 + [9.12345678765] * 4000, 10),
        1e-9,
    ),
    "N = 10,000, digits and a million more": (
        lambda: ([10**6 * (client % 2) + digit for client, digit in enumerate(integers(1, MANY))], 500_000),
        1e-9,
    ),
    "N = 10,000, integers moved by up to 1e-3": (
        lambda: ([a + 1e-3 * b for a, b in zip(integers(1, MANY), reals(2, MANY, 0, 1))], 10),
        1e-9,
    ),
    "N = 10,000, integers moved by up to 1e-5": (
        lambda: ([a + 1e-5 * b for a, b in zip(integers(1, MANY), reals(2, MANY, 0, 1))], 10),
        1e-9,
    ),
    "N = 100, integers moved by up to 1e-3": (
        lambda: ([a + 1e-3 * b for a, b in zip(integers(1, 100), reals(2, 100, 0, 1))], 10),
        1e-9,
    ),
}


def measure(name: str) -> dict:
    """Run one case in this process."""
    game, tolerance = {**CASES, **SLOW}[name]
    workloads, target = game()
    largest = max(abs(float(workload) - float(target)) for workload in workloads)
    start = process_time()
    try:
        if tolerance is None:
            result = shapley_values(workloads, target)
        else:
            result = shapley_floats(workloads, target, tolerance)
    except ToleranceTooFine:
        return {"method": "refused", "seconds": process_time() - start}
    found = {"method": result.method, "seconds": process_time() - start}
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if tolerance is None:
        return {**found, "bound": 0.0, "residual": float(sum(result.values) - result.total)}
    return {**found, "bound": result.error_bound / largest, "residual": result.efficiency_residual / largest}


def reference_values(workloads: list[int], target: int, chosen: list[int]) -> list[Fraction]:
    """Compute exact Shapley values of the chosen workloads alone, however many clients there are."""
    n_clients, low = len(workloads), min(workloads)
    lattice, height = [workload - low for workload in workloads], Fraction(target - low)
    whole, by_point = _shapley_counting.gaps_by_point(lattice, height, [point - low for point in chosen])
    largest = max(abs(workload - target) for workload in workloads)
    values = []
    for point in chosen:
        row, loss = by_point[point - low], Fraction(0)
        for size in range(1, n_clients + 1):
            loss += Fraction(row[size], size * comb(n_clients - 1, size - 1))
            if size < n_clients:
                loss -= Fraction(whole[size] - row[size], size * comb(n_clients - 1, size))
        values.append((largest - loss) / n_clients)
    return values


def accuracy(n_clients: int, target: int) -> list[str]:
    """Compare the float engines with exact values of three workloads."""
    workloads = integers(1, n_clients)
    chosen = [1, 10, 20]
    true = reference_values(workloads, target, chosen)
    rows = []
    for tolerance in (1e-9, 1e-12):
        result = shapley_floats(workloads, target, tolerance)
        values = [float(result.values[workloads.index(workload)]) for workload in chosen]
        error = max(abs(Fraction(value) - exact) for value, exact in zip(values, true))
        largest = float(np.abs(result.values).max())
        rows.append(
            f"| {n_clients:,} | {result.method} | {float(error) / largest:.1e} "
            f"| {result.error_bound / largest:.1e} |"
        )
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--slow", action="store_true", help="also what takes longer than ten seconds")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(options.case)))
        return
    print("# Shapley engines for the paper's game\n")
    print("Written by `python benchmarks/shapley_workload.py --slow`, on one core of a shared machine")
    print(f"({platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}).")
    print("Bounds and residuals are in units of W, the largest gap of a workload to g (10 unless said).\n")
    print("| game | engine | CPU seconds | peak memory, MB | proved bound | efficiency residual |")
    print("|---|---|---|---|---|---|")
    for name in {**CASES, **(SLOW if options.slow else {})}:
        command = [sys.executable, __file__, "--case", name]
        one_core = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=one_core)
        found = json.loads(done.stdout)
        if found["method"] == "refused":
            print(f"| {name} | refused | {found['seconds']:.2f} | | | |", flush=True)
            continue
        print(
            f"| {name} | {found['method']} | {found['seconds']:.2f} | {found['memory']:.0f} "
            f"| {found['bound']:.1e} | {found['residual']:.1e} |",
            flush=True,
        )
    print("\nError of three values of N integers against exact fractions, relative to the largest value:\n")
    print("| N | engine | error | proved bound |")
    print("|---|---|---|---|")
    for n_clients in (200, 1000) if options.slow else (200,):
        print("\n".join(accuracy(n_clients, 10)), flush=True)


if __name__ == "__main__":
    main()
