/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/trust_fixture.h"
#include "wire/stops.h"

static const char run_text[] = "acba25512100f80b56fc3ccd14c65be55d94800cda77585c5f41a887e398f9be";

static hash_t
run_hash(void)
{
    hash_t run;
    assert_true(hash_read(run_text, &run));
    return run;
}

/* Stops, signed by these; *stop, where not NULL, is its hash. */
static int
halt(bench_t *bench, halt_what_t what, const char *name, const char *who, hash_t *stop)
{
    sealed_t sealed = site_seal_stop(bench->site, site_stop(bench->site, what, name), who);
    if (stop)
        *stop = hash_of(bytes_slice(sealed.document));
    return add(bench, sealed);
}

static int
lift(bench_t *bench, const hash_t *stop, const char *who)
{
    return add(bench, site_seal_resume(bench->site, site_resume(bench->site, stop), who));
}

/* A stop of its own nonce. */
static int
halt_numbered(bench_t *bench, unsigned number, halt_what_t what, const char *name, hash_t *hash)
{
    stop_t *stop = site_stop(bench->site, what, name);
    snprintf(stop->nonce, sizeof stop->nonce, "%032x", number);
    stop->created = site_after(bench->site->now, (int64_t)number - 100000);
    sealed_t sealed = site_seal_stop(bench->site, stop, "olaf");
    if (hash)
        *hash = hash_of(bytes_slice(sealed.document));
    return add(bench, sealed);
}

static bool
is_stopped(bench_t *bench, const hash_t *run, const char *playbook, const char *region)
{
    bench->fault = (fault_t){0};
    bool stopped = trust_check_halts(bench->site->trust, run, playbook, region, &bench->fault);
    assert_int_equal(bench->fault.code, stopped ? FAULT_STOPPED : FAULT_NONE);
    return stopped;
}

static void
stop_covers_what_it_names(void **state)
{
    bench_t *bench = *state;
    hash_t run = run_hash(), other = hash_of(slice_text("other"));
    assert_fine(bench, halt(bench, HALT_RUN, run_text, "olaf", NULL));
    assert_true(is_stopped(bench, &run, NULL, NULL));
    assert_non_null(strstr(bench->fault.text, "run 'acba25512100' is stopped by olaf: it makes"));
    assert_false(is_stopped(bench, &other, "disk-full", "north"));
    assert_fine(bench, halt(bench, HALT_PLAYBOOK, "disk-full", "olaf", NULL));
    assert_true(is_stopped(bench, &other, "disk-full", "north"));
    assert_false(is_stopped(bench, &other, "disk", "north"));
    assert_fine(bench, halt(bench, HALT_REGION, "south", "olaf", NULL));
    assert_true(is_stopped(bench, NULL, NULL, "south"));
    assert_false(is_stopped(bench, NULL, "south", "north"));
    assert_false(is_stopped(bench, NULL, NULL, NULL));
    assert_fine(bench, halt(bench, HALT_SITE, "-", "olaf", NULL));
    assert_true(is_stopped(bench, NULL, NULL, NULL));
    assert_non_null(strstr(bench->fault.text, "the site is stopped by olaf"));
}

static void
stop_is_an_officers__of_a_run_a_responders_too(void **state)
{
    bench_t *bench = *state;
    assert_fault(bench, halt(bench, HALT_RUN, run_text, "rob", NULL), FAULT_ROLE);
    assert_fault(bench, halt(bench, HALT_PLAYBOOK, "disk-full", "pat", NULL), FAULT_ROLE);
    assert_fault(bench, halt(bench, HALT_REGION, "north", "pat,pia", NULL), FAULT_ROLE);
    assert_fault(bench, halt(bench, HALT_SITE, "-", "rita", NULL), FAULT_ROLE);
    assert_fault(bench, halt(bench, HALT_SITE, "-", "", NULL), FAULT_QUORUM);
    assert_fault(bench, halt(bench, HALT_SITE, "-", "mallory", NULL), FAULT_KEY);
    assert_int_equal(trust_halt_count(bench->site->trust), 0);
    assert_fine(bench, halt(bench, HALT_RUN, run_text, "uma", NULL));
    assert_fine(bench, halt(bench, HALT_SITE, "-", "zoe", NULL));
    assert_int_equal(trust_halt_count(bench->site->trust), 2);
}

