/* SPDX-License-Identifier: Apache-2.0 */
/* ops-lldp: link.neighbours, in a program of its own for the sake of the JSON that lldpcli(8)
 * writes. In its format json0 each key holds a list, and of a scalar {"value": ...}. */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#include "common/text.h"
#include "worker/op_cell.h"
#include "worker/ops/command.h"
#include "worker/ops/machine.h"

#define ANSWER_MAX     (1024 * 1024)
#define NEIGHBOURS_MAX 64
#define ADDRESSES_MAX  4 /* of one neighbour */
#define TEXT_MAX       255

/* The first one under the key; NULL for none. */
static const json_t *
first(const json_t *at, const char *key)
{
    return json_array_get(json_object_get(at, key), 0);
}

static const char *
value_at_key(const json_t *at, const char *key)
{
    return json_string_value(json_object_get(first(at, key), "value"));
}

/* As long as what LLDP tells of itself may be: who tells more takes no room from others. */
static value_t *
told(const char *text)
{
    char cut[TEXT_MAX + 1];
    snprintf(cut, sizeof cut, "%.*s", text_fit(text, TEXT_MAX), text);
    return shown(cut);
}

static void
tell(value_t *out, const char *name, const char *text)
{
    if (text)
        value_set(out, name, told(text));
}

/* The untagged one. */
static void
tell_vlan(value_t *out, const json_t *link)
{
    const json_t *vlan;
    uint64_t number;
    size_t i;
    json_array_foreach(json_object_get(link, "vlan"), i, vlan)
    {
        const char *id = json_string_value(json_object_get(vlan, "vlan-id"));
        if (json_is_true(json_object_get(vlan, "pvid")) && id &&
            text_read_u64(id, 1, 4094, &number))
            value_set_integer(out, "vlan", (int64_t)number);
    }
}

static void
tell_addresses(value_t *out, const json_t *chassis)
{
    const json_t *address;
    value_t *list = value_list();
    size_t i;
    json_array_foreach(json_object_get(chassis, "mgmt-ip"), i, address)
    {
        const char *text = json_string_value(json_object_get(address, "value"));
        if (text && value_count(list) < ADDRESSES_MAX)
            value_append(list, told(text));
    }
    value_set(out, "addresses", list);
}

/* lldpd writes "0 day, 00:01:07". */
static void
tell_age(value_t *out, const json_t *link)
{
    int days, hours, minutes, seconds;
    const char *age = json_string_value(json_object_get(link, "age"));
    if (age && sscanf(age, "%d day%*[s,] %d:%d:%d", &days, &hours, &minutes, &seconds) == 4)
        value_set_integer(out, "seen_for_s",
                          ((days * INT64_C(24) + hours) * 60 + minutes) * 60 + seconds);
}

static value_t *
neighbour_of(const json_t *link)
{
    const json_t *chassis = first(link, "chassis"), *port = first(link, "port");
    const char *via = json_string_value(json_object_get(link, "via"));
    value_t *out = value_map();
    value_set(out, "link", told(json_string_value(json_object_get(link, "name"))));
    value_set(out, "via", told(via ? via : ""));
    tell(out, "name", value_at_key(chassis, "name"));
    tell(out, "description", value_at_key(chassis, "descr"));
    tell(out, "chassis", value_at_key(chassis, "id"));
    tell(out, "port", value_at_key(port, "id"));
    tell(out, "port_description", value_at_key(port, "descr"));
    tell(out, "mode", value_at_key(first(port, "auto-negotiation"), "current"));
    tell_addresses(out, chassis);
    tell_vlan(out, link);
    tell_age(out, link);
    return out;
}

/* Those on the link, or on all where it is "". */
static value_t *
neighbours_of(const json_t *all, const char *wanted)
{
    const json_t *links = json_object_get(first(all, "lldp"), "interface"), *link;
    value_t *result = value_map(), *list = value_list();
    bool more = false;
    size_t i;
    json_array_foreach(links, i, link)
    {
        const char *name = json_string_value(json_object_get(link, "name"));
        if (!name || (*wanted && strcmp(name, wanted) != 0))
            continue;
        more = value_count(list) == NEIGHBOURS_MAX;
        if (more)
            break;
        value_append(list, neighbour_of(link));
    }
    value_set(result, "neighbours", list);
    value_set_bool(result, "more", more);
    return result;
}

static value_t *
link_neighbours(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char program[PATH_MAX];
    int status = 0;
    json_error_t wrong;
    machine_path(world, program, "/usr/sbin/lldpcli");
    const char *const words[] = {program, "-f", "json0", "show", "neighbors", "details", NULL};
    CLEANUP(bytes_destroy) bytes_t *said = command_run(words, ANSWER_MAX, &status, fault);
    if (!said)
        return NULL;
    if (status) {
        fault_set(fault, FAULT_UNREACHABLE, "lldpd does not answer: is it started?");
        return NULL;
    }
    json_t *all = json_loadb(bytes_text(said), said->size, JSON_REJECT_DUPLICATES, &wrong);
    value_t *result = all ? neighbours_of(all, value_get_text(arguments, "link")) : NULL;
    if (!all)
        fault_set(fault, FAULT_FORMAT, "lldpcli does not answer in JSON: %.100s", wrong.text);
    json_decref(all);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"link.neighbours", link_neighbours}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
