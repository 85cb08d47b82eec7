/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core_fixture.h"

#include <sodium.h>

#include "broker/desk.h"
#include "wire/allowance.h"

/* A desk over the core and store of the fixture; what it answers is kept. */
typedef struct {
    house_t *house;
    desk_house_t needs;
    desk_t *desk;
    frames_t *answer; /* the last ANSWER */
    size_t event_count;
} bureau_t;

static int
step_for_desk(void *context, event_t *event, fault_t *fault)
{
    bureau_t *self = context;
    int result = step(self->house, *event);
    *fault = self->house->fault;
    return result;
}

static void
keep_answer(void *context, const caller_t *caller, frames_t **frames)
{
    bureau_t *self = context;
    (void)caller;
    if (slice_is(frames_at(*frames, 0), "EVENT")) {
        self->event_count++;
        frames_destroy(frames);
        return;
    }
    frames_destroy(&self->answer);
    self->answer = MOVE(*frames);
}

static int
begin_bureau(void **state)
{
    bureau_t *self = memory_new(1, sizeof *self);
    void *house;
    begin(&house);
    self->house = house;
    self->needs = (desk_house_t){.core = self->house->core,
                                 .store = self->house->store,
                                 .broker = "hub",
                                 .instance = "instance",
                                 .catalog_error = "",
                                 .context = self,
                                 .step = step_for_desk,
                                 .answer = keep_answer};
    self->desk = desk_new(&self->needs);
    *state = self;
    return 0;
}

static int
end_bureau(void **state)
{
    bureau_t *self = *state;
    void *house = self->house;
    frames_destroy(&self->answer);
    desk_destroy(&self->desk);
    free(self);
    return end(&house);
}

/* The body of the answer, the caller's; takes over arguments. */
static value_t *
ask(bureau_t *self, const char *verb, value_t *arguments, const char *code)
{
    caller_t caller = {.name = "pat"};
    CLEANUP(value_destroy) value_t *map = arguments ? arguments : value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    CLEANUP(frames_destroy) frames_t *frames = message_new(MESSAGE_ASK);
    value_encode(map, encoded);
    frames_add_text(frames, "1");
    frames_add_text(frames, verb);
    frames_add(frames, bytes_slice(encoded));
    desk_ask(self->desk, &caller, frames, self->house->site->now);
    assert_string_equal(frames_text(self->answer, 2), code);
    value_t *body = value_decode(frames_at(self->answer, 4), &self->house->fault);
    assert_non_null(body);
    return body;
}

static value_t *
of_run(bureau_t *self)
{
    char text[HASH_TEXT];
    hash_t run = run_now(self->house).id;
    value_t *arguments = value_map();
    value_set_text(arguments, "run", hash_write(&run, text));
    return arguments;
}

static value_t *
submission(const char *kind, const sealed_t *sealed)
{
    value_t *arguments = value_map();
    value_set_text(arguments, "kind", kind);
    value_set(arguments, "document", value_bytes(bytes_slice(sealed->document)));
    value_set(arguments, "armors", value_bytes(bytes_slice(sealed->armors)));
    return arguments;
}

static void
a_stop_lists_who_confirmed_it_and_who_did_not(void **state)
{
    bureau_t *self = *state;
    stop_t *stop = site_stop(self->house->site, HALT_REGION, "north");
    sealed_t sealed CLEANUP(sealed_done) = site_seal_stop(self->house->site, stop, "olaf");
    CLEANUP(value_destroy) value_t *made = ask(self, "submit", submission("stop", &sealed), "none");
    must(self->house, (event_t){.kind = EVENT_KEPT,
                                .worker = "w1",
                                .hash = hash_of(bytes_slice(sealed.document))});
    CLEANUP(value_destroy) value_t *stops = ask(self, "stops", NULL, "none");
    const value_t *row = value_at(stops, 0);
    assert_int_equal(value_count(stops), 1);
    assert_string_equal(value_get_text(row, "what"), "region");
    assert_string_equal(value_string(value_at(value_get(row, "who"), 0)), "olaf");
    assert_int_equal(value_count(value_get(row, "confirmed")), 1);
    assert_int_equal(value_count(value_get(row, "missing")), 1);
    assert_string_equal(value_string(value_at(value_get(row, "missing"), 0)), "w2");
}

