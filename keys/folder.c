/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/folder.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A document itself, not its signatures, nor what a crash left behind of writing it. */
static int
is_document(const struct dirent *entry)
{
    const char *last = strrchr(entry->d_name, '.');
    return last && strcmp(last, ".sigs") != 0 && strcmp(last, ".new") != 0;
}

/* FOLDER/FRONT*, ascending. */
static int
walk_each(const char *folder, const char *front, folder_take_t *take, void *context, fault_t *fault)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_document, alphasort);
    int failed = count < 0 ? fault_errno(fault, "folder '%s' cannot be read", folder) : 0;
    for (int i = 0; i < count; i++) {
        bool meant = !strncmp(entries[i]->d_name, front, strlen(front));
        if (meant && !failed && take(context, folder, entries[i]->d_name, fault) < 0)
            failed = -1;
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int
folder_walk(const char *folder, const char *const *fronts, folder_take_t *take, void *context,
            fault_t *fault)
{
    char name[32];
    int there = 1;
    for (unsigned version = 1; there > 0; version++) {
        snprintf(name, sizeof name, "root.%u", version);
        there = take(context, folder, name, fault);
    }
    if (there < 0 || take(context, folder, "people", fault) < 0)
        return -1;
    for (; *fronts; fronts++)
        if (walk_each(folder, *fronts, take, context, fault))
            return -1;
    return 0;
}
