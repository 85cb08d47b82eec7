/* SPDX-License-Identifier: Apache-2.0 */
/* ops-device NAME: sees and changes network devices over SSH. The argument `reach` is what the
 * effector added: the way to the device, as the machine's policy says it. What is typed stands in
 * the table of worker/ops/dialect.c; nothing else is. */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/net.h"
#include "common/text.h"
#include "worker/op_cell.h"
#include "worker/ops/asked.h"
#include "worker/ops/backups.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"
#include "worker/ops/remote.h"
#include "worker/ops/running.h"

#define COUNT      50   /* lines of a difference, each way */
#define LINES_MAX  2000 /* of an answer */
#define TOLD_MAX   (200 * 1024)
#define LOOK_LINES 4 /* within which a device says no */
#define DATA_DEPTH (VALUE_DEPTH_MAX - 2)

typedef struct {
    const dialect_t *dialect;
    remote_t *remote;
    value_t *texts; /* what fills holes */
} peer_t;

/* ---- a device that is spoken to ------------------------------------------------------------ */

static void
device_close(peer_t *self)
{
    remote_destroy(&self->remote);
    value_destroy(&self->texts);
}

static int
say_no(const char *line, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *words = shown(line);
    return fault_set(fault, FAULT_FAILED, "the device says '%.160s'", value_string(words));
}

/* Types a line whose holes are filled; FAULT_FAILED where the device says no to it. */
static bytes_t *
ask(peer_t *self, const char *line, fault_t *fault)
{
    char first[SHOWN_MAX + 1];
    CLEANUP(bytes_destroy) bytes_t *said = remote_ask(self->remote, line, fault);
    const char *at = said ? bytes_text(said) : "";
    for (int i = 0; i < LOOK_LINES && line_next(&at, first, sizeof first); i++)
        if (dialect_begins(first + strspn(first, " "), self->dialect->wrong)) {
            say_no(first, fault);
            return NULL;
        }
    return MOVE(said);
}

/* Types lines, one by one. */
static int
type(peer_t *self, const char *lines, fault_t *fault)
{
    char line[SHOWN_MAX + 1];
    for (const char *at = lines; line_next(&at, line, sizeof line);) {
        CLEANUP(bytes_destroy) bytes_t *said = ask(self, line, fault);
        if (!said)
            return -1;
    }
    return 0;
}

static int
device_open(peer_t *self, const value_t *arguments, fault_t *fault)
{
    const value_t *reach = value_get(arguments, "reach");
    self->dialect = dialect_find(value_get_text(reach, "dialect"));
    if (!self->dialect)
        return fault_set(fault, FAULT_POLICY, "nobody said how to reach the device");
    self->texts = dialect_texts(self->dialect, arguments, fault);
    self->remote = self->texts ? remote_open(reach, fault) : NULL;
    return self->remote ? type(self, self->dialect->quiet, fault) : -1;
}

static running_t *
read_running(peer_t *self, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *said = ask(self, self->dialect->config, fault);
    return said ? running_read(self->dialect, bytes_slice(said), fault) : NULL;
}

static value_t *
result_of(const value_t *arguments, const char *about)
{
    value_t *result = value_map();
    value_set_text(result, "device", value_get_text(arguments, "device"));
    if (about)
        value_set_text(result, about, value_get_text(arguments, about));
    return result;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *
parse(const bytes_t *said, fault_t *fault)
{
    json_error_t wrong;
    json_t *all = json_loadb(bytes_text(said), said->size, JSON_DISABLE_EOF_CHECK, &wrong);
    if (!all)
        fault_set(fault, FAULT_FORMAT, "the device does not answer in JSON: %.100s", wrong.text);
    return all;
}

static value_t *
scalar(const json_t *at)
{
    if (json_is_integer(at))
        return value_integer(json_integer_value(at));
    if (json_is_boolean(at))
        return value_bool(json_is_true(at));
    if (json_is_string(at))
        return shown(json_string_value(at));
    char *text = json_is_null(at) ? NULL : json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT);
    value_t *value = text ? shown(text) : value_nil();
    free(text);
    return value;
}

