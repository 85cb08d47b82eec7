/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/core.h"
#include "tests/unit/site_fixture.h"
#include "wire/message.h"

#define MANIFEST                                                                           \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n"           \
    "rollout 1 2 30 0\ninput mount path\nfrom mount labels.mountpoint\ntrigger DiskFull\n" \
    "step free 60 run,when,verify\nstep usage 30 run\nneeds free usage\n"                  \
    "use free file.remove change\nuse usage disk.usage observe\n"                          \
    "bound free file.remove path under inputs.mount\nend\n"

/* A broker without sockets: the core over a store in memory, and a clock that we move. */
typedef struct {
    site_t *site;
    charter_t *charter;
    store_t *store;
    core_t *core;
    actions_t *actions; /* of the last step */
    sealed_t release, grant;
    hash_t release_hash;
    hash_t head[3]; /* of the receipts of w1, w2, s1 */
    uint64_t sequence[3];
    fault_t fault; /* of the last step */
} house_t;

static value_t *
files_of_release(void)
{
    value_t *files = value_map();
    value_set_text(files, "manifest", MANIFEST);
    value_set_text(files, "playbook.lua", SITE_PLAYBOOK);
    return files;
}

static int
step(house_t *self, event_t event)
{
    actions_clear(self->actions);
    self->fault = (fault_t){0};
    int result = core_step(self->core, &event, self->site->now, self->actions, &self->fault);
    core_flush(self->core, self->actions);
    for (size_t i = 0; i < self->actions->row_count; i++)
        assert_int_equal(self->store->put(self->store->self, self->actions->rows[i], &self->fault),
                         0);
    return result;
}

static void
must(house_t *self, event_t event)
{
    if (step(self, event))
        fail_msg("%s: %s", fault_word(self->fault.code), self->fault.text);
}

static void
put_in_service(house_t *self)
{
    value_t *files = files_of_release();
    must(self, (event_t){.kind = EVENT_RELEASE,
                         .document = bytes_slice(self->release.document),
                         .armors = bytes_slice(self->release.armors),
                         .files = &files});
}

static void
take_grant(house_t *self)
{
    must(self, (event_t){.kind = EVENT_GRANT,
                         .document = bytes_slice(self->grant.document),
                         .armors = bytes_slice(self->grant.armors)});
}

static sealed_t
make_grant(site_t *site, const hash_t *release)
{
    grant_t *grant = site_grant(site, release);
    grant->bound_count = 1;
    text_copy(grant->bounds[0].input, sizeof grant->bounds[0].input, "mount");
    text_copy(grant->bounds[0].kind, sizeof grant->bounds[0].kind, "under");
    text_copy(grant->bounds[0].value, sizeof grant->bounds[0].value, "/var");
    return site_seal_grant(site, grant, "pat,pia");
}

static int
begin(void **state)
{
    house_t *self = memory_new(1, sizeof *self);
    self->site = site_new();
    self->charter = charter_over(&self->site->trust);
    self->store = store_memory();
    self->core = core_new(self->charter, "instance", self->store);
    self->actions = actions_new();
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK));
    self->release = site_seal_release(self->site, release, "ana", "rob,rita");
    self->release_hash = hash_of(bytes_slice(self->release.document));
    self->grant = make_grant(self->site, &self->release_hash);
    *state = self;
    return 0;
}

static int
end(void **state)
{
    house_t *self = *state;
    core_destroy(&self->core);
    store_destroy(&self->store);
    actions_destroy(&self->actions);
    charter_destroy(&self->charter);
    sealed_done(&self->release);
    sealed_done(&self->grant);
    site_destroy(&self->site);
    free(self);
    return 0;
}

/* As after kill -9: another core over the same store. */
static void
restart(house_t *self)
{
    core_destroy(&self->core);
    self->core = core_new(self->charter, "instance2", self->store);
    if (core_load(self->core, &self->fault))
        fail_msg("%s", self->fault.text);
}

