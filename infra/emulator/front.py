"""What stands in front of an emulator, as the internet stands in front of AWS: an address that leads to the API.

Beside the API, /mail.json shows what SES was given to send.
"""

import http.client
import http.server
import json
import threading
import urllib.parse

MAIL = "/mail.json"
# Long enough for a function that is compiled anew.
TIMEOUT_SECONDS = 300
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"}


class Port:
    """A port at which `handler` answers, with `attributes` of its own, while this is used as a context."""

    def __init__(self, handler, port=0, **attributes):
        handler = type("Handler", (handler,), attributes)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._server.server_port}"


class Front(Port):
    """The port of the API and of the mails.

    `api` answers a method, a path, headers and a body with a status, headers and a body; `endpoint` is the emulator's.
    """

    def __init__(self, endpoint, api=None, port=0):
        super().__init__(Handler, port, front=self)
        self.api = api
        self._endpoint = endpoint

    def mails(self):
        """What SES was given, newest first, in the shape in which the local server shows it."""
        _, _, body = call(self._endpoint, "GET", "/_ministack/ses/messages", {}, None)
        by_account = json.loads(body)["messages"]
        sent = [mail for mails in by_account.values() for mail in mails]
        return [
            {"to": to, "subject": mail["Subject"], "text": mail["BodyText"], "html": mail["BodyHtml"]}
            for mail in reversed(sent) for to in mail["To"]
        ]


def call(endpoint, method, path, headers, body):
    """Ask the server at `endpoint`, and answer as it answers."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()
    finally:
        connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front = None

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == MAIL:
            mails = json.dumps(self.front.mails()).encode()
            return self.send(200, [("Content-Type", "application/json")], mails)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        # None at all and an empty body are the same to AWS.
        return self.send(*self.front.api(self.command, self.path, headers, body or None))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def send(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass
