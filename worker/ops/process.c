/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/ops/bodies.h"
#include "worker/proc.h"

#define COMMAND_MAX 200 /* bytes of a command line */

/* Names from /etc/passwd alone: a directory service that hangs must not hang us. */
static void
user_name(uid_t user, char *out, size_t size)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd *entry = NULL;
    while (file && (entry = fgetpwent(file)) && entry->pw_uid != user)
        continue;
    if (entry)
        snprintf(out, size, "%s", entry->pw_name);
    else
        snprintf(out, size, "%u", (unsigned)user);
    if (file)
        fclose(file);
}

static void
make_printable(char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            *text = '?';
}

/* The arguments with blanks between them; "[NAME]" where a process has none, as a kernel thread. */
static void
command_line(const proc_t *process, char out[static COMMAND_MAX + 1])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)process->pid);
    CLEANUP(descriptor_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, out, COMMAND_MAX);
    while (size > 0 && !out[size - 1])
        size--;
    if (size <= 0) {
        snprintf(out, COMMAND_MAX + 1, "[%s]", process->name);
        return;
    }
    out[size] = '\0';
    for (ssize_t i = 0; i < size; i++)
        if (!out[i])
            out[i] = ' ';
}

static value_t *
describe(const proc_t *process)
{
    char user[TEXT_NAME_MAX + 1], command[COMMAND_MAX + 1], name[PROC_NAME_MAX];
    user_name(process->user, user, sizeof user);
    command_line(process, command);
    snprintf(name, sizeof name, "%s", process->name);
    make_printable(command);
    make_printable(name);
    value_t *result = value_map();
    value_set_integer(result, "pid", process->pid);
    value_set_integer(result, "parent", process->parent);
    value_set_text(result, "user", user);
    value_set_text(result, "name", name);
    value_set_text(result, "command", command);
    return result;
}

value_t *
process_list(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *name = value_get_text(arguments, "name");
    CLEANUP(memory_free) proc_t *all = NULL;
    size_t count = proc_all(&all);
    value_t *list = value_list();
    (void)world, (void)fault;
    for (size_t i = 0; i < count; i++)
        if (!name[0] || !strcmp(all[i].name, name))
            value_append(list, describe(&all[i]));
    return list;
}
