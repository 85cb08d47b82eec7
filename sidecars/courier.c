/* SPDX-License-Identifier: Apache-2.0 */
#include "sidecars/courier.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"

#define WAIT_MS  1000
#define SAID_MAX 120 /* of an answer, for people */

/* Of one source to one broker. */
typedef struct {
    const relay_source_t *source;
    const relay_broker_t *broker;
    spool_t *spool;
    CURL *easy;
    bool busy;
    bytes_t *body, *url;     /* of the request under way */
    size_t answered;         /* bytes */
    char said[SAID_MAX + 1]; /* the answer's beginning, printable */
    char error[CURL_ERROR_SIZE];
    mono_t retry; /* not before */
    int backoff_ms;
} round_t;

struct courier {
    const relay_settings_t *settings;
    CURLM *multi;
    struct curl_slist *headers;
    size_t count;
    round_t rounds[RELAY_SPOOLS_MAX];
};

static size_t
on_answer(char *data, size_t one, size_t size, void *context)
{
    round_t *self = context;
    (void)one;
    for (size_t i = 0; i < size && self->answered + i < SAID_MAX; i++)
        self->said[self->answered + i] = data[i] >= 0x20 && data[i] <= 0x7e ? data[i] : ' ';
    self->answered += size;
    return self->answered > COURIER_ANSWER_MAX ? 0 : size;
}

