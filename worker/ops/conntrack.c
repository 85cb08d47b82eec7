/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/ops/asked.h"
#include "worker/ops/bodies.h"
#include "worker/ops/done.h"
#include "worker/ops/netlink.h"
#include "worker/ops/way.h"

#define COUNT_FILE   "/proc/sys/net/netfilter/nf_conntrack_count"
#define MAX_FILE     "/proc/sys/net/netfilter/nf_conntrack_max"
#define SOURCES_MAX  16384 /* looked at; a power of two */
#define TOP_DEFAULT  10
#define FORGET_MAX   4096 /* entries of a source, a time */
#define FORGET_BYTES 512

typedef struct {
    int family; /* 0 in an empty place */
    uint8_t address[16];
    int64_t count;
} source_t;

typedef struct {
    source_t places[SOURCES_MAX];
    size_t used;
    bool full;
    const net_t *wanted; /* NULL for none */
    int64_t opened;      /* by that */
} sources_t;

static size_t
place_of(const uint8_t *address, size_t size)
{
    uint64_t mixed = 14695981039346656037ULL; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        mixed = (mixed ^ address[i]) * 1099511628211ULL;
    return mixed % SOURCES_MAX;
}

/* Of an entry, who opened it; of no bits where it does not say. */
static net_t
source_of(const struct nfgenmsg *head, const struct nlattr *tuple)
{
    const struct nlattr *way[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1];
    bool six = head->nfgen_family == AF_INET6;
    net_t net = {0};
    netlink_nested(tuple, way, CTA_TUPLE_MAX);
    netlink_nested(way[CTA_TUPLE_IP], ip, CTA_IP_MAX);
    const struct nlattr *address = ip[six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC];
    if (!address || mnl_attr_get_payload_len(address) != (six ? 16 : 4))
        return net;
    net.bits = net.prefix = six ? 128 : 32;
    memcpy(net.bytes, mnl_attr_get_payload(address), six ? 16 : 4);
    return net;
}

static void
count(sources_t *self, const net_t *source)
{
    int family = source->bits == 32 ? AF_INET : AF_INET6;
    size_t size = source->bits / 8, at = place_of(source->bytes, size);
    for (size_t i = 0; i < SOURCES_MAX; i++, at = (at + 1) % SOURCES_MAX) {
        source_t *place = &self->places[at];
        if (place->family == family && !memcmp(place->address, source->bytes, size)) {
            place->count++;
            return;
        }
        if (!place->family && self->used < SOURCES_MAX / 2) {
            self->used++;
            *place = (source_t){.family = family, .count = 1};
            memcpy(place->address, source->bytes, size);
            return;
        }
        if (!place->family)
            break;
    }
    self->full = true;
}

static void
on_entry(const struct nlmsghdr *message, void *sources)
{
    sources_t *self = sources;
    const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[CTA_MAX + 1];
    netlink_attributes(message, sizeof *head, has, CTA_MAX);
    net_t source = source_of(head, has[CTA_TUPLE_ORIG]);
    if (!source.bits)
        return;
    count(self, &source);
    self->opened += self->wanted && net_is_within(&source, self->wanted);
}

static int
by_count(const void *left, const void *right)
{
    const source_t *one = left, *other = right;
    return one->count < other->count ? 1 : one->count > other->count ? -1 : 0;
}

static value_t *
tell_top(sources_t *sources, size_t most)
{
    value_t *list = value_list();
    qsort(sources->places, SOURCES_MAX, sizeof *sources->places, by_count);
    for (size_t i = 0; i < most && sources->places[i].family; i++) {
        char text[INET6_ADDRSTRLEN];
        value_t *item = value_map();
        inet_ntop(sources->places[i].family, sources->places[i].address, text, sizeof text);
        value_set_text(item, "address", text);
        value_set_integer(item, "count", sources->places[i].count);
        value_append(list, item);
    }
    return list;
}

/* Where there is no such file the kernel tracks none. */
static int
read_number(const char *path, int64_t *out, bool *tracked, fault_t *fault)
{
    fault_t why = {0};
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, 64, &why);
    *out = text ? strtoll(bytes_text(text), NULL, 10) : 0;
    *tracked = *tracked && text;
    return text || why.code == FAULT_NOT_FOUND ? 0 : fault_set(fault, why.code, "%s", why.text);
}

value_t *
conntrack_count(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static sources_t sources;
    char memory[NETLINK_REQUEST_MAX];
    int64_t entries, most;
    bool loaded = true;
    net_t wanted;
    (void)world;
    if (read_number(COUNT_FILE, &entries, &loaded, fault) ||
        read_number(MAX_FILE, &most, &loaded, fault))
        return NULL;
    sources.wanted = net_read(value_get_text(arguments, "source"), &wanted) ? &wanted : NULL;
    struct nlmsghdr *request = netlink_begin(memory, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
                                             NLM_F_DUMP, sizeof(struct nfgenmsg));
    int wrong = loaded ? netlink_ask(NETLINK_NETFILTER, request, on_entry, &sources) : 0;
    if (wrong) {
        fault_set(fault, FAULT_IO, "the tracked connections cannot be read: %s", strerror(wrong));
        return NULL;
    }
    size_t top = (size_t)asked_or(arguments, "top", TOP_DEFAULT);
    value_t *result = value_map();
    value_set_bool(result, "tracked", loaded);
    value_set_integer(result, "count", loaded ? entries : 0);
    value_set_integer(result, "max", loaded ? most : 0);
    value_set_integer(result, "used_percent", loaded && most > 0 ? entries * 100 / most : 0);
    value_set(result, "top", tell_top(&sources, top));
    value_set_bool(result, "more", sources.full || sources.used > top);
    if (sources.wanted)
        value_set_integer(result, "opened", sources.opened);
    return result;
}

