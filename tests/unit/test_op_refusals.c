/* SPDX-License-Identifier: Apache-2.0 */
/* What ops refuse for what they find on the machine, and what stays behind where a disk is full:
 * the words of each refusal, in a table. What they refuse for how they are asked stands in
 * test_ops_table; what a network, systemd or a device says to them, in the tests of those. */
#include "op_words.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Both texts in words (op_words.h); `%` is the id of a process that has ended. */
typedef struct {
    const char *op, *arguments;
    const char *before; /* a shell's words; NULL for none */
    bool machine;       /* it looks at the machine's own files */
    fault_code_t code;
    const char *words;
} refusal_t;

#define PROC(name, text) "mkdir -p @/proc/sys/fs @/proc/sys/kernel; echo " text " >@/proc/" name
#define MEMORY           "'MemTotal: 1 kB'"
#define KEYS             "cp @/etc/whole @/etc/passwd; rm -rf @/home/ana; mkdir -p @/home/ana/.ssh; "
#define HUGE             "truncate -s 5G @/huge"
#define NO_KEY           "user=ana fingerprint=SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDt0OXIY/3Qp2eOGDM"
#define NOBODYS_HASH     "sha256=0000000000000000000000000000000000000000000000000000000000000000"
#define CASE_OF_1000                                                                \
    "cd @/evidence/full; for end in txt txt.about; do tee <text-a.$end >/dev/null " \
    "$(seq 1000 | sed s/.*/text-\\&.$end/); done"

