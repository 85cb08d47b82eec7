/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/verdict.h"
#include "tests/unit/site_fixture.h"

#define MANIFEST                                                                 \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n" \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 900\ninput goal percent\n"           \
    "input mount path\ndefault goal 80\nfrom goal annotations.goal\n"            \
    "from mount labels.mountpoint\ntrigger DiskFull\n"                           \
    "step free run 60 when,verify\nstep usage run 30 -\nneeds free usage\n"      \
    "use free file.remove change\nuse usage disk.usage observe\n"                \
    "bound free file.remove path under inputs.mount\nend\n"

/* A site, a release of the manifest in service, a grant for it, an alert, and what the broker says
 * of them. */
typedef struct {
    site_t *site;
    manifest_t *manifest;
    sealed_t release;
    grant_t *grant;
    alert_t *alert;
    value_t *spent, *runs;
    value_t *verdict;
} bench_t;

static int
set_up(void **state)
{
    fault_t fault = {0};
    bench_t *bench = memory_new(1, sizeof *bench);
    bench->site = site_new();
    bench->manifest = manifest_decode(slice_text(MANIFEST), &fault);
    if (!bench->manifest)
        fail_msg("%s", fault.text);
    release_t *release =
        site_release_of(bench->site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK));
    bench->release = site_seal_release(bench->site, release, "ana", "rob,rita");
    hash_t hash = hash_of(bytes_slice(bench->release.document));
    bench->grant = site_grant(bench->site, &hash);
    bench->grant->bounds[bench->grant->bound_count++] = (input_bound_t){"mount", "under", "/var"};
    bench->alert = site_alert(bench->site);
    bench->spent = value_list();
    bench->runs = value_list();
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    bench_t *bench = *state;
    manifest_destroy(&bench->manifest);
    sealed_done(&bench->release);
    grant_destroy(&bench->grant);
    alert_destroy(&bench->alert);
    value_destroy(&bench->spent);
    value_destroy(&bench->runs);
    value_destroy(&bench->verdict);
    site_destroy(&bench->site);
    free(bench);
    return 0;
}

static void
spend(bench_t *bench, const char *worker, int64_t seconds_before)
{
    value_t *row = value_map();
    value_set_text(row, "worker", worker);
    value_set_integer(row, "at", bench->site->now.ms - seconds_before * 1000);
    value_append(bench->spent, row);
}

static value_t *
grants_of(bench_t *bench, const char *signers)
{
    bytes_t *document = bytes_new();
    grant_encode(bench->grant, document);
    sealed_t sealed = site_seal(bench->site, SIGN_GRANT, document, signers);
    value_t *list = value_list(), *row = value_map();
    value_set_text(row, "playbook", bench->grant->playbook);
    value_set(row, "document", value_bytes(bytes_slice(sealed.document)));
    value_set(row, "armors", value_bytes(bytes_slice(sealed.armors)));
    value_set(row, "spent", value_copy(bench->spent));
    value_append(list, row);
    sealed_done(&sealed);
    return list;
}

/* A day later; released: of the release, else of the manifest alone. */
static const value_t *
judge_by(bench_t *bench, const char *signers, bool released)
{
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(value_destroy) value_t *grants = signers ? grants_of(bench, signers) : value_list();
    alert_encode(bench->alert, document);
    scene_t scene = {.trust = bench->site->trust,
                     .alert = bench->alert,
                     .document = bytes_slice(document),
                     .grants = grants,
                     .runs = bench->runs,
                     .now = site_after(bench->site->now, 86400)};
    revision_t revision = {.title = "disk-full 5", .manifest = bench->manifest};
    if (released) {
        revision.release = bytes_slice(bench->release.document);
        revision.armors = bytes_slice(bench->release.armors);
    }
    value_destroy(&bench->verdict);
    return bench->verdict = verdict_of(&scene, &revision);
}

static const value_t *
judge(bench_t *bench)
{
    return judge_by(bench, "pat,pia", true);
}

static const value_t *
grant_row(const value_t *verdict)
{
    assert_int_equal(value_count(value_get(verdict, "grants")), 1);
    return value_at(value_get(verdict, "grants"), 0);
}

/* The one condition of this name; NULL where there is none. */
static const value_t *
condition_of(const value_t *verdict, const char *name)
{
    const value_t *rows = value_get(grant_row(verdict), "conditions");
    for (size_t i = 0; i < value_count(rows); i++)
        if (!strcmp(value_get_text(value_at(rows, i), "condition"), name))
            return value_at(rows, i);
    return NULL;
}

