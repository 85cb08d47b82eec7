/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
#include "worker/foresight.h"
#include "worker/ops/bodies.h"
#include "worker/ops/casefile.h"
#include "worker/ops/content.h"
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

/* A case that is collected for, or only looked at for a dry run. */
typedef struct {
    casefile_t *file;
    const char *name; /* borrowed */
    bool looks;
} taking_t;

static void
taking_close(taking_t *self)
{
    casefile_destroy(&self->file);
}

static int
taking_open(taking_t *self, const value_t *arguments, const op_world_t *world, bool looks,
            fault_t *fault)
{
    self->looks = looks;
    self->name = value_get_text(arguments, "case");
    self->file =
        looks ? casefile_look(world, self->name, fault) : casefile_open(world, self->name, fault);
    return self->file ? 0 : -1;
}

/* What the op gives of an item that is there already. */
static value_t *
tell_known(const taking_t *self, const item_t *item)
{
    value_t *result = item_value(item);
    return self->looks ? foresight_give(foresight_new(), result) : result;
}

static value_t *
foretell_item(const taking_t *self, const item_t *item, const char *from, fault_t *fault)
{
    if (casefile_would_take(self->file, fault))
        return NULL;
    value_t *foresight = foresight_new();
    foresight_comes(foresight, "evidence %.63s/%s: %" PRIu64 " bytes, of %.60s", self->name,
                    item->name, item->bytes, from);
    return foresight_give(foresight, item_value(item));
}

static item_t
name_item(const char *name)
{
    item_t item = {0};
    text_copy(item.name, sizeof item.name, name);
    return item;
}

/* Takes what fd reads; from is for people. */
static value_t *
take(taking_t *self, const char *name, const char *from, int fd, fault_t *fault)
{
    item_t item = name_item(name);
    if (self->looks ? content_hash(fd, from, CASE_FILE_MAX, &item.hash, &item.bytes, fault)
                    : casefile_add(self->file, name, from, fd, &item, fault))
        return NULL;
    return self->looks ? foretell_item(self, &item, from, fault) : item_value(&item);
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

static value_t *
collect_file(const value_t *arguments, const op_world_t *world, bool looks, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path");
    char name[CASE_NAME_MAX + 1];
    struct stat facts;
    item_t item;
    bool has;
    CLEANUP(taking_close) taking_t self = {0};
    if (taking_open(&self, arguments, world, looks, fault))
        return NULL;
    name_file(path, name);
    if (casefile_has(self.file, name, &has, &item, fault))
        return NULL;
    if (has)
        return tell_known(&self, &item);
    CLEANUP(descriptor_close)
    int fd = place_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, fault);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &facts)) {
        fault_errno(fault, "'%.160s' cannot be looked at", path);
        return NULL;
    }
    if (!S_ISREG(facts.st_mode)) {
        fault_set(fault, FAULT_POLICY, "'%.160s' is not a regular file", path);
        return NULL;
    }
    return own_spares_file(fd, path, world, fault) ? NULL : take(&self, name, path, fd, fault);
}

static value_t *
take_text(taking_t *self, const char *name, const char *from, slice_t text, fault_t *fault)
{
    if (self->looks) {
        item_t item = name_item(name);
        item.hash = hash_of(text);
        item.bytes = text.size;
        return foretell_item(self, &item, from, fault);
    }
    CLEANUP(descriptor_close) int memory = memfd_create("text", MFD_CLOEXEC);
    if (memory < 0 || file_write_all(memory, text, NULL) || lseek(memory, 0, SEEK_SET)) {
        fault_errno(fault, "'%.100s' cannot be noted", name);
        return NULL;
    }
    return take(self, name, from, memory, fault);
}

static value_t *
collect_text(const value_t *arguments, const op_world_t *world, bool looks, fault_t *fault)
{
    char name[CASE_NAME_MAX + 1];
    item_t item;
    bool has;
    CLEANUP(taking_close) taking_t self = {0};
    if (taking_open(&self, arguments, world, looks, fault))
        return NULL;
    snprintf(name, sizeof name, "text-%s.txt", value_get_text(arguments, "name"));
    if (casefile_has(self.file, name, &has, &item, fault))
        return NULL;
    if (has)
        return tell_known(&self, &item);
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text, "%s\n", value_get_text(arguments, "text"));
    return take_text(&self, name, "playbook", bytes_slice(text), fault);
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
note_fact(taking_t *self, const char *name, const fact_t *fact, const op_world_t *world,
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
    return take_text(self, name, fact->op, bytes_slice(text), fault);
}

/* A dry run is told of what the machine is like now. */
static value_t *
collect_facts(const value_t *arguments, const op_world_t *world, bool looks, fault_t *fault)
{
    const char *of = value_get_text(arguments, "of");
    char name[CASE_NAME_MAX + 1];
    size_t which = 0;
    item_t item;
    bool has;
    CLEANUP(taking_close) taking_t self = {0};
    while (strcmp(facts[which].of, of) != 0)
        which++;
    if (taking_open(&self, arguments, world, looks, fault))
        return NULL;
    snprintf(name, sizeof name, "facts-%s.json", of);
    if (casefile_has(self.file, name, &has, &item, fault))
        return NULL;
    return has ? tell_known(&self, &item) : note_fact(&self, name, &facts[which], world, fault);
}

/* ---- all of it --------------------------------------------------------------------------- */

#define COLLECTS(op, how)                                                                     \
    value_t *op(const value_t *arguments, const op_world_t *world, fault_t *fault)            \
    {                                                                                         \
        return how(arguments, world, false, fault);                                           \
    }                                                                                         \
    value_t *op##_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault) \
    {                                                                                         \
        return how(arguments, world, true, fault);                                            \
    }
COLLECTS(evidence_file, collect_file)
COLLECTS(evidence_text, collect_text)
COLLECTS(evidence_facts, collect_facts)
#undef COLLECTS

value_t *
evidence_seal(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    item_t item;
    CLEANUP(taking_close) taking_t self = {0};
    return taking_open(&self, arguments, world, false, fault) ||
                   casefile_seal(self.file, &item, fault)
               ? NULL
               : item_value(&item);
}

value_t *
evidence_seal_foreseen(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    item_t item;
    size_t count;
    CLEANUP(taking_close) taking_t self = {0};
    if (taking_open(&self, arguments, world, true, fault))
        return NULL;
    bool sealed;
    if (casefile_is_sealed(self.file, &sealed, &item, fault))
        return NULL;
    if (sealed)
        return tell_known(&self, &item);
    if (casefile_foretell_seal(self.file, &item, &count, fault))
        return NULL;
    value_t *foresight = foresight_new(), *result = item_value(&item);
    foresight_goes(foresight, "evidence %.63s: %zu items, open to more", self.name, count);
    foresight_comes(foresight, "%.160s: %" PRIu64 " bytes, sealed", item.name, item.bytes);
    value_set_text(result, "sha256", "");
    return foresight_give(foresight, result);
}
