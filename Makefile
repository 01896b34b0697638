# Sets up .venv and runs the project. `make help` lists the targets.
#
# Paths are relative and quoted, so that a checkout path with spaces works; nothing needs root.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help test slow demo check docs bench clean

# A Python >= 3.11 for the environment; the first that fits is taken.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

# torch: on Linux only a CPU build is accepted, from any index pip knows or from TORCH_INDEX.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
ifeq ($(shell uname -s),Linux)
TORCH ?= torch==2.13.0+cpu torchvision==0.28.0
else
TORCH ?= torch==2.13.0 torchvision==0.28.0
endif

PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-compile
# Beside a sourced ROS 2 its wheels stay away.
TEST := $(if $(ROS_DISTRO),test-sourced,test)
# Processes of the test suite; all tests on a ROS bus run in one of them. 0: in this process.
WORKERS ?= 2
INPUTS := setup.py setup.cfg pyproject.toml constraints.txt
DEMO_CONFIG ?= blimp-demo
DEMO_BUDGET ?= 30s

help:  ## list the targets and the variables
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/:/'
	@echo 'variables: PYTHON=python3.12  TORCH_INDEX=URL  TORCH="torch==... torchvision==..."'
	@echo '           ARGS="..." (given to pytest)  WORKERS=2  DEMO_CONFIG=NAME  DEMO_BUDGET=60s'

test: .venv/.test  ## run the whole test suite
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

slow: .venv/.test  ## run the tests marked slow, up to 45 minutes
	$(PY) -m pytest -m slow $(ARGS)

demo: .venv/.demo  ## evolve the blimp's altitude controller; ends with the path of its report
	@$(PY) -m snn_control warm
	@run="runs/demo-$$(date +%Y%m%d-%H%M%S)" && \
	$(PY) -m snn_control evolve $(DEMO_CONFIG) --budget $(DEMO_BUDGET) --seed 1 --out "$$run" && \
	$(PY) -m snn_control report "$$run"

check: .venv/.check  ## lint, format check, types and tests: what CI runs
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	@$(MAKE) --no-print-directory test

docs: .venv/.docs  ## build the documentation site into build/site; warnings are errors
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo build/site/index.html

bench: .venv/.demo  ## timed benchmarks beside Norse
	$(PY) -m snn_control bench

clean:  ## remove the environment and all caches
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Each stamp is touched last: an interrupted install is simply repeated.
.venv/.demo: .venv/.torch $(INPUTS)
	@echo 'installing snn_control[report]'
	@$(PIP) -c constraints.txt -e '.[report]'
	@touch $@

.venv/.test: .venv/.torch $(INPUTS)
	@echo 'installing snn_control[report,$(TEST)]'
	@$(PIP) -c constraints.txt -e '.[report,$(TEST)]'
	@touch $@ .venv/.demo

.venv/.check: .venv/.torch $(INPUTS)
	@echo 'installing snn_control[report,$(TEST),dev]'
	@$(PIP) -c constraints.txt -e '.[report,$(TEST),dev]'
	@touch $@ .venv/.test .venv/.demo

.venv/.docs: .venv/.torch $(INPUTS)
	@echo 'installing snn_control[docs]'
	@$(PIP) -c constraints.txt -e '.[docs]'
	@touch $@

# torch goes first and alone: norse pulls torchvision, and a plain resolution would then replace the
# CPU build by one that brings several GB of CUDA packages.
.venv/.torch: .venv/.python constraints.txt
	@echo 'installing torch (CPU build, about 200 MB)'
	@$(PIP) -c constraints.txt setuptools wheel
	@$(PIP) -c constraints.txt $(TORCH) 2>/dev/null || \
	  $(PIP) --retries 1 -c constraints.txt --extra-index-url "$(TORCH_INDEX)" $(TORCH) || { \
	  echo; \
	  echo 'No build of "$(TORCH)" could be installed. Choose one of:'; \
	  echo '  make $(MAKECMDGOALS) TORCH_INDEX=URL          an index or mirror that has CPU builds'; \
	  echo '  make $(MAKECMDGOALS) TORCH="torch==2.13.0 torchvision==0.28.0"'; \
	  echo '      whatever your package index offers (on Linux often CUDA, several GB)'; \
	  exit 1; } >&2
	@touch $@

.venv/.python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed and none was found.' \
	  'Install one (Debian: apt install python3 python3-venv)' \
	  'or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo '$(PYTHON) is not Python 3.11 or newer; name another:' \
	  'make $(MAKECMDGOALS) PYTHON=/path/to/python3.12' >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo '$(PYTHON) has no venv module (Debian: apt install python3-venv)' >&2; exit 1; }
	@$(PY) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  rm -rf .venv && echo 'creating .venv with $(PYTHON)' && "$(PYTHON)" -m venv .venv; }
	@touch $@
