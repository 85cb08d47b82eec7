/* SPDX-License-Identifier: Apache-2.0 */
/* ops-firewall NAME: what nftables holds, as nft(8) tells it in JSON. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/net.h"
#include "worker/op_cell.h"
#include "worker/ops/asked.h"

#define NFT        "/usr/sbin/nft"
#define TEXT_MAX   (8 * 1024 * 1024) /* bytes of JSON that are read */
#define CHAINS_MAX 128
#define RULES_MAX  256
#define RULE_BYTES 300 /* of a rule's text that are told */
#define BLOCKS_MAX 256
#define LIMITS_MAX 64
#define PASSES_MAX 64

/* ---- nft's answer ------------------------------------------------------------------------- */

_Noreturn static void
run_nft(int words)
{
    static const char *const command[] = {NFT, "-j", "list", "ruleset", NULL};
    if (dup2(words, 1) == 1 && !close_range(3, ~0U, 0))
        execve(command[0], (char *const *)(uintptr_t)command, environ);
    _exit(127);
}

static bytes_t *
read_all(int fd)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    static uint8_t chunk[65536];
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) > 0 && text->size + (size_t)got <= TEXT_MAX)
        bytes_add(text, chunk, (size_t)got);
    return got ? NULL : MOVE(text);
}

static json_t *
ask_nft(fault_t *fault)
{
    int out[2], status = 0;
    if (pipe2(out, O_CLOEXEC)) {
        fault_errno(fault, "pipe");
        return NULL;
    }
    pid_t child = fork();
    if (child == 0)
        run_nft(out[1]);
    close(out[1]);
    CLEANUP(bytes_destroy) bytes_t *text = read_all(out[0]);
    close(out[0]);
    if (child < 0 || waitpid(child, &status, 0) != child) {
        fault_errno(fault, NFT);
        return NULL;
    }
    json_t *all = text && !status ? json_loadb((const char *)text->data, text->size,
                                               JSON_REJECT_DUPLICATES, NULL)
                                  : NULL;
    if (!text)
        fault_set(fault, FAULT_LIMIT, "the rules are over %d bytes of JSON", TEXT_MAX);
    else if (!all)
        fault_set(fault, FAULT_FAILED, "'" NFT "' does not list the rules in JSON (status %d)",
                  status);
    return all;
}

/* ---- what is told of it ------------------------------------------------------------------- */

typedef struct {
    value_t *chains, *rules, *blocks, *passes;
    const net_t *only; /* the one block that is told; NULL: all */
    int64_t isolated_s;
    size_t limit_count;
    struct {
        int64_t port, per_second, expires_s;
    } limits[LIMITS_MAX];
    bool table; /* ours is there */
    bool more;
} found_t;

static void
add(found_t *self, value_t *list, size_t most, value_t *item)
{
    if (value_count(list) < most) {
        value_append(list, item);
        return;
    }
    self->more = true;
    value_destroy(&item);
}

static void
copy_text(value_t *out, const char *name, const json_t *from, const char *key)
{
    char text[128];
    const char *is = json_string_value(json_object_get(from, key));
    if (!is)
        return;
    asked_printable(text, sizeof text, is);
    value_set_text(out, name, text);
}

static value_t *
begin(const json_t *from)
{
    value_t *item = value_map();
    copy_text(item, "family", from, "family");
    copy_text(item, "table", from, "table");
    return item;
}

static bool
is_ours(const json_t *item)
{
    const char *table = json_string_value(json_object_get(item, "table"));
    return table && !strcmp(table, "tocsin");
}

static void
on_chain(found_t *self, const json_t *chain)
{
    value_t *item = begin(chain);
    copy_text(item, "name", chain, "name");
    copy_text(item, "hook", chain, "hook");
    copy_text(item, "policy", chain, "policy");
    if (json_is_integer(json_object_get(chain, "prio")))
        value_set_integer(item, "priority", json_integer_value(json_object_get(chain, "prio")));
    add(self, self->chains, CHAINS_MAX, item);
}

/* The counter of a rule, where it has one. */
static void
tell_counter(value_t *item, const json_t *expressions)
{
    size_t i;
    const json_t *at;
    json_array_foreach(expressions, i, at)
    {
        const json_t *counter = json_object_get(at, "counter");
        if (!json_is_object(counter))
            continue;
        value_set_integer(item, "packets", json_integer_value(json_object_get(counter, "packets")));
        value_set_integer(item, "bytes", json_integer_value(json_object_get(counter, "bytes")));
    }
}

/* What the expressions say of this field of a packet: {"match": {"left": {"payload": {"field":
 * FIELD}}, "right": ...}}; NULL where nothing. */
