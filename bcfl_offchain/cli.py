"""Command line ``bcfl``: parse, compute with the package, print a table or JSON.

Exit code 2 and one line on standard error for anything that the user gave and can mend.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status

from .client_table import TableError, read_clients
from .explanation_view import explanation_record, explanation_tables
from .mechanism import FloatShapleyResult, ShapleyResult, shapley_floats, shapley_values, shares
from .mechanism.errors import InvalidInput, MechanismError, ShapleyTooLarge, UnknownPolicy
from .mechanism.explanation import explain_round
from .mechanism.policies import POLICIES
from .mechanism.pricing import RoundTerms, price_round
from .mechanism.units import Number, exact
from .mechanism.wording import counted
from .presentation import PIPE_WIDTH, price_record, price_tables, shapley_record, shapley_table, to_json

app = typer.Typer(
    name="bcfl",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

ClientsFile = Annotated[
    Path,
    typer.Argument(
        metavar="CLIENTS.csv",
        help="Its first line: client, training_cycles, energy_coefficient (not for shapley) and, if there is a limit, max_frequency, with commas between.",
    ),
]
Target = Annotated[str, typer.Option(metavar="NUMBER", help="Target g of the mean workload, GHz·min.")]
Budget = Annotated[str, typer.Option(metavar="NUMBER", help="Budget η of the round, money.")]
MiningBudget = Annotated[str, typer.Option(metavar="NUMBER", help="Part η_m of it that is meant for mining.")]
Deadline = Annotated[
    str, typer.Option(metavar="NUMBER", help="Longest time T for training and mining, minutes.")
]
MiningCycles = Annotated[str, typer.Option(metavar="NUMBER", help="Workload ψ of mining, GHz·min.")]
PolicyName = Annotated[str, typer.Option(metavar="NAME", help=f"One of: {', '.join(POLICIES)}.")]
Reservation = Annotated[
    str, typer.Option(metavar="NUMBER", help="What a client gains elsewhere, u; for policy least-cost only.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of a table.")]


@app.callback(
    epilog="Example:  bcfl shapley docs/examples/clients.csv --target 10        Help on a command:  bcfl price --help"
)
def bcfl() -> None:
    """Incentives for joint training and mining in federated learning, in the units of the paper."""


@app.command(epilog="Example:  bcfl shapley docs/examples/clients.csv --target 10 --json")
def shapley(
    clients: ClientsFile,
    target: Target,
    is_exact: Annotated[
        bool | None,
        typer.Option(
            "--exact/--float",
            help="Exact values or none, or floats within a proved error. By default exact where that is "
            "feasible, else floats.",
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Largest error of a value in floats, in units of the largest |μ − g|; by default 1e-9.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Shapley values (3) of the clients and their shares of the training budget.

    Only the columns client and training_cycles are needed.
    """
    goal = exact(target, "target")
    if goal < 0:
        raise InvalidInput("target", target, "non-negative")
    if is_exact and tolerance is not None:
        raise InvalidInput("tolerance", tolerance, "left out beside --exact")
    closeness = float(exact(tolerance or "1e-9", "tolerance"))
    table = read_clients(clients)
    with _working(f"valuing {counted(len(table.client), 'client')}"):
        result = _values(table.training_cycles, goal, is_exact, closeness)
    record = shapley_record(table, result, shares([Fraction(value) for value in result.values]))
    _print(to_json(record) if as_json else shapley_table(record))


def _values(
    training_cycles: Sequence[Number], target: Fraction, is_exact: bool | None, tolerance: float
) -> ShapleyResult | FloatShapleyResult:
    """Exact values or floats, as the user wants them; exact ones where that is feasible if it is None."""
    if is_exact is not False:
        try:
            return shapley_values(training_cycles, target)
        except ShapleyTooLarge:
            if is_exact:
                raise
    return shapley_floats(training_cycles, target, tolerance)


@app.command(
    epilog="Example:  bcfl price docs/examples/clients.csv --budget 1500 --mining-budget 250 --deadline 15 "
    "--mining-cycles 5 --target 10 --policy incomplete"
)
def price(
    clients: ClientsFile,
    budget: Budget,
    mining_budget: MiningBudget,
    deadline: Deadline,
    mining_cycles: MiningCycles,
    target: Target,
    policy: PolicyName,
    reservation_utility: Reservation = "0",
    as_json: AsJson = False,
) -> None:
    """Caps, prices, responses and pay of one round, client by client."""
    terms = RoundTerms(budget, mining_budget, deadline, mining_cycles, target, policy, reservation_utility)
    table = read_clients(clients, required=("client", "training_cycles", "energy_coefficient"))
    with _working(f"pricing {counted(len(table.client), 'client')}"):
        priced = price_round(table.training_cycles, table.energy_coefficient, terms, table.max_frequency)
    record = price_record(table, priced)
    if as_json:
        _print(to_json(record))
    else:
        _print(*price_tables(record))


