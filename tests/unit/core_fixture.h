/* SPDX-License-Identifier: Apache-2.0 */
/* core_fixture - a broker without sockets: the core over a store in memory, a clock that we move,
 * and workers whose words the test says. */
#ifndef TOCSIN_CORE_FIXTURE_H
#define TOCSIN_CORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/core/core.h"
#include "tests/unit/site_fixture.h"
#include "wire/message.h"

#define MANIFEST                                                                 \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n" \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 900\ninput mount path\nfrom mount "  \
    "labels.mountpoint\ntrigger DiskFull\n"                                      \
    "step free run 60 when,verify\nstep usage run 30 -\nneeds free usage\n"      \
    "use free file.remove change\nuse usage disk.usage observe\n"                \
    "bound free file.remove path under inputs.mount\nend\n"

typedef struct {
    site_t *site;
    charter_t *charter;
    store_t *store;
    core_t *core;
    actions_t *actions;   /* of the last step */
    const char *manifest; /* of the release */
    sealed_t release, grant;
    hash_t release_hash;
    hash_t head[3]; /* of the receipts of w1, w2, s1 */
    uint64_t sequence[3];
    fault_t fault; /* of the last step */
} house_t;

static inline value_t *
files_of_release(const house_t *self)
{
    value_t *files = value_map();
    value_set_text(files, "manifest", self->manifest);
    value_set_text(files, "playbook.lua", SITE_PLAYBOOK);
    return files;
}

static inline int
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

static inline void
must(house_t *self, event_t event)
{
    if (step(self, event))
        fail_msg("%s: %s", fault_word(self->fault.code), self->fault.text);
}

static inline void
put_in_service(house_t *self)
{
    value_t *files = files_of_release(self);
    must(self, (event_t){.kind = EVENT_RELEASE,
                         .document = bytes_slice(self->release.document),
                         .armors = bytes_slice(self->release.armors),
                         .files = &files});
}

static inline void
take_grant(house_t *self)
{
    must(self, (event_t){.kind = EVENT_GRANT,
                         .document = bytes_slice(self->grant.document),
                         .armors = bytes_slice(self->grant.armors)});
}

static inline sealed_t
make_grant(site_t *site, const hash_t *release)
{
    grant_t *grant = site_grant(site, release);
    grant->bound_count = 1;
    text_copy(grant->bounds[0].input, sizeof grant->bounds[0].input, "mount");
    text_copy(grant->bounds[0].kind, sizeof grant->bounds[0].kind, "under");
    text_copy(grant->bounds[0].value, sizeof grant->bounds[0].value, "/var");
    return site_seal_grant(site, grant, "pat,pia");
}

static inline int
begin(void **state)
{
    house_t *self = memory_new(1, sizeof *self);
    self->site = site_new();
    self->charter = charter_over(&self->site->trust);
    self->store = store_memory();
    self->core = core_new(self->charter, "instance", self->store);
    self->actions = actions_new();
    self->manifest = MANIFEST;
    release_t *release =
        site_release_of(self->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK));
    self->release = site_seal_release(self->site, release, "ana", "rob,rita");
    self->release_hash = hash_of(bytes_slice(self->release.document));
    self->grant = make_grant(self->site, &self->release_hash);
    *state = self;
    return 0;
}

static inline int
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

/* What stands in the site folder, and nothing else. */
static inline charter_t *
read_charter(house_t *self)
{
    site_t *site = self->site;
    const sealed_t *all[] = {&site->root, &site->people, &site->north, &site->south};
    site->trust = trust_new(&site->id);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        assert_int_equal(site_add(site, all[i], &self->fault), 0);
    return charter_over(&site->trust);
}

/* As after kill -9: another core over the same store. */
static inline void
restart(house_t *self)
{
    core_destroy(&self->core);
    charter_destroy(&self->charter);
    self->charter = read_charter(self);
    self->core = core_new(self->charter, "instance2", self->store);
    if (core_load(self->core, &self->fault))
        fail_msg("%s", self->fault.text);
}

static inline void
later(house_t *self, int64_t seconds)
{
    self->site->now = site_after(self->site->now, seconds);
}

static inline void
alarm_with(house_t *self, alert_t *alert)
{
    must(self, (event_t){.kind = EVENT_ALERT, .alert = alert, .region = ""});
    alert_destroy(&alert);
}

static inline void
alarm_rings(house_t *self)
{
    alarm_with(self, site_alert(self->site));
}

static inline void
alarm_ends(house_t *self)
{
    alert_t *alert = site_alert(self->site);
    alert->firing = false;
    alarm_with(self, alert);
}

static inline incident_t
incident_at(house_t *self, uint64_t id)
{
    query_t query = {.what = FIND_INCIDENT, .number = id};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &self->fault);
    assert_non_null(row);
    return row->incident;
}

static inline void
incident_is(house_t *self, uint64_t id, incident_state_t state, const char *reason)
{
    incident_t incident = incident_at(self, id);
    if (incident.state != state || !strstr(incident.reason, reason))
        fail_msg("incident is %s: %s", incident_word(incident.state), incident.reason);
}

static inline run_row_t
run_now(house_t *self)
{
    query_t query = {.what = FIND_RUNS};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &self->fault);
    assert_non_null(row);
    return row->run;
}

static inline size_t
count_rows(house_t *self, find_t what)
{
    query_t query = {.what = what, .number = what == FIND_EVENTS_OF ? 1 : 0};
    CLEANUP(row_destroy) row_t *row = store_first(self->store, &query, &self->fault);
    return row != NULL;
}

