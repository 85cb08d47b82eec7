/* SPDX-License-Identifier: Apache-2.0 */
/* A judge that works under seal (docs/PROTOCOL.md 12): what leaves it, what a restart finds, whom
 * it refuses. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"
#include "wire/sealed.h"

#define SECRET "correct horse"
#define TWO_STEPS                                                                              \
    PLAYBOOK("disk-full",                                                                      \
             "input mount path\ninput token secret\ndefault mount /var\nstep clean run 60 -\n" \
             "step usage run 30 -\nneeds clean usage\nuse clean file.remove change\n"          \
             "use usage disk.usage observe\n")
#define NO_SECRET                                                                         \
    PLAYBOOK("disk-full", "step clean run 60 -\nstep usage run 30 -\nneeds clean usage\n" \
                          "use clean file.remove change\nuse usage disk.usage observe\n")
#define BOUND                                                                          \
    PLAYBOOK("disk-full",                                                              \
             "input token secret\nstep clean run 30 -\nuse clean file.remove change\n" \
             "bound clean file.remove path equals inputs.token\n")
#define OPEN_INPUT \
    PLAYBOOK("disk-full", "input token name\nstep clean run 30 -\nuse clean file.remove change\n")
#define NO_INPUT PLAYBOOK("disk-full", "step clean run 30 -\nuse clean file.remove change\n")

static curvepair_t w1, pat; /* made once */
static sealkey_t key;

/* Of the run: sealed to pat and to w1's pair, or another's. */
static order_t *
sealed_order(bench_t *bench, const curvepair_t *worker)
{
    order_t *order = site_order(bench->site, &bench->release_hash);
    order->seal_count = 2;
    order->seals = memory_new(2, sizeof *order->seals);
    text_copy(order->seals[0].name, TEXT_NAME_MAX + 1, "pat");
    text_copy(order->seals[1].name, TEXT_NAME_MAX + 1, "w1");
    order->seals[1].worker = true;
    assert_int_equal(sealkey_box(&key, &pat.public_key, order->seals[0].box, NULL), 0);
    assert_int_equal(sealkey_box(&key, &worker->public_key, order->seals[1].box, NULL), 0);
    order->secret_count = 1;
    order->secrets = memory_new(1, sizeof *order->secrets);
    text_copy(order->secrets[0].name, TEXT_NAME_MAX + 1, "token");
    return order;
}

static void
seal_secret(order_t *order, const char *text)
{
    const hash_t frame = order_frame(order);
    sealed_set_secret(&order->secrets[0], &frame, &key, text);
}

/* What is offered from now on. */
static void
give_sealed(bench_t *bench, const char *manifest)
{
    give_playbook(bench, manifest);
    order_t *order = sealed_order(bench, &w1);
    seal_secret(order, SECRET);
    give_order(bench, order, "pat");
}

static int
sealed_new(void **state)
{
    if (bench_new(state))
        return -1;
    bench_t *bench = *state;
    curve_random(&w1);
    curve_random(&pat);
    sealkey_random(&key);
    bench->sealing = &w1;
    judge_open_with(bench->judge, &w1);
    return 0;
}

/* Nothing that left towards the broker has the secret in it. */
static int
sealed_destroy(void **state)
{
    bench_t *bench = *state;
    for (size_t i = 0; i < bench->count; i++)
        for (size_t k = 0; bench->letters[i].to == TO_LINK && k < bench->letters[i].frames->count;
             k++) {
            slice_t frame = frames_at(bench->letters[i].frames, k);
            assert_null(memmem(frame.data, frame.size, SECRET, strlen(SECRET)));
        }
    assert_null(memmem(bench->output->data, bench->output->size, SECRET, strlen(SECRET)));
    return bench_destroy(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sealed_new, sealed_destroy)

/* The step that works says the secret and gives it, or fails of it. */
static frames_t *
ends_with_secret(const char *outcome)
{
    bool good = !strcmp(outcome, "ok");
    CLEANUP(value_destroy) value_t *value = good ? value_text(SECRET) : value_nil();
    frames_t *frames = message("DONE", outcome, NULL);
    add_value(frames, value);
    frames_add_text(frames, good ? "none" : "failed");
    frames_add_text(frames, good ? "" : "it is " SECRET);
    return frames;
}

/* What the last RECEIPT brought as output, opened; the caller's. */
static value_t *
opened(const bench_t *bench, const receipt_t *receipt)
{
    fault_t fault = {0};
    const frames_t *frames = bench->letters[bench->heard - 1].frames;
    slice_t output = frames_at(frames, 3);
    const hash_t hash = hash_of(output), place = sealed_place(receipt);
    assert_true(hash_equal(&hash, &receipt->output));
    assert_int_equal(receipt->output_bytes, output.size);
    value_t *value = sealed_read(&key, &place, output, &fault);
    if (!value)
        fail_msg("%s", fault.text);
    return value;
}

static bool
says(const bench_t *bench, const char *line)
{
    CLEANUP(bytes_destroy) bytes_t *out = bytes_new();
    sealed_line_t at = {.site = &bench->site->id, .run = &bench->run, .target = "w1"};
    size_t taken = sealed_lines(&key, &at, bytes_slice(bench->output), out);
    assert_int_equal(taken, bench->output->size);
    return strstr(bytes_text(out), line);
}

static void
accept(bench_t *bench)
{
    begin_run(bench);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "usage");
    assert_string_equal(value_get_text(value_get(context, "inputs"), "token"), SECRET);
    assert_string_equal(value_get_text(value_get(context, "inputs"), "mount"), "/var");
}

