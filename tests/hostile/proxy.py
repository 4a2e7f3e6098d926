"""A node that lies: an HTTP server on loopback in front of a real one, which alters what a test wants."""

from __future__ import annotations

import http.client
import http.server
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

Answer = dict[str, Any]
Lie = Callable[[str, list[Any], Answer], Answer]
Raw = Callable[["_Handler", str], bool]


def tell_the_truth(method: str, params: list[Any], answer: Answer) -> Answer:
    """Change nothing."""
    return answer


class LyingNode:
    """The proxy.

    Attributes
    ----------
    url : str
    lie : callable
        Given a request's method and parameters and the true answer, the answer that is given.
    raw : callable or None
        Given the handler and the method, may answer in bytes of its own; True if it has.
    methods : list of str
        What was asked for.
    """

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.lie: Lie = tell_the_truth
        self.raw: Raw | None = None
        self.methods: list[str] = []
        self.url = ""
        self.released = threading.Event()  # ends what hangs

    def true_answer(self, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=120)
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def result(self, wanted: str, change: Callable[[Any], Any]) -> None:
        """Change the results of one method, where there are any."""

        def lie(method: str, params: list[Any], answer: Answer) -> Answer:
            if method == wanted and answer.get("result") is not None:
                answer["result"] = change(answer["result"])
            return answer

        self.lie = lie

    def refuse(self, *methods: str, **error: Any) -> None:
        """Answer some methods with an error of these fields."""

        def lie(method: str, params: list[Any], answer: Answer) -> Answer:
            return {"jsonrpc": "2.0", "id": answer["id"], "error": error} if method in methods else answer

        self.lie = lie

    def fail(self, wanted: str, code: int) -> None:
        """Answer one method with an HTTP status and nothing else."""
        self.raw = lambda handler, method: method == wanted and (handler.reply(b"", code) or True)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body go out apart; together they would wait 40 ms
    node: LyingNode

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        self.node.methods.append(request["method"])
        if self.node.raw is not None and self.node.raw(self, request["method"]):
            return
        answer = self.node.lie(request["method"], request["params"], self.node.true_answer(body))
        self.reply(json.dumps(answer).encode())

    def reply(self, data: bytes, code: int = 200, length: int | None = None, **headers: str) -> None:
        """Send a body, with a length that may be a lie."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)
        if length is not None:
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    flaws: list[BaseException]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gives up in the middle is what is tested; anything else is a flaw of the test's."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.flaws.append(error)


@contextmanager
def lying_node(target: str) -> Iterator[LyingNode]:
    """Run a proxy in front of a node."""
    node = LyingNode(target)
    handler = type("Handler", (_Handler,), {"node": node})
    with _Server(("127.0.0.1", 0), handler) as server:
        server.flaws = []
        node.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield node
        finally:
            node.released.set()
            server.shutdown()
            thread.join()
        assert server.flaws == []


def drip(handler: _Handler, data: bytes, pause: float) -> None:
    """Send byte after byte, slowly, until the other side has gone or the test is over."""
    node = handler.node
    for byte in data:
        if node.released.wait(pause):
            return
        try:
            handler.connection.sendall(bytes([byte]))
        except OSError:
            return


def hang(handler: _Handler) -> None:
    """Say nothing until the test is over."""
    handler.node.released.wait()
    handler.close_connection = True


