# The two commands are `make run` and `make test`; both do all set-up.
SHELL := /bin/bash
PYTHON ?= python3
PIP := .venv/bin/pip --disable-pip-version-check -qq

.PHONY: run test lint peers lock services-on-postgresql bench fuzz soak clean

run: .venv .env
	@.venv/bin/python manage.py migrate -v 0
	@.venv/bin/python manage.py seed_demo
	@exec .venv/bin/python manage.py serve

# The virtual environment with the pinned requirements, nothing else.
.venv: requirements/run.txt
	@$(PYTHON) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || sh tests/install.sh python3-venv
	@test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements/run.txt
	@touch .venv

.venv/.dev: requirements/dev.txt | .venv
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch .venv .venv/.dev

# A development machine says so; production sets its environment itself (.env.example).
.env:
	@printf 'PORTAL_DEBUG=1\n' > .env

test: .venv/.dev peers lint services-on-postgresql
	PORTAL_DEBUG=1 .venv/bin/pytest -n 2

# What tests talk to comes from the distribution.
peers:
	@sh tests/install.sh dcmtk orthanc python3-odil chromium postgresql redis-server openssl fonts-noto-cjk fonts-dejavu-core \
	  cups cups-client cups-filters ghostscript poppler-utils
	@sh tests/peers/node/install.sh >/dev/null

lint: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/djade --target-version 5.2 --check $$(git ls-files 'templates/*.html')
	PORTAL_DEBUG=1 .venv/bin/mypy
	.venv/bin/lint-imports
	PORTAL_DEBUG=1 .venv/bin/python manage.py makemigrations --check --dry-run

services-on-postgresql: .venv/.dev peers
	PORTAL_DEBUG=1 .venv/bin/python -m tests.peers.postgresql \
	  .venv/bin/pytest -q -n 2 -m "not browser" -k "services or claims or audit or relay or races or matching or annex_k or admission or allow_list or commitment_asking or commitment_reports or commitment_plan or commitment_kill or mpps_faults or reconcile or availability_effects or cross_check or clearance or pools or following or polling or queue_verbs or copies or reprints or outcomes or accounting or quotas or queue_truth or deadlocks or catch_up" tests

# Exact versions with hashes and no index address; needs uv.
lock:
	for set in "run:--extra imaging" "scale:--extra imaging --extra scale" \
	    "dev:--extra imaging --extra scale --group dev"; do \
	  uv pip compile pyproject.toml $${set#*:} --python-version 3.11 --universal \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate -q \
	    -o requirements/$${set%%:*}.txt; done

bench: .venv/.dev peers
	PORTAL_DEBUG=1 .venv/bin/python -m tests.bench run $(if $(filter quick,$(BENCH)),--quick)

# More of what the suite does for seconds; a failure prints the seed that makes it again.
CASES ?= 100000
fuzz: .venv/.dev
	PORTAL_DEBUG=1 .venv/bin/python -m tests.fuzz.state_machine --cases $(CASES)
	PORTAL_DEBUG=1 .venv/bin/python -m tests.fuzz.pdus --cases $(CASES)

# Print jobs with random faults; PRINT_SOAK_SEED=n makes a run again.
soak: .venv/.dev peers
	PORTAL_DEBUG=1 PRINT_SOAK_JOBS=$${PRINT_SOAK_JOBS:-1000} \
	  .venv/bin/pytest -q -s -n 0 -o timeout=7200 tests/printing/test_soak.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
