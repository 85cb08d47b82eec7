/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>

#include "wire/ops/families.h"
#include "wire/shape.h"
#include "worker/op_child.h"

static void
takes(const char *name, value_t *arguments)
{
    fault_t fault = {0};
    if (op_check(op_find(name), arguments, &fault))
        fail_msg("%s", fault.text);
    value_destroy(&arguments);
}

static void
refuses(const char *name, value_t *arguments, const char *words)
{
    fault_t fault = {0};
    if (!op_check(op_find(name), arguments, &fault) || fault.code != FAULT_ARGUMENT ||
        !strstr(fault.text, words))
        fail_msg("%s: %s, not %s", fault_word(fault.code), fault.text, words);
    value_destroy(&arguments);
}

static value_t *
with_text(const char *key, const char *text)
{
    value_t *map = value_map();
    value_set_text(map, key, text);
    return map;
}

static value_t *
tcp(const char *address, int64_t port)
{
    value_t *map = with_text("address", address);
    value_set_integer(map, "port", port);
    return map;
}

static void
every_op_has_a_row_that_acts_a_manual_and_the_shape_of_its_result(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        assert_ptr_equal(op_find(op->name), op);
        assert_non_null(op_row(op->name));
        assert_true(op->help && op->result && op->timeout_s && op->result_bytes_max);
        assert_true(i == 0 || strcmp(op_at(i - 1)->name, op->name) < 0);
        assert_true(shape_is_good(op->result));
        assert_true(op->least == CLASS_OBSERVE || op->result_bytes_max <= FIX_RESULT_MAX);
        assert_true(op->least != CLASS_OBSERVE || op->again == AGAIN_IDEMPOTENT);
        assert_true(!op->inverse || op_find(op->inverse));
        for (size_t j = 0; j < OP_ARGUMENTS_MAX && op->arguments[j].name; j++)
            assert_true((op->arguments[j].kind == ARGUMENT_CHOICE) == !!op->arguments[j].choices);
    }
    assert_null(op_find("shell.run"));
    assert_null(op_at(op_count()));
    assert_null(op_row("shell.run"));
}

/* It is asked about the same thing, may be asked as it is, and its fix can say that it was. */
static void
what_looks_for_a_fix_only_sees_and_takes_the_fixs_own_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        assert_int_equal(op->again == AGAIN_PROBE, op->probe != NULL);
        if (!op->probe)
            continue;
        const op_t *looks = op_find(op->probe->op);
        assert_true(looks && looks->least == CLASS_OBSERVE && op->probe->tells);
        assert_non_null(strstr(op->result, PROBED));
        size_t required = 0;
        for (size_t j = 0; op->probe->takes[j]; j++) {
            const op_argument_t *from = op_argument(op, slice_text(op->probe->takes[j]));
            const op_argument_t *to = op_argument(looks, slice_text(op->probe->takes[j]));
            assert_true(from && to && from->kind == to->kind);
            assert_true(from->required || !to->required);
            required += to->required;
        }
        for (size_t j = 0; j < OP_ARGUMENTS_MAX && looks->arguments[j].name; j++)
            required -= looks->arguments[j].required;
        assert_int_equal(required, 0);
    }
}

static void
what_foretells_a_fix_has_no_right_to_change_anything(void **state)
{
    const uint64_t sees = 1ULL << CAP_DAC_READ_SEARCH | 1ULL << CAP_SYS_PTRACE;
    (void)state;
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        const op_row_t *row = op_foresight(op->name);
        assert_int_equal(op->foretold, row != NULL);
        assert_true(!row || op->least != CLASS_OBSERVE);
        const op_t *looks = row && row->looks ? op_find(row->looks) : NULL;
        assert_true(!row || (row->foretells && row->body && row->body != op_row(op->name)->body));
        assert_true(!row || !row->looks || (looks && looks->least == CLASS_OBSERVE));
        assert_true(!row || !row->program); /* which would act: it knows the op's name alone */
        assert_true(!row || (!row->whole && !row->executes && !row->file_bytes &&
                             !(row->capabilities & ~sees)));
    }
}

static void
arguments_are_held_to_their_schema__eff_arg_schema_violation(void **state)
{
    (void)state;
    takes("disk.usage", with_text("path", "/var/log"));
    refuses("disk.usage", value_map(), "needs 'path'");
    refuses("disk.usage", value_list(), "not a map");
    refuses("disk.usage", with_text("folder", "/"), "takes no argument 'folder'");
    value_t *number = value_map();
    value_set_integer(number, "path", 1);
    refuses("disk.usage", number, "'path'");
    takes("net.tcp", tcp("127.0.0.1", 65535));
    refuses("net.tcp", tcp("127.0.0.1", 65536), "'port'");
    refuses("net.tcp", tcp("127.0.0.1", 0), "'port'");
    takes("service.start", with_text("service", "web"));
    refuses("service.start", with_text("service", "../web"), "'service'");
    value_t *largest = with_text("path", "/");
    value_set_integer(largest, "count", 101);
    refuses("disk.largest", largest, "'count'");
    value_t *rotated = with_text("path", "/");
    value_set_integer(rotated, "count", 1);
    value_set_integer(rotated, "rotated", 1);
    refuses("disk.largest", rotated, "'rotated'");
}

static void
no_control_character_passes__eff_newline_in_arg(void **state)
{
    (void)state;
    refuses("disk.usage", with_text("path", "/var\n/log"), "'path'");
    refuses("net.tcp", tcp("127.0.0.1\nx", 80), "'address'");
    refuses("net.tcp", tcp("-oProxyCommand=x", 80), "'address'");
    refuses("net.tcp", tcp("a b", 80), "'address'");
    refuses("process.list", with_text("name", "a\nb"), "'name'");
    refuses("service.start", with_text("service", "web\n"), "'service'");
    value_t *nul = value_map();
    value_set(nul, "path", value_bytes(slice_of("/var\0/x", 7)));
    refuses("disk.usage", nul, "'path'");
}

static void
paths_have_one_spelling(void **state)
{
    char text[5000] = "/";
    (void)state;
    const char *good[] = {"/", "/var", "/var/log", "/...", "/.hidden", "/a b"};
    const char *bad[] = {"",    "var",         "//",     "/var/",      "/var//log", "/.",
                         "/..", "/var/../etc", "/var/.", "/var/./log", "/a\x7f"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(path_is_normal(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(path_is_normal(bad[i]));
    memset(text + 1, 'a', 4094);
    assert_true(path_is_normal(text));
    text[4095] = 'a';
    assert_false(path_is_normal(text));
    text[256] = '\0';
    takes("disk.usage", with_text("path", text));
    refuses("file.remove", with_text("path", text), "too long");
}

static void
below_means_at_a_slash(void **state)
{
    (void)state;
    assert_true(path_is_under("/var/log", "/var/log"));
    assert_true(path_is_under("/var/log/a", "/var/log"));
    assert_true(path_is_under("/var", "/"));
    assert_false(path_is_under("/var/logs", "/var/log"));
    assert_false(path_is_under("/var", "/var/log"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_has_a_row_that_acts_a_manual_and_the_shape_of_its_result),
        cmocka_unit_test(what_looks_for_a_fix_only_sees_and_takes_the_fixs_own_arguments),
        cmocka_unit_test(what_foretells_a_fix_has_no_right_to_change_anything),
        cmocka_unit_test(arguments_are_held_to_their_schema__eff_arg_schema_violation),
        cmocka_unit_test(no_control_character_passes__eff_newline_in_arg),
        cmocka_unit_test(paths_have_one_spelling),
        cmocka_unit_test(below_means_at_a_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
