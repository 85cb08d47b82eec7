#!/bin/bash
# The life of a site's documents in people's hands: a root that follows a root, signed by its holders on machines of
# their own; workers that are let in and never again under the same name; and what the broker makes of both.
. "$(dirname "$0")/tap.bash"
tap_site keys
keys=$SITE_HOME/keys site=$TOCSIN_SITE

signs() { tocsin --no-input keys sign "$2" "$3" --key "$keys/$1"; } # PERSON FOLDER DOCUMENT
sign_as() { # likewise, whether others must sign it too or not
    local status=0
    signs "$@" || status=$?
    [ $status = 6 ] || return $status
}
fails() { local status=$1; shift; "$@"; [ $? = "$status" ]; }
said() { grep -qF -- "$1" "$SITE_HOME/log/last"; }
copy_of() { rm -rf "$SITE_HOME/$1.site"; cp -r "$site" "$SITE_HOME/$1.site"; } # a holder's own machine
request() { "$BUILD/bin/tocsin-worker" enrol -c "$SITE_HOME/$1/worker.conf" >"$SITE_HOME/$1/request" 2>"$SITE_HOME/$1/said"; }
fingerprint() { sed -n 's/^fingerprint *//p' "$SITE_HOME/$1/said"; }
enrol() { # PERSON REGION WORKER [OPTION...]
    tocsin --no-input keys enrol "$site" "$2" "$SITE_HOME/$3/request" --key "$keys/$1" --fingerprint "$(fingerprint "$3")" "${@:4}"
}
fresh_worker() { # a machine that has nothing of the site but its id
    worker_configure "$1"
    sed -i "s|^documents .*|documents $SITE_HOME/$1/documents|" "$SITE_HOME/$1/worker.conf"
}

ok "the next root adds a holder, and says what that changes" tocsin keys root "$site" --holder dung="$keys/dung.pub" --expires 100d
ok "  in words" said "adds root holder dung SHA256:"
ok "a root that nobody could sign is not begun" fails 64 tocsin keys root "$site" --quorum-root 9
for person in ana binh; do copy_of $person; done
ok "a stranger's signature is not kept" fails 4 sign_as khoa "$SITE_HOME/ana.site" root
ok "one holder signs on a machine of her own, and hears that others must too" fails 6 signs ana "$SITE_HOME/ana.site" root
ok "  and is told what is missing of both roots" eval 'said "root 1: ana signed; 1 more of: binh, chi" && said "root 2: ana signed; 1 more of: binh, chi, dung"'
ok "  and it is not in force" test ! -e "$SITE_HOME/ana.site/root.2"
ok "the next takes it over" fails 6 tocsin keys take "$SITE_HOME/binh.site" "$SITE_HOME/ana.site/draft.root.2"
ok "  and signs it: it is in force" eval 'sign_as binh "$SITE_HOME/binh.site" root.2 && test -e "$SITE_HOME/binh.site/root.2"'
rm "$site"/draft.root.2*
sed 's/^quorum-root 2$/quorum-root 1/' "$SITE_HOME/binh.site/root.2" >"$SITE_HOME/forged"
cp "$SITE_HOME/binh.site/root.2.sigs" "$SITE_HOME/forged.sigs"
ok "with one word changed nobody has signed it" eval '! { tocsin keys take "$site" "$SITE_HOME/forged" && test -e "$site/root.2"; }'
rm -f "$site"/draft.root.2*
ok "the site takes it" eval 'tocsin keys take "$site" "$SITE_HOME/binh.site/root.2" && test -e "$site/root.2"'
ok "  and the whole chain holds" tocsin keys verify "$site"
ok "  stock ssh-keygen says so too" eval 'tocsin keys allowed-signers "$site" >"$SITE_HOME/signers" && sed -n "1,/END/p" "$site/root.2.sigs" >"$SITE_HOME/one" &&
    ssh-keygen -Y verify -f "$SITE_HOME/signers" -I ana -n root@tocsin.v1 -s "$SITE_HOME/one" <"$site/root.2"'

