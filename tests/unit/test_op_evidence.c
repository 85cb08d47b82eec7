/* SPDX-License-Identifier: Apache-2.0 */
#include "op_bench.h"
#include "op_foretold.h"

#include <jansson.h>

static value_t *
file_of(const char *name, const char *path)
{
    return texts("case", name, "path", path, NULL);
}

static value_t *
fact_of(const char *name, const char *of)
{
    return texts("case", name, "of", of, NULL);
}

PRINTF(1, 2)
static void
run(const char *format, ...)
{
    char command[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    if (system(command))
        fail_msg("%s", command);
}

/* tar(1) and sha256sum(1) are the proof that anybody can open it. */
static void
a_sealed_case_is_an_archive_that_checks_out(void **state)
{
    (void)state;
    put_file("www/shell.php", "<?php evil();", 0644);
    put_file("www/a name, and \"more\".log", "", 0644);
    CLEANUP(value_destroy)
    value_t *shell = gives("evidence.file", file_of("c1", here("www/shell.php")));
    CLEANUP(value_destroy)
    value_t *empty = gives("evidence.file", file_of("c1", here("www/a name, and \"more\".log")));
    CLEANUP(value_destroy)
    value_t *text =
        gives("evidence.text", texts("case", "c1", "name", "note", "text", "as found", NULL));
    CLEANUP(value_destroy) value_t *sealed = gives("evidence.seal", texts("case", "c1", NULL));
    CLEANUP(value_destroy) value_t *again = gives("evidence.seal", texts("case", "c1", NULL));
    assert_int_equal(value_get_integer(shell, "bytes"), 13);
    assert_int_equal(value_get_integer(empty, "bytes"), 0);
    assert_string_equal(value_get_text(text, "name"), "text-note.txt");
    assert_string_equal(value_get_text(sealed, "name"), "c1.tar");
    assert_string_equal(value_get_text(sealed, "sha256"), value_get_text(again, "sha256"));
    run("cd '%s/evidence' && sha256sum --quiet -c c1.tar.sha256 && tar xf c1.tar -C ../out && "
        "cd ../out/c1 && grep -v '^#' MANIFEST | sha256sum --quiet -c - && [ $(ls | wc -l) = 4 ]",
        bench_folder);
    run("grep -q ' %s$' '%s/out/c1/MANIFEST'", here("www/shell.php"), bench_folder);
}

/* Of a case that nobody began yet; nothing is made for it. */
static void
what_would_be_collected_is_told_and_nothing_is(void **state)
{
    static const char note[] = "+ evidence c9/text-note.txt: 9 bytes, of playbook\n";
    char lines[512];
    (void)state;
    put_file("www/evil.php", "<?php evil();", 0644);
    CLEANUP(value_destroy)
    value_t *text =
        foretells("evidence.text", texts("case", "c9", "name", "note", "text", "as found", NULL),
                  &bench, note);
    foresees_refusal("evidence.seal", texts("case", "c9", NULL), &bench, FAULT_NOT_FOUND,
                     "nothing was collected");
    foresees_refusal("evidence.file", file_of("c9", here("www/none")), &bench, FAULT_NOT_FOUND,
                     "none");
    assert_int_equal(access(here("evidence/c9"), F_OK), -1);
    CLEANUP(value_destroy)
    value_t *did =
        gives("evidence.text", texts("case", "c9", "name", "note", "text", "as found", NULL));
    assert_true(value_equal(text, did));
    fault_t fault;
    CLEANUP(value_destroy)
    value_t *file =
        foretold_or("evidence.file", file_of("c9", here("www/evil.php")), &bench, &fault);
    CLEANUP(value_destroy)
    value_t *sockets = foretold_or("evidence.facts", fact_of("c9", "sockets"), &bench, &fault);
    assert_int_equal(value_count(value_get(sockets, "changes")), 1);
    const value_t *result = value_get(file, "result");
    snprintf(lines, sizeof lines, "+ evidence c9/%s: 13 bytes, of %.60s",
             value_get_text(result, "name"), here("www/evil.php"));
    assert_string_equal(value_string(value_at(value_get(file, "changes"), 0)), lines);
    CLEANUP(value_destroy)
    value_t *kept = gives("evidence.file", file_of("c9", here("www/evil.php")));
    assert_true(value_equal(result, kept));
    CLEANUP(value_destroy)
    value_t *there = foretells("evidence.file", file_of("c9", here("www/evil.php")), &bench, "");
    assert_true(value_equal(there, kept));
}

/* Its bytes are known beforehand, its hash is not. */
static void
a_case_that_would_be_sealed_stays_open(void **state)
{
    char lines[256];
    (void)state;
    CLEANUP(value_destroy)
    value_t *note =
        gives("evidence.text", texts("case", "c10", "name", "note", "text", "as found", NULL));
    assert_non_null(note);
    fault_t fault;
    CLEANUP(value_destroy)
    value_t *would = foretold_or("evidence.seal", texts("case", "c10", NULL), &bench, &fault);
    int64_t bytes = value_get_integer(value_get(would, "result"), "bytes");
    snprintf(lines, sizeof lines,
             "- evidence c10: 1 items, open to more\n+ c10.tar: %lld bytes, sealed\n",
             (long long)bytes);
    CLEANUP(value_destroy)
    value_t *again = foretells("evidence.seal", texts("case", "c10", NULL), &bench, lines);
    assert_string_equal(value_get_text(again, "sha256"), "");
    CLEANUP(value_destroy) value_t *sealed = gives("evidence.seal", texts("case", "c10", NULL));
    assert_int_equal(value_get_integer(sealed, "bytes"), bytes);
    CLEANUP(value_destroy)
    value_t *is = foretells("evidence.seal", texts("case", "c10", NULL), &bench, "");
    assert_true(value_equal(is, sealed));
    foresees_refusal("evidence.text", texts("case", "c10", "name", "more", "text", "late", NULL),
                     &bench, FAULT_CONFLICT, "is sealed");
}

static void
what_a_case_has_already_stays(void **state)
{
    (void)state;
    put_file("www/log", "first", 0644);
    CLEANUP(value_destroy) value_t *first = gives("evidence.file", file_of("c2", here("www/log")));
    put_file("www/log", "second and longer", 0644);
    CLEANUP(value_destroy) value_t *second = gives("evidence.file", file_of("c2", here("www/log")));
    assert_string_equal(value_get_text(first, "sha256"), value_get_text(second, "sha256"));
    CLEANUP(value_destroy) value_t *sealed = gives("evidence.seal", texts("case", "c2", NULL));
    assert_non_null(sealed);
    refused("evidence.file", file_of("c2", here("www/log")), FAULT_CONFLICT, "is sealed");
    assert_int_equal(access(here("evidence/c2"), F_OK), -1);
}

static void
nothing_of_ours_is_collected(void **state)
{
    static settings_t settings;
    (void)state;
    put_file("state/link/curve-secret", "a secret", 0600);
    snprintf(settings.state, sizeof settings.state, "%s", here("state"));
    assert_int_equal(link(here("state/link/curve-secret"), here("www/other-name")), 0);
    bench.settings = &settings;
    refused("evidence.file", file_of("own", here("state/link/curve-secret")), FAULT_POLICY,
            "tocsin's own");
    refused("evidence.file", file_of("own", here("www/other-name")), FAULT_POLICY, "tocsin's own");
    refused("evidence.file", file_of("own", here("evidence/c2.tar")), FAULT_POLICY, "tocsin's own");
    bench.settings = NULL;
}

static void
facts_are_json_of_this_machine(void **state)
{
    static const char *const all[] = {"processes", "sockets",  "deleted", "mounts", "users",
                                      "sessions",  "failures", "cron",    "memory", "uptime"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        char path[128];
        json_error_t wrong;
        CLEANUP(value_destroy) value_t *item = gives("evidence.facts", fact_of("c3", all[i]));
        snprintf(path, sizeof path, "evidence/c3/%s", value_get_text(item, "name"));
        json_t *json = json_load_file(here(path), JSON_REJECT_DUPLICATES, &wrong);
        if (!json_is_object(json))
            fail_msg("%s: %s", path, wrong.text);
        json_decref(json);
    }
    refused("evidence.facts", fact_of("c3", "secrets"), FAULT_ARGUMENT, "choices");
}

static void
nothing_else_is_collected(void **state)
{
    (void)state;
    assert_int_equal(symlink("/etc/shadow", here("www/link")), 0);
    assert_int_equal(mkfifo(here("www/fifo"), 0600), 0);
    refused("evidence.file", file_of("c4", here("www/link")), FAULT_POLICY, "symbolic link");
    refused("evidence.file", file_of("c4", here("www/fifo")), FAULT_POLICY, "not a regular file");
    refused("evidence.file", file_of("c4", here("www/none")), FAULT_NOT_FOUND, "none");
    refused("evidence.file", file_of("../c4", here("www/log")), FAULT_ARGUMENT, "'case'");
    refused("evidence.seal", texts("case", "c4", NULL), FAULT_NOT_FOUND, "nothing was collected");
    assert_int_equal(chmod(here("evidence"), 0755), 0);
    refused("evidence.file", file_of("c4", here("www/log")), FAULT_POLICY, "root's alone");
    assert_int_equal(chmod(here("evidence"), 0700), 0);
}

/* What tells of an item lies beside it, and a case beside others' archives. */
static void
no_name_is_taken_for_another_file_of_the_case(void **state)
{
    (void)state;
    put_file("www/notes.about",
             "sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
             "bytes 3\nat 1\nfrom /www/notes\n",
             0644);
    CLEANUP(value_destroy)
    value_t *item = gives("evidence.file", file_of("c7", here("www/notes.about")));
    CLEANUP(value_destroy) value_t *sealed = gives("evidence.seal", texts("case", "c7", NULL));
    assert_non_null(strstr(value_get_text(item, "name"), "-notes_about"));
    assert_non_null(sealed);
    refused("evidence.file", file_of("c8.tar", here("www/log")), FAULT_ARGUMENT, "archive");
    refused("evidence.seal", texts("case", "c8.tar.part", NULL), FAULT_ARGUMENT, "archive");
}

static void
what_was_changed_since_is_not_sealed(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *item = gives("evidence.file", file_of("c5", here("www/log")));
    char path[256];
    snprintf(path, sizeof path, "evidence/c5/%s", value_get_text(item, "name"));
    put_file(path, "second and l0nger", 0400);
    refused("evidence.seal", texts("case", "c5", NULL), FAULT_HASH, "no more what was collected");
    assert_int_equal(access(here("evidence/c5.tar"), F_OK), -1);
}

/* Steps that stand beside one another collect at once. */
static void
what_is_collected_at_once_is_kept_apart(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        value_t *arguments[2], *items[2];
        for (int i = 0; i < 2; i++) {
            char name[32];
            CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
            while (text->size < 1 << 22)
                bytes_addf(text, "line of file %d in round %d\n", i, round);
            snprintf(name, sizeof name, "www/both%d-%d", i, round);
            put_file(name, bytes_text(text), 0600);
            arguments[i] = file_of("c6", here(name));
        }
        give_both("evidence.file", arguments, items);
        value_destroy(&items[0]);
        value_destroy(&items[1]);
    }
    CLEANUP(value_destroy) value_t *sealed = gives("evidence.seal", texts("case", "c6", NULL));
    assert_non_null(sealed);
}