/* As much of it as there is room for, in bytes; what nests deeper stands there as its text. */
static value_t *
value_of(const json_t *at, unsigned depth, size_t *room, bool *more)
{
    const char *key;
    json_t *item;
    size_t i;
    if (depth == 0 || (!json_is_object(at) && !json_is_array(at))) {
        value_t *value = scalar(at);
        size_t size = value_slice(value).size + 24;
        *more = *more || size > *room;
        *room -= size > *room ? *room : size;
        return value;
    }
    value_t *all = json_is_array(at) ? value_list() : value_map();
    json_array_foreach(at, i, item) if (*room)
        value_append(all, value_of(item, depth - 1, room, more));
    json_object_foreach((json_t *)(uintptr_t)at, key, item) if (*room)
    {
        char name[128];
        asked_printable(name, sizeof name, key);
        *room -= strlen(name) + 8 > *room ? *room : strlen(name) + 8;
        value_set(all, name, value_of(item, depth - 1, room, more));
    }
    *more = *more || !*room;
    return all;
}

/* The first text under the key, wherever it stands; Junos puts it one deeper, under `data`. */
static const char *
find_text(const json_t *at, const char *wanted)
{
    const char *key, *found = NULL;
    json_t *item;
    size_t i;
    json_array_foreach(at, i, item) if (!found) found = find_text(item, wanted);
    json_object_foreach((json_t *)(uintptr_t)at, key, item)
    {
        if (found)
            break;
        found = strcmp(key, wanted)    ? find_text(item, wanted)
                : json_is_string(item) ? json_string_value(item)
                                       : find_text(item, "data");
    }
    return found;
}

/* A number, or what Junos has for one: a text under `data`. */
static bool
read_number(const json_t *at, int64_t *out)
{
    uint64_t number = 0;
    const char *text = find_text(at, "data");
    if (json_is_integer(at)) {
        *out = json_integer_value(at);
        return *out >= 0 && *out <= UINT32_MAX;
    }
    bool good = text && text_read_u64(text, 0, UINT32_MAX, &number);
    *out = (int64_t)number;
    return good;
}

/* Adds up what stands under the key wherever it is. False where it is nowhere. */
static bool
add_numbers(const json_t *at, const char *wanted, int64_t *sum)
{
    const char *key;
    json_t *item;
    size_t i;
    int64_t number;
    bool found = false;
    json_array_foreach(at, i, item) found = add_numbers(item, wanted, sum) || found;
    json_object_foreach((json_t *)(uintptr_t)at, key, item)
    {
        bool is_it = !strcmp(key, wanted) && read_number(item, &number);
        *sum += is_it ? number : 0;
        found = is_it || add_numbers(item, wanted, sum) || found;
    }
    return found;
}

/* ---- asking -------------------------------------------------------------------------------- */

/* Where the last lines begin, as many as an answer holds: a log is told from its end. */
static const char *
last_lines(const bytes_t *said)
{
    const char *text = bytes_text(said);
    size_t from = said->size, lines = 0;
    for (size_t at = said->size; at-- > 0;) {
        if (at > 0 && text[at - 1] != '\n')
            continue;
        if (++lines > LINES_MAX || said->size - at + 8 * lines > TOLD_MAX)
            break;
        from = at;
    }
    return text + from;
}

static void
tell_lines(value_t *result, const bytes_t *said, const char *first)
{
    char line[SHOWN_MAX + 1];
    size_t told = 0;
    value_t *lines = value_list();
    const char *at = first;
    while (value_count(lines) < LINES_MAX && told < TOLD_MAX && line_next(&at, line, sizeof line)) {
        told += strlen(line) + 8;
        value_append(lines, shown(line));
    }
    value_set(result, "lines", lines);
    value_set_bool(result, "more", *at || first > bytes_text(said));
}

static int
tell_data(value_t *result, const bytes_t *said, fault_t *fault)
{
    size_t room = TOLD_MAX;
    bool more = false;
    json_t *all = parse(said, fault);
    if (!all)
        return -1;
    value_set(result, "data", value_of(all, DATA_DEPTH, &room, &more));
    value_set_bool(result, "more", more);
    json_decref(all);
    return 0;
}

