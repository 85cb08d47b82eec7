/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/database.h"

#include "common/text.h"

#define WORDS 8

static bool
is_word(const char *text)
{
    size_t size = strlen(text);
    return size && size <= DATABASE_WORD_MAX && text_is_printable(slice_text(text));
}

int
database_read(database_t *self, const char *const *words, size_t count, fault_t *fault)
{
    uint64_t port;
    if (count != WORDS || strcmp(words[4], "role") != 0 || strcmp(words[6], "user") != 0)
        return fault_set(fault, FAULT_CONFIG,
                         "'database NAME FOLDER PORT DATABASE role ROLE user USER' is meant");
    if (!text_is_name(words[0]))
        return fault_set(fault, FAULT_CONFIG, "'%.63s' is not a name ([a-z0-9][a-z0-9._-]*)",
                         words[0]);
    if (!path_is_normal(words[1]) || strlen(words[1]) > DATABASE_FOLDER_MAX)
        return fault_set(fault, FAULT_CONFIG,
                         "'%.100s' is not a normal absolute path of at most %d bytes", words[1],
                         DATABASE_FOLDER_MAX);
    if (!text_read_u64(words[2], 1, UINT16_MAX, &port) || !is_word(words[3]) ||
        !is_word(words[5]) || !is_word(words[7]))
        return fault_set(fault, FAULT_CONFIG,
                         "'%.10s %.40s %.40s %.40s' are no port, database, role and user", words[2],
                         words[3], words[5], words[7]);
    if (!strcmp(words[7], "root"))
        return fault_set(fault, FAULT_CONFIG, "nobody asks a database as root: name another user");
    *self = (database_t){.name = words[0],
                         .folder = words[1],
                         .port = (uint16_t)port,
                         .database = words[3],
                         .role = words[5],
                         .user = words[7]};
    return 0;
}

value_t *
database_reach(const database_t *self)
{
    value_t *reach = value_map();
    value_set_text(reach, "folder", self->folder);
    value_set_integer(reach, "port", self->port);
    value_set_text(reach, "database", self->database);
    value_set_text(reach, "role", self->role);
    value_set_text(reach, "user", self->user);
    return reach;
}
