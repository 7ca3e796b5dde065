"""What stands between a function and cargo-lambda's Runtime API, so that no answer is lost on the way.

cargo-lambda 1.9.2 thanks for an answer as soon as it has read the head of it. The runtime of a function then closes the
connection, at times before cargo-lambda took what is left of an answer of more than 16 KiB: the caller gets a 500 that
is not the function's, or waits for ever. Here an answer is taken whole, and passed on by a connection that stays open.
"""

import contextlib
import http.client
import select

import front


class RuntimeApi(front.Port):
    """A port that passes what it is asked on to the port `upstream`."""

    def __init__(self, upstream):
        super().__init__(Handler, upstream=upstream, idle=[])


class Handler(front.Handler):
    disable_nagle_algorithm = True
    upstream = None
    # The connections to cargo-lambda on which nothing is under way. Appending and popping are atomic.
    idle = None

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            connection = self.idle.pop()
        except IndexError:
            connection = http.client.HTTPConnection("127.0.0.1", self.upstream)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers.items()))
            # A function that ended waits for no event: what cargo-lambda would give it belongs to the next one.
            readable, _, _ = select.select([self.connection, connection.sock], [], [])
            if connection.sock not in readable:
                raise ConnectionAbortedError
            response = connection.getresponse()
            received = response.read()
        except (ConnectionError, http.client.HTTPException):
            # cargo-lambda ends, or a function did.
            connection.close()
            self.close_connection = True
            return
        self.idle.append(connection)
        self.send(response.status, response.getheaders(), received)

    do_GET = do_POST = answer

    def handle(self):
        with contextlib.suppress(ConnectionError):
            super().handle()
