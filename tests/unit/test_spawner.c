/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/text.h"

#define TASK_TEXT \
    "return playbook { name = 'x', summary = 'x', step 'one' { run = function() return 7 end } }"

typedef struct {
    channel_t *judge; /* our end */
    pid_t pid;
} fixture_t;

/* The program stands beside this test's: BUILD/tests/unit/, BUILD/libexec/tocsin/. */
static void
start(fixture_t *self)
{
    char here[PATH_MAX], path[PATH_MAX + 64], fd[16];
    int ends[2];
    ssize_t size = readlink("/proc/self/exe", here, sizeof here - 1);
    assert_true(size > 0);
    here[size] = '\0';
    snprintf(path, sizeof path, "%s/../../libexec/tocsin/spawner", dirname(here));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    snprintf(fd, sizeof fd, "%d", ends[1]);
    self->pid = fork();
    if (!self->pid) {
        fcntl(ends[1], F_SETFD, 0);
        execl(path, "spawner", fd, "0", NULL);
        _exit(127);
    }
    close(ends[1]);
    self->judge = channel_new(ends[0]);
}

static int
end(fixture_t *self)
{
    int status;
    channel_destroy(&self->judge);
    assert_int_equal(waitpid(self->pid, &status, 0), self->pid);
    return status;
}

static void
say(channel_t *channel, const char *const *words)
{
    fault_t fault;
    CLEANUP(frames_destroy) frames_t *frames = frames_new();
    for (; *words; words++)
        frames_add_text(frames, *words);
    assert_int_equal(channel_send(channel, frames, &fault), 0);
}

static frames_t *
hear(channel_t *channel, const char *word)
{
    fault_t fault = {0};
    frames_t *frames = channel_receive(channel, 10000, &fault);
    if (!frames)
        fail_msg("%s", fault.text);
    assert_string_equal(frames_text(frames, 0), word);
    return frames;
}

#define SAY(channel, ...) say(channel, (const char *const[]){__VA_ARGS__, NULL})

/* A runner, and its pid in *pid where it is wanted. */
static channel_t *
get_runner(fixture_t *self, const char *id, pid_t *pid)
{
    uint64_t number;
    SAY(self->judge, "RUN", id);
    CLEANUP(frames_destroy) frames_t *frames = hear(self->judge, "RUNNER");
    assert_string_equal(frames_text(frames, 1), id);
    assert_true(text_read_u64(frames_text(frames, 2), 1, INT32_MAX, &number));
    if (pid)
        *pid = (pid_t)number;
    int fd = channel_take_descriptor(self->judge);
    assert_true(fd >= 0);
    return channel_new(fd);
}

static void
hears_of_an_end(fixture_t *self, const char *id, const char *status)
{
    CLEANUP(frames_destroy) frames_t *frames = hear(self->judge, "EXITED");
    assert_string_equal(frames_text(frames, 1), id);
    assert_string_equal(frames_text(frames, 2), status);
}

static void
hands_out_runners_that_work_and_tells_of_their_ends(void **state)
{
    (void)state;
    fixture_t self;
    start(&self);
    for (int i = 1; i < 20; i++) {
        char id[8];
        snprintf(id, sizeof id, "%d", i);
        CLEANUP(channel_destroy) channel_t *runner = get_runner(&self, id, NULL);
        SAY(runner, "TASK", "step", TASK_TEXT, "one", "me");
        CLEANUP(frames_destroy) frames_t *done = hear(runner, "DONE");
        assert_string_equal(frames_text(done, 1), "ok");
        assert_string_equal(frames_text(done, 2), "i7;");
        hears_of_an_end(&self, id, "0");
    }
    assert_int_equal(end(&self), 0);
}

static void
kills_the_runner_that_is_named(void **state)
{
    (void)state;
    fixture_t self;
    start(&self);
    CLEANUP(channel_destroy) channel_t *first = get_runner(&self, "1", NULL);
    CLEANUP(channel_destroy) channel_t *second = get_runner(&self, "2", NULL);
    SAY(self.judge, "KILL", "77");
    SAY(self.judge, "KILL", "1");
    hears_of_an_end(&self, "1", "9");
    SAY(second, "TASK", "step", TASK_TEXT, "one", "me");
    frames_t *done = hear(second, "DONE");
    frames_destroy(&done);
    hears_of_an_end(&self, "2", "0");
    assert_int_equal(end(&self), 0);
}

static void
takes_every_runner_along_when_the_judge_is_gone(void **state)
{
    (void)state;
    fixture_t self;
    pid_t pid;
    start(&self);
    CLEANUP(channel_destroy) channel_t *runner = get_runner(&self, "1", &pid);
    assert_int_equal(kill(pid, 0), 0);
    assert_int_equal(end(&self), 0);
    assert_int_equal(kill(pid, 0), -1);
}

static void
ends_when_the_judge_speaks_nonsense(void **state)
{
    (void)state;
    fixture_t self;
    start(&self);
    SAY(self.judge, "RUN");
    int status;
    assert_int_equal(waitpid(self.pid, &status, 0), self.pid);
    assert_int_equal(WEXITSTATUS(status), fault_exit(FAULT_FORMAT));
    channel_destroy(&self.judge);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_out_runners_that_work_and_tells_of_their_ends),
        cmocka_unit_test(kills_the_runner_that_is_named),
        cmocka_unit_test(takes_every_runner_along_when_the_judge_is_gone),
        cmocka_unit_test(ends_when_the_judge_speaks_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