static void
stop_in_another_namespace_or_for_another_site(void **state)
{
    bench_t *bench = *state;
    bytes_t *document = bytes_new();
    CLEANUP(stop_destroy) stop_t *stop = site_stop(bench->site, HALT_SITE, "-");
    stop_encode(stop, document);
    assert_fault(bench, add(bench, site_seal(bench->site, SIGN_ORDER, document, "olaf")),
                 FAULT_NAMESPACE);
    stop_t *foreign = site_stop(bench->site, HALT_SITE, "-");
    foreign->site.bytes[0] ^= 1;
    assert_fault(bench, add(bench, site_seal_stop(bench->site, foreign, "olaf")), FAULT_SITE);
    sealed_t sealed =
        site_seal_stop(bench->site, site_stop(bench->site, HALT_REGION, "north"), "olaf");
    memcpy(memmem(sealed.document->data, sealed.document->size, "north", 5), "south", 5);
    assert_fault(bench, add(bench, sealed), FAULT_SIGNATURE);
    assert_false(is_stopped(bench, NULL, NULL, "north"));
}

static void
stops_and_resumes_are_no_other_documents(void **state)
{
    bench_t *bench = *state;
    trust_t *trust = bench->site->trust;
    sealed_t stop = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), "olaf");
    hash_t hash = hash_of(bytes_slice(stop.document));
    sealed_t resume = site_seal_resume(bench->site, site_resume(bench->site, &hash), "olaf,zoe");
    slice_t documents[] = {bytes_slice(stop.document), bytes_slice(resume.document)};
    slice_t armors[] = {bytes_slice(stop.armors), bytes_slice(resume.armors)};
    assert_fault(bench, trust_add_stop(trust, documents[1], armors[1], &bench->fault),
                 FAULT_FORMAT);
    assert_fault(bench, trust_add_resume(trust, documents[0], armors[0], &bench->fault),
                 FAULT_FORMAT);
    assert_fine(bench, trust_add_stop(trust, documents[0], armors[0], &bench->fault));
    assert_fine(bench, trust_add_resume(trust, documents[1], armors[1], &bench->fault));
    assert_int_equal(trust_halt_count(trust), 2);
    sealed_done(&stop);
    sealed_done(&resume);
}

static void
stop_again_is_fine_and_kept_once(void **state)
{
    bench_t *bench = *state;
    assert_fine(bench, halt(bench, HALT_SITE, "-", "olaf", NULL));
    assert_fine(bench, halt(bench, HALT_SITE, "-", "zoe", NULL));
    assert_int_equal(trust_halt_count(bench->site->trust), 1);
    assert_fine(bench, halt_numbered(bench, 1, HALT_SITE, "-", NULL));
    assert_int_equal(trust_halt_count(bench->site->trust), 2);
}

static void
resume_takes_two_officers(void **state)
{
    bench_t *bench = *state;
    hash_t stop;
    assert_fine(bench, halt(bench, HALT_SITE, "-", "olaf", &stop));
    assert_fault(bench, lift(bench, &stop, "olaf"), FAULT_QUORUM);
    assert_fault(bench, lift(bench, &stop, "olaf,olaf"), FAULT_QUORUM);
    assert_fault(bench, lift(bench, &stop, "olaf,pat"), FAULT_ROLE);
    assert_fault(bench, lift(bench, &stop, ""), FAULT_QUORUM);
    assert_fault(bench, lift(bench, &stop, "olaf,mallory"), FAULT_KEY);
    assert_true(is_stopped(bench, NULL, NULL, NULL));
    assert_fine(bench, lift(bench, &stop, "olaf,zoe"));
    assert_false(is_stopped(bench, NULL, NULL, NULL));
    assert_fine(bench, lift(bench, &stop, "olaf,zoe"));
    assert_int_equal(trust_halt_count(bench->site->trust), 2);
}

