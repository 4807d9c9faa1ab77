# `make` lists the targets. `run` and `test` set up all they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
MELTANO := $(BIN)/meltano
UV := $(BIN)/uv
HOME_FOLDER := $(or $(WAYBILL_HOME),$(CURDIR)/.waybill)
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/common/pyproject.toml plugins/*/*/pyproject.toml))
ANALYZERS := dashboard notebooks report
ON_REQUEST := airflow $(ANALYZERS)
LOCKS := $(filter-out $(ON_REQUEST:%=plugins/requirements/%.txt),$(wildcard plugins/requirements/*.txt))
# One more than there are cores, as tests also wait for what they have started.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
export UV_BUILD_CONSTRAINT := $(CURDIR)/plugins/requirements/build.txt
export UV_NO_PROGRESS := 1
# Compiled Python once for all steps: three times faster starts.
unexport PYTHONDONTWRITEBYTECODE

##@ Use

.PHONY: run
run: .meltano/.installed ## Set up, start the warehouse, run the whole job, show the receipt
	@$(MELTANO) run elt
	@echo
	@printf '%s\n' \
		"look at it             make dashboard" \
		"query the warehouse    $(MELTANO) invoke warehouse:psql" \
		"run on your own data   WAYBILL_OLIST=orders.zip WAYBILL_TOTESYS=postgresql://… make run   (.env.example)" \
		"read the Data Docs     file://$(HOME_FOLDER)/validate/data_docs/marts/index.html"

.PHONY: next-day
next-day: .meltano/.installed ## Append a day of new, changed and late rows to the samples
	@$(MELTANO) invoke sources:next-day

.PHONY: dashboard
dashboard: .meltano/.installed .meltano/.dashboard ## Look at it: the marts in a browser on this machine, until Ctrl-C
	@exec $(MELTANO) invoke dashboard

.PHONY: notebooks
notebooks: .meltano/.installed .meltano/.notebooks ## Dig deeper: the notebooks in JupyterLab on this machine, until Ctrl-C
	@exec $(MELTANO) invoke notebooks

.PHONY: report
report: .meltano/.installed .meltano/.report ## Write what the marts say as HTML, PDF and slides
	@$(MELTANO) invoke report

.PHONY: airflow
airflow: .meltano/.installed .meltano/.airflow ## Run the schedules: Airflow with its UI on this machine, until Ctrl-C
	@exec $(MELTANO) invoke airflow:up

.PHONY: down
down: .meltano/.installed ## Stop the embedded Postgres
	@$(MELTANO) invoke warehouse:down

.PHONY: reset
reset: ## Stop the embedded Postgres and forget all that runs left behind (data, state, samples)
	@if [ -d "$(HOME_FOLDER)/postgres" ]; then $(MELTANO) invoke warehouse:down; fi
	@rm -rf "$(HOME_FOLDER)" .meltano/run .meltano/meltano.db transform/target transform/logs

##@ Develop

.PHONY: test
test: ## Run every check and test
	@$(MAKE) .venv/.dev
	@$(MAKE) -j 2 check .meltano/.airflow
	@$(MAKE) unit e2e

.PHONY: check
check: .venv/.dev ## Run the static checks: lint, format, types, SQL, YAML, contracts, security
	@scripts/check.sh

.PHONY: unit
unit: .venv/.dev ## Run the tests of the packages
	@$(BIN)/python -m pytest plugins -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

.PHONY: coverage
coverage: .venv/.dev ## Run the tests of the packages, and measure which branches they reach: 90 % at least
	@$(MAKE) unit PYTEST_ARGS="--cov --cov-report= $(PYTEST_ARGS)"
	@$(BIN)/python -m coverage report --fail-under=90

.PHONY: e2e
e2e: .venv/.dev .venv/.axe .meltano/.installed .meltano/.airflow ## Run the tests that cross packages: the whole job on samples and on real data
	@$(BIN)/python -m pytest tests -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

.PHONY: wide
wide: .venv/.dev .meltano/.installed ## Run the tests that `make test` leaves out, as shorter ones protect the same
	@$(BIN)/python -m pytest plugins tests -m wide -n 2 --dist worksteal $(PYTEST_ARGS)

.PHONY: crash
crash: .venv/.dev .meltano/.installed ## Kill tap, target, server, Meltano or a connection again and again (KILLS=300 SEED=… CASE=…)
	@KILLS=$(or $(KILLS),300) SEED=$(or $(SEED),$$RANDOM) CASE=$(CASE) \
		$(BIN)/python -m pytest tests/crash -n 2 -rP $(PYTEST_ARGS)

.PHONY: deploy-check
deploy-check: .venv/.dev .venv/.deploy .meltano/.installed .meltano/.airflow ## Run compose.yml's commands as confined as there, plan and apply Terraform against moto, checkov (DEMAND_TOOLS=1: no skips)
	@$(BIN)/python -m pytest deploy/tests $(PYTEST_ARGS)

.PHONY: real-s3
real-s3: .venv/.dev ## Run the lake's tests on a real S3 server with object lock: Ceph, from Debian's packages, in memory
	@scripts/real_s3.sh $(PYTEST_ARGS)

.PHONY: soak
soak: .venv/.dev .meltano/.installed .meltano/.airflow ## Run a real scheduler under writes and random kills, and compare every row at the end (MINUTES=30 CALM=12 SEED=… KEEP=1)
	@$(BIN)/python -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(CALM),--calm $(CALM)) $(if $(SEED),--seed $(SEED)) \
		$(if $(KEEP),--keep) $(if $(FOLDER),--folder $(FOLDER))

.PHONY: bench
bench: .venv/.dev .meltano/.installed ## Measure the lane next to COPY and to its peers (ROWS=1000000 REPEAT=5 SIZES=2,5 CASES=csv PEERS=dlt ADD=1 QUICK=1)
	@$(BIN)/python -m benchmarks run $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS)) \
		$(if $(REPEAT),--repeat $(REPEAT)) $(if $(SIZES),--sizes $(SIZES)) \
		$(if $(CASES),--cases $(CASES)) $(if $(PEERS),--peers $(PEERS)) $(if $(ADD),--add) \
		$(if $(OUTPUT),--output $(OUTPUT)) $(if $(FOLDER),--folder $(FOLDER))

.PHONY: cycle
cycle: .venv/.dev .meltano/.installed ## Measure one run of the job `trade`, with nothing new and with a few orders (ORDERS=5 REPEAT=5 KEEP=1 BEFORE=FILE)
	@$(BIN)/python -m benchmarks.cycle $(if $(ORDERS),--orders $(ORDERS)) $(if $(REPEAT),--repeat $(REPEAT)) \
		$(if $(KEEP),--keep) $(if $(BEFORE),--before $(BEFORE))

.PHONY: layout
layout: .venv/.dev .meltano/.installed ## Compare the physical layout of retail's invoice lines with a plain twin, in this project's warehouse
	@$(BIN)/python -m benchmarks.layout

.PHONY: bench-table
bench-table: .venv/.dev ## Write the newest results of the benchmark into the documents
	@$(BIN)/python -m benchmarks table

.PHONY: audit
audit: .venv/.dev ## Look every pinned package up for known vulnerabilities (needs PyPI's JSON API)
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements-dev.txt

.PHONY: format
format: .venv/.dev ## Format Python and SQL
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix . && $(BIN)/sqlfluff fix transform

.PHONY: contracts
contracts: .venv/.dev ## Generate what comes from the data contracts, and the plugins' tables of settings
	@$(BIN)/waybill contracts render
	@$(BIN)/python scripts/plugin_settings.py render

.PHONY: lock
lock: .venv/.uv ## Compile every requirements file from its .in, with hashes
	@scripts/lock.sh

.PHONY: clean
clean: reset ## Remove all that `make` made, environments too
	@rm -rf .venv .meltano

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.uv: plugins/requirements/uv.txt
	@$(PYTHON) scripts/require_python.py
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.run: .venv/.uv requirements.txt
	@echo "setup: Meltano into .venv"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt $(PLUGINS:%=%/pyproject.toml)
	@echo "setup: the tools to develop into .venv"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps $(PLUGINS:%=-e %)
	@touch $@

# What looks at the dashboard's pages for those who cannot see them; without npm a test says that it was left out.
.venv/.axe: .venv/.uv tests/axe/package-lock.json
	@mkdir -p .venv/axe && cp tests/axe/package*.json .venv/axe
	@if command -v npm >/dev/null; then npm ci --prefix .venv/axe --silent --no-audit --no-fund; fi
	@touch $@

# checkov's packages are of other versions than the tests'.
.venv/.deploy: .venv/.uv deploy/tests/checkov.txt
	@echo "setup: checkov into .venv/deploy"
	@$(UV) venv --quiet --clear .venv/deploy
	@$(UV) pip install --quiet --python .venv/deploy/bin/python --require-hashes -r deploy/tests/checkov.txt
	@touch $@

.meltano/.installed: .venv/.run $(LOCKS) $(PLUGINS:%=%/pyproject.toml) $(wildcard */*.meltano.yml)
	@echo "setup: the plugins into .meltano"
	@$(MELTANO) install --clean $$($(BIN)/python scripts/plugin_names.py --without $(ON_REQUEST))
	@touch $@

# 230 MB that only those need who run the schedules here.
.meltano/.airflow: .venv/.run plugins/requirements/airflow.txt plugins/utilities/airflow/pyproject.toml orchestrate/orchestrators.meltano.yml | .meltano/.installed
	@echo "setup: Airflow into .meltano"
	@$(MELTANO) install --clean airflow
	@touch $@

# As large as Airflow, and only for those who look at or publish what the marts say.
$(ANALYZERS:%=.meltano/.%): .meltano/.%: .venv/.run plugins/requirements/%.txt plugins/utilities/analyze/pyproject.toml analyze/analyzers.meltano.yml
	@echo "setup: $* into .meltano"
	@$(MELTANO) install --clean $*
	@touch $@
