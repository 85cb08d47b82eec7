/* SPDX-License-Identifier: Apache-2.0 */
/* ops-firewall NAME: what nftables holds, as nft(8) tells it in JSON. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/op_cell.h"
#include "worker/ops/asked.h"

#define NFT        "/usr/sbin/nft"
#define TEXT_MAX   (8 * 1024 * 1024) /* bytes of JSON that are read */
#define CHAINS_MAX 128
#define RULES_MAX  256
#define RULE_BYTES 300 /* of a rule's text that are told */
#define BLOCKS_MAX 256

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
    value_t *chains, *rules, *blocks;
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

static void
on_rule(found_t *self, const json_t *rule)
{
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

/* Of our own table's sets of blocks: what firewall.block put there. */
static void
on_set(found_t *self, const json_t *set)
{
    const char *table = json_string_value(json_object_get(set, "table"));
    const char *name = json_string_value(json_object_get(set, "name"));
    const json_t *at;
    size_t i;
    if (!table || !name || strcmp(table, "tocsin") != 0 || strncmp(name, "blocked", 7) != 0)
        return;
    json_array_foreach(json_object_get(set, "elem"), i, at)
    {
        const json_t *element = json_object_get(at, "elem");
        value_t *item = value_map();
        tell_source(item, json_object_get(element, "val"));
        value_set_integer(item, "expires_s",
                          json_integer_value(json_object_get(element, "expires")));
        add(self, self->blocks, BLOCKS_MAX, item);
    }
}

static const struct {
    const char *name;
    void (*on)(found_t *self, const json_t *item);
} kinds[] = {{"chain", on_chain}, {"rule", on_rule}, {"set", on_set}};

static value_t *
firewall_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    found_t found = {.chains = value_list(), .rules = value_list(), .blocks = value_list()};
    const json_t *at;
    size_t i;
    (void)arguments, (void)world;
    json_t *all = ask_nft(fault);
    json_array_foreach(json_object_get(all, "nftables"), i,
                       at) for (size_t j = 0; j < ARRAY_SIZE(kinds);
                                j++) if (json_object_get(at, kinds[j].name)) kinds[j]
        .on(&found, json_object_get(at, kinds[j].name));
    value_t *result = value_map();
    value_set(result, "chains", found.chains);
    value_set(result, "rules", found.rules);
    value_set(result, "blocks", found.blocks);
    value_set_bool(result, "more", found.more);
    if (!all)
        value_destroy(&result);
    json_decref(all);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"firewall.list", firewall_list}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
