/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons: their one spelling, whose word they are, what they name, and how long they count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/freshness.h"
#include "tests/unit/trust_fixture.h"

#define MINUTE (60 * 1000)

/* Root's second version with "tick" as its timekeeper. */
static root_t *
root_with(site_t *site, const char *key, const char *curve)
{
    root_t *root = site_root_next(site);
    root->timekeeper = (timekeeper_t){.name = "tick", .curve = site_curve(curve)};
    root->timekeeper.key = *machinekey_public(site_key(site, key));
    root->offline_max_s[CLASS_CHANGE] = 3600;
    root->offline_max_s[CLASS_DESTRUCTIVE] = 600;
    return root;
}

static int
add_root(bench_t *bench, root_t *root)
{
    return add(bench, site_seal_root(bench->site, root, "hana,hugo"));
}

static void
name_timekeeper(bench_t *bench)
{
    assert_fine(bench, add_root(bench, root_with(bench->site, "tick", "tick")));
}

/* What is kept, as a beacon of that number, made so many ms after now. */
static beacon_t *
beacon_of(bench_t *bench, uint64_t sequence, int64_t after_ms)
{
    beacon_t *beacon = trust_beacon(bench->site->trust);
    beacon->sequence = sequence;
    beacon->made.ms = bench->site->now.ms + after_ms;
    return beacon;
}

static sealed_t
seal_by(bench_t *bench, beacon_t *beacon, purpose_t purpose, const char *who)
{
    bytes_t *document = bytes_new();
    beacon_encode(beacon, document);
    beacon_destroy(&beacon);
    return site_seal(bench->site, purpose, document, who);
}

static sealed_t
seal(bench_t *bench, beacon_t *beacon)
{
    return seal_by(bench, beacon, SIGN_BEACON, "tick");
}

static int
check_by(bench_t *bench, beacon_t *beacon, purpose_t purpose, const char *who)
{
    sealed_t sealed = seal_by(bench, beacon, purpose, who);
    CLEANUP(beacon_destroy)
    beacon_t *read = trust_check_beacon(bench->site->trust, bytes_slice(sealed.document),
                                        bytes_slice(sealed.armors), &bench->fault);
    sealed_done(&sealed);
    return read ? 0 : -1;
}

/* ---- the document -------------------------------------------------------------------------- */

static beacon_t *
full_beacon(bench_t *bench)
{
    static const char *const regions[] = {"east", "north"};
    beacon_t *beacon = memory_new(1, sizeof *beacon);
    *beacon = (beacon_t){.site = bench->site->id,
                         .sequence = 7,
                         .made = bench->site->now,
                         .root = {.version = 2, .hash = hash_of(slice_text("root"))},
                         .people = {.version = 3, .hash = hash_of(slice_text("people"))},
                         .fleet_count = 2,
                         .halt_count = 1,
                         .nonce_count = 1,
                         .nonces = hash_of(slice_text("nonces"))};
    beacon->fleets = memory_new(2, sizeof *beacon->fleets);
    beacon->halts = memory_new(1, sizeof *beacon->halts);
    for (size_t i = 0; i < 2; i++) {
        beacon->fleets[i] = (newest_t){.version = i + 1, .hash = hash_of(slice_text(regions[i]))};
        text_copy(beacon->fleets[i].region, sizeof beacon->fleets[i].region, regions[i]);
    }
    beacon->halts[0] = hash_of(slice_text("halt"));
    return beacon;
}

/* The code with which a beacon's text is refused once from stands for to. */
static fault_code_t
judge(bench_t *bench, const char *from, const char *to)
{
    fault_t fault = {0};
    CLEANUP(beacon_destroy) beacon_t *full = full_beacon(bench);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *edited = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    beacon_encode(full, text);
    const char *at = strstr(bytes_text(text), from);
    assert_non_null(at);
    bytes_add(edited, text->data, (size_t)(at - bytes_text(text)));
    bytes_add_text(edited, to);
    bytes_add_text(edited, at + strlen(from));
    CLEANUP(beacon_destroy) beacon_t *read = beacon_decode(bytes_slice(edited), &fault);
    if (!read)
        return fault.code;
    beacon_encode(read, again);
    assert_true(slice_equal(bytes_slice(edited), bytes_slice(again)));
    return FAULT_NONE;
}

static void
a_beacon_has_one_spelling(void **state)
{
    bench_t *bench = *state;
    assert_int_equal(judge(bench, "end", "end"), FAULT_NONE);
    assert_int_equal(judge(bench, "sequence 7", "sequence 0"), FAULT_FORMAT);
    assert_int_equal(judge(bench, "sequence 7", "sequence 07"), FAULT_FORMAT);
    assert_int_equal(judge(bench, "fleet east", "fleet north"), FAULT_FORMAT);
    assert_int_equal(judge(bench, "fleet east", "fleet zeta"), FAULT_FORMAT);
    assert_int_equal(judge(bench, "fleet east", "fleet e.sigs"), FAULT_FORMAT);
    assert_int_equal(judge(bench, "nonces 1", "nonces 0"), FAULT_FORMAT);
    assert_int_equal(judge(bench, "nonces 1", "nonces 16385"), FAULT_FORMAT);
    assert_int_equal(judge(bench, "nonces 1", "nonces 16384"), FAULT_NONE);
    assert_int_equal(judge(bench, ".000Z", "Z"), FAULT_FORMAT);
}

