"""What IAM policies allow, for the part of their language that the stack's policies are written in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Access:
    """One action on one resource, with the values of the condition keys that the request has."""

    action: str
    resource: str
    context: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def __str__(self):
        context = "".join(f" {key}={','.join(values)}" for key, values in self.context.items())
        return f"{self.action} on {self.resource}{context}"


@dataclasses.dataclass(frozen=True)
class Statement:
    """A statement of a policy, and which policy that is."""

    policy: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: dict[str, dict[str, list[str]]]

    def matches(self, access):
        """Whether the statement speaks of `access`."""
        return (
            any(like(pattern.lower(), access.action.lower()) for pattern in self.actions)
            and any(like(pattern, access.resource) for pattern in self.resources)
            and all(
                holds(operator, key, wanted, access.context)
                for operator, keys in self.conditions.items()
                for key, wanted in keys.items()
            )
        )


def statements(policy, document):
    """The statements of the policy named `policy`. A word of the language that is not known here is an error."""
    found = []
    for statement in listed(document["Statement"]):
        unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}
        if unknown:
            raise ValueError(f"{policy}: a statement has {', '.join(sorted(unknown))}")
        conditions = {
            operator: {key: [text(value) for value in listed(wanted)] for key, wanted in keys.items()}
            for operator, keys in statement.get("Condition", {}).items()
        }
        for operator in conditions:
            comparison(operator)
        actions, resources = tuple(listed(statement["Action"])), tuple(listed(statement["Resource"]))
        found.append(Statement(policy, statement["Effect"], actions, resources, conditions))
    return found


def deciding(statements, access):
    """The statement that allows `access`; none where it is denied."""
    matching = [statement for statement in statements if statement.matches(access)]
    if any(statement.effect == "Deny" for statement in matching):
        return None
    return next(iter(matching), None)


def holds(operator, key, wanted, context):
    """Whether a condition holds for a request whose condition keys have the values `context`."""
    quantifier, compare, if_exists = comparison(operator)
    present = next((values for name, values in context.items() if name.lower() == key.lower()), None)
    if compare is None:
        return any((present is None) == (value == "true") for value in wanted)
    if present is None:
        # `ForAllValues` holds of a request that lacks the key.
        return if_exists or quantifier == "ForAllValues"
    matched = [any(compare(pattern, value) for pattern in wanted) for value in present]
    return all(matched) if quantifier == "ForAllValues" else any(matched)


def comparison(operator):
    """The parts of a condition operator: its quantifier, how it compares, whether a missing key will do."""
    quantifier, _, name = operator.rpartition(":")
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise ValueError(f"the condition operator {operator} is not known")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    if name == "Null":
        return quantifier, None, if_exists
    compare = {
        "StringEquals": lambda pattern, value: pattern == value,
        "StringLike": like,
        "ArnLike": like,
        "ArnEquals": like,
        "Bool": lambda pattern, value: pattern.lower() == value.lower(),
    }.get(name)
    if compare is None:
        raise ValueError(f"the condition operator {operator} is not known")
    return quantifier, compare, if_exists


def like(pattern, value):
    """Whether `value` fits `pattern`, in which `*` is any text and `?` any character."""
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def listed(value):
    return value if isinstance(value, list) else [value]


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)
