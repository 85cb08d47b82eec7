/* SPDX-License-Identifier: Apache-2.0 */
/* What people change of an incident by hand, and what is kept of why it was acted on or not. */
#include "tests/unit/core_fixture.h"

static int
change(house_t *self, uint64_t incident, const char *field, const char *text)
{
    return step(
        self,
        (event_t){
            .kind = EVENT_CHANGE, .number = incident, .who = "pat", .field = field, .text = text});
}

static void
changes(house_t *self, uint64_t incident, const char *field, const char *text)
{
    if (change(self, incident, field, text))
        fail_msg("%s: %s", fault_word(self->fault.code), self->fault.text);
}

static void
refuses(house_t *self, uint64_t incident, const char *field, const char *text, fault_code_t code)
{
    assert_int_equal(change(self, incident, field, text), -1);
    assert_string_equal(fault_word(self->fault.code), fault_word(code));
    assert_int_equal(self->actions->row_count, 0);
}

/* That the last step told of it, by pat, in these words. */
static void
told_by_pat(const house_t *self, uint64_t incident, const char *kind, const char *text)
{
    for (size_t i = 0; i < self->actions->row_count; i++) {
        const row_t *row = self->actions->rows[i];
        if (row->kind != ROW_EVENT || strcmp(row->event.kind, kind) != 0)
            continue;
        assert_string_equal(row->event.text, text);
        assert_string_equal(row->event.who, "pat");
        assert_int_equal(row->event.incident, incident);
        return;
    }
    fail_msg("no event '%s'", kind);
}

/* Another incident: number `id`, from the same source. */
static void
another_rings(house_t *self, uint64_t id)
{
    alert_t *alert = site_alert(self->site);
    snprintf(alert->fingerprint, sizeof alert->fingerprint, "other-%d", (int)id);
    alarm_with(self, alert);
    assert_int_equal(incident_at(self, id).id, id);
}

static void
who_saw_it_stands_there_until_it_is_taken_back(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    changes(self, 1, "ack", "true");
    told_by_pat(self, 1, "ack", "it is seen");
    assert_string_equal(incident_at(self, 1).ack, "pat");
    changes(self, 1, "ack", "false");
    told_by_pat(self, 1, "ack", "it is no longer acknowledged");
    assert_string_equal(incident_at(self, 1).ack, "");
}

static void
it_is_assigned_to_people_only(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    changes(self, 1, "assign", "rita");
    told_by_pat(self, 1, "assign", "it is for 'rita'");
    assert_string_equal(incident_at(self, 1).assigned, "rita");
    refuses(self, 1, "assign", "mallory", FAULT_NOT_FOUND);
    assert_string_equal(incident_at(self, 1).assigned, "rita");
    changes(self, 1, "assign", "-");
    told_by_pat(self, 1, "assign", "it is nobody's");
    assert_string_equal(incident_at(self, 1).assigned, "");
}

static void
a_note_is_one_line_of_text(void **state)
{
    house_t *self = *state;
    char text[ORDER_REASON_MAX + 2] = "";
    alarm_rings(self);
    changes(self, 1, "note", "the backup runs until four");
    told_by_pat(self, 1, "note", "the backup runs until four");
    memset(text, 'x', sizeof text - 1);
    refuses(self, 1, "note", text, FAULT_USAGE);
    text[ORDER_REASON_MAX] = '\0';
    changes(self, 1, "note", text);
    refuses(self, 1, "note", "", FAULT_USAGE);
    refuses(self, 1, "note", "two\nlines", FAULT_USAGE);
    refuses(self, 1, "note", "\x1b[2J", FAULT_USAGE);
}

static void
severity_by_hand_survives_the_next_alert(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    changes(self, 1, "severity", "low");
    told_by_pat(self, 1, "severity", "severity low, was high");
    later(self, 60);
    alarm_rings(self);
    assert_string_equal(incident_at(self, 1).severity, "low");
    assert_int_equal(incident_at(self, 1).count, 2);
    refuses(self, 1, "severity", "terrible", FAULT_USAGE);
}

