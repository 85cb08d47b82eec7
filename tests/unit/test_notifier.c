/* SPDX-License-Identifier: Apache-2.0 */
/* The notifier over its real programs: a web server of ours on loopback, and a sendmail of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libgen.h>
#include <limits.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/letter.h"
#include "broker/notifier.h"
#include "common/file.h"

#define WAIT_MS 10000

typedef struct {
    char folder[64], programs[PATH_MAX];
    sinks_t sinks;
    notifier_t *notifier;
    struct MHD_Daemon *web;
    unsigned port, deaf_port;
    int deaf; /* a socket that listens and answers nothing */
} house_t;

/* What the server does at each path. */
static const struct {
    const char *path;
    unsigned status;
    size_t size; /* of the answer */
} answers[] = {
    {"/ok", 200, 2},   {"/moved", 302, 0},      {"/bad", 400, 3},
    {"/busy", 503, 0}, {"/long", 200, 1 << 20},
};

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
           const char *version, const char *data, size_t *size, void **state)
{
    static char text[1 << 20];
    static int begun;
    (void)context, (void)method, (void)version, (void)data;
    if (!*state) {
        *state = &begun;
        return MHD_YES;
    }
    if (*size) {
        *size = 0;
        return MHD_YES;
    }
    size_t i = 0;
    while (i < ARRAY_SIZE(answers) - 1 && strcmp(url, answers[i].path) != 0)
        i++;
    memset(text, 'x', sizeof text);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answers[i].size, text, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Location", "/ok");
    enum MHD_Result result = MHD_queue_response(connection, answers[i].status, response);
    MHD_destroy_response(response);
    return result;
}

static unsigned
port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

/* On loopback, on a port that nobody has. */
static int
listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static int
begin(void **state)
{
    house_t *self = memory_new(1, sizeof *self);
    char program[PATH_MAX - 64] = "", path[128];
    fault_t fault = {0};
    assert_true(readlink("/proc/self/exe", program, sizeof program - 1) > 0);
    snprintf(self->programs, sizeof self->programs, "%s/../../bin", dirname(program));
    snprintf(self->folder, sizeof self->folder, "/tmp/test-notifier-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    snprintf(path, sizeof path, "%s/sendmail", self->folder);
    assert_int_equal(chmod(self->folder, 0755), 0);
    assert_int_equal(file_write(path,
                                slice_text("#!/bin/sh\ncat >/dev/null\ncase $2 in\n"
                                           "ok@*) exit 0;; *) exit 75;; esac\n"),
                                0755, &fault),
                     0);
    int fd = listen_somewhere();
    self->port = port_of(fd);
    self->deaf = listen_somewhere();
    self->deaf_port = port_of(self->deaf);
    self->web = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, &on_request, NULL,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_END);
    assert_non_null(self->web);
    *state = self;
    return 0;
}

static int
end(void **state)
{
    house_t *self = *state;
    char path[128];
    notifier_destroy(&self->notifier);
    MHD_stop_daemon(self->web);
    close(self->deaf);
    snprintf(path, sizeof path, "%s/sendmail", self->folder);
    unlink(path);
    assert_int_equal(rmdir(self->folder), 0);
    free(self);
    return 0;
}

static void
add_sink(house_t *self, const char *name, sink_kind_t kind, const char *address)
{
    sink_t *sink = &self->sinks.sinks[self->sinks.count++];
    *sink = (sink_t){.kind = kind};
    text_copy(sink->name, sizeof sink->name, name);
    text_copy(sink->address, sizeof sink->address, address);
}

static void
add_web(house_t *self, const char *name, const char *scheme, unsigned port, const char *path)
{
    char url[128];
    snprintf(url, sizeof url, "%s://127.0.0.1:%u%s", scheme, port, path);
    add_sink(self, name, SINK_GENERIC, url);
}

static void
start(house_t *self)
{
    char sendmail[128];
    fault_t fault = {0};
    snprintf(sendmail, sizeof sendmail, "%s/sendmail", self->folder);
    self->notifier = notifier_new(self->programs, &self->sinks, sendmail, 65534, &fault);
    if (!self->notifier)
        fail_msg("%s", fault.text);
}

static void
post(house_t *self, uint64_t number, const char *sink)
{
    notice_row_t notice = {.number = number};
    text_copy(notice.sink, sizeof notice.sink, sink);
    CLEANUP(value_destroy) value_t *facts = letter_facts(&notice, &HASH_ZERO, "centre");
    notifier_post(self->notifier, &notice, facts);
}

