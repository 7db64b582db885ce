# `make demo` runs the whole workflow on synthetic CT; `make test` the fast tests, `make check` all.
# Both set up .venv first, with only python3 (3.11 or newer), git and make.
PYTHON ?= python3
# Not OMP_NUM_THREADS, which nproc goes by.
CORES ?= $(shell env -u OMP_NUM_THREADS nproc 2>/dev/null || echo 2)
# The groups of tests and their order are those of tests/conftest.py.
PYTEST = .venv/bin/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder
# One thread a job: the workflow runs jobs side by side, and small networks lose by more.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test check site fuzz chaos rehearsal lint manifest pins clean

help: ## what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/'

demo: .venv/.installed ## the whole workflow on synthetic CT, on the CPU, in minutes
	.venv/bin/snakemake --cores $(CORES)
	.venv/bin/snakemake --report results/demo/report.html
	@echo && cat results/demo/table1.md results/demo/table2.md results/demo/table3.md
	@echo && { .venv/bin/python -m maknet.compare results/demo --published || true; }
	@echo && echo "The report: results/demo/report.html; tables and figures: results/demo/README.md; the audit: results/demo/audit.html"

test: .venv/.installed ## the fast tests, one run of all rules among them
	$(PYTEST) -m "not slow"

check: lint site ## what CI runs: style, types, the workflow's linter, the site, every test
	$(PYTEST)

site: .venv/.installed ## the documentation as a site in build/site, offline; a broken link is an error
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict

fuzz: .venv/.installed ## damage 10,000 files of every kind that is read, and count what becomes of them
	TQDM_DISABLE=1 .venv/bin/python -m tests.fuzz.run --count 10000 --keep .fuzz
	.venv/bin/python -m tests.fuzz.headers --count 10000 --keep .fuzz

chaos: .venv/.installed ## kill jobs and the head process 50 times, and compare with an undisturbed run
	.venv/bin/python -m tests.chaos.run --count 50

SERIES ?= 7667
rehearsal: .venv/.installed ## the paper's whole run, all counts and small pixels, on loopback; SERIES=500 for a part
	.venv/bin/python -m tests.rehearsal.run --series $(SERIES) -- --cores $(CORES)

lint: .venv/.installed ## style, types and the workflow's own linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/snakefmt --check Snakefile workflow
	.venv/bin/snakemake --lint

.venv/.installed: envs/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; set PYTHON=python3.12, say."; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

manifest: .venv/.installed ## choose the TCIA series anew from the pinned index
	.venv/bin/snakemake --cores $(CORES) results/tcia/tcia_series.csv.xz --configfile config/paper.yaml
	cp results/tcia/tcia_series.csv.xz results/tcia/attribution.csv config/
	@cat results/tcia/selection_funnel.csv

pins: ## resolve envs/requirements.in anew, in a fresh environment
	rm -rf .venv-pins
	$(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet -r envs/requirements.in
	.venv-pins/bin/python envs/pin.py
	rm -rf .venv-pins

clean: ## remove the demo's results and data; downloads of the paper's run stay
	rm -rf results/demo data/demo
