"""What a request to AWS needs to be allowed, read from the request as it goes over the wire.

Known are the services and the operations that Rookery calls; anything else is an error, so that nothing goes unjudged.
"""

import collections
import email.utils
import json
import re
import urllib.parse

from policies import Access

ITEM_OPERATIONS = ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
TRANSACTION_ACTIONS = {
    "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
}


class Unknown(Exception):
    """A request that this module cannot read."""


class Account:
    """Where the resources of a request are."""

    def __init__(self, region, account, kms):
        self.region, self.account = region, account
        self._kms = kms
        self._keys = {}

    def arn(self, service, resource):
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def table(self, name):
        return name if name.startswith("arn:") else self.arn("dynamodb", f"table/{name}")

    def key(self, name):
        """The ARN of the KMS key that an id, an ARN or an alias stands for."""
        if name not in self._keys:
            self._keys[name] = self._kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"]
        return self._keys[name]


def needed(account, headers, body, answer=None):
    """The accesses that a request needs. `answer` is KMS's answer, where the request names no key itself."""
    target = headers.get("X-Amz-Target", "")
    if target.startswith("DynamoDB_20120810."):
        return of_table(account, target.partition(".")[2], json.loads(body))
    if target.startswith("TrentService."):
        return of_keys(account, target.partition(".")[2], json.loads(body), answer)
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return of_mail(account, dict(urllib.parse.parse_qsl(body.decode())))
    raise Unknown(f"no known service: {target or 'no X-Amz-Target'}")


def of_table(account, operation, body):
    """Who may touch an item depends on its partition: `dynamodb:LeadingKeys`."""
    partitions = collections.defaultdict(set)
    if operation in ITEM_OPERATIONS:
        partitions[operation, body["TableName"]].add(partition(body.get("Key") or body["Item"]))
    elif operation == "Query":
        partitions["Query", body["TableName"]].add(queried(body))
    elif operation == "BatchGetItem":
        for table, request in body["RequestItems"].items():
            partitions["BatchGetItem", table].update(map(partition, request["Keys"]))
    elif operation == "BatchWriteItem":
        for table, requests in body["RequestItems"].items():
            for request in requests:
                (write,) = request.values()
                partitions["BatchWriteItem", table].add(partition(write.get("Key") or write["Item"]))
    elif operation == "TransactWriteItems":
        for write in body["TransactItems"]:
            ((kind, item),) = write.items()
            action = TRANSACTION_ACTIONS[kind]
            partitions[action, item["TableName"]].add(partition(item.get("Key") or item["Item"]))
    elif operation == "TransactGetItems":
        for read in body["TransactItems"]:
            partitions["GetItem", read["Get"]["TableName"]].add(partition(read["Get"]["Key"]))
    else:
        raise Unknown(f"DynamoDB's {operation}")
    return [
        Access(f"dynamodb:{action}", account.table(table), {"dynamodb:LeadingKeys": sorted(keys)})
        for (action, table), keys in partitions.items()
    ]


def partition(item):
    return item["pk"]["S"]


def queried(body):
    """The partition that a query reads."""
    names = body.get("ExpressionAttributeNames", {})
    for name, value in re.findall(r"(#?\w+)\s*=\s*(:\w+)", body["KeyConditionExpression"]):
        if names.get(name, name) == "pk":
            return body["ExpressionAttributeValues"][value]["S"]
    raise Unknown("a query that names no partition")


def of_keys(account, operation, body, answer):
    context = {f"kms:EncryptionContext:{name}": [value] for name, value in body.get("EncryptionContext", {}).items()}
    if "SigningAlgorithm" in body:
        context["kms:SigningAlgorithm"] = [body["SigningAlgorithm"]]
    # What is encrypted says itself under which key.
    key = body.get("KeyId") or (answer or {}).get("KeyId")
    if key is None:
        raise Unknown(f"KMS's {operation} without a key")
    if key.startswith("alias/"):
        context["kms:RequestAlias"] = [key]
    return [Access(f"kms:{operation}", account.key(key), context)]


def of_mail(account, form):
    operation = form.get("Action")
    if operation not in ("SendEmail", "SendRawEmail"):
        raise Unknown(f"SES's {operation}")
    address = email.utils.parseaddr(form["Source"])[1]
    context = {"ses:FromAddress": [address]}
    resources = [account.arn("ses", f"identity/{address.rpartition('@')[2]}")]
    if "ConfigurationSetName" in form:
        resources.append(account.arn("ses", f"configuration-set/{form['ConfigurationSetName']}"))
    return [Access(f"ses:{operation}", resource, context) for resource in resources]
