/* SPDX-License-Identifier: Apache-2.0 */
/* Every fix of the op table is killed in its middle, or stands still there until its deadline ends
 * it, at moments that a seed chooses, and is then settled as the effector does: it is run again,
 * looked for, or unknown. Every op that stands still is ended. They act on a machine of the test's
 * own: its systemd, pids, mounts and network, and a root below which files lie. */
#include "op_words.h"
#include "systemd_fixture.h"

#include "wire/shape.h"

#define CUTS 4 /* of each op; the last by its deadline */
#define SEED 20

/* In words (op_words.h): `%` is the id of a process of the test's, asleep, made anew for each try.
 */
typedef struct {
    const char *op;
    const char *arguments;
    const char *before; /* a shell's words: lays the machine out for one try; NULL for none */
    bool rooted;        /* the machine's files lie below the test's folder */
    const char *ready;  /* an op that is done then, with the same arguments; NULL for none */
} case_t;

#define LOG  "echo text >@/spool/app.log; rm -f @/spool/app.log-*"
#define OLD  "echo text >@/spool/app.log.1"
#define AGED "mkdir -p @/aged; cd @/aged && seq 2000 | xargs touch -d '2 days ago'"
#define ARCHIVES                                                                              \
    "mkdir -p @/var/cache/apt/archives; cd @/var/cache/apt/archives; touch lock; seq 2000 | " \
    "sed 's/$/.deb/' | xargs touch"
#define RULE                                                                         \
    "mkdir -p @/usr/sbin @/etc/logrotate.d; touch @/etc/logrotate.conf; "            \
    "echo '@/spool/app.log {}' >@/etc/logrotate.d/app; echo text >@/spool/app.log; " \
    "printf '#!/bin/sh\\nsleep 0.1\\n' >@/usr/sbin/logrotate; chmod 755 @/usr/sbin/logrotate"
#define SHELL "head -c 3000000 /dev/zero >@/www/shell"
#define CRON  "mkdir -p @/etc/cron.d; rm -f @/etc/cron.d/app*; echo '#' >@/etc/cron.d/"
#define USERS                                                                                      \
    "printf 'root:x:0:0::/root:/bin/sh\\nana:x:54321:54321::/home/ana:/bin/sh\\n' >@/etc/passwd; " \
    "printf 'root:*:1:0:99999:7:::\\nana:$y$j9T$abc:1:0:99999:7:::\\n' >@/etc/shadow; "            \
    "printf 'root:x:0:\\nana:x:54321:\\n' >@/etc/group"
#define STAY "systemctl -q stop tocsin-reboot.timer; true"
#define LINK "ip link set spare0 up; ip route del 203.0.113.0/24"

