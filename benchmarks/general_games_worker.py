"""One library's part of `general_games`: runs in that library's environment, answers with JSON.

The only imports at the top are numpy's, so that the same file runs in all of them.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import warnings
from collections.abc import Callable
from time import process_time

import numpy as np


class Game:
    """A game that counts its calls and its own CPU time, so that overhead can be told apart."""

    def __init__(self, kind: str, data: np.ndarray) -> None:
        self.kind, self.data, self.calls, self.seconds = kind, data, 0, 0.0
        self.n_clients = int(np.log2(len(data))) if kind == "digits" else len(data)
        self.powers = 1 << np.arange(self.n_clients)

    def __call__(self, coalitions: np.ndarray) -> np.ndarray:
        start = process_time()
        coalitions = np.atleast_2d(np.asarray(coalitions, bool))
        if self.kind == "digits":
            values = self.data[coalitions @ self.powers]
        else:
            sizes = coalitions.sum(axis=1)
            gaps = np.abs(coalitions @ self.data / np.maximum(sizes, 1) - 10)
            values = np.where(sizes > 0, np.abs(self.data - 10).max() - gaps, 0.0)
        self.calls += len(values)
        self.seconds += process_time() - start
        return values


def ours(game: Game, budget: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """`contributions`, with intervals."""
    from bcfl_offchain.mechanism.contribution import MaxEvaluations, contributions

    bounds = (-1.0, 1.0) if game.kind == "digits" else (0.0, float(np.abs(game.data - 10).max()))
    result = contributions(game, game.n_clients, MaxEvaluations(budget), bounds=bounds, seed=seed)
    return result.values, result.intervals


def bare(game: Game, budget: int, seed: int) -> tuple[np.ndarray, None]:
    """The least that an estimator of this kind can do in numpy: draw, drop repetitions, call, average.

    Nothing is guaranteed, adjusted or resumable; it is here for its time.
    """
    n, rng = game.n_clients, np.random.default_rng(seed)
    sizes = rng.integers(1, n, budget)
    keys = rng.random((budget, n), dtype=np.float32)
    coalitions = keys < np.sort(keys, axis=1)[np.arange(budget), sizes][:, None]
    packed = np.packbits(coalitions, axis=1)
    words = np.zeros((budget, 8), np.uint8)
    words[:, : packed.shape[1]] = packed
    _, first = np.unique(words.view(np.uint64)[:, 0], return_index=True)
    coalitions, sizes = coalitions[first], sizes[first]
    values = game(coalitions)
    order = np.argsort(sizes)
    members, columns = coalitions[order].astype(float), np.stack([np.ones(len(order)), values[order]])
    ends = np.cumsum(np.bincount(sizes, minlength=n))
    inside = np.array([columns[:, a:b] @ members[a:b] for a, b in zip(ends[:-1], ends[1:])])
    totals = np.add.reduceat(columns, ends[:-1], axis=1).T[:, :, None]
    (in_counts, in_sums), (out_counts, out_sums) = (part.swapaxes(0, 1) for part in (inside, totals - inside))
    means = in_sums / np.maximum(in_counts, 1) - out_sums / np.maximum(out_counts, 1)
    return means.sum(axis=0) / n, None


def shapiq(name: str) -> Callable:
    """One of shapiq's approximators of Shapley values."""

    def run(game: Game, budget: int, seed: int) -> tuple[np.ndarray, None]:
        import shapiq.approximator

        maker = getattr(shapiq.approximator, name)
        found = maker(n=game.n_clients, random_state=seed).approximate(budget, game)
        return np.array([found[(i,)] for i in range(game.n_clients)]), None

    return run