/* How many messages of this type the last step sent to the worker. */
static inline size_t
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

static inline const frames_t *
offer_to(const house_t *self, const char *worker)
{
    for (size_t i = 0; i < self->actions->send_count; i++)
        if (!strcmp(self->actions->sends[i].worker, worker) &&
            slice_is(frames_at(self->actions->sends[i].frames, 0), "OFFER"))
            return self->actions->sends[i].frames;
    fail_msg("no offer to %s", worker);
    return NULL;
}

static inline size_t
worker_number(const char *worker)
{
    return !strcmp(worker, "w1") ? 0 : !strcmp(worker, "w2") ? 1 : 2;
}

static inline sealed_t
receipt_in(house_t *self, const char *worker, const char *step_name, phase_t phase,
           outcome_t outcome, outcome_t part)
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
    receipt->phase = phase;
    receipt->outcome = outcome;
    receipt->part = part;
    if (outcome != OUTCOME_OK) {
        text_copy(receipt->code, sizeof receipt->code, "failed");
        text_copy(receipt->reason, sizeof receipt->reason, "because");
    }
    return site_seal_receipt(self->site, receipt, worker);
}

static inline sealed_t
receipt_of(house_t *self, const char *worker, const char *step_name, outcome_t outcome,
           outcome_t part)
{
    return receipt_in(self, worker, step_name, PHASE_RUN, outcome, part);
}

static inline int
send_receipt(house_t *self, const char *worker, const sealed_t *receipt)
{
    return step(self, (event_t){.kind = EVENT_RECEIPT,
                                .worker = worker,
                                .document = bytes_slice(receipt->document),
                                .armors = bytes_slice(receipt->armors)});
}

static inline void
worker_tells_in(house_t *self, const char *worker, const char *step_name, phase_t phase,
                outcome_t outcome, outcome_t part)
{
    size_t number = worker_number(worker);
    sealed_t receipt CLEANUP(sealed_done) =
        receipt_in(self, worker, step_name, phase, outcome, part);
    if (send_receipt(self, worker, &receipt))
        fail_msg("%s", self->fault.text);
    assert_int_equal(sent(self, MESSAGE_ACK, worker), 1);
    self->head[number] = hash_of(bytes_slice(receipt.document));
    self->sequence[number]++;
}

static inline void
worker_tells(house_t *self, const char *worker, const char *step_name, outcome_t outcome,
             outcome_t part)
{
    worker_tells_in(self, worker, step_name, PHASE_RUN, outcome, part);
}

static inline void
worker_accepts(house_t *self, const char *worker)
{
    must(self, (event_t){.kind = EVENT_ACCEPT, .worker = worker, .hash = run_now(self).id});
}

static inline void
tick(house_t *self)
{
    must(self, (event_t){.kind = EVENT_TICK});
}

static inline void
authorise(house_t *self)
{
    put_in_service(self);
    take_grant(self);
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_AUTHORISED, "grant");
}

static inline bool
told(house_t *self, const char *kind)
{
    for (size_t i = 0; i < self->actions->row_count; i++)
        if (self->actions->rows[i]->kind == ROW_EVENT &&
            !strcmp(self->actions->rows[i]->event.kind, kind))
            return true;
    return false;
}

static inline void
hello_from(house_t *self, const char *worker, int64_t sequence, int64_t oldest)
{
    CLEANUP(value_destroy) value_t *told_state = value_map();
    value_set_integer(told_state, "sequence", sequence);
    value_set_integer(told_state, "oldest", oldest);
    must(self, (event_t){.kind = EVENT_HELLO, .worker = worker, .state = told_state});
}

/* No broker lacks a receipt of it. */
static inline void
hello(house_t *self, const char *worker, int64_t sequence)
{
    hello_from(self, worker, sequence, sequence + 1);
}

/* w1 in the first wave, s1 and w2 in the second; 30 seconds of soak. */
static inline order_t *
make_order(house_t *self, unsigned max_failures)
{
    order_t *order = site_order(self->site, &self->release_hash);
    order->soak_s = 30;
    order->max_failures = max_failures;
    order->input_count = 1;
    text_copy(order->inputs[0].name, sizeof order->inputs[0].name, "mount");
    text_copy(order->inputs[0].text, sizeof order->inputs[0].text, "/var");
    site_add_target(order, 2, "s1");
    site_add_target(order, 2, "w2");
    return order;
}

static inline sealed_t
order_of(house_t *self, unsigned max_failures)
{
    return site_seal_order(self->site, make_order(self, max_failures), "pat");
}

static inline void
submit(house_t *self, const sealed_t *order)
{
    must(self, (event_t){.kind = EVENT_ORDER,
                         .document = bytes_slice(order->document),
                         .armors = bytes_slice(order->armors)});
}

static inline void
refuses_order(house_t *self, const sealed_t *order, fault_code_t code)
{
    assert_int_equal(step(self, (event_t){.kind = EVENT_ORDER,
                                          .document = bytes_slice(order->document),
                                          .armors = bytes_slice(order->armors)}),
                     -1);
    assert_int_equal(self->fault.code, code);
}

static inline void
start_order(house_t *self, unsigned max_failures)
{
    put_in_service(self);
    sealed_t order CLEANUP(sealed_done) = order_of(self, max_failures);
    submit(self, &order);
}

#define CASE(test)                    \
    {                                 \
#test, test, begin, end, NULL \
    }

#endif
