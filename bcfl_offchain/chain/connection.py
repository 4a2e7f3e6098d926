"""Connect to a chain by HTTP, with one clear error whenever it does not answer."""

from __future__ import annotations

import re
from typing import Any

import requests
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint, RPCResponse

from .errors import ChainUnavailable

TIMEOUT_SECONDS = 30.0


class _Provider(HTTPProvider):
    """An HTTP provider whose failures are `ChainUnavailable`, at the first request as at any later one."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        try:
            return super().make_request(method, params)
        except (requests.RequestException, Web3Exception, ValueError) as error:
            raise ChainUnavailable(str(self.endpoint_uri), _first_line(error)) from error


def connect(url: str, timeout: float = TIMEOUT_SECONDS) -> Web3:
    """Connect to the chain at a URL.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``.
    timeout : float
        Seconds that each request may take.

    Returns
    -------
    Web3
        Connected: the chain has told its number.

    Raises
    ------
    ChainUnavailable
        If nothing answers, or what answers is no chain. Requests made later raise it too.
    """
    w3 = Web3(_Provider(url, request_kwargs={"timeout": timeout}))
    try:
        _ = w3.eth.chain_id
    except (Web3Exception, ValueError) as error:  # an answer that is JSON, but not a chain's
        raise ChainUnavailable(url, _first_line(error)) from error
    return w3


def _first_line(error: Exception) -> str:
    """What the operating system says, or else an error's kind and the beginning of its text."""
    text = " ".join(str(error).split())
    if system := re.search(r"\[Errno -?\d+\] ([^'\"()]+)", text):
        return system[1]
    return f"{type(error).__name__}: {text[:120]}"
