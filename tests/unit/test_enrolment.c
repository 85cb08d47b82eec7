/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge takes from the operator's site folder when it starts. */
#include "common/log.h"
#include "tests/unit/judge_fixture.h"
#include "worker/enrolment.h"

/* NAME and NAME.sigs in the site's folder. */
static void
lay(bench_t *bench, const char *name, const sealed_t *sealed)
{
    char path[128];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s/%s", site_folder(bench->site), name);
    assert_int_equal(file_write(path, bytes_slice(sealed->document), 0600, &fault), 0);
    snprintf(path, sizeof path, "%s/%s.sigs", site_folder(bench->site), name);
    assert_int_equal(file_write(path, bytes_slice(sealed->armors), 0600, &fault), 0);
}

static void
clear_folder(const bench_t *bench)
{
    char command[128];
    snprintf(command, sizeof command, "rm -f %s/*", site_folder(bench->site));
    assert_int_equal(system(command), 0);
}

static void
lay_site(bench_t *bench)
{
    const site_t *site = bench->site;
    lay(bench, "root.1", &site->root);
    lay(bench, "people", &site->people);
    lay(bench, "fleet.north", &site->north);
    lay(bench, "fleet.south", &site->south);
}

/* A stop of the whole site; its hash. */
static hash_t
lay_stop(bench_t *bench, const char *signer)
{
    char name[96], text[HASH_TEXT];
    CLEANUP(sealed_done)
    sealed_t sealed = site_seal_stop(bench->site, site_stop(bench->site, HALT_SITE, "-"), signer);
    hash_t hash = hash_of(bytes_slice(sealed.document));
    snprintf(name, sizeof name, "stop.%s", hash_write(&hash, text));
    lay(bench, name, &sealed);
    return hash;
}

static void
lay_resume(bench_t *bench, const hash_t *stop)
{
    char name[96], text[HASH_TEXT];
    CLEANUP(sealed_done)
    sealed_t sealed = site_seal_resume(bench->site, site_resume(bench->site, stop), "olaf,zoe");
    hash_t hash = hash_of(bytes_slice(sealed.document));
    snprintf(name, sizeof name, "resume.%s", hash_write(&hash, text));
    lay(bench, name, &sealed);
}

/* The ledger of a worker that was never started. */
static void
forget_all(bench_t *bench)
{
    kill_judge(bench);
    unlink(bench->path);
    open_judge(bench);
}

/* Reads the folder and starts; hears what the effector is shown. How many documents that were. */
static size_t
starts(bench_t *bench)
{
    fault_t fault = {0};
    size_t shown = 0;
    if (enrolment_read(bench->judge, bench->trust, site_folder(bench->site), bench->now, &fault) ||
        judge_start(bench->judge, bench->now, bench->clock, &fault))
        fail_msg("%s", fault.text);
    flush(bench);
    for (; is_next(bench, TO_EFFECTOR, "DOCUMENT"); shown++)
        hears(bench, TO_EFFECTOR, "DOCUMENT");
    return shown;
}

static void
a_new_worker_learns_all_that_is_there_stops_too(void **state)
{
    bench_t *bench = *state;
    lay_site(bench);
    lay_stop(bench, "olaf");
    forget_all(bench);
    assert_int_equal(starts(bench), 5);
    offer_and_give(bench);
    hears_refuse(bench, FAULT_STOPPED);
    clear_folder(bench);
}

static void
a_stop_that_was_laid_down_since_is_taken_at_the_next_start(void **state)
{
    bench_t *bench = *state;
    hash_t stop = lay_stop(bench, "olaf");
    kill_judge(bench);
    open_judge(bench);
    assert_int_equal(starts(bench), 5);
    assert_int_equal(trust_halt_count(bench->trust), 1);
    lay_resume(bench, &stop);
    kill_judge(bench);
    open_judge(bench);
    assert_int_equal(starts(bench), 6);
    begin(bench);
    clear_folder(bench);
}

static void
what_does_not_hold_is_left_out_later_and_keeps_a_new_worker_from_starting(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    lay_site(bench);
    lay_stop(bench, "pat");
    kill_judge(bench);
    open_judge(bench);
    assert_int_equal(starts(bench), 4);
    forget_all(bench);
    assert_int_equal(
        enrolment_read(bench->judge, bench->trust, site_folder(bench->site), bench->now, &fault),
        -1);
    assert_int_equal(fault.code, FAULT_ROLE);
    assert_non_null(strstr(fault.text, "/stop."));
    clear_folder(bench);
}

static void
a_folder_that_is_not_there_brings_nothing(void **state)
{
    bench_t *bench = *state;
    fault_t fault = {0};
    kill_judge(bench);
    open_judge(bench);
    assert_int_equal(
        enrolment_read(bench->judge, bench->trust, "/nowhere/at/all", bench->now, &fault), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_destroy)

static const struct CMUnitTest tests[] = {
    TEST(a_new_worker_learns_all_that_is_there_stops_too),
    TEST(a_stop_that_was_laid_down_since_is_taken_at_the_next_start),
    TEST(what_does_not_hold_is_left_out_later_and_keeps_a_new_worker_from_starting),
    TEST(a_folder_that_is_not_there_brings_nothing),
};

int
main(void)
{
    log_open("test_enrolment", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
