# Footfall. `make demo` and `make test` work from a fresh clone; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help demo test lint clean install-serve install-train install-dev

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
RESOLVED := pyproject.toml constraints.txt
# TrackEval pins a NumPy that the rest cannot use and needs nothing else that we lack.
TRACKEVAL := trackeval==1.3.0

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/python:
	@bash .ci/python_env "$(PYTHON)" "$(VENV)"

$(VENV)/.installed-serve: $(BIN)/python $(RESOLVED)
	@echo "==> Installing the serving half (about 0.6 GB)"
	@$(PIP) --editable .
	@bash .ci/check_opencv "$(BIN)/python"
	@touch $@

$(VENV)/.installed-train: $(BIN)/python $(RESOLVED)
	@echo "==> Installing the training half (about 6 GB, most of it torch's CUDA libraries; minutes)"
	@$(PIP) --editable '.[train]'
	@bash .ci/check_opencv "$(BIN)/python"
	@touch $@ $(VENV)/.installed-serve

$(VENV)/.installed-dev: $(BIN)/python $(RESOLVED)
	@echo "==> Installing what training and the tests need (about 6 GB; minutes)"
	@$(PIP) --editable '.[train,dev]'
	@$(PIP) --no-deps $(TRACKEVAL)
	@bash .ci/check_opencv "$(BIN)/python"
	@touch $@ $(VENV)/.installed-train $(VENV)/.installed-serve

install-serve: $(VENV)/.installed-serve ## Environment for serve.py alone, without torch
install-train: $(VENV)/.installed-train ## Environment for training and evaluation
install-dev: $(VENV)/.installed-dev ## Environment for the tests

clean: ## Remove the environment, the sample and all outputs
	rm -rf $(VENV) data outputs
