#!/bin/sh
# The story of a real retailer's year on a Pontis network of its own, from start to audit. Prints what output.txt shows.
# Writes only into a temporary folder, which it removes.
set -eu
pontis_root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
. "$pontis_root/script/setup"
exec node "$pontis_root/examples/retail-year/run.ts" "$@"