static value_t *
show_answer(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    const char *what = value_get_text(arguments, "what");
    (void)world;
    if (device_open(&device, arguments, fault))
        return NULL;
    const question_t *question = dialect_question(device.dialect, what);
    if (!question) {
        fault_set(fault, FAULT_ARGUMENT, "a device that speaks %s cannot be asked for %s",
                  device.dialect->name, what);
        return NULL;
    }
    CLEANUP(bytes_destroy) bytes_t *said = ask(&device, question->command, fault);
    if (!said)
        return NULL;
    CLEANUP(value_destroy) value_t *result = result_of(arguments, NULL);
    value_set_text(result, "command", question->command);
    if (!question->json)
        tell_lines(result, said, !strcmp(what, "log") ? last_lines(said) : bytes_text(said));
    else if (tell_data(result, said, fault))
        return NULL;
    return MOVE(result);
}

typedef struct {
    bool good, counted;
    char state[64], reason[161], notification[161];
    int64_t count;
} standing_t;

/* Behind the mark, up to the first of these. */
static bool
read_mark(const char *text, const char *mark, const char *ends, char *out, size_t size)
{
    char line[SHOWN_MAX + 1];
    const char *at = mark ? strstr(text, mark) : NULL;
    if (!at)
        return false;
    at += strlen(mark);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, ends), at);
    asked_printable(out, size, line);
    return true;
}

/* Adds up what stands in the second of two columns behind each mark, one for every family: what was
 * sent, what was received. False where no mark is. */
static bool
add_columns(const char *text, const char *mark, int64_t *sum)
{
    char columns[80];
    long long count;
    bool found = false;
    for (const char *at = text; read_mark(at, mark, "(\r\n", columns, sizeof columns);
         at = strstr(at, mark) + strlen(mark)) {
        bool good = sscanf(columns, "%*d %lld", &count) == 1 && count >= 0 && count <= UINT32_MAX;
        *sum += good ? count : 0;
        found = found || good;
    }
    return found;
}

static bool
read_text(const reading_t *reading, const char *all, standing_t *out)
{
    out->counted = add_columns(all, reading->count, &out->count);
    read_mark(all, reading->reason, "\r\n", out->reason, sizeof out->reason);
    return read_mark(all, reading->state, ",\n", out->state, sizeof out->state);
}

static void
read_key(const json_t *all, const char *key, char *out, size_t size)
{
    const char *text = key ? find_text(all, key) : NULL;
    asked_printable(out, size, text ? text : "");
}

static bool
read_json(const reading_t *reading, const json_t *all, standing_t *out)
{
    read_key(all, reading->state, out->state, sizeof out->state);
    read_key(all, reading->reason, out->reason, sizeof out->reason);
    read_key(all, reading->notification, out->notification, sizeof out->notification);
    out->counted = reading->count && add_numbers(all, reading->count, &out->count);
    return find_text(all, reading->exists);
}

/* FAULT_NOT_FOUND where the device has no such thing. */
static int
read_standing(peer_t *self, const reading_t *reading, standing_t *out, fault_t *fault)
{
    fault_t why = {0};
    *out = (standing_t){0};
    CLEANUP(bytes_destroy) bytes_t *command = dialect_fill(reading->command, self->texts);
    CLEANUP(bytes_destroy) bytes_t *said = ask(self, bytes_text(command), &why);
    if (!said)
        return fault_set(fault, why.code == FAULT_FAILED ? FAULT_NOT_FOUND : why.code, "%s",
                         why.text);
    json_t *all = reading->json ? parse(said, fault) : NULL;
    if (reading->json && !all)
        return -1;
    bool exists = all ? read_json(reading, all, out) : read_text(reading, bytes_text(said), out);
    json_decref(all);
    size_t size = strlen(reading->good);
    out->good =
        !strncmp(out->state, reading->good, size) && (!out->state[size] || out->state[size] == ' ');
    return exists ? 0
                  : fault_set(fault, FAULT_NOT_FOUND, "the device knows nothing of it: '%.120s'",
                              bytes_text(command));
}

