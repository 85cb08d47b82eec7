/* SPDX-License-Identifier: Apache-2.0 */
/* Units of a real systemd, which is the test's own. */
#include "systemd_fixture.h"
#include "op_foretold.h"
#include "wire/shape.h"

#include <glob.h>

static value_t *
of(const char *unit)
{
    return texts("unit", unit, NULL);
}

static void
expect(const char *op, const char *unit, const char *key, const char *text)
{
    CLEANUP(value_destroy) value_t *result = gives(op, of(unit));
    assert_string_equal(value_get_text(result, key), text);
}

static void
a_service_starts_stops_and_starts_anew(void **state)
{
    (void)state;
    expect("unit.status", "web.service", "active", "inactive");
    expect("unit.start", "web.service", "active", "active");
    CLEANUP(value_destroy) value_t *first = gives("unit.status", of("web.service"));
    expect("unit.start", "web.service", "sub", "running");
    expect("unit.reload", "web.service", "active", "active");
    CLEANUP(value_destroy) value_t *same = gives("unit.status", of("web.service"));
    expect("unit.restart", "web.service", "active", "active");
    CLEANUP(value_destroy) value_t *second = gives("unit.status", of("web.service"));
    assert_true(value_get_integer(first, "main_pid") > 1);
    assert_int_equal(value_get_integer(first, "main_pid"), value_get_integer(same, "main_pid"));
    assert_int_not_equal(value_get_integer(first, "main_pid"),
                         value_get_integer(second, "main_pid"));
    assert_true(value_get_integer(second, "since") > 1600000000000);
    expect("unit.stop", "web.service", "active", "inactive");
}

/* As the effector asks, where it was cut off amid a restart. */
static probe_verdict_t
looked_for(int64_t begun_ms)
{
    CLEANUP(value_destroy) value_t *seen = gives("unit.status", of("web.service"));
    CLEANUP(value_destroy) value_t *arguments = of("web.service"), *result = value_map();
    const op_t *op = op_find("unit.restart");
    probe_verdict_t said = op->probe->tells(seen, arguments, (wall_t){begun_ms}, result);
    assert_int_equal(shape_check(op->result, result, NULL), 0);
    return said;
}

static void
a_restart_is_found_by_when_the_unit_became_active(void **state)
{
    (void)state;
    expect("unit.start", "web.service", "active", "active");
    poll(NULL, 0, 50);
    wall_t begun = wall_now();
    poll(NULL, 0, 50);
    expect("unit.reload", "web.service", "active", "active");
    assert_int_equal(looked_for(begun.ms), PROBE_DID_NOT);
    expect("unit.restart", "web.service", "active", "active");
    assert_int_equal(looked_for(begun.ms), PROBE_HAPPENED);
    assert_int_equal(looked_for(0), PROBE_CANNOT_TELL);
    expect("unit.stop", "web.service", "active", "inactive");
    assert_int_equal(looked_for(begun.ms), PROBE_CANNOT_TELL);
}

static void
a_unit_that_fails_says_so_and_is_listed_until_that_is_taken_back(void **state)
{
    (void)state;
    refused("unit.start", of("broken.service"), FAULT_FAILED, "'broken.service' ended as 'failed'");
    CLEANUP(value_destroy) value_t *status = gives("unit.status", of("broken.service"));
    assert_string_equal(value_get_text(status, "result"), "exit-code");
    assert_int_equal(value_get_integer(status, "exit_status"), 1);
    CLEANUP(value_destroy) value_t *failed = gives("unit.list", texts("active", "failed", NULL));
    const value_t *first = value_at(value_get(failed, "units"), 0);
    assert_int_equal(value_count(value_get(failed, "units")), 1);
    assert_string_equal(value_get_text(first, "unit"), "broken.service");
    expect("unit.reset_failed", "broken.service", "active", "inactive");
    CLEANUP(value_destroy) value_t *none = gives("unit.list", texts("active", "failed", NULL));
    assert_int_equal(value_count(value_get(none, "units")), 0);
}

