/* SPDX-License-Identifier: Apache-2.0 */
/* A judge that is one of root's witnesses, and brokers that tell it one history or more. */
#include "tests/unit/judge_fixture.h"

#include "keys/cosignature.h"
#include "wire/checkpoint.h"
#include "wire/consistency.h"

/* Histories: two logs with different seeds share their leaves before `fork`. */
typedef struct {
    uint64_t fork;
    uint8_t seed;
} history_t;

static const history_t one = {UINT64_MAX, 1};

static int
head_of(void *context, uint64_t first, uint64_t end, hash_t *head, fault_t *fault)
{
    const history_t *history = context;
    merkle_t log = {0};
    (void)fault;
    for (uint64_t i = first; i < end; i++) {
        uint64_t words[2] = {i, i >= history->fork ? history->seed : 0};
        hash_t leaf = hash_leaf(slice_of(words, sizeof words));
        merkle_append(&log, &leaf);
    }
    *head = merkle_head(&log);
    return 0;
}

static checkpoint_t
checkpoint_at(const bench_t *bench, const history_t *history, uint64_t size)
{
    checkpoint_t self = {.site = bench->site->id, .size = size, .made = bench->now};
    head_of((void *)history, 0, size, &self.head, NULL);
    text_copy(self.broker, sizeof self.broker, "hub");
    return self;
}

/* A WITNESS for this checkpoint, with the proof of a history from so many leaves, and a restart. */
static frames_t *
request_restarted(bench_t *bench, const checkpoint_t *checkpoint, const history_t *history,
                  uint64_t from, const char *key, const sealed_t *restart)
{
    char text[24];
    consistency_t proof = {.count = 0};
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    checkpoint_sign(checkpoint, site_key(bench->site, key), document, armor);
    if (from <= checkpoint->size)
        assert_int_equal(
            consistency_make(&proof, from, checkpoint->size, head_of, (void *)history, NULL), 0);
    snprintf(text, sizeof text, "%llu", (unsigned long long)from);
    frames_t *frames = message("WITNESS", text, NULL);
    frames_add(frames, consistency_slice(&proof));
    frames_add(frames, bytes_slice(document));
    frames_add(frames, bytes_slice(armor));
    frames_add(frames, restart ? bytes_slice(restart->document) : slice_of(NULL, 0));
    frames_add(frames, restart ? bytes_slice(restart->armors) : slice_of(NULL, 0));
    return frames;
}

static frames_t *
request(bench_t *bench, const checkpoint_t *checkpoint, const history_t *history, uint64_t from,
        const char *key)
{
    return request_restarted(bench, checkpoint, history, from, key, NULL);
}

static void
asks(bench_t *bench, const history_t *history, uint64_t from, uint64_t size)
{
    checkpoint_t checkpoint = checkpoint_at(bench, history, size);
    by_link(bench, request(bench, &checkpoint, history, from, "hub-log"));
}

/* The judge signed this, and had it on the disk before. */
static void
hears_cosigned(bench_t *bench, const history_t *history, uint64_t size)
{
    cosignature_t read;
    fault_t fault = {0};
    checkpoint_t checkpoint = checkpoint_at(bench, history, size);
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    const frames_t *answer = hears(bench, TO_LINK, "COSIGNED");
    slice_t line = frames_at(answer, 4);
    checkpoint_body(&checkpoint, body);
    assert_string_equal(frames_text(answer, 2), "none");
    assert_int_equal(strtoull(frames_text(answer, 1), NULL, 10), size);
    assert_int_equal(cosignature_next(&read, &line, &fault), 1);
    assert_string_equal(read.name, "w1");
    assert_int_equal(cosignature_check(&read, bytes_slice(body),
                                       machinekey_public(site_key(bench->site, "w1")), &fault),
                     0);
}

static void
hears_no(bench_t *bench, fault_code_t code, uint64_t size)
{
    const frames_t *answer = hears(bench, TO_LINK, "COSIGNED");
    assert_string_equal(frames_text(answer, 2), fault_word(code));
    assert_true(frames_at(answer, 3).size);
    assert_int_equal(frames_at(answer, 4).size, 0);
    assert_int_equal(strtoull(frames_text(answer, 1), NULL, 10), size);
    hears_nothing(bench);
}

