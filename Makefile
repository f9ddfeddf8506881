# Two commands: make retrain, make test. The environment is made once, and again when its lock changes.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
FIGURES := phantom_speed label_speed reward_speed validate_speed retrain_time

.DEFAULT_GOAL := help
.PHONY: help retrain test up bench lint

help:
	@echo "make retrain   draw the phantom institutions and run the whole way to a registered model"
	@echo "make test      run the tests"
	@echo "make up        start the local platform: Prefect, MLflow and a worker"
	@echo "make bench     run the benchmarks behind the figures in README.md"

# uv resolves twelve times faster than pip; constraints.txt pins every version. Compiled once, or each stage would: where
# bytecode may not be written, that is ten seconds a stage.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv
	UV_FIND_LINKS="$${PIP_FIND_LINKS:-}" $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt torch==2.13.0 -e '.[dev]'
	touch $@

retrain: $(READY)
	$(BIN)/unirg retrain $(ARGS)

up: $(READY)
	$(BIN)/unirg up $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(READY)
	@for name in $(FIGURES); do echo "== benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py || exit 1; done
	$(BIN)/python benchmarks/retrain_time.py --recipe smoke