static void
later(house_t *self, int64_t seconds)
{
    self->site->now = site_after(self->site->now, seconds);
}

static void
alarm_with(house_t *self, alert_t *alert)
{
    must(self, (event_t){.kind = EVENT_ALERT, .alert = alert, .region = ""});
    alert_destroy(&alert);
}

static void
alarm_rings(house_t *self)
{
    alarm_with(self, site_alert(self->site));
}

static void
alarm_ends(house_t *self)
{
    alert_t *alert = site_alert(self->site);
    alert->firing = false;
    alarm_with(self, alert);
}

static incident_t
incident_at(house_t *self, uint64_t id)
{
    query_t query = {.what = FIND_INCIDENT, .number = id};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &self->fault);
    assert_non_null(row);
    return row->incident;
}

static void
incident_is(house_t *self, uint64_t id, incident_state_t state, const char *reason)
{
    incident_t incident = incident_at(self, id);
    if (incident.state != state || !strstr(incident.reason, reason))
        fail_msg("incident is %s: %s", incident_word(incident.state), incident.reason);
}

static run_row_t
run_now(house_t *self)
{
    query_t query = {.what = FIND_RUNS};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &self->fault);
    assert_non_null(row);
    return row->run;
}

static size_t
count_rows(house_t *self, find_t what)
{
    query_t query = {.what = what, .number = what == FIND_EVENTS_OF ? 1 : 0};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &self->fault);
    return row != NULL;
}

/* How many messages of this type the last step sent to the worker. */
static size_t
sent(const house_t *self, message_type_t type, const char *worker)
{
    size_t count = 0;
    for (size_t i = 0; i < self->actions->send_count; i++) {
        const send_t *send = &self->actions->sends[i];
        message_type_t found;
        assert_int_equal(message_read(send->frames, FROM_BROKER, &found, NULL), 0);
        count += found == type && !strcmp(send->worker, worker);
    }
    return count;
}

static const frames_t *
offer_to(const house_t *self, const char *worker)
{
    for (size_t i = 0; i < self->actions->send_count; i++)
        if (!strcmp(self->actions->sends[i].worker, worker) &&
            slice_is(frames_at(self->actions->sends[i].frames, 0), "OFFER"))
            return self->actions->sends[i].frames;
    fail_msg("no offer to %s", worker);
    return NULL;
}

static size_t
worker_number(const char *worker)
{
    return !strcmp(worker, "w1") ? 0 : !strcmp(worker, "w2") ? 1 : 2;
}

static sealed_t
receipt_of(house_t *self, const char *worker, const char *step_name, outcome_t outcome,
           outcome_t part)
{
    size_t number = worker_number(worker);
    receipt_t *receipt = site_receipt(self->site);
    text_copy(receipt->worker, sizeof receipt->worker, worker);
    text_copy(receipt->target, sizeof receipt->target, worker);
    text_copy(receipt->step, sizeof receipt->step, step_name);
    receipt->sequence = self->sequence[number] + 1;
    receipt->previous = self->head[number];
    receipt->run = run_now(self).id;
    receipt->release = self->release_hash;
    receipt->outcome = outcome;
    receipt->part = part;
    if (outcome != OUTCOME_OK)
        text_copy(receipt->code, sizeof receipt->code, "failed");
    return site_seal_receipt(self->site, receipt, worker);
}

static int
send_receipt(house_t *self, const char *worker, const sealed_t *receipt)
{
    return step(self, (event_t){.kind = EVENT_RECEIPT,
                                .worker = worker,
                                .document = bytes_slice(receipt->document),
                                .armors = bytes_slice(receipt->armors)});
}

static void
worker_tells(house_t *self, const char *worker, const char *step_name, outcome_t outcome,
             outcome_t part)
{
    size_t number = worker_number(worker);
    sealed_t receipt CLEANUP(sealed_done) = receipt_of(self, worker, step_name, outcome, part);
    if (send_receipt(self, worker, &receipt))
        fail_msg("%s", self->fault.text);
    assert_int_equal(sent(self, MESSAGE_ACK, worker), 1);
    self->head[number] = hash_of(bytes_slice(receipt.document));
    self->sequence[number]++;
}