static const case_t cases[] = {
    {.op = "clock.step", .arguments = "address=127.0.0.1 port=9 timeout_ms=100 most_ms=1000"},
    {.op = "conntrack.flush", .arguments = "source=203.0.113.0/24"},
    {.op = "cron.disable", .arguments = "file=app", .before = CRON "app", .rooted = true},
    {.op = "cron.enable", .arguments = "file=app", .before = CRON "app.disabled", .rooted = true},
    {.op = "evidence.facts", .arguments = "case=one of=memory"},
    {.op = "evidence.file", .arguments = "case=two path=@/www/shell", .before = SHELL},
    {.op = "evidence.seal", .arguments = "case=one"},
    {.op = "evidence.text", .arguments = "case=three name=note text=found"},
    {.op = "file.quarantine", .arguments = "path=@/www/shell", .before = SHELL},
    {.op = "file.remove", .arguments = "path=@/spool/app.log.1", .before = OLD},
    {.op = "file.remove_aged", .arguments = "path=@/aged", .before = AGED},
    {.op = "file.restore", .arguments = "path=@/www/shell id=none"},
    {.op = "file.rotate", .arguments = "path=@/spool/app.log", .before = LOG},
    {.op = "file.truncate", .arguments = "path=@/spool/app.log", .before = LOG},
    {.op = "firewall.block", .arguments = "source=198.51.100.9 seconds=60"},
    {.op = "firewall.limit", .arguments = "port=80 per_second=10 seconds=60"},
    {.op = "firewall.unblock", .arguments = "source=198.51.100.9"},
    {.op = "firewall.unlimit", .arguments = "port=80"},
    {.op = "host.isolate", .arguments = "seconds=60"},
    {.op = "host.reboot", .arguments = "seconds=60", .before = STAY},
    {.op = "host.release", .arguments = "", .before = STAY},
    {.op = "journal.vacuum", .arguments = "keep_bytes=1048576"},
    {.op = "link.down", .arguments = "link=spare0 seconds=60", .before = LINK},
    {.op = "link.up", .arguments = "link=spare0", .before = LINK},
    {.op = "log.rotate", .arguments = "rule=app", .before = RULE, .rooted = true},
    {.op = "package.clean", .arguments = "", .before = ARCHIVES, .rooted = true},
    {.op = "process.freeze", .arguments = "process=% name=sleep"},
    {.op = "process.renice", .arguments = "process=% name=sleep nice=5"},
    {.op = "process.set_limit", .arguments = "process=% name=sleep open_files=2048"},
    {.op = "process.signal", .arguments = "process=% name=sleep signal=TERM wait_ms=2000"},
    {.op = "process.thaw", .arguments = "process=% name=sleep"},
    {.op = "route.add", .arguments = "to=203.0.113.0/24 via=192.0.3.2 seconds=60", .before = LINK},
    {.op = "route.remove",
     .arguments = "to=203.0.113.0/24",
     .before = LINK "; ip route add 203.0.113.0/24 via 192.0.3.2 proto 187"},
    {.op = "service.reload", .arguments = "service=web", .ready = "service.start"},
    {.op = "service.restart", .arguments = "service=web"},
    {.op = "service.start", .arguments = "service=web", .before = "kill $(cat @/web.pid)"},
    {.op = "service.stop", .arguments = "service=web", .ready = "service.start"},
    {.op = "site.run", .arguments = "command=slow"},
    {.op = "sysctl.set", .arguments = "key=net.ipv4.ip_forward value=1"},
    {.op = "unit.disable", .arguments = "unit=tick.timer", .ready = "unit.enable"},
    {.op = "unit.enable", .arguments = "unit=tick.timer", .ready = "unit.disable"},
    {.op = "unit.limit", .arguments = "unit=web.service memory_bytes=67108864"},
    {.op = "unit.mask", .arguments = "unit=slow.service", .ready = "unit.unmask"},
    {.op = "unit.reload", .arguments = "unit=web.service", .ready = "unit.start"},
    {.op = "unit.reset_failed", .arguments = "unit=web.service", .ready = "unit.start"},
    {.op = "unit.restart", .arguments = "unit=web.service", .ready = "unit.start"},
    {.op = "unit.start", .arguments = "unit=web.service", .ready = "unit.stop"},
    {.op = "unit.stop", .arguments = "unit=web.service", .ready = "unit.start"},
    {.op = "unit.unmask", .arguments = "unit=slow.service", .ready = "unit.mask"},
    {.op = "user.end_sessions", .arguments = "user=ana", .before = USERS, .rooted = true},
    {.op = "user.lock", .arguments = "user=ana", .before = USERS, .rooted = true},
    {.op = "user.remove_key",
     .arguments = "user=ana fingerprint=SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDt0OXIY/3Qp2eOGDM",
     .before = USERS,
     .rooted = true},
    {.op = "user.restore_key", .arguments = "user=ana id=none", .before = USERS, .rooted = true},
    {.op = "user.unlock", .arguments = "user=ana", .before = USERS, .rooted = true},
};

static const settings_t settings = {
    .state = "/nowhere", .broker_count = 1, .brokers = {{.endpoint = "tcp://192.0.2.3:7700"}}};
static pid_t sleeper;
static char sleeper_id[PROC_ID_MAX];
static uint64_t drawn = SEED;
static char keepers[PATH_MAX];
static struct {
    size_t tries, cut, known, unknown;
} sums;

