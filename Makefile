# All that is here is calls: `make` lists them.

# The caller's own environment must not leak into this one.
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME UV_SYSTEM_PYTHON UV_PYTHON
# Behind a proxy that signs TLS anew, only the system's certificates will do (the second is uv's older name for it).
export UV_SYSTEM_CERTS = 1
export UV_NATIVE_TLS = 1

# It is run, not just looked for: pyenv puts a uv on the PATH that fails.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .uv/bin/uv)

.PHONY: help lab notebooks test test-browser html bench lock clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' Makefile

# --allow-root: in a container one is root, and Jupyter would refuse.
lab: .venv/.ready  ## open the tutorial in JupyterLab
	.venv/bin/jupyter lab --ServerApp.ip=127.0.0.1 --allow-root --LabApp.default_url=/lab/tree/notebooks/01_reading_the_plots.ipynb

notebooks: .venv/.ready  ## run every notebook again and store what it shows
	.venv/bin/python tools/refresh_notebooks.py

# Tests run side by side: more threads of MXNet's would only wait for each other, at full speed.
test test-browser: export OMP_NUM_THREADS = 1

test: .venv/.ready  ## check the style, run every test and every notebook
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/pytest

test-browser: .venv/.ready  ## open every notebook in a browser, and run it with other tools (needs Chromium and Firefox)
	.venv/bin/pytest tests/browser

html: .venv/.ready  ## build the pages for reading: build/html/index.html (URL=where they will stand, for previews of links)
	@rm -rf build/html
	.venv/bin/sphinx-build -q -W --keep-going -b html -c docs $(if $(URL),-D html_baseurl=$(URL)) . build/html

# Without the tests' own options: their processes would slow each other.
BENCH = -m pytest -o addopts= -o python_files=bench_*.py --noconftest -q --benchmark-quiet --benchmark-disable-gc
CORES := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)

bench: .venv/.ready  ## time every activation beside its replacement (TORCH=a Python with torch and pytest-benchmark)
	@rm -rf benchmarks/results && mkdir benchmarks/results
	@set -e; for n in $(sort 1 $(CORES)); do \
		export OMP_NUM_THREADS=$$n; \
		.venv/bin/python $(BENCH) -p mxnet_compat benchmarks/bench_mxnet.py --benchmark-json=benchmarks/results/mxnet-$$n.json; \
		[ -z "$(TORCH)" ] || $(TORCH) $(BENCH) benchmarks/bench_pytorch.py --benchmark-json=benchmarks/results/pytorch-$$n.json; \
	done
	@.venv/bin/python benchmarks/report.py benchmarks/results
	@.venv/bin/python benchmarks/check_gradients.py

# Without --upgrade: one new dependency should not move all the others, and with them the stored pictures.
# To move them all, remove requirements.lock first. Always by our own uv: others write the same lock in other words.
lock: .uv/bin/uv  ## pin the versions again, from pyproject.toml
	.uv/bin/uv pip compile --quiet --universal --python-version 3.10 --all-extras --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" -o requirements.lock pyproject.toml

clean:  ## remove what the commands above made, but for the notebooks
	rm -rf .venv .uv .pytest_cache .ruff_cache test-output build dist *.egg-info

# The first of these that the machine has, else uv brings 3.11, with which the notebooks' outputs were stored.
PYTHONS = 3.11 3.12 3.10 3.13

# Made anew each time, and stamped last: what was interrupted, or has been tampered with, leaves no trace.
# Nothing resolves what the lock has resolved: MXNet asks for an older NumPy than Python 3.13 has.
# Announcements would cover the first screen with a question.
.venv/.ready: requirements.lock pyproject.toml
	@$(if $(filter .uv/bin/uv,$(UV)),$(MAKE) --silent .uv/bin/uv)
	@echo "Setting up .venv: Python, MXNet and JupyterLab. The first time, this downloads some 270 MB."
	@rm -rf .venv
	@for version in $(PYTHONS); do $(UV) python find --no-python-downloads $$version >/dev/null 2>&1 && break; version=; done; \
		$(UV) venv --quiet --python $${version:-3.11} .venv \
		&& $(UV) pip install --quiet --python .venv --no-deps -r requirements.lock mxnet==1.9.1 -e . \
		&& .venv/bin/jupyter labextension disable --log-level=ERROR --level=sys_prefix @jupyterlab/apputils-extension:announcements \
		&& touch $@ \
		|| { echo "The set-up failed, for the reason above. The same command tries again." >&2; exit 1; }

# Moved into place last, so that half a download is not taken for uv.
.uv/bin/uv:
	@python3 -m pip --version >/dev/null 2>&1 \
		|| { echo "The set-up needs uv, or python3 with pip: apt-get install python3-pip (Debian)" >&2; exit 1; }
	@rm -rf .uv
	@PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check \
		--only-binary :all: --target .uv/new uv==0.13.9 \
		|| { echo "The set-up needs uv, which pip could not install, for the reason above." >&2; exit 1; }
	@mv .uv/new/bin .uv/bin
