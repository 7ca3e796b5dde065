"""Which function of template.yaml API Gateway would have answer a request.

The route that matches the whole path, then the greedy one that matches most of it, then the one that matches it but for a
slash at the end, then `$default`; of two for the same path, the one for the method.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

import re

import yaml


class Template(yaml.SafeLoader):
    """Reads CloudFormation's YAML; what its short forms such as !Ref stand for is not needed here."""


Template.add_multi_constructor("!", lambda *_: None)


def read(file):
    """The routes of a template: a method, a path, and the folder of the function's code."""
    resources = yaml.load(file.read_text(), Template)["Resources"].values()
    return [
        (event["Properties"].get("Method", "ANY"), event["Properties"].get("Path"), resource["Properties"]["CodeUri"])
        for resource in resources if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"]["Events"].values() if event["Type"] == "HttpApi"
    ]


def choose(routes, method, path):
    """The key of the route that is chosen, and the folder of the function that answers."""
    path = "/" + path.lstrip("/")
    matching = [
        (rank(own_path, path), own_method != "ANY", "$default" if own_path is None else f"{own_method} {own_path}", code)
        for own_method, own_path, code in routes
        if own_method in ("ANY", method)
        and (own_path is None or f"{own_path}/" == path or pattern(own_path).fullmatch(path))
    ]
    return max(matching)[2:]


def rank(path, asked):
    """How well a route fits what it matches."""
    if path is None:
        return (-1, 0)
    if f"{path}/" == asked:
        return (0, 0)
    spelled_out = sum(not segment.startswith("{") for segment in path.split("/"))
    return (1 if path.endswith("+}") else 2, spelled_out)


def pattern(path):
    parts = re.split(r"(\{[^}]+\})", path)
    wild = lambda part: ".+" if part.endswith("+}") else "[^/]+"
    return re.compile("".join(wild(part) if part.startswith("{") else re.escape(part) for part in parts))
