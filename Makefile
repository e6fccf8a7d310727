SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
# Folders; each but cli holds the distribution segue-FOLDER, cli holds segue.
DISTRIBUTIONS := core jobs operator api cli
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/dev.txt
LOCAL := requirements/local.txt
UV := $(BIN)/uv pip
COMPILE := $(UV) compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
  $(DISTRIBUTIONS:%=--no-emit-package segue-%) --no-emit-package segue
# What an image has, development has in the same version.
COMPILE_IMAGE := $(COMPILE) --python-version 3.13 --constraint $(LOCK) -o requirements
JOBS_EXTRAS := --extra extract --extra formats --extra verify

.PHONY: help
help:  ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environment -----------------------------------------------------------------------------------------------------

.PHONY: install
install: $(VENV)/installed  ## Create the virtual environment from the locked requirements, with the tools of development

# What runs Segue on one machine: enough for the demo and for one's own music.
$(VENV)/local-installed: $(LOCAL) requirements/uv.txt $(DISTRIBUTIONS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "error: Segue needs Python 3.11 to 3.13; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set one: make PYTHON=python3.12"; exit 2; }
	@echo "Installing into $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "error: cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@$(UV) install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(LOCAL)
	@$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(DISTRIBUTIONS:%=-e ./%)
	@touch $@

$(VENV)/installed: $(VENV)/local-installed $(LOCK)
	@echo "Installing the tools of development into $(VENV)"
	@$(UV) install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(LOCK)
	@touch $@

.PHONY: lock
lock: $(VENV)/installed  ## Compile the requirements again (versions and hashes, no index)
	$(COMPILE) --python-version 3.11 --all-extras $(LOCKFLAGS) -o $(LOCK) requirements/dev.in $(DISTRIBUTIONS:%=%/pyproject.toml)
	$(COMPILE) --python-version 3.11 --constraint $(LOCK) -o $(LOCAL) requirements/local.in cli/pyproject.toml --extra local --extra plot
	$(COMPILE_IMAGE)/build.txt requirements/build.in
	$(COMPILE_IMAGE)/operator.txt operator/pyproject.toml --extra kube
	$(COMPILE_IMAGE)/api.txt api/pyproject.toml
	$(COMPILE_IMAGE)/jobs.txt jobs/pyproject.toml $(JOBS_EXTRAS)
	$(COMPILE_IMAGE)/jobs-librosa.txt jobs/pyproject.toml $(JOBS_EXTRAS) --extra librosa
	$(COMPILE_IMAGE)/jobs-learned.txt jobs/pyproject.toml $(JOBS_EXTRAS) --extra learned
	$(COMPILE_IMAGE)/spark.txt jobs/pyproject.toml --extra train
	echo SecantusDB | $(COMPILE_IMAGE)/mongodb.txt -
	$(COMPILE) --python-version 3.11 --constraint $(LOCK) -o requirements/docs.txt requirements/docs.in
	{ echo "# Written by make lock: the installer itself."; \
	  sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^    --hash/p}' $(LOCK) | sed '$$ s/ \\$$//'; } > requirements/uv.txt

# --- the main job ----------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/$(if $(filter-out false,$(LEARNED)),installed,local-installed)  ## Turn real music into recommendations on this machine, without a cluster; LEARNED=1
	@typed=$$(command -v segue >/dev/null && echo segue || echo $(BIN)/segue); \
	  LEARNED=$(filter-out false,$(LEARNED)) SEGUE_COMMAND=$$typed PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo.sh

.PHONY: clean
clean:  ## Remove all state of the demo and of local runs
	@if [ -x $(BIN)/segue ]; then $(BIN)/segue down; fi
	@rm -rf "$${SEGUE_STATE:-.segue}"

.PHONY: distclean
distclean: clean  ## Remove the virtual environment and the downloaded jars as well
	@rm -rf $(VENV) "$${SEGUE_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/segue}"

# --- checks ----------------------------------------------------------------------------------------------------------

