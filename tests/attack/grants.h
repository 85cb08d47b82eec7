/* SPDX-License-Identifier: Apache-2.0 */
/* grants - attacks on standing authority, and on the alerts that draw on it. */
#ifndef TOCSIN_TESTS_GRANTS_H
#define TOCSIN_TESTS_GRANTS_H

#include "tests/attack/documents.h"
#include "tests/attack/orders.h"

static void
by_grant(enemy_t *self, plan_t *plan)
{
    (void)self;
    plan->by_grant = true;
}

static void
forged_alert(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan->grant->evidence = EVIDENCE_SIGNED;
}

/* By its source, and the grant asks for that. */
static void
signed_alert(enemy_t *self, plan_t *plan)
{
    forged_alert(self, plan);
    plan->sealers = "monitor-north";
}

static void
signed_by_a_person(enemy_t *self, plan_t *plan)
{
    forged_alert(self, plan);
    plan->sealers = "dung";
}

static void
signed_in_another_region(enemy_t *self, plan_t *plan)
{
    forged_alert(self, plan);
    plan->sealers = "monitor-south";
}

static void
signed_as_a_receipt(enemy_t *self, plan_t *plan)
{
    signed_alert(self, plan);
    plan->how_sealed.namespace = "receipt@tocsin.v1";
}

static void
signed_in_anothers_name(enemy_t *self, plan_t *plan)
{
    forged_alert(self, plan);
    plan->sealers = "dung";
    plan->how_sealed.other_key = "monitor-north";
}

static void
signed_twice(enemy_t *self, plan_t *plan)
{
    forged_alert(self, plan);
    plan->sealers = "monitor-north monitor-north";
}

/* As if it had come just now. */
static void
dated_anew(enemy_t *self, lie_t *lie)
{
    char old[MOMENT_TEXT_MAX], fresh[MOMENT_TEXT_MAX];
    CLEANUP(alert_destroy) alert_t *alert = alert_decode(bytes_slice(lie->alert), NULL);
    (void)self;
    wall_write_instant(alert->received, old);
    wall_write_instant((wall_t){alert->received.ms + 1}, fresh);
    CLEANUP(bytes_destroy) bytes_t *from = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *to = bytes_new();
    bytes_addf(from, "received %s", old);
    bytes_addf(to, "received %s", fresh);
    replace(lie->alert, bytes_text(from), bytes_slice(to));
}

static void
signed_long_ago(enemy_t *self, plan_t *plan)
{
    signed_alert(self, plan);
    plan->alert->received.ms -= HOUR_MS;
}

static void
signed_resolve(enemy_t *self, plan_t *plan)
{
    signed_alert(self, plan);
    plan->alert->firing = false;
}

static void
other_source(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    text_copy(plan->alert->source, TEXT_NAME_MAX + 1, "elsewhere");
}

static void
resolved(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan->alert->firing = false;
}

static void
alert_of_others(enemy_t *self, lie_t *lie)
{
    lie->run = self->last.run;
    lie->authority->size = 0;
    bytes_add_slice(lie->authority, bytes_slice(self->last.authority));
}

static void
stale(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan->alert->received.ms -= HOUR_MS;
}

static void
of_the_future(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan->alert->received.ms += HOUR_MS;
}

/* All draw on one grant, of a budget of one. */
static void
on_one_grant(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    if (!self->issued.ms)
        self->issued.ms = plan->grant->issued.ms - HOUR_MS;
    plan->grant->issued = self->issued;
    plan->grant->expires.ms = self->issued.ms + 24 * HOUR_MS;
    plan->grant->budget_runs = 1;
}

/* What `tocsin keys grant` made, after it had printed the worst case. */
static void
on_printed_grant(enemy_t *self, plan_t *plan)
{
    fault_t fault = {0};
    CLEANUP(bytes_destroy) bytes_t *document = forge_read(self->loot, "grant", "");
    by_grant(self, plan);
    grant_destroy(&plan->grant);
    plan->grant = grant_decode(bytes_slice(document), &fault);
    if (!plan->grant)
        forge_die(fault.text);
}

static void
beyond_printed_scope(enemy_t *self, plan_t *plan)
{
    on_printed_grant(self, plan);
    plan->worker = "south-1";
    text_copy(plan->alert->host, sizeof plan->alert->host, "south-1.example");
}

static void
beyond_printed_path(enemy_t *self, plan_t *plan)
{
    char path[ORDER_VALUE_MAX];
    on_printed_grant(self, plan);
    snprintf(path, sizeof path, "%s-2/x.log.1", self->path);
    alert_label(plan->alert, 1, "path", path);
}

static void
no_match(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    alert_label(plan->alert, 0, "alertname", "LogTooLarge2");
}

static void
shell_in_name(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    alert_label(plan->alert, 2, "unit", "web;$(id)");
}

/* Allowed by the grant's text, and still no name. */
static void
shell_in_bound(enemy_t *self, plan_t *plan)
{
    shell_in_name(self, plan);
    text_copy(plan->grant->bounds[1].value, ORDER_VALUE_MAX, "web;$(id)");
}

