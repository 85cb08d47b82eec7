/* SPDX-License-Identifier: Apache-2.0 */
/* The effector's own program, as the judge meets it: over a socket, with real ops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "tests/unit/site_fixture.h"
#include "wire/value.h"
#include "worker/op_group.h"

#define MANIFEST                                                                           \
    "tocsin-manifest v1\nplaybook disk-full\nsummary Free space\nclass change\n"           \
    "rollout 1 2 30 0\nlimits 0 0\ncooldown 0\nstep clean run 60 -\nuse clean disk.usage " \
    "observe\n"                                                                            \
    "use clean file.remove change\nuse clean service.restart change\n"                     \
    "use clean service.start change\nuse clean site.run change\nend\n"

typedef struct {
    site_t *site;
    char folder[64], config[96], program[PATH_MAX];
    channel_t *effector;
    pid_t pid;
    hash_t run;
    char head[HASH_TEXT];
    frames_t *answer;
} bench_t;

static void
write_in(bench_t *bench, const char *name, const char *text, mode_t mode)
{
    char path[160];
    fault_t fault = {0};
    snprintf(path, sizeof path, "%s/%s", bench->folder, name);
    if (file_write(path, slice_text(text), mode, &fault))
        fail_msg("%s", fault.text);
}

/* As tocsin-worker starts it. */
static void
start(bench_t *bench)
{
    int ends[2];
    char number[16];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    bench->pid = fork();
    if (bench->pid == 0) {
        fcntl(ends[1], F_SETFD, 0);
        snprintf(number, sizeof number, "%d", ends[1]);
        execl(bench->program, "effector", number, bench->config, NULL);
        _exit(127);
    }
    close(ends[1]);
    bench->effector = channel_new(ends[0]);
}

static int
await_end(bench_t *bench)
{
    int status = -1;
    channel_destroy(&bench->effector);
    waitpid(bench->pid, &status, 0);
    bench->pid = 0;
    return status;
}

static void
tell(bench_t *bench, frames_t *message)
{
    fault_t fault = {0};
    if (channel_send(bench->effector, message, &fault))
        fail_msg("%s", fault.text);
    frames_destroy(&message);
}

static void
hear(bench_t *bench, const char *word)
{
    fault_t fault = {0};
    frames_destroy(&bench->answer);
    bench->answer = channel_receive(bench->effector, 20000, &fault);
    if (!bench->answer)
        fail_msg("%s", fault.text);
    if (strcmp(frames_text(bench->answer, 0), word) != 0)
        fail_msg("%s: %s, not %s", frames_text(bench->answer, 0), frames_text(bench->answer, 3),
                 word);
    const char *head = frames_text(bench->answer, bench->answer->count - 1);
    if (strlen(head) == HASH_TEXT - 1)
        memcpy(bench->head, head, HASH_TEXT);
}

static frames_t *
message_of(const char *word, const char *id)
{
    frames_t *message = frames_new();
    frames_add_text(message, word);
    frames_add_text(message, id);
    return message;
}

static void
add_sealed(frames_t *message, const sealed_t *sealed)
{
    frames_add(message, bytes_slice(sealed->document));
    frames_add(message, bytes_slice(sealed->armors));
}

static void
get_warrant(bench_t *bench)
{
    site_t *site = bench->site;
    const sealed_t *all[] = {&site->root, &site->people, &site->north};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        frames_t *document = message_of("DOCUMENT", "d");
        add_sealed(document, all[i]);
        tell(bench, document);
        hear(bench, "KEPT");
    }
    sealed_t release = site_seal_release(
        site, site_release_of(site, "disk-full", slice_text(MANIFEST), slice_text(SITE_PLAYBOOK)),
        "ana", "rob,rita");
    hash_t hash = hash_of(bytes_slice(release.document));
    order_t *order = site_order(site, &hash);
    sealed_t sealed = site_seal_order(site, order, "pat");
    frames_t *warrant = message_of("WARRANT", "w");
    frames_add_text(warrant, "order");
    add_sealed(warrant, &sealed);
    frames_add_text(warrant, "");
    frames_add_text(warrant, "");
    add_sealed(warrant, &release);
    frames_add_text(warrant, MANIFEST);
    frames_add_text(warrant, "");
    tell(bench, warrant);
    hear(bench, "GRANTED");
    bench->run = hash_of(bytes_slice(sealed.document));
    sealed_done(&release);
    sealed_done(&sealed);
}

