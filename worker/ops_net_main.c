/* SPDX-License-Identifier: Apache-2.0 */
/* ops-net NAME: the ops that ask others on the network through liboping and c-ares. */
#include <ares.h>
#include <ares_nameser.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <oping.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/select.h>

#include "worker/op_cell.h"
#include "worker/ops/asked.h"

/* ---- net.ping ----------------------------------------------------------------------------- */

#define PING_COUNT   5
#define PING_WAIT_MS 1000
#define PING_GAP_MS  100

typedef struct {
    int64_t sent, received, sum_us, least_us, most_us;
} echoes_t;

static void
count_echo(echoes_t *self, double milliseconds)
{
    int64_t us = (int64_t)(milliseconds * 1000);
    self->sent++;
    if (milliseconds < 0)
        return;
    self->least_us = self->received && self->least_us < us ? self->least_us : us;
    self->most_us = self->most_us > us ? self->most_us : us;
    self->sum_us += us;
    self->received++;
}

static void
take_echoes(pingobj_t *pinger, echoes_t *echoes)
{
    for (pingobj_iter_t *at = ping_iterator_get(pinger); at; at = ping_iterator_next(at)) {
        double latency = -1;
        size_t size = sizeof latency;
        if (!ping_iterator_get_info(at, PING_INFO_LATENCY, &latency, &size))
            count_echo(echoes, latency);
    }
}

static value_t *
tell_echoes(const echoes_t *echoes)
{
    value_t *result = value_map();
    value_set_integer(result, "sent", echoes->sent);
    value_set_integer(result, "received", echoes->received);
    value_set_integer(result, "lost_percent",
                      echoes->sent ? 100 * (echoes->sent - echoes->received) / echoes->sent : 0);
    if (!echoes->received)
        return result;
    value_set_integer(result, "rtt_least_us", echoes->least_us);
    value_set_integer(result, "rtt_average_us", echoes->sum_us / echoes->received);
    value_set_integer(result, "rtt_most_us", echoes->most_us);
    return result;
}

static value_t *
net_ping(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t count = asked_or(arguments, "count", PING_COUNT);
    double wait_s = (double)asked_or(arguments, "wait_ms", PING_WAIT_MS) / 1000;
    echoes_t echoes = {0};
    value_t *result = NULL;
    (void)world;
    pingobj_t *pinger = ping_construct();
    bool ready = pinger && !ping_setopt(pinger, PING_OPT_TIMEOUT, &wait_s) &&
                 !ping_host_add(pinger, value_get_text(arguments, "address"));
    for (int64_t i = 0; ready && i < count; i++) {
        poll(NULL, 0, i ? PING_GAP_MS : 0);
        ready = ping_send(pinger) >= 0;
        take_echoes(pinger, &echoes);
    }
    if (ready)
        result = tell_echoes(&echoes);
    else
        fault_set(fault, FAULT_UNREACHABLE, "'%.120s' cannot be asked: %s",
                  value_get_text(arguments, "address"), pinger ? ping_get_error(pinger) : "memory");
    ping_destroy(pinger);
    return result;
}

/* ---- net.dns: a question of our own making, and every record of the answer ----------------- */

#define DNS_TIMEOUT_MS 5000
#define ANSWERS_MAX    100
#define UDP_BYTES      1232 /* that fit everywhere (DNS flag day 2020) */
#define DATA_MAX       512
#define HEADER_BYTES   12
#define AD_BIT         0x20 /* of the header's fourth byte (RFC 6840 5.7) */

typedef struct {
    bool done;
    int status;
    uint8_t *bytes; /* a copy, ours */
    int size;
} reply_t;

static const struct {
    const char *name;
    int number;
} types[] = {
    {"A", 1},   {"AAAA", 28}, {"CAA", 257}, {"CNAME", 5}, {"DNSKEY", 48}, {"DS", 43},
    {"MX", 15}, {"NS", 2},    {"PTR", 12},  {"SOA", 6},   {"SRV", 33},    {"TXT", 16},
};

static void
on_reply(void *context, int status, int timeouts, unsigned char *bytes, int size)
{
    reply_t *self = context;
    (void)timeouts;
    *self = (reply_t){.done = true, .status = status, .size = bytes ? size : 0};
    self->bytes = memory_new(1, (size_t)self->size + 1);
    memcpy(self->bytes, bytes ? bytes : self->bytes, (size_t)self->size);
}

