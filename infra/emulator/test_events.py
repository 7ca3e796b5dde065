"""Tests of the events that stand for requests: `make test-lambda` runs them."""

import base64
import json
import unittest

import events


class Events(unittest.TestCase):
    def test_a_first_segment_may_name_a_stage(self):
        for path, stage, within in [
            ("/tenants/a", "$default", "/tenants/a"),
            ("//tenants/a", "$default", "/tenants/a"),
            ("/frontegg/tenants/a?x", "frontegg", "/tenants/a?x"),
            ("/frontegg", "frontegg", "/"),
            ("/fronteggish", "$default", "/fronteggish"),
        ]:
            self.assertEqual(events.stage_of(path), (stage, within), path)

    def test_a_path_is_decoded_but_for_percent_signs(self):
        self.assertEqual(events.decoded("/a%20b%2Fc%C3%A9%25x%252F"), "/a b/c\u00e9%25x%252F")

    def test_an_event_says_what_a_request_said(self):
        headers = {"Host": "x.example", "Cookie": "a=1; b=2", "User-Agent": "t"}
        event = events.of_request("POST /a/{proxy+}", "frontegg", "POST", "/frontegg/a/%20?q=%20", headers, b"{}")
        self.assertEqual((event["routeKey"], event["requestContext"]["routeKey"]), ("POST /a/{proxy+}",) * 2)
        self.assertEqual((event["rawPath"], event["rawQueryString"]), ("/frontegg/a/ ", "q=%20"))
        self.assertEqual((event["cookies"], event["headers"]), (["a=1", "b=2"], {"host": "x.example", "user-agent": "t"}))
        self.assertEqual((base64.b64decode(event["body"]), event["isBase64Encoded"]), (b"{}", True))
        self.assertEqual(event["requestContext"]["stage"], "frontegg")
        bare = events.of_request("$default", "$default", "GET", "/", {}, None)
        self.assertNotIn("body", bare)
        self.assertNotIn("cookies", bare)

    def test_an_answer_is_what_a_function_said(self):
        said = {
            "statusCode": 201, "headers": {"a": "1"}, "multiValueHeaders": {}, "cookies": ["x=1", "y=2"],
            "body": "\u00e9", "isBase64Encoded": False,
        }
        cookies = [("Set-Cookie", "x=1"), ("Set-Cookie", "y=2")]
        self.assertEqual(events.answer(json.dumps(said)), (201, [("a", "1"), *cookies], "\u00e9".encode()))
        bare = {"statusCode": 204, "headers": {}, "body": base64.b64encode(b"x").decode(), "isBase64Encoded": True}
        self.assertEqual(events.answer(json.dumps(bare)), (204, [], b"x"))


if __name__ == "__main__":
    unittest.main()
