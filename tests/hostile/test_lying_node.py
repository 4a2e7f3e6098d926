"""A node that is broken or lies: every answer ends in one typed error, in bounded time and memory.

Each attack is made on `bcfl audit`, through a real HTTP server in front of a real chain.
"""

import subprocess
import sys
import time
from dataclasses import fields

import pytest
from eth_abi import encode

from bcfl_offchain.agents import auditor
from bcfl_offchain.chain import (
    ChainError,
    ChainUnavailable,
    MalformedAnswer,
    NodeRefused,
    WrongChain,
    connect,
)
from bcfl_offchain.chain import connection, http
from bcfl_offchain.chain.types import Terms
from tests.hostile.logs import HOSTILE_REVERTS, OFFCHAIN_LOOKUP, changed, kind_of, words
from tests.hostile.proxy import drip, hang

LOG = "eth_getLogs"


def test_a_node_that_tells_the_truth_is_believed(audit):
    assert audit()[0] == 0


# ------------------------------------------------------------------------------------------------- HTTP


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'"0x1"',
        b"[" * 100_000,
        b'{"result":' * 50_000,
        b'{"jsonrpc":"2.0","id":0,"result":' + b"9" * 1_000_000 + b"}",
        b'{"jsonrpc":"2.0","id":0,"result":NaN}',
        b'{"jsonrpc":"2.0","id":77,"result":"0x7a69"}',
        b'{"jsonrpc":"2.0","id":0}',
        b'{"jsonrpc":"2.0","id":0,"error":"no"}',
        b'{"jsonrpc":"2.0","id":0,"error":{"code":1}}',
        b'{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":["no"]}}',
    ],
    ids=lambda body: repr(body[:48]),
)
def test_bodies_that_are_no_answer(node, refused, body):
    node.raw = lambda handler, method: handler.reply(body) or True
    assert "no chain answers at http://127.0.0.1:" in refused()


@pytest.mark.parametrize("code", [204, 301, 400, 401, 404, 500])
def test_other_http_statuses_end_at_once(node, refused, code):
    node.raw = lambda handler, method: handler.reply(b"", code) or True
    assert f"HTTP status {code}" in refused()
    assert len(node.methods) == 1


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_busy_node_is_asked_again_and_not_for_ever(node, refused, code, monkeypatch):
    monkeypatch.setattr(http, "_PAUSES", (0.01, 0.02))
    node.raw = lambda handler, method: handler.reply(b"", code) or True
    assert f"HTTP status {code}" in refused()
    assert len(node.methods) == 3


def test_a_node_that_was_busy_is_believed_afterwards(node, audit, monkeypatch):
    monkeypatch.setattr(http, "_PAUSES", (0.01,))
    node.raw = lambda handler, method: len(node.methods) % 5 == 1 and (handler.reply(b"", 429) or True)
    assert audit()[0] == 0


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        lambda handler: drip(handler, b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 10_000, 0.02),
        lambda handler: drip(handler, b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 10_000, 0.02),
        lambda handler: drip(
            handler, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 9000, 0.02
        ),
    ],
    ids=["silence", "a header byte by byte", "a body byte by byte", "chunks byte by byte"],
)
@pytest.mark.parametrize("at", ["eth_chainId", LOG])
def test_a_node_that_takes_its_time_is_given_up(node, refused, monkeypatch, answer, at):
    # A pause between two bytes is never long here: a limit of that pause would wait for minutes, up to hours.
    monkeypatch.setattr(connection, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(connection.connect, "__defaults__", (0.5, None))
    node.raw = lambda handler, method: method == at and (answer(handler) or True)
    start = time.monotonic()
    assert "no whole answer within 0.5 s" in refused()
    assert time.monotonic() - start < 20


def _endless(start, piece):
    def answer(handler):
        handler.close_connection = True
        try:
            handler.connection.sendall(start)
            for _ in range(2**16):
                handler.connection.sendall(piece)
        except OSError:
            pass  # the other side has had enough, as it should

    return answer


@pytest.mark.parametrize(
    "start, piece",
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b" " * 2**16),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\n", b" " * 2**16),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b" " * 4096 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 2**16),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 2**16),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b"HTTP" * 2**14),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:9\r\n\r\n", b" " * 2**16),
    ],
    ids=["body", "long body", "chunks", "chunk size", "header line", "headers", "status", "redirect's body"],
)
def test_an_answer_without_end_is_cut_off(node, refused, peak_memory, start, piece):
    node.raw = lambda handler, method: _endless(start, piece)(handler) or True
    with peak_memory() as peak:
        refused()
    assert peak() < 3 * http.MAX_ANSWER_BYTES
    assert len(node.methods) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_compressed_answer_is_not_unpacked(node, refused, encoding):
    node.raw = lambda handler, method: handler.reply(b"\x1f\x8b", Content_Encoding=encoding) or True
    assert "compressed" in refused()


