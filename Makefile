# Greenlane's front door. `make demo` shows it, `make test` checks it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit chaos mutants simulate bench fuzz lock reference clean

help: ## what can be made here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

$(VENV)/installed: requirements/run.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Greenlane needs Python 3.11 or newer, and $(PYTHON) is older. Name another one: make PYTHON=python3.12 ...")'
	@echo "installing into $(VENV): about a minute"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(VENV)/installed ## the whole pipeline on an embedded broker, with simulated carriers
	$(BIN)/greenlane demo $(DEMO)

test: lint types unit ## everything that must hold

lint: $(VENV)/installed-dev ## formatting and lint rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/installed-dev ## types of the product, strictly
	$(BIN)/mypy

unit: $(VENV)/installed-dev ## unit, property, scenario and broker tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

chaos: $(VENV)/installed-dev ## the fault suite, 100,000 parcels each; one of it: FAMILY= PARCELS= SEED= REPORT=, or MUTANT=
	@$(BIN)/python -m tests.chaos$(if $(MUTANT),.mutation) $(foreach name,FAMILY MUTANT PARCELS SEED REPORT,$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z) $($(name))))

mutants: $(VENV)/installed-dev ## the fault suite against itself: protections taken away one by one must be reported
	@$(BIN)/python -m tests.chaos.mutation $(foreach name,PARCELS SEED REPORT,$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z) $($(name))))

simulate: $(VENV)/installed-dev ## the stream core on a simulated Kafka, 10,000 schedules: SCHEDULES= SEED=
	@$(BIN)/python -m tests.simulation --schedules $(or $(SCHEDULES),10000) $(if $(SEED),--seed $(SEED))

bench: $(VENV)/installed ## where the time goes; throughput and latency on this machine
	$(BIN)/python -m tests.budget
	$(BIN)/python -m tests.intake.bench
	$(BIN)/python -m tests.revenue.bench
	$(BIN)/greenlane demo --parcels 200000 --json
	$(BIN)/greenlane demo --rate 1000 --parcels 30000 --json
	$(BIN)/greenlane demo --rate 5000 --parcels 100000 --json

fuzz: $(VENV)/installed-dev ## ten minutes of coverage-guided fuzzing of all formats
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.lock
	$(BIN)/python -m tests.formats.fuzz .fuzz -artifact_prefix=fuzz- -max_total_time=600 -timeout=10 -rss_limit_mb=1024 -max_len=65536 $(FUZZ)

lock: ## renew the pinned dependencies (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements/run.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group dev -c requirements/run.lock -o requirements/dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group fuzz -c requirements/run.lock -o requirements/fuzz.lock

reference: $(VENV)/installed-dev ## write the generated references anew
	$(BIN)/python -m pipeline.contract.generate
	$(BIN)/python -m pipeline.ops.reference
	$(BIN)/python -m pipeline.manual

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .fuzz
