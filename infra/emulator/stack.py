"""Deploys the built stack to the emulator, and makes up for what the emulator leaves out of it."""

import json
import os
import pathlib
import re
import subprocess
import sys

import boto3
import yaml

import accesses
import front
import gate

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
REGION = "us-east-1"
ACCOUNT = "000000000000"
NAME = "rookery"
SENDER = "no-reply@rookery.example"
# Any will do: the emulator looks at none.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
METHODS = {"x-amazon-apigateway-any-method": "ANY"}


class Stack:
    """The stack in the emulator at `endpoint`."""

    def __init__(self, endpoint, sam):
        self.endpoint = endpoint
        self._sam = sam
        # How every program here is told where AWS is: the standard settings, and nothing else.
        self.settings = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **CREDENTIALS, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_TELEMETRY": "0",
        }
        self._session = boto3.Session("test", "test", region_name=REGION)
        self._processed = None
        self._base_path = ""

    def client(self, service):
        return self._session.client(service, endpoint_url=self.endpoint)

    def deploy(self, parameters, template=BUILT):
        """Deploy, as a person would."""
        given = {"SenderIdentity": SENDER, "SenderIdentityIs": "NewAddress", "Architecture": "x86_64", **parameters}
        command = [
            self._sam, "deploy", f"--template-file={template}", f"--stack-name={NAME}", f"--region={REGION}", "--resolve-s3",
            "--no-confirm-changeset", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND",
            "--parameter-overrides", *(f"{name}={value}" for name, value in given.items()),
        ]
        done = subprocess.run(
            command, env=self.settings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode != 0:
            print(done.stdout, file=sys.stderr)
            raise RuntimeError("sam deploy failed")
        answer = self.client("cloudformation").get_template(StackName=NAME, TemplateStage="Processed")
        self._processed = answer["TemplateBody"]
        if isinstance(self._processed, str):
            self._processed = yaml.safe_load(self._processed)

    @property
    def outputs(self):
        (stack,) = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def resources(self, kind):
        """The resources of a type, by their names in the template."""
        found = self.client("cloudformation").describe_stack_resources(StackName=NAME)["StackResources"]
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found if each["ResourceType"] == kind
        }

    def nested(self, name, kind):
        """The one resource of a type in the nested stack `name`."""
        stack = self.resources("AWS::CloudFormation::Stack")[name]
        found = self.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
        (resource,) = [each for each in found if each["ResourceType"] == kind]
        return resource["PhysicalResourceId"]

    @property
    def api_id(self):
        (api_id,) = self.resources("AWS::ApiGatewayV2::Api").values()
        return api_id

    @property
    def api_host(self):
        """The host name by which the API is called, as https://api-id.execute-api... on AWS."""
        return f"{self.api_id}.execute-api.localhost:{self.endpoint.rpartition(':')[2]}"

    def call_api(self, method, path, headers, body):
        # The emulator answers this path itself, whoever is asked, but not when it begins with a slash too many.
        path = f"/{path}" if path.startswith("/health") else path
        # Slashes before the first segment do not count to API Gateway: on a domain, those after the base path.
        if self._base_path:
            path = re.sub(f"^/{re.escape(self._base_path)}/+", f"/{self._base_path}/", path)
        headers = {name: value for name, value in headers.items() if name.lower() != "host"}
        return front.call(self.endpoint, method, path, {**headers, "Host": self.api_host}, body)

    def make_routes(self, base_path=""):
        """Make the routes that the API's OpenAPI body describes, which the emulator does not read.

        With `base_path` below that, as API Gateway has them answer on a domain: the emulator knows no domains. A function
        gets the same path from both; but /frontegg below it is a stage on a domain, and a part of the path here.
        """
        self._base_path = base_path
        gateway = self.client("apigatewayv2")
        functions = self.resources("AWS::Lambda::Function")
        (api,) = [each for each in self._processed["Resources"].values() if each["Type"] == "AWS::ApiGatewayV2::Api"]
        integrations = {}
        for path, methods in api["Properties"]["Body"]["paths"].items():
            for method, operation in methods.items():
                function = integrated(operation)
                if function not in integrations:
                    integrations[function] = gateway.create_integration(
                        ApiId=self.api_id, IntegrationType="AWS_PROXY", PayloadFormatVersion="2.0",
                        IntegrationUri=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{functions[function]}",
                    )["IntegrationId"]
                for key in route_keys(METHODS.get(method, method.upper()), path, base_path):
                    target = f"integrations/{integrations[function]}"
                    gateway.create_route(ApiId=self.api_id, RouteKey=key, Target=target)

    def admit(self):
        """Have every function call AWS through a gate, which judges by the policies of the function's role."""
        judge = gate.Gate(self.endpoint, accesses.Account(REGION, ACCOUNT, self.client("kms")))
        functions, iam = self.client("lambda"), self.client("iam")
        for logical, name in self.resources("AWS::Lambda::Function").items():
            found = functions.get_function_configuration(FunctionName=name)
            door = judge.admit(logical, gate.statements_of_role(iam, found["Role"].rpartition("/")[2]))
            variables = {**found["Environment"]["Variables"], "AWS_ENDPOINT_URL": door}
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        return judge


def route_keys(method, path, base_path):
    """The routes that stand for one of the API's."""
    if path == "$default":
        return [path]
    if path.count("/") == 1:
        # A slash at the end is none to API Gateway where nothing else matches; to the emulator it is.
        return [key for own in (path, f"{path}/") for key in route_keys_of(method, own, base_path)]
    return route_keys_of(method, path, base_path)


def route_keys_of(method, path, base_path):
    if not base_path:
        return [f"{method} {path}"]
    return [f"{method} /{base_path}{path}", f"{method} /{base_path}/frontegg{path}"]


def integrated(operation):
    """Which function an operation of an OpenAPI body leads to: SAM writes it as ...functions/${Name.Arn}/invocations."""
    uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
    return uri.partition("functions/${")[2].partition(".Arn}")[0]
