/* SPDX-License-Identifier: Apache-2.0 */
/* ops-capture NAME: who sends how much on a link, through libpcap. Only the heads of packets are
 * looked at, and nothing of them but addresses and lengths is told. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/op_cell.h"
#include "worker/ops/asked.h"

#define HEAD_BYTES  96 /* of each packet */
#define SOURCES_MAX 4096
#define TOLD_MAX    50
#define ROUND_MS    100
#define FILTER_MAX  256

typedef struct {
    char address[INET6_ADDRSTRLEN];
    int64_t packets, bytes;
} source_t;

typedef struct {
    int link_type;
    int64_t packets, bytes, most;
    size_t count;
    bool more;
    source_t sources[SOURCES_MAX];
} counts_t;

/* Where the network's header begins, and its EtherType; NULL where the packet is too short. */
static const uint8_t *
find_network(int link_type, const uint8_t *bytes, size_t size, unsigned *type)
{
    size_t head = link_type == DLT_EN10MB ? 14 : link_type == DLT_LINUX_SLL ? 16 : 0;
    if (size < head + 20)
        return NULL;
    *type = head                 ? (unsigned)(bytes[head - 2] << 8 | bytes[head - 1])
            : bytes[0] >> 4 == 6 ? ETHERTYPE_IPV6
                                 : ETHERTYPE_IP;
    if (*type == ETHERTYPE_VLAN && size >= head + 24) {
        *type = (unsigned)(bytes[head + 2] << 8 | bytes[head + 3]);
        head += 4;
    }
    return bytes + head;
}

static void
name_source(const counts_t *self, const uint8_t *bytes, size_t size,
            char out[static INET6_ADDRSTRLEN])
{
    unsigned type = 0;
    const uint8_t *head = find_network(self->link_type, bytes, size, &type);
    size_t left = head ? size - (size_t)(head - bytes) : 0;
    snprintf(out, INET6_ADDRSTRLEN, "other");
    if (type == ETHERTYPE_IP && left >= 20)
        inet_ntop(AF_INET, head + 12, out, INET6_ADDRSTRLEN);
    else if (type == ETHERTYPE_IPV6 && left >= 40)
        inet_ntop(AF_INET6, head + 8, out, INET6_ADDRSTRLEN);
    else if (type == ETHERTYPE_ARP && left >= 18)
        inet_ntop(AF_INET, head + 14, out, INET6_ADDRSTRLEN);
}

static void
on_packet(u_char *counts, const struct pcap_pkthdr *head, const u_char *bytes)
{
    counts_t *self = (counts_t *)(void *)counts;
    char address[INET6_ADDRSTRLEN];
    size_t i = 0;
    name_source(self, bytes, head->caplen, address);
    self->packets++;
    self->bytes += head->len;
    while (i < self->count && strcmp(self->sources[i].address, address) != 0)
        i++;
    if (i == SOURCES_MAX) {
        self->more = true;
        return;
    }
    if (i == self->count)
        snprintf(self->sources[self->count++].address, INET6_ADDRSTRLEN, "%s", address);
    self->sources[i].packets++;
    self->sources[i].bytes += head->len;
}

static int
by_packets(const void *left, const void *right)
{
    const source_t *one = left, *other = right;
    return (one->packets < other->packets) - (one->packets > other->packets);
}

static value_t *
tell(counts_t *self, pcap_t *tap)
{
    struct pcap_stat facts = {0};
    value_t *result = value_map(), *list = value_list();
    qsort(self->sources, self->count, sizeof *self->sources, by_packets);
    for (size_t i = 0; i < self->count && i < TOLD_MAX; i++) {
        value_t *item = value_map();
        value_set_text(item, "address", self->sources[i].address);
        value_set_integer(item, "packets", self->sources[i].packets);
        value_set_integer(item, "bytes", self->sources[i].bytes);
        value_append(list, item);
    }
    pcap_stats(tap, &facts);
    value_set_integer(result, "packets", self->packets);
    value_set_integer(result, "bytes", self->bytes);
    value_set_integer(result, "missed", facts.ps_drop);
    value_set(result, "sources", list);
    value_set_bool(result, "more", self->more || self->count > TOLD_MAX);
    return result;
}

/* "udp and host ADDRESS and port N", of what was asked for. */
static void
write_filter(const value_t *arguments, char out[static FILTER_MAX])
{
    const char *protocol = value_get_text(arguments, "protocol"),
               *host = value_get_text(arguments, "host");
    size_t used = 0;
    out[0] = '\0';
    if (protocol[0])
        used += (size_t)snprintf(out, FILTER_MAX, strcmp(protocol, "icmp") ? "%s" : "(%s or icmp6)",
                                 protocol);
    if (host[0])
        used += (size_t)snprintf(out + used, FILTER_MAX - used, "%s%s %s", used ? " and " : "",
                                 strchr(host, '/') ? "net" : "host", host);
    if (value_get(arguments, "port"))
        snprintf(out + used, FILTER_MAX - used, "%sport %lld", used ? " and " : "",
                 (long long)value_get_integer(arguments, "port"));
}

static int
set_filter(pcap_t *tap, const char *filter, fault_t *fault)
{
    struct bpf_program program = {0};
    int wrong = pcap_compile(tap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) ||
                pcap_setfilter(tap, &program);
    pcap_freecode(&program);
    return wrong ? fault_set(fault, FAULT_ARGUMENT, "'%.100s': %.100s", filter, pcap_geterr(tap))
                 : 0;
}

static int
listen_to(pcap_t *tap, counts_t *counts, mono_t deadline, fault_t *fault)
{
    char none[PCAP_ERRBUF_SIZE];
    struct pollfd waiting = {.fd = pcap_get_selectable_fd(tap), .events = POLLIN};
    pcap_setnonblock(tap, 1, none);
    while (counts->packets < counts->most && mono_now().ms < deadline.ms) {
        poll(&waiting, 1, ROUND_MS);
        if (pcap_dispatch(tap, (int)(counts->most - counts->packets), on_packet,
                          (u_char *)(void *)counts) < 0)
            return fault_set(fault, FAULT_IO, "the link went away: %.120s", pcap_geterr(tap));
    }
    return 0;
}

static value_t *
net_capture(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static counts_t counts;
    char filter[FILTER_MAX], error[PCAP_ERRBUF_SIZE] = "";
    const char *link = value_get_text(arguments, "link");
    (void)world;
    mono_t deadline = {mono_now().ms + 1000 * value_get_integer(arguments, "seconds")};
    pcap_t *tap = pcap_open_live(link, HEAD_BYTES, 0, ROUND_MS, error);
    if (!tap) {
        fault_set(fault, FAULT_NOT_FOUND, "link '%s' cannot be listened to: %.120s", link, error);
        return NULL;
    }
    counts.link_type = pcap_datalink(tap);
    counts.most = asked_or(arguments, "packets", 1000);
    write_filter(arguments, filter);
    value_t *result = set_filter(tap, filter, fault) || listen_to(tap, &counts, deadline, fault)
                          ? NULL
                          : tell(&counts, tap);
    pcap_close(tap);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"net.capture", net_capture}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
