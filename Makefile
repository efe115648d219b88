# The control board: people and continuous integration use the same targets.
# Every step leaves a stamp or its output, so that nothing is done twice.

PYTHON ?= python3
PG_CONFIG ?= /usr/lib/postgresql/15/bin/pg_config
JOBS ?= $(shell nproc)
BENCH ?=

BUILD := build
BIN := $(BUILD)/venv/bin
SYSTEM := $(BUILD)/stamp/system
V8 := $(BUILD)/v8.mk
VENV := $(BUILD)/venv/.stamp
NPM := node_modules/.stamp
JS := $(BUILD)/js/realm.js $(BUILD)/js/compiler.js
STAGE := $(BUILD)/stage
JS_SOURCES := package.json package-lock.json $(wildcard tsconfig*.json) \
  $(shell find runtime plts/ts -type f ! -path '*/node_modules/*' ! -path '*/dist/*')
EXTENSIONS := $(wildcard $(BUILD)/plts/*) $(shell find plts stopgap src/stopgap/engine \
  -type f ! -path '*/ts/*' ! -path '*/__pycache__/*' ! -path '*/node_modules/*')
SUBMAKE := $(MAKE) --no-print-directory PG_CONFIG=$(PG_CONFIG)
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: setup build install test check lint fmt bench demo clean
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

setup: $(SYSTEM) $(V8) $(VENV) $(NPM)

$(SYSTEM): tools/setup_system.py tools/system_packages.py
	$(PYTHON) tools/setup_system.py
	@mkdir -p $(@D) && touch $@

$(V8): tools/setup_v8.py | $(SYSTEM)
	$(PYTHON) tools/setup_v8.py

$(VENV): pyproject.toml tools/python-constraints.txt | $(SYSTEM)
	$(PYTHON) -m venv $(BUILD)/venv
	$(BIN)/pip install --quiet --constraint tools/python-constraints.txt --editable '.[dev]'
	@touch $@

$(NPM): package.json package-lock.json $(wildcard runtime/package.json) | $(SYSTEM)
	npm ci --no-audit --no-fund
	@touch $@

$(JS) &: $(JS_SOURCES) $(NPM)
	npm run build
	@touch $(JS)

build: setup $(JS)
	+@$(SUBMAKE) $(PARALLEL) -C plts all
	+@$(SUBMAKE) $(STAGE)/.stamp

# Both extensions as they get installed, for private servers to copy.
$(STAGE)/.stamp: $(EXTENSIONS)
	rm -rf $(STAGE).new
	+@$(SUBMAKE) install pkglibdir=$(abspath $(STAGE)).new/lib \
	  sharedir=$(abspath $(STAGE)).new/share
	@touch $(STAGE).new/.stamp
	@rm -rf $(STAGE) && mv $(STAGE).new $(STAGE)

# Into the PostgreSQL of PG_CONFIG; builds nothing, so that root may run it alone.
install:
	+@$(SUBMAKE) -C plts install
	+@$(SUBMAKE) -C stopgap install

test: build lint check

check:
	+@$(SUBMAKE) $(PARALLEL) -C plts newer-v8
	npm test --if-present
	$(BIN)/pytest $(PYTEST)

lint: setup
	tools/lint

fmt: setup
	tools/lint --fix

bench: build
	$(BIN)/python -m benchmarks $(BENCH)

demo: build
	@$(BIN)/stopgap demo

clean:
	rm -rf $(BUILD) node_modules runtime/dist .mypy_cache .pytest_cache .ruff_cache
