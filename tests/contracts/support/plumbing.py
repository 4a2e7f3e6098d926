"""What makes brownie quick on a local chain; nothing here changes what a test sees."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from web3.middleware import Web3Middleware

LAYER = "wait for the block"


class WaitForTheBlock(Web3Middleware):
    """Returns from eth_sendTransaction when the receipt is there.

    Anvil answers before the block is mined. Brownie then looks the transaction up, sometimes finds it
    neither in the pool nor in a block, and sleeps a whole second.
    """

    PATIENCE_SECONDS = 5.0

    def wrap_make_request(self, make_request: Any) -> Any:
        def middleware(method: str, params: Any) -> Any:
            response = make_request(method, params)
            if method == "eth_sendTransaction" and "error" not in response:
                self._await(make_request, response["result"])
            return response

        return middleware

    def _await(self, make_request: Any, transaction_hash: Any) -> None:
        end = time.monotonic() + self.PATIENCE_SECONDS  # after which brownie waits in its own way
        while time.monotonic() < end:
            if make_request("eth_getTransactionReceipt", [transaction_hash]).get("result"):
                return
            time.sleep(0.002)


@contextmanager
def quick(web3: Any) -> Iterator[None]:
    """Spare requests and waits for as long as the context lasts.

    web3 asks for the chain's id before every request; it does not change. Brownie collects all garbage
    after every test; what is loaded by now is none.
    """
    web3.provider.cacheable_requests = {"eth_chainId"}
    web3.provider.cache_allowed_requests = True
    web3.middleware_onion.add(WaitForTheBlock, LAYER)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    web3.middleware_onion.remove(LAYER)
    web3.provider.cache_allowed_requests = False