static void
set_up(round_t *self, struct curl_slist *headers)
{
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_POST, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_CONNECTTIMEOUT_MS, COURIER_CONNECT_MS},
        {CURLOPT_TIMEOUT_MS, COURIER_TIMEOUT_MS},
        {CURLOPT_NOSIGNAL, 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        curl_easy_setopt(self->easy, numbers[i].option, numbers[i].value);
    if (self->broker->ca)
        curl_easy_setopt(self->easy, CURLOPT_CAINFO, self->broker->ca);
    curl_easy_setopt(self->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(self->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(self->easy, CURLOPT_USERAGENT, "tocsin-source");
    curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(self->easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(self->easy, CURLOPT_WRITEDATA, self);
    curl_easy_setopt(self->easy, CURLOPT_ERRORBUFFER, self->error);
    curl_easy_setopt(self->easy, CURLOPT_PRIVATE, self);
}

static int
add_round(courier_t *self, const relay_source_t *source, const relay_broker_t *broker,
          spool_t *spool, fault_t *fault)
{
    round_t *round = &self->rounds[self->count++];
    *round = (round_t){.source = source,
                       .broker = broker,
                       .spool = spool,
                       .easy = curl_easy_init(),
                       .body = bytes_new(),
                       .url = bytes_new()};
    if (!round->easy)
        return fault_set(fault, FAULT_IO, "libcurl does not start");
    set_up(round, self->headers);
    return 0;
}

courier_t *
courier_new(const relay_settings_t *settings, spool_t *const *spools, fault_t *fault)
{
    CLEANUP(courier_destroy) courier_t *self = memory_new(1, sizeof *self);
    self->settings = settings;
    self->multi = curl_multi_init();
    self->headers = curl_slist_append(NULL, "Content-Type: text/plain");
    self->headers = curl_slist_append(self->headers, "Expect:");
    if (!self->multi || !self->headers) {
        fault_set(fault, FAULT_IO, "libcurl does not start");
        return NULL;
    }
    for (size_t i = 0; i < settings->source_count; i++)
        for (size_t k = 0; k < settings->broker_count; k++)
            if (add_round(self, &settings->sources[i], &settings->brokers[k],
                          spools[i * RELAY_BROKERS_MAX + k], fault))
                return NULL;
    return MOVE(self);
}

void
courier_destroy(courier_t **self_p)
{
    courier_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++) {
        if (self->rounds[i].busy)
            curl_multi_remove_handle(self->multi, self->rounds[i].easy);
        curl_easy_cleanup(self->rounds[i].easy);
        bytes_destroy(&self->rounds[i].body);
        bytes_destroy(&self->rounds[i].url);
    }
    curl_slist_free_all(self->headers);
    curl_multi_cleanup(self->multi);
    free(self);
    *self_p = NULL;
}

/* Nobody acts on what is so old. */
static int
give_up_old(const courier_t *self, round_t *round, fault_t *fault)
{
    size_t count = 0;
    int64_t limit_ms = (int64_t)self->settings->fresh_s * 1000;
    for (; spool_count(round->spool); count++) {
        if (wall_now().ms - spool_received(round->spool).ms <= limit_ms)
            break;
        if (spool_drop(round->spool, fault))
            return -1;
    }
    if (count)
        log_error("broker=%s source=%s: %zu posts of alerts were given up: they could not be "
                  "delivered within %llu s",
                  round->broker->name, round->source->name, count,
                  (unsigned long long)self->settings->fresh_s);
    return 0;
}

static int
begin(courier_t *self, round_t *round, fault_t *fault)
{
    bytes_destroy(&round->body);
    round->body = spool_read(round->spool, fault);
    if (!round->body)
        return -1;
    bytes_clear(round->url);
    bytes_addf(round->url, "%s/v1/alerts/%s", round->broker->url, round->source->name);
    curl_easy_setopt(round->easy, CURLOPT_URL, bytes_text(round->url));
    curl_easy_setopt(round->easy, CURLOPT_POSTFIELDSIZE, (long)round->body->size);
    curl_easy_setopt(round->easy, CURLOPT_POSTFIELDS, bytes_text(round->body));
    round->answered = 0;
    memset(round->said, 0, sizeof round->said);
    round->error[0] = '\0';
    round->busy = !curl_multi_add_handle(self->multi, round->easy);
    return round->busy ? 0 : fault_set(fault, FAULT_IO, "libcurl takes no request");
}

static void
try_later(round_t *self, const char *why)
{
    self->backoff_ms = self->backoff_ms ? 2 * self->backoff_ms : COURIER_BACKOFF_MIN_MS;
    if (self->backoff_ms > COURIER_BACKOFF_MAX_MS)
        self->backoff_ms = COURIER_BACKOFF_MAX_MS;
    self->retry.ms = mono_now().ms + self->backoff_ms;
    log_warning("broker=%s source=%s: %zu posts wait, the next try is in %d ms: %s",
                self->broker->name, self->source->name, spool_count(self->spool), self->backoff_ms,
                why);
}

/* The same bytes would be refused again: no other try. */
static bool
is_final(long status)
{
    return status == 400 || status == 413 || status == 422;
}

static int
finish(courier_t *self, round_t *round, CURLcode result, fault_t *fault)
{
    long status = 0;
    char why[FAULT_TEXT_MAX];
    curl_easy_getinfo(round->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(self->multi, round->easy);
    round->busy = false;
    if (status)
        snprintf(why, sizeof why, "it answers %ld: %s", status, round->said);
    else
        snprintf(why, sizeof why, "%.200s",
                 *round->error ? round->error : curl_easy_strerror(result));
    if (status / 100 != 2 && !is_final(status)) {
        try_later(round, why);
        return 0;
    }
    if (is_final(status))
        log_error("broker=%s source=%s: a post of alerts was given up: %s", round->broker->name,
                  round->source->name, why);
    else if (round->backoff_ms)
        log_info("broker=%s source=%s: it takes alerts again", round->broker->name,
                 round->source->name);
    round->backoff_ms = 0;
    return spool_drop(round->spool, fault);
}

static int
take_results(courier_t *self, fault_t *fault)
{
    int running, left;
    const CURLMsg *message;
    curl_multi_perform(self->multi, &running);
    while ((message = curl_multi_info_read(self->multi, &left))) {
        round_t *round = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &round);
        if (finish(self, round, result, fault))
            return -1;
    }
    return 0;
}

/* How long nothing is due; 0 where something may go on at once. */
static int
begin_all(courier_t *self, int *wait_ms, fault_t *fault)
{
    *wait_ms = WAIT_MS;
    for (size_t i = 0; i < self->count; i++) {
        round_t *round = &self->rounds[i];
        int64_t left = round->retry.ms - mono_now().ms;
        if (round->busy)
            continue;
        if (give_up_old(self, round, fault))
            return -1;
        if (spool_count(round->spool) && left <= 0 && begin(self, round, fault))
            return -1;
        if (!round->busy && spool_count(round->spool) && left < *wait_ms)
            *wait_ms = (int)left;
    }
    return 0;
}

int
courier_turn(courier_t *self, int fd, fault_t *fault)
{
    int wait_ms;
    struct curl_waitfd other = {.fd = fd, .events = CURL_WAIT_POLLIN};
    if (begin_all(self, &wait_ms, fault) || take_results(self, fault) ||
        begin_all(self, &wait_ms, fault))
        return -1;
    curl_multi_poll(self->multi, &other, 1, wait_ms, NULL);
    return take_results(self, fault);
}