static void
worker_accepts(house_t *self, const char *worker)
{
    must(self, (event_t){.kind = EVENT_ACCEPT, .worker = worker, .hash = run_now(self).id});
}

static void
tick(house_t *self)
{
    must(self, (event_t){.kind = EVENT_TICK});
}

static void
authorise(house_t *self)
{
    put_in_service(self);
    take_grant(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
}

/* Alerts -------------------------------------------------------------------------------------- */

static void
an_alert_without_a_playbook_waits_for_people(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "no playbook in service");
    assert_int_equal(core_count(self->core, INCIDENT_WAITING), 1);
    assert_string_equal(incident_at(self, 1).worker, "w1");
    assert_string_equal(incident_at(self, 1).region, "north");
}

static void
an_alert_without_a_grant_suggests_its_playbook(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "no grant");
    assert_string_equal(incident_at(self, 1).playbooks, "disk-full");
}

static void
a_release_that_comes_later_is_suggested_too(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    assert_string_equal(incident_at(self, 1).playbooks, "");
    put_in_service(self);
    assert_string_equal(incident_at(self, 1).playbooks, "disk-full");
}

static void
an_alert_that_a_grant_covers_is_offered_in_the_same_step(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    authorise(self);
    const frames_t *offer = offer_to(self, "w1");
    proof_t proof = {
        .by_grant = true,
        .authority = frames_at(offer, OFFER_AUTHORITY),
        .authority_armors = frames_at(offer, OFFER_ARMORS),
        .alert = frames_at(offer, OFFER_ALERT),
        .release = bytes_slice(self->release.document),
        .release_armors = bytes_slice(self->release.armors),
    };
    assert_string_equal(frames_text(offer, OFFER_KIND), "grant");
    CLEANUP(warrant_destroy)
    warrant_t *warrant = trust_check(self->charter->trust, &proof, "w1", self->site->now, &fault);
    if (!warrant)
        fail_msg("the worker would say: %s", fault.text);
    char run[HASH_TEXT];
    assert_string_equal(frames_text(offer, OFFER_RUN), hash_write(&warrant->run, run));
}

static void
an_input_outside_the_grants_bound_waits(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    alert_t *alert = site_alert(self->site);
    text_copy(alert->labels[1].value, sizeof alert->labels[1].value, "/etc");
    alarm_with(self, alert);
    incident_is(self, 1, INCIDENT_WAITING, "does not cover it");
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
}

static void
a_host_that_nobody_looks_after_waits(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    alert_t *alert = site_alert(self->site);
    text_copy(alert->host, sizeof alert->host, "elsewhere.example");
    alarm_with(self, alert);
    incident_is(self, 1, INCIDENT_WAITING, "no worker looks after");
}

static void
the_same_alert_again_counts_and_starts_no_second_run(void **state)
{
    house_t *self = *state;
    authorise(self);
    alarm_rings(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 0);
    assert_int_equal(incident_at(self, 1).count, 2);
    assert_int_equal(core_active_runs(self->core), 1);
}

static void
its_source_resolves_an_incident(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    alarm_ends(self);
    incident_is(self, 1, INCIDENT_RESOLVED, "its source");
    alarm_rings(self);
    incident_is(self, 2, INCIDENT_WAITING, "");
}

static void
a_resolve_of_what_nobody_knows_is_stored(void **state)
{
    house_t *self = *state;
    alarm_ends(self);
    query_t query = {.what = FIND_LEAVES};
    CLEANUP(row_destroy) row_t *leaf = store_first(self->store, &query, &self->fault);
    assert_string_equal(leaf->leaf.kind, "alert");
    assert_int_equal(count_rows(self, FIND_INCIDENTS), 0);
}

