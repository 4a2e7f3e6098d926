"""Every error of the contracts decodes to its name and arguments."""

import pytest
from eth_abi import encode
from eth_utils import keccak

from bcfl_offchain.chain import Phase
from bcfl_offchain.chain.interface import FACTORY_ABI, TASK_ABI, decode_error, signature

ERRORS = {signature(item): item for item in (*TASK_ABI, *FACTORY_ABI) if item["type"] == "error"}
VALUES = {"address": "0x" + "11" * 20, "string": "budget", "bytes32": b"\x07" * 32}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_each_custom_error(name):
    inputs = ERRORS[name]["inputs"]
    values = [VALUES.get(field["type"], 3) for field in inputs]
    data = keccak(text=name)[:4] + encode([field["type"] for field in inputs], values)
    assert decode_error(data) == (
        ERRORS[name]["name"],
        dict(zip((field["name"] for field in inputs), values)),
    )


def test_there_is_an_error_for_each_rule():
    names = {item["name"] for item in ERRORS.values()}
    assert {
        "Task_WrongPhase",
        "Price_WrongTrainingFrequency",
        "Puzzle_NotSolved",
        "Terms_OutOfRange",
    } <= names


def test_phases_have_their_names():
    data = keccak(text="Task_WrongPhase(uint8)")[:4] + encode(["uint8"], [7])
    assert decode_error(data) == ("Task_WrongPhase", {"phase": Phase.OVER})


def test_solidity_s_own_errors():
    panic = bytes.fromhex("4e487b71") + encode(["uint256"], [0x11])
    assert decode_error(panic) == ("Panic", {"code": 0x11})
    message = bytes.fromhex("08c379a0") + encode(["string"], ["no"])
    assert decode_error(message) == ("Error", {"message": "no"})


def test_what_nobody_declared():
    assert decode_error(b"\x01\x02\x03\x04\x05") == ("unknown", {"data": "0x0102030405"})