SCRIPTS := .ci/run .ci/prometheus .ci/chromium $(wildcard examples/*.sh images/*/*.sh tests/*/*.sh)

.PHONY: lint
lint: $(VENV)/installed  ## Style, imports between packages, unused code, scripts, workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/vulture
	$(BIN)/shellcheck $(SCRIPTS)
	PATH="$(CURDIR)/$(BIN):$$PATH" actionlint
	$(BIN)/zizmor --offline --quiet --no-progress --collect=all .github

.PHONY: format
format: $(VENV)/installed  ## Rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: generate
generate: $(VENV)/installed  ## Rewrite what is made from a source: dashboards, tables of values, copies of the CRDs, the README's picture
	cp operator/src/segue_operator/kinds/crds/*.yaml charts/segue/files/crds/
	cp examples/demo/*.yaml cli/src/segue/manifests/
	$(BIN)/python charts/dashboards/build.py
	$(BIN)/python charts/values_table.py
	$(BIN)/python docs/generate/flow.py

.PHONY: docs
docs: $(VENV)/docs-installed  ## Build the documentation's site in build/site; a broken link is an error
	$(BIN)/python docs/generate/flow.py --check
	$(BIN)/python docs/generate/stage.py build/docs
	$(BIN)/zensical build --clean --strict

$(VENV)/docs-installed: $(VENV)/installed requirements/docs.txt
	@$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements/docs.txt
	@touch $@

.PHONY: typecheck
typecheck: $(VENV)/installed  ## mypy, strict
	$(BIN)/mypy
	MYPYPATH=docs/generate $(BIN)/mypy docs/generate/*.py

# Three for two cores, because many tests wait for servers.
TEST_WORKERS ?= 3
# Seconds after which a test counts as hanging; the slowest takes two minutes on a busy machine.
TEST_PATIENCE ?= 900

.PHONY: test
test: $(VENV)/installed  ## Run every test that needs no cluster, in TEST_WORKERS=3 processes
	$(BIN)/pytest -m "not faults" -n $(TEST_WORKERS) --dist loadfile --timeout $(TEST_PATIENCE) --durations 30 $(PYTEST)

.PHONY: coverage
coverage:  ## Run the same tests and print which lines and branches they leave out
	@$(MAKE) --no-print-directory test PYTEST="--cov --cov-report=term:skip-covered $(PYTEST)"

.PHONY: test-faults
test-faults: $(VENV)/installed  ## Run the long fault tests: full disks, servers that hang, brokers that stop
	$(BIN)/pytest -m faults $(PYTEST)

.PHONY: test-unit
test-unit: $(VENV)/installed  ## Run the tests that start no server, in seconds
	$(BIN)/pytest tests/unit $(PYTEST)

.PHONY: bench
bench: $(VENV)/installed  ## Measure the local runtime, sink, training, recommendation and extraction's memory here
	@for part in local sink train recommend extract_memory; do \
	  echo; echo "== tests/bench/bench_$$part.py"; $(BIN)/python tests/bench/bench_$$part.py; done

.PHONY: bench-serve
bench-serve: $(VENV)/installed  ## Measure a recommender as a service uses it: time, recall, memory; TRACKS="106574 1000000"
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/bench/bench_serve.py $(TRACKS)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/bench/bench_tastes.py

.PHONY: bench-train
bench-train: $(VENV)/installed  ## Measure training step by step on catalogues of TRACKS="103 2000 20000" tracks
	@for tracks in $(or $(TRACKS),103 2000 20000); do $(BIN)/python tests/bench/bench_train.py $$tracks; done

.PHONY: bench-promotion
bench-promotion: $(VENV)/installed  ## Count refused promotions: other seeds, growth, wrong features; on simulated catalogues
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/bench/bench_promotion.py

MUSIC ?= .segue/demo/music

.PHONY: bench-extract
bench-extract: $(VENV)/installed  ## Compare the extraction engines on the music in MUSIC=DIR (the demo's unless given)
	@[ -d "$(MUSIC)" ] || { echo "error: there is no folder $(MUSIC): run make demo first, or make bench-extract MUSIC=DIR"; exit 2; }
	@$(BIN)/python tests/bench/bench_extract.py "$(MUSIC)"

.PHONY: bench-quality
bench-quality: $(VENV)/installed  ## Measure how well lists are made, against other programs, on 2 GB of music that it fetches
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/bench/bench_quality.py $(QUALITY)

# --- wheels ----------------------------------------------------------------------------------------------------------

WHEELS ?= build/wheels
# The repository's address, which the wheels carry; the release workflow sets it.
HOMEPAGE ?=

.PHONY: wheels
wheels: export SEGUE_HOMEPAGE = $(HOMEPAGE)
wheels: $(VENV)/installed  ## Build the wheels of all distributions, into WHEELS=build/wheels; HOMEPAGE=URL
	@rm -f $(WHEELS)/segue*.whl
	@for distribution in $(DISTRIBUTIONS); do \
	  $(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir $(WHEELS) ./$$distribution; done
	@ls $(WHEELS)/*.whl

# --- images ----------------------------------------------------------------------------------------------------------

BUILDER ?= docker
BASE ?= docker.io/library/debian:trixie-slim
REGISTRY ?= localhost
TAG ?= dev
LIBROSA ?= false
LEARNED ?= false
IMAGES := operator jobs spark api
BUILD_docker := docker build
BUILD_buildah := buildah bud --isolation chroot --layers
# For a release: pushed as it is built, with attestations, which only a registry keeps.
PLATFORMS ?= linux/amd64,linux/arm64
BUILD_buildx := docker buildx build --platform $(PLATFORMS) --sbom=true --provenance=mode=max --push
PROGRAM_buildx := docker

.PHONY: images
images: $(IMAGES:%=image-%)  ## Build the images: BUILDER=docker|buildah|buildx BASE=... REGISTRY=... TAG=... LIBROSA=true LEARNED=true

.PHONY: $(IMAGES:%=image-%)
$(IMAGES:%=image-%): image-%:
	@[ -n "$(BUILD_$(BUILDER))" ] || { echo "error: BUILDER is docker, buildah or buildx, not $(BUILDER)"; exit 2; }
	@command -v $(or $(PROGRAM_$(BUILDER)),$(BUILDER)) >/dev/null || \
	  { echo "error: $(or $(PROGRAM_$(BUILDER)),$(BUILDER)) is missing; install it, or set BUILDER=docker or BUILDER=buildah"; exit 2; }
	$(BUILD_$(BUILDER)) --build-arg BASE=$(BASE) $(if $(filter jobs,$*),--build-arg LIBROSA=$(LIBROSA) --build-arg LEARNED=$(LEARNED)) \
	  --build-arg REVISION=$$(git rev-parse --short HEAD 2>/dev/null || echo unknown) \
	  --tag $(REGISTRY)/segue-$*:$(TAG) --file images/$*/Dockerfile .

# --- clusters --------------------------------------------------------------------------------------------------------

KIND_CLUSTER ?= segue
KIND_IMAGE ?= kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d
NEEDS = for tool in $(1); do command -v $$tool >/dev/null || { echo "error: $$tool is missing; install it first"; exit 2; }; done

.PHONY: kind-up
kind-up:  ## Create a kind cluster in Docker with the images in it: KIND_IMAGE=..., and the variables of images
	@$(call NEEDS,docker kind kubectl)
	@cpus=$$(docker info --format '{{.NCPU}}' 2>/dev/null) || { echo "error: Docker does not answer; start it first"; exit 2; }; \
	  [ "$$cpus" -ge 4 ] || echo "warning: Docker has $$cpus CPUs; with fewer than 4, pods of a training run may find no room"
	@mkdir -p /tmp/segue-kind  # of this user, before Docker makes it root's
	kind get clusters | grep -qx $(KIND_CLUSTER) || \
	  kind create cluster --name $(KIND_CLUSTER) --config tests/cluster/kind.yaml --image $(KIND_IMAGE) --wait 3m
	$(MAKE) images BUILDER=docker REGISTRY=localhost TAG=dev
	kind load docker-image --name $(KIND_CLUSTER) $(IMAGES:%=localhost/segue-%:dev)

.PHONY: kind-demo
kind-demo: $(VENV)/installed kind-up  ## Run the demo on kind: install the stack, ingest real music, recommend
	@$(call NEEDS,helm)
	KUBECONTEXT=kind-$(KIND_CLUSTER) PATH="$(CURDIR)/$(BIN):$$PATH" examples/kind_demo.sh

.PHONY: kind-down
kind-down:  ## Delete the kind cluster
	@$(call NEEDS,kind docker)
	kind delete cluster --name $(KIND_CLUSTER)

.PHONY: test-cluster
test-cluster: $(VENV)/installed  ## Run the end-to-end tests and the conformance suite in the cluster that KUBECONFIG names
	@tests/cluster/run.sh $(PYTEST)

.PHONY: test-cluster-faults
test-cluster-faults: $(VENV)/installed  ## Run the long faults in that cluster: a stopped database, a restarted API server, a release installed again
	@tests/cluster/run.sh -m "cluster and faults" $(PYTEST)