static const json_t *
matched(const json_t *expressions, const char *field)
{
    size_t i;
    const json_t *at;
    json_array_foreach(expressions, i, at)
    {
        const json_t *match = json_object_get(at, "match");
        const json_t *payload = json_object_get(json_object_get(match, "left"), "payload");
        const char *is = json_string_value(json_object_get(payload, "field"));
        if (is && !strcmp(is, field))
            return match;
    }
    return NULL;
}

/* A rule of isolate_out that lets something through to a port of another machine. */
static void
on_pass(found_t *self, const json_t *expressions)
{
    const json_t *to = matched(expressions, "daddr"), *port = matched(expressions, "dport");
    const json_t *payload = json_object_get(json_object_get(port, "left"), "payload");
    const char *protocol = json_string_value(json_object_get(payload, "protocol"));
    const char *address = json_string_value(json_object_get(to, "right"));
    char text[128];
    if (!protocol || !address)
        return;
    snprintf(text, sizeof text, "%.8s to %.64s port %lld", protocol, address,
             (long long)json_integer_value(json_object_get(port, "right")));
    add(self, self->passes, PASSES_MAX, value_text(text));
}

/* A rule of the chain that limits a port: {"set": {"stmt": [{"limit": {"rate": RATE}}]}}. */
static void
on_rate(found_t *self, const char *chain, const json_t *expressions)
{
    const json_t *set = json_object_get(json_array_get(expressions, 0), "set");
    const json_t *limit = json_object_get(json_array_get(json_object_get(set, "stmt"), 0), "limit");
    for (size_t i = 0; i < self->limit_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "limit%lld", (long long)self->limits[i].port);
        if (!strcmp(name, chain))
            self->limits[i].per_second = json_integer_value(json_object_get(limit, "rate"));
    }
}

/* Of our own table, behind its sets. */
static void
on_own_rule(found_t *self, const json_t *rule)
{
    const char *chain = json_string_value(json_object_get(rule, "chain"));
    if (chain && !strcmp(chain, "isolate_out"))
        on_pass(self, json_object_get(rule, "expr"));
    else if (chain)
        on_rate(self, chain, json_object_get(rule, "expr"));
}

static void
on_rule(found_t *self, const json_t *rule)
{
    if (is_ours(rule))
        on_own_rule(self, rule);
    value_t *item = begin(rule);
    const json_t *expressions = json_object_get(rule, "expr");
    char *text = json_dumps(expressions, JSON_COMPACT | JSON_ENSURE_ASCII);
    char cut[RULE_BYTES + 1];
    asked_printable(cut, sizeof cut, text ? text : "");
    copy_text(item, "chain", rule, "chain");
    value_set_integer(item, "handle", json_integer_value(json_object_get(rule, "handle")));
    value_set_text(item, "text", cut);
    value_set_bool(item, "text_cut", text && strlen(text) > RULE_BYTES);
    tell_counter(item, expressions);
    free(text);
    add(self, self->rules, RULES_MAX, item);
}

/* "192.0.2.1", or { "prefix": { "addr": "10.0.0.0", "len": 8 } }. */
static void
tell_source(value_t *item, const json_t *value)
{
    const json_t *prefix = json_object_get(value, "prefix");
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    const char *address = json_string_value(prefix ? json_object_get(prefix, "addr") : value);
    bytes_add_text(text, address ? address : "?");
    if (prefix)
        bytes_addf(text, "/%lld", (long long)json_integer_value(json_object_get(prefix, "len")));
    value_set_text(item, "source", bytes_text(text));
}

static bool
is_wanted(const found_t *self, const char *source)
{
    net_t net;
    return !self->only || (net_read(source, &net) && net_is_within(&net, self->only) &&
                           net_is_within(self->only, &net));
}

static int64_t
seconds_left(const json_t *element)
{
    return json_integer_value(json_object_get(element, "expires"));
}

static void
on_block(found_t *self, const json_t *element)
{
    value_t *item = value_map();
    tell_source(item, json_object_get(element, "val"));
    value_set_integer(item, "expires_s", seconds_left(element));
    if (is_wanted(self, value_get_text(item, "source")))
        add(self, self->blocks, BLOCKS_MAX, item);
    else
        value_destroy(&item);
}

/* One element is IPv4's, one IPv6's: both are set at once. */
static void
on_isolation(found_t *self, const json_t *element)
{
    self->isolated_s = seconds_left(element);
}

