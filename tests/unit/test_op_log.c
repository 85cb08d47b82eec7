/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that a real logrotate rotates, by rules of the test's own. It is not installed: it comes
 * from deploy/install-deps, and a script in the test's root starts it. */
#include "op_bench.h"
#include "op_foretold.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include "worker/ops/logrotate.h"

#define TOOLS  "build/tools"
#define RECORD "var/lib/logrotate/status"

PRINTF(1, 2) static void shell(const char *format, ...)
{
    char words[1024], command[1280];
    va_list more;
    va_start(more, format);
    vsnprintf(words, sizeof words, format, more);
    va_end(more);
    snprintf(command, sizeof command, "cd %s && { %s; }", bench_folder, words);
    if (system(command))
        fail_msg("%s", words);
}

static value_t *
rule(const char *name)
{
    return texts("rule", name, NULL);
}

/* A file of rules, in which @ is the test's folder. */
static void
put_rule(const char *name, const char *text)
{
    char path[128];
    CLEANUP(bytes_destroy) bytes_t *rules = bytes_new();
    for (; *text; text++)
        if (*text == '@')
            bytes_add_text(rules, bench_folder);
        else
            bytes_add(rules, text, 1);
    snprintf(path, sizeof path, "etc/logrotate.d/%s", name);
    put_file(path, bytes_text(rules), 0644);
}

static int64_t
size_of(const char *name)
{
    struct stat facts;
    return stat(here(name), &facts) ? -1 : (int64_t)facts.st_size;
}

/* Its root, and the record and the logs that one test begins with. */
static int
lay_out(void **state)
{
    (void)state;
    shell("rm -rf logs var/lib/logrotate etc/logrotate.d; mkdir -p logs var/lib/logrotate "
          "etc/logrotate.d");
    put_file("etc/logrotate.conf",
             "# all\nweekly\nrotate 2\ncreate\ninclude /etc/logrotate.d\n"
             "/no/such/log {\n  postrotate\n    touch /no/such/folder/}\n  endscript\n}\n",
             0644);
    put_file("logs/app.log", "text\n", 0640);
    put_file("logs/two words.log", "more text\n", 0640);
    put_rule("app", "# theirs\n@/logs/app.log {\n  missingok\n}\n\"@/logs/two words.log\"\n"
                    "{ missingok\nnotifempty }\n");
    return 0;
}

static void
needs_logrotate(void)
{
    if (access(TOOLS "/usr/sbin/logrotate", X_OK))
        skip();
}

static void
the_logs_of_a_rule_are_rotated_as_all_rules_are(void **state)
{
    char lines[512];
    (void)state;
    needs_logrotate();
    snprintf(lines, sizeof lines, "- %s: 5 bytes\n- %s: 10 bytes\n", here("logs/app.log"),
             here("logs/two words.log"));
    CLEANUP(value_destroy) value_t *would = foretells("log.rotate", rule("app"), &bench, lines);
    assert_int_equal(size_of("logs/app.log"), 5);
    CLEANUP(value_destroy) value_t *did = gives("log.rotate", rule("app"));
    assert_true(value_equal(would, did));
    assert_int_equal(value_get_integer(did, "logs"), 2);
    assert_int_equal(value_get_integer(did, "rotated_bytes"), 15);
    assert_int_equal(size_of("logs/app.log"), 0);
    assert_int_equal(size_of("logs/app.log.1"), 5);
    assert_int_equal(size_of("logs/two words.log.1"), 10);
    CLEANUP(value_destroy) value_t *next = gives("log.rotate", rule("app"));
    assert_int_equal(value_get_integer(next, "rotated"), 1);
    assert_int_equal(size_of("logs/app.log.2"), 5);
    assert_int_equal(size_of("logs/two words.log.2"), -1);
    CLEANUP(value_destroy) value_t *last = gives("log.rotate", rule("app"));
    assert_int_equal(size_of("logs/app.log.3"), -1);
}

