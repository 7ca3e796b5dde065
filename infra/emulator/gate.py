"""Stands between deployed functions and an emulator of AWS that lets everybody do everything.

Each function has a port of its own here. A request goes on to the emulator if the policies of the function's role allow
it, and is refused as AWS would refuse it if they do not. In the end the gate knows what nobody needed.
"""

import collections
import http.client
import http.server
import json
import threading
import urllib.parse

import accesses
import policies

# AWS's own policies, which an emulator need not know. They allow nothing of what goes through here.
MANAGED_BY_AWS = "arn:aws:iam::aws:policy/"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"}


class Gate:
    """The gate of one stack."""

    def __init__(self, endpoint, account):
        self._upstream = urllib.parse.urlsplit(endpoint).netloc
        self._account = account
        self._lock = threading.Lock()
        self._doors = {}
        self._servers = []

    def admit(self, function, statements):
        """Open a port for `function`, whose role has `statements`, and return its address."""
        door = Door(self._upstream, self._account, statements, self._lock)
        handler = type("Handler", (Handler,), {"door": door})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._doors[function] = door
        self._servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def denied(self):
        """What was refused, by function."""
        return {name: dict(door.denied) for name, door in self._doors.items() if door.denied}

    def unused(self):
        """What is allowed and nobody asked for: pairs of a function and an action."""
        return {(name, action) for name, door in self._doors.items() for action in door.unused()}


class Door:
    """What one function may do, and what it did."""

    def __init__(self, upstream, account, statements, lock):
        self.upstream = upstream
        self._account = account
        self._statements = statements
        self._lock = lock
        self._used = set()
        self.denied = collections.Counter()

    def judge(self, headers, body, answer=None):
        """Why a request is refused; none where it is allowed."""
        for access in accesses.needed(self._account, headers, body, answer):
            statement = policies.deciding(self._statements, access)
            with self._lock:
                if statement is None:
                    self.denied[f"{access.action} {shape(access)}"] += 1
                    return f"the role is not authorized to perform {access}"
                for action in statement.actions:
                    if policies.like(action.lower(), access.action.lower()):
                        self._used.add(action)
        return None

    def unused(self):
        granted = {
            action for statement in self._statements if statement.effect == "Allow" for action in statement.actions
        }
        return granted - self._used


def shape(access):
    """An access without the ids in it, to count those that are alike."""
    keys = access.context.get("dynamodb:LeadingKeys")
    return ", ".join(sorted({key.partition("#")[2].split("#")[0] or key for key in keys})) if keys else access.resource


class Handler(http.server.BaseHTTPRequestHandler):
    """Judges a request and passes it on."""

    protocol_version = "HTTP/1.1"
    door = None

    def do_GET(self):
        """A function greets DynamoDB to have a connection open. AWS answers that to everybody."""
        answer = b"healthy"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            # What the caller does not say, under which key something is encrypted, KMS's answer says.
            late = self.headers.get("X-Amz-Target") == "TrentService.Decrypt" and b'"KeyId"' not in body
            refusal = None if late else self.door.judge(self.headers, body)
            if refusal is None:
                status, headers, answer = self.forward(body)
                if late and status == 200:
                    refusal = self.door.judge(self.headers, body, json.loads(answer))
        except accesses.Unknown as unknown:
            refusal = f"the gate cannot judge this request: {unknown}"
            self.door.denied[refusal] += 1
        if refusal is not None:
            status, headers, answer = self.refused(refusal)
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def forward(self, body):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        connection = http.client.HTTPConnection(self.door.upstream, timeout=30)
        try:
            connection.request("POST", self.path, body, headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def refused(self, message):
        """The refusal, as the service that was asked would put it."""
        if "X-Amz-Target" in self.headers:
            kind = "com.amazon.coral.service#AccessDeniedException"
            answer = json.dumps({"__type": kind, "Message": message}).encode()
            return 400, [("Content-Type", "application/x-amz-json-1.0")], answer
        error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        answer = f'<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">{error}</ErrorResponse>'
        return 403, [("Content-Type", "text/xml")], answer.encode()

    def log_message(self, *_):
        pass


def statements_of_role(iam, role):
    """What the policies of a role say, those attached to it and those within it."""
    found = []
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        if arn.startswith(MANAGED_BY_AWS):
            continue
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        found += policies.statements(attached["PolicyName"], document)
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        found += policies.statements(name, document)
    return found