static void
resume_lifts_one_stop_only(void **state)
{
    bench_t *bench = *state;
    hash_t first, second;
    assert_fine(bench, halt_numbered(bench, 1, HALT_SITE, "-", &first));
    assert_fine(bench, halt_numbered(bench, 2, HALT_SITE, "-", &second));
    assert_fine(bench, lift(bench, &first, "olaf,zoe"));
    assert_true(is_stopped(bench, NULL, NULL, NULL));
    assert_fine(bench, lift(bench, &second, "olaf,zoe"));
    assert_false(is_stopped(bench, NULL, NULL, NULL));
    assert_fine(bench, halt_numbered(bench, 1, HALT_SITE, "-", NULL));
    assert_false(is_stopped(bench, NULL, NULL, NULL));
}

static void
resume_of_a_run_or_of_nothing_is_refused(void **state)
{
    bench_t *bench = *state;
    hash_t stop, run = run_hash();
    assert_fault(bench, lift(bench, &run, "olaf,zoe"), FAULT_NOT_FOUND);
    assert_fine(bench, halt(bench, HALT_RUN, run_text, "pat", &stop));
    assert_fault(bench, lift(bench, &stop, "olaf,zoe"), FAULT_DENIED);
    assert_true(is_stopped(bench, &run, NULL, NULL));
}

static void
second_resume_changes_nothing(void **state)
{
    bench_t *bench = *state;
    hash_t stop;
    assert_fine(bench, halt(bench, HALT_SITE, "-", "olaf", &stop));
    assert_fine(bench, lift(bench, &stop, "olaf,zoe"));
    resume_t *resume = site_resume(bench->site, &stop);
    text_copy(resume->reason, sizeof resume->reason, "once more");
    assert_fine(bench, add(bench, site_seal_resume(bench->site, resume, "olaf,zoe")));
    assert_int_equal(trust_halt_count(bench->site->trust), 2);
}

/* The row that people are shown of the first halt: since when it is lifted; -1 while it is not. */
static int64_t
shown_as_lifted(bench_t *bench)
{
    const trust_t *trust = bench->site->trust;
    CLEANUP(value_destroy) value_t *row = stops_row(trust, trust_halt(trust, 0));
    assert_string_equal(value_get_text(row, "what"), "region");
    assert_string_equal(value_get_text(row, "name"), "north");
    assert_string_equal(value_get_text(row, "reason"), "it makes things worse");
    assert_string_equal(value_string(value_at(value_get(row, "who"), 0)), "olaf");
    assert_int_equal(value_get_integer(row, "created"), trust_halt(trust, 0)->created.ms);
    return value_get(row, "lifted") ? value_get_integer(row, "lifted") : -1;
}

static void
halts_are_listed_with_who_and_why(void **state)
{
    bench_t *bench = *state;
    hash_t stop;
    assert_fine(bench, halt(bench, HALT_REGION, "north", "olaf", &stop));
    const halt_line_t *line = trust_halt(bench->site->trust, 0);
    assert_true(hash_equal(&line->hash, &stop) && hash_equal(&line->stop, &stop));
    assert_int_equal(line->what, HALT_REGION);
    assert_string_equal(line->name, "north");
    assert_string_equal(line->reason, "it makes things worse");
    assert_string_equal(line->who.person[0], "olaf");
    assert_false(line->resume || line->lifted);
    assert_int_equal(shown_as_lifted(bench), -1);
    assert_null(trust_halt(bench->site->trust, 1));
    assert_fine(bench, lift(bench, &stop, "olaf,zoe"));
    assert_true(trust_halt(bench->site->trust, 0)->lifted);
    line = trust_halt(bench->site->trust, 1);
    assert_true(line->resume && line->lifted && hash_equal(&line->stop, &stop));
    assert_false(hash_equal(&line->hash, &stop));
    assert_int_equal(line->who.count, 2);
    assert_string_equal(line->reason, "the playbook is mended");
    assert_int_equal(shown_as_lifted(bench), line->created.ms);
}

static void
stops_outlive_their_officer(void **state)
{
    bench_t *bench = *state;
    hash_t stop;
    assert_fine(bench, halt(bench, HALT_SITE, "-", "zoe", &stop));
    people_t *people = site_people(bench->site);
    people->version = 2;
    people->key_count--;
    assert_fine(bench, add(bench, site_seal_people(bench->site, people, "hana,hugo")));
    assert_true(is_stopped(bench, NULL, NULL, NULL));
    assert_fault(bench, lift(bench, &stop, "olaf,zoe"), FAULT_KEY);
}