static void
a_paused_run_is_shown_so(void **state)
{
    bureau_t *self = *state;
    start_order(self->house, 0);
    value_t *arguments = of_run(self);
    value_set_bool(arguments, "on", true);
    CLEANUP(value_destroy) value_t *paused = ask(self, "pause", arguments, "none");
    CLEANUP(value_destroy) value_t *runs = ask(self, "runs", NULL, "none");
    assert_true(value_get_bool(value_at(runs, 0), "paused"));
    assert_int_equal(value_get_integer(value_at(runs, 0), "waves"), 2);
    CLEANUP(value_destroy) value_t *wrong = ask(self, "pause", of_run(self), "usage");
}

static void
output_is_read_from_an_offset_on(void **state)
{
    bureau_t *self = *state;
    static const struct {
        int64_t offset;
        const char *bytes;
    } cases[] = {{0, "one two"}, {2, "e two"}, {5, "wo"}, {7, ""}, {90, ""}};
    start_order(self->house, 0);
    worker_accepts(self->house, "w1");
    event_t said = {.kind = EVENT_OUTPUT,
                    .worker = "w1",
                    .hash = run_now(self->house).id,
                    .output = slice_text("one "),
                    .code = "open"};
    must(self->house, said);
    said.number = 4;
    said.output = slice_text("two");
    said.code = "closed";
    must(self->house, said);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        value_t *arguments = of_run(self);
        value_set_text(arguments, "target", "w1");
        value_set_integer(arguments, "offset", cases[i].offset);
        CLEANUP(value_destroy) value_t *logs = ask(self, "logs", arguments, "none");
        assert_string_equal(value_get_text(logs, "bytes"), cases[i].bytes);
        assert_int_equal(value_get_integer(logs, "size"), 7);
        assert_false(value_get_bool(logs, "open"));
    }
    CLEANUP(value_destroy) value_t *nobody = ask(self, "logs", of_run(self), "not-found");
}

static void
who_watches_a_run_is_told_of_its_output(void **state)
{
    bureau_t *self = *state;
    start_order(self->house, 0);
    CLEANUP(value_destroy) value_t *watched = ask(self, "watch", of_run(self), "none");
    self->event_count = 0;
    said_row_t said = {.run = run_now(self->house).id, .target = "w1", .start = 4};
    desk_tell_said(self->desk, &said);
    said.run = HASH_ZERO;
    desk_tell_said(self->desk, &said);
    assert_int_equal(self->event_count, 1);
}

/* All of a large run's would fill the queue of who watches. */
static void
who_begins_to_watch_is_told_of_the_newest_of_the_past(void **state)
{
    bureau_t *self = *state;
    house_t *house = self->house;
    start_order(house, 0);
    row_t told = {.kind = ROW_EVENT, .event = {.run = run_now(house).id, .kind = "note"}};
    for (size_t i = 0; i < DESK_PAST_MAX; i++) {
        told.event.number = 1000 + i;
        assert_int_equal(house->store->put(house->store->self, &told, &house->fault), 0);
    }
    self->event_count = 0;
    CLEANUP(value_destroy) value_t *watched = ask(self, "watch", of_run(self), "none");
    assert_int_equal(self->event_count, DESK_PAST_MAX + 1);
}

/* Of a run on so many workers all are done but each hundredth. */
static void
put_large_run(house_t *self, size_t targets)
{
    row_t run = {.kind = ROW_RUN, .run = {.id = hash_of(slice_text("large"))}};
    text_copy(run.run.playbook, sizeof run.run.playbook, "disk-full");
    assert_int_equal(self->store->put(self->store->self, &run, &self->fault), 0);
    for (size_t i = 0; i < targets; i++) {
        row_t part = {.kind = ROW_PART, .part = {.run = run.run.id, .wave = 1}};
        snprintf(part.part.target, sizeof part.part.target, "worker-%05zu", i);
        part.part.state = i % 100 ? PART_DONE : PART_FAILED;
        part.part.ended = self->site->now;
        assert_int_equal(self->store->put(self->store->self, &part, &self->fault), 0);
    }
}