static void
ask(bench_t *bench, const char *index, const char *op, const char *key, const char *text)
{
    char run[HASH_TEXT];
    CLEANUP(value_destroy) value_t *arguments = value_map();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    value_set_text(arguments, key, text);
    value_encode(arguments, encoded);
    frames_t *message = message_of("OP", "o");
    frames_add_text(message, hash_write(&bench->run, run));
    frames_add_text(message, "clean");
    frames_add_text(message, "run");
    frames_add_text(message, "1");
    frames_add_text(message, index);
    frames_add_text(message, op);
    frames_add(message, bytes_slice(encoded));
    frames_add_text(message, bench->head);
    tell(bench, message);
}

static void
write_settings(bench_t *bench)
{
    char text[1024], id[HASH_TEXT];
    const char *folder = bench->folder;
    snprintf(text, sizeof text,
             "site %s\nname w1\nstate %s/state\nrun %s\npolicy %s/policy\n"
             "broker tcp://127.0.0.1:1 %s\n",
             hash_write(&bench->site->id, id), folder, folder, folder, id);
    write_in(bench, "config", text, 0600);
    snprintf(text, sizeof text,
             "allow disk.usage\nallow file.remove\nallow service.restart\nallow "
             "service.start\nclass highest change\n"
             "spool %s/spool\nservice slow pidfile %s/slow.pid\nservice slow start %s/slow\n"
             "service slow stop %s/halt\n"
             "allow site.run command=hide\nexec hide class change timeout 60 %s/hide\n",
             folder, folder, folder, folder, folder);
    write_in(bench, "policy", text, 0600);
    snprintf(text, sizeof text,
             "#!/bin/sh\necho x >> %s/starts\nwhile [ ! -e %s/go ]; do sleep 0.02; done\n"
             "echo $$ > %s/slow.pid\nwhile [ -e %s/policy ]; do sleep 0.02; done\n",
             folder, folder, folder, folder);
    write_in(bench, "slow", text, 0755);
    snprintf(text, sizeof text,
             "#!/bin/sh\necho x >> %s/stops\nwhile [ ! -e %s/go ]; do sleep 0.02; done\n"
             "kill $(cat %s/slow.pid)\n",
             folder, folder, folder);
    write_in(bench, "halt", text, 0755);
    snprintf(text, sizeof text,
             "#!/bin/sh\nsetsid sh -c 'while :; do echo x >> %s/hidden; sleep 0.02; done' &\n"
             "while [ ! -e %s/go ]; do sleep 0.02; done\n",
             folder, folder);
    write_in(bench, "hide", text, 0755);
}

/* The program has a real clock, and the fixture's documents another: made anew for today. */
static void
move_to_today(site_t *site)
{
    site->now.ms = wall_now().ms / 1000 * 1000;
    sealed_done(&site->root);
    sealed_done(&site->people);
    sealed_done(&site->north);
    site->root = site_seal_root(site, site_root(site), "hana,hugo");
    site->id = hash_of(bytes_slice(site->root.document));
    site->people = site_seal_people(site, site_people(site), "hana,hugo");
    site->north = site_seal_fleet(site, site_fleet(site, "north"), "olaf");
}

