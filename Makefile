# The one front door. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

REQUIRED := apt,chromium,clients,emulated,index,nginx,site,elfutils,loaders,qemu,ziglang,musl-gcc,musl-python,pythons,real

.DEFAULT_GOAL := help
.PHONY: help agree before-after bench bench-installed bench-survey build clean clients corpus cover damage demo dev docs fix fuzz golden golden-policies good index-wheels installed lint loaders lock lowest musl-python mutants peers pythons quick quick-pythons release site test test-all test-real testwheels type walk which-truth

help:
	@awk -F ':.*## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' \
	  $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fast,index,survey]' --group test --group lint
	touch $@

# The tool alone, without what tests need: a few seconds instead of a minute.
$(VENV)/.runnable: pyproject.toml
	test -e $(VENV)/.installed || { $(PYTHON) -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fast]'; }
	touch $@

DAMAGE_SEED ?= $(shell date +%s)

##@ Try it

demo: $(VENV)/.runnable  ## See what it is for: real wheels shown, checked and repaired, in seconds
	@$(BIN)/python -m tools.demo

##@ Work on it

dev: $(VENV)/.installed  ## Create the environment in .venv

quick: dev  ## Unit and property tests and doctests: about a minute; says how long
	@start=$$(date +%s); $(BIN)/python -m pytest -q -n auto tests/unit tests/property src && \
	  echo "quick: $$(( $$(date +%s) - start )) s"

fix: dev  ## Format, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: dev  ## Check style and the layers of the design
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: dev  ## Check types
	$(BIN)/mypy

test: dev  ## All tests but those of real wheels; what is missing is skipped and named
	$(BIN)/python -m pytest -n auto

golden: dev  ## Write the expected outputs again; NEW=CASE: with that test wheel, too
	@$(if $(NEW),touch tests/golden/expected/$(NEW).txt)
	MUSL_AUDIT_GOLDEN=rewrite $(BIN)/python -m pytest -q tests/golden

golden-policies: dev  ## Judge the expected outputs with the policies of today from now on
	$(BIN)/python -c 'from tests.support.policies import freeze; freeze()'

docs: dev  ## Write the reference pages that follow from the code
	$(BIN)/python -m tools.docs

site: dev  ## Build the documentation as a site into build/site; fails for a link that leads nowhere
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group site
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(BIN)/python -m mkdocs build --quiet --strict

lock:  ## Pin the development dependencies by hash again
	test -d .cache/uv || $(PYTHON) -m venv .cache/uv
	.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
	.cache/uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --all-extras --group test --group lint --output-file requirements-dev.txt pyproject.toml

build: dev  ## Build sdist and wheel into dist/
	$(BIN)/python -m build --quiet

release: dev lint type  ## Build what is committed twice, compare, check, and write hashes, SBOM and changes; no upload
	$(BIN)/python -m tools.release

lowest: dev  ## Quick tests with the lower bound of every direct dependency
	$(BIN)/python -m tools.release.lowest

quick-pythons: dev pythons  ## Quick tests on every Python of the classifiers that is here
	$(BIN)/python -m tools.release.lowest 3.12 3.13 3.14

walk: dev  ## Walk from the README to a gate in a clean clone, and write what each step takes
	$(BIN)/python -m tools.release.walk

clean:  ## Remove what was built and cached
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

##@ Prove it

test-real: dev musl-python $(if $(REAL),,corpus)  ## Fetch real wheels, repair them, and see them work; REAL=greenlet: only that one
	$(BIN)/python -m tools.evidence.real_wheels $(REAL)
	MUSL_AUDIT_REQUIRE=musl-python,real $(BIN)/python -m pytest -m real $(if $(REAL),tests/real/test_real_imports.py -k $(REAL),tests/real)

test-all: dev loaders musl-python pythons  ## What .ci/run tests: nothing is skipped
	$(MAKE) test-real
	MUSL_AUDIT_REQUIRE=$(REQUIRED) $(BIN)/python -m pytest -n auto

cover: dev  ## Branch coverage of unit, property and golden tests; fails below the floor of pyproject.toml
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term:skip-covered tests/unit tests/property tests/golden

agree: dev  ## Compare our answers about the corpus with those of musl's loaders
	$(BIN)/python -m tools.evidence.agree

good: dev  ## Check popular wheels outside the corpus: no error that musl's loaders do not confirm
	$(BIN)/python -m tools.evidence.good

