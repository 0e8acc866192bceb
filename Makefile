# Needs only python3 (3.11 or newer) and make. Every target does `setup` first when it is out of date.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV_COMPILE := $(CURDIR)/$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url -q --no-header
LOCKED := requirements/run.txt requirements/dev.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo run worker test check bench diagrams migration lock lock-check browser

help:  ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## Virtual environment in .venv with everything the lock names; the command is .venv/bin/hub

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11: name a newer one with PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: on Debian, apt-get install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
# uv takes a quarter of the time. It is in the lock itself; where it cannot be used, pip does it all.
	@awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements/dev.txt > .venv/uv.txt
	$(PIP) --require-hashes -r .venv/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt || \
		$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## An invented hub with nine providers and a year of referrals, searches and stays, in your browser
	$(BIN)/hub demo

run: $(READY)  ## The web server on the database of HUB_DATABASE_URL, or on the embedded one
	$(BIN)/hub migrate
	$(BIN)/hub run

worker: $(READY)  ## The second process: rings deadlines and delivers messages
	$(BIN)/hub migrate
	$(BIN)/hub worker

test: $(READY) browser  ## All tests, with coverage for `check`
	rm -f .coverage .coverage.*
	$(BIN)/pytest -q -n 2 --dist loadgroup -m "not slow and not property and not journey" --cov --cov-report=
	$(BIN)/pytest -q -n 2 --dist loadgroup -m "slow or property or journey"

check: $(READY) lock-check  ## Style, types, import rules, templates, the lock, and the coverage that `test` measured
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	@test -f .coverage || { echo "There are no coverage figures: run make test first"; exit 1; }
	$(BIN)/coverage report --skip-covered --fail-under=95
	$(BIN)/coverage report --skip-covered --fail-under=100 --include='workflows/*,hub/engine/*'

bench: $(READY)  ## What the hub costs beside the least it could: a table and bench-results.json (docs/performance.md)
	$(BIN)/python -m tests.performance.bench

diagrams: $(READY)  ## Draw every workflow into docs/diagrams again
	$(BIN)/python -m tests.workflows.draw_diagrams

migration: $(READY)  ## A new migration from the models: make migration m="What it does"
	@test -n "$(m)" || { echo 'Say what it does: make migration m="Loans"'; exit 1; }
	$(BIN)/hub migrate
	$(BIN)/python -m hub.migrate "$(m)"

lock: $(READY)  ## Write the lock again from pyproject.toml, changing no version that still fits
	$(UV_COMPILE) pyproject.toml -o requirements/run.txt
	$(UV_COMPILE) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt

lock-check: $(READY)
	@! grep -nE '^-|https?:' $(LOCKED) || \
		{ echo "The lock must hold versions and hashes alone: make lock"; exit 1; }
	@rm -rf .lock-check && mkdir -p .lock-check/requirements && \
		cp pyproject.toml .lock-check/ && cp $(LOCKED) .lock-check/requirements/
	@cd .lock-check && $(UV_COMPILE) pyproject.toml -o requirements/run.txt && \
		$(UV_COMPILE) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
# Versions only: a project may add a wheel for another machine to a version that is locked already.
	@for file in $(LOCKED); do \
		grep -oE '^[A-Za-z0-9._-]+(\[[a-z]+\])?==[^ ;]+' $$file > .lock-check/is; \
		grep -oE '^[A-Za-z0-9._-]+(\[[a-z]+\])?==[^ ;]+' .lock-check/$$file > .lock-check/asked; \
		diff .lock-check/is .lock-check/asked || \
			{ rm -rf .lock-check; echo "The lock is not what pyproject.toml asks for: make lock"; exit 1; }; \
	done; rm -rf .lock-check

# The journeys drive a real browser: the system's, else the one that Playwright brings.
browser: $(READY)
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; \
	then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then apt-get update -qq && apt-get install -qqy --no-install-recommends chromium fonts-liberation; \
	else $(BIN)/playwright install chromium || \
		{ echo "The journeys need Chromium: install it (Debian: apt-get install chromium), then make test"; exit 1; }; \
	fi
