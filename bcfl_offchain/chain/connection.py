"""Connect to a chain by HTTP. Every answer is bounded, checked, and given up with one clear error.

A node is a stranger: what it says is held against its form (`answers`), its time and size are limited
(`http`), its number is asked once and has to stay, and it cannot make this program ask anybody else.
"""

from __future__ import annotations

import json
from typing import Any

from web3 import Web3
from web3.exceptions import ContractLogicError
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from .answers import checked
from .errors import AnswerTooLarge, ChainUnavailable, MalformedAnswer, NodeRefused, WrongChain, printable
from .http import HttpError, Oversize, Poster

TIMEOUT_SECONDS = 30.0
_MOST_DIGITS = 20
# A contract's own errors are much shorter. Longer ones are cut off, not decoded.
_MOST_ERROR_DIGITS = 2 * 4096
_REVERTED = 3
_ASK_OF_CONTRACT = ("eth_call", "eth_estimateGas")


class Provider(JSONBaseProvider):
    """A node by HTTP; `connect` makes it.

    Parameters
    ----------
    url : str
    timeout : float
        Seconds that each request may take in all.
    """

    # EIP-3668: otherwise a contract, or a lying node, could make this program fetch any URL.
    global_ccip_read_enabled = False

    def __init__(self, url: str, timeout: float) -> None:
        super().__init__()
        self.endpoint_uri = url
        self._shown = _without_login(url)
        self.chain_id: int | None = None
        try:
            self._poster = Poster(url, timeout)
        except HttpError as error:
            raise ChainUnavailable(self._shown, str(error)) from error

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        request = self.encode_rpc_request(method, params)
        try:
            raw = self._poster.post(request, once=method == "eth_sendRawTransaction")
        except Oversize as error:
            raise AnswerTooLarge(method, str(error)) from error
        except HttpError as error:
            raise ChainUnavailable(self._shown, printable(error)) from error
        answer = self._parsed(raw)
        number = json.loads(request)["id"]
        if answer.get("error") is not None:
            raise _error(method, answer["error"])
        if answer.get("id") != number or "result" not in answer:
            raise MalformedAnswer(method, "it is not the answer to this request")
        # What was sent, after web3 has brought it into JSON's form.
        result = checked(method, json.loads(request)["params"], answer["result"])
        if method == "eth_chainId":
            self._check_chain(int(result, 16))
        return RPCResponse(jsonrpc="2.0", id=number, result=result)

    def _parsed(self, raw: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(raw, parse_int=_short_number, parse_constant=_short_number)
        except (ValueError, RecursionError) as error:
            raise ChainUnavailable(self._shown, f"no JSON: {printable(error)}") from error
        if not isinstance(answer, dict):
            raise ChainUnavailable(self._shown, "its answer is no JSON object")
        return answer

    def _check_chain(self, found: int) -> None:
        """The chain's number goes into every signature: a node may not change it from one to the next."""
        if self.chain_id is None:
            self.chain_id = found
        if found != self.chain_id:
            raise WrongChain(self._shown, self.chain_id, found)


def connect(url: str, timeout: float = TIMEOUT_SECONDS, chain_id: int | None = None) -> Web3:
    """Connect to the chain at a URL.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``.
    timeout : float
        Seconds that each request may take in all.
    chain_id : int, optional
        The chain that is meant. Who signs should say: a node that gives itself out as one of another chain
        gets transactions that are valid there. By default the node's word, which may not change later.

    Returns
    -------
    Web3
        Connected: the chain has told its number.

    Raises
    ------
    ChainUnavailable
        If nothing answers, or what answers is no chain. Requests made later raise it too, or another
        `ChainError`.
    WrongChain
        If it is another chain than the one that is meant.
    """
    provider = Provider(url, timeout)
    provider.chain_id = chain_id
    w3 = Web3(provider)
    try:
        _ = w3.eth.chain_id
    except (MalformedAnswer, NodeRefused) as error:  # an answer that is JSON, but not a chain's
        raise ChainUnavailable(_without_login(url), str(error)) from error
    return w3


def _error(method: str, error: Any) -> Exception:
    """What a node's error means: a contract's refusal where a contract was asked, the node's elsewhere."""
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return NodeRefused(method, "without a reason")
    message, data = error["message"], error.get("data")
    has_data = isinstance(data, str) and data.startswith("0x")
    reverted = has_data or error.get("code") == _REVERTED or "revert" in message
    if method in _ASK_OF_CONTRACT and reverted:
        return ContractLogicError(printable(message), data=data[:_MOST_ERROR_DIGITS] if has_data else None)
    return NodeRefused(method, message)


def _short_number(text: str) -> int:
    """Numbers of JSON-RPC are short, or strings; a long one would take its square of time to read."""
    if len(text) > _MOST_DIGITS:
        raise ValueError("a number with too many digits")
    return int(text)


def _without_login(url: str) -> str:
    """A URL for messages: without a name and password in it, also where it is mistyped and they stand in no place of theirs."""
    head, at, tail = url.rpartition("@")
    if not at:
        return url
    scheme, _, _ = head.partition("://")
    return f"{scheme}://{tail}" if scheme in ("http", "https") else tail