static void
a_beacon_may_know_of_no_people(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    CLEANUP(beacon_destroy) beacon_t *bare = full_beacon(bench);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bare->people.version = 0;
    beacon_encode(bare, text);
    CLEANUP(beacon_destroy) beacon_t *read = beacon_decode(bytes_slice(text), &fault);
    assert_non_null(read);
    assert_int_equal(read->people.version, 0);
}

static void
too_many_fleets_or_halts_are_refused(void **state)
{
    bench_t *bench = *state;
    static const size_t counts[][2] = {{BEACON_FLEETS_MAX, BEACON_HALTS_MAX},
                                       {BEACON_FLEETS_MAX + 1, 0},
                                       {0, BEACON_HALTS_MAX + 1}};
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        CLEANUP(beacon_destroy) beacon_t *beacon = full_beacon(bench);
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        fault_t fault = {0};
        beacon->fleets = memory_resize(beacon->fleets, counts[i][0] + 1, sizeof(newest_t));
        beacon->halts = memory_resize(beacon->halts, counts[i][1] + 1, sizeof(hash_t));
        beacon->fleet_count = counts[i][0];
        beacon->halt_count = counts[i][1];
        for (size_t k = 0; k < beacon->fleet_count; k++) {
            beacon->fleets[k] = (newest_t){.version = 1};
            snprintf(beacon->fleets[k].region, TEXT_NAME_MAX + 1, "r%03zu", k);
        }
        for (size_t k = 0; k < beacon->halt_count; k++)
            beacon->halts[k] = (hash_t){{(uint8_t)(k >> 8), (uint8_t)k}};
        beacon_encode(beacon, text);
        CLEANUP(beacon_destroy) beacon_t *read = beacon_decode(bytes_slice(text), &fault);
        assert_int_equal(fault.code, i ? FAULT_LIMIT : FAULT_NONE);
        assert_true(!read == (i > 0));
    }
}

static nonce_t
nonce_of(uint8_t number)
{
    return (nonce_t){{number, 1, 2, 3}};
}

static void
a_nonce_has_one_spelling(void **state)
{
    nonce_t nonce = nonce_of(0xab), read;
    char text[NONCE_TEXT];
    (void)state;
    assert_string_equal(nonce_write(&nonce, text), "ab010203000000000000000000000000");
    assert_true(nonce_read(text, &read));
    assert_memory_equal(&nonce, &read, sizeof nonce);
    assert_false(nonce_read("AB010203000000000000000000000000", &read));
}

/* The tree of w1's and w2's nonces: the leaf hash of the one is the path of the other. */
static void
answer_two(beacon_t *beacon, const nonce_t *first, const nonce_t *second, bytes_t *places[2])
{
    hash_t leaves[2] = {beacon_leaf("w1", first), beacon_leaf("w2", second)};
    bool swapped = hash_compare(&leaves[0], &leaves[1]) > 0;
    beacon->nonce_count = 2;
    beacon->nonces =
        swapped ? hash_node(&leaves[1], &leaves[0]) : hash_node(&leaves[0], &leaves[1]);
    for (size_t i = 0; i < 2; i++) {
        places[i] = bytes_new();
        beacon_add_place(places[i], i ^ (size_t)swapped, 2, &leaves[1 - i], 1);
    }
}

static bool
answers_text(const beacon_t *beacon, const nonce_t *nonce, const char *front, size_t hashes)
{
    CLEANUP(bytes_destroy) bytes_t *place = bytes_new();
    bytes_add_text(place, front);
    for (size_t i = 0; i < hashes; i++)
        bytes_add(place, &HASH_ZERO, sizeof HASH_ZERO);
    return beacon_answers(beacon, "w1", nonce, bytes_slice(place));
}

