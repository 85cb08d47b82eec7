/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints, and what witnesses say to them. */
#include "tests/unit/core_fixture.h"

#include "broker/core/tiles.h"
#include "wire/testimony.h"

/* Root 2, with these witnesses, in force: the fixture's house with somebody to sign checkpoints. */
static int
set_up(void **state)
{
    begin(state);
    house_t *self = *state;
    root_t *root = site_root_next(self->site);
    fault_t fault = {0};
    site_add_witness(self->site, root, "s1", "s1");
    site_add_witness(self->site, root, "w1", "w1");
    site_add_witness(self->site, root, "w2", "w2");
    sealed_t sealed = site_seal_root(self->site, root, "hana,hugo");
    trust_t *trust = (trust_t *)self->charter->trust;
    if (trust_add(trust, bytes_slice(sealed.document), bytes_slice(sealed.armors), &fault))
        fail_msg("%s", fault.text);
    sealed_done(&sealed);
    core_sign(self->core, "hub", site_key(self->site, "hub-log"));
    if (core_load(self->core, &fault))
        fail_msg("%s", fault.text);
    return 0;
}

static void
greet(house_t *self, const char *worker, int64_t witnessed)
{
    CLEANUP(value_destroy) value_t *said = value_map();
    value_t *logs = value_map();
    value_set_integer(logs, "hub", witnessed);
    value_set(said, "witnessed", logs);
    must(self, (event_t){.kind = EVENT_HELLO, .worker = worker, .state = said});
}

static void
pass(house_t *self, int64_t seconds)
{
    self->site->now = site_after(self->site->now, seconds);
    must(self, (event_t){.kind = EVENT_TICK});
}

/* The log grows: people pull a brake, and let it go. */
static void
grow(house_t *self, size_t leaves)
{
    uint64_t until = core_log(self->core)->size + leaves;
    for (uint64_t on = 1; core_log(self->core)->size < until; on = !on)
        must(self,
             (event_t){
                 .kind = EVENT_BRAKE, .who = "pat", .region = "-", .number = on, .text = "a test"});
}

static const frames_t *
asked(const house_t *self, const char *worker)
{
    for (size_t i = 0; i < self->actions->send_count; i++)
        if (!strcmp(self->actions->sends[i].worker, worker) &&
            slice_is(frames_at(self->actions->sends[i].frames, 0), "WITNESS"))
            return self->actions->sends[i].frames;
    return NULL;
}

static checkpoint_t
checkpoint_in(house_t *self, const frames_t *frames)
{
    checkpoint_t checkpoint;
    fault_t fault = {0};
    signature_t signature;
    slice_t document = frames_at(frames, 3);
    assert_int_equal(checkpoint_decode(&checkpoint, document, &fault), 0);
    assert_int_equal(signature_decode_by(&signature, frames_at(frames, 4),
                                         machinekey_public(site_key(self->site, "hub-log")),
                                         &fault),
                     0);
    assert_int_equal(signature_check(&signature, document, SIGN_CHECKPOINT, &fault), 0);
    return checkpoint;
}

/* The worker's answer to a checkpoint, its line made by this key. */
static int
cosigns(house_t *self, const char *worker, const char *key, const checkpoint_t *checkpoint)
{
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    checkpoint_body(checkpoint, body);
    cosignature_make(site_key(self->site, key), worker, self->site->now, bytes_slice(body), line);
    return step(self, (event_t){.kind = EVENT_COSIGNED,
                                .worker = worker,
                                .number = checkpoint->size,
                                .code = "none",
                                .text = "",
                                .output = bytes_slice(line)});
}

static int
declines(house_t *self, const char *worker, uint64_t size, const char *code)
{
    return step(self, (event_t){.kind = EVENT_COSIGNED,
                                .worker = worker,
                                .number = size,
                                .code = code,
                                .text = "no",
                                .output = slice_of(NULL, 0)});
}

/* How many witnesses cosigned what is handed out, of how many leaves; the proof of it holds. */
static size_t
testified(house_t *self, uint64_t *size)
{
    testimony_t read;
    cosigners_t who;
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    const trust_t *trust = self->charter->trust;
    checkpoint_t shown =
        checkpoint_of(trust_site(trust), "hub", core_log(self->core), self->site->now);
    assert_int_equal(core_testify(self->core, text, &fault), 0);
    slice_t rest = bytes_slice(text);
    *size = 0;
    if (!rest.size)
        return 0;
    assert_int_equal(testimony_cut(&read, &rest, &fault), 1);
    if (testimony_check(&read, &shown, trust, &who, &fault))
        fail_msg("%s", fault.text);
    *size = read.size;
    return who.count;
}

