"""The paper's figures: what is committed is what the code computes, and that is what the equations say."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from bcfl_offchain.experiments.figures import FIGURES
from bcfl_offchain.experiments.figures.__main__ import main
from bcfl_offchain.experiments.figures.figure4 import joining_price
from bcfl_offchain.experiments.figures.setting import inputs, play, policy_prices
from bcfl_offchain.experiments.figures.sweeps import PRICES

DOCS = Path(__file__).parents[2] / "docs"
NAMES = [entry.name for entry in FIGURES]
LARGEST_IMAGE = 150_000


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Everything written anew by the command behind `make figures`."""
    folder = tmp_path_factory.mktemp("docs")
    main([str(folder)])
    return folder


@pytest.fixture(scope="module")
def rows(written):
    """The rows of a figure's CSV that match, as a dict of columns."""
    tables = {name: read(written / "figures" / f"{name}.csv") for name in NAMES}

    def select(name: str, **wanted: str) -> dict[str, np.ndarray]:
        kept = [row for row in tables[name] if all(row[key] == value for key, value in wanted.items())]
        assert kept, wanted
        return {key: np.array([number(row[key]) for row in kept]) for key in kept[0]}

    return select


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float | str:
    """A cell as a number, if it is one; an empty one is NaN."""
    try:
        return float(text or "nan")
    except ValueError:
        return text


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_data_are_what_the_code_computes(written, name):
    fresh, committed = (read(folder / "figures" / f"{name}.csv") for folder in (written, DOCS))
    assert len(fresh) == len(committed)
    for ours, theirs in zip(fresh, committed):
        assert ours.keys() == theirs.keys()
        for key in ours:
            a, b = number(ours[key]), number(theirs[key])
            same = a == b if isinstance(a, str) else np.isclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True)
            assert same, (key, ours, theirs)


def test_the_committed_page_is_what_the_code_writes(written):
    fresh, committed = ((folder / "figures.md").read_text(encoding="utf-8") for folder in (written, DOCS))
    assert fresh == committed, "docs/figures.md is out of date: run `make figures`"


@pytest.mark.parametrize("name", NAMES)
def test_images_are_small_pngs(written, name):
    for folder in (written, DOCS):
        image = (folder / "figures" / f"{name}.png").read_bytes()
        assert image.startswith(b"\x89PNG\r\n") and len(image) < LARGEST_IMAGE


def test_figure_2_has_the_known_utilities_where_both_play_optimally(rows):
    both = {"psi": "5", "pay": "capped", "clients": "optimal", "owner": "optimal"}
    expected = {
        ("complete", "theorem"): (4.994, 500 - 0.1 * (750 + 1500)),
        ("complete", "exact"): (28.196, None),
        ("fair-share", "exact"): (29.85, 275),
        ("least-cost", "exact"): (0, 500 - 0.1 * (750 + 50 * 0.15)),
    }
    for (policy, response), (client, owner) in expected.items():
        found = rows("figure2", policy=policy, response=response, **both)
        np.testing.assert_allclose(found["client_utility"], client, atol=5e-4)
        if owner is not None:
            np.testing.assert_allclose(found["owner_utility_x"], owner, rtol=1e-7)


def test_figure_2_has_no_random_response_that_beats_the_exact_one(rows):
    where = {"response": "exact", "client_draw": "within (5)–(7)"}
    for owner in ("optimal", "random"):
        best, drawn = (
            rows("figure2", clients=clients, owner=owner, **where)["client_utility"]
            for clients in ("optimal", "random")
        )
        assert np.all(drawn <= best + 1e-9)


def test_figure_3_follows_2_under_complete_information(rows):
    found = rows("figure3", policy="complete", response="theorem", clients="identical")
    np.testing.assert_allclose(found["owner_utility_x"], 50 * found["mu"] - 0.1 * (750 + 1500), rtol=1e-6)
    mining_time = 15 - np.sqrt(0.01 * found["mu"] ** 3 / 25)
    energy = 0.01 * found["psi"] ** 3 / mining_time**2
    np.testing.assert_allclose(found["client_utility"], 5 - energy, rtol=1e-6)


def test_figure_4_follows_1_and_2_at_the_theorems_response(rows):
    found = rows("figure4", sweep="p_t", policy="complete", pay="as (1)", psi="5", other_price="1")
    np.testing.assert_allclose(found["price"], PRICES)
    mining_time = 15 - 10 * np.cbrt(0.01 / PRICES)
    np.testing.assert_allclose(found["client_utility"], mining_time - 0.01 * 125 / mining_time**2, rtol=1e-6)
    pay = 10 * np.cbrt(0.01) * PRICES ** (2 / 3) + mining_time
    np.testing.assert_allclose(found["owner_utility_x"], 500 - 0.1 * 50 * (15 + pay), rtol=1e-6)


@pytest.mark.parametrize("psi", [5.0, 1.0])
def test_clients_take_part_from_the_joining_price_on(psi):
    given, p_m = inputs([10.0, 10.0], psi), policy_prices("complete", psi)[1]
    prices = joining_price(psi) * np.array([0.999, 1.001])
    assert play(given, "complete", (prices, p_m), "theorem").taking_part.tolist() == [False, True]


def test_figure_5_follows_18_and_8(rows):
    found = rows("figure5", policy="complete", response="theorem", clients="identical", psi="5")
    price = (25 / found["mu"]) ** 1.5 / np.sqrt(0.01)
    np.testing.assert_allclose(found["training_price"], price, rtol=1e-6)
    np.testing.assert_allclose(found["training_frequency"], np.cbrt(price / 0.01), rtol=1e-6)


def test_figure_5_hires_a_client_of_the_spread_only_where_its_shapley_value_is_positive(rows):
    found = rows("figure5", policy="complete", response="theorem", clients="spread", psi="5")
    others = np.arange(1, 50) / 10
    harmonic = np.sum(1 / np.arange(1, 51))
    mu = found["mu"]
    value = -np.minimum(mu, 0.1) + mu + (harmonic - 1) * (mu - np.mean(others))  # all mu are below g
    assert np.array_equal(found["hired"] == "yes", value > 0)
    assert 0 < np.sum(value > 0) < len(mu)


def test_figure_6_follows_8_and_9(rows):
    for policy in ("complete", "incomplete"):
        found = rows("figure6", policy=policy, response="theorem", psi="1")
        frequency = np.cbrt(PRICES / 0.01)
        np.testing.assert_allclose(found["training_frequency"], frequency, rtol=1e-6)
        np.testing.assert_allclose(found["mining_frequency"], 1 / (15 - 10 / frequency), rtol=1e-6)