static void
a_place_answers_one_nonce_of_one_worker(void **state)
{
    bench_t *bench = *state;
    nonce_t first = nonce_of(1), second = nonce_of(2);
    bytes_t *places[2];
    CLEANUP(beacon_destroy) beacon_t *beacon = full_beacon(bench);
    answer_two(beacon, &first, &second, places);
    assert_true(beacon_answers(beacon, "w1", &first, bytes_slice(places[0])));
    assert_true(beacon_answers(beacon, "w2", &second, bytes_slice(places[1])));
    assert_false(beacon_answers(beacon, "w1", &first, bytes_slice(places[1])));
    assert_false(beacon_answers(beacon, "w1", &second, bytes_slice(places[0])));
    assert_false(beacon_answers(beacon, "w2", &first, bytes_slice(places[0])));
    slice_t cut = slice_of(places[0]->data, places[0]->size - 1);
    assert_false(beacon_answers(beacon, "w1", &first, cut));
    assert_false(beacon_answers(beacon, "w1", &first, slice_of(NULL, 0)));
    CLEANUP(bytes_destroy) bytes_t *longer = bytes_new(); /* what stands behind a NUL counts too */
    size_t line = strcspn(bytes_text(places[0]), "\n");
    bytes_add(longer, places[0]->data, line);
    bytes_add(longer, "\0x", 2);
    bytes_add(longer, places[0]->data + line, places[0]->size - line);
    assert_false(beacon_answers(beacon, "w1", &first, bytes_slice(longer)));
    static const struct {
        const char *front;
        size_t hashes;
    } bad[] = {{"0 2", 1},   {"0\n", 1},   {"x 2\n", 1},  {"0 x\n", 1},           {"0 3\n", 1},
               {"2 2\n", 1}, {"0 2\n", 0}, {"0 2\n", 15}, {"000000 2000000\n", 1}};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(answers_text(beacon, &first, bad[i].front, bad[i].hashes));
    bytes_destroy(&places[0]);
    bytes_destroy(&places[1]);
}

/* ---- whose word it is ---------------------------------------------------------------------- */

static void
a_beacon_is_the_timekeepers_whom_root_names(void **state)
{
    bench_t *bench = *state;
    CLEANUP(trust_destroy) trust_t *empty = trust_new(&bench->site->id);
    sealed_t early = seal(bench, full_beacon(bench));
    CLEANUP(beacon_destroy)
    beacon_t *none = trust_check_beacon(empty, bytes_slice(early.document),
                                        bytes_slice(early.armors), &bench->fault);
    assert_fault(bench, !none, FAULT_NOT_FOUND);
    sealed_done(&early);
    assert_fault(bench, check_by(bench, full_beacon(bench), SIGN_BEACON, "tick"), FAULT_NOT_FOUND);
    name_timekeeper(bench);
    assert_fine(bench, check_by(bench, full_beacon(bench), SIGN_BEACON, "tick"));
    assert_fault(bench, check_by(bench, full_beacon(bench), SIGN_BEACON, "olaf"), FAULT_KEY);
    assert_fault(bench, check_by(bench, full_beacon(bench), SIGN_RECEIPT, "tick"), FAULT_NAMESPACE);
    assert_fault(bench, check_by(bench, full_beacon(bench), SIGN_BEACON, ""), FAULT_SIGNATURE);
    beacon_t *other = full_beacon(bench);
    other->site = hash_of(slice_text("another site"));
    assert_fault(bench, check_by(bench, other, SIGN_BEACON, "tick"), FAULT_SITE);
}