/* xorshift64 */
static uint64_t
draw(uint64_t below_this)
{
    drawn ^= drawn << 13;
    drawn ^= drawn >> 7;
    drawn ^= drawn << 17;
    return drawn % below_this;
}

/* The one before may be frozen, and would not die. */
static void
wake_another(void)
{
    fault_t ignored;
    proc_t last;
    char id[PROC_ID_MAX];
    if (sleeper && proc_read(sleeper, &last)) {
        assert_int_equal(proc_write_id(&last, id, NULL), 0);
        bench_root(true);
        CLEANUP(value_destroy)
        value_t *thawed =
            run_within("process.thaw", texts("process", id, "name", "sleep", NULL), 0, &ignored);
        kill(sleeper, SIGKILL);
        waitpid(sleeper, NULL, 0);
    }
    sleeper = fork();
    if (sleeper == 0) {
        execl("/usr/bin/sleep", "sleep", "1000", NULL);
        _exit(127);
    }
    proc_t process = {0};
    for (; strcmp(process.name, "sleep") != 0; poll(NULL, 0, 1))
        assert_true(proc_read(sleeper, &process));
    assert_int_equal(proc_write_id(&process, sleeper_id, NULL), 0);
    words_percent = sleeper_id;
}

/* What passes for a value of its kind and means nothing here: for an op without a case. */
static void
set_anything(value_t *map, const op_argument_t *at)
{
    static const char *const texts[ARGUMENT_KINDS] = {
        [ARGUMENT_PATH] = "/nowhere",
        [ARGUMENT_NAME] = "nobody",
        [ARGUMENT_TEXT] = "nothing at all",
        [ARGUMENT_WORD] = "nobody",
        [ARGUMENT_ADDRESS] = "127.0.0.1",
        [ARGUMENT_NET] = "192.0.2.9",
        [ARGUMENT_HASH] = "0000000000000000000000000000000000000000000000000000000000000000",
    };
    char first[512] = "";
    if (at->kind == ARGUMENT_INTEGER) {
        value_set_integer(map, at->name, at->min);
    } else if (at->kind == ARGUMENT_BOOL) {
        value_set_bool(map, at->name, false);
    } else if (at->kind == ARGUMENT_CHOICE) {
        snprintf(first, sizeof first, "%.*s", (int)strcspn(at->choices, " "), at->choices);
        value_set_text(map, at->name, first);
    } else {
        text_copy(first, sizeof first, texts[at->kind]);
        size_t size = strlen(first);
        if ((int64_t)size < at->min && (size_t)at->min < sizeof first)
            memset(first + size, 'x', (size_t)at->min - size);
        value_set_text(map, at->name, first);
    }
}

static value_t *
arguments_of(const op_t *op, const case_t *given)
{
    fault_t fault = {0};
    value_t *map = in_words(op->name, given ? given->arguments : "");
    for (size_t i = 0; !given && i < OP_ARGUMENTS_MAX && op->arguments[i].name; i++)
        if (op->arguments[i].required)
            set_anything(map, &op->arguments[i]);
    if (op_check(op, map, &fault))
        fail_msg("%s: %s", op->name, fault.text);
    return map;
}

static value_t *
lay_out(const op_t *op, const case_t *given)
{
    wake_another();
    bench_root(given && !given->rooted);
    if (given && given->before)
        lay_out_by(given->before); /* of a thing that is not there, for instance */
    value_t *arguments = arguments_of(op, given);
    value_t *done = given && given->ready ? gives(given->ready, value_copy(arguments)) : NULL;
    value_destroy(&done);
    return arguments;
}

typedef struct {
    fault_code_t code; /* FAULT_NONE: with a result */
    int64_t took_ms;
} ending_t;

/* Undisturbed. */
static ending_t
run(const op_t *op, const value_t *arguments)
{
    fault_t fault = {0};
    mono_t from = mono_now();
    CLEANUP(value_destroy)
    value_t *result = run_within(op->name, value_copy(arguments), 0, &fault);
    if (!result && (fault.code == FAULT_UNKNOWN || fault.code == FAULT_TIMEOUT))
        fail_msg("%s: %s", op->name, fault.text);
    return (ending_t){result ? FAULT_NONE : fault.code, mono_now().ms - from.ms};
}