static void
asks_those_who_are_online_once_the_log_grew(void **state)
{
    house_t *self = *state;
    greet(self, "w1", 0);
    grow(self, 4);
    pass(self, 1);
    const frames_t *frames = asked(self, "w1");
    assert_non_null(frames);
    assert_null(asked(self, "s1"));
    checkpoint_t checkpoint = checkpoint_in(self, frames);
    assert_true(checkpoint.size >= 4);
    assert_string_equal(frames_text(frames, 1), "0");
    pass(self, 1);
    assert_null(asked(self, "w1"));
    greet(self, "s1", 0);
    pass(self, 1);
    assert_non_null(asked(self, "s1"));
}

static void
makes_none_while_nothing_happens_and_one_a_minute_else(void **state)
{
    house_t *self = *state;
    greet(self, "w1", 0);
    grow(self, 2);
    pass(self, 1);
    checkpoint_t first = checkpoint_in(self, asked(self, "w1"));
    assert_int_equal(cosigns(self, "w1", "w1", &first), 0);
    grow(self, 2);
    greet(self, "w1", (int64_t)first.size);
    pass(self, 9);
    assert_null(asked(self, "w1"));
    pass(self, 52);
    greet(self, "w1", (int64_t)first.size);
    pass(self, 1);
    checkpoint_t second = checkpoint_in(self, asked(self, "w1"));
    assert_true(second.size > first.size);
    assert_int_equal(cosigns(self, "w1", "w1", &second), 0);
    for (int i = 0; i < 20; i++) {
        pass(self, 600);
        greet(self, "w1", (int64_t)second.size);
        pass(self, 1);
        assert_null(asked(self, "w1"));
    }
}

static void
hands_out_what_more_than_half_signed_and_what_lies_beyond(void **state)
{
    house_t *self = *state;
    uint64_t size;
    greet(self, "w1", 0);
    greet(self, "s1", 0);
    grow(self, 3);
    assert_int_equal(testified(self, &size), 0);
    pass(self, 1);
    checkpoint_t first = checkpoint_in(self, asked(self, "w1"));
    assert_int_equal(cosigns(self, "w1", "w1", &first), 0);
    assert_int_equal(testified(self, &size), 1);
    assert_int_equal(cosigns(self, "w1", "w1", &first), 0); /* again */
    assert_int_equal(testified(self, &size), 1);
    assert_int_equal(cosigns(self, "s1", "s1", &first), 0);
    assert_int_equal(testified(self, &size), 2);
    grow(self, 5);
    pass(self, 60);
    greet(self, "w1", (int64_t)first.size);
    pass(self, 1);
    checkpoint_t second = checkpoint_in(self, asked(self, "w1"));
    assert_int_equal(cosigns(self, "w1", "w1", &second), 0);
    assert_int_equal(testified(self, &size), 2);
    assert_int_equal(size, first.size);
    assert_int_equal(cosigns(self, "w2", "w2", &second), 0);
    assert_int_equal(testified(self, &size), 2);
    assert_int_equal(size, second.size);
}

static void
takes_no_cosignature_that_is_none(void **state)
{
    house_t *self = *state;
    uint64_t size;
    greet(self, "w1", 0);
    grow(self, 3);
    pass(self, 1);
    checkpoint_t first = checkpoint_in(self, asked(self, "w1")), other = first;
    other.head.bytes[0] ^= 1;
    assert_int_equal(cosigns(self, "w1", "w2", &first), -1);
    assert_int_equal(self->fault.code, FAULT_KEY);
    assert_int_equal(cosigns(self, "w1", "w1", &other), -1);
    assert_int_equal(self->fault.code, FAULT_SIGNATURE);
    assert_int_equal(cosigns(self, "x1", "x1", &first), -1);
    assert_int_equal(self->fault.code, FAULT_ROLE);
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    cosignature_make(site_key(self->site, "w2"), "w2", self->site->now, slice_text("x"), line);
    event_t event = {.kind = EVENT_COSIGNED,
                     .worker = "w1",
                     .number = first.size,
                     .code = "none",
                     .text = "",
                     .output = bytes_slice(line)};
    assert_int_equal(step(self, event), -1);
    assert_int_equal(self->fault.code, FAULT_FORMAT);
    event.output = slice_text("\xe2\x80\x94 w1 AAAA\n");
    assert_int_equal(step(self, event), -1);
    assert_int_equal(self->fault.code, FAULT_SIGNATURE);
    assert_int_equal(testified(self, &size), 0);
}

