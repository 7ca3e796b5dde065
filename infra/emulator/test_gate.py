"""Tests of the gate: `make test-lambda` runs them."""

import http.server
import json
import threading
import unittest
import urllib.error
import urllib.request

import accesses
import gate
import policies
from policies import Access

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/rookery"
KEY = "arn:aws:kms:us-east-1:000000000000:key/1"


class Kms:
    def describe_key(self, KeyId):
        return {"KeyMetadata": {"Arn": KeyId if KeyId.startswith("arn:") else KEY}}


ACCOUNT = accesses.Account("us-east-1", "000000000000", Kms())


def document(**statement):
    return {"Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}


def allowed(access, *documents):
    statements = [statement for each in documents for statement in policies.statements("test", each)]
    return policies.deciding(statements, access) is not None


class Policies(unittest.TestCase):
    def test_nothing_is_allowed_unless_a_statement_says_so(self):
        get = Access("dynamodb:GetItem", TABLE)
        self.assertFalse(allowed(get))
        self.assertTrue(allowed(get, document(Action="dynamodb:GetItem", Resource=TABLE)))
        self.assertTrue(allowed(get, document(Action=["dynamodb:Put*", "dynamodb:Get*"])))
        self.assertFalse(allowed(get, document(Action="dynamodb:PutItem")))
        self.assertFalse(allowed(get, document(Action="dynamodb:GetItem", Resource=TABLE + "/index/*")))

    def test_a_denial_is_stronger(self):
        deny = document(Action="*") | {}
        deny["Statement"][0]["Effect"] = "Deny"
        self.assertFalse(allowed(Access("dynamodb:GetItem", TABLE), document(Action="*"), deny))

    def test_every_partition_has_to_fit(self):
        condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#USER#*", "HOST#*"]}}
        users = document(Action="dynamodb:PutItem", Condition=condition)
        def put(*keys):
            return Access("dynamodb:PutItem", TABLE, {"dynamodb:LeadingKeys": list(keys)})
        self.assertTrue(allowed(put("e#USER#1", "HOST#h"), users))
        self.assertFalse(allowed(put("e#USER#1", "e#TENANT#1"), users))
        self.assertTrue(allowed(Access("dynamodb:PutItem", TABLE), users), "a quirk of ForAllValues")

    def test_a_missing_key_fails_a_condition(self):
        condition = {"StringEquals": {"kms:EncryptionContext:rookery:signs": "user-tokens"}}
        decrypt = document(Action="kms:Decrypt", Condition=condition)
        self.assertFalse(allowed(Access("kms:Decrypt", KEY), decrypt))
        for value, outcome in [("user-tokens", True), ("vendor-tokens", False)]:
            context = {"kms:EncryptionContext:rookery:signs": [value]}
            self.assertEqual(allowed(Access("kms:Decrypt", KEY, context), decrypt), outcome)

    def test_what_is_not_understood_is_an_error(self):
        with self.assertRaises(ValueError):
            policies.statements("test", document(Action="*", Condition={"NumericLessThan": {"a": "1"}}))
        with self.assertRaises(ValueError):
            policies.statements("test", {"Statement": [{"Effect": "Allow", "NotAction": "*", "Resource": "*"}]})


class Accesses(unittest.TestCase):
    def of_table(self, operation, body):
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        found = accesses.needed(ACCOUNT, headers, json.dumps(body).encode())
        return {(each.action, tuple(each.context["dynamodb:LeadingKeys"])) for each in found}

    def test_items(self):
        key = {"pk": {"S": "e#USER#1"}, "sk": {"S": "USER"}}
        get = {"TableName": "rookery", "Key": key}
        self.assertEqual(self.of_table("GetItem", get), {("dynamodb:GetItem", ("e#USER#1",))})
        put = {"TableName": "rookery", "Item": key}
        self.assertEqual(self.of_table("PutItem", put), {("dynamodb:PutItem", ("e#USER#1",))})
        batch = {"RequestItems": {"rookery": {"Keys": [key, {"pk": {"S": "a"}, "sk": {"S": "b"}}]}}}
        self.assertEqual(self.of_table("BatchGetItem", batch), {("dynamodb:BatchGetItem", ("a", "e#USER#1"))})

    def test_a_transaction_needs_what_its_writes_need(self):
        key = {"pk": {"S": "e"}, "sk": {"S": "b"}}
        writes = {
            "TransactItems": [
                {"Put": {"TableName": "rookery", "Item": key}},
                {"ConditionCheck": {"TableName": "rookery", "Key": key}},
            ]
        }
        wanted = {("dynamodb:PutItem", ("e",)), ("dynamodb:ConditionCheckItem", ("e",))}
        self.assertEqual(self.of_table("TransactWriteItems", writes), wanted)

    def test_a_query_reads_one_partition(self):
        query = {
            "TableName": "rookery",
            "KeyConditionExpression": "#p = :p AND begins_with(sk, :s)",
            "ExpressionAttributeNames": {"#p": "pk"},
            "ExpressionAttributeValues": {":p": {"S": "e#USER#1"}, ":s": {"S": "SESSION#"}},
        }
        self.assertEqual(self.of_table("Query", query), {("dynamodb:Query", ("e#USER#1",))})

    def test_keys(self):
        headers = {"X-Amz-Target": "TrentService.Sign"}
        body = json.dumps({"KeyId": "alias/a", "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}).encode()
        (sign,) = accesses.needed(ACCOUNT, headers, body)
        self.assertEqual((sign.action, sign.resource), ("kms:Sign", KEY))
        self.assertEqual(sign.context["kms:RequestAlias"], ["alias/a"])

    def test_a_mail_needs_its_sender_and_its_configuration_set(self):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        form = b"Action=SendEmail&Source=Rookery+%3Cno-reply%40example.com%3E&ConfigurationSetName=mails"
        found = accesses.needed(ACCOUNT, headers, form)
        prefix = "arn:aws:ses:us-east-1:000000000000:"
        self.assertEqual([each.resource for each in found], [prefix + "identity/example.com", prefix + "configuration-set/mails"])
        self.assertEqual(found[0].context, {"ses:FromAddress": ["no-reply@example.com"]})

    def test_what_is_not_known_is_an_error(self):
        for headers in [{}, {"X-Amz-Target": "DynamoDB_20120810.Scan"}, {"X-Amz-Target": "AmazonSSM.GetParameter"}]:
            with self.assertRaises(accesses.Unknown):
                accesses.needed(ACCOUNT, headers, b"{}")


class Upstream(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"KeyId": KEY}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Gate(unittest.TestCase):
    def setUp(self):
        upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        self.addCleanup(lambda: (upstream.shutdown(), upstream.server_close()))
        self.gate = gate.Gate(f"http://127.0.0.1:{upstream.server_port}", ACCOUNT)
        self.addCleanup(self.gate.close)

    def call(self, address, target, body):
        request = urllib.request.Request(address, json.dumps(body).encode(), {"X-Amz-Target": target})
        try:
            with urllib.request.urlopen(request) as response:
                return response.status
        except urllib.error.HTTPError as refusal:
            self.assertIn(b"AccessDeniedException", refusal.read())
            return refusal.code

    def test_it_lets_through_what_the_role_allows_and_tells_what_nobody_needed(self):
        grants = document(Action=["dynamodb:GetItem", "dynamodb:PutItem"], Resource=TABLE)
        address = self.gate.admit("Users", policies.statements("Table", grants))
        item = {"TableName": "rookery", "Key": {"pk": {"S": "e#USER#1"}, "sk": {"S": "USER"}}}
        self.assertEqual(self.call(address, "DynamoDB_20120810.GetItem", item), 200)
        self.assertEqual(self.gate.denied(), {})
        self.assertEqual(self.call(address, "DynamoDB_20120810.DeleteItem", item), 400)
        self.assertEqual(self.gate.denied(), {"Users": {"dynamodb:DeleteItem USER": 1}})
        self.assertEqual(self.gate.unused(), {("Users", "dynamodb:PutItem")})

    def test_what_is_decrypted_is_judged_by_the_key_that_did_it(self):
        decrypt = {"CiphertextBlob": "AA=="}
        for resource, status in [(KEY, 200), (KEY + "0", 400)]:
            address = self.gate.admit(resource, policies.statements("Keys", document(Action="kms:Decrypt", Resource=resource)))
            self.assertEqual(self.call(address, "TrentService.Decrypt", decrypt), status)


if __name__ == "__main__":
    unittest.main()