# proves PERSON PURPOSE...: what that person signs in each namespace is held to be theirs.
proves() {
    local person=$1 purpose
    shift
    echo "words" >"$SITE_HOME/words"
    for purpose; do
        rm -f "$SITE_HOME/words.sig"
        ssh-keygen -q -Y sign -f "$keys/$person" -n "$purpose@tocsin.v1" "$SITE_HOME/words" &&
            ssh-keygen -Y verify -f "$SITE_HOME/signers" -I "$person" -n "$purpose@tocsin.v1" -s "$SITE_HOME/words.sig" <"$SITE_HOME/words" || return 1
    done
}
ok "  of whatever else people sign too" eval 'proves khoa author consent && proves ana approve reject && proves dung order cosign grant stop consent answer &&
    proves chi fleet stop resume revoke restart consent answer'
ok "    and of nothing that their role does not" eval '! proves khoa order && ! proves ana stop && ! proves dung resume && ! proves chi order'
ok "a holder leaves" tocsin keys drop "$site" root holder chi
ok "  with the signatures of two who stay" eval 'sign_as ana "$site" root && sign_as dung "$site" root && test -e "$site/root.3"'
ok "  and what she alone had signed is said to be out of order" eval 'grep -q "not in order yet: people" "$SITE_HOME/log/last"'
ok "people are signed anew, with a floor in them" eval 'tocsin keys floor "$site" disk-full 3 && sign_as ana "$site" people && sign_as binh "$site" people'
ok "  and all is in order again" tocsin keys verify "$site"
ok "who leaves the people document takes curve key and delegations along" eval 'tocsin keys drop "$site" people person dung && ! grep -q dung "$site/draft.people"'
rm "$site/draft.people"

SITE_WORKERS="$SITE_WORKERS north-3 north-4"
fresh_worker north-3; fresh_worker north-4
ok "a worker asks, with keys that it makes" request north-3
ok "  and asks for the same when asked again" eval 'cp "$SITE_HOME/north-3/request" "$SITE_HOME/before" && request north-3 && cmp "$SITE_HOME/before" "$SITE_HOME/north-3/request"'
request north-4
ok "nobody enrols without the fingerprint" fails 64 tocsin --no-input keys enrol "$site" north "$SITE_HOME/north-3/request" --key "$keys/chi"
ok "  nor with that of another request" fails 4 tocsin --no-input keys enrol "$site" north "$SITE_HOME/north-3/request" --key "$keys/chi" --fingerprint "$(fingerprint north-4)"
ok "  nor who is no officer of the region" fails 4 enrol dung north north-3
ok "  and nothing is drafted" test ! -e "$site/draft.fleet.north"
ok "the officer enrols it" enrol chi north north-3 --host north-3.example --labels role=web
ok "  not twice" fails 9 enrol chi north north-3
ok "an answer of another site is not taken" eval 'sed "s/^site .*/site $(printf %064d 7)/" "$SITE_HOME/north-3/worker.conf" >"$SITE_HOME/other.conf" &&
    fails 4 tocsin-worker enrol -c "$SITE_HOME/other.conf" "$SITE_HOME/north-3/request.answer"'
ok "  nor one that lists another worker" fails 4 tocsin-worker enrol -c "$SITE_HOME/north-4/worker.conf" "$SITE_HOME/north-3/request.answer"
ok "  and neither left anything" test ! -e "$SITE_HOME/north-4/documents/root.1"
ok "the worker takes its own" tocsin-worker enrol -c "$SITE_HOME/north-3/worker.conf" "$SITE_HOME/north-3/request.answer"
chmod -R go+rX "$site"
broker_start
worker_start north-3
ok "  and is online with nothing else" wait_for 20 worker_online north-3
ok "it leaves the fleet, and the broker" eval 'tocsin keys drop "$site" fleet.north worker north-3 && sign_as chi "$site" fleet.north && test -e "$site/past/fleet.north.3"'
sed -i 's/^worker north-4$/worker north-3/' "$SITE_HOME/north-4/request"
sed -i 's/^name .*/name north-3/' "$SITE_HOME/north-4/worker.conf"; request north-4
ok "its id is never used again" fails 9 enrol chi north north-4
ok "  as the reason says" said "ids are never used again"
tap_end