static void
of_a_large_run_those_that_did_not_go_well_are_shown_first(void **state)
{
    bureau_t *self = *state;
    char text[HASH_TEXT];
    value_t *arguments = value_map();
    put_large_run(self->house, 10000);
    hash_t id = run_now(self->house).id;
    value_set_text(arguments, "id", hash_write(&id, text));
    CLEANUP(value_destroy) value_t *run = ask(self, "run", arguments, "none");
    const value_t *parts = value_get(run, "parts");
    size_t failed = 0;
    for (size_t i = 0; i < value_count(parts); i++) {
        failed += !strcmp(value_get_text(value_at(parts, i), "state"), "failed");
        if (i)
            assert_true(strcmp(value_get_text(value_at(parts, i - 1), "worker"),
                               value_get_text(value_at(parts, i), "worker")) < 0);
    }
    assert_int_equal(failed, 100);
    assert_int_equal(value_get_integer(run, "left_out"), 10000 - value_count(parts));
    assert_true(value_count(parts) > 1000 && value_count(parts) < 10000);
}

/* So many targets as the row has names and counts more. */
static int64_t
count_missing(const value_t *row)
{
    return (int64_t)value_count(value_get(row, "missing")) + value_get_integer(row, "more_missing");
}

/* Names of whom they concern would fill the answer, so that those at its end were in none. */
static void
each_stop_of_a_large_run_is_listed(void **state)
{
    bureau_t *self = *state;
    char run[HASH_TEXT], hash[HASH_TEXT];
    put_large_run(self->house, 10000);
    hash_t id = run_now(self->house).id;
    stop_t *region = site_stop(self->house->site, HALT_REGION, "north");
    sealed_t first CLEANUP(sealed_done) = site_seal_stop(self->house->site, region, "olaf");
    CLEANUP(value_destroy) value_t *made = ask(self, "submit", submission("stop", &first), "none");
    for (int i = 0; i < 4; i++) {
        stop_t *stop = site_stop(self->house->site, HALT_RUN, hash_write(&id, run));
        stop->nonce[0] = (char)('0' + i);
        sealed_t sealed CLEANUP(sealed_done) = site_seal_stop(self->house->site, stop, "olaf");
        CLEANUP(value_destroy)
        value_t *taken = ask(self, "submit", submission("stop", &sealed), "none");
    }
    CLEANUP(value_destroy) value_t *stops = ask(self, "stops", NULL, "none");
    assert_int_equal(value_count(stops), 5);
    assert_string_equal(value_get_text(value_at(stops, 0), "what"), "region");
    for (size_t i = 1; i < 5; i++)
        assert_int_equal(count_missing(value_at(stops, i)), 10000);
    value_t *arguments = value_map();
    snprintf(hash, sizeof hash, "%s", value_get_text(value_at(stops, 4), "hash"));
    value_set_text(arguments, "hash", hash);
    CLEANUP(value_destroy) value_t *alone = ask(self, "stops", arguments, "none");
    assert_int_equal(value_count(alone), 1);
    assert_string_equal(value_get_text(value_at(alone, 0), "hash"), hash);
    assert_int_equal(value_count(value_get(value_at(alone, 0), "missing")), 10000);
}

