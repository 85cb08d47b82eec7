/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops.h"

#include <limits.h>

#define KIB            1024
#define FIX_RESULT_MAX 320 /* escaped, it stands in one line of the effector's journal */
#define SERVICE_ARGUMENT                                            \
    {                                                               \
        .name = "service", .kind = ARGUMENT_NAME, .required = true, \
        .help = "as the machine's policy names it"                  \
    }

static const op_t ops[] = {
    {
        .name = "disk.largest",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 60,
        .result_bytes_max = 256 * KIB,
        .arguments =
            {
                {"path", ARGUMENT_PATH, true, 0, 0, "the folder to walk"},
                {"count", ARGUMENT_INTEGER, true, 1, 100, "how many files"},
                {"rotated", ARGUMENT_BOOL, false, 0, 0, "only logs that were rotated away"},
            },
        .help = "lists the largest regular files below a folder, on its own filesystem",
        .result = "list of {path, bytes, modified (ms since 1970)}, largest first",
    },
    {
        .name = "disk.usage",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .result_bytes_max = 8 * KIB,
        .arguments = {{"path", ARGUMENT_PATH, true, 0, 0, "any path on the filesystem"}},
        .help = "tells how full the filesystem at a path is",
        .result = "{path, total_bytes, used_bytes, free_bytes, used_percent}",
    },
    {
        .name = "file.remove",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{"path", ARGUMENT_PATH, true, 0, OP_FIX_PATH_MAX,
                       "a rotated log below a spool folder"}},
        .help = "removes a rotated log; a file that is gone already frees nothing",
        .result = "{path, freed_bytes}",
    },
    {
        .name = "file.truncate",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {{"path", ARGUMENT_PATH, true, 0, OP_FIX_PATH_MAX,
                       "a log below a spool folder"}},
        .help = "empties a log and leaves it in its place",
        .result = "{path, freed_bytes}",
    },
    {
        .name = "net.tcp",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 65,
        .result_bytes_max = 8 * KIB,
        .arguments =
            {
                {"address", ARGUMENT_ADDRESS, true, 0, 0, "an IP address or host name"},
                {"port", ARGUMENT_INTEGER, true, 1, 65535, "the TCP port"},
                {"timeout_ms", ARGUMENT_INTEGER, false, 1, 60000, "how long to wait; 5000"},
            },
        .help = "tries to open a TCP connection and closes it again",
        .result = "{connected, milliseconds, error?}",
    },
    {
        .name = "process.list",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .result_bytes_max = 256 * KIB,
        .arguments = {{"name", ARGUMENT_TEXT, false, 1, 64, "only processes of this name"}},
        .help = "lists the machine's processes",
        .result = "list of {pid, parent, user, name, command}, by pid",
    },
    {
        .name = "service.restart",
        .least = CLASS_CHANGE,
        .again = AGAIN_NEVER,
        .timeout_s = 60,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {SERVICE_ARGUMENT},
        .help = "stops a service that the policy lists, and starts it",
        .result = "{service, running, pid}",
    },
    {
        .name = "service.start",
        .least = CLASS_CHANGE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 30,
        .result_bytes_max = FIX_RESULT_MAX,
        .arguments = {SERVICE_ARGUMENT},
        .help = "starts a service that the policy lists, unless it runs",
        .result = "{service, running, pid}",
    },
    {
        .name = "service.status",
        .least = CLASS_OBSERVE,
        .again = AGAIN_IDEMPOTENT,
        .timeout_s = 10,
        .result_bytes_max = 8 * KIB,
        .arguments = {SERVICE_ARGUMENT},
        .help = "tells whether a service that the policy lists runs",
        .result = "{service, running, pid (0 where it does not run), since? (ms since 1970)}",
    },
};

const op_t *
op_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
        if (!strcmp(ops[i].name, name))
            return &ops[i];
    return NULL;
}

size_t
op_count(void)
{
    return ARRAY_SIZE(ops);
}

const op_t *
op_at(size_t index)
{
    return index < ARRAY_SIZE(ops) ? &ops[index] : NULL;
}

bool
path_is_normal(const char *path)
{
    size_t size = strlen(path);
    if (path[0] != '/' || size >= PATH_MAX)
        return false;
    for (const char *at = path; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    if (size == 1)
        return true;
    for (const char *part = path; *part;) {
        size_t length = strcspn(++part, "/");
        if (!length || (length == 1 && part[0] == '.') ||
            (length == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        part += length;
    }
    return true;
}

bool
address_is_plain(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.:_-";
    size_t size = strlen(text);
    return size && size <= 255 && text[0] != '-' && strspn(text, allowed) == size;
}

bool
path_is_under(const char *path, const char *folder)
{
    size_t size = strlen(folder);
    if (size == 1)
        return path[0] == '/';
    return !strncmp(path, folder, size) && (path[size] == '/' || !path[size]);
}

static bool
is_text(const op_argument_t *argument, slice_t text)
{
    return (int64_t)text.size >= argument->min && (int64_t)text.size <= argument->max &&
           text_is_printable(text);
}

/* NULL, or what the argument must be. */
static const char *
misfit(const op_argument_t *argument, const value_t *value)
{
    const char *text = value_string(value);
    value_kind_t kind = value_kind(value);
    bool bytes = kind == VALUE_BYTES;
    int64_t number = value_number(value);

    switch (argument->kind) {
    case ARGUMENT_PATH:
        return bytes && path_is_normal(text) &&
                       (!argument->max || (int64_t)strlen(text) <= argument->max)
                   ? NULL
                   : "is not a normal absolute path, or too long";
    case ARGUMENT_NAME:
        return bytes && text_is_name(text) ? NULL : "is not a name ([a-z0-9][a-z0-9._-]*)";
    case ARGUMENT_TEXT:
        return bytes && is_text(argument, value_slice(value))
                   ? NULL
                   : "is not printable ASCII, or too long";
    case ARGUMENT_INTEGER:
        return kind == VALUE_INTEGER && number >= argument->min && number <= argument->max
                   ? NULL
                   : "is not an integer within its bounds";
    case ARGUMENT_BOOL:
        return kind == VALUE_BOOL ? NULL : "is neither true nor false";
    case ARGUMENT_ADDRESS:
        return bytes && address_is_plain(text) ? NULL : "is not an IP address or host name";
    }
    return "is of no known kind";
}

static const op_argument_t *
argument_find(const op_t *self, slice_t name)
{
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && self->arguments[i].name; i++)
        if (slice_is(name, self->arguments[i].name))
            return &self->arguments[i];
    return NULL;
}

int
op_check(const op_t *self, const value_t *arguments, fault_t *fault)
{
    if (value_kind(arguments) != VALUE_MAP)
        return fault_set(fault, FAULT_ARGUMENT, "%s: the arguments are not a map", self->name);
    for (size_t i = 0; i < value_count(arguments); i++) {
        slice_t name = value_key(arguments, i);
        const op_argument_t *argument = argument_find(self, name);
        if (!argument)
            return fault_set(fault, FAULT_ARGUMENT, "%s takes no argument '%.*s'", self->name,
                             (int)(name.size < 63 ? name.size : 63), (const char *)name.data);
        const char *wrong = misfit(argument, value_at(arguments, i));
        if (wrong)
            return fault_set(fault, FAULT_ARGUMENT, "%s: '%s' %s", self->name, argument->name,
                             wrong);
    }
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && self->arguments[i].name; i++)
        if (self->arguments[i].required && !value_get(arguments, self->arguments[i].name))
            return fault_set(fault, FAULT_ARGUMENT, "%s needs '%s'", self->name,
                             self->arguments[i].name);
    return 0;
}