static const refusal_t refusals[] = {
    {.op = "host.load",
     .before = PROC("loadavg", "none"),
     .code = FAULT_FORMAT,
     .words = "/proc/loadavg is not as expected"},
    {.op = "host.cpu",
     .before = PROC("stat", "intr 1"),
     .code = FAULT_FORMAT,
     .words = "/proc/stat names no processor"},
    {.op = "host.files",
     .before = PROC("sys/fs/file-nr", "1"),
     .code = FAULT_FORMAT,
     .words = "file-nr is not as expected"},
    {.op = "host.memory",
     .before = PROC("meminfo", MEMORY),
     .code = FAULT_FORMAT,
     .words = "/proc/meminfo does not tell MemAvailable"},
    {.op = "host.sysctl",
     .arguments = "key=kernel.long",
     .before = PROC("sys/kernel/long", "$(seq 1000)"),
     .code = FAULT_LIMIT,
     .words = "'kernel.long' is over 1000 bytes"},
    {.op = "sysctl.set",
     .arguments = "key=kernel.long value=1",
     .before = PROC("sys/kernel/long", "$(seq 1000)"),
     .code = FAULT_LIMIT,
     .words = "'kernel.long' is over"},
    {.op = "user.list",
     .before = "rm @/etc/passwd",
     .code = FAULT_IO,
     .words = "'/etc/passwd' cannot be read"},
    {.op = "user.keys",
     .arguments = "user=ana",
     .before = KEYS "mkdir @/home/ana/.ssh/authorized_keys",
     .code = FAULT_POLICY,
     .words = "authorized_keys' is not a regular file"},
    {.op = "user.keys",
     .arguments = "user=ana",
     .before = KEYS "mkfifo @/home/ana/.ssh/authorized_keys2",
     .code = FAULT_POLICY,
     .words = "authorized_keys2' is not a regular file"},
    {.op = "user.keys",
     .arguments = "user=ana",
     .before = KEYS "truncate -s 300K @/home/ana/.ssh/authorized_keys",
     .code = FAULT_LIMIT,
     .words = "is over 262144 bytes"},
    {.op = "user.remove_key",
     .arguments = NO_KEY,
     .before = KEYS "truncate -s 300K @/home/ana/.ssh/authorized_keys",
     .code = FAULT_LIMIT,
     .words = "is over 262144 bytes"},
    {.op = "user.remove_key",
     .arguments = NO_KEY,
     .before = KEYS "ln -s /etc/hostname @/home/ana/.ssh/authorized_keys",
     .code = FAULT_POLICY,
     .words = "a symbolic link stands in"},
    {.op = "user.keys",
     .arguments = "user=far",
     .before = "echo far:x:9:9::/$(seq -s / 1200):/bin/sh >>@/etc/passwd",
     .code = FAULT_LIMIT,
     .words = "the home of 'far' is too long a path"},
    {.op = "user.unlock",
     .arguments = "user=bare",
     .code = FAULT_FAILED,
     .words = "the password of 'bare' is locked all the same"},
    {.op = "user.lock",
     .arguments = "user=nobody-such",
     .code = FAULT_NOT_FOUND,
     .words = "no user 'nobody-such'"},
    {.op = "file.hash",
     .arguments = "path=@/huge",
     .before = HUGE,
     .code = FAULT_LIMIT,
     .words = "is over 4294967296 bytes"},
    {.op = "file.signature",
     .arguments = "path=@/huge signature=@/etc/group keyring=@/etc/group",
     .before = HUGE,
     .code = FAULT_LIMIT,
     .words = "is over 4 GiB"},
    {.op = "file.quarantine",
     .arguments = "path=@/huge",
     .before = HUGE,
     .code = FAULT_LIMIT,
     .words = "is over 1073741824 bytes"},
    {.op = "evidence.file",
     .arguments = "case=large path=@/huge",
     .before = HUGE,
     .code = FAULT_LIMIT,
     .words = "is over 268435456 bytes"},
    {.op = "evidence.text",
     .arguments = "case=full name=b text=more",
     .before = CASE_OF_1000,
     .code = FAULT_LIMIT,
     .words = "has 1000 items or 1 GiB"},
    {.op = "evidence.text",
     .arguments = "case=taken name=b text=more",
     .before = "touch @/evidence/taken",
     .code = FAULT_IO,
     .words = "case 'taken' cannot be opened"},
    {.op = "file.restore",
     .arguments = "path=@/www/shell id=junk",
     .before = "echo junk >@/quarantine/junk.note",
     .code = FAULT_FORMAT,
     .words = "'junk.note' in quarantine is no note"},
    {.op = "file.restore",
     .arguments = "path=@/www/shell id=other",
     .before = "cp @/quarantine/[0-9a-f]*.note @/quarantine/other.note",
     .code = FAULT_FORMAT,
     .words = "'other' tells of another file"},
    {.op = "process.files",
     .arguments = "pid=4194304",
     .machine = true,
     .code = FAULT_NOT_FOUND,
     .words = "there is no process 4194304"},
    {.op = "process.view",
     .arguments = "pid=4194304",
     .machine = true,
     .code = FAULT_NOT_FOUND,
     .words = "there is no process 4194304"},
    {.op = "process.tree",
     .arguments = "pid=4194304",
     .machine = true,
     .code = FAULT_NOT_FOUND,
     .words = "there is no process 4194304"},
    {.op = "process.renice",
     .arguments = "process=% name=ended nice=5",
     .machine = true,
     .code = FAULT_NOT_FOUND,
     .words = "is gone"},
    {.op = "process.signal",
     .arguments = "process=% name=ended signal=HUP",
     .machine = true,
     .code = FAULT_NOT_FOUND,
     .words = "is gone"},
    {.op = "process.freeze",
     .arguments = "process=% name=ended",
     .machine = true,
     .code = FAULT_NOT_FOUND,
     .words = "is gone"},
    {.op = "site.run",
     .arguments = "command=absent",
     .code = FAULT_IO,
     .words = "absent' cannot be executed"},
    {.op = "site.run",
     .arguments = "command=none",
     .code = FAULT_POLICY,
     .words = "no command 'none'"},
};

static char ended[PROC_ID_MAX];

static bool
is_refused(const refusal_t *self)
{
    fault_t fault = {0};
    if (self->before)
        lay_out_by(self->before);
    bench_root(self->machine);
    CLEANUP(value_destroy)
    value_t *result =
        run_within(self->op, in_words(self->op, self->arguments ? self->arguments : ""), 0, &fault);
    bool as_told = !result && fault.code == self->code && strstr(fault.text, self->words);
    if (!as_told)
        print_error("%s %s: %s (%s), not %s (%s)\n", self->op,
                    self->arguments ? self->arguments : "", fault.text,
                    result ? "a result" : fault_word(fault.code), self->words,
                    fault_word(self->code));
    return as_told;
}

static void
what_an_op_finds_amiss_it_says_in_words_that_a_person_can_act_on(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        wrong += !is_refused(&refusals[i]);
    assert_int_equal(wrong, 0);
}

/* ---- what a policy does not name ------------------------------------------------------------ */

