.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON_HERE := .venv/bin/python
SHOP := $(PYTHON_HERE) -m cli.main
SUITES = $(wildcard tests/unit tests/contract tests/integration tests/journeys tests/test_house.py tests/test_texts.py tests/test_docs.py)
# When make is killed, what it started goes as well.
WITH_MAKE = $(shell setpriv --pdeathsig TERM true 2>/dev/null && echo setpriv --pdeathsig TERM --)

suite = if [ -d $(firstword $(1)) ]; then $(PYTHON_HERE) -m pytest $(1); else echo "skipped: there is no $(firstword $(1))"; fi

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Make .venv and install everything, tools for development included
	@scripts/bootstrap dev

.PHONY: demo
demo: runtime ## Run the whole shop with every company emulated; PORT= moves it, DATA_DIR= keeps it apart, RESET=1 starts afresh
	@exec $(WITH_MAKE) $(SHOP) demo

.PHONY: serve
serve: runtime ## Run the HTTP side of the shop
	@exec $(WITH_MAKE) $(SHOP) serve

.PHONY: migrate
migrate: runtime ## Bring the database at DATABASE_URL to the newest schema
	@exec $(SHOP) migrate

.PHONY: check
check: setup ## Style, types, imports, the rules of the house, docs, migrations; under a minute
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target check-types check-rules

.PHONY: check-types
check-types:
	@.venv/bin/mypy

.PHONY: check-rules
check-rules:
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON_HERE) -m pytest tests/test_house.py tests/test_texts.py tests/test_docs.py
	@$(PYTHON_HERE) -m scripts.check_migrations

.PHONY: test
test: setup ## Unit, contract and integration tests, and one journey per way to pay; under ten minutes
	@$(PYTHON_HERE) -m pytest $(SUITES) -m "not thorough" --numprocesses 4 --dist loadfile

.PHONY: thorough
thorough: setup ## The integration tests that take long: commands, outages, audits, servers of their own
	@$(PYTHON_HERE) -m pytest tests/integration -m thorough --numprocesses 3 --dist loadfile

.PHONY: test-313
test-313: ## The unit tests on Python 3.13, where there is one
	@for python in python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13); do \
		if $$python --version >/dev/null 2>&1; then \
			PYTHON=$$python scripts/bootstrap dev .venv-313 && exec .venv-313/bin/python -m pytest tests/unit; exit 1; \
		fi; \
	done; echo "skipped: no python3.13 on this machine"

.PHONY: journeys
journeys: setup ## The whole product in processes of its own, through chat and checkout
	@$(call suite,tests/journeys)

.PHONY: faults
faults: setup ## The 48 faults of docs/faults.md: webhooks twice or never, crashes, outages, late coins
	@$(call suite,tests/faults)

.PHONY: kills
kills: setup ## Kill a process at every commit of a sale, renewal, refund and charge, and at random messages
	@rm -f out/kills.txt; status=0; { $(call suite,tests/kills --numprocesses 3 --dist worksteal); } || status=$$?; \
	cat out/kills.txt; exit $$status

.PHONY: mutants
mutants: setup ## The bugs of tests/mutants, put in one at a time: each must be found; under ten minutes
	@$(PYTHON_HERE) -m scripts.mutants

.PHONY: mutmut
mutmut: setup ## Change money, time and settling in every small way; docs/mutants.md explains what survives; hours
	@$(PYTHON_HERE) -m scripts.mutmut

.PHONY: machine
machine: setup ## Anything in any order, by a fixed seed and a fresh one; MACHINE_SEED=… replays one
	@$(call suite,tests/machine --show-capture=no)

.PHONY: soak
soak: setup ## Anything in any order for 20 minutes or SOAK_MINUTES=…, then a kill at every single message: hours
	@SOAK_MINUTES=$${SOAK_MINUTES:-20} $(PYTHON_HERE) -m pytest tests/machine --show-capture=no
	@KILL_EVERY_MESSAGE=1 $(PYTHON_HERE) -m pytest tests/kills --numprocesses 3 --dist worksteal

.PHONY: browser
browser: setup ## A person in Chromium; screenshots in out/
	@if command -v chromium >/dev/null; then $(call suite,tests/browser -p no:asyncio -W ignore::pytest.PytestConfigWarning); \
	else echo "skipped: no Chromium on this machine (apt-get install chromium)"; fi

.PHONY: bench
bench: setup ## Measure the shop: a table, and out/bench.json
	@$(PYTHON_HERE) -m scripts.bench

.PHONY: screenshots
screenshots: setup ## Take the pictures of the README anew; needs Chromium and port 8080
	@$(PYTHON_HERE) -m scripts.screenshots

.PHONY: fresh
fresh: setup ## Build the image without Docker, in a bare Debian 12, and sell a key in it; needs root, five minutes
	@$(PYTHON_HERE) -m scripts.fresh

.PHONY: docs
docs: setup ## Write docs/configuration.md, .env.example and docs/faults.md anew from the code
	@$(PYTHON_HERE) -m scripts.make_docs

.PHONY: lock
lock: setup ## Write both locks anew from pyproject.toml
	@$(LOCK) pyproject.toml --output-file requirements.txt
	@$(LOCK) pyproject.toml --extra dev --output-file requirements-dev.txt
LOCK = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11

.PHONY: clean
clean: ## Remove .venv, caches and out/; the data in .data stays
	@rm -rf .venv .venv.old .venv-313 .venv-313.old out mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: runtime
runtime:
	@scripts/bootstrap runtime