static delivery_t
next(house_t *self)
{
    delivery_t done;
    struct pollfd waiting = {.fd = notifier_fd(self->notifier), .events = POLLIN};
    while (!notifier_next(self->notifier, &done))
        if (poll(&waiting, 1, WAIT_MS) != 1)
            fail_msg("no answer");
    return done;
}

static void
answers_with(house_t *self, const char *sink, const char *code, const char *text)
{
    post(self, 7, sink);
    delivery_t done = next(self);
    assert_int_equal(done.number, 7);
    if (strcmp(done.code, code) != 0 || !strstr(done.text, text))
        fail_msg("%s: %s: %s", sink, done.code, done.text);
}

static void
each_answer_of_a_webhook_has_its_word(void **state)
{
    house_t *self = *state;
    add_web(self, "ok", "http", self->port, "/ok");
    add_web(self, "moved", "http", self->port, "/moved");
    add_web(self, "bad", "http", self->port, "/bad");
    add_web(self, "busy", "http", self->port, "/busy");
    add_web(self, "long", "http", self->port, "/long");
    add_web(self, "plain", "https", self->port, "/ok");
    add_web(self, "nobody", "http", 1, "/ok");
    add_sink(self, "file", SINK_GENERIC, "file:///etc/hostname");
    start(self);
    answers_with(self, "ok", "none", "");
    answers_with(self, "moved", "failed", "it answers 302");
    answers_with(self, "bad", "denied", "it answers 400: xxx");
    answers_with(self, "busy", "failed", "it answers 503");
    answers_with(self, "long", "none", "");
    answers_with(self, "plain", "unreachable", "");
    answers_with(self, "nobody", "unreachable", "");
    answers_with(self, "file", "unreachable", "");
}

static void
who_answers_nothing_keeps_nobody_waiting(void **state)
{
    house_t *self = *state;
    add_web(self, "deaf", "http", self->deaf_port, "/ok");
    add_web(self, "ok", "http", self->port, "/ok");
    start(self);
    post(self, 1, "deaf");
    answers_with(self, "ok", "none", "");
    answers_with(self, "ok", "none", "");
}

static void
mail_is_taken_when_sendmail_ends_with_0(void **state)
{
    house_t *self = *state;
    add_sink(self, "good", SINK_MAIL, "ok@ops.example");
    add_sink(self, "bad", SINK_MAIL, "bad@ops.example");
    start(self);
    answers_with(self, "good", "none", "");
    answers_with(self, "bad", "failed", "ended with 75");
}

/* The worker is the child of our child; the brackets keep the shell itself out. */
static pid_t
find_worker(void)
{
    char line[64] = "";
    FILE *found = popen("pgrep -P $(pgrep -P $PPID -f [l]ibexec/tocsin/notifier)", "r");
    assert_non_null(found);
    assert_non_null(fgets(line, sizeof line, found));
    pclose(found);
    return (pid_t)strtol(line, NULL, 10);
}

static void
what_is_under_way_when_the_program_ends_is_answered_and_another_starts(void **state)
{
    house_t *self = *state;
    fault_t fault = {0};
    add_web(self, "deaf", "http", self->deaf_port, "/ok");
    add_web(self, "ok", "http", self->port, "/ok");
    start(self);
    post(self, 1, "deaf");
    answers_with(self, "ok", "none", "");
    pid_t worker = find_worker();
    assert_true(worker > 1);
    assert_int_equal(kill(worker, SIGKILL), 0);
    delivery_t done = next(self);
    assert_int_equal(done.number, 1);
    assert_string_equal(done.code, "unreachable");
    answers_with(self, "ok", "unreachable", "started again");
    mono_t later = {mono_now().ms + 60000};
    assert_int_equal(notifier_tick(self->notifier, later, &fault), 0);
    answers_with(self, "ok", "none", "");
}

static void
a_site_with_mail_alone_starts_no_other_program(void **state)
{
    house_t *self = *state;
    add_sink(self, "good", SINK_MAIL, "ok@ops.example");
    start(self);
    assert_int_not_equal(system("pgrep -P $PPID -f [l]ibexec/tocsin/notifier >/dev/null"), 0);
    assert_int_equal(system("pgrep -P $PPID -f [l]ibexec/tocsin/mailer >/dev/null"), 0);
}

#define WITH_WEB(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WEB(each_answer_of_a_webhook_has_its_word),
        WITH_WEB(who_answers_nothing_keeps_nobody_waiting),
        WITH_WEB(mail_is_taken_when_sendmail_ends_with_0),
        WITH_WEB(what_is_under_way_when_the_program_ends_is_answered_and_another_starts),
        WITH_WEB(a_site_with_mail_alone_starts_no_other_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
