/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/playbook_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"
#include "common/text.h"
#include "lua/runner.h"

void
playbook_clear(playbook_t *self)
{
    bytes_destroy(&self->text);
    manifest_destroy(&self->manifest);
}

const char *
playbook_path(const char *folder, const char *name, char out[static PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", folder, name);
    return out;
}

/* Nobody has seen the manifest that was made, so its lines tell nothing. */
static const char *
behind_line(const char *text)
{
    const char *end = strncmp(text, "manifest, line ", 15) ? NULL : strstr(text, ": ");
    return end ? end + 2 : text;
}

int
playbook_load(playbook_t *self, const char *folder, fault_t *fault)
{
    char path[PATH_MAX], text[FAULT_TEXT_MAX];
    *self = (playbook_t){.folder = folder};
    self->text = file_read(playbook_path(folder, "playbook.lua", path), RUNNER_TEXT_MAX, fault);
    if (!self->text)
        return -1;
    self->manifest = runner_manifest(bytes_slice(self->text), fault);
    if (self->manifest)
        return 0;
    text_copy(text, sizeof text, behind_line(fault->text));
    bool named = !strncmp(text, "playbook.lua:", 13);
    return fault_set(fault, fault->code, "%s%s%s", named ? folder : path, named ? "/" : ": ", text);
}

static int
is_test(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && entry->d_name[0] != '.' && !strcmp(entry->d_name + size - 4, ".lua");
}

value_t *
playbook_tests(const char *folder)
{
    char path[PATH_MAX];
    struct dirent **names = NULL;
    value_t *list = value_list();
    int count = scandir(playbook_path(folder, "tests", path), &names, is_test, alphasort);
    for (int i = 0; i < count; i++) {
        value_append(list, value_text(names[i]->d_name));
        free(names[i]);
    }
    free(names);
    return list;
}

bytes_t *
playbook_test_text(const char *folder, const char *name, fault_t *fault)
{
    char relative[NAME_MAX + 8], path[PATH_MAX];
    snprintf(relative, sizeof relative, "tests/%s", name);
    return file_read(playbook_path(folder, relative, path), RUNNER_TEXT_MAX, fault);
}
