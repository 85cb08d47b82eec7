/* SPDX-License-Identifier: Apache-2.0 */
/* What is sealed opens for its readers, in its place, and nowhere else; sealed orders are whole;
 * sealing keys stand once in a site (docs/PROTOCOL.md 12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "keys/inclusion.h"
#include "tests/unit/trust_fixture.h"
#include "wire/sealed.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- keys/seal.h -------------------------------------------------------------------------- */

static const hash_t HERE = {{1}}, THERE = {{2}};

static void
what_is_sealed_opens_with_its_key_use_and_place_alone(void **state)
{
    bench_t *bench = *state;
    sealkey_t key, other;
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    sealkey_random(&key);
    sealkey_random(&other);
    seal_close(&key, SEAL_OUTPUT, &HERE, slice_text("a secret"), sealed);
    assert_int_equal(sealed->size, strlen("a secret") + SEAL_EXTRA_BYTES);
    assert_null(memmem(sealed->data, sealed->size, "secret", 6));
    slice_t bytes = bytes_slice(sealed);
    fault_t *fault = &bench->fault;
    assert_fault(bench, seal_open(&other, SEAL_OUTPUT, &HERE, bytes, plain, fault), FAULT_KEY);
    assert_fault(bench, seal_open(&key, SEAL_LINE, &HERE, bytes, plain, fault), FAULT_KEY);
    assert_fault(bench, seal_open(&key, SEAL_OUTPUT, &THERE, bytes, plain, fault), FAULT_KEY);
    assert_fault(bench, seal_open(&key, SEAL_OUTPUT, &HERE, slice_of(bytes.data, 39), plain, fault),
                 FAULT_KEY);
    assert_int_equal(plain->size, 0);
    assert_fine(bench, seal_open(&key, SEAL_OUTPUT, &HERE, bytes, plain, fault));
    assert_true(slice_is(bytes_slice(plain), "a secret"));
    sealed->data[sealed->size - 1] ^= 1;
    assert_fault(bench, seal_open(&key, SEAL_OUTPUT, &HERE, bytes, plain, fault), FAULT_KEY);
}

static void
nothing_can_be_sealed_too(void **state)
{
    bench_t *bench = *state;
    sealkey_t key;
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    sealkey_random(&key);
    seal_close(&key, SEAL_LINE, &HERE, slice_of(NULL, 0), sealed);
    assert_int_equal(sealed->size, SEAL_EXTRA_BYTES);
    assert_fine(bench, seal_open(&key, SEAL_LINE, &HERE, bytes_slice(sealed), plain, NULL));
    assert_int_equal(plain->size, 0);
}

static void
the_same_is_never_sealed_alike(void **state)
{
    (void)state;
    sealkey_t key;
    CLEANUP(bytes_destroy) bytes_t *one = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *two = bytes_new();
    sealkey_random(&key);
    seal_close(&key, SEAL_LINE, &HERE, slice_text("same"), one);
    seal_close(&key, SEAL_LINE, &HERE, slice_text("same"), two);
    assert_false(slice_equal(bytes_slice(one), bytes_slice(two)));
}

static void
a_key_is_boxed_to_one_reader(void **state)
{
    bench_t *bench = *state;
    static const curvekey_t nothing = {{0}};
    uint8_t box[SEALKEY_BOX_BYTES];
    sealkey_t key, again;
    curvepair_t reader, other;
    sealkey_random(&key);
    curve_random(&reader);
    curve_random(&other);
    assert_fault(bench, sealkey_box(&key, &nothing, box, &bench->fault), FAULT_KEY);
    assert_fine(bench, sealkey_box(&key, &reader.public_key, box, &bench->fault));
    assert_fault(bench, sealkey_unbox(&again, box, &other, &bench->fault), FAULT_KEY);
    assert_fine(bench, sealkey_unbox(&again, box, &reader, &bench->fault));
    assert_memory_equal(key.bytes, again.bytes, SEALKEY_BYTES);
    box[40] ^= 1;
    assert_fault(bench, sealkey_unbox(&again, box, &reader, &bench->fault), FAULT_KEY);
    sealkey_forget(&key);
    static const sealkey_t none;
    assert_memory_equal(key.bytes, none.bytes, SEALKEY_BYTES);
}