static void
climbing_path(enemy_t *self, plan_t *plan)
{
    char path[ORDER_VALUE_MAX];
    by_grant(self, plan);
    snprintf(path, sizeof path, "%s/../../../../etc/x.log.1", self->path);
    alert_label(plan->alert, 1, "path", path);
}

static void
newline_in_path(enemy_t *self, plan_t *plan)
{
    char path[ORDER_VALUE_MAX];
    by_grant(self, plan);
    snprintf(path, sizeof path, "%s/x\n/etc/x.log.1", self->path);
    alert_label(plan->alert, 1, "path", path);
}

static void
unbounded_input(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan->grant->bound_count = 1;
}

static void
of_another_host(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    text_copy(plan->alert->host, sizeof plan->alert->host, "north-2.example");
}

static void
outside_its_scope(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    text_copy(plan->grant->scope, sizeof plan->grant->scope, "region=south");
}

static void
of_destructive(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan->release->highest = CLASS_DESTRUCTIVE;
}

static void
by_the_author(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan_fresh(self, plan);
    text_copy(plan->release->authors[0], TEXT_NAME_MAX + 1, "lan");
    plan->authors = plan->signers = "lan";
}

static void
too_long(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan->grant->expires.ms += 400 * 24 * HOUR_MS;
}

static void
expired(enemy_t *self, plan_t *plan)
{
    by_grant(self, plan);
    plan->grant->issued.ms -= 48 * HOUR_MS;
    plan->grant->expires.ms -= 48 * HOUR_MS;
}

static const attack_t grant_attacks[] = {
    {"a valid alert under a grant is accepted", "none", .plan = by_grant, .begins = true},
    {"grant_alert_replayed: answered from the record", "none", .lie = again},
    {"grant_alert_replayed: with other bytes", "replay", .plan = by_grant, .lie = alert_of_others},
    {"a signed alert under a grant that asks for it is accepted", "none", .plan = signed_alert,
     .begins = true},
    {"grant_alert_replayed: a signed one, answered from the record", "none", .lie = again},
    {"grant_alert_forged: nobody signed it", "evidence", .plan = forged_alert},
    {"grant_alert_forged: a responder signed it", "evidence", .plan = signed_by_a_person},
    {"grant_alert_forged: its source in another region did", "evidence",
     .plan = signed_in_another_region},
    {"grant_alert_forged: as something else", "evidence", .plan = signed_as_a_receipt},
    {"grant_alert_forged: under its source's key", "evidence", .plan = signed_in_anothers_name},
    {"grant_alert_forged: twice", "evidence", .plan = signed_twice},
    {"grant_alert_forged: dated anew", "evidence", .plan = signed_alert, .lie = dated_anew},
    {"grant_alert_forged: a signed resolve", "evidence", .plan = signed_resolve},
    {"grant_alert_stale: signed long ago", "stale", .plan = signed_long_ago},
    {"grant_alert_forged: another source", "evidence", .plan = other_source},
    {"grant_alert_resolved", "evidence", .plan = resolved},
    {"grant_alert_stale", "stale", .plan = stale},
    {"grant_alert_stale: from the future", "stale", .plan = of_the_future},
    {"a grant of one run is used", "none", .plan = on_one_grant, .begins = true},
    {"grant_budget_exceeded_by_broker", "budget", .plan = on_one_grant},
    {"grant_match_not_satisfied", "evidence", .plan = no_match},
    {"grant_input_injection_shell_metachars", "input", .plan = shell_in_name},
    {"grant_input_injection_shell_metachars: bound to them", "input", .plan = shell_in_bound},
    {"grant_input_injection_shell_metachars: up the tree", "input", .plan = climbing_path},
    {"grant_input_injection_shell_metachars: a newline", "input", .plan = newline_in_path},
    {"grant_input_unbounded", "input", .plan = unbounded_input},
    {"grant_target_outside: another host", "target", .plan = of_another_host},
    {"grant_target_outside: its scope", "target", .plan = outside_its_scope},
    {"grant_of_destructive", "class", .plan = of_destructive},
    {"grant_by_author", "role", .plan = by_the_author},
    {"grant_too_long", "window", .plan = too_long},
    {"grant_expired", "expired", .plan = expired},
    {"grant_worst_case_is_the_printed_one: once", "none", .plan = on_printed_grant, .begins = true},
    {"grant_worst_case_is_the_printed_one: not elsewhere", "target", .plan = beyond_printed_scope},
    {"grant_worst_case_is_the_printed_one: not with others", "input", .plan = beyond_printed_path},
    {"grant_worst_case_is_the_printed_one: twice", "none", .plan = on_printed_grant,
     .begins = true},
    {"grant_worst_case_is_the_printed_one: not thrice", "budget", .plan = on_printed_grant},
    {"a valid alert is still accepted", "none", .plan = by_grant, .begins = true},
};

#endif