/* The number-th receipt of the large run's worker, with an output of so many bytes; its hash. */
static hash_t
put_receipt(house_t *self, const char *worker, uint64_t number, size_t size)
{
    CLEANUP(bytes_destroy) bytes_t *output = bytes_new(), *leaf = bytes_new();
    CLEANUP(value_destroy) value_t *value = NULL;
    for (size_t i = 0; i < size; i++)
        bytes_add_text(output, "x");
    value = value_bytes(bytes_slice(output));
    bytes_clear(output);
    value_encode(value, output);
    receipt_t *receipt = site_receipt(self->site);
    receipt->output = hash_of(bytes_slice(output));
    receipt->output_bytes = output->size;
    receipt_encode(receipt, leaf);
    receipt_destroy(&receipt);
    row_t rows[] = {
        {.kind = ROW_LEAF, .leaf = {.number = number, .bytes = bytes_slice(leaf)}},
        {.kind = ROW_OUTPUT, .output = {hash_of(bytes_slice(output)), bytes_slice(output)}},
        {.kind = ROW_RECEIPT,
         .receipt = {.sequence = number, .run = run_now(self).id, .leaf = number}}};
    text_copy(rows[0].leaf.kind, sizeof rows[0].leaf.kind, "receipt");
    text_copy(rows[2].receipt.worker, sizeof rows[2].receipt.worker, worker);
    text_copy(rows[2].receipt.target, sizeof rows[2].receipt.target, worker);
    rows[2].receipt.hash = hash_of(bytes_slice(leaf));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(self->store->put(self->store->self, &rows[i], &self->fault), 0);
    return rows[2].receipt.hash;
}

static void
receipts_of_those_who_wait_for_a_person_are_shown_first(void **state)
{
    bureau_t *self = *state;
    house_t *house = self->house;
    char text[HASH_TEXT];
    value_t *arguments = value_map();
    put_large_run(house, 2);
    hash_t id = run_now(house).id;
    row_t wait = {.kind = ROW_WAIT,
                  .wait = {.run = id, .open = true, .target = "worker-00001", .step = "ask"}};
    assert_int_equal(house->store->put(house->store->self, &wait, &house->fault), 0);
    for (uint64_t i = 1; i <= 10; i++)
        put_receipt(house, i <= 5 ? "worker-00000" : "worker-00001", i, 60000);
    value_set_text(arguments, "id", hash_write(&id, text));
    CLEANUP(value_destroy) value_t *run = ask(self, "run", arguments, "none");
    const value_t *parts = value_get(run, "parts");
    assert_int_equal(value_count(value_get(value_at(parts, 0), "receipts")), 1);
    assert_int_equal(value_count(value_get(value_at(parts, 1), "receipts")), 5);
}

static void
receipts_of_what_went_wrong_are_shown_before_those_of_what_went_well(void **state)
{
    bureau_t *self = *state;
    char text[HASH_TEXT];
    value_t *arguments = value_map();
    put_large_run(self->house, 2); /* the first failed */
    hash_t id = run_now(self->house).id;
    for (uint64_t i = 1; i <= 10; i++)
        put_receipt(self->house, i < 10 ? "worker-00001" : "worker-00000", i, 60000);
    value_set_text(arguments, "id", hash_write(&id, text));
    CLEANUP(value_destroy) value_t *run = ask(self, "run", arguments, "none");
    const value_t *parts = value_get(run, "parts");
    assert_int_equal(value_count(value_get(value_at(parts, 0), "receipts")), 1);
    assert_in_range(value_count(value_get(value_at(parts, 1), "receipts")), 1, 8);
    assert_true(value_get_bool(run, "receipts_left_out"));
}

static void
a_run_that_is_shown_whole_leaves_out_no_receipt(void **state)
{
    bureau_t *self = *state;
    char text[HASH_TEXT];
    value_t *arguments = value_map();
    put_large_run(self->house, 2);
    hash_t id = run_now(self->house).id;
    put_receipt(self->house, "worker-00000", 1, 100);
    put_receipt(self->house, "worker-00001", 2, 100);
    value_set_text(arguments, "id", hash_write(&id, text));
    CLEANUP(value_destroy) value_t *run = ask(self, "run", arguments, "none");
    const value_t *parts = value_get(run, "parts");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(value_count(value_get(value_at(parts, i), "receipts")), 1);
    assert_null(value_get(run, "receipts_left_out"));
}