static void
asks_again_from_where_a_witness_is(void **state)
{
    house_t *self = *state;
    char text[24];
    greet(self, "w1", 0);
    grow(self, 6);
    pass(self, 1);
    checkpoint_t first = checkpoint_in(self, asked(self, "w1"));
    assert_int_equal(declines(self, "w1", 2, "conflict"), 0);
    pass(self, 1);
    const frames_t *frames = asked(self, "w1");
    snprintf(text, sizeof text, "%d", 2);
    assert_string_equal(frames_text(frames, 1), text);
    assert_true(frames_at(frames, 2).size);
    assert_int_equal(declines(self, "w1", first.size + 9, "conflict"), 0);
    pass(self, 1);
    frames = asked(self, "w1");
    snprintf(text, sizeof text, "%llu", (unsigned long long)first.size + 9);
    assert_string_equal(frames_text(frames, 1), text);
    assert_int_equal(frames_at(frames, 2).size, 0);
}

static void
says_once_that_a_witness_declines(void **state)
{
    house_t *self = *state;
    greet(self, "w1", 0);
    grow(self, 3);
    pass(self, 1);
    checkpoint_t first = checkpoint_in(self, asked(self, "w1"));
    uint64_t before = core_log(self->core)->size;
    assert_int_equal(declines(self, "w1", first.size, "proof"), 0);
    assert_int_equal(core_log(self->core)->size, before + 1);
    assert_int_equal(declines(self, "w1", first.size, "proof"), 0);
    assert_int_equal(core_log(self->core)->size, before + 1);
    assert_int_equal(cosigns(self, "w1", "w1", &first), 0);
    assert_int_equal(declines(self, "w1", first.size, "proof"), 0);
    assert_int_equal(core_log(self->core)->size, before + 2);
}

static void
knows_after_a_restart_what_was_signed(void **state)
{
    house_t *self = *state;
    uint64_t size;
    greet(self, "w1", 0);
    greet(self, "s1", 0);
    grow(self, 3);
    pass(self, 1);
    checkpoint_t first = checkpoint_in(self, asked(self, "w1"));
    assert_int_equal(cosigns(self, "w1", "w1", &first), 0);
    core_t *again = core_new(self->charter, "another", self->store);
    core_sign(again, "hub", site_key(self->site, "hub-log"));
    core_destroy(&self->core);
    self->core = again;
    assert_int_equal(core_load(again, &self->fault), 0);
    assert_int_equal(testified(self, &size), 1);
    greet(self, "s1", 0);
    pass(self, 1);
    checkpoint_t same = checkpoint_in(self, asked(self, "s1"));
    assert_int_equal(same.size, first.size);
    assert_int_equal(cosigns(self, "s1", "s1", &same), 0);
    assert_int_equal(testified(self, &size), 2);
}

/* Officers say that the log of a broker stands up to so many leaves. */
static void
restarts(house_t *self, const char *broker, uint64_t size, int64_t later_s)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    restart_t restart = {.site = self->site->id,
                         .size = size,
                         .head = hash_of(slice_text("head")),
                         .created = site_after(self->site->now, later_s)};
    restart.created.ms -= restart.created.ms % 1000;
    text_copy(restart.broker, sizeof restart.broker, broker);
    text_copy(restart.reason, sizeof restart.reason, "the disk died");
    restart_encode(&restart, text);
    sealed_t sealed = site_seal(self->site, SIGN_RESTART, MOVE(text), "olaf,zoe");
    must(self, (event_t){.kind = EVENT_RESTART,
                         .document = bytes_slice(sealed.document),
                         .armors = bytes_slice(sealed.armors),
                         .hash = hash_of(bytes_slice(sealed.document))});
    sealed_done(&sealed);
}

/* From where a worker is asked, and with the restart of how many leaves; UINT64_MAX: with none. */
static void
is_asked(house_t *self, const char *worker, uint64_t from, uint64_t size)
{
    fault_t fault = {0};
    const frames_t *frames = asked(self, worker);
    assert_non_null(frames);
    assert_int_equal(strtoull(frames_text(frames, 1), NULL, 10), from);
    if (size == UINT64_MAX) {
        assert_int_equal(frames_at(frames, 5).size, 0);
        assert_int_equal(frames_at(frames, 6).size, 0);
        return;
    }
    CLEANUP(restart_destroy) restart_t *restart = restart_decode(frames_at(frames, 5), &fault);
    assert_non_null(restart);
    assert_int_equal(restart->size, size);
    assert_true(frames_at(frames, 6).size);
}

static void
asks_from_where_a_restart_says_whoever_has_lost_leaves(void **state)
{
    house_t *self = *state;
    greet(self, "w1", 9);
    greet(self, "s1", 3);
    grow(self, 12);
    pass(self, 1);
    is_asked(self, "w1", 9, UINT64_MAX);
    assert_int_equal(declines(self, "w1", 9, "proof"), 0);
    restarts(self, "hub", 5, 0);
    restarts(self, "island", 2, 2);
    pass(self, 1);
    is_asked(self, "w1", 5, 5);
    is_asked(self, "s1", 3, 5);
    restarts(self, "hub", 10, 3);
    pass(self, 1);
    is_asked(self, "w1", 5, 5); /* its leaves were lost before */
    is_asked(self, "s1", 3, 10);
    assert_int_equal(declines(self, "w1", 9, "replay"), 0);
    pass(self, 60);
    greet(self, "w1", 9);
    pass(self, 1);
    is_asked(self, "w1", 9, 10);
}