/* That it does not run, for this one reason among the grant's. */
static void
fails_by(const value_t *verdict, const char *condition, const char *words)
{
    const value_t *rows = value_get(grant_row(verdict), "conditions");
    assert_false(value_get_bool(verdict, "fires"));
    for (size_t i = 0; i < value_count(rows); i++) {
        const value_t *row = value_at(rows, i);
        bool meant = !strcmp(value_get_text(row, "condition"), condition);
        if (value_get_bool(row, "holds") == meant)
            fail_msg("%s: %s", value_get_text(row, "condition"), value_get_text(row, "why"));
    }
    if (!strstr(value_get_text(verdict, "because"), words))
        fail_msg("%s", value_get_text(verdict, "because"));
}

static void
what_a_grant_covered_would_run_again_long_after_it_expired(void **state)
{
    bench_t *bench = *state;
    bench->grant->expires = site_after(bench->site->now, 1);
    const value_t *verdict = judge(bench);
    if (!value_get_bool(verdict, "fires"))
        fail_msg("%s", value_get_text(verdict, "because"));
    assert_true(value_get_bool(verdict, "triggered"));
    assert_true(value_get_bool(grant_row(verdict), "holds"));
    assert_string_equal(value_get_text(verdict, "worker"), "w1");
    assert_null(value_get(grant_row(verdict), "ran"));
}

static void
one_condition_that_fails_is_seen_among_those_that_hold(void **state)
{
    bench_t *bench = *state;
    bench->grant->expires = bench->site->now;
    fails_by(judge(bench), "expiry", "expired");
    bench->grant->expires = site_after(bench->site->now, 60);
    text_copy(bench->grant->scope, sizeof bench->grant->scope, "role=db");
    fails_by(judge(bench), "scope", "outside the grant's scope");
    text_copy(bench->grant->scope, sizeof bench->grant->scope, "any");
    text_copy(bench->grant->bounds[0].value, sizeof bench->grant->bounds[0].value, "/srv");
    fails_by(judge(bench), "bound", "not under /srv");
    bench->grant->bound_count = 0;
    fails_by(judge(bench), "bound", "no bound for it");
}

static void
alternatives_of_one_field_are_one_condition(void **state)
{
    bench_t *bench = *state;
    grant_t *grant = bench->grant;
    grant->matches[1] = (match_t){"severity", "critical"};
    grant->matches[2] = (match_t){"severity", "high"};
    grant->match_count = 3;
    assert_true(value_get_bool(judge(bench), "fires"));
    text_copy(bench->alert->severity, sizeof bench->alert->severity, "low");
    const value_t *rows = value_get(grant_row(judge(bench)), "conditions");
    size_t matches = 0;
    for (size_t i = 0; i < value_count(rows); i++) {
        const value_t *row = value_at(rows, i);
        if (strcmp(value_get_text(row, "condition"), "match") != 0)
            continue;
        if (++matches == 2) {
            assert_string_equal(value_get_text(row, "wants"), "severity 'critical' or 'high'");
            assert_string_equal(value_get_text(row, "found"), "'low'");
            assert_false(value_get_bool(row, "holds"));
        }
    }
    assert_int_equal(matches, 2);
}

static void
a_trigger_that_nearly_names_the_alert_is_said(void **state)
{
    static const struct {
        const char *name, *how;
    } cases[] = {
        {"diskfull", "is written in another case"},
        {"DiskFullSoon", "is only how the alert's name begins"},
        {"Disk", "begins with the alert's name"},
        {"Load", NULL},
        {"D", NULL},
    };
    bench_t *bench = *state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        label_t *label = &bench->alert->labels[0];
        text_copy(label->value, sizeof label->value, cases[i].name);
        const value_t *verdict = judge(bench), *near = value_get(verdict, "near");
        assert_false(value_get_bool(verdict, "triggered"));
        assert_false(value_get_bool(verdict, "fires"));
        assert_int_equal(value_count(near), cases[i].how != NULL);
        if (cases[i].how)
            assert_string_equal(value_get_text(value_at(near, 0), "how"), cases[i].how);
    }
}

