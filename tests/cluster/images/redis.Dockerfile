# Stands in for the official Redis image where no registry is at hand: Debian's package, the same user and directory.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
RUN groupadd --gid 999 redis && useradd --uid 999 --gid 999 --home-dir /data redis \
    && apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server redis-tools \
    && rm -rf /var/lib/apt/lists/* && mkdir -p /data && chown 999:999 /data
WORKDIR /data
USER 999:999
CMD ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no"]
