# The tutorial in JupyterLab, for machines that MXNet has no wheel for. The README says how to run it.

FROM debian:bookworm-slim

# Bookworm's Python is 3.11, which the notebooks' outputs were stored with. Git and make are for the dev container.
# MXNet's wheel for Arm asks for Arm's own libraries, but only for functions that OpenBLAS, LAPACKE and libc have too.
# hadolint ignore=DL3008
RUN apt-get update \
    && if [ "$(uname -m)" = aarch64 ]; then set -- liblapacke libopenblas0-pthread; else set -- libquadmath0; fi \
    && apt-get install -y --no-install-recommends git libgomp1 make python3 python3-venv "$@" \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 reader

USER 1000
WORKDIR /home/reader/tutorial
ENV PATH=/home/reader/venv/bin:$PATH
COPY --chown=reader pyproject.toml requirements.lock README.md LICENSE gallery.png mxnet_compat.py ./
COPY --chown=reader gluon_activations gluon_activations
COPY --chown=reader nbval_pictures nbval_pictures
RUN python3 -m venv /home/reader/venv \
    && pip install --no-cache-dir --constraint requirements.lock --editable ".[notebooks]" \
    && jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements
# LAPACKE brings the others with it. MXNet looks for what it asks for in its own folder first.
RUN [ "$(uname -m)" != aarch64 ] || for name in armpl_lp64_mp amath astring; do \
    ln -s /usr/lib/aarch64-linux-gnu/liblapacke.so.3 "/home/reader/venv/lib/python3.11/site-packages/mxnet/lib$name.so"; \
    done
COPY --chown=reader notebooks notebooks

# Every address inside, or Docker could not publish the port; outside, `docker run -p 127.0.0.1:8888:8888` decides.
EXPOSE 8888
CMD ["jupyter", "lab", "--no-browser", "--ServerApp.ip=0.0.0.0", "--LabApp.default_url=/lab/tree/notebooks/01_reading_the_plots.ipynb"]
