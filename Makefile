# Needs python3 (with venv) and make, nothing else. Every target makes .venv and installs what it needs by itself.
PYTHON ?= python3
BIN := .venv/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.run locale/.compiled ## make .venv and install what running needs

run: setup ## serve the demo rally on http://127.0.0.1:8000, the console on 8001
	@$(BIN)/python manage.py up

test: .venv/.dev locale/.compiled ## run all tests on real PostgreSQL, Valkey and SMTP
	@$(BIN)/python -m pytest

lint: .venv/.dev ## ruff, mypy --strict, missing migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python manage.py makemigrations --check --dry-run

lock: .venv/.dev ## pin anew what pyproject.toml asks for
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile $(LOCK) --extra embedded -o requirements.lock
	@$(BIN)/uv pip compile $(LOCK) --extra embedded --extra dev -o requirements-dev.lock

LOCK := pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"

.venv/bin/python:
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python requirements.lock
	@echo "installing what running needs"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $@

.venv/.dev: .venv/bin/python requirements-dev.lock
	@echo "installing what tests and lint need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@touch $@ .venv/.run

locale/.compiled: locale/ru/LC_MESSAGES/django.po | .venv/bin/python
	@echo "compiling messages"
	@$(BIN)/pybabel --quiet compile --domain django --directory locale
	@touch $@

.PHONY: help setup run test lint lock
.DEFAULT_GOAL := help
