# What a newcomer types. The virtual environment is made once and again only when pyproject.toml changes.
#   make run                    the whole way on three years of a simulated world, which is made first
#   make run MAIL=path AS=junk RELAY=host-or-network     the same with your own mail
#   make test                   everything that must hold; test-all adds the long sweeps
#   make accuracy               how well it does on simulated worlds whose truth is known, and on real mail
#   make docs                   the manual as a site in site/

PYTHON ?= python3
JOBS   ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
VENV   := .venv
BIN    := $(VENV)/bin
PINNED := $(shell cksum pyproject.toml | cut -d' ' -f1)
STEPS  := $(VENV)/.steps-$(shell cat src/junkhound/kernel/compiled/*.[ch] | cksum | cut -d' ' -f1)
AS     ?= junk
ONCE   ?=
MAIL   ?=
RELAY  ?=
TESTS  ?= tests
TIER   ?= S

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help run test test-all accuracy bench bench-peers docs peers lint clean
MAKEFLAGS += --no-print-directory

help:
	@echo 'make run       the whole way, from a pile of junk mail to a block list, on a simulated world'
	@echo '               and then the service until Ctrl-C; with ONCE=1 it ends by itself'
	@echo '               with your own mail: make run MAIL=path AS=junk RELAY=host-or-network'
	@echo 'make test      what must hold; make test-all with the long sweeps'
	@echo 'make lint      style, types and layers only'
	@echo 'make docs      the manual as a site in site/'
	@echo 'make accuracy  the goals on simulated worlds and real mail, for docs/accuracy; TIER=M for the large ones'
	@echo 'make bench     the figures of docs/figures'
	@echo 'make peers     (root) the real programs that tests and benchmarks talk to'
	@echo 'make bench-peers  (root) the programs that only the figures are compared with'
	@echo 'make clean     remove what these made'

# One stamp per set of packages: `make run` downloads no more than Junkhound needs.
$(VENV)/.base-$(PINNED):
	@tools/venv.sh '$(PYTHON)' '$(VENV)' '' '$@'
$(VENV)/.%-$(PINNED): $(VENV)/.base-$(PINNED)
	@tools/venv.sh '$(PYTHON)' '$(VENV)' '$*' '$@'

# The compiled steps, again when their sources have changed; without a compiler their twins in Python do the work.
$(STEPS): $(VENV)/.base-$(PINNED)
	@$(BIN)/python -m junkhound.kernel.compiled || true
	@rm -f $(VENV)/.steps-* && touch $@

run: $(STEPS)
	@$(if $(MAIL),true,test -f .world/manifest.json || $(BIN)/spamworld gen --tier demo --seed 1 --out .world --anew)
	@$(BIN)/junkhound demo --home .run $(if $(ONCE),--once) \
		$(if $(MAIL),--mail '$(MAIL)' --as '$(AS)' $(if $(RELAY),--relay '$(RELAY)'),--world .world)

test: $(VENV)/.test-$(PINNED) $(STEPS)
	@$(BIN)/python -m pytest -v -n $(JOBS) --dist worksteal $(TESTS)

test-all: $(VENV)/.test-$(PINNED) $(VENV)/.dask-$(PINNED) $(STEPS)
	@JUNKHOUND_ALL=1 $(BIN)/python -m pytest -v -n $(JOBS) --dist worksteal $(TESTS)

lint: $(VENV)/.test-$(PINNED)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

accuracy: $(VENV)/.test-$(PINNED) $(STEPS)
	@$(BIN)/python -m accuracy --tier $(TIER)

bench: $(VENV)/.test-$(PINNED) $(VENV)/.bench-$(PINNED) $(STEPS)
	@$(BIN)/python -m bench

docs: $(VENV)/.docs-$(PINNED)
	@$(BIN)/python tools/pages.py
	@$(BIN)/mkdocs build --quiet --strict
	@echo 'site/index.html'

peers:
	@tools/peers.sh

bench-peers:
	@PEERS='rspamd rbldnsd dnsperf postfix' tools/peers.sh

clean:
	@rm -rf .run .world site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis $(VENV)