/* ---- states that are set and taken back ----------------------------------------------------- */

/* Sets {place}, where the verb has one. An interface that is called otherwise than in the
 * configuration is not found either: nobody could see there what became of it. */
static int
find_place(peer_t *self, const verb_t *verb, const running_t *running, fault_t *fault)
{
    if (!verb->find)
        return 0;
    value_set_text(self->texts, "place", "{place}");
    CLEANUP(bytes_destroy) bytes_t *line = dialect_fill(verb->find, self->texts);
    bool holed = strstr(bytes_text(line), "{place}");
    CLEANUP(bytes_destroy)
    bytes_t *place = holed ? running_place(running, bytes_text(line)) : NULL;
    if (holed ? !place || !text_is_printable(bytes_slice(place))
              : !running_has(running, bytes_text(line)))
        return fault_set(fault, FAULT_NOT_FOUND, "the device's configuration has no line '%.120s'",
                         bytes_text(line));
    if (place)
        value_set_text(self->texts, "place", bytes_text(place));
    return 0;
}

static bool
has(const peer_t *self, const running_t *running, const char *line)
{
    CLEANUP(bytes_destroy) bytes_t *filled = dialect_fill(line, self->texts);
    return running_has(running, bytes_text(filled));
}

/* How it is by the configuration. */
static int
look(peer_t *self, const verb_t *verb, bool *stands, bool *taken, fault_t *fault)
{
    CLEANUP(running_destroy) running_t *running = read_running(self, fault);
    if (!running || find_place(self, verb, running, fault))
        return -1;
    *stands = has(self, running, verb->stands);
    *taken = verb->slot && !*stands && has(self, running, verb->slot);
    return 0;
}

/* Whether what was typed may have been done: the device neither took it nor said no. What it did
 * may be what cut us off. */
static bool
is_unanswered(const fault_t *fault)
{
    return fault->code != FAULT_FAILED;
}

static int
change(peer_t *self, const verb_t *verb, bool on, fault_t *fault)
{
    bool stands, taken;
    CLEANUP(bytes_destroy)
    bytes_t *lines = dialect_change(self->dialect, verb, on, self->texts);
    if (type(self, bytes_text(lines), fault))
        return is_unanswered(fault) ? done_anyway(fault, "the device may have taken it") : -1;
    if (look(self, verb, &stands, &taken, fault))
        return done_anyway(fault, "the device took it");
    return stands == on ? 0
                        : fault_set(fault, FAULT_FAILED,
                                    "the device took it, but its configuration does not show it");
}

/* Makes it so that the state stands, or does not; was: whether it did. */
static int
set(peer_t *self, verb_index_t index, bool on, bool *was, fault_t *fault)
{
    bool taken;
    const verb_t *verb = dialect_verb(self->dialect, index, self->texts, fault);
    if (!verb || look(self, verb, was, &taken, fault))
        return -1;
    if (on && taken)
        return fault_set(fault, FAULT_CONFLICT, "another entry has that number");
    return *was == on ? 0 : change(self, verb, on, fault);
}

static void
tell_session(value_t *result, const standing_t *standing, const value_t *texts)
{
    value_set_text(result, "state", standing->state);
    if (standing->counted)
        value_set_integer(result, "prefixes", standing->count);
    if (standing->reason[0])
        value_set_text(result, "reason", standing->reason);
    if (standing->notification[0])
        value_set_text(result, "notification", standing->notification);
    if (value_get(texts, "place"))
        value_set_text(result, "place", value_get_text(texts, "place"));
}

static value_t *
see(const value_t *arguments, const char *about, verb_index_t verb, const char *good,
    fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    standing_t standing;
    bool shut, taken;
    if (device_open(&device, arguments, fault) ||
        read_standing(&device,
                      verb == VERB_SHUT ? &device.dialect->interface : &device.dialect->neighbour,
                      &standing, fault) ||
        look(&device, &device.dialect->verbs[verb], &shut, &taken, fault))
        return NULL;
    value_t *result = result_of(arguments, about);
    value_set_bool(result, good, standing.good);
    value_set_bool(result, "shut", shut);
    if (verb == VERB_NEIGHBOUR)
        tell_session(result, &standing, device.texts);
    return result;
}

