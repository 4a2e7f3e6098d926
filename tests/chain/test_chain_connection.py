"""Connections: one clear error when nothing answers, at the first request and at any later one."""

import http.server
import threading

import pytest

from bcfl_offchain.chain import ChainUnavailable, connect
from tests.chain.devnet import anvil


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers every request with the server's `body`."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.code)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def web_server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()
        thread.join()


def test_a_dead_rpc_is_one_clear_line():
    with pytest.raises(ChainUnavailable) as refused:
        connect("http://127.0.0.1:9")
    assert refused.value.url == "http://127.0.0.1:9"
    assert str(refused.value) == (
        "no chain answers at http://127.0.0.1:9 (Connection refused); start it or give another URL"
    )


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1"])
def test_what_is_no_http_url_is_refused(url):
    with pytest.raises(ChainUnavailable):
        connect(url)


@pytest.mark.parametrize(
    "code, body",
    [
        (404, b"not found"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"jsonrpc":"2.0","id":0,"result":"no number"}'),
        (200, b'{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"no such method"}}'),
    ],
)
def test_a_server_that_is_no_chain_is_refused(web_server, code, body):
    web_server.code, web_server.body = code, body
    with pytest.raises(ChainUnavailable):
        connect(web_server.url)


def test_a_chain_that_dies_later_is_the_same_error():
    with anvil() as url:
        w3 = connect(url)
    with pytest.raises(ChainUnavailable, match=url):
        w3.eth.send_raw_transaction(b"\x00")