static void
a_keyed_hash_is_of_key_place_and_hash(void **state)
{
    (void)state;
    sealkey_t key, other;
    hash_t what = hash_of(slice_text("s4:1234")), more = hash_of(slice_text("s4:1235"));
    sealkey_random(&key);
    sealkey_random(&other);
    hash_t one = seal_hash(&key, &HERE, &what), same = seal_hash(&key, &HERE, &what);
    hash_t others[] = {seal_hash(&other, &HERE, &what), seal_hash(&key, &THERE, &what),
                       seal_hash(&key, &HERE, &more), what};
    assert_true(hash_equal(&one, &same));
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_false(hash_equal(&one, &others[i]));
}

/* As anyone who reads docs/PROTOCOL.md 12 would make it: what is written stays readable. */
static void
what_was_sealed_by_an_earlier_version_opens(void **state)
{
    bench_t *bench = *state;
    static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161789d03bbeba7acd7ee439"
                              "29aba7e70595d47054fc368dd16b82a1b6472e";
    uint8_t sealed[sizeof hex / 2];
    sealkey_t key;
    hash_t place = hash_of(slice_text("a place"));
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    memset(key.bytes, 7, sizeof key.bytes);
    assert_true(hex_decode(hex, sealed, sizeof sealed));
    assert_fine(bench, seal_open(&key, SEAL_SECRET, &place, slice_of(sealed, sizeof sealed), plain,
                                 &bench->fault));
    assert_true(slice_is(bytes_slice(plain), "correct horse"));
}

/* ---- orders ------------------------------------------------------------------------------- */

static void
add_seal(order_t *order, bool worker, const char *name)
{
    order->seals = memory_resize(order->seals, order->seal_count + 1, sizeof *order->seals);
    seal_line_t *line = &order->seals[order->seal_count++];
    *line = (seal_line_t){.worker = worker};
    text_copy(line->name, sizeof line->name, name);
}

static void
add_secret(order_t *order, const char *name, size_t size)
{
    order->secrets = memory_resize(order->secrets, order->secret_count + 1, sizeof *order->secrets);
    secret_line_t *line = &order->secrets[order->secret_count++];
    *line = (secret_line_t){.size = size};
    text_copy(line->name, sizeof line->name, name);
}

static void
add_input(order_t *order, const char *name)
{
    input_text_t *line = &order->inputs[order->input_count++];
    text_copy(line->name, sizeof line->name, name);
    text_copy(line->text, sizeof line->text, "x");
}

/* For w1 and w2, sealed to pat, pia and both workers, with two secrets. */
static order_t *
sealed_order(bench_t *bench)
{
    order_t *order = order_of(bench);
    site_add_target(order, 1, "w2");
    add_secret(order, "password", 41);
    add_secret(order, "token", 680);
    add_seal(order, false, "pat");
    add_seal(order, false, "pia");
    add_seal(order, true, "w1");
    add_seal(order, true, "w2");
    return order;
}

/* Written and read again; takes over order. */
static order_t *
again(bench_t *bench, order_t *order)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(order_destroy) order_t *taken = order;
    order_encode(taken, text);
    return order_decode(bytes_slice(text), &bench->fault);
}

static void
refuses(bench_t *bench, order_t *order, const char *why)
{
    CLEANUP(order_destroy) order_t *read = again(bench, order);
    assert_null(read);
    if (!strstr(bench->fault.text, why))
        fail_msg("'%s' is not in: %s", why, bench->fault.text);
}

static void
a_sealed_order_reads_as_it_was_written(void **state)
{
    bench_t *bench = *state;
    CLEANUP(order_destroy) order_t *order = again(bench, sealed_order(bench));
    assert_non_null(order);
    assert_int_equal(order->seal_count, 4);
    assert_string_equal(order_seal(order, true, "w2")->name, "w2");
    assert_string_equal(order_seal(order, false, "pat")->name, "pat");
    assert_null(order_seal(order, true, "pat"));
    assert_null(order_seal(order, false, "w1"));
    assert_null(order_seal(order, true, "w3"));
    assert_int_equal(order_secret(order, "token")->size, 680);
    assert_null(order_secret(order, "goal"));
    assert_fine(bench, check_order(bench, sealed_order(bench), "pat"));
}

