# numwatch in a container: no shell, no package manager, no root, a read-only root file system with
# one volume.
#
# The agent listens for other machines in it, so config.yaml sets web.token (or token_file), or
# web.allow_open_listen: true; names by which other containers reach it belong under web.hosts.
#
#   docker build -t numwatch .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges -p 127.0.0.1:10400:10400 \
#     -v "$PWD/config.yaml:/etc/numwatch/config.yaml:ro" -v numwatch:/data numwatch
#
# Both bases are pinned by digest and kept up to date by Dependabot. They carry the same Python,
# Debian's, at the same path: what is installed for the first runs in the second.

FROM debian:13-slim@sha256:d7e12182ce18b85b93007c1dedf31f2d29e01ccf3182cc4017c709b6259bc132 AS builder
# Nothing of Debian's packages is copied into the image, so that their versions need no pin.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN python3 -m venv /opt/numwatch \
    && /opt/numwatch/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && python3 -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY agent/ agent/
COPY exporters/ exporters/
COPY alert_rules/ alert_rules/
COPY docs/runbooks/ docs/runbooks/
# The default data folder stands beside the configuration; in the image it is the volume.
RUN /opt/build/bin/python -m hatchling build -t wheel -d /build/dist \
    && /opt/numwatch/bin/pip install --no-cache-dir --no-deps --no-index /build/dist/*.whl \
    && /opt/numwatch/bin/pip uninstall --yes pip \
    && rm -f /opt/numwatch/bin/activate* /opt/numwatch/bin/Activate* \
    && install --directory /rootfs/etc/numwatch \
    && install --directory --mode=0700 --owner=10400 --group=10400 /rootfs/data \
    && ln --symbolic /data /rootfs/etc/numwatch/data

FROM gcr.io/distroless/python3-debian13:nonroot@sha256:83aa8d4f74a4d7f7cf2d472054139bef71a927b76c680c0f2e1021d6b1d6d732
LABEL org.opencontainers.image.title="numwatch" \
      org.opencontainers.image.licenses="Apache-2.0"
# The user has no line in /etc/passwd, so that its home is said here.
ENV PATH="/opt/numwatch/bin:/usr/bin" \
    HOME=/data \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=builder /rootfs/ /
COPY --from=builder /opt/numwatch /opt/numwatch
USER 10400:10400
WORKDIR /data
VOLUME /data
EXPOSE 10400
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/opt/numwatch/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:10400/-/healthy', timeout=4)"]
ENTRYPOINT ["/opt/numwatch/bin/numwatch"]
CMD ["run", "--config", "/etc/numwatch/config.yaml", "--listen", "0.0.0.0:10400"]