/* Of a run on thousands each target has several events of its incident. */
static void
an_incident_of_very_many_events_has_its_runs_and_the_newest(void **state)
{
    bureau_t *self = *state;
    house_t *house = self->house;
    value_t *arguments = value_map();
    row_t run = {.kind = ROW_RUN, .run = {.id = hash_of(slice_text("large")), .incident = 1}};
    alarm_rings(house); /* one event */
    assert_int_equal(house->store->put(house->store->self, &run, &house->fault), 0);
    for (size_t i = 0; i < 5000; i++) {
        row_t event = {.kind = ROW_EVENT, .event = {.number = 1000 + i, .incident = 1}};
        snprintf(event.event.text, sizeof event.event.text, "event %04zu of a target that has %s",
                 i, "much to tell of what it does, step by step, and how that goes");
        text_copy(event.event.kind, sizeof event.event.kind, "receipt");
        assert_int_equal(house->store->put(house->store->self, &event, &house->fault), 0);
    }
    value_set_integer(arguments, "id", 1);
    CLEANUP(value_destroy) value_t *shown = ask(self, "incident", arguments, "none");
    const value_t *events = value_get(shown, "events");
    size_t count = value_count(events);
    assert_int_equal(value_count(value_get(shown, "runs")), 1);
    assert_in_range(count, 1000, 4999);
    assert_int_equal(value_get_integer(shown, "events_left_out"), 5001 - count);
    assert_int_equal(strncmp(value_get_text(value_at(events, count - 1), "text"), "event 4999", 10),
                     0);
}

/* A consent names it; parts alone would fill the answer. */
static void
of_a_large_run_the_last_receipt_of_each_who_waits_for_a_person_is_shown(void **state)
{
    bureau_t *self = *state;
    house_t *house = self->house;
    char text[HASH_TEXT], worker[TEXT_NAME_MAX];
    value_t *arguments = value_map();
    put_large_run(house, 10000);
    hash_t id = run_now(house).id, last = HASH_ZERO;
    for (size_t i = 0; i < 64; i++) {
        snprintf(worker, sizeof worker, "worker-%05zu", 9900 + i);
        put_receipt(house, worker, 2 * i + 1, 1);
        last = put_receipt(house, worker, 2 * i + 2, 2);
        row_t wait = {.kind = ROW_WAIT, .wait = {.run = id, .receipt = last, .open = true}};
        text_copy(wait.wait.target, sizeof wait.wait.target, worker);
        text_copy(wait.wait.step, sizeof wait.wait.step, "ask");
        assert_int_equal(house->store->put(house->store->self, &wait, &house->fault), 0);
    }
    value_set_text(arguments, "id", hash_write(&id, text));
    CLEANUP(value_destroy) value_t *run = ask(self, "run", arguments, "none");
    const value_t *parts = value_get(run, "parts");
    size_t shown = 0;
    for (size_t i = 0; i < value_count(parts); i++) {
        const value_t *receipts = value_get(value_at(parts, i), "receipts");
        if (!value_get(value_at(parts, i), "waits") || !value_count(receipts))
            continue;
        const value_t *newest = value_at(receipts, value_count(receipts) - 1);
        hash_t hash = hash_of(value_slice(value_get(newest, "document")));
        shown += hash_equal(&hash, &last);
    }
    assert_int_equal(shown, 64);
}

/* Who is not shown waits still, and is asked about once the others went on. */
static void
a_question_of_very_many_targets_leaves_room_for_others(void **state)
{
    bureau_t *self = *state;
    house_t *house = self->house;
    put_large_run(house, 1);
    for (size_t i = 0; i <= 10000; i++) {
        row_t wait = {.kind = ROW_WAIT, .wait = {.run = run_now(house).id, .open = true}};
        snprintf(wait.wait.target, sizeof wait.wait.target, "worker-%05zu", i);
        text_copy(wait.wait.step, sizeof wait.wait.step, i < 10000 ? "ask" : "then");
        assert_int_equal(house->store->put(house->store->self, &wait, &house->fault), 0);
    }
    CLEANUP(value_destroy) value_t *asked = ask(self, "asked", NULL, "none");
    assert_int_equal(value_count(asked), 2);
    assert_string_equal(value_get_text(value_at(asked, 1), "step"), "then");
    size_t count = value_count(value_get(value_at(asked, 0), "targets"));
    assert_true(count > 1000 && count < 10000);
    assert_int_equal(value_get_integer(value_at(asked, 0), "left_out"), 10000 - count);
}

