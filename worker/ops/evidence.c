/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/ops/bodies.h"
#include "worker/ops/casefile.h"
#include "worker/ops/own.h"
#include "worker/ops/place.h"

#define BASE_NAME_MAX 60 /* of a file's own name in the archive */

static value_t *
item_value(const item_t *item)
{
    char hash[HASH_TEXT];
    value_t *result = value_map();
    value_set_text(result, "name", item->name);
    value_set_text(result, "sha256", hash_write(&item->hash, hash));
    value_set_integer(result, "bytes", (int64_t)item->bytes);
    return result;
}

/* Its own name behind a hash of its path: two files of one name are two items. */
static void
name_file(const char *path, char out[static CASE_NAME_MAX + 1])
{
    char text[HASH_TEXT];
    hash_t hash = hash_of(slice_text(path));
    snprintf(out, CASE_NAME_MAX + 1, "file-%.16s-%.*s", hash_write(&hash, text), BASE_NAME_MAX,
             strrchr(path, '/') + 1);
    for (char *at = out; *at; at++)
        *at = *at <= 0x20 || *at > 0x7e ? '_' : *at;
    char *end = strrchr(out, '.');
    if (end && !strcmp(end, CASE_ABOUT))
        *end = '_';
}

value_t *
evidence_file(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    char name[CASE_NAME_MAX + 1];
    struct stat facts;
    item_t item;
    CLEANUP(casefile_destroy)
    casefile_t *self = casefile_open(world, value_get_text(arguments, "case"), fault);
    if (!self)
        return NULL;
    name_file(path, name);
    if (casefile_has(self, name, &item))
        return item_value(&item);
    CLEANUP(descriptor_close)
    int fd = place_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, fault);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &facts) || !S_ISREG(facts.st_mode)) {
        fault_set(fault, FAULT_POLICY, "'%.160s' is not a regular file", path);
        return NULL;
    }
    return own_spares_file(fd, path, world, fault) ||
                   casefile_add(self, name, path, fd, &item, fault)
               ? NULL
               : item_value(&item);
}

static value_t *
add_text(casefile_t *self, const char *name, const char *from, slice_t text, fault_t *fault)
{
    item_t item;
    CLEANUP(descriptor_close) int memory = memfd_create("text", MFD_CLOEXEC);
    if (memory < 0 || file_write_all(memory, text, NULL) || lseek(memory, 0, SEEK_SET)) {
        fault_errno(fault, "'%.100s' cannot be noted", name);
        return NULL;
    }
    return casefile_add(self, name, from, memory, &item, fault) ? NULL : item_value(&item);
}

value_t *
evidence_text(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char name[CASE_NAME_MAX + 1];
    item_t item;
    CLEANUP(casefile_destroy)
    casefile_t *self = casefile_open(world, value_get_text(arguments, "case"), fault);
    if (!self)
        return NULL;
    snprintf(name, sizeof name, "text-%s.txt", value_get_text(arguments, "name"));
    if (casefile_has(self, name, &item))
        return item_value(&item);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text, "%s\n", value_get_text(arguments, "text"));
    return add_text(self, name, "playbook", bytes_slice(text), fault);
}

/* ---- facts, as JSON (RFC 8259) -----------------------------------------------------------------
 */

static void
write_text(slice_t text, bytes_t *out)
{
    bytes_add_text(out, "\"");
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\' || c < 0x20)
            bytes_addf(out, "\\u%04x", c);
        else
            bytes_add_u8(out, c);
    }
    bytes_add_text(out, "\"");
}

static void
write_json(const value_t *value, bytes_t *out)
{
    value_kind_t kind = value_kind(value);
    bool map = kind == VALUE_MAP;
    switch (kind) {
    case VALUE_NIL:
        bytes_add_text(out, "null");
        return;
    case VALUE_BOOL:
        bytes_add_text(out, value_truth(value) ? "true" : "false");
        return;
    case VALUE_INTEGER:
        bytes_addf(out, "%" PRId64, value_number(value));
        return;
    case VALUE_DECIMAL:
        bytes_add_slice(out, value_slice(value));
        return;
    case VALUE_BYTES:
        write_text(value_slice(value), out);
        return;
    case VALUE_LIST:
    case VALUE_MAP:
        break;
    }
    bytes_add_text(out, map ? "{" : "[");
    for (size_t i = 0; i < value_count(value); i++) {
        bytes_add_text(out, i ? ",\n" : "\n");
        if (map) {
            write_text(value_key(value, i), out);
            bytes_add_text(out, ": ");
        }
        write_json(value_at(value, i), out);
    }
    bytes_add_text(out, map ? "}" : "]");
}

typedef struct {
    const char *of, *op;
    op_body_t *body;
    const char *flag; /* an argument that is true; NULL for none */
} fact_t;

static const fact_t facts[] = {
    {"processes", "process.tree", process_tree, NULL},
    {"sockets", "process.sockets", process_sockets, NULL},
    {"deleted", "process.files", process_files, "deleted"},
    {"mounts", "disk.mounts", disk_mounts, NULL},
    {"users", "user.list", user_list, NULL},
    {"sessions", "user.sessions", user_sessions, NULL},
    {"failures", "user.failures", user_failures, NULL},
    {"cron", "cron.list", cron_list, NULL},
    {"memory", "host.memory", host_memory, NULL},
    {"uptime", "host.uptime", host_uptime, NULL},
};

static value_t *
note_fact(casefile_t *self, const char *name, const fact_t *fact, const op_world_t *world,
          fault_t *fault)
{
    CLEANUP(value_destroy) value_t *arguments = value_map();
    if (fact->flag)
        value_set_bool(arguments, fact->flag, true);
    CLEANUP(value_destroy) value_t *seen = fact->body(arguments, world, fault);
    if (!seen)
        return NULL;
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    write_json(seen, text);
    bytes_add_text(text, "\n");
    return add_text(self, name, fact->op, bytes_slice(text), fault);
}

value_t *
evidence_facts(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *of = value_get_text(arguments, "of");
    char name[CASE_NAME_MAX + 1];
    size_t which = 0;
    item_t item;
    while (strcmp(facts[which].of, of) != 0)
        which++;
    CLEANUP(casefile_destroy)
    casefile_t *self = casefile_open(world, value_get_text(arguments, "case"), fault);
    if (!self)
        return NULL;
    snprintf(name, sizeof name, "facts-%s.json", of);
    if (casefile_has(self, name, &item))
        return item_value(&item);
    return note_fact(self, name, &facts[which], world, fault);
}

value_t *
evidence_seal(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    item_t item;
    CLEANUP(casefile_destroy)
    casefile_t *self = casefile_open(world, value_get_text(arguments, "case"), fault);
    return !self || casefile_seal(self, &item, fault) ? NULL : item_value(&item);
}
