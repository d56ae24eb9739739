# Footfall. `make demo` and `make test` work from a fresh clone; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help demo label-demo label-pictures test lint format clean install-serve install-train install-dev

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LABEL_STUDIO := .venv-label-studio
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
RESOLVED := pyproject.toml constraints.txt
# TrackEval pins a NumPy that the rest cannot use and needs nothing else that we lack.
TRACKEVAL := trackeval

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/python:
	@bash .ci/python_env "$(PYTHON)" "$(VENV)"

$(VENV)/.installed-serve: $(BIN)/python $(RESOLVED)
	@echo "==> Installing the serving half (about 0.8 GB)"
	@$(PIP) --editable .
	@bash .ci/check_opencv "$(BIN)/python"
	@touch $@

$(VENV)/.installed-train: $(BIN)/python $(RESOLVED)
	@echo "==> Installing the training half (about 6 GB, most of it torch's CUDA libraries; minutes)"
	@$(PIP) --editable '.[train]'
	@bash .ci/check_opencv "$(BIN)/python"
	@touch $@ $(VENV)/.installed-serve

$(VENV)/.installed-label: $(BIN)/python $(RESOLVED)
	@echo "==> Installing what training and labeling need (about 6 GB; minutes)"
	@$(PIP) --editable '.[train,label]'
	@bash .ci/check_opencv "$(BIN)/python"
	@touch $@ $(VENV)/.installed-train $(VENV)/.installed-serve

$(VENV)/.installed-dev: $(BIN)/python $(RESOLVED)
	@echo "==> Installing what training and the tests need (about 8 GB; minutes)"
	@$(PIP) --editable '.[dev]'
	@$(PIP) --no-deps $(TRACKEVAL)
	@bash .ci/check_opencv "$(BIN)/python"
	@bash .ci/check_mongod "$(BIN)/python"
	@touch $@ $(VENV)/.installed-label $(VENV)/.installed-train $(VENV)/.installed-serve

# Label Studio's packages do not fit beside ours: it has an environment of its own.
$(LABEL_STUDIO)/.installed: $(BIN)/python .ci/label-studio.txt
	@bash .ci/label_studio_env "$(BIN)/python"

# Each step is a command that a user can type; the README explains them one by one.
DEMO := outputs/demo
STEP = @printf '\n==> %s\n'

demo: $(VENV)/.installed-train ## The whole loop on the sample: score, fine-tune, export, serve, report
	@mkdir -p $(DEMO) && date +%s > $(DEMO)/.started
	$(STEP) "1/6 Getting the sample footage"
	@$(BIN)/python -m datasets get vtest
	$(STEP) "2/6 Scoring the zoo's detector on the sample"
	@$(BIN)/python -m evaluation task=sample output=$(DEMO)/before.json
	$(STEP) "3/6 Fine-tuning it on the sample's labels, exporting, checking parity"
	@$(BIN)/python train.py experiment=detection/site bundle.folder=$(DEMO)/bundle
	$(STEP) "4/6 Serving the camera with the fine-tuned bundle"
	@$(BIN)/python serve.py site=demo mode=replay detector.bundle=$(DEMO)/bundle \
	  sink.store=$(DEMO)/events.sqlite sink.jsonl=$(DEMO)/events.jsonl \
	  sink.mot=$(DEMO)/tracks.txt sink.video=$(DEMO)/annotated.mp4
	$(STEP) "5/6 Scoring the fine-tuned bundle"
	@$(BIN)/python -m evaluation task=sample detector.bundle=$(DEMO)/bundle \
	  output=$(DEMO)/after.json
	$(STEP) "6/6 Writing the report"
	@$(BIN)/python -m evaluation task=report site=demo detector.bundle=$(DEMO)/bundle \
	  report.events=$(DEMO)/events.jsonl report.tracks=$(DEMO)/tracks.txt \
	  report.results='[$(DEMO)/after.json]' report.before=$(DEMO)/before.json \
	  report.after=$(DEMO)/after.json report.html=$(DEMO)/report.html
	@printf '\nDone in %s s. Report: %s/report.html. Annotated video, events, tracks, bundle: %s/\n' \
	  $$(( $$(date +%s) - $$(cat $(DEMO)/.started) )) $(DEMO) $(DEMO)

label-demo: $(VENV)/.installed-label ## The labelling loop: sample, push, label, agree, pull, train
	@$(BIN)/python -m labeling task=demo

label-pictures: $(VENV)/.installed-dev $(LABEL_STUDIO)/.installed ## The pictures of labeling/README.md, anew
	@bash .ci/system_packages
	@FOOTFALL_LABEL_PICTURES=labeling/pictures $(BIN)/python -m pytest -q \
	  tests/browser/test_first_steps.py tests/browser/test_labeling_interfaces.py

test: $(VENV)/.installed-dev $(LABEL_STUDIO)/.installed ## Every test
	@bash .ci/system_packages
	@$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev ## Imports, types and style alone
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.installed-dev ## Put the style right, in place
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

install-serve: $(VENV)/.installed-serve ## Environment for serve.py alone, without torch
install-train: $(VENV)/.installed-train ## Environment for training and evaluation
install-dev: $(VENV)/.installed-dev ## Environment for the tests

clean: ## Remove the environments, the sample and all outputs
	rm -rf $(VENV) $(LABEL_STUDIO) data outputs
