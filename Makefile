# make profile   set up and run the main job; ARGS="..." passes options on
# make test      set up and run the tests, less those of minutes
# make test-slow the long statistical trials and benchmarks that it leaves out
# make test-torch PyTorch eager on the CPU, with a PyTorch in a folder of its own
# make test-browser the HTML report, and the site after `make docs`, in Chromium, which apt installs where it may
# make docs      the site of docs/, in build/site; a broken link is an error
# make schema    write the JSON Schemas, the tables of docs/schema.md and docs/options.md again, from the code
# make lint      ruff, mypy, clang-format
# make sanitize  the native tests under AddressSanitizer and UndefinedBehaviorSanitizer
# make fuzz      every fuzz target for SECONDS=60, SEED=0 (another one each time), or those of TARGETS="shapes limits"
# make wheel     the wheel to publish in dist/, as manylinux; the same bytes each time
# make sbom      dist/sbom.json: what an installed trtcore consists of, as CycloneDX
# make bench     what needs no GPU; ARGS=--quick for a look that writes no results
# make bench-gpu what needs one

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
MODEL ?= googlenet

export PIP_DISABLE_PIP_VERSION_CHECK = 1
RUN := $(VENV)/bin/python
SOURCES := pyproject.toml CMakeLists.txt trtcore/stats/_stats.pyx \
	$(wildcard cpp/*/* tests/native/*.cpp tests/native/*.hpp)
CPP := $(wildcard cpp/*/*.?pp tests/native/*.?pp tests/conformance/*.?pp tests/conformance/*/*.?pp)

.PHONY: profile test test-slow test-torch test-browser docs schema lint format sanitize fuzz wheel sbom \
	bench bench-gpu clean

profile: $(VENV)/ready
	$(RUN) -m trtcore.profile $(MODEL) $(ARGS)

test: $(VENV)/ready
	$(RUN) -m pytest $(ARGS)

test-slow: $(VENV)/ready
	$(RUN) -m pytest -m 'slow and not soak' $(ARGS)

# Beside the environment, not in it: `make test` and the wheel are shown to work without PyTorch.
test-torch: $(VENV)/ready $(VENV)-torch/ready
	PYTHONPATH=$(abspath $(VENV))-torch $(RUN) -c "import torch; print('PyTorch', torch.__version__)"
	PYTHONPATH=$(abspath $(VENV))-torch $(RUN) -m pytest -m torch $(ARGS)

# Without Chromium, and without the right to install it, the tests are skipped with that reason.
test-browser: $(VENV)/ready
	command -v chromedriver > /dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	apt-get install -qq --no-install-recommends chromium chromium-driver > /dev/null; } || true
	$(RUN) -m pytest tests/browser -m 'browser and not slow' $(ARGS)

docs: $(VENV)/bin/python
	$(RUN) -m pip install -q 'mkdocs-material>=9.5,<10' 'mkdocstrings[python]>=1,<2'
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict -q

schema: $(VENV)/ready
	$(RUN) tests/schemas.py
	$(RUN) tests/options_page.py

lint: $(VENV)/ready-dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/clang-format --dry-run --Werror $(CPP)

format: $(VENV)/ready-dev
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .
	$(VENV)/bin/clang-format -i $(CPP)

# A second environment: the extension is compiled once more, with the sanitizers in it.
sanitize: $(VENV)-sanitize/ready
	cd tests && \
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so) $$(gcc -print-file-name=libstdc++.so)" \
	ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONSAFEPATH=1 \
	$(abspath $(VENV))-sanitize/bin/python -m pytest native -p no:cacheprovider

SECONDS ?= 60
SEED ?= 0
FUZZED := $(basename $(notdir $(filter-out %/__init__.py,$(wildcard tests/fuzz/targets/*.py))))
TARGETS ?= $(FUZZED)

fuzz: $(VENV)/ready-fuzz
	printf '%s\n' $(TARGETS) | xargs -P $$(nproc) -I{} \
		$(RUN) tests/fuzz/run.py {} --seconds $(SECONDS) --seed $(SEED) --work build/fuzz

$(VENV)/ready-fuzz: $(VENV)/ready
	$(RUN) -m pip install -q 'atheris>=3.0'
	touch $@

wheel:
	PYTHON=$(PYTHON) .ci/wheel

# Of an environment with nothing but trtcore and what it needs to run.
sbom: $(VENV)/ready
	$(PYTHON) -m venv $(VENV)-sbom
	$(VENV)-sbom/bin/python -m pip install -q .
	$(VENV)-sbom/bin/python -m pip check
	$(RUN) -m pip install -q 'cyclonedx-bom>=7'
	mkdir -p dist
	$(RUN) -m cyclonedx_py environment --output-reproducible --of JSON -o dist/sbom.json \
		--pyproject pyproject.toml $(VENV)-sbom/bin/python

# The CPU build is 180 MB; where the index has none, any other runs on the CPU as well.
$(VENV)-torch/ready: $(VENV)/bin/python
	rm -rf $(VENV)-torch
	$(RUN) -m pip install -q --target $(VENV)-torch 'torch==2.13.0+cpu' || \
	$(RUN) -m pip install -q --target $(VENV)-torch 'torch>=2.4'
	touch $@

BENCHES := recorder aggregation scaling startup caffe_import
GPU_BENCHES := loop gated parts precision reconcile streams repeat soak baselines sweep

bench: $(VENV)/ready
	$(foreach topic,$(BENCHES),$(RUN) benchmarks/bench_$(topic).py $(ARGS) &&) true

bench-gpu: $(VENV)/ready
	$(RUN) -m pip install -q -e '.[cupti,torch]' 'polygraphy>=0.49.24'
	$(foreach topic,$(GPU_BENCHES),$(RUN) benchmarks/bench_$(topic).py $(ARGS) &&) true

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: $(VENV)/bin/python $(SOURCES)
	SKBUILD_CMAKE_DEFINE='TRTCORE_TESTS=ON;TRTCORE_WERROR=ON' $(RUN) -m pip install -q -e '.[rtx,test]'
	touch $@

$(VENV)/ready-dev: $(VENV)/ready
	$(RUN) -m pip install -q 'ruff==0.17.*' 'mypy==2.4.*' 'clang-format==23.*'
	touch $@

$(VENV)-sanitize/ready: $(SOURCES)
	$(PYTHON) -m venv $(VENV)-sanitize
	SKBUILD_CMAKE_DEFINE='TRTCORE_TESTS=ON;TRTCORE_SANITIZE=ON' SKBUILD_CMAKE_BUILD_TYPE=Debug \
	SKBUILD_INSTALL_STRIP=false SKBUILD_BUILD_DIR=build/sanitize \
	$(VENV)-sanitize/bin/python -m pip install -q '.[rtx]' pytest hypothesis
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-sanitize $(VENV)-torch $(VENV)-sbom build dist
