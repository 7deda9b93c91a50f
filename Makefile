# Every target makes what it needs by itself, the virtual environment included; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
SPECS ?= specs
OUTPUT ?= output
FUZZ_SECONDS ?= 60
# In the order of tests/conftest.py: the longest files first.
PYTEST_ARGS ?= -n auto --no-loadscope-reorder

# Containers set this, and the compiler would be compiled anew by each run; what it is compiled to is git-ignored.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.ready: requirements.lock
	@[ ! -L .venv ] || { echo "error: .venv is a link; install requirements.lock there, then: touch .venv/.ready" >&2; exit 2; }
	@echo "setting up .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed; name it: make PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv --clear .venv || { echo "error: venv is missing: apt-get install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r <(sed '/^#/,$$d' requirements.lock)
	@touch $@

# Seven times as many packages, which a user of the compiler need not wait for. Python compiles those that are imported.
.venv/.development: .venv/.ready
	@echo "setting up .venv for development"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@touch $@

.PHONY: generate
generate: .venv/.ready ## compile SPECS (specs) into OUTPUT (output)
	@$(BIN)/python -m generator generate $(SPECS) -o $(OUTPUT)

.PHONY: watch
watch: .venv/.ready ## compile SPECS again whenever one is saved, until Ctrl-C
	@$(BIN)/python -m generator generate $(SPECS) -o $(OUTPUT) --watch

.PHONY: check
check: .venv/.ready ## check SPECS and print the checklist; write nothing
	@$(BIN)/python -m generator check $(SPECS)

.PHONY: cardinality
cardinality: .venv/.ready ## show how many series SPECS allow
	@$(BIN)/python -m generator cardinality $(SPECS)

.PHONY: apply
apply: .venv/.ready ## bring OUTPUT to GRAFANA=URL, PROMETHEUS=URL, RULER=URL (TENANT=id); tokens come from the environment
	@$(BIN)/python -m generator apply -o $(OUTPUT) $(if $(GRAFANA),--grafana '$(GRAFANA)') $(if $(PROMETHEUS),--prometheus '$(PROMETHEUS)') $(if $(RULER),--ruler '$(RULER)') $(if $(TENANT),--tenant '$(TENANT)') $(APPLY_ARGS)

.PHONY: demo
demo: .venv/.ready ## watch a service of SPECS at work; INCIDENT=tool-outage, SERVICE=name
	@$(BIN)/python -m generator demo $(SPECS) $(if $(INCIDENT),--incident '$(INCIDENT)') $(if $(SERVICE),--service '$(SERVICE)') $(DEMO_ARGS)

.PHONY: test
test: .venv/.development servers browser ## run all tests, those on a real Prometheus included; INSTALL=no
	@echo "all tests take a quarter to half an hour on 2 cores; a part: make test PYTEST_ARGS=tests/spec"
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

# Apart from the tests, because tracing lines and branches makes the compiler three times as slow.
.PHONY: coverage
coverage: .venv/.development servers ## run all tests, and show which lines and branches of generator/ none reaches
	@$(BIN)/python -m pytest $(PYTEST_ARGS) --cov --cov-report=term:skip-covered

# What needs servers installs them, as root on Debian, and says so before; elsewhere it says what is left out. Whoever
# wants nothing installed says so: make test INSTALL=no
INSTALL ?= yes
SERVERS := prometheus prometheus-alertmanager prometheus-pushgateway

# The shell commands that install $(1) for the purpose $(2), where that is possible and wanted.
define install
	@missing=; for program in $(1); do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	[ -z "$$missing" ] || { \
	  if [ "$(INSTALL)" = yes ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "$(2) need$$missing, so this runs: apt-get install$$missing (INSTALL=no leaves them out)"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  else \
	    echo "$(2) need$$missing, and are skipped: apt-get install$$missing" >&2; \
	  fi; }
endef

.PHONY: servers
servers:
	$(call install,$(SERVERS),tests on real servers)

# A browser is large: it is installed where nobody waits for it, in CI, and elsewhere only what needs it is skipped.
.PHONY: browser
browser: INSTALL := $(if $(filter true,$(CI)),$(INSTALL),no)
browser:
	$(call install,chromium,tests of pages)

.PHONY: golden
golden: generate .venv/.development ## update the files that tests compare with
	@UPDATE_GOLDEN=1 $(BIN)/python -m pytest $(PYTEST_ARGS) tests/test_bad.py tests/spec tests/test_specs_readme.py

.PHONY: fuzz
fuzz: .venv/.development servers ## try mutated specs, then mutated answers of servers, for FUZZ_SECONDS (60); what breaks is kept in .cache/fuzz
	@$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_ARGS)

.PHONY: bench
bench: .venv/.development servers ## measure beside floors and peers, into .cache/bench; BENCH_ARGS=--quick for less
	@$(BIN)/python -m tests.bench $(BENCH_ARGS)

WEEKS ?= 20

.PHONY: quietness
quietness: .venv/.development ## count how often alerts would notify in WEEKS (20) simulated weeks of trouble and of peace
	@$(BIN)/python -m tests.quietness --weeks $(WEEKS)

.PHONY: lint
lint: .venv/.development ## ruff, mypy and the contracts of the architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: format
format: .venv/.development ## lay out the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Without download addresses, so that the lock holds wherever the packages come from; with extras, or pip takes the
# newest release of what is named with one, whatever is pinned.
PIN := .cache/lock/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --no-strip-extras --no-header \
  --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: lock
lock: .venv/.ready ## pin the newest allowed versions anew
	@$(PYTHON) -m venv --clear .cache/lock
	@.cache/lock/bin/python -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
	@$(PIN) --all-extras --output-file .cache/lock/all.txt pyproject.toml
	@$(PIN) --extra live --constraint .cache/lock/all.txt --output-file .cache/lock/run.txt pyproject.toml
	@{ cat .cache/lock/run.txt; \
	  echo "# What development needs besides; make reads no further for the targets that only use the compiler."; \
	  awk '/^[^ ]/ { besides = !($$1 in run); if (NR == FNR) run[$$1] } NR != FNR && besides' \
	    .cache/lock/run.txt .cache/lock/all.txt; } > requirements.lock

# Not "audit", which is a command of the product. Where advisories cannot be had, that is said of each package, and the
# target fails rather than find nothing.
.PHONY: vulnerabilities
vulnerabilities: .venv/.ready ## look the pinned packages up among known vulnerabilities; needs the network
	@$(PYTHON) -m venv --clear .cache/vulnerabilities
	@.cache/vulnerabilities/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@.cache/vulnerabilities/bin/pip-audit --progress-spinner off --disable-pip --require-hashes -r requirements.lock \
	  --format json 2>/dev/null | $(BIN)/python -m tests.vulnerabilities

.PHONY: sbom
sbom: requirements.lock ## write the software bill of materials (CycloneDX) of all that is pinned into dist/
	@$(PYTHON) -m venv --clear .cache/sbom
	@.cache/sbom/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0
	@mkdir -p dist
	@.cache/sbom/bin/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-format JSON --output-file dist/agent-metrics.cdx.json requirements.lock
	@ls dist/agent-metrics.cdx.json

.PHONY: wheel
wheel: .venv/.ready sbom ## build the wheel of a release into dist/, and its bill of materials
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@ls dist/*.whl

.PHONY: clean
clean: ## delete what the targets made, but not output/
	@rm -rf .venv .cache .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