static void
a_target_at_a_host_is_its_workers(void **state)
{
    bench_t *bench = *state;
    char worker[TEXT_NAME_MAX + 1];
    order_t *order = sealed_order(bench);
    text_copy(order->targets[1].target, sizeof order->targets[1].target, "w2/db7");
    CLEANUP(order_destroy) order_t *read = again(bench, order);
    assert_non_null(read);
    target_worker("w2/db7", worker);
    assert_string_equal(worker, "w2");
    target_worker("w2", worker);
    assert_string_equal(worker, "w2");
}

static void
names_of_digits_are_found_as_they_are_ordered(void **state)
{
    bench_t *bench = *state;
    order_t *order = order_of(bench);
    static const char *const names[] = {"9", "10", "80", "100", "w"};
    add_seal(order, false, "7");
    add_seal(order, false, "12");
    order->target_count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        site_add_target(order, 1, names[i]);
        add_seal(order, true, names[i]);
    }
    CLEANUP(order_destroy) order_t *read = again(bench, order);
    assert_fine(bench, !read);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_string_equal(order_seal(read, true, names[i])->name, names[i]);
    assert_non_null(order_seal(read, false, "12"));
}

static void
an_order_that_not_everyone_concerned_can_read_is_none(void **state)
{
    bench_t *bench = *state;
    order_t *order = sealed_order(bench);
    order->seal_count = 3;
    refuses(bench, order, "not to the worker of target 'w2'");
    order = sealed_order(bench);
    site_add_target(order, 1, "w3");
    refuses(bench, order, "not to the worker of target 'w3'");
    order = sealed_order(bench);
    add_seal(order, true, "w3");
    refuses(bench, order, "is no target");
    order = sealed_order(bench);
    memmove(order->seals, order->seals + 2, 2 * sizeof *order->seals);
    order->seal_count = 2;
    refuses(bench, order, "a person who reads it");
    order = sealed_order(bench);
    order->seal_count = 0;
    refuses(bench, order, "nobody can open it");
    order = sealed_order(bench);
    order->wave_count = 1;
    order->waves[0] = (wave_line_t){.wave = 2, .count = 65};
    refuses(bench, order, "lists all its targets");
}

static void
nobody_is_sealed_to_twice(void **state)
{
    bench_t *bench = *state;
    order_t *order = sealed_order(bench);
    text_copy(order->seals[1].name, sizeof order->seals[1].name, "pat");
    order->seals[1].box[0] = 4;
    refuses(bench, order, "'pat' is sealed to twice");
}

static void
an_input_has_one_value_sealed_or_not(void **state)
{
    bench_t *bench = *state;
    order_t *order = sealed_order(bench);
    add_input(order, "goal");
    add_input(order, "token");
    refuses(bench, order, "input 'token' has two values");
    order = sealed_order(bench);
    text_copy(order->secrets[0].name, sizeof order->secrets[0].name, "token");
    refuses(bench, order, "input 'token' has two values");
    order = sealed_order(bench);
    for (size_t i = 0; i < 63; i++) {
        char name[8];
        snprintf(name, sizeof name, "i%02zu", i);
        add_input(order, name);
    }
    refuses(bench, order, "more than 64");
}

static void
what_is_sealed_has_bounds(void **state)
{
    static const struct {
        const char *line, *by, *why;
    } rows[] = {
        {"\nseal person pat", "\nseal thing pat", "neither 'person' nor 'worker'"},
        {"\nseal person pat ", "\nseal person pat AA", "base64 of 80 bytes"},
        {"\nseal person pat AAAA", "\nseal person pat ", "base64 of 80 bytes"},
        {"\nseal person pat AAAA", "\nseal person pat !AAA", "base64 of 80 bytes"},
        {"\nsecret token ", "\nsecret token AAAA", "base64 of 41 to 680 bytes"},
        {"\nsecret token AAAA", "\nsecret token !AAA", "base64 of 41 to 680 bytes"},
    };
    bench_t *bench = *state;
    CLEANUP(order_destroy) order_t *order = sealed_order(bench);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    order_encode(order, text);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(bytes_destroy) bytes_t *other = bytes_new();
        const char *at = strstr(bytes_text(text), rows[i].line);
        bytes_add(other, text->data, (size_t)(at - bytes_text(text)));
        bytes_addf(other, "%s%s", rows[i].by, at + strlen(rows[i].line));
        assert_null(order_decode(bytes_slice(other), &bench->fault));
        assert_non_null(strstr(bench->fault.text, rows[i].why));
    }
    order->secrets[0].size = SEAL_EXTRA_BYTES;
    CLEANUP(bytes_destroy) bytes_t *empty = bytes_new();
    order_encode(order, empty);
    assert_null(order_decode(bytes_slice(empty), &bench->fault));
    assert_non_null(strstr(bench->fault.text, "41 to 680"));
}