static int
set_up(void **state)
{
    char path[PATH_MAX];
    bench_t *bench = memory_new(1, sizeof *bench);
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_true(size > 0);
    path[size] = '\0';
    int length = snprintf(bench->program, sizeof bench->program, "%s/../../libexec/tocsin/effector",
                          dirname(path));
    assert_true(length < PATH_MAX);
    bench->site = site_new();
    move_to_today(bench->site);
    snprintf(bench->folder, sizeof bench->folder, "/tmp/test_effector_p.XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->config, sizeof bench->config, "%s/config", bench->folder);
    snprintf(path, sizeof path, "%s/spool", bench->folder);
    mkdir(path, 0700);
    write_settings(bench);
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    char command[96];
    bench_t *bench = *state;
    write_in(bench, "go", "", 0600);
    if (bench->pid)
        await_end(bench);
    frames_destroy(&bench->answer);
    snprintf(command, sizeof command, "rm -rf '%s'", bench->folder);
    site_destroy(&bench->site);
    free(bench);
    return system(command);
}

/* How often the slow service's command ran that leaves its traces there. */
static size_t
count_calls(const bench_t *bench, const char *traces)
{
    char path[96];
    fault_t ignored;
    snprintf(path, sizeof path, "%s/%s", bench->folder, traces);
    CLEANUP(bytes_destroy) bytes_t *lines = file_read(path, 1000, &ignored);
    return lines ? lines->size / 2 : 0;
}

static void
await_calls(const bench_t *bench, const char *traces, size_t count)
{
    for (int i = 0; i < 2000 && count_calls(bench, traces) < count; i++)
        usleep(10000);
    assert_int_equal(count_calls(bench, traces), count);
}

static void
ops_are_done_and_told_again_after_a_restart(void **state)
{
    bench_t *bench = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/spool/app.log.1", bench->folder);
    write_in(bench, "spool/app.log.1", "some text", 0600);
    start(bench);
    get_warrant(bench);
    ask(bench, "1", "disk.usage", "path", "/");
    hear(bench, "FAULT"); /* the policy names no such folder */
    assert_string_equal(frames_text(bench->answer, 2), "policy");
    ask(bench, "2", "file.remove", "path", path);
    hear(bench, "RESULT");
    CLEANUP(bytes_destroy) bytes_t *first = bytes_copy(frames_at(bench->answer, 2));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(await_end(bench), 0);
    start(bench);
    get_warrant(bench);
    ask(bench, "2", "file.remove", "path", path);
    hear(bench, "RESULT");
    assert_true(slice_equal(bytes_slice(first), frames_at(bench->answer, 2)));
}

/* Killed while a service starts: the half-started one is ended, and one start is left. */
static void
what_a_killed_effector_had_begun_is_ended_and_begun_again(void **state)
{
    bench_t *bench = *state;
    start(bench);
    get_warrant(bench);
    ask(bench, "1", "service.start", "service", "slow");
    await_calls(bench, "starts", 1);
    kill(bench->pid, SIGKILL);
    await_end(bench);
    start(bench);
    get_warrant(bench);
    ask(bench, "1", "service.start", "service", "slow");
    await_calls(bench, "starts", 2);
    write_in(bench, "go", "", 0600);
    hear(bench, "RESULT");
    CLEANUP(value_destroy) value_t *result = value_decode(frames_at(bench->answer, 2), NULL);
    assert_true(value_get_bool(result, "running"));
}

static void
what_was_begun_is_finished_when_the_judge_leaves(void **state)
{
    bench_t *bench = *state;
    start(bench);
    get_warrant(bench);
    ask(bench, "1", "service.start", "service", "slow");
    await_calls(bench, "starts", 1);
    channel_destroy(&bench->effector);
    write_in(bench, "go", "", 0600);
    assert_int_equal(await_end(bench), 0);
    start(bench);
    get_warrant(bench);
    ask(bench, "1", "service.start", "service", "slow");
    hear(bench, "RESULT");
    assert_int_equal(count_calls(bench, "starts"), 1);
}

/* ---- a restart, which is looked for ------------------------------------------------------- */

static void
forget(const bench_t *bench, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", bench->folder, name);
    unlink(path);
}

/* The service runs, and a restart of it waits in its stop command. */
static void
begin_restart(bench_t *bench)
{
    write_in(bench, "go", "", 0600);
    start(bench);
    get_warrant(bench);
    ask(bench, "1", "service.start", "service", "slow");
    hear(bench, "RESULT");
    forget(bench, "go");
    usleep(50000); /* what began within the same ticks of the kernel's cannot be told apart */
    ask(bench, "2", "service.restart", "service", "slow");
    await_calls(bench, "stops", 1);
}

/* The path of the note of the one op that runs. */
static void
find_note(const bench_t *bench, char out[static PATH_MAX])
{
    char folder[128];
    snprintf(folder, sizeof folder, "%s/state/effector/running", bench->folder);
    DIR *notes = opendir(folder);
    assert_non_null(notes);
    for (struct dirent *entry; (entry = readdir(notes));)
        if (entry->d_name[0] != '.')
            snprintf(out, PATH_MAX, "%s/%s", folder, entry->d_name);
    closedir(notes);
}

/* The restart comes to its end, and the effector, which cannot move meanwhile, writes nothing of
 * it. */
static void
finish_behind_its_back(bench_t *bench, char note[static PATH_MAX])
{
    proc_t child;
    find_note(bench, note);
    assert_true(proc_noted(note, &child));
    kill(bench->pid, SIGSTOP);
    write_in(bench, "go", "", 0600);
    for (int i = 0; i < 2000 && proc_noted(note, &child); i++)
        usleep(10000);
    assert_int_equal(count_calls(bench, "starts"), 2);
}

static void
kill_and_ask(bench_t *bench, const char *index, const char *op, const char *key, const char *text)
{
    kill(bench->pid, SIGKILL);
    await_end(bench);
    start(bench);
    get_warrant(bench);
    ask(bench, index, op, key, text);
}

static void
kill_and_ask_again(bench_t *bench)
{
    kill_and_ask(bench, "2", "service.restart", "service", "slow");
}

static void
a_restart_that_happened_before_the_effector_was_killed_is_known(void **state)
{
    bench_t *bench = *state;
    char note[PATH_MAX];
    begin_restart(bench);
    finish_behind_its_back(bench, note);
    kill_and_ask_again(bench);
    hear(bench, "RESULT");
    CLEANUP(value_destroy) value_t *result = value_decode(frames_at(bench->answer, 2), NULL);
    assert_true(value_get_bool(result, "probed"));
    assert_true(value_get_bool(result, "running"));
    assert_int_equal(count_calls(bench, "stops"), 1);
    assert_int_equal(count_calls(bench, "starts"), 2);
    assert_int_equal(unlink(note), -1);
}

static void
a_restart_that_had_not_happened_when_the_effector_was_killed_is_begun_again(void **state)
{
    bench_t *bench = *state;
    begin_restart(bench);
    kill_and_ask_again(bench);
    await_calls(bench, "stops", 2);
    assert_int_equal(count_calls(bench, "starts"), 1);
    write_in(bench, "go", "", 0600);
    hear(bench, "RESULT");
    CLEANUP(value_destroy) value_t *result = value_decode(frames_at(bench->answer, 2), NULL);
    assert_null(value_get(result, "probed"));
    assert_true(value_get_bool(result, "running"));
    assert_int_equal(count_calls(bench, "starts"), 2);
}

/* As after the next boot: of when it began there is no note any more. */
static void
a_restart_of_which_nobody_knows_when_it_began_is_unknown(void **state)
{
    bench_t *bench = *state;
    char note[PATH_MAX];
    begin_restart(bench);
    finish_behind_its_back(bench, note);
    proc_t child;
    assert_true(proc_noted_once(note, &child));
    op_group_release(&child);
    assert_int_equal(unlink(note), 0);
    kill_and_ask_again(bench);
    hear(bench, "FAULT");
    assert_string_equal(frames_text(bench->answer, 2), "unknown");
    assert_int_equal(count_calls(bench, "stops"), 1);
}

/* Twice forked, in a session of its own, and nobody's child: ended all the same. */
static void
what_a_killed_effectors_op_had_hidden_is_ended(void **state)
{
    bench_t *bench = *state;
    start(bench);
    get_warrant(bench);
    ask(bench, "1", "site.run", "command", "hide");
    await_calls(bench, "hidden", 1);
    kill_and_ask(bench, "1", "site.run", "command", "hide");
    hear(bench, "FAULT");
    assert_string_equal(frames_text(bench->answer, 2), "unknown");
    forget(bench, "hidden");
    usleep(100000);
    assert_int_equal(count_calls(bench, "hidden"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ops_are_done_and_told_again_after_a_restart),
        TEST(what_a_killed_effector_had_begun_is_ended_and_begun_again),
        TEST(a_restart_that_happened_before_the_effector_was_killed_is_known),
        TEST(a_restart_that_had_not_happened_when_the_effector_was_killed_is_begun_again),
        TEST(a_restart_of_which_nobody_knows_when_it_began_is_unknown),
        TEST(what_a_killed_effectors_op_had_hidden_is_ended),
        TEST(what_was_begun_is_finished_when_the_judge_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
