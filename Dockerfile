# Contains only postern and its runtime files: no shell, no package manager.
#
#   docker build --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse --short HEAD)" --tag postern:0.1.0 .
#
# For amd64 and arm64 in one manifest, and the same for docker buildx:
#
#   podman build --platform linux/amd64,linux/arm64 --manifest postern:0.1.0 .
#
# Builds of one commit are reproducible: SOURCE_DATE_EPOCH is the time stamp of all files.

# debian:bookworm-20260918-slim, the index of all architectures.
ARG BASE=docker.io/library/debian@sha256:3783cc01769c7b2b1b83a5c5ad96c815348e28ed7da68e2e3687004faa906251
FROM $BASE AS build
COPY scripts/image/packages.sh scripts/image/packages.list /build/
# packages.sh explains both: the date of the package archive, and whether other versions are an error.
ARG SNAPSHOT=
ARG POSTERN_STRICT_PACKAGES=
RUN /build/packages.sh
ENV CFLAGS="-O2 -ffunction-sections -fdata-sections"
ENV CXXFLAGS="$CFLAGS"
# The compiler cache stays on the builder, not in the image.
ENV CCACHE_DIR=/ccache CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
COPY scripts/hardening.flags /build/postern/scripts/
COPY scripts/image/libraries.sh /build/
RUN --mount=type=cache,target=/ccache /build/libraries.sh /build/postern/scripts/hardening.flags

COPY CMakeLists.txt /build/postern/
COPY daemon /build/postern/daemon/
COPY scripts/image/program.sh /build/
ARG REVISION=unknown
RUN --mount=type=cache,target=/ccache /build/program.sh /build/postern /build/program

COPY scripts/image/copy.sh scripts/image/root.sh scripts/image/sbom.py /build/
ARG VERSION=
ARG SOURCE_DATE_EPOCH=0
RUN /build/root.sh /build/postern /build/program /build/root

FROM scratch
COPY --from=build /build/root/ /
ARG VERSION=
ARG REVISION=unknown
LABEL org.opencontainers.image.title="postern" \
  org.opencontainers.image.description="Shows metrics that are locked behind mutual TLS and a login to Prometheus" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION"
# glibc keeps up to 200 KB of freed memory for each thread; threads start and end with the load.
ENV PATH=/usr/bin GLIBC_TUNABLES=glibc.malloc.tcache_count=0
USER 65532:65532
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["/usr/bin/postern", "check", "--live"]
ENTRYPOINT ["/usr/bin/postern"]