static void
an_order_has_so_many_readers(void **state)
{
    bench_t *bench = *state;
    order_t *order = order_of(bench);
    for (size_t i = 0; i < ORDER_SEALS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%04zu", i);
        add_seal(order, false, name);
    }
    add_seal(order, true, "w1");
    refuses(bench, order, "more than 1024");
}

#define F64 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

/* ---- sealing keys ------------------------------------------------------------------------- */

static people_t *
people_sealing_with(bench_t *bench, curvekey_t key)
{
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->sealing_count = 1;
    people->sealings = memory_new(PEOPLE_MAX, sizeof *people->sealings);
    people->sealings[0] = (curve_line_t){"pat", key};
    return people;
}

static int
add_people(bench_t *bench, people_t *people)
{
    return add(bench, site_seal_people(bench->site, people, "hana,hugo"));
}

static fleet_t *
fleet_sealing_with(bench_t *bench, curvekey_t key)
{
    fleet_t *fleet = site_fleet(bench->site, "north");
    fleet->version = 2;
    fleet->workers[0].seals = true;
    fleet->workers[0].sealing = key;
    return fleet;
}

static int
add_fleet(bench_t *bench, fleet_t *fleet)
{
    return add(bench, site_seal_fleet(bench->site, fleet, "olaf"));
}

static void
people_have_sealing_keys_of_their_own(void **state)
{
    static const char *const taken[] = {"hub", "pat", "w1"};
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        assert_fault(bench, add_people(bench, people_sealing_with(bench, site_curve(taken[i]))),
                     FAULT_KEY);
    people_t *people = people_sealing_with(bench, site_curve("seal-pat"));
    people->sealing_count = 2;
    people->sealings[1] = (curve_line_t){"pia", site_curve("seal-pat")};
    assert_fault(bench, add_people(bench, people), FAULT_KEY);
    people = people_sealing_with(bench, site_curve("seal-a"));
    people->sealing_count = 2;
    people->sealings[1] = (curve_line_t){"pat", site_curve("seal-b")};
    if (memcmp(&people->sealings[0].curve, &people->sealings[1].curve, sizeof(curvekey_t)) > 0) {
        people->sealings[1].curve = people->sealings[0].curve;
        people->sealings[0].curve = site_curve("seal-b");
    }
    assert_fault(bench, add_people(bench, people), FAULT_FORMAT);
    assert_fine(bench, add_people(bench, people_sealing_with(bench, site_curve("seal-pat"))));
    const people_t *kept = trust_people(bench->site->trust);
    curvekey_t key = site_curve("seal-pat");
    assert_memory_equal(people_sealing(kept, "pat"), &key, sizeof key);
    assert_null(people_sealing(kept, "pia"));
    assert_true(people_has_curve(kept, &key));
}

static void
people_have_so_many_sealing_keys(void **state)
{
    bench_t *bench = *state;
    people_t *people = people_sealing_with(bench, site_curve("seal-pat"));
    people->sealings = memory_resize(people->sealings, PEOPLE_MAX + 1, sizeof *people->sealings);
    for (size_t i = 0; i <= PEOPLE_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%04zu", i);
        people->sealings[i].curve = site_curve(name);
        text_copy(people->sealings[i].name, TEXT_NAME_MAX + 1, name);
    }
    people->sealing_count = PEOPLE_MAX + 1;
    assert_fault(bench, add_people(bench, people), FAULT_LIMIT);
}

