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
            assert_true(from && to && from->kind == to->kind && (from->required || !to->required));
            required += to && to->required;
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
        assert_int_equal(op->foretold, op->least != CLASS_OBSERVE);
        assert_true(!row || op->least != CLASS_OBSERVE);
        const op_t *looks = row && row->looks ? op_find(row->looks) : NULL;
        assert_true(!row || (row->foretells && row->body && row->body != op_row(op->name)->body));
        assert_true(!row || !row->looks || (looks && looks->least == CLASS_OBSERVE));
        assert_true(!row || !row->program); /* which would act: it knows the op's name alone */
        assert_true(!row || (!row->whole && !row->executes && !row->file_bytes &&
                             !(row->capabilities & ~sees)));
    }
}

/* ---- who has which right -------------------------------------------------------------------- */

/* Beside the capabilities of a row. */
#define WHOLE    (1ULL << 63)
#define ROOT     (1ULL << 62)
#define SIGNALS  (1ULL << 61)
#define EXECUTES (1ULL << 60)
#define GROWS    (1ULL << 59)
#define NETWORK  (1ULL << 58)

static uint64_t
rights_of(const op_row_t *row)
{
    return row->capabilities | (row->whole ? WHOLE : 0) | (row->root ? ROOT : 0) |
           (row->signals ? SIGNALS : 0) | (row->executes ? EXECUTES : 0) |
           (row->file_bytes ? GROWS : 0) | (row->network ? NETWORK : 0);
}

#define FIREWALL                                                                     \
    "firewall.block firewall.limit firewall.list firewall.unblock firewall.unlimit " \
    "firewall.view host.isolate host.release "
#define DEVICES                                                                                \
    "device.acl device.acl_add device.acl_remove device.backup "                               \
    "device.config device.diff device.interface device.neighbour "                             \
    "device.neighbour_clear device.neighbour_down device.neighbour_reset device.neighbour_up " \
    "device.no_shut device.show "                                                              \
    "device.shut "
#define DATABASES                                              \
    "postgres.cancel postgres.drop_slot postgres.end_session " \
    "postgres.replication postgres.sessions "
#define KEEPERS                                                               \
    "device.backup evidence.facts evidence.file evidence.seal evidence.text " \
    "file.restore user.lock user.remove_key user.restore_key user.unlock "

/* Each with a blank behind it. A right that is given to another op is given here too, by somebody
 * who thought of it; only seeing files (CAP_DAC_READ_SEARCH) is not. */
static const struct {
    const char *name;
    uint64_t right;
    const char *ops;
} strong[] = {
    {"network", NETWORK,
     FIREWALL DEVICES
     "clock.step conntrack.count conntrack.flush evidence.facts host.sysctl "
     "http.probe link.bond_join link.down link.list link.reconfigure link.renegotiate "
     "link.settings link.up link.view log.rotate "
     "neighbour.list net.capture net.dns net.ping net.tcp "
     "net.traceroute ntp.offset package.upgrade process.sockets route.add "
     "route.get route.list route.remove service.reload service.restart "
     "service.start service.stop site.run snmp.get snmp.table "
     "snmp.walk socket.summary sysctl.set tls.certificate "},
    {"whole", WHOLE,
     "link.down link.up log.rotate package.upgrade route.add route.remove service.reload "
     "service.restart "
     "service.start service.stop site.run "},
    {"root", ROOT,
     "link.reconfigure host.reboot journal.vacuum process.end_tree process.freeze process.thaw "
     "sysctl.set "
     "unit.disable "
     "unit.enable unit.limit unit.mask unit.reload unit.reset_failed unit.restart unit.start "
     "unit.stop unit.unmask user.lock user.unlock "},
    {"signals", SIGNALS,
     "host.reboot process.end_tree process.freeze process.renice process.set_limit process.signal "
     "process.thaw user.end_sessions user.lock user.unlock "},
    {"executes", EXECUTES,
     FIREWALL "disk.health disk.raid_readd file.signature host.reboot link.neighbours "
              "link.reconfigure journal.vacuum "
              "package.updates user.lock "
              "user.unlock "},
    {"file_bytes", GROWS, KEEPERS "file.quarantine host.reboot "},
    {"CAP_CHOWN", 1ULL << CAP_CHOWN, KEEPERS "file.quarantine file.rotate "},
    {"CAP_DAC_OVERRIDE", 1ULL << CAP_DAC_OVERRIDE,
     KEEPERS "cron.disable cron.enable disk.health disk.raid_readd file.quarantine file.remove "
             "file.remove_aged file.rotate file.truncate link.neighbours package.clean "
             "process.end_tree process.freeze "
             "process.thaw user.reset_lockout "},
    {"CAP_FOWNER", 1ULL << CAP_FOWNER,
     KEEPERS "file.quarantine file.remove file.remove_aged file.rotate "},
    {"CAP_FSETID", 1ULL << CAP_FSETID, KEEPERS "file.rotate "},
    {"CAP_KILL", 1ULL << CAP_KILL, "process.end_tree process.signal user.end_sessions "},
    {"CAP_NET_ADMIN", 1ULL << CAP_NET_ADMIN,
     FIREWALL "conntrack.count conntrack.flush link.bond_join link.renegotiate sysctl.set "},
    {"CAP_NET_RAW", 1ULL << CAP_NET_RAW, "net.capture net.ping "},
    {"CAP_SETGID", 1ULL << CAP_SETGID, DATABASES},
    {"CAP_SETUID", 1ULL << CAP_SETUID, DATABASES},
    {"CAP_SYS_ADMIN", 1ULL << CAP_SYS_ADMIN, "disk.health disk.raid_readd sysctl.set "},
    {"CAP_SYS_NICE", 1ULL << CAP_SYS_NICE,
     "process.end_tree process.freeze process.renice process.thaw "},
    {"CAP_SYS_PTRACE", 1ULL << CAP_SYS_PTRACE,
     "evidence.facts package.restarts process.end_tree process.files process.freeze process.renice "
     "process.set_limit process.signal process.sockets process.thaw process.view service.status "
     "user.end_sessions "},
    {"CAP_SYS_RAWIO", 1ULL << CAP_SYS_RAWIO, "disk.health disk.raid_readd "},
    {"CAP_SYS_RESOURCE", 1ULL << CAP_SYS_RESOURCE, "process.set_limit "},
    {"CAP_SYS_TIME", 1ULL << CAP_SYS_TIME, "clock.step "},
    {"CAP_AUDIT_WRITE", 1ULL << CAP_AUDIT_WRITE, "user.lock user.unlock "},
};