static value_t *
see_interface(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return see(arguments, "interface", VERB_SHUT, "up", fault);
}

static value_t *
see_neighbour(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return see(arguments, "neighbour", VERB_NEIGHBOUR, "established", fault);
}

static value_t *
set_shut(const value_t *arguments, const char *about, verb_index_t verb, bool on, fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    standing_t standing;
    bool was;
    if (device_open(&device, arguments, fault) ||
        (verb == VERB_SHUT &&
         read_standing(&device, &device.dialect->interface, &standing, fault)) ||
        set(&device, verb, on, &was, fault))
        return NULL;
    value_t *result = result_of(arguments, about);
    value_set_bool(result, "shut", on);
    value_set_bool(result, "was_shut", was);
    if (value_get(arguments, "minutes") && !was)
        value_set_integer(result, "minutes", value_get_integer(arguments, "minutes"));
    return result;
}

static value_t *
shut(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return set_shut(arguments, "interface", VERB_SHUT, true, fault);
}

static value_t *
no_shut(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return set_shut(arguments, "interface", VERB_SHUT, false, fault);
}

static value_t *
neighbour_down(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return set_shut(arguments, "neighbour", VERB_NEIGHBOUR, true, fault);
}

static value_t *
neighbour_up(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return set_shut(arguments, "neighbour", VERB_NEIGHBOUR, false, fault);
}

/* A session that is none has no routes to tell again. */
static value_t *
clear_session(const value_t *arguments, bool hard, fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    standing_t standing;
    if (device_open(&device, arguments, fault) ||
        read_standing(&device, &device.dialect->neighbour, &standing, fault))
        return NULL;
    if (!hard && !standing.good) {
        fault_set(fault, FAULT_FAILED, DIALECT_NO_SESSION, standing.state);
        return NULL;
    }
    CLEANUP(bytes_destroy) bytes_t *lines = dialect_clear(device.dialect, hard, device.texts);
    if (type(&device, bytes_text(lines), fault)) {
        fault->code = hard && is_unanswered(fault) ? FAULT_UNKNOWN : fault->code;
        return NULL;
    }
    value_t *result = result_of(arguments, "neighbour");
    value_set_text(result, "was_state", standing.state);
    return result;
}

static value_t *
neighbour_clear(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return clear_session(arguments, false, fault);
}

static value_t *
neighbour_reset(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return clear_session(arguments, true, fault);
}

static value_t *
entry_of(const value_t *arguments, bool there)
{
    value_t *result = result_of(arguments, "acl");
    value_set_integer(result, "sequence", value_get_integer(arguments, "sequence"));
    value_set_bool(result, "there", there);
    return result;
}

static value_t *
see_entry(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    bool there, taken;
    (void)world;
    if (device_open(&device, arguments, fault))
        return NULL;
    const verb_t *verb =
        dialect_verb(device.dialect, dialect_acl_verb(arguments), device.texts, fault);
    if (!verb || look(&device, verb, &there, &taken, fault))
        return NULL;
    value_t *result = entry_of(arguments, there);
    value_set_bool(result, "other", taken);
    return result;
}

static value_t *
set_entry(const value_t *arguments, bool on, fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    bool was;
    if (device_open(&device, arguments, fault) ||
        set(&device, dialect_acl_verb(arguments), on, &was, fault))
        return NULL;
    value_t *result = entry_of(arguments, on);
    value_set_bool(result, "was_there", was);
    return result;
}

static value_t *
acl_add(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return set_entry(arguments, true, fault);
}

static value_t *
acl_remove(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    (void)world;
    return set_entry(arguments, false, fault);
}

/* ---- configurations that are kept ----------------------------------------------------------- */

static const char *
folder_of(const value_t *arguments, fault_t *fault)
{
    const char *folder = value_get_text(value_get(arguments, "reach"), "backups");
    if (!*folder)
        fault_set(fault, FAULT_POLICY, "the policy of this machine names no backups folder");
    return *folder ? folder : NULL;
}

