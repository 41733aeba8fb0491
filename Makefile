# esm-packets: every target installs what it needs. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DIR    ?= demo-data
ACOS   ?= 3
SECONDS ?= 600
HOST   ?= 127.0.0.1
PORT   ?= 8080
unexport PYTHONPATH PYTHONHOME # packages of elsewhere would pass for installed ones

.DEFAULT_GOAL := help
.PHONY: help setup dev look tools demo serve test lint e2e audit bench attacks faults scaled requirements conformance lock dist sbom image clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Create .venv with the pinned runtime packages, the document fonts and the look of the pages
dev: $(VENV)/.dev $(VENV)/.ready ## Add the pinned packages that tests and linters need

.PHONY: FORCE
$(VENV)/.made: FORCE # looked at every time, and made anew when it does not work
	@sh .ci/venv "$(PYTHON)" "$(VENV)"

$(VENV)/.runtime: $(VENV)/.made requirements/runtime.lock pyproject.toml
	@echo "Installing the pinned runtime packages (once, about a minute) ..."
	@sh .ci/pip $(VENV) --no-compile --require-hashes -r requirements/runtime.lock # compiled by .ci/prepare, on all processors
	@sh .ci/pip $(VENV) --no-deps --no-build-isolation -e .
	@touch $@

# A look that could not be fetched is told once; `make look` tries again.
$(VENV)/.ready: $(VENV)/.runtime $(wildcard packets/render/fonts.py web/look/packages.py)
	@sh .ci/prepare $(BIN)/python
	@touch $@

look: $(VENV)/.ready ## Fetch the style sheets, scripts and typefaces of the pages, once, by package name
	@sh .ci/look $(BIN)/python

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	@echo "Installing the pinned development packages ..."
	@sh .ci/pip $(VENV) --require-hashes -r requirements/dev.lock
	@touch $@

tools: ## Install the independent validators and the browser (Debian packages; needs root or sudo)
	@sh .ci/tools

demo: setup ## Do the main job on sample data: executed, verified packets in ./$(DIR)
	@$(BIN)/esm demo --dir "$(DIR)" --acos $(ACOS)

serve: setup $(filter demo,$(MAKECMDGOALS)) ## Open the demo's data in the web front end, first making it where there is none (PORT=8080, HOST=127.0.0.1)
	@{ test -e "$(DIR)/esm.db" && test ! -e "$(DIR)/demo-unfinished"; } || $(BIN)/esm demo --dir "$(DIR)" --acos $(ACOS)
	@$(BIN)/esm serve --dir "$(DIR)" --demo --host "$(HOST)" --port "$(PORT)"

test: dev tools lint ## Linters, types, import contracts and every test
	@$(BIN)/python -m pytest -n auto --dist loadgroup

e2e: dev tools ## The walk of all roles through a real browser, with axe (part of `make test`; SCREENS=DIR keeps a picture of every page)
	@$(BIN)/python -m pytest tests/e2e $(if $(SCREENS),--screens $(SCREENS))

lint: dev ## ruff, mypy --strict, import-linter, bandit
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit --quiet --severity-level medium --recursive --exclude packets/store/migrations packets signing templates web

audit: dev ## Ask the advisory database about every locked package; says so when it cannot be asked
	@$(BIN)/python .ci/audit.py

bench: $(VENV)-bench/.ready dev ## Measure against named peers, into bench/results (QUICK=1: small sizes, one run)
	@$(VENV)-bench/bin/python bench/sign.py $(if $(QUICK),--quick)
	@$(VENV)-bench/bin/python bench/render.py $(if $(QUICK),--quick)
	@$(VENV)-bench/bin/python bench/lists.py $(if $(QUICK),--quick)
	@$(BIN)/python bench/nation.py $(if $(QUICK),--quick)
	@$(BIN)/python bench/pages.py $(if $(QUICK),--quick)
	@$(BIN)/python bench/deadline.py $(if $(QUICK),--quick)
	@$(BIN)/python bench/find.py $(if $(QUICK),--quick)