/* ---- forgetting those of one source -------------------------------------------------------- */

typedef struct {
    const net_t *source;
    size_t count;
    bool more;
    struct {
        size_t size;
        union {
            struct nlmsghdr head; /* asks to forget it */
            uint8_t bytes[FORGET_BYTES];
        } message;
    } all[FORGET_MAX];
} forgotten_t;

static void
on_candidate(const struct nlmsghdr *message, void *forgotten)
{
    static const int kept[] = {CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID};
    forgotten_t *self = forgotten;
    const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
    const struct nlattr *has[CTA_MAX + 1];
    netlink_attributes(message, sizeof *head, has, CTA_MAX);
    net_t source = source_of(head, has[CTA_TUPLE_ORIG]);
    if (!source.bits || !net_is_within(&source, self->source))
        return;
    if (self->count == FORGET_MAX) {
        self->more = true;
        return;
    }
    struct nlmsghdr *request =
        netlink_begin(self->all[self->count].message.bytes,
                      NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK, sizeof *head);
    *(struct nfgenmsg *)mnl_nlmsg_get_payload(request) = *head;
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        const struct nlattr *at = has[kept[i]];
        if (at && !mnl_attr_put_check(request, FORGET_BYTES, at->nla_type,
                                      mnl_attr_get_payload_len(at), mnl_attr_get_payload(at)))
            return;
    }
    self->count++;
}

/* 0 or an errno. Where the answer was lost, another try tells whether it is gone. */
static int
forget_one(struct nlmsghdr *request)
{
    int wrong = netlink_ask(NETLINK_NETFILTER, request, NULL, NULL);
    if (!wrong || wrong == ENOENT)
        return wrong;
    wrong = netlink_ask(NETLINK_NETFILTER, request, NULL, NULL);
    return wrong == ENOENT ? 0 : wrong;
}

/* One that is over by then need not be forgotten. */
static int
forget(forgotten_t *self, int64_t *count, fault_t *fault)
{
    int wrong = 0;
    *count = 0;
    for (size_t i = 0; i < self->count && (!wrong || wrong == ENOENT); i++) {
        wrong = forget_one(&self->all[i].message.head);
        *count += !wrong;
    }
    if (!wrong || wrong == ENOENT)
        return 0;
    fault_set(fault, FAULT_IO, "a tracked connection cannot be forgotten: %s", strerror(wrong));
    return *count ? done_anyway(fault, "%lld others are", (long long)*count) : -1;
}

/* Whose, and that it is nobody whom the way home needs. */
static int
find_source(const value_t *arguments, const op_world_t *world, net_t *out, fault_t *fault)
{
    way_t way;
    bool good = net_read(value_get_text(arguments, "source"), out);
    assert(good);
    return way_find(&way, world, fault) || way_spares(&way, out, fault) ? -1 : 0;
}

static value_t *
tell_forgotten(const value_t *arguments, int64_t count, bool more)
{
    value_t *result = value_map();
    value_set_text(result, "source", value_get_text(arguments, "source"));
    value_set_integer(result, "forgotten", count);
    value_set_bool(result, "more", more);
    return result;
}

value_t *
conntrack_flush(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static forgotten_t forgotten;
    char memory[NETLINK_REQUEST_MAX];
    net_t source;
    if (find_source(arguments, world, &source, fault))
        return NULL;
    forgotten.source = &source;
    struct nlmsghdr *request = netlink_begin(memory, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
                                             NLM_F_DUMP, sizeof(struct nfgenmsg));
    int wrong = netlink_ask(NETLINK_NETFILTER, request, on_candidate, &forgotten);
    if (wrong) {
        fault_set(fault, FAULT_IO, "the tracked connections cannot be read: %s", strerror(wrong));
        return NULL;
    }
    int64_t count;
    return forget(&forgotten, &count, fault) ? NULL
                                             : tell_forgotten(arguments, count, forgotten.more);
}

/* By what conntrack.count saw of that source. */
value_t *
conntrack_flush_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    net_t source;
    if (find_source(arguments, world, &source, fault))
        return NULL;
    int64_t opened = value_get_integer(world->seen, "opened");
    int64_t count = opened < FORGET_MAX ? opened : FORGET_MAX;
    value_t *foresight = foresight_new();
    if (count)
        foresight_goes(foresight, "%lld tracked connections that %s opened", (long long)count,
                       value_get_text(arguments, "source"));
    return foresight_give(foresight, tell_forgotten(arguments, count, opened > count));
}
