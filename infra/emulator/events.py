"""Between HTTP and the events of an HTTP API: payload format 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
import re
import urllib.parse
import uuid

# A path whose first segment is the name of a stage goes to that stage.
STAGES = ("frontegg",)
DEFAULT_STAGE = "$default"


def stage_of(path):
    """The stage that a path leads to, and the path within it."""
    path = "/" + path.lstrip("/")
    for stage in STAGES:
        if re.match(f"/{stage}([/?]|$)", path):
            return stage, path.removeprefix(f"/{stage}") or "/"
    return DEFAULT_STAGE, path


def decoded(path):
    """A path as functions see it: all is decoded but percent signs."""
    return urllib.parse.unquote(path.replace("%25", "%2525"))


def of_request(route, stage, method, target, headers, body):
    """The event that stands for a request that came by a route."""
    path, _, query = target.partition("?")
    lower = {name.lower(): value for name, value in headers.items()}
    cookies = [each.strip() for each in lower.pop("cookie", "").split(";") if each.strip()]
    body = body or b""
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": decoded(path),
        "rawQueryString": query,
        **({"cookies": cookies} if cookies else {}),
        "headers": lower,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": lower.get("host", "localhost"),
            "http": {
                "method": method, "path": decoded(path), "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                "userAgent": lower.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route,
            "stage": stage,
            "timeEpoch": 0,
        },
        **({"body": base64.b64encode(body).decode()} if body else {}),
        "isBase64Encoded": bool(body),
    }


def answer(payload):
    """A status, headers and a body, as a function says them."""
    said = json.loads(payload)
    headers = {**said.get("headers", {}), **{name: values for name, values in said.get("multiValueHeaders", {}).items()}}
    pairs = [(name, value) for name, values in headers.items() for value in ([values] if isinstance(values, str) else values)]
    pairs += [("Set-Cookie", cookie) for cookie in said.get("cookies", [])]
    body = said.get("body") or ""
    return said["statusCode"], pairs, base64.b64decode(body) if said.get("isBase64Encoded") else body.encode()
