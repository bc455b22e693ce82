# A PostgreSQL server of Debian trixie's own major, for tests that need one newer than the image's clients or than the
# machine's, or with extensions that the image holds (pgvector) and does not hold (ip4r).
FROM docker.io/library/debian:trixie-slim
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    postgresql postgresql-17-pgvector postgresql-17-ip4r \
  && rm -rf /var/lib/apt/lists/*
USER postgres
ENV PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin PGDATA=/tmp/data
RUN initdb --auth trust --username postgres --encoding UTF8 --locale C.UTF-8 --no-sync
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres", "-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]