static void
workers_have_sealing_keys_of_their_own(void **state)
{
    static const char *const taken[] = {"hub", "pat", "w1", "w2", "s1"};
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        assert_fault(bench, add_fleet(bench, fleet_sealing_with(bench, site_curve(taken[i]))),
                     FAULT_KEY);
    fleet_t *fleet = fleet_sealing_with(bench, site_curve("seal-w1"));
    fleet->workers[1].seals = true;
    fleet->workers[1].sealing = site_curve("seal-w1");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    fleet = fleet_sealing_with(bench, site_curve("seal-w1"));
    fleet->workers[1].seals = true;
    fleet->workers[1].sealing = site_curve("w1");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
    assert_fine(bench, add_fleet(bench, fleet_sealing_with(bench, site_curve("seal-w1"))));
    assert_fault(bench, add_people(bench, people_sealing_with(bench, site_curve("seal-w1"))),
                 FAULT_KEY);
    const worker_line_t *worker = trust_worker(bench->site->trust, "w1", NULL);
    curvekey_t key = site_curve("seal-w1");
    assert_true(worker->seals && worker_has_curve(worker, &key));
    key = site_curve("seal-w2");
    assert_false(worker_has_curve(worker, &key));
    assert_false(trust_worker(bench->site->trust, "w2", NULL)->seals);
}

static void
regions_share_no_sealing_key(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, add_fleet(bench, fleet_sealing_with(bench, site_curve("seal-w1"))));
    fleet_t *fleet = site_fleet(bench->site, "south");
    fleet->version = 2;
    fleet->workers[0].seals = true;
    fleet->workers[0].sealing = site_curve("seal-w1");
    assert_fault(bench, add_fleet(bench, fleet), FAULT_KEY);
}

static void
a_timekeeper_has_no_sealing_key(void **state)
{
    bench_t *bench = *state;
    for (int i = 0; i < 2; i++) {
        root_t *root = site_root_next(bench->site);
        text_copy(root->timekeeper.name, sizeof root->timekeeper.name, "tick");
        root->timekeeper.curve = site_curve(i ? "seal-pat" : "seal-w1");
        root->timekeeper.key = *machinekey_public(site_key(bench->site, "tick"));
        if (i)
            assert_fine(bench,
                        add_people(bench, people_sealing_with(bench, site_curve("seal-pat"))));
        else
            assert_fine(bench, add_fleet(bench, fleet_sealing_with(bench, site_curve("seal-w1"))));
        assert_fault(bench, add(bench, site_seal_root(bench->site, root, "hana,hugo")), FAULT_KEY);
    }
}

static void
a_sealing_key_is_of_one_worker_that_is_listed(void **state)
{
    static const char *const more[] = {"nobody " F64, "w1 " F64, "w2 F"};
    bench_t *bench = *state;
    CLEANUP(fleet_destroy) fleet_t *fleet = fleet_sealing_with(bench, site_curve("seal-w1"));
    for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        fleet->workers[0].seals = i;
        fleet_encode(fleet, text);
        text->size -= strlen("end\n");
        bytes_addf(text, "sealing %s\nend\n", more[i]);
        assert_null(fleet_decode(bytes_slice(text), &bench->fault));
        assert_string_equal(fault_word(bench->fault.code), fault_word(FAULT_FORMAT));
    }
}

/* ---- wire/sealed.h ------------------------------------------------------------------------ */

/* An order for w1 that is sealed for real, to pat and w1, with a secret. */
typedef struct {
    sealkey_t key;
    curvepair_t pat, w1;
    order_t *order; /* ours */
} run_t;

static run_t
run_of(bench_t *bench, const char *secret)
{
    run_t run = {.order = order_of(bench)};
    sealkey_random(&run.key);
    curve_random(&run.pat);
    curve_random(&run.w1);
    add_seal(run.order, false, "pat");
    add_seal(run.order, true, "w1");
    assert_fine(bench, sealkey_box(&run.key, &run.pat.public_key, run.order->seals[0].box, NULL));
    assert_fine(bench, sealkey_box(&run.key, &run.w1.public_key, run.order->seals[1].box, NULL));
    add_secret(run.order, "token", 0);
    const hash_t frame = order_frame(run.order);
    sealed_set_secret(&run.order->secrets[0], &frame, &run.key, secret);
    return run;
}