static void
set_hash(value_t *result, const char *key, const hash_t *hash)
{
    char text[HASH_TEXT];
    value_set_text(result, key, hash_write(hash, text));
}

static value_t *
keep_config(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    backup_t backup;
    bool fresh;
    (void)world;
    const char *folder = folder_of(arguments, fault);
    CLEANUP(running_destroy)
    running_t *running =
        folder && !device_open(&device, arguments, fault) ? read_running(&device, fault) : NULL;
    if (!running || backups_keep(folder, value_get_text(arguments, "device"), running_text(running),
                                 &backup, &fresh, fault))
        return NULL;
    value_t *result = result_of(arguments, NULL);
    set_hash(result, "sha256", &backup.hash);
    value_set_integer(result, "bytes", (int64_t)backup.bytes);
    value_set_integer(result, "at_ms", backup.at_ms);
    value_set_bool(result, "kept", fresh);
    return result;
}

/* What is kept stands beside it, where any is. */
static value_t *
see_config(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    backup_t backup;
    fault_t why = {0};
    (void)world;
    const char *folder = folder_of(arguments, fault);
    CLEANUP(bytes_destroy)
    bytes_t *last =
        folder ? backups_last(folder, value_get_text(arguments, "device"), &backup, &why) : NULL;
    if (!folder ||
        (!last && why.code != FAULT_NOT_FOUND && fault_set(fault, why.code, "%s", why.text)))
        return NULL;
    CLEANUP(running_destroy)
    running_t *now = device_open(&device, arguments, fault) ? NULL : read_running(&device, fault);
    if (!now)
        return NULL;
    hash_t hash = hash_of(running_text(now));
    value_t *result = result_of(arguments, NULL);
    set_hash(result, "sha256", &hash);
    value_set_integer(result, "bytes", (int64_t)running_text(now).size);
    if (last) {
        set_hash(result, "kept_sha256", &backup.hash);
        value_set_integer(result, "kept_ms", backup.at_ms);
    }
    return result;
}

static value_t *
diff_config(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(device_close) peer_t device = {0};
    backup_t backup;
    size_t count = (size_t)asked_or(arguments, "count", COUNT);
    (void)world;
    const char *folder = folder_of(arguments, fault);
    CLEANUP(bytes_destroy)
    bytes_t *last =
        folder ? backups_last(folder, value_get_text(arguments, "device"), &backup, fault) : NULL;
    if (!last || device_open(&device, arguments, fault))
        return NULL;
    CLEANUP(running_destroy)
    running_t *then = running_read(device.dialect, bytes_slice(last), fault);
    CLEANUP(running_destroy) running_t *now = then ? read_running(&device, fault) : NULL;
    if (!now)
        return NULL;
    hash_t hash = hash_of(running_text(now));
    value_t *result = result_of(arguments, NULL), *added = value_list(), *removed = value_list();
    bool more = running_differs(now, then, count, added);
    more = running_differs(then, now, count, removed) || more;
    value_set_bool(result, "same", hash_equal(&hash, &backup.hash));
    set_hash(result, "sha256", &hash);
    set_hash(result, "kept_sha256", &backup.hash);
    value_set_integer(result, "kept_ms", backup.at_ms);
    value_set(result, "added", added);
    value_set(result, "removed", removed);
    value_set_bool(result, "more", more);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {
        {"device.acl", see_entry},
        {"device.acl_add", acl_add},
        {"device.acl_remove", acl_remove},
        {"device.backup", keep_config},
        {"device.config", see_config},
        {"device.diff", diff_config},
        {"device.interface", see_interface},
        {"device.neighbour", see_neighbour},
        {"device.neighbour_clear", neighbour_clear},
        {"device.neighbour_down", neighbour_down},
        {"device.neighbour_reset", neighbour_reset},
        {"device.neighbour_up", neighbour_up},
        {"device.no_shut", no_shut},
        {"device.show", show_answer},
        {"device.shut", shut},
    };
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