static void
what_a_policy_names_no_folder_for_is_refused(void **state)
{
    static const struct {
        const char *op, *arguments, *words;
    } all[] = {
        {"file.quarantine", "path=@/www/shell", "names no quarantine"},
        {"file.restore", "path=@/www/shell id=a", "names no quarantine"},
        {"user.remove_key", NO_KEY, "names no quarantine"},
        {"user.restore_key", "user=ana id=a", "names no quarantine"},
        {"evidence.facts", "case=a of=memory", "names no evidence folder"},
        {"evidence.file", "case=a path=@/www/shell", "names no evidence folder"},
        {"evidence.seal", "case=a", "names no evidence folder"},
        {"evidence.text", "case=a name=a text=b", "names no evidence folder"},
        {"file.rotate", "path=@/spool/app.log", "below no spool folder"},
        {"file.truncate", "path=@/spool/app.log", "below no spool folder"},
        {"file.remove", "path=@/spool/app.log.1", "not expendable by the policy"},
        {"file.remove_aged", "path=@/spool", "not expendable by the policy"},
        {"service.start", "service=web", "no service 'web'"},
        {"service.status", "service=web", "no service 'web'"},
        {"service.restart", "service=web", "no service 'web'"},
        {"service.reload", "service=web", "no service 'web'"},
        {"snmp.get", "address=127.0.0.1 version=2c secret=word oid=1.3.6.1", "no secret 'word'"},
        {"device.show", "device=core what=version", "no device 'core'"},
    };
    fault_t fault = {0};
    (void)state;
    put_file("bare", "class highest destructive\n", 0600);
    const policy_t *full = bench.policy;
    bench_root(false);
    bench.policy = policy_load(here("bare"), &fault);
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        refused(all[i].op, in_words(all[i].op, all[i].arguments), FAULT_POLICY, all[i].words);
    policy_destroy((policy_t **)(uintptr_t)&bench.policy);
    bench.policy = full;
}

static void
what_the_filesystem_holds_fast_stays_and_is_named(void **state)
{
    static const struct {
        const char *op, *arguments, *words;
    } all[] = {
        {"file.remove", "path=@/spool/fast.log.1", "fast.log.1' cannot be removed"},
        {"file.truncate", "path=@/spool/fast.log", "fast.log' cannot be"},
        {"file.rotate", "path=@/spool/fast.log", "fast.log' cannot be rotated"},
        {"file.quarantine", "path=@/spool/fast.log", "fast.log' cannot be removed"},
    };
    (void)state;
    bench_root(false);
    if (lay_out_by("cd @/spool; echo text | tee fast.log >fast.log.1; chattr +i fast.log*"))
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        refused(all[i].op, in_words(all[i].op, all[i].arguments), FAULT_IO, all[i].words);
    int lost = lay_out_by("cd @/spool; test \"$(cat fast.log fast.log.1 | wc -l)\" = 2");
    int more = lay_out_by("cd @/spool; test \"$(ls | wc -l)\" = 2");
    assert_int_equal(lay_out_by("chattr -i @/spool/fast.log*"), 0);
    assert_false(lost || more);
}

/* ---- quarantine ----------------------------------------------------------------------------- */

static void
a_copy_that_somebody_changed_in_quarantine_is_not_given_back(void **state)
{
    char path[128];
    (void)state;
    bench_root(false);
    put_file("www/bad", "evil", 0644);
    CLEANUP(value_destroy)
    value_t *held = gives("file.quarantine", texts("path", here("www/bad"), NULL));
    const char *id = value_get_text(held, "id");
    snprintf(path, sizeof path, "quarantine/%s", id);
    put_file(path, "good", 0400);
    refused("file.restore", texts("path", here("www/bad"), "id", id, NULL), FAULT_HASH,
            "is no more what came there");
    assert_int_not_equal(access(here("www/bad"), F_OK), 0);
    assert_int_equal(unlink(here(path)), 0);
    refused("file.restore", texts("path", here("www/bad"), "id", id, NULL), FAULT_IO,
            "cannot be restored");
    assert_int_equal(lay_out_by("test -z \"$(ls -A @/www | grep tocsin)\""), 0);
}

/* ---- full disks ----------------------------------------------------------------------------- */

/* In a mount namespace of the test's: 64 KiB for each folder. */
static void
fill(const char *name)
{
    assert_int_equal(mount("none", here(name), "tmpfs", 0, "size=64k,mode=700"), 0);
}