static void
what_a_step_gives_and_says_is_for_readers(void **state)
{
    bench_t *bench = *state;
    give_sealed(bench, TWO_STEPS);
    accept(bench);
    by_runner(bench, message("SAY", "it is " SECRET, NULL));
    by_runner(bench, ends_with_secret("ok"));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->reason, "-");
    CLEANUP(value_destroy) value_t *value = opened(bench, receipt);
    assert_string_equal(value_string(value), SECRET);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "clean");
    assert_string_equal(value_get_text(value_get(context, "here"), "usage"), SECRET);
    assert_true(says(bench, "usage: begins\nusage: it is " SECRET "\nusage: ok\n"));
}

static void
why_a_step_failed_is_for_readers(void **state)
{
    bench_t *bench = *state;
    give_sealed(bench, TWO_STEPS);
    accept(bench);
    by_runner(bench, ends_with_secret("failed"));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_int_equal(receipt->outcome, OUTCOME_FAILED);
    assert_string_equal(receipt->reason, SEALED_REASON);
    assert_string_equal(receipt->code, "failed");
    CLEANUP(value_destroy) value_t *why = opened(bench, receipt);
    assert_string_equal(value_string(why), "it is " SECRET);
}

static void
a_step_that_gives_nothing_seals_nothing(void **state)
{
    bench_t *bench = *state;
    give_sealed(bench, TWO_STEPS);
    accept(bench);
    frames_t *frames = message("DONE", "ok", "n", "none", "", NULL);
    by_runner(bench, frames);
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    CLEANUP(value_destroy) value_t *value = opened(bench, receipt);
    assert_int_equal(value_kind(value), VALUE_NIL);
}

static void
hashes_of_ops_tell_nothing(void **state)
{
    bench_t *bench = *state;
    give_sealed(bench, TWO_STEPS);
    accept(bench);
    use(bench, "disk.usage", 91, HEAD_1);
    by_runner(bench, ends_with_secret("ok"));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    hash_t result = hash_of(slice_text("i91;"));
    assert_int_equal(receipt->op_count, 1);
    assert_false(hash_equal(&receipt->ops[0].result, &result));
    receipt->ops[0].arguments = hash_of(slice_text("ms4:paths4:/vare"));
    receipt->ops[0].result = result;
    receipt_t again = *receipt;
    sealed_ops(&key, &again);
    CLEANUP(receipt_destroy)
    receipt_t *sent = receipt_decode(frames_at(bench->letters[bench->heard - 1].frames, 1), NULL);
    assert_true(hash_equal(&again.ops[0].arguments, &sent->ops[0].arguments));
    assert_true(hash_equal(&again.ops[0].result, &sent->ops[0].result));
}

static void
a_restart_finds_what_was_sealed_and_sends_the_same_bytes(void **state)
{
    bench_t *bench = *state;
    give_sealed(bench, TWO_STEPS);
    accept(bench);
    by_runner(bench, ends_with_secret("ok"));
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    CLEANUP(bytes_destroy)
    bytes_t *output = bytes_copy(frames_at(bench->letters[bench->heard - 1].frames, 3));
    works_on(bench, "clean");
    const frames_t *task = restart_and_go_on(bench);
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *context = value_decode(frames_at(task, 4), &fault);
    assert_string_equal(value_get_text(value_get(context, "here"), "usage"), SECRET);
    assert_string_equal(value_get_text(value_get(context, "inputs"), "token"), SECRET);
    by_runner(bench, ends_with_secret("ok"));
    CLEANUP(receipt_destroy) receipt_t *last = hears_receipt(bench);
    assert_int_equal(last->part, OUTCOME_OK);
    assert_true(says(bench, "clean: begins\nclean: ok\n"));
    by_link(bench, message("ONLINE", "instance", NULL));
    hears(bench, TO_LINK, "HELLO");
    by_link(bench, message("WELCOME", "1", "instance", "0", NULL));
    const frames_t *repeated = hears(bench, TO_LINK, "RECEIPT");
    assert_true(slice_equal(frames_at(repeated, 3), bytes_slice(output)));
}

static void
an_order_that_this_worker_cannot_open_is_refused(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, TWO_STEPS);
    curvepair_t other;
    curve_random(&other);
    order_t *order = sealed_order(bench, &other);
    seal_secret(order, SECRET);
    give_order(bench, order, "pat");
    offer_and_give(bench);
    hears_end(bench, OUTCOME_REFUSED, "input");
}

static void
without_a_sealing_key_nothing_sealed_is_accepted(void **state)
{
    bench_t *bench = *state;
    judge_open_with(bench->judge, NULL);
    give_sealed(bench, TWO_STEPS);
    offer_and_give(bench);
    hears_end(bench, OUTCOME_REFUSED, "input");
}