static void
its_scripts_run_and_who_writes_has_the_new_log(void **state)
{
    struct stat before, after;
    int ends[2];
    char byte, pid[16];
    (void)state;
    needs_logrotate();
    put_rule("app",
             "@/logs/app.log {\n  postrotate\n    kill -HUP $(cat @/writer)\n  endscript\n}\n");
    assert_int_equal(pipe(ends), 0);
    pid_t writer = fork();
    if (writer == 0) {
        sigset_t hup;
        int signal_number;
        alarm(60); /* where nobody tells it */
        sigemptyset(&hup);
        sigaddset(&hup, SIGHUP);
        sigprocmask(SIG_BLOCK, &hup, NULL);
        if (write(ends[1], "r", 1) != 1 || sigwait(&hup, &signal_number))
            _exit(1);
        int fd = open(here("logs/app.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
        _exit(write(fd, "new", 3) != 3 || write(ends[1], "w", 1) != 1);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    snprintf(pid, sizeof pid, "%d", (int)writer);
    put_file("writer", pid, 0644);
    assert_int_equal(stat(here("logs/app.log"), &before), 0);
    CLEANUP(value_destroy) value_t *did = gives("log.rotate", rule("app"));
    assert_int_equal(value_get_integer(did, "rotated"), 1);
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 10000), 1);
    assert_int_equal(stat(here("logs/app.log"), &after), 0);
    assert_true(after.st_ino != before.st_ino && after.st_size == 3);
    close(ends[0]);
    close(ends[1]);
}

static void
a_look_tells_when_each_was_rotated(void **state)
{
    (void)state;
    needs_logrotate();
    CLEANUP(value_destroy) value_t *never = gives("log.view", rule("app"));
    const value_t *logs = value_get(never, "logs");
    assert_int_equal(value_count(logs), 2);
    assert_string_equal(value_get_text(value_at(logs, 1), "path"), here("logs/two words.log"));
    assert_int_equal(value_get_integer(value_at(logs, 1), "bytes"), 10);
    assert_null(value_get(value_at(logs, 1), "rotated_ms"));
    int64_t before_ms = wall_now().ms;
    CLEANUP(value_destroy) value_t *did = gives("log.rotate", rule("app"));
    CLEANUP(value_destroy) value_t *told = gives("log.view", rule("app"));
    const value_t *first = value_at(value_get(told, "logs"), 0);
    int64_t rotated_ms = value_get_integer(first, "rotated_ms");
    assert_true(rotated_ms >= before_ms - 1000 && rotated_ms <= wall_now().ms);
    assert_int_equal(value_get_integer(first, "bytes"), 0);
}

static void
what_logrotate_refuses_is_told_in_its_words(void **state)
{
    (void)state;
    needs_logrotate();
    shell("chmod 777 logs");
    refused("log.rotate", rule("app"), FAULT_FAILED, "has insecure permissions");
    assert_int_equal(size_of("logs/app.log"), 5);
    shell("chmod 755 logs");
    put_rule("app", "@/logs/app.log {\n  postrotate\n    exit 5\n  endscript\n}\n");
    refused("log.rotate", rule("app"), FAULT_FAILED, "error running");
    put_file("logs/app.log", "text\n", 0640);
    refused("log.rotate", rule("app"), FAULT_FAILED, "; done: 1 logs were rotated");
}

static void
while_another_rotates_nothing_is(void **state)
{
    (void)state;
    needs_logrotate();
    put_file(RECORD, "logrotate state -- version 2\n", 0640);
    int fd = open(here(RECORD), O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    refused("log.rotate", rule("app"), FAULT_CONFLICT, "logrotate ended with status 3");
    close(fd);
    assert_int_equal(size_of("logs/app.log"), 5);
}

static void
a_script_that_hangs_is_ended_with_the_op(void **state)
{
    fault_t fault = {0};
    (void)state;
    needs_logrotate();
    put_rule("app",
             "@/logs/app.log {\n  postrotate\n    echo $$ >@/hangs.new; mv @/hangs.new @/hangs\n"
             "    sleep 1000\n  endscript\n}\n");
    CLEANUP(value_destroy) value_t *arguments = rule("app");
    op_child_t *child = op_child_start(op_row("log.rotate"), op_find("log.rotate"), arguments,
                                       &bench, NULL, &fault);
    assert_non_null(child);
    for (int i = 0; i < 3000 && access(here("hangs"), F_OK); i++)
        poll(NULL, 0, 10);
    op_child_cut(child);
    assert_null(op_child_finish(&child, &fault));
    assert_int_equal(fault.code, FAULT_TIMEOUT);
    CLEANUP(bytes_destroy) bytes_t *pid = file_read(here("hangs"), 32, NULL);
    assert_non_null(pid);
    proc_t script;
    bool lives = proc_read((pid_t)atol(bytes_text(pid)), &script) && script.state != 'Z';
    assert_false(lives);
}

/* As a daemon does that a script starts, and whose output nobody led elsewhere. */
static void
what_a_script_leaves_behind_holds_no_op_and_lives_on(void **state)
{
    fault_t fault = {0};
    (void)state;
    needs_logrotate();
    put_rule("app", "@/logs/app.log {\n  postrotate\n    sleep 1000 &\n    echo $! >@/left\n"
                    "  endscript\n}\n");
    CLEANUP(value_destroy) value_t *did = run_within("log.rotate", rule("app"), 20, &fault);
    CLEANUP(bytes_destroy) bytes_t *pid = file_read(here("left"), 32, NULL);
    assert_non_null(pid);
    pid_t left = (pid_t)atol(bytes_text(pid));
    bool lives = left > 1 && !kill(left, SIGKILL);
    if (!did)
        fail_msg("%s", fault.text);
    assert_true(lives);
    assert_int_equal(value_get_integer(did, "rotated"), 1);
}

static void
only_a_file_of_roots_below_logrotates_folder_is_a_rule(void **state)
{
    static const char *const wrong[] = {"../app", ".app", "a/b", "app~"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        refused("log.rotate", rule(wrong[i]), FAULT_ARGUMENT, "is no name of a file");
    refused("log.view", rule("none"), FAULT_NOT_FOUND, "none' cannot be opened");
    shell("ln -s app etc/logrotate.d/link; cp etc/logrotate.d/app etc/logrotate.d/wide; "
          "chmod 666 etc/logrotate.d/wide; cp etc/logrotate.d/app etc/logrotate.d/theirs; "
          "chown 65534 etc/logrotate.d/theirs; mkfifo etc/logrotate.d/pipe");
    refused("log.rotate", rule("link"), FAULT_POLICY, "symbolic link");
    refused("log.rotate", rule("wide"), FAULT_POLICY, "only root can write");
    refused("log.view", rule("theirs"), FAULT_POLICY, "only root can write");
    refused("log.view", rule("pipe"), FAULT_POLICY, "only root can write");
    shell("truncate -s 300K etc/logrotate.d/app");
    refused("log.view", rule("app"), FAULT_LIMIT, "is no text of at most");
    put_rule("app", "include /etc/other\n@/logs/app.log { daily }\n");
    refused("log.rotate", rule("app"), FAULT_POLICY, "includes others");
    foresees_refusal("log.rotate", rule("app"), &bench, FAULT_POLICY, "includes others");
    put_rule("app", "@/logs/app.log {\n  daily\n");
    refused("log.view", rule("app"), FAULT_FORMAT, "a '}' is missing");
    put_rule("app", "@/quarantine/* { daily }\n");
    put_file("quarantine/id", "text", 0600);
    refused("log.rotate", rule("app"), FAULT_POLICY, "tocsin's own");
    refused("log.view", rule("app"), FAULT_POLICY, "tocsin's own");
}

/* Without them it would keep no old log. */
static void
without_what_holds_for_all_rules_or_logrotate_nothing_is_rotated(void **state)
{
    (void)state;
    shell("rm etc/logrotate.conf");
    refused("log.rotate", rule("app"), FAULT_NOT_FOUND, "logrotate.conf' cannot be opened");
    foresees_refusal("log.rotate", rule("app"), &bench, FAULT_NOT_FOUND, "logrotate.conf'");
    lay_out(NULL);
    shell("mv usr/sbin/logrotate usr/sbin/away");
    refused("log.rotate", rule("app"), FAULT_NOT_FOUND, "this machine has no");
    foresees_refusal("log.rotate", rule("app"), &bench, FAULT_NOT_FOUND, "this machine has no");
    shell("mv usr/sbin/away usr/sbin/logrotate");
    assert_int_equal(size_of("logs/app.log"), 5);
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static int
note(void *context, const char *pattern, fault_t *fault)
{
    (void)fault;
    bytes_addf(context, "%s\n", pattern);
    return 0;
}

static void
files_of_logrotates_are_read_as_it_reads_them(void **state)
{
    static const struct {
        const char *text, *patterns, *settings, *fault;
    } cases[] = {
        {"/a /b\n/c {\n}\n", "/a\n/b\n/c\n", "", NULL},
        {"/a{\ndaily\n}\n/b\n{\n}\n", "/a\n/b\n", "", NULL},
        {"'/a b' \"/c d\" /e\\ f { daily }\n/g { }\n", "/a b\n/c d\n/e f\n/g\n", "", NULL},
        {"su root adm\n  # /no {\ncompresscmd /bin/x\n", "", "su root adm\ncompresscmd /bin/x\n",
         NULL},
        {"/a {\n# a } in a comment\n postrotate\n } /x {\n endscript\n}\ndaily\n", "/a\n",
         "daily\n", NULL},
        {"/a {\r\n  daily\r\n}\r\n", "/a\n", "", NULL},
        {"include /etc/x\nincluded\n", "", "included\n", NULL},
        {"/a {\n prerotate\n  true\n}\n", NULL, NULL, "a 'endscript' is missing"},
        {"/a\n", NULL, NULL, "a '{' is missing"},
        {"\"/a {\n}\n", NULL, NULL, "does not end"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        fault_t fault = {0};
        CLEANUP(bytes_destroy) bytes_t *patterns = bytes_new();
        CLEANUP(bytes_destroy) bytes_t *settings = bytes_new();
        logrotate_t file = {.self = patterns, .on_pattern = note, .settings = settings};
        bool wrong = logrotate_read(&file, cases[i].text, &fault) != 0;
        if (wrong != (cases[i].fault != NULL) || (wrong && !strstr(fault.text, cases[i].fault)))
            fail_msg("%zu: %s", i, fault.text);
        if (!wrong && (strcmp(bytes_text(patterns), cases[i].patterns) != 0 ||
                       strcmp(bytes_text(settings), cases[i].settings) != 0))
            fail_msg("%zu: %s%s", i, bytes_text(patterns), bytes_text(settings));
    }
}

static int
begin(void **state)
{
    char policy[256], folder[64] = "/tmp/tocsin-ops-XXXXXX", tools[PATH_MAX];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(policy, sizeof policy, "class highest change\nquarantine %s/quarantine\n", folder);
    bench_begin_in(folder, policy);
    if (realpath(TOOLS, tools)) {
        shell("mkdir -p usr/sbin; printf '#!/bin/sh\\nLD_LIBRARY_PATH=%s/usr/lib/x86_64-linux-gnu "
              "exec %s/usr/sbin/logrotate \"$@\"\\n' >usr/sbin/logrotate; "
              "chmod 755 usr/sbin/logrotate",
              tools, tools);
    }
    bench_root(false);
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
        cmocka_unit_test_setup(the_logs_of_a_rule_are_rotated_as_all_rules_are, lay_out),
        cmocka_unit_test_setup(its_scripts_run_and_who_writes_has_the_new_log, lay_out),
        cmocka_unit_test_setup(a_look_tells_when_each_was_rotated, lay_out),
        cmocka_unit_test_setup(what_logrotate_refuses_is_told_in_its_words, lay_out),
        cmocka_unit_test_setup(while_another_rotates_nothing_is, lay_out),
        cmocka_unit_test_setup(a_script_that_hangs_is_ended_with_the_op, lay_out),
        cmocka_unit_test_setup(what_a_script_leaves_behind_holds_no_op_and_lives_on, lay_out),
        cmocka_unit_test_setup(only_a_file_of_roots_below_logrotates_folder_is_a_rule, lay_out),
        cmocka_unit_test_setup(without_what_holds_for_all_rules_or_logrotate_nothing_is_rotated,
                               lay_out),
        cmocka_unit_test(files_of_logrotates_are_read_as_it_reads_them),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