static void
the_key_of_an_order_is_its_readers(void **state)
{
    bench_t *bench = *state;
    run_t run = run_of(bench, "x");
    sealkey_t key;
    assert_fine(bench, sealed_key(run.order, "w1", &run.w1, &key, &bench->fault));
    assert_memory_equal(key.bytes, run.key.bytes, SEALKEY_BYTES);
    assert_fine(bench, sealed_key(run.order, NULL, &run.pat, &key, &bench->fault));
    assert_fault(bench, sealed_key(run.order, "w1", &run.pat, &key, &bench->fault), FAULT_KEY);
    assert_fault(bench, sealed_key(run.order, "w2", &run.w1, &key, &bench->fault), FAULT_KEY);
    assert_fault(bench, sealed_key(run.order, NULL, &run.w1, &key, &bench->fault), FAULT_KEY);
    order_destroy(&run.order);
}

static void
a_secret_opens_in_its_order_alone(void **state)
{
    bench_t *bench = *state;
    run_t run = run_of(bench, "correct horse");
    char text[ORDER_SECRET_MAX + 1] = "";
    const secret_line_t *line = &run.order->secrets[0];
    assert_fine(bench, sealed_secret(run.order, line, &run.key, text, &bench->fault));
    assert_string_equal(text, "correct horse");
    add_seal(run.order, true, "w2"); /* who reads it is no part of what it does */
    assert_fine(bench, sealed_secret(run.order, line, &run.key, text, &bench->fault));
    run.order->not_after.ms += 1000;
    assert_fault(bench, sealed_secret(run.order, line, &run.key, text, &bench->fault), FAULT_KEY);
    run.order->not_after.ms -= 1000;
    add_input(run.order, "goal");
    assert_fault(bench, sealed_secret(run.order, line, &run.key, text, &bench->fault), FAULT_KEY);
    order_destroy(&run.order);
}

static void
a_secret_is_a_line_of_text_and_no_fault_tells_it(void **state)
{
    static const char *const none[] = {"", "two\nlines", "\xff\xfe"};
    bench_t *bench = *state;
    char text[ORDER_SECRET_MAX + 1] = "";
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        run_t run = run_of(bench, none[i]);
        assert_fault(
            bench, sealed_secret(run.order, &run.order->secrets[0], &run.key, text, &bench->fault),
            FAULT_INPUT);
        assert_null(strstr(bench->fault.text, "two"));
        order_destroy(&run.order);
    }
}

static void
an_output_opens_for_its_receipt_alone(void **state)
{
    bench_t *bench = *state;
    run_t run = run_of(bench, "x");
    CLEANUP(receipt_destroy) receipt_t *receipt = site_receipt(bench->site);
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    hash_t place = sealed_place(receipt);
    sealed_output(&run.key, &place, slice_text("s5:hello"), sealed);
    CLEANUP(value_destroy) value_t *whole = sealed_read(NULL, &place, bytes_slice(sealed), NULL);
    assert_int_equal(value_kind(whole), VALUE_BYTES);
    CLEANUP(value_destroy)
    value_t *opened = sealed_read(&run.key, &place, bytes_slice(sealed), &bench->fault);
    assert_string_equal(value_string(opened), "hello");
    hash_t places[6];
    receipt->attempt = 2, places[0] = sealed_place(receipt), receipt->attempt = 1;
    receipt->phase = PHASE_UNDO, places[1] = sealed_place(receipt), receipt->phase = PHASE_RUN;
    receipt->outcome = OUTCOME_FAILED, places[2] = sealed_place(receipt);
    receipt->outcome = OUTCOME_OK;
    receipt->run.bytes[0] ^= 1, places[3] = sealed_place(receipt), receipt->run.bytes[0] ^= 1;
    text_copy(receipt->target, sizeof receipt->target, "w2"), places[4] = sealed_place(receipt);
    text_copy(receipt->step, sizeof receipt->step, "w"), places[5] = sealed_place(receipt);
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        value_t *none = sealed_read(&run.key, &places[i], bytes_slice(sealed), &bench->fault);
        assert_fault(bench, !none, FAULT_KEY);
    }
    value_t *none = sealed_read(&run.key, &place, slice_text("s5:hello"), &bench->fault);
    assert_fault(bench, !none, FAULT_KEY);
    none = sealed_read(&run.key, &place, slice_text("nonsense"), &bench->fault);
    assert_fault(bench, !none, FAULT_FORMAT);
    order_destroy(&run.order);
}