static void
a_kill_amid_it_is_taken_up_again(void **state)
{
    (void)state;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    for (int i = 0; i < 400000; i++)
        bytes_addf(text, "line %d\n", i);
    put_file("www/big", bytes_text(text), 0600);
    for (int round = 0; round < 10; round++) {
        fault_t fault = {0};
        char name[16];
        snprintf(name, sizeof name, "kill%d", round);
        CLEANUP(value_destroy) value_t *collect = file_of(name, here("www/big"));
        CLEANUP(value_destroy) value_t *seal = texts("case", name, NULL);
        op_child_t *child = op_child_start(op_row("evidence.file"), op_find("evidence.file"),
                                           collect, &bench, NULL, &fault);
        poll(NULL, 0, 2 * round);
        op_child_destroy(&child);
        CLEANUP(value_destroy) value_t *item = gives("evidence.file", value_copy(collect));
        assert_int_equal(value_get_integer(item, "bytes"), text->size);
        child = op_child_start(op_row("evidence.seal"), op_find("evidence.seal"), seal, &bench,
                               NULL, &fault);
        poll(NULL, 0, 2 * round);
        op_child_destroy(&child);
        CLEANUP(value_destroy) value_t *sealed = gives("evidence.seal", value_copy(seal));
        assert_non_null(sealed);
        run("cd '%s/evidence' && sha256sum --quiet -c %s.tar.sha256", bench_folder, name);
        assert_int_equal(access(here(name), F_OK), -1);
    }
}

static int
begin(void **state)
{
    char policy[512], folder[64] = "/tmp/tocsin-ops-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(policy, sizeof policy, "class highest change\nevidence %s/evidence\nread %s\n", folder,
             folder);
    bench_begin_in(folder, policy);
    assert_int_equal(mkdir(here("evidence"), 0700), 0);
    assert_int_equal(mkdir(here("out"), 0700), 0);
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
        cmocka_unit_test(a_sealed_case_is_an_archive_that_checks_out),
        cmocka_unit_test(what_would_be_collected_is_told_and_nothing_is),
        cmocka_unit_test(a_case_that_would_be_sealed_stays_open),
        cmocka_unit_test(what_a_case_has_already_stays),
        cmocka_unit_test(nothing_of_ours_is_collected),
        cmocka_unit_test(facts_are_json_of_this_machine),
        cmocka_unit_test(nothing_else_is_collected),
        cmocka_unit_test(no_name_is_taken_for_another_file_of_the_case),
        cmocka_unit_test(what_was_changed_since_is_not_sealed),
        cmocka_unit_test(what_is_collected_at_once_is_kept_apart),
        cmocka_unit_test(a_kill_amid_it_is_taken_up_again),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