/* To stop is safe; to go on takes people whom today's root stands behind. */
static void
people_without_roots_quorum_stop_and_do_not_resume(void **state)
{
    bench_t *bench = *state;
    hash_t stop;
    root_t *next = site_root_next(bench->site);
    text_copy(next->holders[1].person, TEXT_NAME_MAX + 1, "ines");
    next->holders[1].key = *machinekey_public(site_key(bench->site, "ines"));
    assert_fine(bench, add(bench, site_seal_root(bench->site, next, "hana,hugo,ines")));
    assert_fine(bench, halt(bench, HALT_SITE, "-", "olaf", &stop));
    assert_fault(bench, lift(bench, &stop, "olaf,zoe"), FAULT_QUORUM);
    assert_true(is_stopped(bench, NULL, NULL, NULL));
}

/* What was kept comes back, however its signers stand by then. */
static void
stored_halts_stay_in_force(void **state)
{
    bench_t *bench = *state;
    trust_t *trust = bench->site->trust;
    hash_t lost = hash_of(slice_text("lost")), hash;
    sealed_t stop = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), "gone");
    hash = hash_of(bytes_slice(stop.document));
    sealed_t resume = site_seal_resume(bench->site, site_resume(bench->site, &hash), "gone,zoe");
    sealed_t orphan = site_seal_resume(bench->site, site_resume(bench->site, &lost), "olaf,zoe");
    sealed_t *all[] = {&orphan, &stop, &resume};
    static const size_t counts[] = {0, 1, 2};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        assert_fine(bench, trust_restore(trust, bytes_slice(all[i]->document),
                                         bytes_slice(all[i]->armors), &bench->fault));
        assert_int_equal(trust_halt_count(trust), counts[i]);
        assert_int_equal(is_stopped(bench, NULL, NULL, NULL), i == 1);
        if (i == 1)
            assert_non_null(strstr(bench->fault.text, "somebody who left"));
    }
    stop.document->data[stop.document->size - 6] ^= 1;
    assert_int_equal(
        trust_restore(trust, bytes_slice(stop.document), bytes_slice(stop.armors), &bench->fault),
        -1);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        sealed_done(all[i]);
}

