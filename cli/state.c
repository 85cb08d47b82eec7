/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/state.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"

#define NAME_DIGITS       64
#define PREFIX_DIGITS_MIN 6

static int
state_folder(const char *folder, char out[static STATE_PATH_MAX], fault_t *fault)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    bool given = state && *state;
    if (!given && (!home || !*home))
        return fault_set(fault, FAULT_CONFIG, "neither XDG_STATE_HOME nor HOME is set");
    int size = snprintf(out, STATE_PATH_MAX, "%s%s/tocsin%s%s", given ? state : home,
                        given ? "" : "/.local/state", *folder ? "/" : "", folder);
    if (size >= STATE_PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "the path of the state folder is too long");
    return folder_make(out, 0700, fault);
}

int
state_path(const char *folder, const char *name, char out[static STATE_PATH_MAX], fault_t *fault)
{
    if (state_folder(folder, out, fault))
        return -1;
    size_t used = strlen(out);
    if (used + strlen(name) + 2 > STATE_PATH_MAX)
        return fault_set(fault, FAULT_LIMIT, "the path of '%.80s' is too long", name);
    snprintf(out + used, STATE_PATH_MAX - used, "/%s", name);
    return 0;
}

static bool
is_hex(const char *text)
{
    return text[strspn(text, "0123456789abcdef")] == '\0';
}

int
state_find(const char *folder, const char *prefix, char name[static 65], fault_t *fault)
{
    char path[STATE_PATH_MAX];
    size_t size = strlen(prefix), found = 0;
    if (size < PREFIX_DIGITS_MIN || size > NAME_DIGITS || !is_hex(prefix))
        return fault_set(fault, FAULT_USAGE,
                         "'%.64s' is not the hexadecimal digits (6 or more) of a "
                         "plan",
                         prefix);
    if (state_folder(folder, path, fault))
        return -1;
    DIR *entries = opendir(path);
    if (!entries)
        return fault_errno(fault, "folder '%s'", path);
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        if (strlen(entry->d_name) != NAME_DIGITS || !is_hex(entry->d_name) ||
            strncmp(entry->d_name, prefix, size) != 0)
            continue;
        memcpy(name, entry->d_name, NAME_DIGITS + 1);
        found++;
    }
    closedir(entries);
    if (found == 1)
        return 0;
    return found ? fault_set(fault, FAULT_CONFLICT,
                             "several plans start with '%s'; give more digits", prefix)
                 : fault_set(fault, FAULT_NOT_FOUND,
                             "no plan '%s' here; make one: tocsin run plan "
                             "PLAYBOOK",
                             prefix);
}
