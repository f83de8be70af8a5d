# The only door: people and CI run the same targets. `make` alone prints help.
#
# Needs make, Python 3.11 or later, and a network; the rest is found or installed (set-up, below).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.ONESHELL:

TOOLS := .formscout/tools
ARGS ?=

# uv: the one on PATH, if it works, else the one that `setup` puts into a private environment.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo $(TOOLS)/bin/uv)
RUN := $(UV) run
# What `uv run` would do first, `setup` has done.
export UV_NO_SYNC := 1
# .python-version asks for 3.11; where only a later Python is installed, that one is taken instead of a download.
LATER := $(shell python3.11 -c '' 2>/dev/null || for v in 3.12 3.13 3.14; do python$$v -c '' 2>/dev/null && echo $$v && break; done)
ifneq ($(LATER),)
export UV_PYTHON ?= $(LATER)
endif

.PHONY: help
help: ## print this help
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	printf '\nMore for a command: make run ARGS="--once --out forms.json", make test ARGS="-k sign_in".\n'

##@ Use
.PHONY: run
run: packages browser ## the whole platform with the demo application and a first discovery
	@exec $(RUN) formscout up --demo $(ARGS)

##@ Check
.PHONY: check
check: lint types imports test ## all that CI checks

.PHONY: test
test: setup ## every test, with real PostgreSQL, Redis and Chromium
	@exec $(RUN) pytest $(ARGS)

.PHONY: test-unit
test-unit: packages ## the tests that need no store and no browser: seconds
	@exec $(RUN) pytest tests/unit $(ARGS)

.PHONY: test-observability
test-observability: setup ## metrics, dashboards and alerts, with a real Prometheus that watches a real run
	@exec $(RUN) pytest tests/observability $(ARGS)

.PHONY: lint
lint: packages checkers ## style and formatting, and the workflows of .github
	@$(RUN) ruff check
	$(RUN) ruff format --check
	$(TOOLS)/checkers/bin/actionlint
	$(RUN) zizmor --offline --no-progress --quiet .github

.PHONY: types
types: packages ## mypy, strict
	@exec $(RUN) mypy

.PHONY: imports
imports: packages ## the direction of imports
	@exec $(RUN) lint-imports

.PHONY: coverage
coverage: setup ## every test, and what of the code they ran
	@$(RUN) pytest --cov --cov-report=term-missing:skip-covered --cov-report=xml $(ARGS)

.PHONY: chaos
chaos: setup ## break the running platform in every way that the tests know, with the real times: half an hour
	@exec $(RUN) pytest tests/chaos --chaos=full $(ARGS)

.PHONY: soak
soak: setup ## random schedules of faults by seed, 200 of them: hours; ARGS="--soak-runs 20 --soak-seed 7"
	@exec $(RUN) pytest tests/chaos --chaos=soak -s $(ARGS)

.PHONY: cluster-test
cluster-test: packages checkers ## the images and the chart on the cluster of KUBECONFIG, with KEDA in it: an hour; CLUSTER_LOAD=, BASE=, ARGS="-k scale_in"
	@export HELM="$${HELM:-$(TOOLS)/checkers/bin/helm}"
	exec $(RUN) pytest tests/cluster --cluster $(ARGS)

.PHONY: playground-score
playground-score: setup ## forms found of those present on the playground, by mechanism; ARGS="'dom/*' --mode submit --seeds 1-10"
	@exec $(RUN) python -m tests.support.playground $(ARGS)

.PHONY: bench
bench: setup ## the benchmarks of bench/, with the machine they ran on
	@for file in bench/bench_*.py; do echo "== $$file"; name=$${file#bench/}; $(RUN) python -m "bench.$${name%.py}" $(ARGS); done

##@ Write
.PHONY: format
format: packages ## mend style and formatting
	@$(RUN) ruff check --fix
	$(RUN) ruff format

.PHONY: openapi
openapi: packages ## docs/api/openapi.json from the code
	@exec $(RUN) python -m formscout_api.openapi

.PHONY: dashboards
dashboards: packages ## charts/formscout/files/dashboards from tools/dashboards
	@exec $(RUN) python -m tools.dashboards

.PHONY: chart-goldens
chart-goldens: packages checkers ## what is made from the chart: golden files of its tests, its README, k8s/manifests
	@for kind in goldens readme manifests; do $(RUN) python -m tools.chart_papers $$kind; done

.PHONY: manifests
manifests: packages checkers ## k8s/manifests from the chart
	@exec $(RUN) python -m tools.chart_papers manifests

.PHONY: chart-schemas
chart-schemas: packages ## tests/chart/schemas.tar.xz, what the chart's objects are held against; needs Go
	@exec $(UV) run --no-project --script tools/chart_schemas.py

##@ Deliver
.PHONY: images
images: ## the images, by Docker, Podman or Buildah; REGISTRY=, TAG=, BASE=, PLATFORM=, ARGS="formscout-api"
	@exec tools/images $(ARGS)

.PHONY: compose-env
compose-env: ## .env for compose.yaml, with fresh keys
	@exec tools/compose-env

##@ Set-up
.PHONY: setup
setup: packages browser checkers ## packages, a Chromium and the chart's checkers; the other targets do it themselves

.PHONY: packages
packages: ## uv, and a virtual environment as uv.lock says
	@if ! [ -x "$(UV)" ]; then tools/install-uv $(TOOLS); fi
	$(UV) sync --quiet --all-packages --frozen

.PHONY: browser
browser: packages ## a Chromium: the system's, else Debian's package (root), else Playwright's
	@UV='$(UV)' tools/install-browser

.PHONY: checkers
checkers: packages ## helm, kubeconform, kube-score, actionlint, prometheus: those on PATH, else Debian's, else built with Go
	@UV='$(UV)' tools/install-checkers $(TOOLS)/checkers

.PHONY: clean
clean: ## remove what set-up and tests made; data of `make run` stay where they are
	@rm -rf .venv .formscout .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage coverage.xml
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