/* The judge learns a root that lists these workers as witnesses. */
static void
learn_witnesses(bench_t *bench, const char *worker)
{
    root_t *root = site_root_next(bench->site);
    site_add_witness(bench->site, root, worker, worker);
    sealed_t sealed = site_seal_root(bench->site, root, "hana,hugo");
    frames_t *frames = message("DOCUMENT", NULL);
    frames_add(frames, bytes_slice(sealed.document));
    frames_add(frames, bytes_slice(sealed.armors));
    by_link(bench, frames);
    hears(bench, TO_EFFECTOR, "DOCUMENT");
    sealed_done(&sealed);
}

static int
set_up(void **state)
{
    bench_new(state);
    learn_witnesses(*state, "w1");
    return 0;
}

static void
cosigns_a_log_that_grows(void **state)
{
    bench_t *bench = *state;
    asks(bench, &one, 0, 3);
    hears_cosigned(bench, &one, 3);
    asks(bench, &one, 3, 700);
    hears_cosigned(bench, &one, 700);
    asks(bench, &one, 700, 700); /* its answer was lost */
    hears_cosigned(bench, &one, 700);
}

static int
count_log(void *context, const log_row_t *row, fault_t *fault)
{
    (void)fault;
    assert_string_equal(row->broker, "hub");
    *(uint64_t *)context = row->size;
    return 0;
}

static void
has_on_the_disk_what_it_signs(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    uint64_t size = 0;
    checkpoint_t checkpoint = checkpoint_at(bench, &one, 5);
    CLEANUP(frames_destroy) frames_t *frames = request(bench, &checkpoint, &one, 0, "hub-log");
    assert_int_equal(judge_on_link(bench->judge, 0, frames, bench->now, bench->clock, &fault), 0);
    CLEANUP(ledger_destroy) ledger_t *left = ledger_after_power_cut(bench);
    assert_int_equal(ledger_each_log(left, count_log, &size, &fault), 0);
    assert_int_equal(size, 5);
}

static void
signs_no_second_history_over_restarts_too(void **state)
{
    bench_t *bench = *state;
    history_t other = {2, 9};
    asks(bench, &one, 0, 4);
    hears_cosigned(bench, &one, 4);
    for (int i = 0; i < 2; i++) {
        asks(bench, &other, 4, 4);
        hears_no(bench, FAULT_PROOF, 4);
        asks(bench, &other, 4, 9);
        hears_no(bench, FAULT_PROOF, 4);
        asks(bench, &one, 3, 3);
        hears_no(bench, FAULT_VERSION, 4);
        asks(bench, &one, 0, 0);
        hears_no(bench, FAULT_VERSION, 4);
        restart(bench);
    }
    asks(bench, &one, 4, 9);
    hears_cosigned(bench, &one, 9);
}

static void
says_from_where_the_proof_is_to_begin(void **state)
{
    bench_t *bench = *state;
    asks(bench, &one, 0, 4);
    hears_cosigned(bench, &one, 4);
    asks(bench, &one, 0, 9);
    hears_no(bench, FAULT_CONFLICT, 4);
    asks(bench, &one, 5, 9);
    hears_no(bench, FAULT_CONFLICT, 4);
    by_link(bench, message("ONLINE", "instance", NULL));
    fault_t fault = {0};
    const frames_t *hello = hears(bench, TO_LINK, "HELLO");
    CLEANUP(value_destroy) value_t *said = value_decode(frames_at(hello, 3), &fault);
    assert_int_equal(value_get_integer(value_get(said, "witnessed"), "hub"), 4);
    asks(bench, &one, 4, 9);
    hears_cosigned(bench, &one, 9);
}

static void
knows_a_broker_by_the_key_of_its_first_checkpoint(void **state)
{
    bench_t *bench = *state;
    checkpoint_t checkpoint = checkpoint_at(bench, &one, 4);
    asks(bench, &one, 0, 4);
    hears_cosigned(bench, &one, 4);
    by_link(bench, request(bench, &checkpoint, &one, 4, "thief"));
    hears_no(bench, FAULT_KEY, 4);
}

