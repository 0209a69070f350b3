# Everything that a contributor runs. Each target sets up what it needs; only Python 3.11+ and make are asked of the machine.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup check test demo dist test-dist e2e release-check bench lock clean

help: ## Say what there is to run
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' Makefile

$(READY): requirements-dev.lock pyproject.toml scripts/setup
	scripts/setup $(VENV)
	@touch $@

setup: $(READY) ## Make .venv with the locked dependencies (the other targets do it by themselves)

check: $(READY) ## Lint, formatting, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(READY) ## The tests, on the embedded Azure and cluster
	$(BIN)/python -m pytest -n auto

demo: $(READY) ## Both commands end to end on the embedded Azure and cluster, then again with nothing left to do
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.sandbox -- scripts/demo

dist: $(READY) ## Wheel, sdist, this platform's archive, its SBOM, the krew manifest and checksums, into dist/
	$(BIN)/python -m scripts.dist

test-dist: $(READY) ## The tests that run the plugin, on the archive's executable instead of the sources
	plugin=$$($(BIN)/python -m tests.archive) && KUBECTL_ARM64_PLUGIN=$$plugin $(BIN)/python -m pytest -n auto -m runs_plugin

e2e: $(READY) ## What others judge: kube-apiserver, OpenShift's admission, kubectl, oc, krew, az, Azurite (11 minutes the first time)
	$(BIN)/python -m pytest tests/e2e

release-check: $(READY) ## Prove what can be proved of a release without publishing it, one line each
	$(BIN)/python -m scripts.release

bench: $(READY) ## Measure the copy of the VHD on the embedded Azure (10 minutes); docs/copy-benchmark.md has the tables
	$(BIN)/python -m bench.copy
	$(BIN)/python -m bench.start

lock: ## Resolve requirements-dev.lock anew from pyproject.toml
	scripts/lock

clean: ## Remove what was built; .venv and caches of other projects stay
	rm -rf build dist .cache
