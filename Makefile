# make run   set everything up and chat        make test  set everything up and check everything
PYTHON ?= python3
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help run test format train bench clean

help:
	@echo 'make run     chat with the bot: in the terminal, or on Telegram when TELEGRAM_TOKEN is set'
	@echo 'make test    lint, types and tests, in an environment of their own'
	@echo 'make format  tidy the code'
	@echo 'make clean   remove the environments and caches'

run: .venv/ready
	@.venv/bin/python -m bot

test: .venv-test/ready
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy
	.venv-test/bin/pytest

format: .venv-test/ready
	.venv-test/bin/ruff check --fix .
	.venv-test/bin/ruff format .

clean:
	rm -rf .venv .venv-test .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mangosaurus needs Python 3.11 or newer; try make PYTHON=python3.12")' </dev/null
	@echo 'Setting up .venv (once; this takes a minute)' >&2
	@$(PYTHON) -m venv .venv </dev/null
	@.venv/bin/python $(PIP_INSTALL) --editable . </dev/null
	@touch $@

.venv-test/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mangosaurus needs Python 3.11 or newer; try make PYTHON=python3.12")' </dev/null
	@echo 'Setting up .venv-test (once; this takes a minute)' >&2
	@$(PYTHON) -m venv .venv-test </dev/null
	@.venv-test/bin/python $(PIP_INSTALL) --editable '.[dev]' </dev/null
	@touch $@
