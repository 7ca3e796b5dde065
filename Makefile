# Everything that is installed or built goes to folders of the project that git ignores: target, .tools, .rookery and
# node_modules. `make` by itself lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# A build server must not change Cargo.lock; at a desk an edit of Cargo.toml may.
LOCKED := $(if $(CI),--locked)

# The processors that the functions are built for: arm64 or x86_64.
ARCH ?= arm64
HOST_ARCH := $(patsubst aarch64,arm64,$(shell uname -m))
RUST_TARGET = $(patsubst arm64,aarch64,$(ARCH))-unknown-linux-gnu
BUILT = target/lambda/$(ARCH)

FUNCTIONS := $(patsubst functions/%/Cargo.toml,%,$(wildcard functions/*/Cargo.toml))
PACKAGES := $(FUNCTIONS:%=rookery-%)

# One build for all functions: what they share is compiled once.
BUILD = PATH="$(CURDIR)/.tools/sam/bin:$$PATH" cargo lambda build $(LOCKED) --release --target $(RUST_TARGET) \
	--lambda-dir $(BUILT) $(PACKAGES:%=-p %)

# The size of a zipped function, in bytes, that is too much: the larger it is, the longer Lambda takes to start it.
LIMIT := 6000000

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: dev
dev: ## Run the whole API on http://127.0.0.1:3000, with its data in .rookery
	@echo 'The first build takes some minutes; nothing but Rust is needed.'
	@echo 'Then the server prints its address, a client id and secret, and a first request to try. Ctrl-C stops it.'
	cargo run $(LOCKED) -p rookery-local -- --port 3000 --data-dir .rookery

.PHONY: lambda
lambda: ## Run the functions' own binaries under cargo-lambda, on DynamoDB Local, on http://127.0.0.1:3000
	cargo build $(LOCKED)
	infra/emulator/lambda --port 3000

.PHONY: test-cargo-lambda
test-cargo-lambda: ## Tell the end-to-end stories to the functions under cargo-lambda (needs Python 3, Node 20, Java 17, Maven)
	cargo build $(LOCKED)
	infra/emulator/lambda -- $(MAKE) --no-print-directory test-deployed

.PHONY: test
test: ## Run every test: units, end-to-end stories, published clients
	cargo test $(LOCKED) --workspace
	$(MAKE) test-clients

.PHONY: test-clients
test-clients: ## Test with published client libraries (needs Python 3 and Node 20)
# Chosen as `-p rookery-local` the server would be built apart from `make test`: the tests' dependencies switch features
# of shared crates on. With a test target in the selection both builds are the same one.
	cargo build $(LOCKED) --workspace --bin rookery-local --test e2e
	tests/clients/run

.PHONY: test-dynamodb-local
test-dynamodb-local: ## Run the Rust tests against DynamoDB Local (needs Python 3, Java 17, Maven)
	infra/dynamodb-local/run -- cargo test $(LOCKED) --workspace

# The SAM CLI, cfn-lint and cargo-lambda, from .tools; installed when a recipe first needs them.
WITH_SAM = export PATH="$$(infra/tools/install sam):$$PATH" SAM_CLI_TELEMETRY=0;

.PHONY: test-lambda
test-lambda: lint-stack ## Deploy the stack to an emulator of AWS and test it there (needs Python 3 and Node 20)
	"$$(infra/tools/install emulator)"/python -m unittest discover --start-directory infra/emulator
	$(WITH_SAM) sam build --parameter-overrides Architecture=$(HOST_ARCH)
	infra/emulator/linked.py
	cargo build $(LOCKED) --workspace --bin rookery-admin --bin rookery-local --test e2e
	for options in '--signing-mode=KmsSign' '--signing-mode=KmsWrapped --base-path=id'; do \
	  infra/emulator/run $$options -- $(MAKE) --no-print-directory test-deployed; \
	done

.PHONY: test-deployed
test-deployed: ## Tell the end-to-end stories to the API that ROOKERY_BASE_URL and the like name
	cargo test $(LOCKED) --workspace --test e2e
	tests/clients/run

.PHONY: lint-stack
lint-stack: ## Check template.yaml and what it nests
	$(WITH_SAM) sam validate --lint --region us-east-1
	$(WITH_SAM) cfn-lint infra/*.yaml

.PHONY: bench
bench: ## Measure requests and cold starts; the results go to target/bench.json too (needs Linux, Python 3)
	@echo 'The first build takes many minutes, with optimisations; then making 100,000 users and measuring take some more.'
	$(MAKE) build ARCH=$(HOST_ARCH) PACKAGES='$(PACKAGES) rookery-bench-hello'
	cargo run $(LOCKED) --profile bench-run -p rookery-bench -- --functions target/lambda/$(HOST_ARCH)

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: lint
lint: ## Check format, lints and documentation
	cargo fmt --all --check
	cargo clippy $(LOCKED) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc $(LOCKED) --workspace --no-deps

.PHONY: openapi
openapi: ## Write openapi.json from the handlers
	cargo run $(LOCKED) -p rookery-openapi -- openapi.json

.PHONY: build
build: lambda-tools ## Build the functions for Lambda, for ARCH=arm64 or ARCH=x86_64 (needs Python 3)
	$(BUILD)

.PHONY: package
package: lambda-tools ## Build the functions and zip each for Lambda, for ARCH as above
	$(BUILD) --output-format zip
	@wc -c $(FUNCTIONS:%=$(BUILT)/%/bootstrap.zip) | awk -v limit=$(LIMIT) ' \
	  split($$2, path, "/") == 5 { \
	    printf "%-22s%6.2f MB%s\n", path[4], $$1 / 1e6, ($$1 > limit ? ", which is too large" : ""); \
	    failed += ($$1 > limit) \
	  } \
	  END { exit failed > 0 }'

# Not listed: what `build` and `package` need.
.PHONY: lambda-tools
lambda-tools:
	@infra/tools/install sam >/dev/null
	@test -d "$$(rustc --print target-libdir --target $(RUST_TARGET))" || { \
	  echo 'Rust cannot build for $(ARCH) here yet. What it lacks comes with: rustup target add $(RUST_TARGET)' >&2; \
	  exit 1; \
	}

# --- A stack in an AWS account: docs/deploy.md

STACK ?= rookery

.PHONY: deploy
deploy: ## Build and deploy, and make the first environment: STACK=name SENDER=domain-or-address [PARAMETERS='Name=value ...']
	@test -n '$(SENDER)' || { echo 'make deploy needs SENDER=, the domain or the address that mails come from' >&2; exit 2; }
	$(WITH_SAM) sam build $(if $(PARAMETERS),--parameter-overrides $(PARAMETERS))
	$(WITH_SAM) sam deploy --stack-name $(STACK) --resolve-s3 --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND \
	  --confirm-changeset --no-fail-on-empty-changeset --parameter-overrides SenderIdentity=$(SENDER) $(PARAMETERS)
	$(if $(filter no,$(ENVIRONMENT)),,$(MAKE) --no-print-directory environment)

.PHONY: environment
environment: ## Make the first environment of a deployed stack, or with NEW_SECRET=yes another secret: STACK=name [APPLICATION=url ORIGINS='url ...']
	infra/admin/stack $(STACK) environment $(if $(filter yes,$(NEW_SECRET)),--new-secret) \
	  $(if $(APPLICATION),--application-url=$(APPLICATION)) $(foreach origin,$(ORIGINS),--allow-origin=$(origin))

.PHONY: key-pairs
key-pairs: ## Make the key pairs that SigningMode=KmsWrapped needs: STACK=name
	infra/admin/stack $(STACK) key-pairs

.PHONY: clean
clean: ## Delete what was built and installed; the data in .rookery stays
	cargo clean
	rm -rf .tools tests/clients/*/node_modules