def test_a_redirect_is_not_followed(node, refused):
    # Who followed would send requests into any network that this machine sees.
    node.raw = lambda handler, method: handler.reply(b"", 307, Location=node.url + "/inside") or True
    assert "HTTP status 307" in refused()
    assert len(node.methods) == 1


def test_a_truncated_answer_is_refused(node, refused):
    node.raw = lambda handler, method: method == LOG and (handler.reply(b'{"jsonrpc"', length=99) or True)
    assert "ends 89 bytes too early" in refused()


def test_a_connection_that_the_node_closes_after_each_answer_is_opened_again(node, audit):
    def close(handler, method):
        handler.close_connection = True
        return False

    node.raw = close
    assert audit()[0] == 0


def test_a_node_that_does_not_speak_tls_is_refused(node):
    with pytest.raises(ChainUnavailable, match="no chain answers at https://"):
        connect(node.url.replace("http://", "https://"))


def test_a_password_in_the_url_is_sent_and_never_shown(node):
    seen = []

    def refuse(handler, method):
        seen.append(handler.headers["Authorization"])
        handler.reply(b"", 401)
        return True

    node.raw = refuse
    with pytest.raises(ChainUnavailable) as refused:
        connect(node.url.replace("http://", "http://user:s3cret@"))
    assert seen == ["Basic dXNlcjpzM2NyZXQ="]
    assert "s3cret" not in str(refused.value) and "s3cret" not in refused.value.url


# ------------------------------------------------------------------------------------------- forms of answers

GARBAGE = [
    None,
    True,
    7,
    -1,
    1.5,
    "",
    "0x",
    "0xzz",
    "zz",
    "-0x1",
    "0x" + "f" * 65,
    "0x0g",
    "\u0661",
    [],
    {},
    [None],
    [{}],
    {"hash": "0x"},
    "\x1b[2J",
]
METHODS = [
    "eth_chainId",
    "eth_blockNumber",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_getLogs",
    "eth_call",
    "eth_getBalance",
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_garbage_in_place_of_a_result(node, audit, method, garbage):
    node.result(method, lambda result: garbage)
    code, _, err = audit()
    # No code and no logs are answers of the right form: they are a task that is not there.
    told = ("cannot be right", "no chain answers", "is no task", "logs are missing", "has no block")
    assert code == 2 and any(words in err for words in told)


@pytest.mark.parametrize(
    "field, value",
    [
        (field, value)
        for field in ("address", "topics", "data", "blockNumber", "blockHash", "transactionHash", "logIndex")
        for value in (None, 5, "0xzz", [], ["0x00"] * 9, {})
    ]
    + [
        ("removed", True),
        ("removed", "false"),
        ("address", "0x" + "77" * 20),
        ("blockNumber", "0xffffff"),
        ("blockNumber", "0x0"),
        ("topics", ["0x" + "77" * 32]),
        ("data", "0x"),
        ("data", "0x" + "ff" * 32),
        ("data", "0x" + "00" * 31),
        ("data", "0x" + "00" * 4096),
    ],
    ids=str,
)
def test_a_log_with_one_wrong_field(node, refused, field, value):
    def change(logs):
        logs[len(logs) // 2][field] = value
        return logs

    node.result(LOG, change)
    refused()


@pytest.mark.parametrize("field", ["address", "topics", "data", "blockNumber", "blockHash", "logIndex"])
def test_a_log_without_a_field(node, refused, field):
    def change(logs):
        del logs[-1][field]
        return logs

    node.result(LOG, change)
    assert f"it has no {field}" in refused()


@pytest.mark.parametrize("field", ["number", "hash", "parentHash", "timestamp"])
@pytest.mark.parametrize("value", [None, "0xzz", 5, [], "0x" + "f" * 64])
def test_a_block_with_one_wrong_field(node, audit, field, value):
    node.result("eth_getBlockByNumber", lambda block: {**block, field: value})
    # The largest hash is one; that the round's seed does not follow from such a parent is a difference.
    possible = {"hash": 0, "parentHash": 1} if value == "0x" + "f" * 64 else {}
    assert audit()[0] == possible.get(field, 2)


def test_a_huge_block_number_is_not_read_to_its_end(node, refused):
    node.result("eth_blockNumber", lambda number: hex(2**63))
    assert "is more than" in refused()


def test_an_error_that_goes_on_for_ever_or_writes_to_the_terminal_is_cut(node, refused):
    message = "\x1b]0;owned\x07\x1b[2J" + "no " * 100_000
    node.refuse("eth_getCode", code=-1, message=message)
    assert r"\x1b]0;owned\x07" in refused()


# ------------------------------------------------------------------------------------- revert data, EIP-3668

@pytest.mark.parametrize("data", HOSTILE_REVERTS, ids=lambda data: repr(data)[:40])
def test_any_revert_data_of_a_view_is_one_error(node, refused, data):
    node.refuse("eth_call", code=3, message="execution reverted", data=data)
    assert "is no task on this chain" in refused()


def test_no_contract_and_no_node_makes_this_program_fetch_a_url(node, lived):
    # EIP-3668: web3 follows an OffchainLookup by default and asks the URLs that it names.
    lookup = encode(
        ["address", "string[]", "bytes", "bytes4", "bytes"],
        [lived.task.address, [f"{node.url}/fetched"], b"\x01", b"\x01" * 4, b""],
    )
    fetched = []
    node.refuse("eth_call", code=3, message="execution reverted", data=OFFCHAIN_LOOKUP + lookup.hex())
    node.raw = lambda handler, method: handler.path != "/" and (fetched.append(handler.path) or True)
    with pytest.raises(ChainError):
        auditor.audit(connect(node.url), lived.task.address)
    assert fetched == []


# ------------------------------------------------------------------------------------------- contradictions


def test_a_node_that_changes_its_chain_is_left(node):
    w3 = connect(node.url)
    node.result("eth_chainId", lambda number: "0x1")
    with pytest.raises(WrongChain) as left:
        _ = w3.eth.chain_id
    assert (left.value.expected, left.value.found) == (31337, 1)


def test_a_node_of_another_chain_than_is_meant_is_refused(node):
    assert connect(node.url, chain_id=31337).eth.chain_id == 31337
    with pytest.raises(WrongChain, match="is a node of chain 31337, expected chain 1"):
        connect(node.url, chain_id=1)


def test_a_block_number_that_goes_backwards_is_told(node, refused):
    numbers = iter(range(40, 0, -1))
    node.result("eth_blockNumber", lambda number: hex(next(numbers)))
    refused("--first-block", "41")


def test_a_node_that_refuses_long_ranges_is_asked_for_shorter_ones(node, audit):
    def lie(method, params, answer):
        if method == LOG and int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) > 7:
            return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32005, "message": "too many"}}
        return answer

    node.lie = lie
    assert audit()[0] == 0
    assert node.methods.count(LOG) > 4


