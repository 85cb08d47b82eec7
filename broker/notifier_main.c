/* SPDX-License-Identifier: Apache-2.0 */
/* notifier UID, started by the broker with a socket as descriptor 3: posts notices to webhooks, all
 * sinks at once, one request a sink. See broker/notifier.h for what is said on the socket, and
 * docs/PROTOCOL.md 6.3 for what is posted. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/keeper.h"
#include "broker/notifier.h"
#include "common/fence.h"
#include "common/log.h"
#include "common/privilege.h"

#define DESCRIPTORS_MAX 512
#define SAID_MAX        120 /* of an answer, for people */

typedef struct {
    uint64_t number;
    CURL *easy;
    struct curl_slist *headers;
    bytes_t *body;
    size_t answered;         /* bytes */
    char said[SAID_MAX + 1]; /* the answer's beginning, printable */
    char error[CURL_ERROR_SIZE];
} request_t;

typedef struct {
    channel_t *broker;
    sinks_t sinks;
    CURLM *multi;
} poster_t;

/* One request --------------------------------------------------------------------------------- */

static void
request_destroy(request_t **self_p)
{
    request_t *self = *self_p;
    if (!self)
        return;
    curl_easy_cleanup(self->easy);
    curl_slist_free_all(self->headers);
    bytes_destroy(&self->body);
    free(self);
    *self_p = NULL;
}

static size_t
on_answer(char *data, size_t one, size_t size, void *context)
{
    request_t *self = context;
    (void)one;
    for (size_t i = 0; i < size && self->answered + i < SAID_MAX; i++)
        self->said[self->answered + i] = data[i] >= 0x20 && data[i] <= 0x7e ? data[i] : '?';
    self->answered += size;
    return self->answered > NOTIFIER_ANSWER_MAX ? 0 : size;
}

static void
add_header(request_t *self, const char *name, const char *value)
{
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    bytes_addf(line, "%s: %s", name, value);
    self->headers = curl_slist_append(self->headers, bytes_text(line));
}

static void
add_headers(request_t *self, const wish_t *wish)
{
    char timestamp[24], signature[LETTER_SIGNATURE_MAX];
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)(wall_now().ms / 1000));
    add_header(self, "Content-Type", "application/json");
    add_header(self, "Expect", "");
    add_header(self, "Tocsin-Id", value_get_text(wish->facts, "id"));
    add_header(self, "Tocsin-Timestamp", timestamp);
    if (!*wish->sink->secret)
        return;
    letter_sign(wish->sink->secret, timestamp, bytes_slice(self->body), signature);
    add_header(self, "Tocsin-Signature", signature);
}

static request_t *
request_new(const wish_t *wish)
{
    request_t *self = memory_new(1, sizeof *self);
    self->number = wish->number;
    self->body = bytes_new();
    self->easy = curl_easy_init();
    letter_post(wish->sink->kind, wish->facts, self->body);
    add_headers(self, wish);
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_POST, 1},
        {CURLOPT_POSTFIELDSIZE, (long)self->body->size},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_CONNECTTIMEOUT_MS, NOTIFIER_CONNECT_MS},
        {CURLOPT_TIMEOUT_MS, NOTIFIER_TIMEOUT_MS},
        {CURLOPT_NOSIGNAL, 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        curl_easy_setopt(self->easy, numbers[i].option, numbers[i].value);
    curl_easy_setopt(self->easy, CURLOPT_URL, wish->sink->address);
    curl_easy_setopt(self->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(self->easy, CURLOPT_USERAGENT, "tocsin");
    curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, self->headers);
    curl_easy_setopt(self->easy, CURLOPT_POSTFIELDS, bytes_text(self->body));
    curl_easy_setopt(self->easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(self->easy, CURLOPT_WRITEDATA, self);
    curl_easy_setopt(self->easy, CURLOPT_ERRORBUFFER, self->error);
    curl_easy_setopt(self->easy, CURLOPT_PRIVATE, self);
    return self;
}

/* The same bytes would be refused again: no other try. */
static bool
is_final(long status)
{
    return status == 400 || status == 413 || status == 422;
}

static int
report(poster_t *self, const request_t *request, CURLcode result, fault_t *fault)
{
    long status = 0;
    char text[FAULT_TEXT_MAX] = "";
    fault_code_t code = FAULT_UNREACHABLE;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status <= 299)
        code = FAULT_NONE;
    else if (status)
        code = is_final(status) ? FAULT_DENIED : FAULT_FAILED;
    if (status && code)
        snprintf(text, sizeof text, "it answers %ld%s%s", status, *request->said ? ": " : "",
                 request->said);
    else if (code)
        snprintf(text, sizeof text, "%.200s",
                 *request->error ? request->error : curl_easy_strerror(result));
    CLEANUP(frames_destroy)
    frames_t *done = notifier_done(request->number, fault_word(code), text);
    return channel_send(self->broker, done, fault);
}

/* The loop ------------------------------------------------------------------------------------ */

static int
take_wishes(poster_t *self, fault_t *fault)
{
    fault_t inner = {0};
    if (channel_fill(self->broker, fault))
        return -1;
    for (;;) {
        CLEANUP(frames_destroy) frames_t *frames = channel_next(self->broker, &inner);
        wish_t wish;
        if (!frames)
            return inner.code ? fault_set(fault, inner.code, "%s", inner.text) : 0;
        if (notifier_intake(&self->sinks, frames, &wish, fault))
            return -1;
        if (!wish.facts)
            continue;
        request_t *request = request_new(&wish);
        value_destroy(&wish.facts);
        curl_multi_add_handle(self->multi, request->easy);
    }
}

static int
answer(poster_t *self, fault_t *fault)
{
    int running, left;
    const CURLMsg *message;
    curl_multi_perform(self->multi, &running);
    while ((message = curl_multi_info_read(self->multi, &left))) {
        CLEANUP(request_destroy) request_t *request = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        curl_multi_remove_handle(self->multi, request->easy);
        if (report(self, request, result, fault))
            return -1;
    }
    return 0;
}

static void
work(void *context, int fd)
{
    fault_t fault = {0};
    poster_t *self = context;
    self->broker = channel_new(fd);
    self->multi = curl_multi_init();
    fence_files(NULL);
    if (fence_calls(FENCE_READS, &fault)) {
        log_error("nothing is posted: %s", fault.text);
        return;
    }
    for (;;) {
        struct curl_waitfd broker = {.fd = fd, .events = CURL_WAIT_POLLIN};
        curl_multi_poll(self->multi, &broker, 1, 1000, NULL);
        if ((broker.revents && take_wishes(self, &fault)) || answer(self, &fault))
            break;
    }
    log_debug("worker ends: %s", fault.text);
}

int
main(int argc, char **argv)
{
    fault_t fault = {0};
    uint64_t uid;
    CLEANUP(memory_free) poster_t *poster = memory_new(1, sizeof *poster);
    log_open("tocsin-notifier", LEVEL_INFO);
    if (argc != 2 || !text_read_u64(argv[1], 0, UINT32_MAX - 1, &uid)) {
        log_error("usage: notifier UID (the broker starts it)");
        return fault_exit(FAULT_USAGE);
    }
    keeper_close_others();
    fence_limits(DESCRIPTORS_MAX);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) || privilege_drop((uid_t)uid, &fault)) {
        log_error("cannot start: %s", fault.code ? fault.text : "libcurl does not");
        return fault_exit(FAULT_IO);
    }
    keeper_serve(work, poster);
}
