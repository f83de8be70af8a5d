# A release that differs from the built one by a migration, for the test of upgrades.
ARG IMAGE
FROM ${IMAGE}
USER 0:0
COPY 0002_next_release.py /tmp/
RUN versions=$(/app/.venv/bin/python -c 'import formscout.tables.migrations as m; print(list(m.__path__)[0])')/versions \
    && install -m 644 /tmp/0002_next_release.py "$versions/" && rm /tmp/0002_next_release.py
USER 10001:10001