static void
the_timekeepers_keys_are_nobody_elses(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    static const char *const taken[][2] = {
        {"pat", "tick"}, {"tick", "pat"}, {"tick", "hub"},           {"hana", "tick"},
        {"w1", "tick"},  {"tick", "w2"},  {"monitor-north", "tick"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        assert_fault(bench, add_root(bench, root_with(site, taken[i][0], taken[i][1])), FAULT_KEY);
    root_t *touched = root_with(site, "tick", "tick");
    touched->timekeeper.key.kind = PUBKEY_SK_ED25519;
    text_copy(touched->timekeeper.key.application, PUBKEY_APPLICATION_MAX + 1, "ssh:");
    assert_fault(bench, add_root(bench, touched), FAULT_KEY);
    root_t *witnessed = root_with(site, "tick", "tick");
    witnessed->witness_count = 1;
    text_copy(witnessed->witnesses[0].worker, TEXT_NAME_MAX + 1, "w9");
    witnessed->witnesses[0].key = witnessed->timekeeper.key;
    assert_fault(bench, add_root(bench, witnessed), FAULT_KEY);
    root_t *apart = root_with(site, "tick", "tick");
    apart->witness_count = 1;
    text_copy(apart->witnesses[0].worker, TEXT_NAME_MAX + 1, "w9");
    apart->witnesses[0].key = *machinekey_public(site_key(site, "w9"));
    assert_fine(bench, add_root(bench, apart));
    people_t *people = site_people(site);
    people->version = 2;
    people->curves[0].curve = site_curve("tick");
    assert_fault(bench, add(bench, site_seal_people(site, people, "hana,hugo")), FAULT_KEY);
    fleet_t *fleet = site_fleet(site, "south");
    fleet->version = 2;
    fleet->workers[0].curve = site_curve("tick");
    assert_fault(bench, add(bench, site_seal_fleet(site, fleet, "olaf")), FAULT_KEY);
}

/* ---- what it names ------------------------------------------------------------------------- */

static int
check_named(bench_t *bench, const beacon_t *beacon, const char *worker)
{
    bench->fault = (fault_t){0};
    return trust_check_named(bench->site->trust, beacon, worker, &bench->fault);
}

static void
what_is_older_here_than_a_beacon_names_is_seen(void **state)
{
    bench_t *bench = *state;
    CLEANUP(beacon_destroy) beacon_t *beacon = trust_beacon(bench->site->trust);
    CLEANUP(trust_destroy) trust_t *empty = trust_new(&bench->site->id);
    newest_t *const named[] = {&beacon->root, &beacon->people, &beacon->fleets[0]};
    assert_int_equal(beacon->fleet_count, 2);
    assert_string_equal(beacon->fleets[0].region, "north");
    assert_fine(bench, check_named(bench, beacon, "w1"));
    assert_fault(bench, trust_check_named(empty, beacon, "w1", &bench->fault), FAULT_BEACON);
    for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
        newest_t was = *named[i];
        named[i]->hash = HASH_ZERO;
        assert_fault(bench, check_named(bench, beacon, "w1"), FAULT_BEACON);
        named[i]->version++;
        assert_fault(bench, check_named(bench, beacon, "w1"), FAULT_BEACON);
        named[i]->version = 0;
        assert_fine(bench, check_named(bench, beacon, "w1"));
        *named[i] = was;
    }
    beacon->fleets[1].version++;
    assert_fine(bench, check_named(bench, beacon, "w1"));
    assert_fine(bench, check_named(bench, beacon, "stranger"));
    assert_fault(bench, check_named(bench, beacon, "s1"), FAULT_BEACON);
}

static hash_t
stop(bench_t *bench, halt_what_t what, const char *name)
{
    sealed_t sealed = site_seal_stop(bench->site, site_stop(bench->site, what, name), "olaf");
    hash_t hash = hash_of(bytes_slice(sealed.document));
    assert_fine(bench, add(bench, sealed));
    return hash;
}

static void
a_beacon_names_what_is_in_force(void **state)
{
    bench_t *bench = *state;
    CLEANUP(trust_destroy) trust_t *empty = trust_new(&bench->site->id);
    hash_t kept = stop(bench, HALT_PLAYBOOK, "x"), lifted = stop(bench, HALT_REGION, "north");
    stop(bench, HALT_SITE, "-");
    sealed_t resume = site_seal_resume(bench->site, site_resume(bench->site, &lifted), "olaf,zoe");
    assert_fine(bench, add(bench, resume));
    CLEANUP(beacon_destroy) beacon_t *beacon = trust_beacon(bench->site->trust);
    assert_int_equal(beacon->halt_count, 2);
    assert_true(hash_compare(&beacon->halts[0], &beacon->halts[1]) < 0);
    assert_true(trust_keeps_halt(bench->site->trust, &kept));
    assert_false(trust_keeps_halt(empty, &kept));
    assert_int_equal(trust_add(empty, bytes_slice(bench->site->root.document),
                               bytes_slice(bench->site->root.armors), &bench->fault),
                     0);
    CLEANUP(beacon_destroy) beacon_t *bare = trust_beacon(empty);
    assert_true(!bare->people.version && !bare->fleet_count && !bare->halt_count);
}

/* ---- how long it counts -------------------------------------------------------------------- */

static freshness_t *
freshness_at(bench_t *bench)
{
    name_timekeeper(bench);
    return freshness_new("w1", "boot-1");
}

/* Hears a beacon with, where nonce is there, the place that answers it. */
static int
hear(bench_t *bench, freshness_t *self, beacon_t *beacon, const nonce_t *nonce)
{
    nonce_t other = nonce_of(0xff);
    bytes_t *places[2] = {bytes_new(), NULL};
    bench->fault = (fault_t){0};
    if (nonce) {
        bytes_destroy(&places[0]);
        answer_two(beacon, nonce, &other, places);
    }
    sealed_t sealed = seal(bench, beacon);
    int heard = freshness_hear(self, bench->site->trust, bytes_slice(sealed.document),
                               bytes_slice(sealed.armors), bytes_slice(places[0]), &bench->fault);
    sealed_done(&sealed);
    bytes_destroy(&places[0]);
    bytes_destroy(&places[1]);
    return heard;
}

static void
anchor(bench_t *bench, freshness_t *self, uint64_t sequence, int64_t made_ms, mono_t at)
{
    nonce_t nonce = nonce_of((uint8_t)sequence);
    freshness_ask(self, &nonce, at);
    assert_int_equal(hear(bench, self, beacon_of(bench, sequence, made_ms), &nonce), 1);
}

static int
may(bench_t *bench, freshness_t *self, class_t class_, bool by_grant, int64_t now_ms)
{
    bench->fault = (fault_t){0};
    return freshness_check(self, bench->site->trust, class_, by_grant, (mono_t){now_ms},
                           &bench->fault);
}

static void
without_a_timekeeper_nothing_is_asked(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_new("w1", "boot-1");
    CLEANUP(trust_destroy) trust_t *empty = trust_new(&bench->site->id);
    assert_fine(bench, may(bench, self, CLASS_DESTRUCTIVE, false, 0));
    assert_fine(bench, freshness_check(self, empty, CLASS_CHANGE, false, (mono_t){0}, NULL));
    assert_false(freshness_due(self, bench->site->trust, (mono_t){0}));
    assert_true(freshness_age(self, bench->site->trust, (mono_t){0}) == FRESHNESS_ENDLESS);
    assert_int_equal(freshness_made(self, bench->site->trust).ms, 0);
    freshness_t *none = NULL;
    freshness_destroy(&none);
}

static void
nothing_counts_until_a_nonce_is_answered(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    const trust_t *trust = bench->site->trust;
    nonce_t nonce = nonce_of(9), strange = nonce_of(8);
    assert_true(freshness_due(self, trust, (mono_t){5}));
    assert_fine(bench, may(bench, self, CLASS_OBSERVE, false, 0));
    assert_fault(bench, may(bench, self, CLASS_CHANGE, false, 0), FAULT_BEACON);
    assert_int_equal(hear(bench, self, beacon_of(bench, 1, 0), NULL), 1);
    assert_fault(bench, may(bench, self, CLASS_CHANGE, false, 0), FAULT_BEACON);
    freshness_ask(self, &nonce, (mono_t){1000});
    assert_int_equal(hear(bench, self, beacon_of(bench, 2, 1), &strange), 1);
    assert_fault(bench, may(bench, self, CLASS_CHANGE, false, 1000), FAULT_BEACON);
    assert_int_equal(hear(bench, self, beacon_of(bench, 3, 2), &nonce), 1);
    assert_fine(bench, may(bench, self, CLASS_CHANGE, false, 1000));
    assert_fine(bench, may(bench, self, CLASS_DESTRUCTIVE, true, 1000));
    assert_int_equal(freshness_made(self, trust).ms, bench->site->now.ms + 2);
    assert_fault(bench, may(bench, self, CLASS_CHANGE, false, 999), FAULT_BEACON);
}

static void
a_class_falls_away_with_age_and_later_under_a_grant(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    anchor(bench, self, 1, 0, (mono_t){0});
    assert_fine(bench, may(bench, self, CLASS_DESTRUCTIVE, false, 10 * MINUTE));
    assert_fault(bench, may(bench, self, CLASS_DESTRUCTIVE, false, 10 * MINUTE + 1), FAULT_BEACON);
    assert_fine(bench, may(bench, self, CLASS_DESTRUCTIVE, true, 30 * MINUTE));
    assert_fault(bench, may(bench, self, CLASS_DESTRUCTIVE, true, 30 * MINUTE + 1), FAULT_BEACON);
    assert_fine(bench, may(bench, self, CLASS_CHANGE, false, 60 * MINUTE));
    assert_fault(bench, may(bench, self, CLASS_CHANGE, false, 60 * MINUTE + 1), FAULT_BEACON);
    assert_fine(bench, may(bench, self, CLASS_OBSERVE, false, 1000 * MINUTE));
    assert_int_equal(hear(bench, self, beacon_of(bench, 2, 55 * MINUTE), NULL), 1);
    assert_fine(bench, may(bench, self, CLASS_DESTRUCTIVE, false, 65 * MINUTE));
    assert_fault(bench, may(bench, self, CLASS_DESTRUCTIVE, false, 65 * MINUTE + 1), FAULT_BEACON);
}

static void
an_anchor_lasts_seventy_minutes(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    const trust_t *trust = bench->site->trust;
    anchor(bench, self, 1, 0, (mono_t){0});
    assert_int_equal(hear(bench, self, beacon_of(bench, 2, 70 * MINUTE), NULL), 1);
    assert_int_equal(freshness_age(self, trust, (mono_t){70 * MINUTE}), 0);
    assert_int_equal(freshness_age(self, trust, (mono_t){70 * MINUTE + 1}), 70 * MINUTE + 1);
    anchor(bench, self, 3, 71 * MINUTE, (mono_t){70 * MINUTE});
    assert_int_equal(freshness_age(self, trust, (mono_t){71 * MINUTE}), MINUTE);
    assert_int_equal(hear(bench, self, beacon_of(bench, 4, 90 * MINUTE), NULL), 1);
    assert_int_equal(freshness_age(self, trust, (mono_t){71 * MINUTE}), 0);
}

static void
a_nonce_is_due_at_first_then_each_minute_until_answered_then_hourly(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    const trust_t *trust = bench->site->trust;
    nonce_t nonce = nonce_of(1);
    freshness_ask(self, &nonce, (mono_t){0});
    assert_false(freshness_due(self, trust, (mono_t){MINUTE - 1}));
    assert_true(freshness_due(self, trust, (mono_t){MINUTE}));
    assert_int_equal(hear(bench, self, beacon_of(bench, 1, 0), &nonce), 1);
    assert_false(freshness_due(self, trust, (mono_t){60 * MINUTE - 1}));
    assert_true(freshness_due(self, trust, (mono_t){60 * MINUTE}));
    for (uint8_t i = 2; i < 8; i++) {
        nonce = nonce_of(i);
        freshness_ask(self, &nonce, (mono_t){61 * MINUTE + i});
    }
    assert_false(freshness_due(self, trust, (mono_t){62 * MINUTE}));
    assert_true(freshness_due(self, trust, (mono_t){62 * MINUTE + 7}));
    nonce = nonce_of(2);
    assert_int_equal(hear(bench, self, beacon_of(bench, 2, 62 * MINUTE), &nonce), 1);
    assert_int_equal(freshness_age(self, trust, (mono_t){62 * MINUTE}), 0);
    nonce = nonce_of(7);
    assert_int_equal(hear(bench, self, beacon_of(bench, 3, 63 * MINUTE), &nonce), 1);
    assert_int_equal(freshness_age(self, trust, (mono_t){63 * MINUTE}), 2 * MINUTE - 7);
}

static void
a_beacon_never_goes_back(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    nonce_t nonce = nonce_of(1);
    assert_int_equal(hear(bench, self, beacon_of(bench, 5, 100), NULL), 1);
    assert_int_equal(hear(bench, self, beacon_of(bench, 5, 100), NULL), 0);
    assert_fault(bench, hear(bench, self, beacon_of(bench, 5, 101), NULL) < 0, FAULT_REPLAY);
    assert_fault(bench, hear(bench, self, beacon_of(bench, 4, 101), NULL) < 0, FAULT_VERSION);
    assert_fault(bench, hear(bench, self, beacon_of(bench, 6, 100), NULL) < 0, FAULT_VERSION);
    sealed_t strange = seal_by(bench, beacon_of(bench, 7, 200), SIGN_BEACON, "w1");
    assert_fault(bench,
                 freshness_hear(self, bench->site->trust, bytes_slice(strange.document),
                                bytes_slice(strange.armors), slice_of(NULL, 0), &bench->fault) < 0,
                 FAULT_KEY);
    sealed_done(&strange);
    freshness_ask(self, &nonce, (mono_t){0});
    assert_int_equal(hear(bench, self, beacon_of(bench, 6, 101), &nonce), 1);
    assert_int_equal(hear(bench, self, beacon_of(bench, 6, 101), &nonce) < 0, 0);
}

static void
the_same_beacon_with_its_place_is_an_anchor(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    nonce_t nonce = nonce_of(1), other = nonce_of(2);
    bytes_t *places[2];
    beacon_t *beacon = beacon_of(bench, 1, 0);
    answer_two(beacon, &nonce, &other, places);
    sealed_t sealed = seal(bench, beacon);
    freshness_ask(self, &nonce, (mono_t){0});
    const slice_t given[] = {slice_of(NULL, 0), bytes_slice(places[1]), bytes_slice(places[0]),
                             bytes_slice(places[0])};
    static const int expected[] = {1, 0, 1, 0};
    for (size_t i = 0; i < ARRAY_SIZE(given); i++)
        assert_int_equal(freshness_hear(self, bench->site->trust, bytes_slice(sealed.document),
                                        bytes_slice(sealed.armors), given[i], &bench->fault),
                         expected[i]);
    assert_fine(bench, may(bench, self, CLASS_DESTRUCTIVE, false, 0));
    sealed_done(&sealed);
    bytes_destroy(&places[0]);
    bytes_destroy(&places[1]);
}

static void
another_timekeeper_starts_anew(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    const trust_t *trust = bench->site->trust;
    anchor(bench, self, 9, 1000 * MINUTE, (mono_t){0});
    root_t *root = root_with(bench->site, "tock", "tock");
    root->version = 3;
    CLEANUP(bytes_destroy) bytes_t *second = bytes_new();
    CLEANUP(root_destroy) root_t *before = root_with(bench->site, "tick", "tick");
    root_encode(before, second);
    root->previous = hash_of(bytes_slice(second));
    assert_fine(bench, add_root(bench, root));
    assert_true(freshness_age(self, trust, (mono_t){0}) == FRESHNESS_ENDLESS);
    assert_int_equal(freshness_made(self, trust).ms, 0);
    assert_false(freshness_names(self, trust, &HASH_ZERO));
    sealed_t first = seal_by(bench, beacon_of(bench, 1, 0), SIGN_BEACON, "tock");
    assert_int_equal(freshness_hear(self, trust, bytes_slice(first.document),
                                    bytes_slice(first.armors), slice_of(NULL, 0), &bench->fault),
                     1);
    sealed_done(&first);
    assert_int_equal(freshness_made(self, trust).ms, bench->site->now.ms);
    assert_true(freshness_age(self, trust, (mono_t){0}) == FRESHNESS_ENDLESS);
}

static void
a_root_that_drops_its_timekeeper_asks_for_nothing(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    CLEANUP(root_destroy) root_t *before = root_with(bench->site, "tick", "tick");
    CLEANUP(bytes_destroy) bytes_t *second = bytes_new();
    root_t *root = root_with(bench->site, "tick", "tick");
    assert_int_equal(hear(bench, self, beacon_of(bench, 1, 0), NULL), 1);
    root_encode(before, second);
    root->version = 3;
    root->previous = hash_of(bytes_slice(second));
    root->timekeeper = (timekeeper_t){.name = ""};
    assert_fine(bench, add_root(bench, root));
    assert_int_equal(freshness_made(self, bench->site->trust).ms, 0);
    assert_fine(bench, may(bench, self, CLASS_DESTRUCTIVE, false, 0));
}

static void
nothing_above_observe_begins_while_something_named_is_missing(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    const trust_t *trust = bench->site->trust;
    char run[HASH_TEXT];
    hash_t id = hash_of(slice_text("run"));
    stop_t *made = site_stop(bench->site, HALT_RUN, hash_write(&id, run));
    sealed_t sealed = site_seal_stop(bench->site, made, "olaf");
    hash_t hash = hash_of(bytes_slice(sealed.document));
    beacon_t *beacon = beacon_of(bench, 2, MINUTE);
    beacon->halts[beacon->halt_count++] = hash;
    anchor(bench, self, 1, 0, (mono_t){0});
    assert_false(freshness_names(self, trust, &hash));
    assert_int_equal(hear(bench, self, beacon, NULL), 1);
    assert_true(freshness_names(self, trust, &hash));
    assert_fault(bench, may(bench, self, CLASS_CHANGE, true, MINUTE), FAULT_BEACON);
    assert_fine(bench, may(bench, self, CLASS_OBSERVE, false, MINUTE));
    beacon = beacon_of(bench, 3, MINUTE + 1);
    beacon->halts[beacon->halt_count++] = hash;
    assert_int_equal(hear(bench, self, beacon, NULL), 1);
    assert_fault(bench, may(bench, self, CLASS_CHANGE, true, MINUTE), FAULT_BEACON);
    assert_fault(bench, freshness_check_named(self, trust, &bench->fault), FAULT_BEACON);
    assert_fine(bench, add(bench, sealed));
    assert_fine(bench, freshness_check_named(self, trust, NULL));
    assert_fine(bench, may(bench, self, CLASS_CHANGE, true, MINUTE));
    trust_forget_stops(bench->site->trust, &id);
    assert_fine(bench, may(bench, self, CLASS_CHANGE, true, MINUTE));
    beacon = beacon_of(bench, 4, 2 * MINUTE);
    beacon->halts[beacon->halt_count++] = hash;
    assert_int_equal(hear(bench, self, beacon, NULL), 1);
    assert_fine(bench, may(bench, self, CLASS_CHANGE, true, MINUTE));
    beacon = beacon_of(bench, 5, 3 * MINUTE);
    beacon->people.version++;
    assert_int_equal(hear(bench, self, beacon, NULL), 1);
    assert_fault(bench, may(bench, self, CLASS_CHANGE, false, MINUTE), FAULT_BEACON);
}

/* ---- the state ----------------------------------------------------------------------------- */

static freshness_t *
restarted(bench_t *bench, freshness_t *before, const char *boot)
{
    CLEANUP(bytes_destroy) bytes_t *kept = bytes_new();
    freshness_t *self = freshness_new("w1", boot);
    freshness_encode(before, bench->site->trust, kept);
    assert_fine(bench,
                freshness_decode(self, bench->site->trust, bytes_slice(kept), &bench->fault));
    return self;
}

static void
a_restart_keeps_the_anchor_and_another_boot_the_floors_alone(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    const trust_t *trust = bench->site->trust;
    CLEANUP(freshness_destroy) freshness_t *nothing = restarted(bench, self, "boot-1");
    assert_int_equal(freshness_made(nothing, trust).ms, 0);
    anchor(bench, self, 4, 0, (mono_t){0});
    CLEANUP(freshness_destroy) freshness_t *same = restarted(bench, self, "boot-1");
    CLEANUP(freshness_destroy) freshness_t *other = restarted(bench, self, "boot-2");
    assert_int_equal(freshness_age(same, trust, (mono_t){MINUTE}), MINUTE);
    assert_true(freshness_due(same, trust, (mono_t){MINUTE}));
    assert_true(freshness_age(other, trust, (mono_t){MINUTE}) == FRESHNESS_ENDLESS);
    assert_int_equal(freshness_made(other, trust).ms, bench->site->now.ms);
    assert_fault(bench, hear(bench, other, beacon_of(bench, 3, 1), NULL) < 0, FAULT_VERSION);
    CLEANUP(freshness_destroy) freshness_t *third = restarted(bench, other, "boot-1");
    assert_true(freshness_age(third, trust, (mono_t){MINUTE}) == FRESHNESS_ENDLESS);
}

static void
a_restart_remembers_what_was_here_and_what_never_was(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    char run[HASH_TEXT];
    hash_t id = hash_of(slice_text("run")), absent = hash_of(slice_text("absent"));
    hash_t here = stop(bench, HALT_RUN, hash_write(&id, run));
    beacon_t *beacon = beacon_of(bench, 1, 0);
    nonce_t nonce = nonce_of(1);
    bool below = hash_compare(&here, &absent) < 0;
    free(beacon->halts);
    beacon->halts = memory_new(2, sizeof *beacon->halts);
    beacon->halt_count = 2;
    beacon->halts[0] = below ? here : absent;
    beacon->halts[1] = below ? absent : here;
    freshness_ask(self, &nonce, (mono_t){0});
    assert_int_equal(hear(bench, self, beacon, &nonce), 1);
    trust_forget_stops(bench->site->trust, &id);
    CLEANUP(freshness_destroy) freshness_t *again = restarted(bench, self, "boot-1");
    assert_fault(bench, may(bench, again, CLASS_CHANGE, false, 0), FAULT_BEACON);
    char text[HASH_TEXT];
    hash_write(&absent, text);
    text[12] = '\0';
    assert_non_null(strstr(bench->fault.text, text));
}

static fault_code_t
judge_state(bench_t *bench, const bytes_t *good, const char *from, const char *to)
{
    fault_t fault = {0};
    CLEANUP(freshness_destroy) freshness_t *self = freshness_new("w1", "boot-1");
    CLEANUP(bytes_destroy) bytes_t *edited = bytes_new();
    const char *at = strstr(bytes_text(good), from);
    assert_non_null(at);
    bytes_add(edited, good->data, (size_t)(at - bytes_text(good)));
    bytes_add_text(edited, to);
    bytes_add_text(edited, at + strlen(from));
    int failed = freshness_decode(self, bench->site->trust, bytes_slice(edited), &fault);
    assert_true(!failed == (fault.code == FAULT_NONE));
    return fault.code;
}

static void
a_state_that_is_damaged_is_refused(void **state)
{
    bench_t *bench = *state;
    CLEANUP(freshness_destroy) freshness_t *self = freshness_at(bench);
    CLEANUP(bytes_destroy) bytes_t *good = bytes_new();
    nonce_t nonce = nonce_of(1);
    hash_t absent = hash_of(slice_text("absent"));
    beacon_t *beacon = beacon_of(bench, 1, 0);
    beacon->halts[beacon->halt_count++] = absent;
    freshness_ask(self, &nonce, (mono_t){0});
    assert_int_equal(hear(bench, self, beacon, &nonce), 1);
    freshness_encode(self, bench->site->trust, good);
    char missing[HASH_TEXT + 8], other[HASH_TEXT + 8], digits[HASH_TEXT];
    snprintf(missing, sizeof missing, "missing %s", hash_write(&absent, digits));
    snprintf(other, sizeof other, "missing %s", hash_write(&HASH_ZERO, digits));
    assert_int_equal(judge_state(bench, good, "end", "end"), FAULT_NONE);
    assert_int_equal(judge_state(bench, good, missing, other), FAULT_FORMAT);
    assert_int_equal(judge_state(bench, good, ".000Z 0", "Z 0"), FAULT_FORMAT);
    assert_int_equal(judge_state(bench, good, "sequence 1", "sequence 0"), FAULT_FORMAT);
    fault_t fault = {0};
    CLEANUP(freshness_destroy) freshness_t *cut = freshness_new("w1", "boot-1");
    assert_int_equal(freshness_decode(cut, bench->site->trust, slice_of(good->data, 20), &fault),
                     -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_beacon_has_one_spelling),
        TEST(a_beacon_may_know_of_no_people),
        TEST(too_many_fleets_or_halts_are_refused),
        TEST(a_nonce_has_one_spelling),
        TEST(a_place_answers_one_nonce_of_one_worker),
        TEST(a_beacon_is_the_timekeepers_whom_root_names),
        TEST(the_timekeepers_keys_are_nobody_elses),
        TEST(what_is_older_here_than_a_beacon_names_is_seen),
        TEST(a_beacon_names_what_is_in_force),
        TEST(without_a_timekeeper_nothing_is_asked),
        TEST(nothing_counts_until_a_nonce_is_answered),
        TEST(a_class_falls_away_with_age_and_later_under_a_grant),
        TEST(an_anchor_lasts_seventy_minutes),
        TEST(a_nonce_is_due_at_first_then_each_minute_until_answered_then_hourly),
        TEST(a_beacon_never_goes_back),
        TEST(the_same_beacon_with_its_place_is_an_anchor),
        TEST(another_timekeeper_starts_anew),
        TEST(a_root_that_drops_its_timekeeper_asks_for_nothing),
        TEST(nothing_above_observe_begins_while_something_named_is_missing),
        TEST(a_restart_keeps_the_anchor_and_another_boot_the_floors_alone),
        TEST(a_restart_remembers_what_was_here_and_what_never_was),
        TEST(a_state_that_is_damaged_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