static void
an_incident_stands_under_another_but_in_no_circle(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    another_rings(self, 2);
    another_rings(self, 3);
    changes(self, 2, "parent", "1");
    told_by_pat(self, 2, "parent", "it is a part of incident 1");
    changes(self, 3, "parent", "2");
    refuses(self, 1, "parent", "1", FAULT_CONFLICT);
    refuses(self, 1, "parent", "2", FAULT_CONFLICT);
    refuses(self, 1, "parent", "3", FAULT_CONFLICT);
    refuses(self, 1, "parent", "9", FAULT_NOT_FOUND);
    refuses(self, 1, "parent", "two", FAULT_USAGE);
    query_t query = {.what = FIND_CHILDREN, .number = 1};
    CLEANUP(row_destroy) row_t *child = store_first(self->store, &query, &self->fault);
    assert_int_equal(child->incident.id, 2);
    changes(self, 2, "parent", "0");
    told_by_pat(self, 2, "parent", "it stands by itself");
    changes(self, 1, "parent", "3");
    assert_int_equal(incident_at(self, 1).parent, 3);
}

static void
incidents_stand_under_each_other_only_so_deep(void **state)
{
    house_t *self = *state;
    char parent[8];
    alarm_rings(self);
    for (uint64_t id = 2; id <= 9; id++) {
        another_rings(self, id);
        snprintf(parent, sizeof parent, "%d", (int)id - 1);
        changes(self, id, "parent", parent);
    }
    another_rings(self, 10);
    refuses(self, 10, "parent", "9", FAULT_CONFLICT);
    changes(self, 10, "parent", "8");
}

static void
people_resolve_and_open_again(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    refuses(self, 1, "reopen", "it is back", FAULT_CONFLICT);
    changes(self, 1, "resolve", "the disk was swapped");
    told_by_pat(self, 1, "resolve", "the disk was swapped");
    incident_is(self, 1, INCIDENT_RESOLVED, "pat: the disk was swapped");
    refuses(self, 1, "resolve", "again", FAULT_CONFLICT);
    changes(self, 1, "reopen", "it is back");
    told_by_pat(self, 1, "reopen", "it is back");
    incident_is(self, 1, INCIDENT_WAITING, "pat opened it again: it is back");
}

static void
no_letter_of_a_long_reason_is_cut_in_two(void **state)
{
    house_t *self = *state;
    char reason[310] = "x";
    for (size_t i = 1; i + 3 < sizeof reason; i += 3)
        memcpy(reason + i, "\u1eef", 3);
    alarm_rings(self);
    changes(self, 1, "resolve", reason);
    incident_t row = incident_at(self, 1);
    assert_true(strlen(row.reason) > 170);
    assert_true(text_is_free(slice_text(row.reason)));
}

static void
what_a_person_resolved_too_early_says_who_that_was(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    changes(self, 1, "resolve", "the disk was swapped");
    alarm_rings(self);
    incident_is(self, 1, INCIDENT_WAITING,
                "the alert still fires; resolved before, pat: the disk was swapped");
}

static void
nobody_resolves_what_a_run_is_at_work_on(void **state)
{
    house_t *self = *state;
    authorise(self);
    refuses(self, 1, "resolve", "done", FAULT_CONFLICT);
    worker_accepts(self, "w1");
    incident_is(self, 1, INCIDENT_RUNNING, "runs");
    refuses(self, 1, "resolve", "done", FAULT_CONFLICT);
    worker_tells(self, "w1", "usage", OUTCOME_FAILED, OUTCOME_FAILED);
    incident_is(self, 1, INCIDENT_FAILED, "failed");
    changes(self, 1, "resolve", "done by hand");
    incident_is(self, 1, INCIDENT_RESOLVED, "done by hand");
}

static void
a_change_names_an_incident_and_what_is_changed(void **state)
{
    house_t *self = *state;
    refuses(self, 1, "ack", "true", FAULT_NOT_FOUND);
    alarm_rings(self);
    refuses(self, 2, "ack", "true", FAULT_NOT_FOUND);
    refuses(self, 1, "title", "another", FAULT_USAGE);
}

static void
changes_outlive_the_broker(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    another_rings(self, 2);
    changes(self, 1, "ack", "true");
    changes(self, 1, "assign", "pia");
    changes(self, 1, "severity", "info");
    changes(self, 1, "parent", "2");
    restart(self);
    alarm_rings(self);
    incident_t incident = incident_at(self, 1);
    assert_string_equal(incident.ack, "pat");
    assert_string_equal(incident.assigned, "pia");
    assert_string_equal(incident.severity, "info");
    assert_int_equal(incident.parent, 2);
}

/* Decisions ----------------------------------------------------------------------------------- */

typedef struct {
    size_t count;
    decision_row_t last;
} decisions_t;

static bool
take_decision(void *context, const row_t *row)
{
    decisions_t *found = context;
    found->count++;
    found->last = row->decision;
    return true;
}

