/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/inet_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "worker/ops/bodies.h"
#include "worker/ops/netlink.h"

#define COUNTERS_BYTES_MAX (256 * 1024)

/* ---- sockets by their state -------------------------------------------------------------- */

enum { STATES = 13 };

static const char *const states[STATES] = {
    [TCP_ESTABLISHED] = "established",
    [TCP_SYN_SENT] = "syn_sent",
    [TCP_SYN_RECV] = "syn_received",
    [TCP_FIN_WAIT1] = "fin_wait_1",
    [TCP_FIN_WAIT2] = "fin_wait_2",
    [TCP_TIME_WAIT] = "time_wait",
    [TCP_CLOSE] = "closed",
    [TCP_CLOSE_WAIT] = "close_wait",
    [TCP_LAST_ACK] = "last_ack",
    [TCP_LISTEN] = "listening",
    [TCP_CLOSING] = "closing",
};

static void
on_socket(const struct nlmsghdr *message, void *counts)
{
    const struct inet_diag_msg *head = mnl_nlmsg_get_payload(message);
    unsigned state = mnl_nlmsg_get_payload_len(message) >= sizeof *head ? head->idiag_state : 0;
    state = state == STATES - 1 ? TCP_SYN_RECV : state; /* "new", as half-open ones are told */
    if (state < STATES && states[state])
        ((int64_t *)counts)[state]++;
}

static value_t *
tell_states(fault_t *fault)
{
    int64_t counts[STATES] = {0};
    int wrong = netlink_sockets(AF_INET, IPPROTO_TCP, ~0U, on_socket, counts);
    wrong = wrong ? wrong : netlink_sockets(AF_INET6, IPPROTO_TCP, ~0U, on_socket, counts);
    if (wrong) {
        fault_set(fault, FAULT_IO, "the sockets cannot be counted: %s", strerror(wrong));
        return NULL;
    }
    value_t *result = value_map();
    for (size_t i = 0; i < STATES; i++)
        if (states[i])
            value_set_integer(result, states[i], counts[i]);
    return result;
}

/* ---- the kernel's counters: a line of names, and below it one of numbers ------------------ */

static const struct {
    const char *file, *line, *counter, *name;
} counters[] = {
    {"/proc/net/snmp", "Tcp:", "InErrs", "received_bad"},
    {"/proc/net/snmp", "Tcp:", "RetransSegs", "retransmitted"},
    {"/proc/net/snmp", "Tcp:", "OutSegs", "sent"},
    {"/proc/net/snmp", "Tcp:", "AttemptFails", "attempts_failed"},
    {"/proc/net/snmp", "Tcp:", "EstabResets", "resets"},
    {"/proc/net/snmp", "Udp:", "InErrors", "udp_errors"},
    {"/proc/net/snmp", "Udp:", "NoPorts", "udp_no_port"},
    {"/proc/net/snmp", "Udp:", "RcvbufErrors", "udp_buffer_full"},
    {"/proc/net/netstat", "TcpExt:", "SyncookiesSent", "syncookies_sent"},
    {"/proc/net/netstat", "TcpExt:", "SyncookiesFailed", "syncookies_failed"},
    {"/proc/net/netstat", "TcpExt:", "ListenOverflows", "listen_overflows"},
    {"/proc/net/netstat", "TcpExt:", "ListenDrops", "listen_drops"},
    {"/proc/net/netstat", "TcpExt:", "TCPReqQFullDrop", "request_queue_drops"},
    {"/proc/net/netstat", "TcpExt:", "TCPBacklogDrop", "backlog_drops"},
    {"/proc/net/netstat", "TcpExt:", "TCPTimeouts", "timeouts"},
    {"/proc/net/netstat", "TcpExt:", "TCPAbortOnMemory", "aborts_for_memory"},
};

/* What stands in the second line of this name below counter in the first; -1 where it does not. */
static int64_t
find_counter(const char *text, const char *line, const char *counter)
{
    const char *names = strstr(text, line);
    const char *numbers = names ? strstr(names + 1, line) : NULL;
    while (names && numbers) {
        size_t name_size = strcspn(names, " \n"), number_size = strcspn(numbers, " \n");
        if (name_size == strlen(counter) && !strncmp(names, counter, name_size))
            return strtoll(numbers, NULL, 10);
        if (names[name_size] != ' ' || numbers[number_size] != ' ')
            return -1;
        names += name_size + 1;
        numbers += number_size + 1;
    }
    return -1;
}

static value_t *
tell_counters(fault_t *fault)
{
    CLEANUP(value_destroy) value_t *result = value_map();
    for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
        CLEANUP(bytes_destroy)
        bytes_t *text = file_read(counters[i].file, COUNTERS_BYTES_MAX, fault);
        if (!text)
            return NULL;
        int64_t count = find_counter(bytes_text(text), counters[i].line, counters[i].counter);
        if (count >= 0)
            value_set_integer(result, counters[i].name, count);
    }
    return MOVE(result);
}

/* ---- /proc/net/sockstat: "TCP: inuse 5 orphan 0 tw 1 alloc 7 mem 2" ------------------------ */

static const struct {
    const char *line, *word, *name;
} uses[] = {
    {"TCP:", "inuse", "tcp_in_use"},        {"TCP:", "orphan", "tcp_orphans"},
    {"TCP:", "alloc", "tcp_allocated"},     {"TCP:", "mem", "tcp_memory_pages"},
    {"UDP:", "inuse", "udp_in_use"},        {"UDP:", "mem", "udp_memory_pages"},
    {"sockets:", "used", "sockets_in_use"},
};

static int64_t
find_use(const char *text, const char *line, const char *word)
{
    const char *at = strstr(text, line);
    const char *end = at ? strchrnul(at, '\n') : NULL;
    for (at = at ? strchr(at, ' ') : NULL; at && at < end; at = strchr(at + 1, ' '))
        if (!strncmp(at + 1, word, strlen(word)) && at[1 + strlen(word)] == ' ')
            return strtoll(at + 1 + strlen(word), NULL, 10);
    return 0;
}

value_t *
socket_summary(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)arguments, (void)world;
    CLEANUP(bytes_destroy)
    bytes_t *text = file_read("/proc/net/sockstat", COUNTERS_BYTES_MAX, fault);
    CLEANUP(value_destroy) value_t *by_state = text ? tell_states(fault) : NULL;
    value_t *counts = by_state ? tell_counters(fault) : NULL;
    if (!counts)
        return NULL;
    value_t *result = value_map();
    for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
        value_set_integer(result, uses[i].name,
                          find_use(bytes_text(text), uses[i].line, uses[i].word));
    value_set(result, "tcp_states", MOVE(by_state));
    value_set(result, "counters", counts);
    return result;
}
