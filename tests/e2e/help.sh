#!/bin/bash
# What the command line says of itself, to who has no site, no broker and no time.
. "$(dirname "$0")/tap.bash"
tap_site help
tocsin() { "$BUILD/bin/tocsin" "$@"; }
# says REGEX COMMAND...: it ends well and says so; fails STATUS REGEX COMMAND...: it ends so.
says() { local regex=$1; shift; "$@" </dev/null | grep -qE -- "$regex"; }
fails() { local status=$1 regex=$2 text; shift 2; text=$("$@" 2>&1 </dev/null); [ $? = "$status" ] && grep -qE -- "$regex" <<<"$text"; }
# Each option of each command, as their usages have them.
options() { tocsin help | sed -n 's/^  tocsin \([a-z]* \?[a-z-]*\) .*/\1/p' | while read -r command; do tocsin help $command | grep '^  --'; done; }
unexplained() { options | grep -E '^  --[a-z-]+([ =][^ ]+)? *$'; }

ok "the overview names every noun" says "^  tocsin run plan +what an order would do" tocsin help
ok "  and is what no word at all gets" says "^  tocsin run plan " tocsin
ok "one command is shown alone, with examples" says "^  tocsin run plan disk-full --incident" tocsin run plan --help
ok "  and its options" says "^  --at-most N +refuse a plan" tocsin help run plan
ok "  each explained" eval '[ "$(options | wc -l)" -gt 60 ] && ! unexplained'
ok "no usage is wider than a terminal that people have" eval '! tocsin help run | grep -E "^.{110}"'
ok "a word that is misspelt is guessed" fails 64 "did you mean: tocsin run start" tocsin run strt
ok "  a noun too" fails 64 "did you mean: tocsin incident" tocsin incidnt view 3
ok "  and what other tools call it" fails 64 "did you mean: tocsin run view" tocsin run show
ok "  and what one wants to see" fails 64 "did you mean: tocsin incident view 3" tocsin incident 3
ok "  and what is like nothing is not" fails 64 "no command 'bogus'; see: tocsin help" tocsin bogus
ok "  and no word is taken for a number" fails 64 "no command 'worker add'$" tocsin worker add
ok "a noun alone is told its verbs" fails 64 "there are: list view drain resume" tocsin worker
ok "an option that is none is said to be none" fails 64 "there is no option '--nonsense'" tocsin --nonsense status
ok "  and a text that begins like one is told where it may stand" fails 64 "no option '- it smokes' here: a text that begins so stands behind --" tocsin incident note 1 "- it smokes"
commands() { tocsin help | sed -n 's/^  tocsin \([a-z]* \?[a-z-]*\)   .*/\1/p'; }
silent() { commands | grep -v ^completion | while read -r command; do fails 64 "--nonsense" tocsin $command --nonsense || echo "# tocsin $command"; done; }
ok "  by each command" eval '[ "$(commands | wc -l)" -gt 60 ] && silent="$(silent)" && [ -z "$silent" ] || { echo "$silent"; false; }'
ok "  nor is it taken for the name of a file to write" eval 'cd "$SITE_HOME" && fails 64 "--nonsense" tocsin keys curve --nonsense && [ ! -e ./--nonsense ]'
ok "  and what does not belong behind one is not passed over" fails 64 "'4b1d22' does not belong here" tocsin run list 4b1d22
ok "    nor behind another" fails 64 "'waiting' does not belong here" tocsin incident list waiting
ok "  and a number that does not fit is told its bounds" fails 64 "1 to 1000" tocsin audit list --limit 0
tap_end
