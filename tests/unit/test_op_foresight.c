/* SPDX-License-Identifier: Apache-2.0 */
/* What a dry run is told: of each fix-op here the lines of its foresight, that nothing on the
 * machine is another than before, and that the op then gives what was foretold. */
#include "op_bench.h"
#include "op_foretold.h"

#include <sys/wait.h>

#include "worker/foresight.h"

/* Every name below the test's folder, its mode, owner, size and time, and its content. */
static bytes_t *
all_there_is(void)
{
    char command[256], chunk[4096];
    size_t got;
    bytes_t *all = bytes_new();
    snprintf(command, sizeof command,
             "cd '%s' && find . -printf '%%p %%m %%U %%s %%T@ %%C@\\n' | sort &&"
             " find . -type f -exec sha256sum {} + | sort",
             bench_folder);
    FILE *out = popen(command, "r");
    while ((got = fread(chunk, 1, sizeof chunk, out)) > 0)
        bytes_add(all, chunk, got);
    assert_int_equal(pclose(out), 0);
    return all;
}

/* Takes over the arguments. */
static void
looks_and_then_does(const char *name, value_t *arguments, const char *lines)
{
    CLEANUP(bytes_destroy) bytes_t *before = all_there_is();
    CLEANUP(value_destroy) value_t *would = foretells(name, value_copy(arguments), &bench, lines);
    CLEANUP(bytes_destroy) bytes_t *after = all_there_is();
    assert_string_equal(bytes_text(before), bytes_text(after));
    CLEANUP(value_destroy) value_t *did = gives(name, arguments);
    if (!value_equal(would, did)) {
        CLEANUP(bytes_destroy) bytes_t *both = bytes_new();
        value_tell(would, both);
        bytes_add_text(both, " != ");
        value_tell(did, both);
        fail_msg("%s: %s", name, bytes_text(both));
    }
}

static value_t *
at(const char *path)
{
    return texts("path", here(path), NULL);
}

/* "- PATH: N bytes" and the like, with the test's folder in place of '~'; valid until the next. */
static const char *
lines(const char *template)
{
    static char text[2048];
    size_t size = 0;
    for (const char *from = template; *from; from++)
        if (*from == '~')
            size += (size_t)snprintf(text + size, sizeof text - size, "%s", bench_folder);
        else
            text[size++] = *from;
    text[size] = '\0';
    return text;
}

static void
a_log_that_would_go_is_named_with_its_bytes(void **state)
{
    (void)state;
    put_file("spool/app.log.1", "some text", 0600);
    looks_and_then_does("file.remove", at("spool/app.log.1"),
                        lines("- ~/spool/app.log.1: 9 bytes\n"));
    looks_and_then_does("file.remove", at("spool/app.log.1"), "");
    looks_and_then_does("file.remove", at("spool/none/app.log.1"), "");
    foresees_refusal("file.remove", texts("path", "/etc/app.log.1", NULL), &bench, FAULT_POLICY,
                     "expendable");
}

static void
a_log_that_would_be_emptied_is_seen_full_and_empty(void **state)
{
    (void)state;
    put_file("spool/app.log", "some text", 0600);
    looks_and_then_does("file.truncate", at("spool/app.log"),
                        lines("- ~/spool/app.log: 9 bytes\n+ ~/spool/app.log: 0 bytes\n"));
    looks_and_then_does("file.truncate", at("spool/app.log"), "");
}

static void
a_log_that_would_be_rotated_stays_beside_an_empty_one(void **state)
{
    fault_t fault;
    (void)state;
    put_file("spool/app.log", "some text", 0600);
    CLEANUP(bytes_destroy) bytes_t *before = all_there_is();
    CLEANUP(value_destroy)
    value_t *would = foretold_or("file.rotate", at("spool/app.log"), &bench, &fault);
    CLEANUP(bytes_destroy) bytes_t *after = all_there_is();
    assert_string_equal(bytes_text(before), bytes_text(after));
    const value_t *changes = value_get(would, "changes"), *result = value_get(would, "result");
    char kept[512];
    snprintf(kept, sizeof kept, "+ %s/%s: 9 bytes", here("spool"), value_get_text(result, "name"));
    assert_int_equal(value_count(changes), 3);
    assert_string_equal(value_string(value_at(changes, 2)), kept);
    assert_non_null(strstr(value_get_text(result, "name"), "app.log-"));
    foresees_refusal("file.rotate", at("etc/passwd"), &bench, FAULT_POLICY, "spool");
}