static void
halts_load_from_the_sites_folder(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    sealed_t stop = site_seal_stop(site, site_stop(site, HALT_REGION, "north"), "olaf");
    hash_t hash = hash_of(bytes_slice(stop.document));
    sealed_t resume = site_seal_resume(site, site_resume(site, &hash), "olaf,zoe");
    const struct {
        const char *name;
        const sealed_t *sealed;
    } files[] = {{"root.1", &site->root},
                 {"people", &site->people},
                 {"fleet.north", &site->north},
                 {"stop.one", &stop},
                 {"resume.one", &resume}};
    char path[160];
    for (size_t with = 4; with <= ARRAY_SIZE(files); with++) {
        for (size_t i = 0; i < with; i++) {
            snprintf(path, sizeof path, "%s/%s", site_folder(site), files[i].name);
            assert_int_equal(file_write(path, bytes_slice(files[i].sealed->document), 0600, NULL),
                             0);
            snprintf(path, sizeof path, "%s/%s.sigs", site_folder(site), files[i].name);
            assert_int_equal(file_write(path, bytes_slice(files[i].sealed->armors), 0600, NULL), 0);
        }
        CLEANUP(trust_destroy) trust_t *trust = trust_new(&site->id);
        assert_fine(bench, trust_load(trust, site_folder(site), &bench->fault));
        assert_int_equal(trust_halt_count(trust), with - 3);
        assert_int_equal(trust_check_halts(trust, NULL, NULL, "north", NULL), with == 4 ? -1 : 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(path, sizeof path, "%s/%s", site_folder(site), files[i].name);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s.sigs", site_folder(site), files[i].name);
        unlink(path);
    }
    sealed_done(&stop);
    sealed_done(&resume);
}

static void
stops_of_runs_leave_room_for_officers(void **state)
{
    bench_t *bench = *state;
    trust_t *trust = bench->site->trust;
    char name[HASH_TEXT];
    hash_t first, run = {{0}};
    for (unsigned i = 0; i < TRUST_RUN_STOPS_MAX; i++) {
        run.bytes[0] = (uint8_t)(i >> 8), run.bytes[1] = (uint8_t)i;
        assert_fine(bench, halt_numbered(bench, i, HALT_RUN, hash_write(&run, name), NULL));
    }
    assert_fault(bench, halt_numbered(bench, 5000, HALT_RUN, run_text, NULL), FAULT_LIMIT);
    unsigned more = TRUST_STOPS_MAX - TRUST_RUN_STOPS_MAX;
    assert_fine(bench, halt_numbered(bench, 10000, HALT_REGION, "south", &first));
    for (unsigned i = 1; i < more; i++)
        assert_fine(bench, halt_numbered(bench, 10000 + i, HALT_REGION, "north", NULL));
    assert_fault(bench, halt_numbered(bench, 20000, HALT_SITE, "-", NULL), FAULT_LIMIT);
    assert_fine(bench, lift(bench, &first, "olaf,zoe"));
    assert_int_equal(trust_halt_count(trust), TRUST_STOPS_MAX + 1);
    assert_fine(bench, halt_numbered(bench, 20000, HALT_SITE, "-", NULL));
    assert_int_equal(trust_halt_count(trust), TRUST_STOPS_MAX);
    assert_true(is_stopped(bench, NULL, NULL, NULL));
    assert_true(is_stopped(bench, &run, NULL, NULL));
    trust_forget_stops(trust, &run);
    assert_int_equal(trust_halt_count(trust), TRUST_STOPS_MAX - 1);
    assert_fine(bench, halt_numbered(bench, 5000, HALT_RUN, run_text, NULL));
}

static void
only_stops_of_that_run_are_forgotten(void **state)
{
    bench_t *bench = *state;
    hash_t run = run_hash(), stop;
    assert_fine(bench, halt(bench, HALT_RUN, run_text, "pat", &stop));
    assert_fine(bench, halt_numbered(bench, 2, HALT_RUN, run_text, NULL));
    assert_fine(bench, halt(bench, HALT_PLAYBOOK, "disk-full", "olaf", NULL));
    trust_forget_stops(bench->site->trust, &stop);
    assert_int_equal(trust_halt_count(bench->site->trust), 3);
    trust_forget_stops(bench->site->trust, &run);
    assert_int_equal(trust_halt_count(bench->site->trust), 1);
    assert_false(is_stopped(bench, &run, NULL, NULL));
    assert_true(is_stopped(bench, &run, "disk-full", NULL));
}

static void
a_stop_whose_time_is_over_is_forgotten_and_no_other(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    const hash_t run = run_hash();
    static const int64_t lasts_s[] = {3600, 7200};
    for (size_t i = 0; i < ARRAY_SIZE(lasts_s); i++) {
        stop_t *stop = site_stop(site, HALT_RUN, run_text);
        stop->until = site_after(site->now, lasts_s[i]);
        CLEANUP(sealed_done) sealed_t sealed = site_seal_stop(site, stop, "pat");
        assert_fine(bench, site_add(site, &sealed, &bench->fault));
    }
    assert_fine(bench, halt(bench, HALT_PLAYBOOK, "disk-full", "olaf", NULL));
    trust_forget_past(site->trust, site_after(site->now, 3600));
    assert_int_equal(trust_halt_count(site->trust), 3);
    trust_forget_past(site->trust, site_after(site->now, 3601));
    assert_int_equal(trust_halt_count(site->trust), 2);
    assert_true(is_stopped(bench, &run, NULL, NULL));
    trust_forget_past(site->trust, site_after(site->now, 7201));
    assert_false(is_stopped(bench, &run, NULL, NULL));
    assert_true(is_stopped(bench, &run, "disk-full", NULL));
}

static void
stops_need_people_to_judge_them_by(void **state)
{
    bench_t *bench = *state;
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&bench->site->id);
    sealed_t stop = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), "olaf");
    int failed =
        trust_add(trust, bytes_slice(stop.document), bytes_slice(stop.armors), &bench->fault);
    assert_fault(bench, failed, FAULT_NOT_FOUND);
    sealed_done(&stop);
}

