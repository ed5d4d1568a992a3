# Everything runs in a .venv that this file makes; a stamp per extra makes a second run instant.
PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-

.PHONY: demo test check layers schema bench nightly clean
.DELETE_ON_ERROR:

demo: $(STAMP)demo
	$(BIN)/robokern run configs/quickstart.yaml

test: $(STAMP)test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(STAMP)dev layers test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/robokern schema | diff -q - configs/schema.json || { echo "run: make schema" >&2; exit 1; }

layers: $(STAMP)dev
	$(BIN)/lint-imports --no-cache

# what editors complete and check run files with
schema: $(STAMP)demo
	$(BIN)/robokern schema > configs/schema.json

# random programs by the thousand, others each day, on all cores; a finding is shrunk to a minimal kernel
nightly: $(STAMP)test
	$(BIN)/python -m tests.random_programs.nightly --programs 20000
	$(BIN)/python -m tests.random_programs.nightly --kind gradients --programs 5000
	ROBOKERN_LEAK_CALLS=100000 $(BIN)/python -m pytest tests/autodiff/test_leaks.py -s

bench: $(STAMP)bench
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) out dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "robokern needs Python 3.11 or newer; choose one with: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(STAMP)%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