static void
a_secret_that_was_sealed_elsewhere_is_refused_and_not_told(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, TWO_STEPS);
    order_t *order = sealed_order(bench, &w1);
    seal_secret(order, SECRET);
    order->max_failures = 1; /* another order than it was sealed for */
    give_order(bench, order, "pat");
    offer_and_give(bench);
    hears_end(bench, OUTCOME_REFUSED, "input");
    order = sealed_order(bench, &w1);
    seal_secret(order, SECRET "\n" SECRET);
    give_order(bench, order, "pat");
    by_link(bench, offer(bench));
    hears(bench, TO_LINK, "WANT");
    by_link(bench, give(bench));
    hears_end(bench, OUTCOME_REFUSED, "input");
}

static void
a_secret_bounds_no_op_and_is_of_its_kind(void **state)
{
    static const char *const manifests[] = {BOUND, OPEN_INPUT, NO_INPUT};
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(manifests); i++) {
        give_sealed(bench, manifests[i]);
        offer_and_give(bench);
        hears_end(bench, OUTCOME_REFUSED, "input");
    }
}

/* Of the same work, sealed anew with this secret. */
static void
give_continuing(bench_t *bench, const hash_t *earlier, const char *secret)
{
    order_t *order = sealed_order(bench, &w1);
    order->continues = *earlier;
    seal_secret(order, secret);
    give_order(bench, order, "pat");
}

static void
a_run_goes_on_where_a_sealed_one_failed(void **state)
{
    bench_t *bench = *state;
    give_sealed(bench, TWO_STEPS);
    accept(bench);
    by_runner(bench, ends_with_secret("ok"));
    hears_step(bench, "usage", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "clean");
    by_runner(bench, ends_with_secret("failed"));
    hears_end(bench, OUTCOME_FAILED, "failed");
    const hash_t earlier = bench->run;
    give_continuing(bench, &earlier, "another");
    by_link(bench, offer(bench));
    hears_warrant(bench);
    hears_end(bench, OUTCOME_REFUSED, "conflict");
    give_continuing(bench, &earlier, SECRET);
    by_link(bench, offer(bench));
    hears_warrant(bench);
    by_effector(bench, granted(bench, HEAD_2));
    hears(bench, TO_LINK, "ACCEPT");
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "clean");
    assert_string_equal(value_get_text(value_get(context, "here"), "usage"), SECRET);
}

static void
no_unsealed_run_goes_on_where_a_sealed_one_failed(void **state)
{
    bench_t *bench = *state;
    give_playbook(bench, NO_SECRET);
    order_t *order = sealed_order(bench, &w1);
    order->secret_count = 0;
    give_order(bench, order, "pat");
    begin_run(bench);
    CLEANUP(value_destroy) value_t *context = hears_task(bench, "step", "usage");
    by_runner(bench, ends_with_secret("ok"));
    hears_step(bench, "usage", PHASE_RUN, OUTCOME_OK, OUTCOME_OPEN);
    works_on(bench, "clean");
    by_runner(bench, ends_with_secret("failed"));
    hears_end(bench, OUTCOME_FAILED, "failed");
    order = site_order(bench->site, &bench->release_hash);
    order->continues = bench->run;
    give_order(bench, order, "pat");
    by_link(bench, offer(bench));
    hears_warrant(bench);
    hears_end(bench, OUTCOME_REFUSED, "conflict");
}

static void
what_has_no_room_sealed_fails(void **state)
{
    bench_t *bench = *state;
    give_sealed(bench, TWO_STEPS);
    accept(bench);
    bytes_t *large = bytes_new();
    for (size_t i = 0; i < SEALED_OUTPUT_MAX / 16; i++)
        bytes_add_text(large, "0123456789abcdef");
    frames_t *frames = message("DONE", "ok", NULL);
    CLEANUP(value_destroy) value_t *value = value_bytes(bytes_slice(large));
    add_value(frames, value);
    frames_add_text(frames, "none");
    frames_add_text(frames, "");
    by_runner(bench, frames);
    bytes_destroy(&large);
    CLEANUP(receipt_destroy) receipt_t *receipt = hears_receipt(bench);
    assert_string_equal(receipt->code, "limit");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_step_gives_and_says_is_for_readers),
        TEST(why_a_step_failed_is_for_readers),
        TEST(a_step_that_gives_nothing_seals_nothing),
        TEST(hashes_of_ops_tell_nothing),
        TEST(a_restart_finds_what_was_sealed_and_sends_the_same_bytes),
        TEST(an_order_that_this_worker_cannot_open_is_refused),
        TEST(without_a_sealing_key_nothing_sealed_is_accepted),
        TEST(a_secret_that_was_sealed_elsewhere_is_refused_and_not_told),
        TEST(a_secret_bounds_no_op_and_is_of_its_kind),
        TEST(a_run_goes_on_where_a_sealed_one_failed),
        TEST(no_unsealed_run_goes_on_where_a_sealed_one_failed),
        TEST(what_has_no_room_sealed_fails),
    };
    log_open("test_sealed_run", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
