# numwatch in a container: no root, no shell needed, a read-only root file system with one volume.
#
#   docker build -t numwatch .
#   docker run --read-only --cap-drop ALL -p 127.0.0.1:10400:10400 \
#     -v "$PWD/config.yaml:/etc/numwatch/config.yaml:ro" -v numwatch:/data numwatch

FROM python:3.13-slim-bookworm AS builder
WORKDIR /build
RUN python -m venv /opt/numwatch
COPY requirements.lock ./
RUN /opt/numwatch/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY agent/ agent/
COPY exporters/ exporters/
COPY alert_rules/ alert_rules/
RUN /opt/numwatch/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/numwatch/bin/pip uninstall --yes hatchling editables trove-classifiers pip

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="numwatch" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH="/opt/numwatch/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# The default data folder stands beside the configuration; here it is the volume.
RUN groupadd --system --gid 10400 numwatch \
    && useradd --system --uid 10400 --gid 10400 --no-create-home --home-dir /data numwatch \
    && install --directory --owner=numwatch --group=numwatch /data \
    && install --directory /etc/numwatch \
    && ln --symbolic /data /etc/numwatch/data
COPY --from=builder /opt/numwatch /opt/numwatch
USER 10400:10400
WORKDIR /data
VOLUME /data
EXPOSE 10400
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:10400/-/healthy', timeout=4)"]
ENTRYPOINT ["numwatch"]
CMD ["run", "--config", "/etc/numwatch/config.yaml", "--listen", "0.0.0.0:10400"]
