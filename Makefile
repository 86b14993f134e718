# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Two commands matter: `make demo` shows the main job, `make test` passes the tests.
# Both set up what they need below .build and in the user's cache, and say what they do.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
SHELL := /bin/bash

# Any Python from 3.11 on starts the set-up, which then looks for the newest itself. A shim may exist and not work.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VECTORS ?= ../shared/vectors
MANIFESTS ?= ../shared/manifests
export SLIPWAY_TEST_VECTORS ?= $(abspath $(VECTORS))
export SLIPWAY_TEST_MANIFESTS ?= $(abspath $(MANIFESTS))
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build
export PYTHONDONTWRITEBYTECODE := 1
# Plain KUBECONFIG is usually production: the demo and the tests never see it.
unexport KUBECONFIG
BIN := $(CURDIR)/.build/venv/bin
RUNBIN = $$(test -x .build/venv/bin/slipway && echo .build/venv/bin || echo .build/venv-demo/bin)

.PHONY: help test-roles-full setup demo demo-clean test test-full test-real lint types layers docs unit conformance assets integration e2e roles low bench clean

help: ## Say what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Make the virtual environment of the tests
	@$(PYTHON) tests/tools/environment.py test

demo: ## Run the main job on the embedded cluster (ARGS="--output json", OUT=file.json)
	@$(PYTHON) tests/tools/environment.py demo
	@PATH="$(CURDIR)/$(RUNBIN):$$PATH" $(RUNBIN)/slipway demo $(ARGS) $(if $(OUT),--out $(OUT))

demo-clean: ## Remove what the demo made
	@$(PYTHON) tests/tools/environment.py demo
	@$(RUNBIN)/slipway demo --clean

test: setup ## Everything that must be green: lint, types, layers, docs, unit, conformance, integration, e2e, roles
	@$(BIN)/python tests/tools/stages.py lint types layers docs unit low conformance assets integration e2e roles

test-full: test test-roles-full ## make test and every molecule scenario

test-roles-full: setup
	@$(BIN)/python tests/tools/stages.py roles-full

test-real: setup ## Side by side with the real controllers (opt-in, builds them)
	@$(BIN)/python -m pytest tests/real

lint types layers docs unit conformance assets roles low: setup ## One stage of make test
	@$(BIN)/python tests/tools/stages.py $@

integration e2e: setup
	@$(BIN)/python tests/tools/stages.py assets $@

bench: setup ## Measure side by side (OUT=file.json, PEERS=real)
	@$(BIN)/python -m tests.bench.run $(if $(OUT),--out $(OUT)) $(if $(PEERS),--peers $(PEERS))

clean: ## Remove .build and end the clusters of this checkout
	@test ! -x $(RUNBIN)/slipway || $(RUNBIN)/slipway cluster down --all || true
	@rm -rf .build