static int64_t
free_bytes(const char *name)
{
    bench_root(false);
    CLEANUP(value_destroy) value_t *usage = gives("disk.usage", texts("path", here(name), NULL));
    return value_get_integer(usage, "free_bytes");
}

/* What it began is gone, what it was to act on is there. */
static void
leaves_nothing(const char *op, const char *arguments, const char *full, const char *kept)
{
    int64_t before = free_bytes(full);
    refused(op, in_words(op, arguments), FAULT_FULL, "No space left");
    if (free_bytes(full) < before)
        fail_msg("%s keeps %lld bytes of a full disk", op, (long long)(before - free_bytes(full)));
    assert_true(!kept || !access(here(kept), F_OK));
}

static void
what_a_full_disk_cuts_off_takes_no_room_and_loses_nothing(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    fill("quarantine");
    fill("evidence");
    lay_out_by("head -c 100000 /dev/zero >@/www/large; head -c 30000 /dev/zero >@/www/half");
    leaves_nothing("file.quarantine", "path=@/www/large", "quarantine", "www/large");
    leaves_nothing("evidence.file", "case=one path=@/www/large", "evidence", "www/large");
    CLEANUP(value_destroy)
    value_t *half = gives("evidence.file", in_words("evidence.file", "case=one path=@/www/half"));
    leaves_nothing("evidence.seal", "case=one", "evidence", NULL);
    CLEANUP(value_destroy)
    value_t *held = gives("file.quarantine", in_words("file.quarantine", "path=@/www/half"));
    fill("www");
    lay_out_by("head -c 50000 /dev/zero >@/www/other");
    CLEANUP(bytes_destroy) bytes_t *back = bytes_new();
    bytes_addf(back, "path=@/www/half id=%s", value_get_text(held, "id"));
    leaves_nothing("file.restore", bytes_text(back), "www", "www/other");
    assert_int_equal(setns(mounts, CLONE_NEWNS), 0);
}

/* --------------------------------------------------------------------------------------------- */

/* The id of a process named "ended", which has ended. */
static void
make_ended(void)
{
    proc_t process = {0};
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NAME, "ended");
        pause();
        _exit(0);
    }
    while (strcmp(process.name, "ended") != 0)
        assert_true(proc_read(pid, &process));
    assert_int_equal(proc_write_id(&process, ended, NULL), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    words_percent = ended;
}

static int
begin(void **state)
{
    static const char policy[] =
        "class highest destructive\nread %1$s\nspool %1$s/spool\nquarantine %1$s/quarantine\n"
        "evidence %1$s/evidence\nexec absent class change timeout 5 %1$s/absent\n";
    char text[512], folder[64] = "/tmp/tocsin-ops-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, policy, folder);
    bench_begin_in(folder, text);
    make_ended();
    put_file("etc/passwd",
             "root:x:0:0::/root:/bin/sh\nana:x:54321:54321::/home/ana:/bin/sh\n"
             "bare:x:54322:54322::/home/bare:/bin/sh\n",
             0644);
    put_file("etc/shadow", "root:*:1:0:99999:7:::\nana:$y$j9T$abc:1:0:99999:7:::\nbare:!:1::::::\n",
             0600);
    put_file("etc/group", "root:x:0:\nana:x:54321:\n", 0644);
    put_file("www/shell", "evil", 0644);
    assert_int_equal(lay_out_by("mkdir -m 700 @/quarantine @/evidence; mkdir @/spool; cp -p "
                                "@/etc/passwd @/etc/whole"),
                     0);
    bench_root(false);
    CLEANUP(value_destroy)
    value_t *held = gives("file.quarantine", texts("path", here("www/shell"), NULL));
    CLEANUP(value_destroy)
    value_t *noted =
        gives("evidence.text", texts("case", "full", "name", "a", "text", "found", NULL));
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
        cmocka_unit_test(what_an_op_finds_amiss_it_says_in_words_that_a_person_can_act_on),
        cmocka_unit_test(what_a_policy_names_no_folder_for_is_refused),
        cmocka_unit_test(what_the_filesystem_holds_fast_stays_and_is_named),
        cmocka_unit_test(a_copy_that_somebody_changed_in_quarantine_is_not_given_back),
        cmocka_unit_test(what_a_full_disk_cuts_off_takes_no_room_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
