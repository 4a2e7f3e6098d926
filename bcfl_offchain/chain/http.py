"""Post to a node by HTTP, within a time and a size whatever the other side does.

Common HTTP libraries bound the pause between two bytes and not the time of an answer, unpack what is
compressed into any size, and follow redirects to any address, their bodies included. Here an answer has one
deadline and one largest size, comes plain, and from the address that was given.
"""

from __future__ import annotations

import base64
import http.client
import queue
import ssl
import threading
import time
import urllib.parse

# The logs of thousands of clients' rounds in one range of blocks; parsed JSON takes several times as much.
MAX_ANSWER_BYTES = 16 * 2**20
_CHUNK_BYTES = 65_536
# A node that says it is busy may soon not be.
_BUSY = (429, 502, 503, 504)
_PAUSES = (0.25, 0.5, 1.0, 2.0)
_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


class HttpError(Exception):
    """No answer that can be used; the message says why."""


class Oversize(HttpError):
    """More than `MAX_ANSWER_BYTES`."""


class Poster:
    """Posts to one URL, over a connection that is kept between requests.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``; a name and password in it are sent as HTTP's basic authentication.
    timeout : float
        Seconds that one request may take in all: connecting, retries and the whole answer.

    Raises
    ------
    HttpError
        If it is no such URL.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.timeout = timeout
        try:
            parts = urllib.parse.urlsplit(url)
            self._port = parts.port
        except ValueError:  # whose text may hold a password
            raise HttpError("it is no URL of the form http://… or https://…") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HttpError("it is no URL of the form http://… or https://…")
        self._is_secure, self._host = parts.scheme == "https", parts.hostname
        self._path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        self._headers = dict(_HEADERS)
        if parts.username is not None:
            login = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
            self._headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        self._idle: list[http.client.HTTPConnection] = []

    def post(self, body: bytes, once: bool = False) -> bytes:
        """The other side's answer to a request.

        Parameters
        ----------
        body : bytes
        once : bool
            Whether the request must not be sent twice, though the other side may not have seen it.

        Returns
        -------
        bytes
            At most `MAX_ANSWER_BYTES`.

        Raises
        ------
        HttpError
            Within `timeout`, whatever happens.
        """
        # Only a thread of its own can be left behind: a name's lookup or a header that comes byte by byte
        # cannot be given a deadline. It ends with its connection, holds one answer at most, and is a daemon.
        outcome: queue.SimpleQueue[bytes | BaseException] = queue.SimpleQueue()
        threading.Thread(target=self._work, args=(body, once, outcome), daemon=True).start()
        try:
            result = outcome.get(timeout=self.timeout)
        except queue.Empty:
            raise HttpError(f"no whole answer within {self.timeout:g} s") from None
        if isinstance(result, BaseException):
            raise result
        return result

    def _work(self, body: bytes, once: bool, outcome: queue.SimpleQueue[bytes | BaseException]) -> None:
        """Put the answer, or what went wrong, into the queue."""
        end = time.monotonic() + self.timeout
        try:
            outcome.put(self._try(body, once, end))
        except HttpError as error:
            outcome.put(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            outcome.put(HttpError(self._why(error)))
        except BaseException as error:  # a flaw of this program: shown where the request was made
            outcome.put(error)

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no whole answer within {self.timeout:g} s"
        return getattr(error, "strerror", None) or type(error).__name__

    def _try(self, body: bytes, once: bool, end: float) -> bytes:
        for pause in (*_PAUSES, None):
            status, answer = self._exchange(body, once, end)
            if status not in _BUSY or once or pause is None:
                break
            time.sleep(pause)
        if status != 200:
            raise HttpError(f"HTTP status {status}")
        return answer

    def _exchange(self, body: bytes, once: bool, end: float) -> tuple[int, bytes]:
        """One request and its answer; over a kept connection, twice if that has been closed meanwhile."""
        while not once and (connection := self._kept()):
            try:
                connection.request("POST", self._path, body, self._headers)
                response = connection.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()
                continue
            return self._answer(connection, response, end)
        connection = self._connection()
        connection.request("POST", self._path, body, self._headers)
        return self._answer(connection, connection.getresponse(), end)

    def _kept(self) -> http.client.HTTPConnection | None:
        try:
            return self._idle.pop()
        except IndexError:  # several threads may post
            return None

    def _connection(self) -> http.client.HTTPConnection:
        if self._is_secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=self.timeout, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self.timeout)

    def _answer(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, end: float
    ) -> tuple[int, bytes]:
        """Status and body; the connection is kept if all of it was read, and closed otherwise."""
        answer = bytearray()
        try:
            if response.getheader("Content-Encoding", "identity").lower() != "identity":
                raise HttpError("it answers compressed, although asked not to")
            while response.status == 200 and (chunk := response.read1(_CHUNK_BYTES)):
                answer += chunk
                if len(answer) > MAX_ANSWER_BYTES:
                    raise Oversize(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
                if time.monotonic() > end:
                    raise HttpError(f"no whole answer within {self.timeout:g} s")
            if response.status == 200 and response.length:
                raise HttpError(f"the answer ends {response.length} bytes too early")
        except BaseException:
            connection.close()
            raise
        if response.will_close or response.status != 200:
            connection.close()
        else:
            response.close()
            self._idle.append(connection)
        return response.status, bytes(answer)