static void
refuses_what_is_no_checkpoint_of_a_broker_of_this_site(void **state)
{
    bench_t *bench = *state;
    checkpoint_t other = checkpoint_at(bench, &one, 4);
    other.site.bytes[0] ^= 1;
    by_link(bench, request(bench, &other, &one, 0, "hub-log"));
    hears_no(bench, FAULT_SITE, 0);
    other = checkpoint_at(bench, &one, 4);
    text_copy(other.broker, sizeof other.broker, "stranger");
    by_link(bench, request(bench, &other, &one, 0, "hub-log"));
    hears_no(bench, FAULT_NOT_FOUND, 0);
    by_link(bench, message("WITNESS", "0", "", "tocsin-checkpoint v1\n", "", "", "", NULL));
    hears_no(bench, FAULT_FORMAT, 0);
    by_link(bench, message("WITNESS", "-1", "", "", "", "", "", NULL));
    hears_no(bench, FAULT_FORMAT, 0);
    by_link(bench, message("WITNESS", "0", "torn", "", "", "", "", NULL));
    hears_no(bench, FAULT_FORMAT, 0);
}

static void
refuses_a_signature_that_is_none_or_was_made_for_something_else(void **state)
{
    bench_t *bench = *state;
    checkpoint_t checkpoint = checkpoint_at(bench, &one, 4);
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    checkpoint_sign(&checkpoint, site_key(bench->site, "hub-log"), document, armor);
    frames_t *frames = message("WITNESS", "0", "", bytes_text(document), "", "", "", NULL);
    by_link(bench, frames);
    hears_no(bench, FAULT_SIGNATURE, 0);
    bytes_clear(armor);
    machinekey_sign(site_key(bench->site, "hub-log"), SIGN_RECEIPT, bytes_slice(document), armor);
    frames = message("WITNESS", "0", "", bytes_text(document), bytes_text(armor), "", "", NULL);
    by_link(bench, frames);
    hears_no(bench, FAULT_NAMESPACE, 0);
}

static void
is_no_witness_where_root_lists_another(void **state)
{
    bench_t *bench = *state;
    asks(bench, &one, 0, 4);
    hears_no(bench, FAULT_DENIED, 0);
    learn_witnesses(bench, "w2");
    asks(bench, &one, 0, 4);
    hears_no(bench, FAULT_DENIED, 0);
}

/* ---- a log that was put back --------------------------------------------------------------- */

/* What officers say: the log of this broker stands up to so many leaves; made so much later. */
typedef struct {
    const char *broker, *officers;
    uint64_t size;
    int64_t later_s;
} said_t;

static sealed_t
seal_restart(const bench_t *bench, const said_t *said)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    restart_t restart = {.site = bench->site->id,
                         .size = said->size,
                         .created = site_after(bench->now, said->later_s)};
    restart.created.ms -= restart.created.ms % 1000;
    head_of((void *)&one, 0, said->size, &restart.head, NULL);
    text_copy(restart.broker, sizeof restart.broker, said->broker);
    text_copy(restart.reason, sizeof restart.reason, "the disk died");
    restart_encode(&restart, text);
    return site_seal(bench->site, SIGN_RESTART, MOVE(text), said->officers);
}

static void
asks_restarted(bench_t *bench, const history_t *history, uint64_t from, uint64_t size, said_t said)
{
    sealed_t sealed = seal_restart(bench, &said);
    checkpoint_t checkpoint = checkpoint_at(bench, history, size);
    by_link(bench, request_restarted(bench, &checkpoint, history, from, "hub-log", &sealed));
    sealed_done(&sealed);
}

static const history_t back = {4, 7}; /* put back to 4 leaves */
static const said_t of_four = {"hub", "olaf,zoe", 4, 10};

