# The tutorial in JupyterLab, for machines that MXNet has no wheel for. The README says how to run it.

# An Arm machine emulates it: MXNet's wheel for Arm needs libraries that neither Debian nor PyPI has.
# hadolint ignore=DL3029
FROM --platform=linux/amd64 debian:bookworm-slim

# Bookworm's Python is 3.11, the last that MXNet runs on. Git and make are for the dev container.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git libgomp1 libquadmath0 make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 reader

USER 1000
WORKDIR /home/reader/tutorial
ENV PATH=/home/reader/venv/bin:$PATH
COPY --chown=reader pyproject.toml requirements.lock README.md LICENSE gallery.png ./
COPY --chown=reader gluon_activations gluon_activations
COPY --chown=reader nbval_pictures nbval_pictures
RUN python3 -m venv /home/reader/venv \
    && pip install --no-cache-dir --constraint requirements.lock --editable ".[notebooks]"
COPY --chown=reader notebooks notebooks

# Every address inside, or Docker could not publish the port; outside, `docker run -p 127.0.0.1:8888:8888` decides.
EXPOSE 8888
CMD ["jupyter", "lab", "--no-browser", "--ServerApp.ip=0.0.0.0", "--LabApp.default_url=/lab/tree/notebooks/01_reading_the_plots.ipynb"]