def test_an_answer_over_the_limit_is_asked_for_in_parts(node, audit, monkeypatch):
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 12_000)
    assert audit()[0] == 0
    assert node.methods.count(LOG) > 1


def test_a_node_that_refuses_every_range_is_told(node, refused):
    node.refuse(LOG, code=-32005, message="not for you")
    assert "the node refuses eth_getLogs: not for you" in refused()


def test_errors_say_what_was_asked_for(node):
    w3 = connect(node.url)
    with pytest.raises(NodeRefused, match="has no block 0xffffff"):
        w3.eth.get_block(0xFFFFFF)
    node.result("eth_gasPrice", lambda price: "much")
    with pytest.raises(MalformedAnswer, match="the node's answer to eth_gasPrice cannot be right"):
        _ = w3.eth.gas_price


# ------------------------------------------------------------------------- what no task of our factory states


def lie_about_terms(node, lived, **terms):
    """Other terms, wherever they are read: anybody can clone the code with such."""
    selector = lived.task.contract.get_function_by_name("terms")().selector
    places = {field.name: 64 * place for place, field in enumerate(fields(Terms))}

    def lie(method, params, answer):
        if method == "eth_call" and params[0]["data"].startswith(selector):
            for name, value in terms.items():
                digit = 2 + places[name]
                answer["result"] = answer["result"][:digit] + f"{value:064x}" + answer["result"][digit + 64 :]
        return answer

    node.lie = lie


@pytest.mark.parametrize(
    "names", [("proposal_window",), ("join_window",), ("list_window",), ("join_window", "list_window")]
)
def test_a_window_of_no_length_is_no_task(node, lived, refused, names):
    lie_about_terms(node, lived, **dict.fromkeys(names, 0))
    assert "a window of its terms is zero" in refused("--json")


def test_a_list_of_nobody_is_impossible(node, true_logs, refused):
    logs = []
    for log in true_logs:
        if kind_of(log) == "ListBegun":
            (size,) = [word[1:] for word in words(log) if word[0] == "size"]
            log = changed(log, *size, 0)
        if kind_of(log) != "EntriesPosted":
            logs.append(log)
    node.result("eth_getLogs", lambda true: logs)
    assert "a list has at least one entry" in refused("--first-block", "0", "--json")


# A process of its own: what the regular expressions of a match keep is not seen by tracemalloc.
CHECK_LONG = """
import resource
from bcfl_offchain.chain.answers import checked
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
text = "0x" + "ab" * (8 * 2**20 - 100)
before = peak()
assert checked("eth_getCode", ["0x" + "12" * 20, "latest"], text) == text
print(peak() - before)
"""


def test_the_longest_answer_is_checked_in_little_memory():
    command = [sys.executable, "-c", CHECK_LONG]
    megabytes = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert megabytes < 100
