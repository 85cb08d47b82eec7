#!/bin/bash
# The op table is what people read, what the linter knows and what a policy may name.
. "$(dirname "$0")/tap.bash"
tap_site ops

manual_is_the_tables() { "$BUILD/bin/tocsin" op list --markdown | diff - "$SOURCE/docs/OPS.md"; }
ok "docs/OPS.md says what the op table says (make docs)" manual_is_the_tables
tap_end