static void
makes_none_without_witnesses(void **state)
{
    house_t *self = *state;
    uint64_t size;
    core_sign(self->core, "hub", site_key(self->site, "hub-log"));
    greet(self, "w1", 0);
    grow(self, 3);
    pass(self, 1);
    assert_null(asked(self, "w1"));
    assert_int_equal(testified(self, &size), 0);
}

/* ---- tiles ---------------------------------------------------------------------------------- */

static hash_t
put_leaf(store_t *store, uint64_t number)
{
    row_t row = {.kind = ROW_LEAF, .leaf = {.number = number, .kind = "event"}};
    row.leaf.hash = hash_leaf(slice_of(&number, sizeof number));
    assert_int_equal(store->put(store->self, &row, NULL), 0);
    return row.leaf.hash;
}

/* Heads of logs of all sizes, and their leaves in a store. */
typedef struct {
    store_t *store;
    hash_t heads[1400];
} past_t;

static past_t *
past_new(void)
{
    past_t *self = memory_new(1, sizeof *self);
    merkle_t log = {0};
    self->store = store_memory();
    for (uint64_t i = 0; i < ARRAY_SIZE(self->heads); i++) {
        self->heads[i] = merkle_head(&log);
        hash_t leaf = put_leaf(self->store, i);
        merkle_append(&log, &leaf);
    }
    return self;
}

static void
proves_over_tiles_and_over_leaves_alike(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0,   1,   2,   3,   255,  256,  257,  300,  511,  512, 513,
                                     767, 768, 769, 900, 1023, 1024, 1025, 1279, 1280, 1399};
    past_t *past = past_new();
    fault_t fault = {0};
    tiles_t whole = {.past = past->store}, none = whole, some = whole, loaded = whole;
    CLEANUP(actions_destroy) actions_t *actions = actions_new();
    assert_int_equal(tiles_grow(&whole, 1399, actions, &fault), 1);
    assert_int_equal(whole.count, 5);
    assert_int_equal(tiles_grow(&some, 600, actions, &fault), 1);
    for (size_t i = 0; i < actions->row_count; i++)
        assert_int_equal(past->store->put(past->store->self, actions->rows[i], &fault), 0);
    assert_int_equal(tiles_load(&loaded, &fault), 0);
    assert_int_equal(loaded.count, 5);
    tiles_t *all[] = {&whole, &none, &some, &loaded};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        for (size_t k = i; k < ARRAY_SIZE(sizes); k++) {
            consistency_t proof;
            tiles_t *tiles = all[(i + k) % ARRAY_SIZE(all)];
            assert_int_equal(tiles_prove(tiles, sizes[i], sizes[k], &proof, &fault), 0);
            assert_true(consistency_holds(&proof, sizes[i], &past->heads[sizes[i]], sizes[k],
                                          &past->heads[sizes[k]]));
        }
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        tiles_clear(all[i]);
    store_destroy(&past->store);
    free(past);
}

static void
says_which_leaf_or_tile_is_missing(void **state)
{
    (void)state;
    fault_t fault = {0};
    consistency_t proof;
    store_t *store = store_memory();
    tiles_t tiles = {.past = store};
    CLEANUP(actions_destroy) actions_t *actions = actions_new();
    row_t tile = {.kind = ROW_TILE, .tile = {.number = 1}};
    put_leaf(store, 0);
    put_leaf(store, 2);
    assert_int_equal(tiles_prove(&tiles, 1, 3, &proof, &fault), -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
    assert_int_equal(tiles_grow(&tiles, 256, actions, &fault), -1);
    assert_int_equal(store->put(store->self, &tile, &fault), 0);
    fault = (fault_t){0};
    assert_int_equal(tiles_load(&tiles, &fault), -1);
    assert_int_equal(fault.code, FAULT_FORMAT);
    tiles_clear(&tiles);
    store_destroy(&store);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(asks_those_who_are_online_once_the_log_grew),
        test(makes_none_while_nothing_happens_and_one_a_minute_else),
        test(hands_out_what_more_than_half_signed_and_what_lies_beyond),
        test(takes_no_cosignature_that_is_none),
        test(asks_again_from_where_a_witness_is),
        test(says_once_that_a_witness_declines),
        test(knows_after_a_restart_what_was_signed),
        test(asks_from_where_a_restart_says_whoever_has_lost_leaves),
        cmocka_unit_test_setup_teardown(makes_none_without_witnesses, begin, end),
        cmocka_unit_test(proves_over_tiles_and_over_leaves_alike),
        cmocka_unit_test(says_which_leaf_or_tile_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
