# The image a platform's cron starts: one run, one backup. Public base images only, nothing secret in any layer.

# The oldest minor of each major whose programs are safe against a hostile server or dump (CVE-2026-6477,
# CVE-2026-18408). A package or program below it fails the build.
ARG PG_SAFE_MINORS="14.24 15.19 16.15 17.11 18.6 19.0"

FROM docker.io/library/node:24-trixie-slim AS program
WORKDIR /build
COPY package.json package-lock.json ./
# No package runs a program of its own here; that of `node`, which would have left one there, shows it.
RUN npm ci --ignore-scripts --no-audit --no-fund && [ ! -e node_modules/node/bin/node ]
COPY src ./src
COPY .ci/sbom ./.ci/sbom
# The second command fails for a package in the bundle that has no permissive licence.
RUN npm run build -- --metafile=bundle.json \
  && node .ci/sbom/third-party.ts bundle.json /usr/local/LICENSE >THIRD-PARTY.txt \
  && npm sbom --sbom-format=cyclonedx --package-lock-only >npm.json \
  && node .ci/sbom/npm-part.ts npm.json bundle.json >components.json

FROM docker.io/library/debian:trixie-slim AS postgres
# Majors whose clients must be there, and majors that are taken as soon as the archive has them.
ARG PG_MAJORS="14 15 16 17 18"
ARG PG_MAJORS_NEXT="19"
ARG PG_SAFE_MINORS
# The one server, which drills restore into: of the newest of those majors when empty, `none` for an image without one.
# It has contrib and pgvector, and no PL/Perl, PL/Python or the like. Packages of further extensions are taken with the
# libraries they need, as "postgresql-18-postgis-3 postgresql-18-postgis-3-scripts" for PostGIS (76 MB compressed);
# locales are made for databases that name their collations.
ARG PG_SERVER_MAJOR=""
ARG PG_EXTRA_PACKAGES=""
ARG PG_LOCALES="en_US.UTF-8"
# The PostgreSQL project's own Debian archive or a mirror of it, and its armoured public key (empty: the key in Debian's
# own postgresql-client-common package).
ARG PG_ARCHIVE=https://apt.postgresql.org/pub/repos/apt
ARG PG_ARCHIVE_KEY=""
COPY .ci/fetch-postgres.sh /
RUN /fetch-postgres.sh /postgres

FROM docker.io/library/debian:trixie-slim
# gpg-agent is what gpg asks even for a passphrase it was handed; the four libraries are what libpq5 and psql load.
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    age ca-certificates gpg gpg-agent tini zstd \
    libgssapi-krb5-2 libldap2 liblz4-1 libreadline8t64 \
  && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
  && groupadd --gid 10001 backup-job \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin backup-job
COPY --from=program /usr/local/bin/node /usr/local/bin/node
# Only the programs that are used: the packages would bring perl, and Debian's pg_dump is a wrapper written in it.
COPY --from=postgres /postgres/lib /usr/lib/postgresql
COPY --from=postgres /postgres/share /usr/share/postgresql
COPY --from=postgres /postgres/locale /usr/lib/locale
COPY --from=postgres /postgres/status.d /var/lib/dpkg/status.d
COPY --from=postgres /postgres/doc /usr/share/doc
ARG PG_SAFE_MINORS
COPY .ci/check-programs.sh .ci/check-server.sh /tmp/
RUN --mount=type=bind,from=postgres,source=/postgres/packages,target=/mnt \
  dpkg --install /mnt/libpq5.deb \
  && apt-get update \
  && DEBIAN_FRONTEND=noninteractive xargs --no-run-if-empty apt-get install -y --no-install-recommends </mnt/needed \
  && /tmp/check-programs.sh \
  && setpriv --reuid=10001 --regid=10001 --clear-groups /tmp/check-server.sh \
  && rm -rf /tmp/* /var/lib/apt/lists/* /var/log/* /var/cache/*
COPY entrypoint.sh /app/
COPY --from=program /build/dist/ /build/THIRD-PARTY.txt /app/
RUN --mount=type=bind,from=program,source=/build,target=/mnt \
  node /mnt/.ci/sbom/image-sbom.ts /mnt/components.json >/app/sbom.json
# Compiled code for a quicker start (measured: a sixth of the start's CPU). Node keys it by uid and by its options, hence the detour; another
# user starts without it. A backup without a setting ends with 78, and has loaded what every backup loads; the help loads all.
RUN install -d -o backup-job /app/compiled \
  && setpriv --reuid=10001 --regid=10001 --clear-groups \
    env NODE_COMPILE_CACHE=/app/compiled sh -c '/app/entrypoint.sh backup || [ $? = 78 ]; /app/entrypoint.sh --help' \
  && chown -R root:root /app/compiled && chmod -R a+rX /app/compiled

ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="pg-offsite" \
  org.opencontainers.image.description="PostgreSQL backups into a bucket you own: dumped, compressed, encrypted, streamed, verified, or a loud failure" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/compiled LANG=C.UTF-8
WORKDIR /app
USER 10001:10001
# For hosts that keep the container running. Doctor talks to the database and the store, hence the long pause.
HEALTHCHECK --interval=1h --timeout=2m --start-period=1m CMD ["/app/entrypoint.sh", "doctor"]
ENTRYPOINT ["/usr/bin/tini", "--", "/app/entrypoint.sh"]