/* It is killed in a while, or stands still then and is ended as its deadline comes. Whether that
 * cut it off. */
static bool
cut_off(const op_t *op, const value_t *arguments, int64_t wait_us, bool late, wall_t *begun)
{
    fault_t fault = {0};
    proc_t noted;
    op_child_t *child =
        op_child_start(op_row(op->name), op, arguments, &bench, here("note"), &fault);
    if (!child)
        return false; /* nothing was begun: it lacks something that the policy would have */
    usleep((useconds_t)wait_us);
    assert_true(proc_noted_once(here("note"), &noted));
    *begun = proc_started(&noted);
    kill(noted.pid, late ? SIGSTOP : SIGKILL);
    if (late)
        op_child_cut(child);
    CLEANUP(value_destroy) value_t *result = await_op(child, &fault);
    assert_false(proc_noted(here("note"), &noted));
    return !result && fault.code == (late ? FAULT_TIMEOUT : FAULT_UNKNOWN);
}

/* What the probe says, whose result is what the op's would be. */
static probe_verdict_t
look_for(const op_t *op, const value_t *arguments, wall_t begun)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *result = value_map();
    CLEANUP(value_destroy)
    value_t *seen = run_within(op->probe->op, op_probe_arguments(op, arguments), 0, &fault);
    if (!seen)
        return PROBE_CANNOT_TELL;
    probe_verdict_t verdict = op->probe->tells(seen, arguments, begun, result);
    if (verdict == PROBE_HAPPENED && shape_check(op->result, result, &fault))
        fail_msg("%s: %s", op->name, fault.text);
    return verdict;
}

/* As the effector would: what is run again ends as if it had never been cut off. */
static void
settle(const op_t *op, const value_t *arguments, wall_t begun, fault_code_t as)
{
    probe_verdict_t verdict = op->again == AGAIN_IDEMPOTENT ? PROBE_DID_NOT
                              : op->again == AGAIN_NEVER    ? PROBE_CANNOT_TELL
                                                            : look_for(op, arguments, begun);
    sums.known += verdict != PROBE_CANNOT_TELL;
    sums.unknown += verdict == PROBE_CANNOT_TELL;
    if (verdict != PROBE_DID_NOT)
        return;
    ending_t again = run(op, arguments);
    if (again.code != as)
        fail_msg("%s: run again it ends as %s, undisturbed as %s", op->name, fault_word(again.code),
                 fault_word(as));
}

static const case_t *
case_of(const op_t *op)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (!strcmp(cases[i].op, op->name))
            return &cases[i];
    return NULL;
}

static void
is_settled_wherever_it_is_killed(const op_t *op)
{
    const case_t *given = case_of(op);
    CLEANUP(value_destroy) value_t *first = lay_out(op, given);
    ending_t whole = run(op, first);
    for (int i = 0; i < CUTS; i++) {
        wall_t begun;
        CLEANUP(value_destroy) value_t *arguments = lay_out(op, given);
        int64_t wait_us = (int64_t)draw((uint64_t)whole.took_ms * 1000 + 1000);
        sums.tries++;
        if (!cut_off(op, arguments, wait_us, i == CUTS - 1, &begun))
            continue;
        sums.cut++;
        settle(op, arguments, begun, whole.code);
    }
}

/* The op's process: the only child of ours beside the one that sleeps. */
static pid_t
find_child(void)
{
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count = proc_all(&all, NULL);
    pid_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (all[i].parent == getpid() && all[i].pid != sleeper && all[i].state != 'Z') {
            assert_int_equal(found, 0);
            found = all[i].pid;
        }
    return found;
}