@app.command(
    epilog="Example:  bcfl explain docs/examples/clients.csv --budget 1500 --mining-budget 250 --deadline 15 "
    "--mining-cycles 5 --target 10 --policy complete --audit-probability 0.1"
)
def explain(
    clients: ClientsFile,
    budget: Budget,
    mining_budget: MiningBudget,
    deadline: Deadline,
    mining_cycles: MiningCycles,
    target: Target,
    policy: PolicyName,
    reservation_utility: Reservation = "0",
    audit_probability: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER", help="How likely an audit is, α in (0, 1]; shows the bond that truth needs."
        ),
    ] = None,
    max_report: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Largest μ that a client may report; by default twice the largest of workloads and target. "
            "The truth is always tried, too.",
        ),
    ] = None,
    cost_weight: Annotated[
        str,
        typer.Option(metavar="NUMBER", help="Weight ξ of time and pay in the owner's utility (2), f(x) = x."),
    ] = "1",
    as_json: AsJson = False,
) -> None:
    """What a round invites each client to do: exact best response, regrets, bond, and the free deadline."""
    terms = RoundTerms(budget, mining_budget, deadline, mining_cycles, target, policy, reservation_utility)
    weight = exact(cost_weight, "cost_weight")
    if weight < 0:
        raise InvalidInput("cost_weight", cost_weight, "non-negative")
    audits = None if audit_probability is None else exact(audit_probability, "audit_probability")
    table = read_clients(clients, required=("client", "training_cycles", "energy_coefficient"))
    with _working(f"pricing {counted(len(table.client), 'client')}") as status:
        told = explain_round(
            table.training_cycles,
            table.energy_coefficient,
            terms,
            table.max_frequency,
            audit_probability=audits,
            max_report=max_report,
            cost_weight=float(weight),
            progress=status.update,
        )
    record = explanation_record(table, told, None if audits is None else float(audits))
    if as_json:
        _print(to_json(record))
    else:
        _print(*explanation_tables(record))


@app.command(
    epilog="Example:  bcfl audit --rpc http://127.0.0.1:8545 0x… --json        "
    "Exit code 1 if anything differs."
)
def audit(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Address of the task's contract.")],
    rpc: Annotated[str, typer.Option(metavar="URL", help="A node of its chain, by HTTP.")],
    factory: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A factory you trust; the task has to be made by it."),
    ] = None,
    first_block: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", min=0, help="Where its logs begin, for a node without old states."),
    ] = None,
    chain_id: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", min=0, help="The chain that is meant; a node of another is refused."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every cap, price, pay and the ledger of a task from chain data alone."""
    from .cli_audit import audit_task  # web3 takes a second to load: only here

    report, tables = audit_task(task, rpc, factory, first_block, chain_id)
    if as_json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        _print(*tables)
    if not report.agrees:
        raise typer.Exit(1)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the program's name; by default what it was started with.
    """
    try:
        code = app(arguments, standalone_mode=False) or 0
        print(end="", flush=True)  # while a failure can still be told
        return code
    except typer.TyperException as error:
        problem = error.format_message()
    except InvalidInput as error:
        # The table's numbers are checked where they are read, so what is left came as an option.
        problem = f"--{error.field.replace('_', '-')}: {error}"
    except UnknownPolicy as error:
        problem = f"--policy: {error}"
    except (MechanismError, TableError) as error:
        problem = str(error)
    except (BrokenPipeError, SystemExit):
        # Nobody reads on. typer and rich end with 1 then, which of an audit would say that something differs.
        problem = ""
        _drop_output()
    except OSError as error:  # files and nodes have errors of their own
        problem = f"the output cannot be written: {error.strerror or error}"
        _drop_output()
    if problem:  # without any argument the help has been printed instead
        print(f"bcfl: error: {' '.join(problem.split())}", file=sys.stderr)
    return 2


def _drop_output() -> None:
    """Send what is left in the buffer nowhere, or the interpreter would fail on it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _working(text: str) -> Status:
    """Show on standard error what is being done, where that is a terminal."""
    return Console(stderr=True).status(text)


def _print(*things: object) -> None:
    if sys.stdout is None:  # closed by who started this (`>&-`): the exit code is all that is wanted
        return
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    for thing in things:
        if isinstance(thing, str):
            print(thing)
        else:
            console.print(thing)


if __name__ == "__main__":
    sys.exit(main())