/* It does not start while that file is there. */
static void
a_unit_that_fails_half_is_said_to_be_as_it_is_then(void **state)
{
    fault_t fault;
    (void)state;
    expect("unit.start", "frail.service", "active", "active");
    must(file_write("/run/frail", slice_text(""), 0644, &fault));
    refused(
        "unit.restart", of("frail.service"), FAULT_FAILED,
        "'frail.service' ended as 'failed'; done: 'frail.service' is failed (failed), disabled");
    refused("unit.enable", of("frail.service"), FAULT_FAILED,
            "'frail.service' ended as 'failed'; done: 'frail.service' is failed (failed), enabled");
    CLEANUP(value_destroy)
    value_t *again = run_within("unit.enable", of("frail.service"), 0, &fault);
    assert_null(again);
    assert_null(strstr(fault.text, "done:"));
    must(unlink("/run/frail"));
    expect("unit.disable", "frail.service", "state", "disabled");
    expect("unit.reset_failed", "frail.service", "active", "inactive");
}

/* Its unit runs as another process by and by: whoever hung up did not wait for it. */
static void
begins_anew(const char *unit, int64_t pid)
{
    int64_t now = pid;
    for (int i = 0; i < 3000 && (now == pid || !now); i++) {
        CLEANUP(value_destroy) value_t *status = gives("unit.status", of(unit));
        now = value_get_integer(status, "main_pid");
        usleep(10000);
    }
    assert_int_not_equal(now, pid);
}

/* Whether it did anew is looked for then (PROTOCOL 7.3), and nobody is told that it did not. */
static void
nobody_knows_what_became_of_a_unit_where_systemd_hangs_up(void **state)
{
    fault_t fault;
    (void)state;
    expect("unit.start", "web.service", "active", "active");
    CLEANUP(value_destroy) value_t *first = gives("unit.status", of("web.service"));
    pid_t between = systemd_hangs_up_behind("RestartUnit");
    CLEANUP(value_destroy)
    value_t *restart = run_within("unit.restart", of("web.service"), 0, &fault);
    systemd_listens(between);
    assert_null(restart);
    if (fault.code != FAULT_UNKNOWN)
        fail_msg("%s (%s)", fault.text, fault_word(fault.code));
    begins_anew("web.service", value_get_integer(first, "main_pid"));
    between = systemd_hangs_up_behind("StopUnit");
    CLEANUP(value_destroy) value_t *stop = run_within("unit.stop", of("web.service"), 0, &fault);
    systemd_listens(between);
    assert_null(stop);
    assert_int_equal(fault.code, FAULT_UNKNOWN);
    expect("unit.stop", "web.service", "active", "inactive");
}

/* To systemd such a start is done. */
static void
a_unit_whose_condition_does_not_hold_did_not_start(void **state)
{
    fault_t fault;
    (void)state;
    refused("unit.start", of("picky.service"), FAULT_FAILED, "a condition of it does not hold");
    refused("unit.enable", of("picky.service"), FAULT_FAILED,
            "does not hold; done: 'picky.service' is inactive (dead), enabled");
    must(file_write("/run/picky", slice_text(""), 0644, &fault));
    expect("unit.start", "picky.service", "active", "active");
    must(unlink("/run/picky"));
    expect("unit.start", "picky.service", "active", "active");
    refused("unit.restart", of("picky.service"), FAULT_FAILED,
            "does not hold; done: 'picky.service' is inactive (dead), enabled");
    expect("unit.disable", "picky.service", "state", "disabled");
}

/* A timer starts it, or a person. */
static void
a_unit_that_nothing_starts_at_boot_is_not_enabled_and_stays_as_it_is(void **state)
{
    (void)state;
    expect("unit.status", "needy.service", "state", "static");
    refused("unit.enable", of("needy.service"), FAULT_FAILED, "its file has no [Install] section");
    foresees_refusal("unit.enable", of("needy.service"), &bench, FAULT_FAILED,
                     "no [Install] section");
    expect("unit.status", "needy.service", "active", "inactive");
}

static void
what_systemd_has_not_loaded_has_not_failed(void **state)
{
    (void)state;
    expect("unit.start", "web.service", "active", "active");
    expect("unit.stop", "web.service", "active", "inactive");
    expect("unit.reset_failed", "web.service", "active", "inactive");
    refused("unit.reset_failed", of("nothing.service"), FAULT_NOT_FOUND,
            "there is no unit 'nothing.service'");
}

static const value_t *
edge(const value_t *result, const char *way, const char *unit, const char *how)
{
    const value_t *row = entry_of(value_get(result, way), "unit", unit);
    if (!row)
        fail_msg("%s is not among %s", unit, way);
    assert_string_equal(value_get_text(row, "how"), how);
    return row;
}

