SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/dev.txt
UV := $(BIN)/uv pip
COMPILE := $(UV) compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
  --no-emit-package segue-jobs --no-emit-package segue-operator
# What an image has, development has in the same version.
COMPILE_IMAGE := $(COMPILE) --python-version 3.13 --constraint $(LOCK) -o requirements
JOBS_EXTRAS := --extra extract --extra sink --extra verify --extra recommend

.PHONY: help
help:  ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

# --- environment -----------------------------------------------------------------------------------------------------

.PHONY: install
install: $(VENV)/installed  ## Make the virtual environment from the locked requirements

$(VENV)/installed: $(LOCK) requirements/uv.txt operator/pyproject.toml jobs/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "error: Segue needs Python 3.11 to 3.13; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set one: make PYTHON=python3.12"; exit 2; }
	@echo "Installing into $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "error: cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@$(UV) install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(LOCK)
	@$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e jobs -e operator
	@touch $@

.PHONY: lock
lock: $(VENV)/installed  ## Compile the requirements anew (versions and hashes, no index)
	$(COMPILE) --python-version 3.11 --all-extras $(LOCKFLAGS) -o $(LOCK) requirements/dev.in operator/pyproject.toml jobs/pyproject.toml
	$(COMPILE_IMAGE)/build.txt requirements/build.in
	$(COMPILE_IMAGE)/operator.txt operator/pyproject.toml --extra kube
	$(COMPILE_IMAGE)/jobs.txt jobs/pyproject.toml $(JOBS_EXTRAS)
	$(COMPILE_IMAGE)/jobs-librosa.txt jobs/pyproject.toml $(JOBS_EXTRAS) --extra librosa
	$(COMPILE_IMAGE)/spark.txt jobs/pyproject.toml --extra train
	echo SecantusDB | $(COMPILE_IMAGE)/mongodb.txt -
	{ echo "# Written by make lock: the installer itself."; \
	  sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^    --hash/p}' $(LOCK) | sed '$$ s/ \\$$//'; } > requirements/uv.txt

# --- the main job ----------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/installed  ## Real music to recommendations on this machine, no cluster needed
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo.sh

.PHONY: clean
clean:  ## Remove all state of the demo and of local runs
	@if [ -x $(BIN)/segue ]; then $(BIN)/segue down; fi
	@rm -rf "$${SEGUE_STATE:-.segue}"

.PHONY: distclean
distclean: clean  ## Remove the virtual environment and the downloaded jars as well
	@rm -rf $(VENV) "$${SEGUE_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/segue}"

# --- checks ----------------------------------------------------------------------------------------------------------

.PHONY: lint
lint: $(VENV)/installed  ## Style, imports between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

.PHONY: format
format: $(VENV)/installed  ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: generate
generate: $(VENV)/installed  ## Write the charts' dashboards, tables of values and copies of the CRDs anew
	cp operator/src/segue_operator/api/crds/*.yaml charts/segue/files/crds/
	$(BIN)/python charts/dashboards/build.py
	$(BIN)/python charts/values_table.py

.PHONY: typecheck
typecheck: $(VENV)/installed  ## mypy, strict
	$(BIN)/mypy

TEST_WORKERS ?= 2

.PHONY: test
test: $(VENV)/installed  ## Every test that needs no cluster, in TEST_WORKERS=2 processes
	$(BIN)/pytest -n $(TEST_WORKERS) --dist loadfile --cov --cov-report=term:skip-covered $(PYTEST)

.PHONY: test-unit
test-unit: $(VENV)/installed  ## The tests that start no server, in seconds
	$(BIN)/pytest tests/unit $(PYTEST)

.PHONY: bench
bench: $(VENV)/installed  ## Measure the local runtime, sink, training, recommendation and extraction's memory here
	@for part in local sink train recommend extract_memory; do \
	  echo; echo "== tests/bench/bench_$$part.py"; $(BIN)/python tests/bench/bench_$$part.py; done

MUSIC ?= .segue/demo/music

.PHONY: bench-extract
bench-extract: $(VENV)/installed  ## Compare the extraction engines on the music in MUSIC=DIR (the demo's unless given)
	@[ -d "$(MUSIC)" ] || { echo "error: there is no folder $(MUSIC): run make demo first, or make bench-extract MUSIC=DIR"; exit 2; }
	@$(BIN)/python tests/bench/bench_extract.py "$(MUSIC)"

# --- images ----------------------------------------------------------------------------------------------------------

BUILDER ?= docker
BASE ?= docker.io/library/debian:trixie-slim
REGISTRY ?= localhost
TAG ?= dev
LIBROSA ?= false
IMAGES := operator jobs spark
BUILD_docker := docker build
BUILD_buildah := buildah bud --isolation chroot --layers

.PHONY: images
images: $(IMAGES:%=image-%)  ## Build the images: BUILDER=docker|buildah BASE=... REGISTRY=... TAG=... LIBROSA=true

.PHONY: $(IMAGES:%=image-%)
$(IMAGES:%=image-%): image-%:
	@[ -n "$(BUILD_$(BUILDER))" ] || { echo "error: BUILDER is docker or buildah, not $(BUILDER)"; exit 2; }
	@command -v $(BUILDER) >/dev/null || { echo "error: $(BUILDER) is missing; install it, or set BUILDER=docker or BUILDER=buildah"; exit 2; }
	$(BUILD_$(BUILDER)) --build-arg BASE=$(BASE) $(if $(filter jobs,$*),--build-arg LIBROSA=$(LIBROSA)) \
	  --build-arg REVISION=$$(git rev-parse --short HEAD 2>/dev/null || echo unknown) \
	  --tag $(REGISTRY)/segue-$*:$(TAG) --file images/$*/Dockerfile .

# --- clusters --------------------------------------------------------------------------------------------------------

KIND_CLUSTER ?= segue
KIND_IMAGE ?= kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d
NEEDS = for tool in $(1); do command -v $$tool >/dev/null || { echo "error: $$tool is missing; install it first"; exit 2; }; done

.PHONY: kind-up
kind-up:  ## A cluster in Docker by kind, with the images in it: KIND_IMAGE=... and what images takes
	@$(call NEEDS,docker kind kubectl)
	@cpus=$$(docker info --format '{{.NCPU}}' 2>/dev/null) || { echo "error: Docker does not answer; start it first"; exit 2; }; \
	  [ "$$cpus" -ge 4 ] || echo "warning: Docker has $$cpus CPUs; with fewer than 4, pods of a training run may find no room"
	kind get clusters | grep -qx $(KIND_CLUSTER) || \
	  kind create cluster --name $(KIND_CLUSTER) --config tests/cluster/kind.yaml --image $(KIND_IMAGE) --wait 3m
	$(MAKE) images BUILDER=docker REGISTRY=localhost TAG=dev
	kind load docker-image --name $(KIND_CLUSTER) $(IMAGES:%=localhost/segue-%:dev)

.PHONY: kind-demo
kind-demo: $(VENV)/installed kind-up  ## The demo on kind: the stack by its chart, real music, recommendations
	@$(call NEEDS,helm)
	KUBECONTEXT=kind-$(KIND_CLUSTER) PATH="$(CURDIR)/$(BIN):$$PATH" examples/kind_demo.sh

.PHONY: kind-down
kind-down:  ## Delete the cluster that kind made
	@$(call NEEDS,kind docker)
	kind delete cluster --name $(KIND_CLUSTER)

.PHONY: test-cluster
test-cluster: $(VENV)/installed  ## End to end, in the cluster that KUBECONFIG names (or one made by ../shared/devcluster)
	@tests/cluster/run.sh $(PYTEST)
