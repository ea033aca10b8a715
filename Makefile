# make run   set everything up and chat        make test  set everything up and check everything
PYTHON ?= python3
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
.PHONY: help run course test test-more test-browser test-recorded test-installed test-course docs course-outputs figures format \
	train train-letters genera pronunciations proper-names bench bench-bot clean

help:
	@echo 'make run     chat with the bot: in the terminal and a browser, or on Telegram when TELEGRAM_TOKEN is set'
	@echo 'make course  the course in JupyterLab, on a copy that is yours: my-course/, or COURSE=folder'
	@echo 'make test    lint, types and tests, in an environment of their own'
	@echo 'make test-more  every recorded text, every command of the documents, the wheel, and the page in a real Chromium'
	@echo 'make test-browser, test-recorded, test-installed  parts of test-more'
	@echo 'make test-course  every notebook of the course, every solution and every usual mistake, likewise'
	@echo 'make docs    hold the chats in README and docs/ anew, run the commands, and take their pictures (four minutes)'
	@echo 'make course-outputs  run the notebooks of the course, and keep their outputs and pictures'
	@echo 'make figures  measure the figures of quality anew (eight minutes), after a change of what decides them'
	@echo 'make format  tidy the code'
	@echo 'make train   make the released names and verse anew, from nothing (two hours)'
	@echo 'make train-letters  make the voice letters anew, as the assignment does, letter by letter (two hours)'
	@echo 'make genera  make data/genera.txt anew, which train reads'
	@echo 'make pronunciations  make data/prosody/pronunciations.txt anew, which verse needs'
	@echo 'make proper-names  make data/proper_names.txt anew, which capitals need'
	@echo 'make bench   measure the networks beside torch, and write benchmarks/results.md'
	@echo 'make bench-bot  measure the bot beside an echo bot, likewise'
	@echo 'make clean   remove the environments and caches'

run: .venv/ready
	@.venv/bin/python -m bot

course: .venv-course/ready
	@.venv-course/bin/python -m course $(COURSE)

test: .venv-test/ready
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy --num-workers auto
	.venv-test/bin/zizmor --offline --quiet .github
	.venv-test/bin/pytest --numprocesses auto --dist worksteal

test-more: .venv-test/ready
	.venv-test/bin/pytest -m "(recorded or installed or browser) and not pictures" --numprocesses auto --dist loadgroup

test-browser test-recorded test-installed: test-%: .venv-test/ready
	.venv-test/bin/pytest -m "$* and not pictures" --numprocesses auto --dist loadgroup

test-course: .venv-test/ready .venv-course/ready
	.venv-test/bin/pytest -m course --numprocesses auto tests/test_course.py

docs: .venv-test/ready
	WRITE_DOCS=1 .venv-test/bin/pytest -m recorded tests/test_documents.py
	pictures=$$(mktemp -d) && SCREENSHOTS=$$pictures .venv-test/bin/pytest -m pictures tests/test_browser.py tests/test_recording.py && \
	cp $$pictures/names-1280-light.png docs/page.png && cp $$pictures/sonnet-390-dark.png docs/phone.png && \
	cp $$pictures/telegram.webp docs/

course-outputs: .venv-course/ready
	.venv-course/bin/python -m course.outputs

figures: .venv-test/ready data/poetry.txt
	.venv-test/bin/python -m tools.figures dino
	.venv-test/bin/python -m tools.figures poem
	.venv-test/bin/python -m tools.figures sonnet

format: .venv-test/ready
	.venv-test/bin/ruff check --fix .
	.venv-test/bin/ruff format .

# One thread: another number of them adds in another order, and changes the last digits.
train train-letters: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct -- model data)
train train-letters: .venv/ready data/poetry.txt
train:
	.venv/bin/python -m model train dino --threads 1 --promote
	.venv/bin/python -m model train poem --threads 2 --promote
	.venv/bin/python -m model evaluate dino
	.venv/bin/python -m model evaluate poem

train-letters:
	.venv/bin/python -m model train letters --threads 2 --promote

genera: .venv/ready
	@.venv/bin/python $(PIP_INSTALL) --editable '.[genera]' </dev/null
	.venv/bin/python -m tools.genera

data/poetry.txt: .venv/ready tools/poetry.py data/unwanted.txt
	.venv/bin/python -m tools.poetry

pronunciations: .venv/ready
	.venv/bin/python -m tools.pronunciations

proper-names: .venv/ready
	.venv/bin/python -m tools.proper_names

bench: .venv-bench/ready
	.venv-bench/bin/python -m benchmarks cold_start island sampling training

bench-bot: .venv-bench/ready
	.venv-bench/bin/python -m benchmarks bot overload units

clean:
	rm -rf .venv .venv-test .venv-bench .venv-course .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/ready: EXTRAS = .
.venv-test/ready: EXTRAS = .[dev]
.venv-bench/ready: EXTRAS = .[bench]
.venv-course/ready: EXTRAS = .[course]

%/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mangosaurus needs Python 3.11 or newer; try make PYTHON=python3.12")' </dev/null
	@echo 'Setting up $* (once; this takes a minute)' >&2
	@$(PYTHON) -m venv $* </dev/null
	@$*/bin/python $(PIP_INSTALL) --editable '$(EXTRAS)' </dev/null
	@touch $@