static void
inputs_say_where_they_come_from_or_why_not(void **state)
{
    bench_t *bench = *state;
    const value_t *inputs = value_get(judge(bench), "inputs");
    assert_string_equal(value_get_text(value_at(inputs, 0), "value"), "80");
    assert_string_equal(value_get_text(value_at(inputs, 0), "origin"),
                        "default: the alert has no annotations.goal");
    assert_string_equal(value_get_text(value_at(inputs, 1), "value"), "/var");
    assert_string_equal(value_get_text(value_at(inputs, 1), "origin"), "from labels.mountpoint");
    text_copy(bench->alert->labels[1].value, sizeof bench->alert->labels[1].value, "/var/../etc");
    const value_t *verdict = judge(bench);
    assert_string_equal(value_get_text(verdict, "because"),
                        "input 'mount': '/var/../etc' is no path");
    bench->alert->label_count = 1;
    assert_string_equal(value_get_text(judge(bench), "because"),
                        "input 'mount': it has no default");
}

static void
a_host_without_a_worker_runs_nothing(void **state)
{
    bench_t *bench = *state;
    text_copy(bench->alert->host, sizeof bench->alert->host, "nowhere");
    const value_t *verdict = judge(bench);
    assert_null(value_get(verdict, "worker"));
    assert_false(value_get_bool(condition_of(verdict, "worker"), "holds"));
    assert_null(condition_of(verdict, "scope"));
    assert_string_equal(value_get_text(verdict, "because"),
                        "no worker looks after the alert's host");
}

static void
a_budget_counts_what_came_before_on_that_worker(void **state)
{
    bench_t *bench = *state;
    bench->manifest->cooldown_s = 0;
    bench->grant->budget_runs = 1;
    spend(bench, "w2", 60);
    spend(bench, "w1", 3600);
    spend(bench, "w1", -60);
    assert_true(value_get_bool(judge(bench), "fires"));
    spend(bench, "w1", 3599);
    fails_by(judge(bench), "budget", "budget on worker 'w1' is spent");
}

static void
a_cooldown_holds_back_for_a_while(void **state)
{
    bench_t *bench = *state;
    spend(bench, "w1", 900);
    assert_true(value_get_bool(judge(bench), "fires"));
    spend(bench, "w1", 899);
    fails_by(judge(bench), "cooldown", "less than 900 seconds before");
}

static void
what_the_incident_itself_began_holds_nothing_back(void **state)
{
    bench_t *bench = *state;
    char text[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    grant_encode(bench->grant, document);
    hash_t grant = hash_of(bytes_slice(document)), run = grant_run(&grant, bench->alert);
    value_t *row = value_map();
    value_set_text(row, "run", hash_write(&run, text));
    value_set_integer(row, "created", bench->site->now.ms - 20000);
    value_append(bench->runs, row);
    spend(bench, "w1", 20);
    const value_t *verdict = judge(bench);
    assert_true(value_get_bool(verdict, "fires"));
    assert_string_equal(value_get_text(grant_row(verdict), "ran"), text);
}

static void
without_a_release_only_the_release_fails(void **state)
{
    bench_t *bench = *state;
    const value_t *verdict = judge_by(bench, "pat,pia", false);
    fails_by(verdict, "release", "until it is proposed and approved");
    assert_null(value_get(verdict, "release"));
}

static void
a_grant_that_does_not_hold_is_not_weighed(void **state)
{
    bench_t *bench = *state;
    const value_t *verdict = judge_by(bench, "pat,mallory", true);
    assert_false(value_get_bool(verdict, "fires"));
    assert_false(value_get_bool(grant_row(verdict), "holds"));
    assert_int_equal(value_count(value_get(grant_row(verdict), "conditions")), 0);
    verdict = judge_by(bench, "pat", true);
    fails_by(verdict, "signers", "1 of the 2 people");
    verdict = judge_by(bench, NULL, true);
    assert_string_equal(value_get_text(verdict, "because"), "the broker holds no grant for it");
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(what_a_grant_covered_would_run_again_long_after_it_expired),
        row(one_condition_that_fails_is_seen_among_those_that_hold),
        row(alternatives_of_one_field_are_one_condition),
        row(a_trigger_that_nearly_names_the_alert_is_said),
        row(inputs_say_where_they_come_from_or_why_not),
        row(a_host_without_a_worker_runs_nothing),
        row(a_budget_counts_what_came_before_on_that_worker),
        row(a_cooldown_holds_back_for_a_while),
        row(what_the_incident_itself_began_holds_nothing_back),
        row(without_a_release_only_the_release_fails),
        row(a_grant_that_does_not_hold_is_not_weighed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