static void
what_a_unit_needs_and_what_needs_it_is_told_with_how_that_is(void **state)
{
    (void)state;
    expect("unit.start", "needy.service", "active", "active");
    CLEANUP(value_destroy) value_t *needy = gives("unit.dependencies", of("needy.service"));
    CLEANUP(value_destroy) value_t *web = gives("unit.dependencies", of("web.service"));
    CLEANUP(value_destroy) value_t *timer = gives("unit.dependencies", of("tick.timer"));
    const value_t *needed = edge(needy, "needs", "web.service", "binds_to");
    assert_string_equal(value_get_text(needed, "active"), "active");
    needed = edge(needy, "needs", "tick.service", "requires");
    assert_string_equal(value_get_text(needed, "active"), "inactive");
    edge(web, "needed_by", "needy.service", "binds_to");
    edge(timer, "needed_by", "tick.service", "triggered_by");
    expect("unit.stop", "web.service", "active", "inactive");
    expect("unit.status", "needy.service", "active", "inactive");
    assert_int_equal(value_get_integer(needy, "left_out"), 0);
    refused("unit.dependencies", of("nothing.service"), FAULT_NOT_FOUND, "nothing.service");
}

static void
no_file_elsewhere_becomes_a_unit(void **state)
{
    static const char *const ops[] = {"unit.enable", "unit.disable", "unit.mask", "unit.unmask"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
        refused(ops[i], of("/tmp/evil.service"), FAULT_ARGUMENT, "no name of a unit");
}

static void
a_masked_unit_is_started_by_nobody(void **state)
{
    (void)state;
    expect("unit.mask", "web.service", "state", "masked-runtime");
    expect("unit.mask", "web.service", "state", "masked-runtime");
    refused("unit.start", of("web.service"), FAULT_FAILED, "masked");
    expect("unit.unmask", "web.service", "state", "disabled");
    expect("unit.start", "web.service", "active", "active");
}

/* No mask is left that would count once that file is gone. */
static void
a_unit_of_the_machines_own_is_not_masked_and_is_as_it_was(void **state)
{
    (void)state;
    refused("unit.mask", of("local.service"), FAULT_FAILED, "/etc/systemd/system comes first");
    assert_int_equal(access("/run/systemd/system/local.service", F_OK), -1);
    assert_int_equal(errno, ENOENT);
}

static void
a_service_is_limited_and_what_is_not_named_is_taken_back(void **state)
{
    (void)state;
    value_t *both = of("web.service"), *one = of("web.service");
    value_set_integer(both, "memory_bytes", 64 << 20);
    value_set_integer(both, "cpu_percent", 50);
    value_set_integer(one, "cpu_percent", 150);
    CLEANUP(value_destroy) value_t *limited = gives("unit.limit", both);
    assert_int_equal(value_get_integer(limited, "memory_bytes"), 64 << 20);
    assert_int_equal(value_get_integer(limited, "cpu_percent"), 50);
    CLEANUP(value_destroy) value_t *less = gives("unit.limit", one);
    assert_null(value_get(less, "memory_bytes"));
    assert_int_equal(value_get_integer(less, "cpu_percent"), 150);
    CLEANUP(value_destroy) value_t *free_again = gives("unit.limit", of("web.service"));
    assert_int_equal(value_count(free_again), 1);
    refused("unit.limit", of("nothing.service"), FAULT_NOT_FOUND, "nothing.service");
}

/* The foresight has these lines, in which N is the unit's process, and the unit stays as it is; the
 * op then gives what was foretold. Takes over the arguments. */
static void
looks_and_then_does(const char *op, value_t *arguments, const char *lines)
{
    static const char *const stay[] = {"active", "sub", "state", "since", "main_pid"};
    const char *unit = value_get_text(arguments, "unit"), *n = strstr(lines, "process N");
    CLEANUP(value_destroy) value_t *before = gives("unit.status", of(unit));
    CLEANUP(bytes_destroy) bytes_t *expected = bytes_new();
    if (n)
        bytes_addf(expected, "%.*sprocess %lld%s", (int)(n - lines), lines,
                   (long long)value_get_integer(before, "main_pid"), n + 9);
    CLEANUP(value_destroy)
    value_t *would = foretells(op, value_copy(arguments), &bench, n ? bytes_text(expected) : lines);
    CLEANUP(value_destroy) value_t *after = gives("unit.status", of(unit));
    for (size_t i = 0; i < ARRAY_SIZE(stay); i++)
        assert_true(!value_get(before, stay[i]) ||
                    value_equal(value_get(before, stay[i]), value_get(after, stay[i])));
    CLEANUP(value_destroy) value_t *did = gives(op, arguments);
    assert_true(value_equal(would, did));
}

#define DOWN "web.service: inactive (dead)\n"
#define UP   "web.service: active (running)"

static void
a_dry_run_shows_how_a_unit_would_be(void **state)
{
    fault_t fault;
    (void)state;
    value_destroy(&(value_t *){run_within("unit.stop", of("web.service"), 0, &fault)});
    looks_and_then_does("unit.start", of("web.service"), "- " DOWN "+ " UP "\n");
    looks_and_then_does("unit.start", of("web.service"), "");
    looks_and_then_does("unit.restart", of("web.service"),
                        "- " UP ", process N\n+ " UP ", started anew\n");
    looks_and_then_does("unit.reload", of("web.service"),
                        "+ web.service: its configuration, read anew\n");
    value_t *limits = of("web.service");
    value_set_integer(limits, "memory_bytes", 64 << 20);
    looks_and_then_does("unit.limit", limits,
                        "- web.service, memory: no limit\n"
                        "+ web.service, memory: at most 67108864 bytes\n");
    looks_and_then_does("unit.limit", of("web.service"),
                        "- web.service, memory: at most 67108864 bytes\n"
                        "+ web.service, memory: no limit\n");
    looks_and_then_does("unit.stop", of("web.service"), "- " UP ", process N\n+ " DOWN);
    looks_and_then_does("unit.mask", of("web.service"),
                        "- web.service, its file: disabled\n"
                        "+ web.service, its file: masked-runtime\n");
    foresees_refusal("unit.start", of("web.service"), &bench, FAULT_FAILED, "masked");
    CLEANUP(value_destroy)
    value_t *below = foretells("unit.unmask", of("web.service"), &bench,
                               "- web.service, its file: masked-runtime\n"
                               "+ web.service, its file: as it was before it was masked\n");
    assert_string_equal(value_get_text(below, "state"), "");
    expect("unit.unmask", "web.service", "state", "disabled");
    looks_and_then_does("unit.unmask", of("web.service"), "");
    foresees_refusal("unit.reload", of("web.service"), &bench, FAULT_FAILED, "inactive");
    foresees_refusal("unit.stop", of("nothing.service"), &bench, FAULT_NOT_FOUND, "nothing");
    value_destroy(&(value_t *){run_within("unit.start", of("broken.service"), 0, &fault)});
    looks_and_then_does("unit.reset_failed", of("broken.service"),
                        "- broken.service: failed (failed)\n"
                        "+ broken.service: inactive (dead)\n");
}

static void
a_timer_is_disabled_and_enabled(void **state)
{
    (void)state;
    expect("unit.enable", "tick.timer", "state", "enabled");
    CLEANUP(value_destroy) value_t *status = gives("unit.status", of("tick.timer"));
    assert_true(value_get_integer(status, "next") > 1600000000000);
    expect("unit.disable", "tick.timer", "state", "disabled");
    expect("unit.status", "tick.timer", "active", "inactive");
}

static void
lists_are_bounded_and_say_what_they_leave_out(void **state)
{
    (void)state;
    value_t *arguments = texts("kind", "service", NULL);
    value_set_integer(arguments, "count", 1);
    CLEANUP(value_destroy) value_t *list = gives("unit.list", arguments);
    assert_int_equal(value_count(value_get(list, "units")), 1);
    assert_true(value_get_integer(list, "left_out") > 0);
}

static void
what_is_not_there_is_not_found(void **state)
{
    (void)state;
    refused("unit.status", of("nothing.service"), FAULT_NOT_FOUND, "nothing.service");
    refused("unit.start", of("nothing.service"), FAULT_NOT_FOUND, "nothing.service");
    refused("unit.stop", of("--now"), FAULT_ARGUMENT, "unit");
    refused("unit.stop", of("../web"), FAULT_FAILED, "");
}

static void
a_start_that_hangs_is_left_at_the_deadline(void **state)
{
    fault_t fault;
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = run_within("unit.start", of("slow.service"), 1, &fault);
    assert_null(result);
    assert_int_equal(fault.code, FAULT_TIMEOUT);
    CLEANUP(value_destroy) value_t *stopped = gives("unit.stop", of("slow.service"));
    expect("unit.reset_failed", "slow.service", "active", "inactive");
}

/* ---- the journal ------------------------------------------------------------------------- */

/* What it says comes to the journal a moment later. */
static value_t *
await_entries(value_t *arguments, size_t count)
{
    for (int tries = 0; tries < 1200; tries++) {
        value_t *result = gives("journal.query", value_copy(arguments));
        if (value_count(value_get(result, "entries")) >= count) {
            value_destroy(&arguments);
            return result;
        }
        value_destroy(&result);
        poll(NULL, 0, 50);
    }
    fail_msg("the journal has no %zu entries like that", count);
    return NULL;
}

static const value_t *
first_of(const value_t *result)
{
    return value_at(value_get(result, "entries"), 0);
}

static void
what_a_unit_says_is_found_the_last_first(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *started = gives("unit.start", of("words.service"));
    CLEANUP(value_destroy)
    value_t *both = await_entries(texts("unit", "words.service", "contains", "word", NULL), 2);
    assert_string_equal(value_get_text(first_of(both), "text"), "a grave word");
    assert_string_equal(value_get_text(first_of(both), "identifier"), "words");
    assert_int_equal(value_get_integer(first_of(both), "priority"), 3);
    assert_false(value_get_bool(both, "more"));
    value_t *grave = of("words.service");
    value_set_integer(grave, "priority", 3);
    CLEANUP(value_destroy) value_t *one = gives("journal.query", grave);
    assert_int_equal(value_count(value_get(one, "entries")), 1);
}

static void
the_resolver_forgets_what_it_keeps(void **state)
{
    (void)state;
    refused("net.flush_dns", value_map(), FAULT_NOT_FOUND, "systemd-resolved does not run");
    foresees_refusal("net.flush_dns", value_map(), &bench, FAULT_NOT_FOUND,
                     "systemd-resolved does not run");
    if (access(TOOLS "/lib/systemd/systemd-resolved", X_OK))
        skip();
    expect("unit.start", "resolved.service", "active", "active");
    CLEANUP(value_destroy) value_t *cache = gives("net.dns_cache", value_map());
    assert_int_equal(value_get_integer(cache, "answers"), 0);
    CLEANUP(value_destroy) value_t *would = foretells("net.flush_dns", value_map(), &bench, "");
    CLEANUP(value_destroy) value_t *flushed = gives("net.flush_dns", value_map());
    assert_true(value_equal(would, flushed));
    assert_int_equal(value_get_integer(flushed, "forgotten"), 0);
    CLEANUP(value_destroy)
    value_t *said =
        await_entries(texts("unit", "resolved.service", "contains", "Flushed all caches", NULL), 1);
    expect("unit.stop", "resolved.service", "active", "inactive");
}

static void
the_journal_is_bounded_by_time_and_count(void **state)
{
    (void)state;
    value_t *arguments = texts("unit", "words.service", "contains", "word", NULL);
    value_set_integer(arguments, "count", 1);
    CLEANUP(value_destroy) value_t *last = await_entries(arguments, 1);
    assert_int_equal(value_count(value_get(last, "entries")), 1);
    assert_true(value_get_bool(last, "more"));
    int64_t at = value_get_integer(first_of(last), "at");
    value_t *before = of("words.service");
    value_set_integer(before, "until", at - 60000);
    CLEANUP(value_destroy) value_t *none = gives("journal.query", before);
    assert_int_equal(value_count(value_get(none, "entries")), 0);
    value_t *later = of("words.service");
    value_set_integer(later, "since", at + 60000);
    CLEANUP(value_destroy) value_t *nothing = gives("journal.query", later);
    assert_int_equal(value_count(value_get(nothing, "entries")), 0);
    CLEANUP(value_destroy) value_t *usage = gives("journal.usage", value_map());
    assert_true(value_get_integer(usage, "bytes") > 0);
    assert_true(value_get_integer(usage, "newest") >= at);
}

/* Those that are written to no more: of their room the journal's daemon gives some back a moment
 * later. */
static size_t
archived(void)
{
    glob_t found = {0};
    int wrong = glob("/run/log/journal/*/*@*.journal", 0, NULL, &found);
    assert_true(!wrong || wrong == GLOB_NOMATCH);
    size_t count = found.gl_pathc;
    globfree(&found);
    return count;
}

static void
the_oldest_of_the_journal_goes_and_what_is_written_to_stays(void **state)
{
    (void)state;
    value_t *keep = value_map();
    value_set_integer(keep, "keep_bytes", 1 << 20);
    CLEANUP(value_destroy) value_t *rotated = gives("unit.start", of("rotate.service"));
    CLEANUP(value_destroy) value_t *full = gives("journal.usage", value_map());
    size_t count = archived();
    fault_t fault;
    CLEANUP(value_destroy)
    value_t *would = foretold_or("journal.vacuum", value_copy(keep), &bench, &fault);
    assert_int_equal(value_count(value_get(would, "changes")), 2);
    assert_true(count > 0);
    assert_int_equal(archived(), count);
    CLEANUP(value_destroy) value_t *vacuumed = gives("journal.vacuum", keep);
    assert_true(value_get_integer(vacuumed, "freed_bytes") > 0);
    assert_true(value_get_integer(vacuumed, "bytes") > 0);
    assert_true(value_get_integer(vacuumed, "bytes") < value_get_integer(full, "bytes"));
}

/* In this test's mounts alone. */
static void
a_vacuum_that_fails_half_says_what_is_freed(void **state)
{
    (void)state;
    value_t *keep = value_map();
    value_set_integer(keep, "keep_bytes", 1 << 20);
    CLEANUP(value_destroy) value_t *rotated = gives("unit.start", of("rotate.service"));
    put_file("journalctl", "#!/bin/sh\nrm /run/log/journal/*/*@*.journal; exit 1\n", 0755);
    must(mount(here("journalctl"), "/usr/bin/journalctl", NULL, MS_BIND, NULL));
    refused("journal.vacuum", keep, FAULT_FAILED, "exited with status 1; done: ");
    must(umount("/usr/bin/journalctl"));
}

static int
begin_all(void **state)
{
    bench_begin("class highest change\nallow unit.list\n");
    return systemd_await(state);
}

static int
end_all(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

static int
run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_starts_stops_and_starts_anew),
        cmocka_unit_test(a_restart_is_found_by_when_the_unit_became_active),
        cmocka_unit_test(a_unit_that_fails_says_so_and_is_listed_until_that_is_taken_back),
        cmocka_unit_test(a_unit_that_fails_half_is_said_to_be_as_it_is_then),
        cmocka_unit_test(a_unit_whose_condition_does_not_hold_did_not_start),
        cmocka_unit_test(nobody_knows_what_became_of_a_unit_where_systemd_hangs_up),
        cmocka_unit_test(a_unit_that_nothing_starts_at_boot_is_not_enabled_and_stays_as_it_is),
        cmocka_unit_test(what_systemd_has_not_loaded_has_not_failed),
        cmocka_unit_test(what_a_unit_needs_and_what_needs_it_is_told_with_how_that_is),
        cmocka_unit_test(no_file_elsewhere_becomes_a_unit),
        cmocka_unit_test(a_masked_unit_is_started_by_nobody),
        cmocka_unit_test(a_unit_of_the_machines_own_is_not_masked_and_is_as_it_was),
        cmocka_unit_test(a_service_is_limited_and_what_is_not_named_is_taken_back),
        cmocka_unit_test(a_dry_run_shows_how_a_unit_would_be),
        cmocka_unit_test(a_timer_is_disabled_and_enabled),
        cmocka_unit_test(lists_are_bounded_and_say_what_they_leave_out),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(a_start_that_hangs_is_left_at_the_deadline),
        cmocka_unit_test(what_a_unit_says_is_found_the_last_first),
        cmocka_unit_test(the_resolver_forgets_what_it_keeps),
        cmocka_unit_test(the_journal_is_bounded_by_time_and_count),
        cmocka_unit_test(the_oldest_of_the_journal_goes_and_what_is_written_to_stays),
        cmocka_unit_test(a_vacuum_that_fails_half_says_what_is_freed),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}

int
main(void)
{
    return systemd_run(run_all);
}