static bool
is_listed(const char *name, const char *words)
{
    size_t size = strlen(name);
    for (const char *at = words; (at = strstr(at, name)); at += size)
        if ((at == words || at[-1] == ' ') && at[size] == ' ')
            return true;
    return false;
}

static void
no_op_has_a_right_that_it_is_not_listed_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_count(); i++) {
        const char *name = op_at(i)->name;
        uint64_t rest = rights_of(op_row(name)) & ~(1ULL << CAP_DAC_READ_SEARCH);
        for (size_t j = 0; j < ARRAY_SIZE(strong); j++) {
            if (!(rest & strong[j].right) != !is_listed(name, strong[j].ops))
                fail_msg("%s: %s", name, strong[j].name);
            rest &= ~strong[j].right;
        }
        if (rest)
            fail_msg("%s has a right that none is listed for: %llx", name,
                     (unsigned long long)rest);
    }
}

/* ---- arguments ------------------------------------------------------------------------------ */

/* One that passes, and its neighbours that do not: of any kind but integers, bools and choices. */
static const struct {
    const char *good;
    const char *bad[6];
} samples[ARGUMENT_KINDS] = {
    [ARGUMENT_PATH] = {"/var/log", {"", "var", "/var/", "/var/../etc", "/a//b", "/a\nb"}},
    [ARGUMENT_NAME] = {"web", {"", "-web", "../web", "Web", "a b", "web\n"}},
    [ARGUMENT_TEXT] = {"some text", {"\n", "a\tb", "a\x7f", "\xc3\xa9", "a\x1b[2J"}},
    [ARGUMENT_WORD] = {"word", {"-word", "a b", " ", "a\n", "\xc3\xa9"}},
    [ARGUMENT_ADDRESS] = {"host.example", {"", "-h", "a b", "a/b", "a\n", "$(id)"}},
    [ARGUMENT_NET] = {"192.0.2.0/24",
                      {"", "192.0.2.1/24", "host", "192.0.2.0/024", "::1 ", "1.2.3"}},
    [ARGUMENT_HASH] = {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                       {"", "0123",
                        "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"}},
};

static void
fits(const op_t *op, const op_argument_t *argument, bool does, value_t *value)
{
    if (!argument_misfit(argument, value) != does)
        fail_msg("%s: '%s' %s", op->name, argument->name, does ? "refuses" : "takes too much");
    value_destroy(&value);
}

static value_t *
long_text(const char *front, int64_t size)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    while ((int64_t)text->size < size)
        bytes_add_text(text, text->size ? "x" : front);
    return value_bytes(bytes_slice(text));
}

