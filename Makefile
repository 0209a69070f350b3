# Everything that a contributor runs. Each target sets up what it needs; only Python 3.11+ and make are asked of the machine.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup check test demo e2e bench dist lock clean

help: ## Say what there is to run
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "make %-7s %s\n", $$1, $$2}' Makefile

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

e2e: $(READY) ## What others judge: kube-apiserver, OpenShift's admission, kubectl, oc, krew, az, Azurite (11 minutes the first time)
	$(BIN)/python -m pytest tests/e2e

bench: $(READY) ## Measure the copy of the VHD on the embedded Azure (5 minutes); docs/copy-benchmark.md has the tables
	$(BIN)/python -m bench.copy

dist: $(READY) ## Wheel, sdist, this platform's archive and the krew manifest, into dist/
	$(BIN)/python -m scripts.dist

lock: ## Resolve requirements-dev.lock anew from pyproject.toml
	scripts/lock

clean: ## Remove what was built; .venv and caches of other projects stay
	rm -rf build dist .cache