static void
an_incident_that_nobody_speaks_of_is_abandoned(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    later(self, 8 * 86400);
    tick(self);
    incident_is(self, 1, INCIDENT_ABANDONED, "7 days");
}

/* A run under a grant ------------------------------------------------------------------------- */

static void
a_verified_run_resolves_the_incident_without_a_person(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_accepts(self, "w1");
    incident_is(self, 1, INCIDENT_RUNNING, "runs");
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    incident_is(self, 1, INCIDENT_RUNNING, "runs");
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    incident_is(self, 1, INCIDENT_RESOLVED, "verified");
    assert_int_equal(run_now(self).state, RUN_SUCCEEDED);
}

static void
a_run_that_verified_nothing_leaves_it_waiting(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_accepts(self, "w1");
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OK);
    incident_is(self, 1, INCIDENT_WAITING, "nothing in it verified");
}

static void
a_failed_run_leaves_it_failed(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    incident_is(self, 1, INCIDENT_FAILED, "failed");
}

static void
an_alert_that_still_fires_after_a_good_run_waits_for_people(void **state)
{
    house_t *self = *state;
    a_verified_run_resolves_the_incident_without_a_person(state);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "still fires");
    later(self, 16 * 60);
    alert_t *alert = site_alert(self->site);
    alert->starts = site_after(alert->starts, -16 * 60);
    alarm_with(self, alert);
    incident_is(self, 1, INCIDENT_WAITING, "acted on already");
}

static void
the_cool_down_keeps_a_new_event_from_running_at_once(void **state)
{
    house_t *self = *state;
    a_verified_run_resolves_the_incident_without_a_person(state);
    alarm_ends(self);
    later(self, 60);
    alarm_rings(self);
    incident_is(self, 2, INCIDENT_WAITING, "less than 15 minutes");
    alarm_ends(self);
    later(self, 15 * 60);
    alarm_rings(self);
    incident_is(self, 3, INCIDENT_AUTHORISED, "grant");
}

static void
an_offer_that_nobody_takes_in_its_window_is_never(void **state)
{
    house_t *self = *state;
    authorise(self);
    later(self, 301 + CORE_LATE_MS / 1000);
    tick(self);
    assert_int_equal(run_now(self).state, RUN_EXPIRED);
    incident_is(self, 1, INCIDENT_WAITING, "reached no worker");
}