/* Until the answer came or the time is over. */
static void
await_reply(ares_channel channel, const reply_t *reply, mono_t deadline)
{
    while (!reply->done && mono_now().ms < deadline.ms) {
        fd_set reads, writes;
        FD_ZERO(&reads);
        FD_ZERO(&writes);
        int count = ares_fds(channel, &reads, &writes);
        struct timeval most = {.tv_usec = 100000}, *wait = ares_timeout(channel, &most, &most);
        select(count, &reads, &writes, NULL, wait);
        ares_process(channel, &reads, &writes);
    }
}

/* A name that ends at *at; false where it does not lie in the message. */
static bool
take_name(const reply_t *reply, const uint8_t **at, char *out, size_t size)
{
    char *name = NULL;
    long length = 0;
    if (ares_expand_name(*at, reply->bytes, reply->size, &name, &length) != ARES_SUCCESS)
        return false;
    asked_printable(out, size, name);
    ares_free_string(name);
    *at += length;
    return true;
}

static unsigned
u16(const uint8_t *at)
{
    return (unsigned)(at[0] << 8 | at[1]);
}

static uint32_t
u32(const uint8_t *at)
{
    return (uint32_t)u16(at) << 16 | u16(at + 2);
}

/* Strings of a length and so many bytes, one behind the other. */
static void
write_strings(const uint8_t *at, size_t size, char *out, size_t out_size)
{
    size_t used = 0;
    while (size && used + 1 < out_size) {
        size_t length = at[0] < size - 1 ? at[0] : size - 1;
        for (size_t i = 0; i < length && used + 1 < out_size; i++)
            out[used++] = at[1 + i] < 0x20 || at[1 + i] > 0x7e ? '?' : (char)at[1 + i];
        at += 1 + length;
        size -= 1 + length;
    }
    out[used] = '\0';
}

static void
write_hex(const uint8_t *at, size_t size, char *out, size_t out_size)
{
    out[0] = '\0';
    for (size_t i = 0; i < size && 2 * i + 3 <= out_size; i++)
        snprintf(out + 2 * i, 3, "%02x", at[i]);
}

/* What a record says, as zone files spell it; in hexadecimal where it is of no known type. */
static bool
write_data(const reply_t *reply, unsigned type, const uint8_t *at, size_t size,
           char out[static DATA_MAX])
{
    char one[300], other[300];
    const uint8_t *name = at;
    if (type == 1 && size == 4)
        return inet_ntop(AF_INET, at, out, DATA_MAX);
    if (type == 28 && size == 16)
        return inet_ntop(AF_INET6, at, out, DATA_MAX);
    if (type == 2 || type == 5 || type == 12)
        return take_name(reply, &name, out, DATA_MAX);
    if (type == 15 && size > 2) {
        name = at + 2;
        return take_name(reply, &name, one, sizeof one) &&
               snprintf(out, DATA_MAX, "%u %s", u16(at), one) > 0;
    }
    if (type == 33 && size > 6) {
        name = at + 6;
        return take_name(reply, &name, one, sizeof one) &&
               snprintf(out, DATA_MAX, "%u %u %u %s", u16(at), u16(at + 2), u16(at + 4), one) > 0;
    }
    if (type == 6)
        return take_name(reply, &name, one, sizeof one) &&
               take_name(reply, &name, other, sizeof other) && name + 20 <= at + size &&
               snprintf(out, DATA_MAX, "%.150s %.150s %u %u %u %u %u", one, other, u32(name),
                        u32(name + 4), u32(name + 8), u32(name + 12), u32(name + 16)) > 0;
    if (type == 16)
        write_strings(at, size, out, DATA_MAX);
    else
        write_hex(at, size, out, DATA_MAX);
    return true;
}

static const char *
type_word(unsigned number, char out[static 16])
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (types[i].number == (int)number)
            return types[i].name;
    snprintf(out, 16, "TYPE%u", number);
    return out;
}

/* One record of the answer; *at goes behind it. NULL where it does not lie in the message. */
static value_t *
take_record(const reply_t *reply, const uint8_t **at)
{
    const uint8_t *end = reply->bytes + reply->size;
    char name[300], data[DATA_MAX], word[16];
    if (!take_name(reply, at, name, sizeof name) || end - *at < 10)
        return NULL;
    const uint8_t *head = *at, *body = head + 10;
    size_t size = u16(head + 8);
    if ((size_t)(end - body) < size || !write_data(reply, u16(head), body, size, data))
        return NULL;
    *at = body + size;
    value_t *record = value_map();
    value_set_text(record, "name", name);
    value_set_text(record, "type", type_word(u16(head), word));
    value_set_integer(record, "ttl_s", u32(head + 4));
    value_set_text(record, "data", data);
    return record;
}

static const char *
rcode_word(unsigned code)
{
    static const char *const words[] = {"noerror",  "formerr", "servfail",
                                        "nxdomain", "notimp",  "refused"};
    return code < ARRAY_SIZE(words) ? words[code] : "other";
}

