# The commands of this project. `make` alone lists them.
# Everything that a target needs is installed by it, once, and cached.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/waypaas
export PATH := $(CURDIR)/.venv/bin:$(CACHE)/uv/bin:$(CACHE)/go/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE :=
STEP := python3 tools/step.py
T ?= tests
# Two processes: one waits for the Kubernetes of the test bed, most of the time, while the other goes on (tests/conftest.py).
# They disturb each other's clocks: what fails is run once more, and told by name where that passes.
TOGETHER := -n 2 --dist loadscope --no-loadscope-reorder --reruns 1 -r aR
PROTOC := uv run --isolated --no-project --python 3.11 --with grpcio-tools==1.66.2 --with googleapis-common-protos==1.65.0 --with setuptools==75.8.0 python tools/gen_protos.py

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

.PHONY: setup
setup: .venv/.synced ## install everything that the other targets need

.venv/.synced: pyproject.toml uv.lock tools/setup.py
	@python3 tools/setup.py
	@touch $@

.PHONY: demo
demo: setup ## deploy, break, roll back and destroy an app on a real Kubernetes
	@python examples/demo.py

.PHONY: demo-ecs
demo-ecs: setup ## the same on AWS ECS, without an account
	@python examples/demo_ecs.py

.PHONY: e2e-aws
e2e-aws: setup ## an app's life in a real AWS account (FILE=account.yaml; needs credentials, cleans up)
	@python tests/e2e/aws/account.py "$(FILE)"

.PHONY: test
test: setup check testbed host ## all checks and all tests (T=path for a part)
	@$(STEP) "tests of $(T)" pytest $(TOGETHER) $(T)

.PHONY: check
check: lint types layers collect protos-check docs-check ## what needs no server: style, types, arrows, generated files

.PHONY: lint
lint: setup ## style
	@$(STEP) "style" ruff check .
	@$(STEP) "format" ruff format --check .

.PHONY: types
types: setup ## static types
	@$(STEP) "types" mypy
	@$(STEP) "types of the benchmarks" sh -ec 'for room in bench/*/; do \
		MYPYPATH=$$room:tests/cloud/imagemover mypy --explicit-package-bases --ignore-missing-imports "$$room"; done'

.PHONY: layers
layers: setup ## which package may import which
	@$(STEP) "arrows between packages" lint-imports

.PHONY: collect
collect: setup ## import every test: a name that is gone is told in seconds, not behind all tests
	@$(STEP) "tests can be collected" sh -c 'told=$$(pytest --collect-only -qqq $(T)) || { echo "$$told" | tail -30; exit 1; }'

.PHONY: fmt
fmt: setup ## format the code, mend what can be mended
	@ruff format .
	@ruff check --fix .

.PHONY: protos
protos: setup ## write the generated code from proto/
	@$(PROTOC)

.PHONY: protos-check
protos-check: setup ## compare the generated code with proto/
	@$(STEP) "generated code" $(PROTOC) --check

.PHONY: docs
docs: setup ## write the generated documents
	@python tools/docs.py

.PHONY: docs-check
docs-check: setup ## compare the generated documents with the code
	@$(STEP) "generated documents" python tools/docs.py --check

.PHONY: testbed
testbed: setup ## build and start a real Kubernetes
	@python -m testbed up

.PHONY: testbed-down
testbed-down: ## stop the real Kubernetes and remove what it left
	@python3 -m testbed down

.PHONY: host
host: setup ## build Waypoint's host side for the tests
	@python tests/host/wphost.py

.PHONY: bench-startup
bench-startup: setup ## our plugin's start against a Go plugin's
	@python bench/startup/startup.py --max-ratio 1.0

.PHONY: soak-promotion
soak-promotion: setup host ## kill wps, plugins and the service at every moment of a promotion (ROUNDS=20; some two hours)
	@WAYPAAS_KILL_ROUNDS=$(or $(ROUNDS),20) pytest -q tests/cloud/promotion/test_every_moment.py

.PHONY: bench-soak
bench-soak: setup ## a thousand starts of a plugin: what is left of them
	@python bench/startup/soak.py

.PHONY: bench-resolve
bench-resolve: setup ## resolving standards for 500 teams with 40 apps each
	@uv run --quiet --with omegaconf==2.3.0 python bench/resolve.py

.PHONY: bench-deploy
bench-deploy: setup ## a deploy against kubectl and Helm applying the same objects
	@python bench/deploy/deploy.py --max-ratio 1.0

.PHONY: bench-service
bench-service: setup ## calls per second of the team config service
	@python bench/service/load.py --check

.PHONY: bench-mover
bench-mover: setup ## copies of images against crane, regctl, oras and skopeo (25 minutes)
	@python bench/mover/compare.py --check

.PHONY: bench
bench: bench-startup bench-resolve bench-deploy bench-service ## all benchmarks

.PHONY: mutants
mutants: setup ## change the authorization in every small way: the tests must notice each
	@$(STEP) "mutants of the policy" python tools/mutate_policy.py

.PHONY: build
build: setup ## the wheel and the plugin binaries, into dist/
	@$(STEP) "wheel" uv build --wheel
	@$(STEP) "plugin binaries" wps plugins build --out dist/plugins