/* That of a text and a word, and of a path that has one. */
static void
its_length_is_bounded(const op_t *op, const op_argument_t *argument)
{
    const char *front = argument->kind == ARGUMENT_PATH ? "/" : "x";
    assert_true(argument->max > 0);
    fits(op, argument, true, long_text(front, argument->max));
    fits(op, argument, false, long_text(front, argument->max + 1));
    if (argument->min)
        fits(op, argument, false, long_text(front, argument->min - 1));
}

static void
its_text_is_of_its_kind(const op_t *op, const op_argument_t *argument)
{
    argument_kind_t kind = argument->kind;
    bool bounded = kind == ARGUMENT_TEXT || kind == ARGUMENT_WORD || argument->max;
    size_t size = strlen(samples[kind].good);
    if (!bounded || ((int64_t)size >= argument->min && (int64_t)size <= argument->max))
        fits(op, argument, true, value_text(samples[kind].good));
    for (size_t i = 0; i < ARRAY_SIZE(samples[kind].bad) && samples[kind].bad[i]; i++)
        fits(op, argument, false, value_text(samples[kind].bad[i]));
    /* What a C string hides. */
    CLEANUP(bytes_destroy) bytes_t *hidden = bytes_new();
    bytes_add(hidden, samples[kind].good, size + 1);
    fits(op, argument, false, value_bytes(bytes_slice(hidden)));
    if (bounded)
        its_length_is_bounded(op, argument);
}

static void
its_choice_is_one_of_them(const op_t *op, const op_argument_t *argument)
{
    size_t first = strcspn(argument->choices, " ");
    fits(op, argument, true, value_bytes(slice_of(argument->choices, first)));
    fits(op, argument, false, value_bytes(slice_of(argument->choices, first - 1)));
    fits(op, argument, argument->choices[first] == '\0', value_text(argument->choices));
    fits(op, argument, false, value_text(""));
    fits(op, argument, false, value_text(" "));
    fits(op, argument, false, value_text("none-of-them"));
}

static void
its_number_is_bounded(const op_t *op, const op_argument_t *argument)
{
    assert_true(argument->min < argument->max);
    fits(op, argument, true, value_integer(argument->min));
    fits(op, argument, true, value_integer(argument->max));
    if (argument->min > INT64_MIN)
        fits(op, argument, false, value_integer(argument->min - 1));
    if (argument->max < INT64_MAX)
        fits(op, argument, false, value_integer(argument->max + 1));
}

static void
every_argument_of_every_op_is_held_to_its_kind_and_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_count(); i++)
        for (size_t j = 0; j < OP_ARGUMENTS_MAX && op_at(i)->arguments[j].name; j++) {
            const op_t *op = op_at(i);
            const op_argument_t *argument = &op->arguments[j];
            bool integer = argument->kind == ARGUMENT_INTEGER,
                 flag = argument->kind == ARGUMENT_BOOL;
            fits(op, argument, flag, value_bool(true));
            fits(op, argument, false, value_list());
            fits(op, argument, false, value_map());
            if (!integer)
                fits(op, argument, false, value_integer(1));
            if (integer || flag)
                fits(op, argument, false, value_text("1"));
            if (integer)
                its_number_is_bounded(op, argument);
            else if (argument->kind == ARGUMENT_CHOICE)
                its_choice_is_one_of_them(op, argument);
            else if (!flag)
                its_text_is_of_its_kind(op, argument);
        }
}

/* Whatever the others are: the first thing that is looked for. */
static void
no_op_runs_without_what_it_needs_or_with_more_than_it_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        bool needs = false;
        for (size_t j = 0; j < OP_ARGUMENTS_MAX && op->arguments[j].name; j++)
            needs |= op->arguments[j].required;
        if (needs)
            refuses(op->name, value_map(), "needs");
        else
            takes(op->name, value_map());
        refuses(op->name, with_text("environment", "LD_PRELOAD=/tmp/x.so"), "takes no argument");
        refuses(op->name, value_list(), "not a map");
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
        cmocka_unit_test(no_op_has_a_right_that_it_is_not_listed_for),
        cmocka_unit_test(every_argument_of_every_op_is_held_to_its_kind_and_bounds),
        cmocka_unit_test(no_op_runs_without_what_it_needs_or_with_more_than_it_takes),
        cmocka_unit_test(arguments_are_held_to_their_schema__eff_arg_schema_violation),
        cmocka_unit_test(no_control_character_passes__eff_newline_in_arg),
        cmocka_unit_test(paths_have_one_spelling),
        cmocka_unit_test(below_means_at_a_slash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
