# SPDX-License-Identifier: Apache-2.0
# The program on Debian 12. The image's target is the last stage; `functions` has Python as well.
#
#   docker build -t mediaconvert-local .
#   docker build -t mediaconvert-local-functions --target functions .

FROM debian:12-slim AS build
WORKDIR /source
COPY tools/install.sh tools/
RUN tools/install.sh build
COPY CMakeLists.txt CMakePresets.json ./
COPY src src
RUN cmake --preset release \
    && cmake --build --preset release \
    && DESTDIR=/installed cmake --install build/release --strip

FROM debian:12-slim AS runtime
# FFmpeg is Debian's, built under the GPL, with x264: see "Licence and credits" in README.md. What
# each package is under stands in /usr/share/doc/PACKAGE/copyright.
LABEL org.opencontainers.image.title="mediaconvert-local" \
      org.opencontainers.image.description="Runs the job.json of AWS Elemental MediaConvert on your own machine" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"
# The certificates that https:// is checked with, and the package of each library that the two
# programs are linked with. tests/structure compares with ldd.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates \
        libavcodec59 \
        libavfilter8 \
        libavformat59 \
        libavutil57 \
        libcjson1 \
        libcsv3 \
        libcurl4 \
        libmicrohttpd12 \
        libsqlite3-0 \
        libssl3 \
        libswresample4 \
        libswscale6 \
        libturbojpeg0 \
        libxml2 \
        libzip4 \
        zlib1g \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 1000 mediaconvert \
    && useradd --uid 1000 --gid 1000 --no-log-init --no-create-home --home-dir /work mediaconvert \
    && install --directory --owner 1000 --group 1000 /work
COPY --from=build /installed/usr/local /usr/local
COPY LICENSE job-json/tutorial.json /usr/local/share/mediaconvert-local/
USER 1000:1000
# Names of files on the command line are seen from here, and s3:// names are folders in ./buckets.
WORKDIR /work
VOLUME /work
# A container runs one job or serves; what holds for both is asked: whether the program judges a job,
# and whether the other program, which it executes to run one, finds FFmpeg and its other libraries.
HEALTHCHECK --interval=1m --timeout=30s \
    CMD mediaconvert-local validate /usr/local/share/mediaconvert-local/tutorial.json \
        && mediaconvert-local run --help > /dev/null \
        || exit 1
ENTRYPOINT ["mediaconvert-local"]

# For functions that are written as for AWS Lambda: Python and boto3.
FROM runtime AS functions
USER root
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        python3 \
        python3-boto3 \
    && rm -rf /var/lib/apt/lists/*
USER 1000:1000

FROM runtime