static void
takes_a_restart_once_over_its_own_restarts_too(void **state)
{
    bench_t *bench = *state;
    history_t third = {4, 8};
    said_t older = of_four, newer = of_four;
    older.later_s--;
    newer.later_s++;
    asks(bench, &one, 0, 9);
    hears_cosigned(bench, &one, 9);
    asks_restarted(bench, &back, 4, 6, of_four);
    hears_cosigned(bench, &back, 6);
    for (int i = 0; i < 2; i++) {
        asks_restarted(bench, &third, 4, 12, of_four);
        hears_no(bench, FAULT_REPLAY, 6);
        asks_restarted(bench, &third, 4, 12, older);
        hears_no(bench, FAULT_REPLAY, 6);
        asks(bench, &third, 6, 12);
        hears_no(bench, FAULT_PROOF, 6);
        restart(bench);
    }
    asks_restarted(bench, &back, 6, 12, of_four);
    hears_cosigned(bench, &back, 12);
    asks_restarted(bench, &third, 4, 5, newer);
    hears_cosigned(bench, &third, 5);
}

static void
takes_a_restart_from_its_own_leaves_on_alone(void **state)
{
    bench_t *bench = *state;
    history_t other = {2, 9};
    said_t of_six = of_four;
    of_six.size = 6;
    asks(bench, &one, 0, 5);
    hears_cosigned(bench, &one, 5);
    asks_restarted(bench, &other, 4, 9, of_four);
    hears_no(bench, FAULT_PROOF, 5);
    asks_restarted(bench, &back, 4, 3, of_four);
    hears_no(bench, FAULT_VERSION, 5);
    asks_restarted(bench, &back, 3, 9, of_four);
    hears_no(bench, FAULT_CONFLICT, 5);
    asks_restarted(bench, &back, 5, 9, of_four);
    hears_no(bench, FAULT_PROOF, 5);
    asks_restarted(bench, &one, 6, 9, of_six); /* explains no loss of leaves before its own */
    hears_no(bench, FAULT_CONFLICT, 5);
    asks_restarted(bench, &back, 4, 9, of_four);
    hears_cosigned(bench, &back, 9);
}

static void
takes_no_restart_that_does_not_hold(void **state)
{
    bench_t *bench = *state;
    static const struct {
        said_t said;
        fault_code_t code;
    } rows[] = {
        {{"island", "olaf,zoe", 4, 10}, FAULT_TARGET},
        {{"hub", "olaf", 4, 10}, FAULT_QUORUM},
        {{"hub", "olaf,pat", 4, 10}, FAULT_ROLE},
        {{"hub", "nobody", 4, 10}, FAULT_KEY},
    };
    asks(bench, &one, 0, 9);
    hears_cosigned(bench, &one, 9);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        asks_restarted(bench, &back, 4, 6, rows[i].said);
        hears_no(bench, rows[i].code, 9);
        asks_restarted(bench, &back, 4, 12, rows[i].said);
        hears_no(bench, rows[i].code, 9);
    }
    asks_restarted(bench, &one, 9, 12, rows[1].said); /* which needs none */
    hears_cosigned(bench, &one, 12);
}

static void
takes_no_restart_later_that_its_log_went_on_with(void **state)
{
    bench_t *bench = *state;
    history_t third = {4, 8};
    asks(bench, &back, 0, 6);
    hears_cosigned(bench, &back, 6);
    asks_restarted(bench, &back, 6, 6, of_four);
    hears_cosigned(bench, &back, 6);
    asks_restarted(bench, &third, 4, 9, of_four);
    hears_no(bench, FAULT_REPLAY, 6);
    asks_restarted(bench, &third, 4, 5, of_four);
    hears_no(bench, FAULT_REPLAY, 6);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, bench_destroy)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(cosigns_a_log_that_grows),
        test(has_on_the_disk_what_it_signs),
        test(signs_no_second_history_over_restarts_too),
        test(says_from_where_the_proof_is_to_begin),
        test(knows_a_broker_by_the_key_of_its_first_checkpoint),
        test(refuses_what_is_no_checkpoint_of_a_broker_of_this_site),
        test(refuses_a_signature_that_is_none_or_was_made_for_something_else),
        test(takes_a_restart_once_over_its_own_restarts_too),
        test(takes_a_restart_from_its_own_leaves_on_alone),
        test(takes_no_restart_that_does_not_hold),
        test(takes_no_restart_later_that_its_log_went_on_with),
        cmocka_unit_test_setup_teardown(is_no_witness_where_root_lists_another, bench_new,
                                        bench_destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
