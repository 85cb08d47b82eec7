/* SPDX-License-Identifier: Apache-2.0 */
/* ops-smart: what a drive says of its health, and what is done by that, in a program of its own for
 * the sake of the JSON that smartctl(8) writes; its bits of exit status 0 and 1 say that it could
 * not ask the drive. */
#include <jansson.h>
#include <limits.h>

#include "worker/op_cell.h"
#include "worker/ops/command.h"
#include "worker/ops/machine.h"
#include "worker/ops/raid.h"

#define ANSWER_MAX (256 * 1024)
#define NOT_ASKED  3

typedef struct {
    const char *name; /* in the result */
    const char *path; /* in the JSON: keys with blanks between them */
} field_t;

static const json_t *
look_up(const json_t *at, const char *path)
{
    char keys[128];
    char *rest = keys, *key;
    snprintf(keys, sizeof keys, "%s", path);
    while (at && (key = word_next(&rest)))
        at = json_object_get(at, key);
    return at;
}

static void
set_text(value_t *result, const json_t *all, const field_t *field)
{
    const char *text = json_string_value(look_up(all, field->path));
    show(result, field->name, text ? text : "");
}

static void
set_number(value_t *result, const json_t *all, const field_t *field)
{
    const json_t *number = look_up(all, field->path);
    if (json_is_integer(number))
        value_set_integer(result, field->name, json_integer_value(number));
}

/* Attributes of ATA drives that foretell the end, by their numbers. */
static void
set_attributes(value_t *result, const json_t *all)
{
    static const struct {
        json_int_t id;
        const char *name;
    } known[] = {{5, "reallocated"}, {197, "pending"}, {198, "uncorrectable"}};
    const json_t *table = look_up(all, "ata_smart_attributes table");
    for (size_t i = 0; i < json_array_size(table); i++) {
        const json_t *row = json_array_get(table, i), *raw = look_up(row, "raw value");
        for (size_t j = 0; j < ARRAY_SIZE(known); j++)
            if (json_integer_value(json_object_get(row, "id")) == known[j].id &&
                json_is_integer(raw))
                value_set_integer(result, known[j].name, json_integer_value(raw));
    }
}

static value_t *
health_of(const json_t *all, const char *device)
{
    static const field_t texts[] = {{"model", "model_name"}, {"serial", "serial_number"}};
    static const field_t numbers[] = {
        {"temperature_c", "temperature current"},
        {"power_on_hours", "power_on_time hours"},
        {"media_errors", "nvme_smart_health_information_log media_errors"},
        {"used_percent", "nvme_smart_health_information_log percentage_used"},
        {"spare_percent", "nvme_smart_health_information_log available_spare"},
    };
    const json_t *passed = look_up(all, "smart_status passed");
    value_t *result = value_map();
    value_set_text(result, "device", device);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        set_text(result, all, &texts[i]);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        set_number(result, all, &numbers[i]);
    if (json_is_boolean(passed))
        value_set_bool(result, "passed", json_is_true(passed));
    set_attributes(result, all);
    return result;
}

static value_t *
refuse(const json_t *all, const char *device, fault_t *fault)
{
    const json_t *said = json_array_get(look_up(all, "smartctl messages"), 0);
    const char *text = json_string_value(json_object_get(said, "string"));
    CLEANUP(value_destroy) value_t *words = shown(text ? text : "it does not say why");
    fault_set(fault, FAULT_FAILED, "drive '%.63s' does not tell: %.120s", device,
              value_string(words));
    return NULL;
}

static value_t *
ask(const char *device, const op_world_t *world, fault_t *fault)
{
    char program[PATH_MAX], path[80];
    int status = 0;
    json_error_t wrong;
    snprintf(path, sizeof path, "/dev/%s", device);
    machine_path(world, program, "/usr/sbin/smartctl");
    const char *const words[] = {program, "--json=c", "-i", "-H", "-A", "--", path, NULL};
    CLEANUP(bytes_destroy) bytes_t *said = command_run(words, ANSWER_MAX, &status, fault);
    if (!said)
        return NULL;
    json_t *all = json_loadb(bytes_text(said), said->size, JSON_REJECT_DUPLICATES, &wrong);
    value_t *result = NULL;
    if (!all)
        fault_set(fault, FAULT_FORMAT, "smartctl does not answer in JSON: %.100s", wrong.text);
    else if (status & NOT_ASKED)
        result = refuse(all, device, fault);
    else
        result = health_of(all, device);
    json_decref(all);
    return result;
}

static value_t *
disk_health(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    return ask(value_get_text(arguments, "device"), world, fault);
}

/* One that says nothing of itself, or cannot be asked, has nothing that stands against it. */
static int
check_health(const raid_t *raid, fault_t *fault)
{
    fault_t why;
    CLEANUP(value_destroy) value_t *health = ask(raid->drive, raid->world, &why);
    if (health && value_get(health, "passed") && !value_get_bool(health, "passed"))
        return fault_set(fault, FAULT_CONFLICT,
                         "drive '%s' says itself that it fails: another belongs in its place",
                         raid->drive);
    return 0;
}

static value_t *
disk_raid_readd(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    raid_t raid;
    if (raid_find(&raid, arguments, world, fault))
        return NULL;
    bool adds = !raid.is_in;
    if (adds && (check_health(&raid, fault) || raid_readd(&raid, fault)))
        return NULL;
    return raid_tell(&raid, adds);
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"disk.health", disk_health},
                                    {"disk.raid_readd", disk_raid_readd}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