/* People who go do not say so, and what is over says nothing more by which it would be seen. */
static void
who_watches_what_is_over_makes_room(void **state)
{
    bureau_t *self = *state;
    authorise(self->house);
    for (size_t i = 0; i < DESK_WATCHES_MAX; i++) {
        value_t *arguments = i % 2 ? of_run(self) : value_map();
        value_set_integer(arguments, "incident", i % 2 ? 0 : 1);
        CLEANUP(value_destroy) value_t *watched = ask(self, "watch", arguments, "none");
    }
    CLEANUP(value_destroy) value_t *full = ask(self, "watch", of_run(self), "full");
    worker_tells(self->house, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    incident_is(self->house, 1, INCIDENT_RESOLVED, "verified");
    CLEANUP(value_destroy) value_t *just = ask(self, "watch", of_run(self), "full");
    later(self->house, CORE_LATE_MS / 1000 + 1);
    CLEANUP(value_destroy) value_t *room = ask(self, "watch", NULL, "none");
    for (size_t i = 1; i < DESK_WATCHES_MAX; i++) {
        CLEANUP(value_destroy) value_t *watched = ask(self, "watch", NULL, "none");
    }
    CLEANUP(value_destroy) value_t *again = ask(self, "watch", NULL, "full");
}

static void
brakes_are_pulled_and_listed(void **state)
{
    bureau_t *self = *state;
    value_t *arguments = value_map();
    value_set_text(arguments, "region", "south");
    value_set_bool(arguments, "on", true);
    value_set_text(arguments, "reason", "the link is slow");
    CLEANUP(value_destroy) value_t *pulled = ask(self, "brake", arguments, "none");
    CLEANUP(value_destroy) value_t *brakes = ask(self, "brakes", NULL, "none");
    assert_int_equal(value_count(brakes), 1);
    assert_string_equal(value_get_text(value_at(brakes, 0), "region"), "south");
    assert_string_equal(value_get_text(value_at(brakes, 0), "who"), "pat");
    assert_true(value_get_bool(value_at(brakes, 0), "on"));
}

/* The region with so many more workers, whose labels are long. */
static void
add_workers(house_t *self, const char *region, size_t count)
{
    char name[TEXT_NAME_MAX + 1], labels[LABELS_TEXT_MAX + 1];
    fleet_t *fleet = site_fleet(self->site, region);
    fleet->version = 2;
    snprintf(labels, sizeof labels, "a=%060d,b=%060d,c=%060d,d=%050d", 0, 0, 0, 0);
    for (size_t i = 0; i < count; i++) {
        uint8_t secret[crypto_sign_SECRETKEYBYTES];
        snprintf(name, sizeof name, "x-%s-%050zu", region, i); /* behind w1 and w2 */
        site_add_worker(self->site, fleet, "w1", labels);
        worker_line_t *worker = &fleet->workers[fleet->worker_count - 1];
        text_copy(worker->id, sizeof worker->id, name);
        worker->curve = site_curve(name);
        crypto_sign_keypair(worker->key.key, secret);
    }
    sealed_t sealed CLEANUP(sealed_done) = site_seal_fleet(self->site, fleet, "olaf");
    if (trust_add(self->charter->trust, bytes_slice(sealed.document), bytes_slice(sealed.armors),
                  &self->fault))
        fail_msg("%s", self->fault.text);
}

static void
workers_whom_one_answer_does_not_hold_are_in_the_next(void **state)
{
    bureau_t *self = *state;
    size_t listed = 0, answers = 0;
    const char *last = "";
    CLEANUP(value_destroy) value_t *all = value_list();
    add_workers(self->house, "north", 560);
    add_workers(self->house, "south", 560);
    for (size_t before = 1; before && answers < 9; answers++) {
        value_t *arguments = value_map();
        value_set_integer(arguments, "from", (int64_t)listed);
        CLEANUP(value_destroy) value_t *page = ask(self, "workers", arguments, "none");
        before = value_count(page);
        listed += before;
        for (size_t i = 0; i < before; i++)
            value_append(all, value_copy(value_at(page, i)));
    }
    assert_int_equal(listed, 1123);
    assert_int_equal(answers, 3); /* the last one of none */
    for (size_t i = 0; i < listed; i++, last = value_get_text(value_at(all, i - 1), "id"))
        assert_string_not_equal(last, value_get_text(value_at(all, i), "id"));
    assert_non_null(strstr(value_get_text(value_at(all, listed - 1), "id"), "x-south-000"));
}

static size_t
listed_from(bureau_t *self, const char *verb, int64_t from)
{
    value_t *arguments = value_map();
    value_set_integer(arguments, "from", from);
    CLEANUP(value_destroy) value_t *list = ask(self, verb, arguments, "none");
    return value_count(list);
}

static void
releases_go_on_behind_those_that_were_answered(void **state)
{
    bureau_t *self = *state;
    put_in_service(self->house);
    assert_int_equal(listed_from(self, "releases", 0), 1);
    assert_int_equal(listed_from(self, "releases", -1), 1);
    assert_int_equal(listed_from(self, "releases", 1), 0);
    assert_int_equal(listed_from(self, "grants", 0), 0);
}

static void
a_grant_that_thousands_drew_on_does_not_end_the_list(void **state)
{
    bureau_t *self = *state;
    value_t *arguments = value_map();
    authorise(self->house); /* by w1 */
    held_grant_t *grant = shelf_grant_at(core_shelf(self->house->core), 0);
    for (size_t i = 0; i < 30000; i++) { /* by each three times */
        char worker[32];
        snprintf(worker, sizeof worker, "worker-%05zu", i / 3);
        held_grant_spend(grant, worker, self->house->site->now);
    }
    CLEANUP(value_destroy) value_t *all = ask(self, "grants", NULL, "none");
    assert_int_equal(value_count(all), 1);
    const value_t *row = value_at(all, 0);
    assert_int_equal(value_count(value_get(row, "spent")) + value_get_integer(row, "more_spent"),
                     30001);
    value_set_text(arguments, "worker", "w1");
    CLEANUP(value_destroy) value_t *of_one = ask(self, "grants", arguments, "none");
    row = value_at(of_one, 0);
    assert_int_equal(value_count(value_get(row, "spent")), 1);
    assert_null(value_get(row, "more_spent"));
}

static void
a_drained_worker_is_listed_so(void **state)
{
    bureau_t *self = *state;
    value_t *arguments = value_map();
    value_set_text(arguments, "worker", "w1");
    value_set_bool(arguments, "on", true);
    value_set_text(arguments, "reason", "a new disk");
    CLEANUP(value_destroy) value_t *none = ask(self, "drain", value_map(), "usage");
    CLEANUP(value_destroy) value_t *drained = ask(self, "drain", arguments, "none");
    CLEANUP(value_destroy) value_t *workers = ask(self, "workers", NULL, "none");
    size_t listed = 0;
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i), *drain = value_get(row, "drained");
        bool is = !strcmp(value_get_text(row, "id"), "w1");
        listed += drain != NULL;
        assert_int_equal(drain != NULL, is);
        if (is)
            assert_string_equal(value_get_text(drain, "reason"), "a new disk");
    }
    assert_int_equal(listed, 1);
}