def pydvl(name: str) -> Callable:
    """One of pyDVL's samplers; permutations stop at the first one that ends beyond the budget."""

    def run(game: Game, budget: int, seed: int) -> tuple[np.ndarray, None]:
        from pydvl.valuation import samplers
        from pydvl.valuation.dataset import Dataset
        from pydvl.valuation.methods.shapley import ShapleyValuation
        from pydvl.valuation.stopping import NoStopping, StoppingCriterion
        from pydvl.utils.status import Status
        from pydvl.valuation.utility.base import UtilityBase

        class Utility(UtilityBase):
            def __call__(self, sample) -> float:
                coalition = np.zeros(game.n_clients, bool)
                if sample is not None:
                    coalition[sample.subset] = True
                return float(game(coalition)[0])

        class Budget(StoppingCriterion):
            def _check(self, result) -> Status:
                return Status.Converged if game.calls >= budget else Status.Pending

            def completion(self) -> float:
                return game.calls / budget

        if name == "permutation":
            sampler, stop = samplers.PermutationSampler(seed=seed), Budget()
        else:
            per_client = max(game.n_clients, budget // (2 * game.n_clients))
            sampler, stop = samplers.VRDSSampler(n_samples_per_index=per_client, seed=seed), NoStopping()
        n = game.n_clients
        data = Dataset(np.zeros((n, 1)), np.zeros(n))
        fitted = ShapleyValuation(Utility(), sampler, stop, show_warnings=False, progress=False).fit(data)
        values = np.zeros(n)
        values[fitted.result.indices] = fitted.result.values
        return values, None

    return run


def shap(name: str) -> Callable:
    """One of shap's explainers, of a model whose features say who is in."""

    def run(game: Game, budget: int, seed: int) -> tuple[np.ndarray, None]:
        import shap as library

        n = game.n_clients
        nobody, everybody = np.zeros((1, n)), np.ones((1, n))

        def model(features):
            return game(features > 0.5)

        np.random.seed(seed)
        if name == "kernel":
            explainer = library.KernelExplainer(model, nobody)
            return explainer.shap_values(everybody, nsamples=budget, l1_reg=False, silent=True)[0], None
        explainer = library.PermutationExplainer(model, nobody, seed=seed)
        return explainer(everybody, max_evals=budget, silent=True).values[0], None

    return run


SHAPIQ = ("SVARM", "PermutationSamplingSV", "StratifiedSamplingSV", "KernelSHAP", "UnbiasedKernelSHAP")

ESTIMATORS: dict[str, dict[str, Callable]] = {
    "ours": {"": ours, "floor": bare},
    "shapiq": {name: shapiq(name) for name in SHAPIQ},
    "pydvl": {"permutation": pydvl("permutation"), "VRDS": pydvl("VRDS")},
    "shap": {"permutation": shap("permutation"), "kernel": shap("kernel")},
}


def measure(run: Callable, kind: str, data: np.ndarray, truth: np.ndarray, budget: int, n_seeds: int) -> dict:
    """Errors, calls and (median) overhead of one estimator at one budget, over the seeds."""
    errors, calls, overhead, widths, held = [], [], [], [], True
    for seed in range(n_seeds):
        game = Game(kind, data)
        start = process_time()
        values, intervals = run(game, budget, seed)
        overhead.append(process_time() - start - game.seconds)
        errors.append(float(np.abs(values - truth).max()))
        calls.append(game.calls)
        if intervals is not None:
            widths.append(float(np.ptp(intervals, axis=1).max() / 2))
            held = held and bool(((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])).all())
    return {
        "budget": budget,
        "seeds": n_seeds,
        "error": float(np.mean(errors)),
        "calls": float(np.mean(calls)),
        "overhead": float(np.median(overhead)),
        "half_width": float(np.mean(widths)) if widths else None,
        "held": held,
    }


def main(library: str, games: str, budgets: str) -> None:
    """Measure all estimators of a library."""
    warnings.simplefilter("ignore")  # of the libraries; they would drown what goes wrong
    data = np.load(games)
    version = "" if library == "ours" else importlib.metadata.version(library)
    rows = []
    for estimator, run in ESTIMATORS[library].items():
        run(Game("digits", data["digits"]), 140, 0)  # imports and compilers are not overhead
        for kind, by_budget in json.loads(budgets).items():
            truth = data[f"{kind}_exact"]
            for budget, n_seeds in by_budget.items():
                row = measure(run, kind, data[kind], truth, int(budget), n_seeds)
                head = {"library": library, "version": version, "estimator": estimator, "game": kind}
                rows.append({**head, "largest_value": float(truth.max()), **row})
                told = f"{library} {estimator} {kind} {budget}: {row['error']:.4f}, {row['overhead']:.3f} s"
                print(told, file=sys.stderr, flush=True)
    print(json.dumps(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
