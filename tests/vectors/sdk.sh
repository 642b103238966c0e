#!/usr/bin/env bash
# Runs the vectors through both versions of iExec's SDK, and writes sdk.txt: where the SDK does otherwise than expected.
# Takes the SDK from IEXEC_SDK_DIR, or has npm fetch it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
folder=${IEXEC_SDK_DIR:-$(../../softhsm/sdk.sh)}
for version in 8.24.0 9.0.1; do
    node sdk.mjs "$folder/$version" | awk -v version="$version" '
        { opens = $2 == "result"; same = opens ? $3 == "result" : $3 == "refused" }
        same { agree++; next }
        { lines = lines sprintf("  %-36s %-15s %s\n", $1, $2, $3) }
        END { printf "iexec@%s: %d of %d vectors as expected; otherwise:\n%s\n", version, agree, NR, lines }'
done >sdk.txt