static void
hashes_of_ops_are_keyed_and_differ_by_where_they_stand(void **state)
{
    bench_t *bench = *state;
    run_t run = run_of(bench, "x");
    CLEANUP(receipt_destroy) receipt_t *receipt = site_receipt(bench->site);
    hash_t plain = hash_of(slice_text("n"));
    receipt->op_count = 2;
    receipt->ops[1] = receipt->ops[0];
    for (size_t i = 0; i < 2; i++)
        receipt->ops[i].arguments = plain;
    receipt->ops[0].result = plain;
    sealed_ops(&run.key, receipt);
    assert_false(hash_equal(&receipt->ops[0].arguments, &plain));
    assert_false(hash_equal(&receipt->ops[0].arguments, &receipt->ops[1].arguments));
    assert_false(hash_equal(&receipt->ops[0].arguments, &receipt->ops[0].result));
    assert_true(hash_equal(&receipt->ops[1].result, &HASH_ZERO));
    order_destroy(&run.order);
}

static void
a_line_opens_where_it_stands_alone(void **state)
{
    bench_t *bench = *state;
    run_t run = run_of(bench, "x");
    hash_t id = hash_of(slice_text("run"));
    sealed_line_t line = {&bench->site->id, &id, "w1", "fix", 120}, other = line;
    CLEANUP(bytes_destroy) bytes_t *sealed = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    sealed_line(&run.key, &line, "it goes on", sealed);
    assert_true(text_is_printable(bytes_slice(sealed)));
    other.offset = 121;
    assert_false(sealed_line_open(&run.key, &other, bytes_slice(sealed), plain));
    other = line;
    other.label = "fix #2";
    assert_false(sealed_line_open(&run.key, &other, bytes_slice(sealed), plain));
    assert_false(sealed_line_open(&run.key, &line, slice_text("it goes on"), plain));
    assert_false(sealed_line_open(&run.key, &line, slice_text("AAAA"), plain));
    assert_true(sealed_line_open(&run.key, &line, bytes_slice(sealed), plain));
    assert_string_equal(bytes_text(plain), "it goes on");
    order_destroy(&run.order);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_sealed_opens_with_its_key_use_and_place_alone),
        TEST(nothing_can_be_sealed_too),
        TEST(the_same_is_never_sealed_alike),
        TEST(a_key_is_boxed_to_one_reader),
        TEST(a_keyed_hash_is_of_key_place_and_hash),
        TEST(what_was_sealed_by_an_earlier_version_opens),
        TEST(a_sealed_order_reads_as_it_was_written),
        TEST(a_target_at_a_host_is_its_workers),
        TEST(names_of_digits_are_found_as_they_are_ordered),
        TEST(an_order_that_not_everyone_concerned_can_read_is_none),
        TEST(nobody_is_sealed_to_twice),
        TEST(an_input_has_one_value_sealed_or_not),
        TEST(what_is_sealed_has_bounds),
        TEST(an_order_has_so_many_readers),
        TEST(people_have_sealing_keys_of_their_own),
        TEST(people_have_so_many_sealing_keys),
        TEST(workers_have_sealing_keys_of_their_own),
        TEST(regions_share_no_sealing_key),
        TEST(a_timekeeper_has_no_sealing_key),
        TEST(a_sealing_key_is_of_one_worker_that_is_listed),
        TEST(the_key_of_an_order_is_its_readers),
        TEST(a_secret_opens_in_its_order_alone),
        TEST(a_secret_is_a_line_of_text_and_no_fault_tells_it),
        TEST(an_output_opens_for_its_receipt_alone),
        TEST(hashes_of_ops_are_keyed_and_differ_by_where_they_stand),
        TEST(a_line_opens_where_it_stands_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
