#!/bin/sh
# Installs iexec-hsm for a job: install.sh PROJECT FOLDER
#
# With IEXEC_HSM_RELEASE, the URL of a release's archive, and IEXEC_HSM_SHA256, its checksum, it is that program. Otherwise
# the program in FOLDER/bin, which a cache has brought, or one that is built from PROJECT.
set -eu

project=$1 folder=$2
mkdir -p "$folder/bin"
if [ -n "${IEXEC_HSM_RELEASE:-}" ]; then
    archive=$(mktemp)
    curl --fail --silent --show-error --location --output "$archive" "$IEXEC_HSM_RELEASE"
    echo "${IEXEC_HSM_SHA256:?the SHA-256 of the archive} *$archive" | sha256sum --check --quiet
    tar --extract --gzip --file "$archive" --directory "$folder/bin" --strip-components 1 --wildcards '*/iexec-hsm'
    rm "$archive"
elif [ ! -x "$folder/bin/iexec-hsm" ]; then
    cargo install --quiet --locked --root "$folder" --path "$project"
fi
