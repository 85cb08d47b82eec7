#!/bin/bash
# Someone who may push to the playbooks' repository, and knows git's plumbing. What the broker does not take, no
# worker is offered; what it does take is worth what its signatures are.
. "$(dirname "$0")/../e2e/tap.bash"
. "$(dirname "$0")/attack.bash"
attack_site releases
repository=$SITE_HOME/playbooks.git
export GIT_DIR=$repository GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x
genuine=$(git for-each-ref --format='%(refname)' refs/tocsin/release | head -n 1)
first=${genuine##*/}

blob() { git hash-object -w --stdin; }
# tree MODE NAME ID...: a tree object of these entries, which nobody checks.
tree() {
    while [ $# -gt 0 ]; do
        entry "$1" "$2" "$3"
        shift 3
    done | git hash-object -w -t tree --literally --stdin
}
entry() { printf '%s %s\0' "$1" "$2"; printf "$(printf '%s' "$3" | sed 's/../\\x&/g')"; }
manifest=$(git rev-parse "$genuine:files/manifest") playbook=$(git rev-parse "$genuine:files/playbook.lua")
files=$(git rev-parse "$genuine:files")

# sign PERSON NAMESPACE: an armor over standard input.
sign() { ssh-keygen -q -Y sign -f "$SITE_HOME/keys/$1" -n "$2@tocsin.v1" 2>/dev/null; }
# release SEQUENCE [LINE...]: the genuine document with another sequence, and more lines of files.
release() {
    local sequence=$1
    shift
    git show "$genuine:release" | sed "s/^sequence .*/sequence $sequence/" | grep -v '^end$\|^file '
    { git show "$genuine:release" | grep '^file '; printf 'file %s\n' "$@" | grep -v '^file $'; } | LC_ALL=C sort
    echo end
}
# push NAME FILES-TREE [MESSAGE] <DOCUMENT: prints the release's hash.
push() {
    local document hash top
    document=$(cat; echo .) && document=${document%.}
    hash=$(printf '%s' "$document" | sha256sum | cut -d' ' -f1)
    top=$(tree 100644 author.sigs "$(printf '%s' "$document" | sign khoa author | blob)" 40000 files "$2" \
        100644 release "$(printf '%s' "$document" | blob)")
    git update-ref "refs/tocsin/release/$hash" "$(printf '%s' "${3:-x}" | git commit-tree "$top")"
    echo "$hash" >"$SITE_HOME/log/$1.hash"
}
# approve PERSON HASH: as `tocsin review approve` pushes it.
approve() {
    local key top
    key=$(cut -d' ' -f2 "$SITE_HOME/keys/$1.pub" | base64 -d | sha256sum | cut -d' ' -f1)
    top=$(tree 100644 approval.sigs "$(git show "refs/tocsin/release/$2:release" | sign "$1" approve | blob)")
    git update-ref "refs/tocsin/approval/$2/$key" "$(git commit-tree "$top" </dev/null)"
}
hash() { cat "$SITE_HOME/log/$1.hash"; }

broker_start
worker_start north-1
ok "the worker is online" wait_for 20 worker_online north-1

link=$(printf /etc/passwd | blob)
extra=$(printf 'return 1\n' | blob)
short=$(git cat-file blob "$playbook" | head -c -1 | blob)
# lines PATH BLOB: what a release says of this file.
lines() {
    printf '%s %s %s' "$1" "$(git cat-file -s "$2")" "$(git cat-file blob "$2" | sha256sum | cut -d' ' -f1)"
}
sha256_of() { printf '%s' "$1" | sha256sum | cut -d' ' -f1; }
genuine_files=(100644 manifest "$manifest" 100644 playbook.lua "$playbook")
up=$(tree 100644 evil "$extra")
release 11 | push symlink "$(tree 100644 manifest "$manifest" 120000 playbook.lua "$link")"
release 12 | push submodule "$(tree 100644 manifest "$manifest" 160000 playbook.lua "$link")"
release 13 | push dots "$(tree 40000 .. "$up" "${genuine_files[@]}")"
release 14 "$(lines ../evil "$extra")" | push traversal "$(tree 40000 .. "$up" "${genuine_files[@]}")"
release 15 "$(lines Playbook.lua "$extra")" |
    push collision "$(tree 100644 Playbook.lua "$extra" "${genuine_files[@]}")"
release 16 | push extra "$(tree 100644 extra.lua "$extra" "${genuine_files[@]}")"
release 17 | push truncated "$(tree 100644 manifest "$manifest" 100644 playbook.lua "$short")"
release 18 | push missing "$(tree 100644 manifest "$manifest")"
git update-ref "refs/tocsin/release/$(sha256_of other)" "$genuine"
# An older one that nobody approved yet, two newer ones that never are, and the one that is to run.
release 2 | push newer "$files"
release 33 | push body "$files" "wipe: better
$(release 33 | sign ana approve)
$(release 33 | sign binh approve)"
release 34 | push one "$files"
last=9223372036854775807
release $last | push last "$files"
release $last | sed 's/^author khoa/author giang/' | push unsigned "$files"
release 6 | push newest "$files"
approve ana "$(hash one)"
approve khoa "$(hash one)"
for person in ana binh; do approve $person "$(hash newest)"; done
chmod -R go+rX "$repository"

said() { grep -q "$1" "$SITE_HOME/log/broker"; }
skipped() { said "catalog: release $(hash "$1" | cut -c1-16) is skipped: .*$2"; }
state() {
    tocsin --json playbook list | tr -d ' \n' | grep -o '{[^{}]*}' | grep "\"hash\":\"$1\"" |
        sed -n 's/.*"state":"\([a-z]*\)".*/\1/p'
}
state_is() { [ "$(state "$1")" = "$2" ]; }

ok "the newest approved release is in service" wait_for 10 state_is "$(hash newest)" inservice
ok "rel_symlink_mode: refused" skipped symlink "mode 120000"
ok "rel_symlink_mode: nor a submodule" skipped submodule "mode 160000"
ok "rel_path_traversal: not among its files" skipped dots "\.\./evil"
ok "rel_path_traversal: not even if it lists it" skipped traversal "path"
ok "rel_path_case_collision: refused" skipped collision "case"
ok "rel_extra_file: refused" skipped extra "extra.lua"
ok "rel_file_truncated: refused" skipped truncated "playbook.lua"
ok "rel_file_missing: refused" skipped missing "files"
ok "rel_under_another_name: refused" \
    said "catalog: release $(sha256_of other | cut -c1-16) is skipped: .*hash"
ok "rel_sig_in_commit_body: approvals in a message are none" state_is "$(hash body)" waiting
ok "rel_below_quorum: one approval and the author's are too few" state_is "$(hash one)" waiting
propose() {
    cp -r "$SOURCE/tests/attack/playbooks/wipe" "$SITE_HOME/another" && echo "-- $1" >>"$SITE_HOME/another/playbook.lua" &&
        (unset GIT_DIR; tocsin --no-input playbook propose "$SITE_HOME/another" --repo "$repository" --key "$SITE_HOME/keys/khoa" --author khoa 2>&1)
    local status=$?
    rm -rf "$SITE_HOME/another"
    return $status
}
ok "rel_fast_forward_seq: one with the last sequence waits like others" state_is "$(hash last)" waiting
ok "rel_fast_forward_seq: it ends its author's proposals, in so many words" eval 'propose a | grep "the last sequence that there is"'
git update-ref -d "refs/tocsin/release/$(hash last)"
ok "rel_fast_forward_seq: one that its author did not sign counts for nothing" eval 'propose b | grep "35"'
ok "rel_skipped_is_nowhere: none of them is listed" \
    test -z "$(state "$(hash symlink)")$(state "$(hash traversal)")$(state "$(hash extra)")"

# An older one gets its approvals later; another commit stands for the newest.
for person in ana binh; do approve $person "$(hash newer)"; done
mutated=$(git cat-file commit "refs/tocsin/release/$(hash newest)" | sed '/^committer /a xhdr made up' | git hash-object -w -t commit --literally --stdin)
git update-ref "refs/tocsin/release/$(hash newest)" "$mutated"
swapped=$(tree 100644 author.sigs "$(git rev-parse "$genuine:author.sigs")" \
    40000 files "$(tree 100644 manifest "$manifest" 100644 playbook.lua "$extra")" \
    100644 release "$(git rev-parse "$genuine:release")")
git update-ref "$genuine" "$(git commit-tree "$swapped" </dev/null)"
chmod -R go+rX "$repository"
ok "rel_git_commit_mutated_header: other files under an approved name are refused" \
    wait_for 10 said "release $(echo "$first" | cut -c1-16) is skipped: .*playbook.lua"
ok "rel_git_commit_mutated_header: another header changes nothing" state_is "$(hash newest)" inservice
ok "rel_rollback_seq: the older one is approved" wait_for 10 not state_is "$(hash newer)" waiting
ok "rel_rollback_seq: and the newest stays in service" state_is "$(hash newest)" inservice
ok "nothing began" test "$(begins north-1)" = 0
attack_still_works
ok "  by the newest release" grep -q "\"release\": \"$(hash newest)\"" <(tocsin --json run list)
ok "  and the record verifies" tocsin audit verify
tap_end
