/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ops.h"

#include <limits.h>

#include "common/net.h"
#include "keys/hash.h"
#include "wire/ops/families.h"

/* Ascending by their names, so that the whole table is. */
static const op_family_t *const families[] = {
    &ops_clock,   &ops_conntrack, &ops_cron,    &ops_device, &ops_disk,    &ops_evidence,
    &ops_file,    &ops_firewall,  &ops_host,    &ops_http,   &ops_journal, &ops_link,
    &ops_log,     &ops_neighbour, &ops_net,     &ops_ntp,    &ops_package, &ops_postgres,
    &ops_process, &ops_route,     &ops_service, &ops_site,   &ops_snmp,    &ops_socket,
    &ops_sysctl,  &ops_tls,       &ops_unit,    &ops_user,
};

const op_t *
op_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(families); i++)
        for (size_t j = 0; j < families[i]->count; j++)
            if (!strcmp(families[i]->rows[j].name, name))
                return &families[i]->rows[j];
    return NULL;
}

size_t
op_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(families); i++)
        count += families[i]->count;
    return count;
}

const op_t *
op_at(size_t index)
{
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        if (index < families[i]->count)
            return &families[i]->rows[index];
        index -= families[i]->count;
    }
    return NULL;
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

/* ---- kinds of argument: whether a value is one ------------------------------------------- */

typedef bool fits_t(const op_argument_t *argument, const value_t *value);

static bool
is_path(const op_argument_t *argument, const value_t *value)
{
    const char *text = value_string(value);
    return path_is_normal(text) && (!argument->max || (int64_t)strlen(text) <= argument->max);
}

static bool
is_name(const op_argument_t *argument, const value_t *value)
{
    (void)argument;
    return text_is_name(value_string(value));
}

static bool
is_text(const op_argument_t *argument, const value_t *value)
{
    slice_t text = value_slice(value);
    return (int64_t)text.size >= argument->min && (int64_t)text.size <= argument->max &&
           text_is_printable(text);
}

static bool
is_word(const op_argument_t *argument, const value_t *value)
{
    const char *text = value_string(value);
    return is_text(argument, value) && text[0] && text[0] != '-' && !strchr(text, ' ');
}

static bool
is_integer(const op_argument_t *argument, const value_t *value)
{
    int64_t number = value_number(value);
    return number >= argument->min && number <= argument->max;
}

static bool
is_bool(const op_argument_t *argument, const value_t *value)
{
    (void)argument, (void)value;
    return true;
}

static bool
is_choice(const op_argument_t *argument, const value_t *value)
{
    slice_t text = value_slice(value);
    for (const char *at = argument->choices; text.size && *at;) {
        size_t size = strcspn(at, " ");
        if (size == text.size && !memcmp(at, text.data, size))
            return true;
        at += size + (at[size] == ' ');
    }
    return false;
}

static bool
is_address(const op_argument_t *argument, const value_t *value)
{
    (void)argument;
    return address_is_plain(value_string(value));
}

static bool
is_net(const op_argument_t *argument, const value_t *value)
{
    net_t net;
    (void)argument;
    return net_read(value_string(value), &net);
}

static bool
is_hash(const op_argument_t *argument, const value_t *value)
{
    hash_t hash;
    (void)argument;
    return hash_read(value_string(value), &hash);
}

static const struct {
    const char *word;
    value_kind_t kind;
    fits_t *fits;
    const char *wrong;
} kinds[ARGUMENT_KINDS] = {
    [ARGUMENT_PATH] = {"path", VALUE_BYTES, is_path, "is not a normal absolute path, or too long"},
    [ARGUMENT_NAME] = {"name", VALUE_BYTES, is_name, "is not a name ([a-z0-9][a-z0-9._-]*)"},
    [ARGUMENT_TEXT] = {"text", VALUE_BYTES, is_text, "is not printable ASCII, or too long"},
    [ARGUMENT_WORD] = {"word", VALUE_BYTES, is_word,
                       "is not printable ASCII without blanks and a '-' in front, or too long"},
    [ARGUMENT_INTEGER] = {"integer", VALUE_INTEGER, is_integer,
                          "is not an integer within its bounds"},
    [ARGUMENT_BOOL] = {"bool", VALUE_BOOL, is_bool, "is neither true nor false"},
    [ARGUMENT_CHOICE] = {"choice", VALUE_BYTES, is_choice, "is none of its choices"},
    [ARGUMENT_ADDRESS] = {"address", VALUE_BYTES, is_address, "is not an IP address or host name"},
    [ARGUMENT_NET] = {"net", VALUE_BYTES, is_net,
                      "is not an IP address or network in its one spelling"},
    [ARGUMENT_HASH] = {"hash", VALUE_BYTES, is_hash, "is not a SHA-256 in hexadecimal"},
};

const char *
argument_misfit(const op_argument_t *self, const value_t *value)
{
    bool fits = value_kind(value) == kinds[self->kind].kind && kinds[self->kind].fits(self, value);
    return fits ? NULL : kinds[self->kind].wrong;
}

const char *
argument_kind_word(argument_kind_t kind)
{
    return kinds[kind].word;
}

const op_argument_t *
op_argument(const op_t *self, slice_t name)
{
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && self->arguments[i].name; i++)
        if (slice_is(name, self->arguments[i].name))
            return &self->arguments[i];
    return NULL;
}

const op_argument_t *
op_declared(const op_t *self, declared_t by)
{
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && self->arguments[i].name; i++)
        if (self->arguments[i].declared == by)
            return &self->arguments[i];
    return NULL;
}

value_t *
op_probe_arguments(const op_t *self, const value_t *arguments)
{
    value_t *given = value_map();
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && self->probe->takes[i]; i++) {
        const value_t *argument = value_get(arguments, self->probe->takes[i]);
        if (argument)
            value_set(given, self->probe->takes[i], value_copy(argument));
    }
    return given;
}

value_t *
op_shared_arguments(const op_t *self, const value_t *arguments)
{
    value_t *given = value_map();
    for (size_t i = 0; i < OP_ARGUMENTS_MAX && self->arguments[i].name; i++) {
        const value_t *argument = value_get(arguments, self->arguments[i].name);
        if (argument)
            value_set(given, self->arguments[i].name, value_copy(argument));
    }
    return given;
}

probe_verdict_t
probe_by_start(int64_t since_ms, wall_t begun)
{
    if (!begun.ms || since_ms <= 0)
        return PROBE_CANNOT_TELL;
    if (since_ms > begun.ms + PROBE_SLACK_MS)
        return PROBE_HAPPENED;
    return since_ms < begun.ms - PROBE_SLACK_MS ? PROBE_DID_NOT : PROBE_CANNOT_TELL;
}

void
probe_keep(const value_t *seen, const char *key, value_t *result)
{
    const value_t *item = value_get(seen, key);
    if (item)
        value_set(result, key, value_copy(item));
}

int
op_check(const op_t *self, const value_t *arguments, fault_t *fault)
{
    if (value_kind(arguments) != VALUE_MAP)
        return fault_set(fault, FAULT_ARGUMENT, "%s: the arguments are not a map", self->name);
    for (size_t i = 0; i < value_count(arguments); i++) {
        slice_t name = value_key(arguments, i);
        const op_argument_t *argument = op_argument(self, name);
        if (!argument)
            return fault_set(fault, FAULT_ARGUMENT, "%s takes no argument '%.*s'", self->name,
                             (int)(name.size < 63 ? name.size : 63), (const char *)name.data);
        const char *wrong = argument_misfit(argument, value_at(arguments, i));
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