static void
a_revoked_worker_is_listed_so(void **state)
{
    bureau_t *self = *state;
    stop_t *revoke = site_stop(self->house->site, HALT_WORKER, "w1");
    sealed_t sealed CLEANUP(sealed_done) = site_seal_stop(self->house->site, revoke, "olaf");
    CLEANUP(value_destroy)
    value_t *made = ask(self, "submit", submission("revoke", &sealed), "none");
    CLEANUP(value_destroy) value_t *workers = ask(self, "workers", NULL, "none");
    assert_true(value_count(workers) > 1);
    for (size_t i = 0; i < value_count(workers); i++) {
        const value_t *row = value_at(workers, i);
        bool is = !strcmp(value_get_text(row, "id"), "w1");
        assert_int_equal(value_get(row, "revoked") != NULL, is);
        if (is)
            assert_non_null(strstr(value_get_text(row, "revoked"), "was revoked by olaf"));
    }
}

static void
what_a_worker_said_that_it_allows_is_handed_on_as_it_came(void **state)
{
    bureau_t *self = *state;
    allowance_t allowance = {.site = self->house->site->id, .worker = "w1"};
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *long_armor = bytes_new();
    event_t said = {.kind = EVENT_ALLOWANCE, .worker = "w1", .armors = slice_text("an armor")};
    value_t *arguments = value_map(), *names = value_list();
    allowance_encode(&allowance, text);
    said.document = bytes_slice(text);
    must(self->house, said);
    must(self->house, said);
    assert_int_equal(self->house->actions->row_count, 0);
    said.worker = "w2";
    assert_int_equal(step(self->house, said), -1);
    assert_int_equal(self->house->fault.code, FAULT_KEY);
    for (size_t i = 0; i <= SIGNATURE_ARMOR_MAX; i++)
        bytes_add_text(long_armor, "a");
    said.armors = bytes_slice(long_armor);
    assert_int_equal(step(self->house, said), -1);
    assert_int_equal(self->house->fault.code, FAULT_LIMIT);
    value_append(names, value_text("w1"));
    value_append(names, value_text("w2"));
    value_set(arguments, "workers", names);
    CLEANUP(value_destroy) value_t *rows = ask(self, "allowances", arguments, "none");
    assert_int_equal(value_count(rows), 1);
    assert_true(
        slice_equal(value_slice(value_get(value_at(rows, 0), "document")), bytes_slice(text)));
}

