#!/bin/sh
# Proves that a clean clone is enough: clones HEAD beside nothing of this folder and runs its tests there.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
git clone --quiet --no-hardlinks "$here" "$place/planner"
if [ -d "$here/../shared" ]; then  # real data that some tests use where it lies beside the project
    ln -s "$(cd "$here/../shared" && pwd)" "$place/shared"
fi
cd "$place/planner"
echo "Testing $(git log -1 --format='%h %s') in a clean clone"
env -u VIRTUAL_ENV make --no-print-directory test