/* Of our own table: what firewall.block and host.isolate put there. */
static void
on_set(found_t *self, const json_t *set)
{
    static const struct {
        const char *name;
        void (*on)(found_t *self, const json_t *element);
    } sets[] = {{"blocked4", on_block}, {"blocked6", on_block}, {"isolated", on_isolation}};
    const char *name = json_string_value(json_object_get(set, "name"));
    const json_t *at;
    size_t i;
    for (size_t j = 0; j < ARRAY_SIZE(sets); j++) {
        if (!is_ours(set) || !name || strcmp(name, sets[j].name) != 0)
            continue;
        json_array_foreach(json_object_get(set, "elem"), i, at)
        {
            sets[j].on(self, json_object_get(at, "elem"));
        }
    }
}

/* [[{"elem": {"val": PORT, "expires": SECONDS}}, {"jump": ...}], ...]: the map `rates`. */
static void
on_map(found_t *self, const json_t *map)
{
    const char *name = json_string_value(json_object_get(map, "name"));
    const json_t *at;
    size_t i;
    if (!is_ours(map) || !name || strcmp(name, "rates") != 0)
        return;
    json_array_foreach(json_object_get(map, "elem"), i, at)
    {
        const json_t *element = json_object_get(json_array_get(at, 0), "elem");
        self->more = self->more || self->limit_count == LIMITS_MAX;
        if (self->limit_count == LIMITS_MAX)
            break;
        self->limits[self->limit_count].port = json_integer_value(json_object_get(element, "val"));
        self->limits[self->limit_count++].expires_s = seconds_left(element);
    }
}

static void
on_table(found_t *self, const json_t *table)
{
    const char *name = json_string_value(json_object_get(table, "name"));
    const char *family = json_string_value(json_object_get(table, "family"));
    self->table =
        self->table || (name && family && !strcmp(name, "tocsin") && !strcmp(family, "inet"));
}

static const struct {
    const char *name;
    void (*on)(found_t *self, const json_t *item);
} kinds[] = {
    {"chain", on_chain}, {"map", on_map}, {"rule", on_rule}, {"set", on_set}, {"table", on_table}};

static void
tell(found_t *self, const json_t *all, bool ours)
{
    const json_t *at;
    size_t i;
    json_array_foreach(json_object_get(all, "nftables"), i, at)
    {
        for (size_t j = 0; j < ARRAY_SIZE(kinds); j++) {
            const json_t *item = json_object_get(at, kinds[j].name);
            if (item && is_ours(item) == ours)
                kinds[j].on(self, item);
        }
    }
}

/* All of it, or -1 where nft does not tell. */
static int
find_all(found_t *self, fault_t *fault)
{
    json_t *all = ask_nft(fault);
    if (!all)
        return -1;
    tell(self, all, true); /* ours first: others' rules may be thousands */
    tell(self, all, false);
    json_decref(all);
    return 0;
}

static value_t *
tell_limits(const found_t *self)
{
    value_t *limits = value_list();
    for (size_t i = 0; i < self->limit_count; i++) {
        value_t *limit = value_map();
        value_set_integer(limit, "port", self->limits[i].port);
        value_set_integer(limit, "per_second", self->limits[i].per_second);
        value_set_integer(limit, "expires_s", self->limits[i].expires_s);
        value_append(limits, limit);
    }
    return limits;
}

static value_t *
firewall_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    found_t found = {.chains = value_list(),
                     .rules = value_list(),
                     .blocks = value_list(),
                     .passes = value_list()};
    (void)arguments, (void)world;
    int failed = find_all(&found, fault);
    value_t *result = value_map();
    value_set(result, "chains", found.chains);
    value_set(result, "rules", found.rules);
    value_set(result, "blocks", found.blocks);
    value_set(result, "limits", tell_limits(&found));
    value_set(result, "passes", found.passes);
    value_set_integer(result, "isolated_s", found.isolated_s);
    value_set_bool(result, "more", found.more);
    if (failed)
        value_destroy(&result);
    return result;
}

static value_t *
firewall_view(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *chains = value_list();
    CLEANUP(value_destroy) value_t *rules = value_list();
    CLEANUP(value_destroy) value_t *blocks = value_list();
    CLEANUP(value_destroy) value_t *passes = value_list();
    const char *source = value_get_text(arguments, "source");
    net_t only;
    found_t found = {
        .chains = chains, .rules = rules, .blocks = blocks, .passes = passes, .only = &only};
    (void)world;
    if (!net_read(source, &only)) {
        fault_set(fault, FAULT_ARGUMENT, "'%.64s' is no address or network", source);
        return NULL;
    }
    if (find_all(&found, fault))
        return NULL;
    bool blocked = value_count(blocks) > 0;
    value_t *result = value_map();
    value_set_text(result, "source", source);
    value_set_bool(result, "blocked", blocked);
    value_set_integer(result, "expires_s",
                      blocked ? value_get_integer(value_at(blocks, 0), "expires_s") : 0);
    value_set_bool(result, "table", found.table);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"firewall.list", firewall_list},
                                    {"firewall.view", firewall_view}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