static void
an_unsigned_refusal_ends_the_part(void **state)
{
    house_t *self = *state;
    authorise(self);
    must(self, (event_t){.kind = EVENT_REFUSE,
                         .worker = "w1",
                         .hash = run_now(self).id,
                         .code = "policy",
                         .text = "not\non this machine"});
    incident_is(self, 1, INCIDENT_FAILED, "failed");
    assert_int_equal(step(self, (event_t){.kind = EVENT_REFUSE,
                                          .worker = "w2",
                                          .hash = run_now(self).id,
                                          .code = "policy",
                                          .text = ""}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_NOT_FOUND);
}

static void
a_refusal_from_another_worker_changes_nothing(void **state)
{
    house_t *self = *state;
    authorise(self);
    assert_int_equal(step(self, (event_t){.kind = EVENT_REFUSE,
                                          .worker = "w2",
                                          .hash = run_now(self).id,
                                          .code = "policy",
                                          .text = "no"}),
                     -1);
    incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
}

/* Receipts ------------------------------------------------------------------------------------ */

static void
a_known_receipt_is_acknowledged_again(void **state)
{
    house_t *self = *state;
    authorise(self);
    sealed_t receipt CLEANUP(sealed_done) =
        receipt_of(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    assert_int_equal(send_receipt(self, "w1", &receipt), 0);
    uint64_t leaves = core_log(self->core)->size;
    assert_int_equal(send_receipt(self, "w1", &receipt), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    assert_int_equal(core_log(self->core)->size, leaves);
}

static void
a_receipt_of_another_worker_or_with_a_bad_signature_is_not_taken(void **state)
{
    house_t *self = *state;
    authorise(self);
    sealed_t receipt CLEANUP(sealed_done) =
        receipt_of(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    assert_int_equal(send_receipt(self, "w2", &receipt), -1);
    receipt.document->data[receipt.document->size - 6] ^= 1;
    assert_int_equal(send_receipt(self, "w1", &receipt), -1);
    assert_int_equal(self->fault.code, FAULT_SIGNATURE);
    assert_int_equal(self->actions->row_count, 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 0);
}

static bool
told(house_t *self, const char *kind)
{
    for (size_t i = 0; i < self->actions->row_count; i++)
        if (self->actions->rows[i]->kind == ROW_EVENT &&
            !strcmp(self->actions->rows[i]->event.kind, kind))
            return true;
    return false;
}

static void
a_gap_in_the_receipts_is_told(void **state)
{
    house_t *self = *state;
    authorise(self);
    self->sequence[0] = 4;
    self->head[0] = hash_of(slice_text("a receipt that never came"));
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    assert_true(told(self, "gap"));
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_false(told(self, "gap"));
}

static void
a_second_receipt_with_the_same_number_is_told(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    self->sequence[0] = 0;
    self->head[0] = HASH_ZERO;
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    assert_true(told(self, "gap"));
}

static void
a_receipt_of_an_unknown_run_is_kept_and_acknowledged(void **state)
{
    house_t *self = *state;
    authorise(self);
    receipt_t *receipt = site_receipt(self->site);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_receipt(self->site, receipt, "w1");
    assert_int_equal(send_receipt(self, "w1", &sealed), 0);
    assert_int_equal(sent(self, MESSAGE_ACK, "w1"), 1);
    incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
}

/* Workers ------------------------------------------------------------------------------------- */

static void
hello(house_t *self, const char *worker, int64_t sequence)
{
    CLEANUP(value_destroy) value_t *told_state = value_map();
    value_set_integer(told_state, "sequence", sequence);
    must(self, (event_t){.kind = EVENT_HELLO, .worker = worker, .state = told_state});
}

static void
a_worker_that_says_hello_gets_its_open_offers_again(void **state)
{
    house_t *self = *state;
    authorise(self);
    hello(self, "w1", 0);
    assert_int_equal(sent(self, MESSAGE_WELCOME, "w1"), 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    hello(self, "w2", 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1") + sent(self, MESSAGE_OFFER, "w2"), 0);
}

static void
a_worker_with_a_shorter_ledger_is_told(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    hello(self, "w1", 0);
    assert_true(told(self, "gap"));
}

static void
a_wanted_release_is_given_whole(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    must(self, (event_t){.kind = EVENT_WANT, .worker = "w1", .hash = self->release_hash});
    assert_int_equal(sent(self, MESSAGE_GIVE, "w1"), 1);
    hash_t other = hash_of(slice_text("other"));
    assert_int_equal(step(self, (event_t){.kind = EVENT_WANT, .worker = "w1", .hash = other}), -1);
}

/* Releases ------------------------------------------------------------------------------------ */

static void
a_release_waits_for_its_second_approver(void **state)
{
    house_t *self = *state;
    value_t *files = files_of_release();
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK));
    sealed_t one CLEANUP(sealed_done) = site_seal_release(self->site, release, "ana", "rob");
    must(self, (event_t){.kind = EVENT_RELEASE,
                         .document = bytes_slice(one.document),
                         .armors = bytes_slice(one.armors),
                         .files = &files});
    assert_null(shelf_in_service(core_shelf(self->core), "disk-full"));
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    site_sign(self->site, SIGN_APPROVE, bytes_slice(one.document), "ana", armor);
    event_t approval = {
        .kind = EVENT_APPROVAL, .hash = self->release_hash, .armors = bytes_slice(armor)};
    assert_int_equal(step(self, approval), -1); /* its author does not count */
    bytes_clear(armor);
    site_sign(self->site, SIGN_APPROVE, bytes_slice(one.document), "rita", armor);
    approval.armors = bytes_slice(armor);
    must(self, approval);
    assert_non_null(shelf_in_service(core_shelf(self->core), "disk-full"));
}

static void
an_approval_that_does_not_hold_spoils_nothing(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    site_sign(self->site, SIGN_APPROVE, slice_text("something else"), "rita", armor);
    assert_int_equal(step(self, (event_t){.kind = EVENT_APPROVAL,
                                          .hash = self->release_hash,
                                          .armors = bytes_slice(armor)}),
                     -1);
    assert_non_null(shelf_in_service(core_shelf(self->core), "disk-full"));
}

static void
the_newest_sequence_is_in_service(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    value_t *files = files_of_release();
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK));
    release->sequence = 6;
    sealed_t newer CLEANUP(sealed_done) = site_seal_release(self->site, release, "ana", "rob,rita");
    must(self, (event_t){.kind = EVENT_RELEASE,
                         .document = bytes_slice(newer.document),
                         .armors = bytes_slice(newer.armors),
                         .files = &files});
    const shelf_t *shelf = core_shelf(self->core);
    assert_int_equal(shelf_in_service(shelf, "disk-full")->release->sequence, 6);
    assert_int_equal(shelf_release(shelf, &self->release_hash)->state, RELEASE_REPLACED);
    take_grant(self); /* for the one that was replaced */
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "no grant");
}

static void
a_release_with_another_file_is_refused(void **state)
{
    house_t *self = *state;
    value_t *files = files_of_release();
    value_set_text(files, "playbook.lua", "os.exit()");
    assert_int_equal(step(self, (event_t){.kind = EVENT_RELEASE,
                                          .document = bytes_slice(self->release.document),
                                          .armors = bytes_slice(self->release.armors),
                                          .files = &files}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_HASH);
    files = files_of_release();
    value_set_text(files, "extra.lua", "");
    assert_int_equal(step(self, (event_t){.kind = EVENT_RELEASE,
                                          .document = bytes_slice(self->release.document),
                                          .armors = bytes_slice(self->release.armors),
                                          .files = &files}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_HASH);
}

/* Orders -------------------------------------------------------------------------------------- */

static sealed_t
order_of(house_t *self, unsigned max_failures)
{
    order_t *order = site_order(self->site, &self->release_hash);
    order->soak_s = 30;
    order->max_failures = max_failures;
    order->input_count = 1;
    text_copy(order->inputs[0].name, sizeof order->inputs[0].name, "mount");
    text_copy(order->inputs[0].text, sizeof order->inputs[0].text, "/var");
    site_add_target(order, 2, "s1");
    site_add_target(order, 2, "w2");
    return site_seal_order(self->site, order, "pat");
}

static void
submit(house_t *self, const sealed_t *order)
{
    must(self, (event_t){.kind = EVENT_ORDER,
                         .document = bytes_slice(order->document),
                         .armors = bytes_slice(order->armors)});
}

static void
start_order(house_t *self, unsigned max_failures)
{
    put_in_service(self);
    sealed_t order CLEANUP(sealed_done) = order_of(self, max_failures);
    submit(self, &order);
}

static void
an_order_offers_its_first_wave_only(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2") + sent(self, MESSAGE_OFFER, "s1"), 0);
    assert_string_equal(run_now(self).who, "pat");
}

static void
the_next_wave_waits_for_the_soak_and_carries_proof(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    later(self, 29);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
    later(self, 1);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "s1"), 1);
    CLEANUP(value_destroy)
    value_t *proof = value_decode(frames_at(offer_to(self, "w2"), OFFER_RECEIPTS), &self->fault);
    assert_int_equal(value_count(proof), 1);
    const value_t *receipt = value_at(proof, 0);
    assert_int_equal(receipt_check(value_slice(value_get(receipt, "document")),
                                   value_slice(value_get(receipt, "armor")),
                                   machinekey_public(site_key(self->site, "w1")), &self->fault),
                     0);
    worker_tells(self, "w2", "free", OUTCOME_OK, OUTCOME_OK);
    worker_tells(self, "s1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_int_equal(run_now(self).state, RUN_SUCCEEDED);
}

static void
a_failed_wave_stops_the_run(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    assert_int_equal(run_now(self).state, RUN_FAILED);
    later(self, 60);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 0);
}

static void
max_failures_lets_a_wave_pass(void **state)
{
    house_t *self = *state;
    start_order(self, 1);
    worker_tells(self, "w1", "free", OUTCOME_FAILED, OUTCOME_FAILED);
    later(self, 30);
    tick(self);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w2"), 1);
}

static void
a_closed_window_leaves_later_waves_never_reached(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    later(self, 3601 + CORE_LATE_MS / 1000);
    tick(self);
    assert_int_equal(run_now(self).state, RUN_EXPIRED);
    assert_int_equal(core_active_runs(self->core), 0);
}

static void
a_late_acceptance_counts_more_than_never(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    later(self, 3601 + CORE_LATE_MS / 1000);
    tick(self);
    worker_accepts(self, "w1");
    assert_int_equal(run_now(self).state, RUN_ACTIVE);
    worker_tells(self, "w1", "free", OUTCOME_UNKNOWN, OUTCOME_UNKNOWN);
    assert_int_equal(run_now(self).state, RUN_UNKNOWN);
}

static void
an_order_is_taken_once(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    sealed_t order CLEANUP(sealed_done) = order_of(self, 0);
    submit(self, &order);
    submit(self, &order);
    assert_int_equal(self->actions->row_count, 0);
    restart(self);
    submit(self, &order);
    assert_int_equal(self->actions->row_count, 0);
}

static void
an_order_by_the_wrong_people_or_for_nobody_is_refused(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    order_t *order = site_order(self->site, &self->release_hash);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_order(self->site, order, "rob");
    event_t event = {.kind = EVENT_ORDER,
                     .document = bytes_slice(sealed.document),
                     .armors = bytes_slice(sealed.armors)};
    assert_int_equal(step(self, event), -1);
    assert_int_equal(self->actions->row_count, 0);
    order = site_order(self->site, &self->release_hash);
    text_copy(order->targets[0].target, sizeof order->targets[0].target, "nobody");
    sealed_t other CLEANUP(sealed_done) = site_seal_order(self->site, order, "pat");
    event.document = bytes_slice(other.document);
    event.armors = bytes_slice(other.armors);
    assert_int_equal(step(self, event), -1);
    assert_int_equal(self->fault.code, FAULT_TARGET);
}

static void
an_order_of_a_release_that_is_not_here_is_refused(void **state)
{
    house_t *self = *state;
    sealed_t order CLEANUP(sealed_done) = order_of(self, 0);
    assert_int_equal(step(self, (event_t){.kind = EVENT_ORDER,
                                          .document = bytes_slice(order.document),
                                          .armors = bytes_slice(order.armors)}),
                     -1);
    assert_int_equal(self->fault.code, FAULT_NOT_FOUND);
}

/* Crashes ------------------------------------------------------------------------------------- */

static void
goes_on_after_a_restart(void **state)
{
    house_t *self = *state;
    authorise(self);
    worker_accepts(self, "w1");
    worker_tells(self, "w1", "usage", OUTCOME_OK, OUTCOME_OPEN);
    hash_t head = merkle_head(core_log(self->core));
    restart(self);
    hash_t again = merkle_head(core_log(self->core));
    assert_true(hash_equal(&head, &again));
    assert_int_equal(core_count(self->core, INCIDENT_RUNNING), 1);
    assert_non_null(shelf_in_service(core_shelf(self->core), "disk-full"));
    assert_int_equal(shelf_grant_count(core_shelf(self->core)), 1);
    hello(self, "w1", 1);
    assert_int_equal(sent(self, MESSAGE_OFFER, "w1"), 1);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    assert_false(told(self, "gap"));
    incident_is(self, 1, INCIDENT_RESOLVED, "verified");
}

static void
remembers_the_proof_of_a_wave_after_a_restart(void **state)
{
    house_t *self = *state;
    start_order(self, 0);
    worker_tells(self, "w1", "free", OUTCOME_OK, OUTCOME_OK);
    restart(self);
    later(self, 30);
    tick(self);
    CLEANUP(value_destroy)
    value_t *proof = value_decode(frames_at(offer_to(self, "w2"), OFFER_RECEIPTS), &self->fault);
    assert_int_equal(value_count(proof), 1);
}

static void
knows_a_closed_incident_after_a_restart(void **state)
{
    house_t *self = *state;
    a_verified_run_resolves_the_incident_without_a_person(state);
    restart(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING, "still fires");
    assert_int_equal(core_count(self->core, INCIDENT_RESOLVED), 0);
    assert_int_equal(core_count(self->core, INCIDENT_WAITING), 1);
}

#define CASE(test)                    \
    {                                 \
#test, test, begin, end, NULL \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_alert_without_a_playbook_waits_for_people),
        CASE(an_alert_without_a_grant_suggests_its_playbook),
        CASE(a_release_that_comes_later_is_suggested_too),
        CASE(an_alert_that_a_grant_covers_is_offered_in_the_same_step),
        CASE(an_input_outside_the_grants_bound_waits),
        CASE(a_host_that_nobody_looks_after_waits),
        CASE(the_same_alert_again_counts_and_starts_no_second_run),
        CASE(its_source_resolves_an_incident),
        CASE(a_resolve_of_what_nobody_knows_is_stored),
        CASE(an_incident_that_nobody_speaks_of_is_abandoned),
        CASE(a_verified_run_resolves_the_incident_without_a_person),
        CASE(a_run_that_verified_nothing_leaves_it_waiting),
        CASE(a_failed_run_leaves_it_failed),
        CASE(an_alert_that_still_fires_after_a_good_run_waits_for_people),
        CASE(the_cool_down_keeps_a_new_event_from_running_at_once),
        CASE(an_offer_that_nobody_takes_in_its_window_is_never),
        CASE(an_unsigned_refusal_ends_the_part),
        CASE(a_refusal_from_another_worker_changes_nothing),
        CASE(a_known_receipt_is_acknowledged_again),
        CASE(a_receipt_of_another_worker_or_with_a_bad_signature_is_not_taken),
        CASE(a_gap_in_the_receipts_is_told),
        CASE(a_second_receipt_with_the_same_number_is_told),
        CASE(a_receipt_of_an_unknown_run_is_kept_and_acknowledged),
        CASE(a_worker_that_says_hello_gets_its_open_offers_again),
        CASE(a_worker_with_a_shorter_ledger_is_told),
        CASE(a_wanted_release_is_given_whole),
        CASE(a_release_waits_for_its_second_approver),
        CASE(an_approval_that_does_not_hold_spoils_nothing),
        CASE(the_newest_sequence_is_in_service),
        CASE(a_release_with_another_file_is_refused),
        CASE(an_order_offers_its_first_wave_only),
        CASE(the_next_wave_waits_for_the_soak_and_carries_proof),
        CASE(a_failed_wave_stops_the_run),
        CASE(max_failures_lets_a_wave_pass),
        CASE(a_closed_window_leaves_later_waves_never_reached),
        CASE(a_late_acceptance_counts_more_than_never),
        CASE(an_order_is_taken_once),
        CASE(an_order_by_the_wrong_people_or_for_nobody_is_refused),
        CASE(an_order_of_a_release_that_is_not_here_is_refused),
        CASE(goes_on_after_a_restart),
        CASE(remembers_the_proof_of_a_wave_after_a_restart),
        CASE(knows_a_closed_incident_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