#define AT_DESK(test)                               \
    {                                               \
#test, test, begin_bureau, end_bureau, NULL \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(a_stop_lists_who_confirmed_it_and_who_did_not),
        AT_DESK(each_stop_of_a_large_run_is_listed),
        AT_DESK(a_paused_run_is_shown_so),
        AT_DESK(output_is_read_from_an_offset_on),
        AT_DESK(who_watches_a_run_is_told_of_its_output),
        AT_DESK(who_begins_to_watch_is_told_of_the_newest_of_the_past),
        AT_DESK(of_a_large_run_those_that_did_not_go_well_are_shown_first),
        AT_DESK(a_question_of_very_many_targets_leaves_room_for_others),
        AT_DESK(of_a_large_run_the_last_receipt_of_each_who_waits_for_a_person_is_shown),
        AT_DESK(receipts_of_those_who_wait_for_a_person_are_shown_first),
        AT_DESK(receipts_of_what_went_wrong_are_shown_before_those_of_what_went_well),
        AT_DESK(a_run_that_is_shown_whole_leaves_out_no_receipt),
        AT_DESK(an_incident_of_very_many_events_has_its_runs_and_the_newest),
        AT_DESK(who_watches_what_is_over_makes_room),
        AT_DESK(brakes_are_pulled_and_listed),
        AT_DESK(workers_whom_one_answer_does_not_hold_are_in_the_next),
        AT_DESK(releases_go_on_behind_those_that_were_answered),
        AT_DESK(a_grant_that_thousands_drew_on_does_not_end_the_list),
        AT_DESK(a_drained_worker_is_listed_so),
        AT_DESK(a_revoked_worker_is_listed_so),
        AT_DESK(what_a_worker_said_that_it_allows_is_handed_on_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
