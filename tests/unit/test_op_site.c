/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that a machine's policy declares: what fills their holes, what they may not be taken
 * for, how they end. */
#include "op_bench.h"
#include "op_foretold.h"

#include "worker/proc.h"

#define POLICY                                                                                   \
    "class highest change\n"                                                                     \
    "allow site.run command=environment\nexec environment class change timeout 9 /usr/bin/env\n" \
    "allow site.run command=hello\nallow site.run command=fails\n"                               \
    "allow site.run command=hangs\nallow site.run command=wipe\n"                                \
    "allow site.run command=words\nallow process.list\n"                                         \
    "class process.list destructive\n"                                                           \
    "exec hello class change timeout 10 /usr/bin/printf %s-%s {domain:address} "                 \
    "--days={days:integer}\n"                                                                    \
    "exec fails class change timeout 10 /usr/bin/ls /nowhere\n"                                  \
    "exec hangs class change timeout 1 /usr/bin/setsid -f -w /usr/bin/sleep 4711\n"              \
    "exec words class change timeout 10 /usr/bin/printf {one:word}\n"                            \
    "exec wipe class destructive timeout 10 /usr/bin/true\n"

static value_t *
command(const char *name, const char *with)
{
    return with ? texts("command", name, "with", with, NULL) : texts("command", name, NULL);
}

static void
allows(const char *name, const char *with, fault_code_t code)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = command(name, with);
    int refused = policy_allows(bench.policy, op_find("site.run"), arguments, wall_now(), &fault);
    if (!!refused != !!code || fault.code != code)
        fail_msg("%s: %s (%s)", name, fault.text, fault_word(fault.code));
}

static void
a_command_gets_what_fills_its_holes_and_no_environment(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = gives("site.run", command("hello", "days=-30 domain=shop.example"));
    assert_int_equal(value_get_integer(result, "status"), 0);
    assert_string_equal(value_get_text(result, "output"), "shop.example---days=-30");
    CLEANUP(value_destroy) value_t *nothing = gives("site.run", command("environment", NULL));
    assert_string_equal(value_get_text(nothing, "output"), "");
}

static void
a_dry_run_is_told_what_would_be_executed(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *would = foretells("site.run", command("hello", "days=-30 domain=shop.example"), &bench,
                               "+ executed: /usr/bin/printf %s-%s shop.example --days=-30\n");
    assert_int_equal(value_get_integer(would, "status"), 0);
    CLEANUP(value_destroy)
    value_t *alone =
        foretells("site.run", command("environment", NULL), &bench, "+ executed: /usr/bin/env\n");
    assert_string_equal(value_get_text(alone, "command"), "environment");
    foresees_refusal("site.run", command("words", "one=-n"), &bench, FAULT_ARGUMENT, "takes");
    foresees_refusal("site.run", command("none", NULL), &bench, FAULT_POLICY, "no command 'none'");
}

static void
its_exit_status_and_the_end_of_its_output_are_its_result(void **state)
{
    (void)state;
    CLEANUP(value_destroy) value_t *result = gives("site.run", command("fails", NULL));
    assert_int_equal(value_get_integer(result, "status"), 2);
    assert_non_null(strstr(value_get_text(result, "output"), "No such file"));
}

static void
every_hole_is_filled_once_with_what_its_kind_takes(void **state)
{
    static const char *const wrong[] = {
        NULL,
        "domain=a.example",
        "domain=a.example days=x",
        "domain=a.example days=1 days=2",
        "domain=a.example days=1 more=2",
        "domain=a;id days=1",
        "domain=-v days=1",
        "domain=a.example days=1 stray",
        "domain= days=1",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        allows("hello", wrong[i], FAULT_ARGUMENT);
    allows("hello", "domain=a.example days=1", FAULT_NONE);
    allows("words", "one=--help", FAULT_ARGUMENT);
    allows("words", "one=$(id)", FAULT_NONE); /* no shell reads it */
    refused("site.run", command("words", "one=-n"), FAULT_ARGUMENT, "takes");
}

static void
what_the_policy_does_not_declare_is_refused(void **state)
{
    (void)state;
    allows("nothing", NULL, FAULT_POLICY);
    refused("site.run", command("nothing", NULL), FAULT_POLICY, "no command 'nothing'");
}

static void
a_command_and_an_op_are_of_the_class_that_the_machine_calls_them(void **state)
{
    fault_t fault = {0};
    (void)state;
    allows("wipe", NULL, FAULT_CLASS);
    CLEANUP(value_destroy) value_t *none = value_map();
    assert_int_equal(policy_class(bench.policy, op_find("process.list"), none), CLASS_DESTRUCTIVE);
    assert_int_equal(policy_allows(bench.policy, op_find("process.list"), none, wall_now(), &fault),
                     -1);
    assert_int_equal(fault.code, FAULT_CLASS);
}

static bool
sleeps(void)
{
    return !system("pgrep -f '^/usr/bin/sleep 4711' >/dev/null");
}

static void
a_command_that_hangs_is_ended_with_all_that_it_started(void **state)
{
    (void)state;
    refused("site.run", command("hangs", NULL), FAULT_TIMEOUT, "within 1 s");
    assert_false(sleeps());
}

static void
loads(const char *line, const char *words)
{
    fault_t fault = {0};
    put_file("other", line, 0600);
    policy_t *policy = policy_load(here("other"), &fault);
    bool loaded = policy;
    policy_destroy(&policy);
    if (loaded != !words || (words && !strstr(fault.text, words)))
        fail_msg("%s: %s", line, fault.text);
}

static void
a_policy_whose_commands_are_not_complete_does_not_load(void **state)
{
    (void)state;
    loads("exec a class change timeout 5 /bin/true {b:name}\n", NULL);
    loads("exec a class observe timeout 5 /bin/true\n", "change or destructive");
    loads("exec a class change timeout 0 /bin/true\n", "1 to 300");
    loads("exec a class change timeout 5 true\n", "absolute");
    loads("exec a class change timeout 5 /bin/true {b}\n", "hole");
    loads("exec a class change timeout 5 /bin/true {b:name}{c:name}\n", "hole");
    loads("exec a class change timeout 5 /bin/true {b:shell}\n", "hole");
    loads("exec a class change timeout 5 /bin/true }{b:name}\n", "hole");
    loads("exec a class change timeout 5 /bin/true\nexec a class change timeout 5 /bin/true\n",
          "twice");
    loads("class file.remove observe\n", "or worse");
    loads("allow site.run\n", "command");
}

static int
begin_all(void **state)
{
    (void)state;
    bench_begin(POLICY);
    return 0;
}

static int
end_all(void **state)
{
    (void)state;
    bench_end();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_gets_what_fills_its_holes_and_no_environment),
        cmocka_unit_test(a_dry_run_is_told_what_would_be_executed),
        cmocka_unit_test(its_exit_status_and_the_end_of_its_output_are_its_result),
        cmocka_unit_test(every_hole_is_filled_once_with_what_its_kind_takes),
        cmocka_unit_test(what_the_policy_does_not_declare_is_refused),
        cmocka_unit_test(a_command_and_an_op_are_of_the_class_that_the_machine_calls_them),
        cmocka_unit_test(a_command_that_hangs_is_ended_with_all_that_it_started),
        cmocka_unit_test(a_policy_whose_commands_are_not_complete_does_not_load),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
