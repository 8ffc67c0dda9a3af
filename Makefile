# One command each; every one makes the virtual environment first if there is none.
PYTHON ?= python3
BIN := .venv/bin

# What one process has compiled of our modules the next ones need not compile again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check clean

demo: .venv/.ready
	$(BIN)/guichet demo

test: .venv/.ready
	$(BIN)/python -m pytest -n $$($(BIN)/python -c 'import os; print((os.cpu_count() or 2) + 1)') --dist loadfile

check: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/guichet rules check config/
	$(BIN)/guichet rules test config/

.venv/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Guichet needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