$(VENV)-bench/.ready: requirements/runtime.lock bench/requirements.lock bench/signatures/package-lock.json
	@sh .ci/venv "$(PYTHON)" "$(VENV)-bench"
	@sh .ci/tools bench
	@sh .ci/pip $(VENV)-bench --require-hashes -r requirements/runtime.lock
	@sh .ci/pip $(VENV)-bench --require-hashes -r bench/requirements.lock
	@sh .ci/pip $(VENV)-bench --no-deps --no-build-isolation -e .
	@$(VENV)-bench/bin/python -m packets.render.fonts
	@if command -v npm >/dev/null; then cd bench/signatures && npm ci --silent --no-audit --no-fund --ignore-scripts; \
	else echo "No npm on this machine: the peers that need Node.js are left out."; fi
	@touch $@

faults: dev tools ## Break the signing ceremony in many ways, on both databases and stores, into bench/results; then mutated input (QUICK=1, LONG=1, ONLY=kills,races, COLUMN=scaled, SECONDS=600)
	@PYTHONPATH=tests $(BIN)/python -m faults.runs $(if $(ONLY),--only "$(ONLY)") $(if $(COLUMN),--column $(COLUMN)) \
	$(if $(QUICK),--size quick,$(if $(LONG),--size long) --report bench/results/faults.md)
	@test -n "$(ONLY)" || PYTHONPATH=tests $(BIN)/python -m faults.fuzz $(if $(QUICK),--quick,--seconds $(SECONDS))
	@test -n "$(ONLY)" || PYTHONPATH=tests $(BIN)/python -m faults.mutants $(if $(QUICK),--quick)

scaled: dev tools ## Start PostgreSQL, an S3 store, two web processes and four workers, do the main job through them, end all (ACOS=3, KILL=1)
	@PYTHONPATH=tests $(BIN)/python -m scaled.run --acos $(ACOS) $(if $(KILL),--kill)

requirements: dev ## Write docs/requirements.md: which tests hold which requirement
	@PYTHONPATH=tests $(BIN)/python -m traceability

dictionary: dev ## Write docs/data-dictionary.md from the layouts of all files
	@PYTHONPATH=tests $(BIN)/python -m data_dictionary

attacks: dev ## Show the verifier a corpus of tampered files and write down what it caught, into bench/results
	@PYTHONPATH=tests $(BIN)/python -m attacks.report bench/results/attacks.md

conformance: dev tools ## Ask further validators: veraPDF, where Maven is on the machine
	@PYTHON=$(BIN)/python sh tests/conformance/run

lock: ## Compile the lock files again (needs uv on the PATH)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra build pyproject.toml -o requirements/runtime.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra build --extra postgres --extra queue --extra s3 --extra pkcs11 -c requirements/runtime.lock pyproject.toml -o requirements/scaled.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra postgres --extra queue --extra s3 --extra pkcs11 -c requirements/scaled.lock pyproject.toml -o requirements/wheel.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra build --extra dev -c requirements/scaled.lock pyproject.toml -o requirements/dev.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/node.in -o requirements/node.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/deploy.in -o requirements/deploy.lock

dist: setup ## Build wheel, sdist, pinned requirements, bill of materials and digests from what is committed, into ./dist
	@$(BIN)/python .ci/dist.py

sbom: $(VENV)/.runtime ## Write the bill of materials (CycloneDX) of all locked packages into ./dist
	@$(BIN)/python .ci/sbom.py dist

image: ## Build the container images with podman or docker (BASE=…@sha256:…, or localhost/…; IMAGES="service database proxy")
	@sh .ci/build-image "$(BASE)" $(IMAGES)

clean: ## Remove the environment and the demo's data
	@rm -rf $(VENV) $(VENV)-bench demo-data .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