/* NULL where the message is cut off or no answer. */
static value_t *
read_reply(const reply_t *reply, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *answers = value_list();
    char name[300];
    const uint8_t *at = reply->bytes + HEADER_BYTES;
    bool good = reply->size > HEADER_BYTES && u16(reply->bytes + 4) == 1 &&
                take_name(reply, &at, name, sizeof name) && at + 4 <= reply->bytes + reply->size;
    unsigned count = good ? u16(reply->bytes + 6) : 0,
             most = count < ANSWERS_MAX ? count : ANSWERS_MAX;
    at += 4;
    for (unsigned i = 0; good && i < most; i++) {
        value_t *record = take_record(reply, &at);
        good = record;
        if (record)
            value_append(answers, record);
    }
    if (!good) {
        fault_set(fault, FAULT_FORMAT, "the answer is no whole message of the DNS");
        return NULL;
    }
    value_t *result = value_map();
    value_set_text(result, "rcode", rcode_word(reply->bytes[3] & 0x0f));
    value_set_bool(result, "authenticated", reply->bytes[3] & AD_BIT);
    value_set(result, "answers", MOVE(answers));
    value_set_bool(result, "more", count > most);
    return result;
}

/* An address where a name that says it backwards is meant. */
static void
question_name(const char *name, const char *type, char out[static 300])
{
    uint8_t bytes[16];
    size_t used = 0;
    if (!strcmp(type, "PTR") && inet_pton(AF_INET, name, bytes) == 1) {
        snprintf(out, 300, "%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
    } else if (!strcmp(type, "PTR") && inet_pton(AF_INET6, name, bytes) == 1) {
        for (int i = 15; i >= 0; i--)
            used +=
                (size_t)snprintf(out + used, 300 - used, "%x.%x.", bytes[i] & 15, bytes[i] >> 4);
        snprintf(out + used, 300 - used, "ip6.arpa");
    } else {
        snprintf(out, 300, "%s", name);
    }
}

/* Asks for what servers have validated to be marked so. */
static bool
ask(ares_channel channel, const value_t *arguments, reply_t *reply)
{
    unsigned char *question = NULL;
    int size = 0, type = 0;
    char name[300];
    uint16_t id = 0;
    const char *word = value_get_text(arguments, "type");
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (!strcmp(types[i].name, word))
            type = types[i].number;
    question_name(value_get_text(arguments, "name"), word, name);
    if (getrandom(&id, sizeof id, 0) != sizeof id ||
        ares_create_query(name, ns_c_in, type, id, 1, &question, &size, UDP_BYTES) != ARES_SUCCESS)
        return false;
    question[3] |= AD_BIT;
    ares_send(channel, question, size, on_reply, reply);
    ares_free_string(question);
    return true;
}

static int
open_channel(ares_channel *channel, const value_t *arguments, int64_t timeout_ms)
{
    struct ares_options options = {.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS,
                                   .timeout = (int)(timeout_ms / 2 + 1),
                                   .tries = 2};
    char server[128];
    int wrong =
        ares_init_options(channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    const char *address = value_get_text(arguments, "server");
    if (wrong != ARES_SUCCESS || !address[0])
        return wrong;
    snprintf(server, sizeof server, strchr(address, ':') ? "[%s]:%lld" : "%s:%lld", address,
             (long long)asked_or(arguments, "port", 53));
    return ares_set_servers_ports_csv(*channel, server);
}

static value_t *
net_dns(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    int64_t timeout_ms = asked_or(arguments, "timeout_ms", DNS_TIMEOUT_MS);
    mono_t start = mono_now();
    ares_channel channel = NULL;
    reply_t reply = {.status = ARES_ETIMEOUT};
    value_t *result = NULL;
    (void)world;
    int wrong = open_channel(&channel, arguments, timeout_ms);
    if (wrong == ARES_SUCCESS && !ask(channel, arguments, &reply))
        wrong = ARES_EBADNAME;
    if (wrong == ARES_SUCCESS)
        await_reply(channel, &reply, (mono_t){start.ms + timeout_ms});
    int64_t took_ms = mono_now().ms - start.ms;
    if (reply.done && reply.size)
        result = read_reply(&reply, fault);
    else
        fault_set(fault, FAULT_UNREACHABLE, "no answer of the DNS: %s",
                  ares_strerror(wrong == ARES_SUCCESS ? reply.status : wrong));
    if (result)
        value_set_integer(result, "milliseconds", took_ms);
    ares_destroy(channel);
    memory_free(&reply.bytes);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"net.dns", net_dns}, {"net.ping", net_ping}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