before-after: dev musl-python corpus  ## Ask loaders and interpreters about real wheels before and after a repair, and write the table
	$(BIN)/python -m tools.evidence.real_wheels
	$(BIN)/python -m tools.evidence.before_after

mutants: dev  ## Break the code on purpose, and see the tests fail
	$(BIN)/python -m tools.mutants

damage: dev loaders  ## Damage libraries, five thousand times, ask musl's loaders about each, and write the table
	$(BIN)/python -m tools.evidence.damage

RUNS ?= 250000
fuzz: dev  ## Fuzz the readers of ELF files and archives, RUNS times each
	test -d .cache/fuzz || $(PYTHON) -m venv .cache/fuzz
	.cache/fuzz/bin/python -m pip install --quiet --disable-pip-version-check atheris packaging
	PYTHONPATH=src:. .cache/fuzz/bin/python -m tests.fuzz.run elf .cache/fuzz-corpus/elf -runs=$(RUNS)
	PYTHONPATH=src:. .cache/fuzz/bin/python -m tests.fuzz.run tls .cache/fuzz-corpus/tls -runs=$(RUNS)
	PYTHONPATH=src:. .cache/fuzz/bin/python -m tests.fuzz.run archive .cache/fuzz-corpus/archive -runs=$(RUNS)
	for target in compressed record sbom; do \
	  PYTHONPATH=src:. .cache/fuzz/bin/python -m tests.fuzz.run $$target .cache/fuzz-corpus/$$target -runs=$(RUNS) || exit 1; \
	done
	$(BIN)/python -m tools.evidence.damage 500 $(DAMAGE_SEED)

bench: dev corpus  ## Measure speed and memory against auditwheel and the floor (BEFORE=COMMIT: and that), and write docs/benchmarks.md
	$(BIN)/python -m tools.speed.bench $(if $(BEFORE),--before $(BEFORE))

bench-survey: dev corpus  ## Measure surveys: 2,000 wheels, a million verdicts (BEFORE=COMMIT: and one large wheel against that)
	$(BIN)/python -m tools.speed.bench_survey $(if $(BEFORE),--before $(BEFORE))

installed: dev musl-python  ## Install 80 real packages, hold env against the imports of their modules, aarch64's under qemu, and write the table
	$(BIN)/python -m tools.evidence.installed

bench-installed: dev musl-python  ## Measure env on 1,000 installed binaries against a bare loop that reads them
	$(BIN)/python -m tools.speed.bench_installed

peers: dev  ## Run auditwheel's cases with both tools, and write docs/explanation/auditwheel.md
	$(BIN)/python -m tools.evidence.peers

index-wheels: dev  ## Fetch several versions of 21 projects, for an index of our own; INDEX=numpy: only that one
	$(BIN)/python -m tools.evidence.index_wheels $(INDEX)

clients:  ## Install uv, pdm, poetry, devpi and pypiserver into .cache/clients, for tests of indexes
	test -d .cache/clients || $(PYTHON) -m venv .cache/clients
	.cache/clients/bin/python -m pip install --quiet --disable-pip-version-check -r tools/data/clients.txt

which-truth: dev musl-python clients index-wheels  ## Hold the answers of `which` against real servers and Pythons, and write the table
	$(BIN)/python -m tools.evidence.which_truth

##@ Data

corpus: dev  ## Fetch the real wheels whose answers by musl's loaders are recorded; CORPUS="greenlet": only those
	$(BIN)/python -m tools.evidence.corpus $(CORPUS)

loaders: dev  ## Derive musl's loaders out of Debian's packages again and compare them with the committed ones
	$(BIN)/python -m tools.evidence.loaders

musl-python:  ## Build a real CPython for musl out of Debian's packages, for tests that import wheels
	tools/evidence/musl_python.sh

pythons: dev  ## Fetch Python 3.13 and 3.14 out of Debian's packages into .cache/pythons
	$(BIN)/python -m tools.evidence.pythons

testwheels:  ## Build the test wheels again (needs musl-gcc, gcc, GNU ld; compilers for the rest come from PyPI)
	test -d .cache/testwheels || $(PYTHON) -m venv .cache/testwheels
	.cache/testwheels/bin/python -m pip install --quiet --disable-pip-version-check -r testwheels/requirements.txt
	.cache/testwheels/bin/python -m testwheels.build
