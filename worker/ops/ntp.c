/* SPDX-License-Identifier: Apache-2.0 */
/* One question of SNTP (RFC 4330): the answer must hold what was asked, bit by bit, so that nobody
 * off the path can give it. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/ntp.h"

#define WAIT_MS      3000
#define NTP_PORT     123
#define PACKET_BYTES 48
#define EPOCH        2208988800LL /* seconds from 1900 to 1970 */
#define ASK          0x23         /* version 4, client */
#define ANSWER       4            /* server */
#define STRATUM_MOST 15

static int64_t
read_us(const uint8_t *at)
{
    uint64_t seconds = 0, fraction = 0;
    for (int i = 0; i < 4; i++) {
        seconds = seconds << 8 | at[i];
        fraction = fraction << 8 | at[4 + i];
    }
    return ((int64_t)seconds - EPOCH) * 1000000 + (int64_t)(fraction * 1000000 >> 32);
}

typedef struct {
    uint8_t packet[PACKET_BYTES];
    int64_t sent_us, got_us;
} exchange_t;

/* The time that is sent is a nonce: the server gives it back and nothing else of it counts. */
static int
converse(int fd, exchange_t *self, int64_t wait_ms, fault_t *fault)
{
    uint8_t question[PACKET_BYTES] = {ASK};
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    mono_t deadline = {mono_now().ms + wait_ms};
    if (getrandom(question + 40, 8, 0) != 8)
        return fault_errno(fault, "a nonce");
    self->sent_us = clock_us(CLOCK_REALTIME);
    if (send(fd, question, sizeof question, 0) != sizeof question)
        return fault_set(fault, FAULT_UNREACHABLE, "the time server: %s", strerror(errno));
    for (;;) {
        int64_t left = deadline.ms - mono_now().ms;
        if (left <= 0 || poll(&waiting, 1, (int)left) != 1)
            return fault_set(fault, FAULT_UNREACHABLE, "the time server does not answer");
        ssize_t size = recv(fd, self->packet, PACKET_BYTES, 0);
        self->got_us = clock_us(CLOCK_REALTIME);
        if (size < 0)
            return fault_set(fault, FAULT_UNREACHABLE, "the time server: %s", strerror(errno));
        if (size == PACKET_BYTES && (self->packet[0] & 7) == ANSWER &&
            !memcmp(self->packet + 24, question + 40, 8))
            return 0;
    }
}

static int
read_answer(const exchange_t *self, ntp_answer_t *out, fault_t *fault)
{
    unsigned stratum = self->packet[1], leap = self->packet[0] >> 6;
    int64_t heard_us = read_us(self->packet + 32), said_us = read_us(self->packet + 40);
    if (stratum < 1 || stratum > STRATUM_MOST || leap == 3)
        return fault_set(fault, FAULT_FAILED,
                         "the time server says that it does not know the time");
    *out = (ntp_answer_t){
        .offset_us = ((heard_us - self->sent_us) + (said_us - self->got_us)) / 2,
        .delay_us = (self->got_us - self->sent_us) - (said_us - heard_us),
        .stratum = stratum,
        .leap = leap,
    };
    return 0;
}

/* A UDP socket to it; -1 with FAULT_UNREACHABLE. */
static int
reach(const char *address, int64_t port, fault_t *fault)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV}, *all = NULL;
    snprintf(service, sizeof service, "%lld", (long long)port);
    int wrong = getaddrinfo(address, service, &hints, &all);
    int fd = wrong ? -1 : socket(all->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, all->ai_addr, all->ai_addrlen))
        descriptor_close(&fd);
    if (fd < 0)
        fault_set(fault, FAULT_UNREACHABLE, "'%.120s': %s", address,
                  wrong ? gai_strerror(wrong) : strerror(errno));
    if (!wrong)
        freeaddrinfo(all);
    return fd;
}

int
ntp_ask(const value_t *arguments, ntp_answer_t *out, fault_t *fault)
{
    exchange_t exchange = {0};
    CLEANUP(descriptor_close)
    int fd =
        reach(value_get_text(arguments, "address"), asked_or(arguments, "port", NTP_PORT), fault);
    if (fd < 0 || converse(fd, &exchange, asked_or(arguments, "timeout_ms", WAIT_MS), fault))
        return -1;
    return read_answer(&exchange, out, fault);
}

value_t *
ntp_offset(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    ntp_answer_t answer;
    (void)world;
    if (ntp_ask(arguments, &answer, fault))
        return NULL;
    value_t *result = value_map();
    value_set_integer(result, "offset_ms", answer.offset_us / 1000);
    value_set_integer(result, "delay_ms", answer.delay_us / 1000);
    value_set_integer(result, "stratum", answer.stratum);
    value_set_integer(result, "leap", answer.leap);
    return result;
}
