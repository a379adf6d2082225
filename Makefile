# The one front door. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help dev lint type test build clean
.PHONY: corpus loaders agree good musl-python

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fast,index,survey]' --group test --group lint
	touch $@

# The tool alone, without what tests need: a few seconds instead of a minute.
$(VENV)/.runnable: pyproject.toml
	test -e $(VENV)/.installed || { $(PYTHON) -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fast]'; }
	touch $@

.PHONY: demo
demo: $(VENV)/.runnable  ## See what it is for: real wheels shown, checked and repaired, in seconds
	@$(BIN)/python -m tools.demo

dev: $(VENV)/.installed  ## Create the environment in .venv

lint: dev  ## Check style and the layers of the design
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: dev  ## Check types
	$(BIN)/mypy

test: dev  ## Install what the tests need and run them
	$(BIN)/python -m pytest -n auto

.PHONY: test-real before-after
test-real: dev musl-python $(if $(REAL),,corpus)  ## Fetch real wheels, repair them, and see them work; REAL=greenlet: only that one
	$(BIN)/python -m tools.real_wheels $(REAL)
	MUSL_AUDIT_REQUIRE=musl-python,real $(BIN)/python -m pytest -m real $(if $(REAL),tests/real/test_real_imports.py -k $(REAL),tests/real)

before-after: dev musl-python corpus  ## Ask loaders and interpreters about real wheels before and after a repair, and write the table
	$(BIN)/python -m tools.real_wheels
	$(BIN)/python -m tools.before_after

.PHONY: installed bench-installed
installed: dev musl-python  ## Install 80 real packages, hold env against the imports of all their modules, and write the table
	$(BIN)/python -m tools.installed

bench-installed: dev musl-python  ## Measure env on 1,000 installed binaries against a bare loop that reads them
	$(BIN)/python -m tools.bench_installed

corpus: dev  ## Fetch the real wheels whose answers by musl's loaders are recorded
	$(BIN)/python -m tools.corpus

agree: dev  ## Compare our answers about the corpus with those of musl's loaders
	$(BIN)/python -m tools.agree

good: dev  ## Check popular wheels outside the corpus: no error that musl's loaders do not confirm
	$(BIN)/python -m tools.good

loaders: dev  ## Derive musl's loaders out of Debian's packages again and compare them with the committed ones
	$(BIN)/python -m tools.loaders

.PHONY: peers
peers: dev  ## Run auditwheel's cases with both tools, and write docs/explanation/auditwheel.md
	$(BIN)/python -m tools.peers

.PHONY: docs mutants
docs: dev  ## Write the reference pages that follow from the code
	$(BIN)/python -m tools.docs

mutants: dev  ## Break the code on purpose, and see the tests fail
	$(BIN)/python -m tools.mutants

.PHONY: site
site: dev  ## Build the documentation as a site into build/site; fails for a link that leads nowhere
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group site
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(BIN)/python -m mkdocs build --quiet --strict

.PHONY: build bench fuzz
build: dev  ## Build sdist and wheel into dist/
	$(BIN)/python -m build --quiet

bench: dev corpus  ## Measure speed and memory against auditwheel and the floor, and write docs/benchmarks.md
	$(BIN)/python -m tools.bench

.PHONY: damage
damage: dev loaders  ## Damage libraries, five thousand times, ask musl's loaders about each, and write the table
	$(BIN)/python -m tools.damage

RUNS ?= 250000
DAMAGE_SEED ?= $(shell date +%s)
fuzz: dev  ## Fuzz the readers of ELF files and archives, RUNS times each
	test -d .cache/fuzz || $(PYTHON) -m venv .cache/fuzz
	.cache/fuzz/bin/python -m pip install --quiet --disable-pip-version-check atheris packaging
	PYTHONPATH=src:. .cache/fuzz/bin/python -m tests.fuzz.run elf .cache/fuzz-corpus/elf -runs=$(RUNS)
	PYTHONPATH=src:. .cache/fuzz/bin/python -m tests.fuzz.run tls .cache/fuzz-corpus/tls -runs=$(RUNS)
	PYTHONPATH=src:. .cache/fuzz/bin/python -m tests.fuzz.run archive .cache/fuzz-corpus/archive -runs=$(RUNS)
	$(BIN)/python -m tools.damage 500 $(DAMAGE_SEED)

.PHONY: golden golden-policies
golden: dev  ## Write the expected outputs again; NEW=CASE: with that test wheel, too
	@$(if $(NEW),touch tests/golden/expected/$(NEW).txt)
	MUSL_AUDIT_GOLDEN=rewrite $(BIN)/python -m pytest -q tests/golden

golden-policies: dev  ## Judge the expected outputs with the policies of today from now on
	$(BIN)/python -c 'from tests.support.policies import freeze; freeze()'

musl-python:  ## Build a real CPython for musl out of Debian's packages, for tests that import wheels
	tools/musl_python.sh

.PHONY: index-wheels clients
index-wheels: dev  ## Fetch several versions of 21 projects, for an index of our own; INDEX=numpy: only that one
	$(BIN)/python -m tools.index_wheels $(INDEX)

clients:  ## Install uv, pdm, devpi and pypiserver into .cache/clients, for tests of indexes
	test -d .cache/clients || $(PYTHON) -m venv .cache/clients
	.cache/clients/bin/python -m pip install --quiet --disable-pip-version-check -r tools/data/clients.txt

.PHONY: which-truth
which-truth: dev musl-python clients index-wheels  ## Hold the answers of `which` against real servers and Pythons, and write the table
	$(BIN)/python -m tools.which_truth

.PHONY: pythons
pythons: dev  ## Fetch Python 3.13 and 3.14 out of Debian's packages into .cache/pythons
	$(BIN)/python -m tools.pythons

.PHONY: testwheels
testwheels:  ## Build the test wheels again (needs musl-gcc, gcc, GNU ld; compilers for the rest come from PyPI)
	test -d .cache/testwheels || $(PYTHON) -m venv .cache/testwheels
	.cache/testwheels/bin/python -m pip install --quiet --disable-pip-version-check -r testwheels/requirements.txt
	.cache/testwheels/bin/python -m testwheels.build

clean:  ## Remove what was built and cached
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
