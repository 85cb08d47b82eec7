/* SPDX-License-Identifier: Apache-2.0 */
/* ops-journal: the machine's journal over sd-journal, in a program of its own for libsystemd's
 * sake. What stands in it strangers wrote. */
#include <systemd/sd-journal.h>

#include "worker/ops/command.h"
#include "worker/ops/done.h"
#include "worker/ops/machine.h"

#define LOOKED_AT_MAX 200000
#define GIVEN         50

static void
journal_close(sd_journal **self_p)
{
    sd_journal_close(*self_p);
    *self_p = NULL;
}

/* Of a test's machine its folder; NULL with a fault. */
static sd_journal *
open_journal(const op_world_t *world, fault_t *fault)
{
    char path[PATH_MAX];
    sd_journal *self = NULL;
    int wrong =
        world->root
            ? sd_journal_open_directory(&self, machine_path(world, path, "/var/log/journal"), 0)
            : sd_journal_open(&self, SD_JOURNAL_LOCAL_ONLY);
    if (wrong < 0) {
        fault_set(fault, FAULT_IO, "the journal cannot be opened: %s", strerror(-wrong));
        return NULL;
    }
    sd_journal_set_data_threshold(self, 4096);
    return self;
}

/* The field's value into out, cut at its size; false where there is none. */
static bool
field_of(sd_journal *self, const char *field, char *out, size_t size)
{
    const void *data;
    size_t bytes, front = strlen(field) + 1;
    if (sd_journal_get_data(self, field, &data, &bytes) < 0 || bytes < front)
        return false;
    snprintf(out, size, "%.*s", (int)(bytes - front), (const char *)data + front);
    return true;
}

static void
show_field(sd_journal *self, const char *field, const char *key, value_t *entry)
{
    char text[256];
    if (field_of(self, field, text, sizeof text))
        show(entry, key, text);
}

static void
number_field(sd_journal *self, const char *field, const char *key, value_t *entry)
{
    char text[32];
    uint64_t number;
    if (field_of(self, field, text, sizeof text) && text_read_u64(text, 0, UINT32_MAX, &number))
        value_set_integer(entry, key, (int64_t)number);
}

static value_t *
entry_of(sd_journal *self, uint64_t at_us, const char *text)
{
    value_t *entry = value_map();
    value_set_integer(entry, "at", (int64_t)(at_us / 1000));
    show(entry, "text", text);
    show_field(self, "_SYSTEMD_UNIT", "unit", entry);
    show_field(self, "SYSLOG_IDENTIFIER", "identifier", entry);
    number_field(self, "_PID", "pid", entry);
    number_field(self, "PRIORITY", "priority", entry);
    return entry;
}

/* Fields are told apart with AND, values of one field with OR. */
static void
add_matches(sd_journal *self, const value_t *arguments)
{
    char match[160];
    const char *unit = value_get_text(arguments, "unit");
    if (*unit) {
        snprintf(match, sizeof match, "_SYSTEMD_UNIT=%s", unit);
        sd_journal_add_match(self, match, 0);
    }
    for (int64_t i = 0;
         value_get(arguments, "priority") && i <= value_get_integer(arguments, "priority"); i++) {
        snprintf(match, sizeof match, "PRIORITY=%lld", (long long)i);
        sd_journal_add_match(self, match, 0);
    }
}

static int
seek(sd_journal *self, const value_t *arguments)
{
    if (!value_get(arguments, "until"))
        return sd_journal_seek_tail(self);
    return sd_journal_seek_realtime_usec(
        self, (uint64_t)value_get_integer(arguments, "until") * 1000 + 1000);
}

static value_t *
journal_query(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(journal_close) sd_journal *journal = open_journal(world, fault);
    const char *contains = value_get_text(arguments, "contains");
    int64_t most = value_get_integer(arguments, "count"), looked = 0;
    uint64_t since_us = (uint64_t)value_get_integer(arguments, "since") * 1000, at_us = 0;
    if (!journal)
        return NULL;
    most = most ? most : GIVEN;
    add_matches(journal, arguments);
    value_t *result = value_map(), *list = value_list();
    bool more = false;
    for (int left = seek(journal, arguments); left >= 0 && sd_journal_previous(journal) > 0;) {
        char text[SHOWN_MAX + 1] = "";
        if (sd_journal_get_realtime_usec(journal, &at_us) < 0)
            continue;
        if (at_us < since_us)
            break;
        more = (int64_t)value_count(list) == most || looked == LOOKED_AT_MAX;
        if (more)
            break;
        looked++;
        field_of(journal, "MESSAGE", text, sizeof text);
        if (strstr(text, contains))
            value_append(list, entry_of(journal, at_us, text));
    }
    value_set(result, "entries", list);
    value_set_integer(result, "looked_at", looked);
    value_set_bool(result, "more", more);
    return result;
}

static value_t *
journal_usage(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(journal_close) sd_journal *journal = open_journal(world, fault);
    uint64_t bytes = 0, from_us = 0, to_us = 0;
    (void)arguments;
    if (!journal)
        return NULL;
    int wrong = sd_journal_get_usage(journal, &bytes);
    if (wrong < 0) {
        fault_set(fault, FAULT_IO, "the journal's size is not to be had: %s", strerror(-wrong));
        return NULL;
    }
    value_t *result = value_map();
    value_set_integer(result, "bytes", (int64_t)bytes);
    if (sd_journal_get_cutoff_realtime_usec(journal, &from_us, &to_us) > 0) {
        value_set_integer(result, "oldest", (int64_t)(from_us / 1000));
        value_set_integer(result, "newest", (int64_t)(to_us / 1000));
    }
    return result;
}

static int
measure(const op_world_t *world, uint64_t *bytes, fault_t *fault)
{
    CLEANUP(journal_close) sd_journal *journal = open_journal(world, fault);
    int wrong = journal ? sd_journal_get_usage(journal, bytes) : 0;
    if (wrong < 0)
        return fault_set(fault, FAULT_IO, "the journal's size is not to be had: %s",
                         strerror(-wrong));
    return journal ? 0 : -1;
}

/* It ends at the first file that it cannot remove. */
static int
tell_what_is_done(const op_world_t *world, uint64_t before, fault_t *fault)
{
    uint64_t after = 0;
    fault_t ignored;
    if (measure(world, &after, &ignored) || after >= before)
        return -1;
    return done_anyway(fault, "%llu bytes were freed", (unsigned long long)(before - after));
}

static value_t *
journal_vacuum(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char size[48];
    uint64_t before = 0, after = 0;
    snprintf(size, sizeof size, "--vacuum-size=%lld",
             (long long)value_get_integer(arguments, "keep_bytes"));
    const char *const words[] = {"/usr/bin/journalctl", "--quiet", size, NULL};
    if (measure(world, &before, fault))
        return NULL;
    int status = command_do(words, NULL, 0, fault);
    if (status > 0)
        fault_set(fault, FAULT_FAILED, "journalctl exited with status %d", status);
    if (status || measure(world, &after, fault)) {
        tell_what_is_done(world, before, fault);
        return NULL;
    }
    value_t *result = value_map();
    value_set_integer(result, "bytes", (int64_t)after);
    value_set_integer(result, "freed_bytes", before > after ? (int64_t)(before - after) : 0);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"journal.query", journal_query},
                                    {"journal.usage", journal_usage},
                                    {"journal.vacuum", journal_vacuum}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