static void
a_file_that_would_go_to_quarantine_is_seen_in_both_places(void **state)
{
    char diff[512], id[64];
    fault_t fault;
    (void)state;
    put_file("evil/it", "some text", 0600);
    CLEANUP(value_destroy)
    value_t *would = foretold_or("file.quarantine", at("evil/it"), &bench, &fault);
    snprintf(id, sizeof id, "%s", value_get_text(value_get(would, "result"), "id"));
    snprintf(diff, sizeof diff, "- ~/evil/it: 9 bytes\n+ ~/quarantine/%s: 9 bytes\n", id);
    looks_and_then_does("file.quarantine", at("evil/it"), lines(diff));
    looks_and_then_does("file.quarantine", at("evil/it"), "");
    foresees_refusal("file.quarantine", at("evil/none"), &bench, FAULT_NOT_FOUND, "evil/none");
    snprintf(diff, sizeof diff, "- ~/quarantine/%s: 9 bytes\n+ ~/evil/it: 9 bytes\n", id);
    put_file("evil/it", "another", 0600);
    foresees_refusal("file.restore", texts("path", here("evil/it"), "id", id, NULL), &bench,
                     FAULT_CONFLICT, "another file stands");
    unlink(here("evil/it"));
    looks_and_then_does("file.restore", texts("path", here("evil/it"), "id", id, NULL),
                        lines(diff));
    looks_and_then_does("file.restore", texts("path", here("evil/it"), "id", id, NULL), "");
}

static void
a_kernel_parameter_is_seen_before_and_after(void **state)
{
    (void)state;
    put_file("proc/sys/vm/swappiness", "60\n", 0644);
    CLEANUP(bytes_destroy) bytes_t *before = all_there_is();
    CLEANUP(value_destroy)
    value_t *would =
        foretells("sysctl.set", texts("key", "vm.swappiness", "value", "10", "was", "60", NULL),
                  &bench, "- vm.swappiness: 60\n+ vm.swappiness: 10\n");
    CLEANUP(value_destroy)
    value_t *as_it_is =
        foretells("sysctl.set", texts("key", "vm.swappiness", "value", "60", NULL), &bench, "");
    CLEANUP(bytes_destroy) bytes_t *after = all_there_is();
    assert_string_equal(bytes_text(before), bytes_text(after));
    assert_string_equal(value_get_text(would, "previous"), "60");
    assert_string_equal(value_get_text(as_it_is, "value"), "60");
    foresees_refusal("sysctl.set", texts("key", "vm.swappiness", "value", "5", "was", "7", NULL),
                     &bench, FAULT_CONFLICT, "neither");
}

static void
a_table_of_cron_is_seen_by_its_old_name_and_its_new(void **state)
{
    (void)state;
    put_file("etc/cron.d/backup", "# none\n", 0644);
    looks_and_then_does("cron.disable", texts("file", "backup", NULL),
                        "- /etc/cron.d/backup\n+ /etc/cron.d/backup.disabled\n");
    looks_and_then_does("cron.disable", texts("file", "backup", NULL), "");
    looks_and_then_does("cron.enable", texts("file", "backup", NULL),
                        "- /etc/cron.d/backup.disabled\n+ /etc/cron.d/backup\n");
    put_file("etc/cron.d/backup.disabled", "# none\n", 0644);
    foresees_refusal("cron.disable", texts("file", "backup", NULL), &bench, FAULT_IO,
                     "cannot become");
    foresees_refusal("cron.enable", texts("file", "none", NULL), &bench, FAULT_NOT_FOUND,
                     "cannot become");
}

static void
lines_beyond_the_most_are_counted_and_a_long_one_is_cut(void **state)
{
    char word[2 * FORESIGHT_LINE_MAX];
    (void)state;
    CLEANUP(value_destroy) value_t *self = foresight_new();
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    for (int i = 0; i < FORESIGHT_LINES_MAX + 3; i++)
        foresight_goes(self, "\x1b[31m%s", word);
    assert_int_equal(value_count(value_get(self, "changes")), FORESIGHT_LINES_MAX);
    assert_int_equal(value_get_integer(self, "left_out"), 3);
    const char *line = value_string(value_at(value_get(self, "changes"), 0));
    assert_int_equal(strlen(line), FORESIGHT_LINE_MAX);
    assert_int_equal(strncmp(line, "- ?[31mxxx", 10), 0);
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_encode(self, encoded);
    assert_true(encoded->size <= FORESIGHT_BYTES_MAX);
}

static int
begin(void **state)
{
    char policy[1024];
    (void)state;
    char folder[64] = "/tmp/tocsin-ops-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(policy, sizeof policy,
             "class highest change\n"
             "spool %s/spool\nquarantine %s/quarantine\n",
             folder, folder);
    bench_begin_in(folder, policy);
    bench_root(false);
    assert_int_equal(mkdir(here("quarantine"), 0700), 0);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_would_go_is_named_with_its_bytes),
        cmocka_unit_test(a_log_that_would_be_emptied_is_seen_full_and_empty),
        cmocka_unit_test(a_log_that_would_be_rotated_stays_beside_an_empty_one),
        cmocka_unit_test(a_file_that_would_go_to_quarantine_is_seen_in_both_places),
        cmocka_unit_test(a_kernel_parameter_is_seen_before_and_after),
        cmocka_unit_test(a_table_of_cron_is_seen_by_its_old_name_and_its_new),
        cmocka_unit_test(lines_beyond_the_most_are_counted_and_a_long_one_is_cut),
    };
    return cmocka_run_group_tests_name("op_foresight", tests, begin, end);
}
