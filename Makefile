# Two commands matter: `make run` and `make test`. Each sets up what is missing first.
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell command -v $(p) 2>/dev/null)))
UV := UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 .tools/bin/uv
PY := .venv/bin/python
ARGS ?=
# The tests start the program some hundred times: let it keep its compiled files.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run test check bench load faults lock clean format pictures

setup: .venv/.dev

.tools/.ready: requirements/bootstrap.txt
	@rm -rf .tools && $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target .tools -r requirements/bootstrap.txt
	@touch $@

.venv/.runtime: requirements/runtime.lock .tools/.ready
	@test -x $(PY) || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip install --quiet --require-hashes --only-binary :all: --python $(PY) -r requirements/runtime.lock
	@touch $@

.venv/.dev: requirements/dev.lock .tools/.ready
	@test -x $(PY) || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --require-hashes --only-binary :all: --python $(PY) requirements/dev.lock
	@touch .venv/.runtime $@

run: .venv/.runtime
	@VITRINE_SANDBOX=1 VITRINE_SANDBOX_HISTORY=$${VITRINE_SANDBOX_HISTORY:-1} $(PY) -m bot run $(ARGS)

test: .venv/.dev
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

check: .venv/.dev
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@.venv/bin/lint-imports
	@$(PY) -m mypy

format: .venv/.dev
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

.bench/.ready: requirements/bench.lock .tools/.ready
	@$(UV) venv --quiet --clear --python $(PYTHON) .bench
	@$(UV) pip sync --quiet --require-hashes --only-binary :all: --python .bench/bin/python requirements/bench.lock
	@touch $@

bench: .venv/.dev .bench/.ready
	@$(PY) -m bot bench $(ARGS)
	@$(PY) -m tests.load.dispatch $(ARGS)
	@$(PY) -m tests.load.webhook $(ARGS)
	@$(PY) -m tests.load.postgres $(ARGS)
	@$(PY) -m tests.load.digest $(ARGS)
	@$(PY) -m tests.load.platforms $(ARGS)

load: .venv/.dev
	@folder=$$(mktemp -d) && trap "rm -rf $$folder" EXIT && \
	$(PY) -m tests.load.decade $$folder/small --orders 450 && $(PY) -m tests.load.decade $$folder/big --orders 6000 && \
	$(PY) -m tests.load.history $$folder/small $$folder/big
	@$(PY) -m tests.load.cockpit
	@$(PY) -m tests.load.pages 30
	@$(PY) -m tests.load.soak 180

faults: .venv/.dev
	@FAULTS_LONG=1 $(PY) -m pytest tests/faults -s --durations=20 $(ARGS)

lock: .tools/.ready
	@$(UV) pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/runtime.lock
	@$(UV) pip compile --quiet pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -c requirements/runtime.lock -o requirements/dev.lock
	@$(UV) pip compile --quiet --group pyproject.toml:bench --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements/bench.lock

clean:
	@rm -rf .venv .bench .tools .mypy_cache .ruff_cache .import_linter_cache

pictures: .venv/.dev
	@$(PY) -m tests.browser.pictures
