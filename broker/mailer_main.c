/* SPDX-License-Identifier: Apache-2.0 */
/* mailer UID SENDMAIL, started by the broker with a socket as descriptor 3: hands notices to the
 * machine's sendmail, one after another. Nothing here reads what strangers sent, and sendmail often
 * needs its own set-gid bit: so it keeps the right to gain privileges by executing a program, which
 * the notifier gives up. See broker/notifier.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/keeper.h"
#include "broker/notifier.h"
#include "common/file.h"
#include "common/log.h"
#include "common/privilege.h"

typedef struct {
    const char *sendmail;
    channel_t *broker;
    sinks_t sinks;
} mailer_t;

/* No shell: what stands in the arguments are addresses that settings held to be plain. */
static _Noreturn void
become_sendmail(const char *program, const sink_t *sink, int letter)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *environment[] = {path, NULL};
    const char *argv[6] = {program, "-i"};
    size_t count = 2;
    if (*sink->from) {
        argv[count++] = "-f";
        argv[count++] = sink->from;
    }
    argv[count] = sink->address;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    signal(SIGPIPE, SIG_DFL);
    if (setpgid(0, 0) || dup2(letter, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        _exit(126);
    execve(program, (char *const *)(uintptr_t)argv, environment);
    log_error("'%s' cannot be run: %s", program, strerror(errno));
    _exit(127);
}

/* What it ended with; -1 where it had to be killed. */
static int
wait_for(pid_t pid, int timeout_ms)
{
    int status = 0, ready = 0;
    CLEANUP(descriptor_close) int fd = pidfd_open(pid, 0);
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    while (fd >= 0 && (ready = poll(&ended, 1, timeout_ms)) < 0 && errno == EINTR)
        continue;
    if (ready <= 0)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return ready > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The letter is far smaller than a pipe: writing it waits for nobody. */
static int
send_mail(const mailer_t *self, const wish_t *wish, fault_t *fault)
{
    int ends[2];
    CLEANUP(bytes_destroy) bytes_t *letter = bytes_new();
    letter_mail(wish->sink, wish->facts, wall_now(), letter);
    if (pipe2(ends, O_CLOEXEC))
        return fault_errno(fault, "a pipe for sendmail");
    CLEANUP(descriptor_close) int theirs = ends[0];
    CLEANUP(descriptor_close) int ours = ends[1];
    pid_t pid = fork();
    if (pid == 0)
        become_sendmail(self->sendmail, wish->sink, theirs);
    if (pid < 0)
        return fault_errno(fault, "'%s' cannot be started", self->sendmail);
    int written = file_write_all(ours, bytes_slice(letter), fault);
    descriptor_close(&ours);
    int status = wait_for(pid, NOTIFIER_TIMEOUT_MS);
    if (status < 0)
        return fault_set(fault, FAULT_TIMEOUT, "'%s' took over %d s, or was killed", self->sendmail,
                         NOTIFIER_TIMEOUT_MS / 1000);
    if (status)
        return fault_set(fault, FAULT_FAILED, "'%s' ended with %d", self->sendmail, status);
    return written;
}

static int
serve_one(mailer_t *self, fault_t *fault)
{
    fault_t why = {0};
    wish_t wish;
    CLEANUP(frames_destroy) frames_t *frames = channel_receive(self->broker, -1, fault);
    if (!frames || notifier_intake(&self->sinks, frames, &wish, fault))
        return -1;
    if (!wish.facts)
        return 0;
    CLEANUP(value_destroy) value_t *facts = wish.facts;
    if (!send_mail(self, &wish, &why))
        why = (fault_t){0};
    CLEANUP(frames_destroy)
    frames_t *done = notifier_done(wish.number, fault_word(why.code), why.text);
    return channel_send(self->broker, done, fault);
}

static void
work(void *context, int fd)
{
    fault_t fault = {0};
    mailer_t *self = context;
    self->broker = channel_new(fd);
    signal(SIGPIPE, SIG_IGN);
    while (!serve_one(self, &fault))
        continue;
    log_debug("worker ends: %s", fault.text);
}

int
main(int argc, char **argv)
{
    fault_t fault = {0};
    uint64_t uid;
    CLEANUP(memory_free) mailer_t *mailer = memory_new(1, sizeof *mailer);
    log_open("tocsin-mailer", LEVEL_INFO);
    if (argc != 3 || !text_read_u64(argv[1], 0, UINT32_MAX - 1, &uid)) {
        log_error("usage: mailer UID SENDMAIL (the broker starts it)");
        return fault_exit(FAULT_USAGE);
    }
    mailer->sendmail = argv[2];
    keeper_close_others();
    if (privilege_become((uid_t)uid, &fault)) {
        log_fault("start", &fault);
        return fault_exit(fault.code);
    }
    keeper_serve(work, mailer);
}