static decisions_t
decisions_about(house_t *self, uint64_t incident)
{
    decisions_t found = {0};
    query_t query = {.what = FIND_DECISIONS, .number = incident};
    assert_int_equal(
        self->store->find(self->store->self, &query, take_decision, &found, &self->fault), 0);
    return found;
}

static void
a_decision_is_kept_once_while_it_says_the_same(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    alarm_rings(self);
    decisions_t found = decisions_about(self, 1);
    assert_int_equal(found.count, 1);
    assert_false(found.last.acted);
    assert_string_equal(found.last.playbook, "disk-full");
    assert_true(hash_equal(&found.last.release, &self->release_hash));
    assert_true(hash_equal(&found.last.grant, &HASH_ZERO));
    later(self, 60);
    alarm_rings(self);
    restart(self);
    alarm_rings(self);
    assert_int_equal(decisions_about(self, 1).count, 1);
}

static void
another_decision_is_kept_beside_the_first(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    alarm_rings(self);
    take_grant(self);
    later(self, 60);
    alarm_rings(self);
    decisions_t found = decisions_about(self, 1);
    hash_t grant = hash_of(bytes_slice(self->grant.document));
    assert_int_equal(found.count, 2);
    assert_true(found.last.acted);
    assert_true(hash_equal(&found.last.grant, &grant));
    assert_int_equal(found.last.at.ms, self->site->now.ms);
}

static void
a_host_without_a_worker_is_a_decision_too(void **state)
{
    house_t *self = *state;
    put_in_service(self);
    take_grant(self);
    alert_t *alert = site_alert(self->site);
    text_copy(alert->host, sizeof alert->host, "nowhere");
    alarm_with(self, alert);
    decisions_t found = decisions_about(self, 1);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.last.reason, "no worker looks after host 'nowhere'");
}

static void
where_nothing_is_triggered_nothing_is_weighed(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    assert_int_equal(decisions_about(self, 1).count, 0);
    incident_is(self, 1, INCIDENT_WAITING, "no playbook in service is triggered by 'DiskFull'");
}

/* What is replayed later is what fired, whatever its source says of it in the end. */
static void
an_incident_keeps_the_alert_that_fired(void **state)
{
    house_t *self = *state;
    alarm_rings(self);
    uint64_t leaf = incident_at(self, 1).leaf;
    later(self, 60);
    alarm_ends(self);
    incident_is(self, 1, INCIDENT_RESOLVED, "over");
    assert_int_equal(incident_at(self, 1).leaf, leaf);
    alarm_rings(self);
    assert_int_equal(incident_at(self, 1).leaf, leaf);
    assert_int_not_equal(incident_at(self, 2).leaf, leaf);
}

/* What people are shown of a grant's budget. */
static void
a_grant_tells_where_it_was_drawn_on(void **state)
{
    size_t more;
    house_t *self = *state;
    authorise(self);
    CLEANUP(value_destroy)
    value_t *spent = held_grant_spent(shelf_grant_at(core_shelf(self->core), 0), "", 10, &more);
    assert_int_equal(value_count(spent), 1);
    assert_int_equal(more, 0);
    assert_string_equal(value_get_text(value_at(spent, 0), "worker"), "w1");
    assert_int_equal(value_get_integer(value_at(spent, 0), "at"), self->site->now.ms);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(who_saw_it_stands_there_until_it_is_taken_back),
        CASE(it_is_assigned_to_people_only),
        CASE(a_note_is_one_line_of_text),
        CASE(severity_by_hand_survives_the_next_alert),
        CASE(an_incident_stands_under_another_but_in_no_circle),
        CASE(incidents_stand_under_each_other_only_so_deep),
        CASE(people_resolve_and_open_again),
        CASE(no_letter_of_a_long_reason_is_cut_in_two),
        CASE(what_a_person_resolved_too_early_says_who_that_was),
        CASE(nobody_resolves_what_a_run_is_at_work_on),
        CASE(a_change_names_an_incident_and_what_is_changed),
        CASE(changes_outlive_the_broker),
        CASE(a_decision_is_kept_once_while_it_says_the_same),
        CASE(another_decision_is_kept_beside_the_first),
        CASE(a_host_without_a_worker_is_a_decision_too),
        CASE(where_nothing_is_triggered_nothing_is_weighed),
        CASE(an_incident_keeps_the_alert_that_fired),
        CASE(a_grant_tells_where_it_was_drawn_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