/* What a stop does to orders and grants */

static void
stopped_order_is_refused_before_its_signatures(void **state)
{
    bench_t *bench = *state;
    wall_t now = bench->site->now;
    hash_t stop;
    assert_fine(bench, check_order(bench, order_of(bench), "pat"));
    static const struct {
        halt_what_t what;
        const char *name;
        bool for_nobody; /* also where no worker asks */
    } halts[] = {
        {HALT_REGION, "north", false}, {HALT_PLAYBOOK, "disk-full", true}, {HALT_SITE, "-", true}};
    for (size_t i = 0; i < ARRAY_SIZE(halts); i++) {
        assert_fine(bench, halt(bench, halts[i].what, halts[i].name, "olaf", &stop));
        assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_STOPPED);
        int failed = check_order_at(bench, order_of(bench), "pat", NULL, now);
        assert_int_equal(failed, halts[i].for_nobody ? -1 : 0);
        assert_fine(bench, lift(bench, &stop, "olaf,zoe"));
        assert_fine(bench, check_order(bench, order_of(bench), "pat"));
    }
    char name[HASH_TEXT];
    hash_t run = hash_of(bytes_slice(bench->authority.document));
    assert_fine(bench, halt(bench, HALT_RUN, hash_write(&run, name), "uma", NULL));
    assert_fault(bench, check_order(bench, order_of(bench), "pat"), FAULT_STOPPED);
    assert_fault(bench, check_order(bench, order_of(bench), "mallory"), FAULT_STOPPED);
}

static void
stopped_grant_starts_nothing(void **state)
{
    bench_t *bench = *state;
    site_t *site = bench->site;
    hash_t stop;
    static const struct {
        halt_what_t what;
        const char *name;
    } halts[] = {{HALT_REGION, "north"}, {HALT_PLAYBOOK, "disk-full"}, {HALT_SITE, "-"}};
    for (size_t i = 0; i < ARRAY_SIZE(halts); i++) {
        assert_fine(bench, halt(bench, halts[i].what, halts[i].name, "olaf", &stop));
        assert_fault(bench, check_grant(bench, grant_of(bench), site_alert(site)), FAULT_STOPPED);
        assert_fault(bench,
                     check_grant_as(bench, grant_of(bench), site_alert(site), "pat,pia", NULL),
                     FAULT_STOPPED);
        assert_int_equal(check_grant_as(bench, grant_of(bench), site_alert(site), "mallory", "w1"),
                         -1);
        assert_int_equal(bench->fault.code, i == 1 ? FAULT_KEY : FAULT_STOPPED);
        assert_fine(bench, lift(bench, &stop, "olaf,zoe"));
        assert_fine(bench, check_grant(bench, grant_of(bench), site_alert(site)));
    }
    char name[HASH_TEXT];
    CLEANUP(warrant_destroy) warrant_t *warrant = check(bench, true, "w1", site->now);
    assert_fine(bench, halt(bench, HALT_RUN, hash_write(&warrant->run, name), "pat", NULL));
    assert_fault(bench, check_grant(bench, grant_of(bench), site_alert(site)), FAULT_STOPPED);
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(stop_covers_what_it_names),
        row(stop_is_an_officers__of_a_run_a_responders_too),
        row(stop_in_another_namespace_or_for_another_site),
        row(stops_and_resumes_are_no_other_documents),
        row(stop_again_is_fine_and_kept_once),
        row(resume_takes_two_officers),
        row(resume_lifts_one_stop_only),
        row(resume_of_a_run_or_of_nothing_is_refused),
        row(second_resume_changes_nothing),
        row(halts_are_listed_with_who_and_why),
        row(stops_outlive_their_officer),
        row(people_without_roots_quorum_stop_and_do_not_resume),
        row(stored_halts_stay_in_force),
        row(halts_load_from_the_sites_folder),
        row(stops_of_runs_leave_room_for_officers),
        row(only_stops_of_that_run_are_forgotten),
        row(a_stop_whose_time_is_over_is_forgotten_and_no_other),
        row(stops_need_people_to_judge_them_by),
        row(stopped_order_is_refused_before_its_signatures),
        row(stopped_grant_starts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