static void
is_ended_where_it_stands_still(const op_t *op)
{
    fault_t fault = {0};
    CLEANUP(value_destroy) value_t *arguments = lay_out(op, case_of(op));
    op_child_t *child = op_child_prepare(op_row(op->name), op, &bench, NULL, &fault);
    pid_t pid = child ? find_child() : 0;
    assert_true(pid > 0);
    kill(pid, SIGSTOP);
    if (op_child_go(child, arguments, NULL, &fault))
        fail_msg("%s: %s", op->name, fault.text);
    op_child_cut(child);
    CLEANUP(value_destroy) value_t *result = await_op(child, &fault);
    if (result || fault.code != FAULT_TIMEOUT)
        fail_msg("%s: %s", op->name, fault.text);
    assert_int_equal(find_child(), 0);
}

static void
whatever_stands_still_is_ended_at_its_deadline(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_count(); i++)
        is_ended_where_it_stands_still(op_at(i));
}

static void
a_fix_that_is_killed_in_its_middle_is_known_or_unknown(void **state)
{
    (void)state;
    for (size_t i = 0; i < op_count(); i++)
        if (op_at(i)->least != CLASS_OBSERVE)
            is_settled_wherever_it_is_killed(op_at(i));
    assert_true(sums.cut > sums.tries / 8);
    assert_true(sums.known && sums.unknown);
}

static void
every_case_is_of_a_fix_in_the_op_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_true(op_find(cases[i].op) && op_find(cases[i].op)->least != CLASS_OBSERVE);
}

static int
begin_all(void **state)
{
    static const char policy[] =
        "class highest destructive\nspool %1$s/spool\nread %1$s\nquarantine %1$s/quarantine\n"
        "expendable %1$s/aged older-than 1d\n"
        "evidence %1$s/evidence\nallow site.run command=slow\n"
        "exec slow class change timeout 60 /usr/bin/sleep 0.2\n"
        "service web pidfile %1$s/web.pid\nservice web start %1$s/web\n"
        "service web stop %1$s/halt\nservice web reload /usr/bin/sleep 0.2\n"
        "database nobody /nowhere 5432 postgres role nobody user nobody\n"
        "secret nobody file %1$s/secret\ndevice nobody frr ops 127.0.0.1 22 password nobody "
        "host-key "
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9OJ9nMPHVZxBvhGvPDqAIVn5EOaYmE3dqpKZ1vIkXM\n";
    char text[2048], folder[64] = "/tmp/tocsin-ops-XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, policy, folder);
    bench_begin_in(folder, text);
    snprintf(keepers, sizeof keepers, "%s/keepers", folder);
    bench.keepers = keepers;
    bench.settings = &settings;
    put_file("secret", "word", 0600);
    snprintf(text, sizeof text, "#!/bin/sh\necho $$ >%s/web.pid\nwhile :; do sleep 1; done\n",
             folder);
    put_file("web", text, 0755);
    snprintf(text, sizeof text, "#!/bin/sh\nsleep 0.1\nkill $(cat %s/web.pid)\n", folder);
    put_file("halt", text, 0755);
    for (const char *const *at = (const char *const[]){"spool", "www", "etc", "run", NULL}; *at;
         at++)
        assert_int_equal(mkdir(here(*at), 0755), 0);
    for (const char *const *at = (const char *const[]){"quarantine", "evidence", "keepers", NULL};
         *at; at++)
        assert_int_equal(mkdir(here(*at), 0700), 0);
    put_file("var/lib/dpkg/status", "", 0644);
    must(unshare(CLONE_NEWNET));
    must(system("ip link set lo up; ip link add probe0 type veth peer name probe1; "
                "ip link add spare0 type veth peer name spare1; "
                "ip addr add 192.0.2.1/24 dev probe0; ip addr add 192.0.3.1/24 dev spare0; "
                "for i in probe0 probe1 spare0 spare1; do ip link set $i up; done"));
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
        cmocka_unit_test(every_case_is_of_a_fix_in_the_op_table),
        cmocka_unit_test(whatever_stands_still_is_ended_at_its_deadline),
        cmocka_unit_test(a_fix_that_is_killed_in_its_middle_is_known_or_unknown),
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}

int
main(void)
{
    return systemd_run(run_all);
}
