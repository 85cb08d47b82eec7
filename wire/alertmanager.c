/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/alertmanager.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/text.h"

static void
drop_json(json_t **json)
{
    json_decref(*json);
}

/* jansson recurses: depth is counted first, over the bytes, outside strings. */
static bool
is_deep(slice_t body)
{
    size_t depth = 0;
    bool text = false;
    for (size_t i = 0; i < body.size; i++) {
        uint8_t c = body.data[i];
        if (text) {
            i += c == '\\';
            text = c != '"';
        } else if (c == '"') {
            text = true;
        } else if (c == '{' || c == '[') {
            if (++depth > ALERTMANAGER_DEPTH_MAX)
                return true;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return false;
}

static const char *
text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Free text of at most max bytes: what may not stand there becomes a space. */
static void
write_title(const char *text, char *out, size_t max)
{
    size_t used = 0;
    while (*text) {
        size_t size = 1;
        while ((text[size] & 0xc0) == 0x80)
            size++;
        if (used + size > max)
            break;
        bool fine = text_is_free(slice_of(text, size));
        memcpy(out + used, fine ? text : " ", fine ? size : 1);
        used += fine ? size : 1;
        text += size;
    }
    while (used && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
}

static size_t
escaped_size(const char *text, size_t size)
{
    size_t total = size == 0;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)text[i];
        total += c < 0x21 || c > 0x7e || c == '%' ? 3 : 1;
    }
    return total;
}

/* The longest front of text that fits when escaped, at a character's boundary. */
static size_t
fitting(const char *text)
{
    size_t size = 0, used = 0;
    while (text[size]) {
        size_t next = 1;
        while ((text[size + next] & 0xc0) == 0x80)
            next++;
        used += escaped_size(text + size, next);
        if (used > ALERTMANAGER_ESCAPED_MAX)
            break;
        size += next;
    }
    return size;
}

static int
compare_labels(const void *left, const void *right)
{
    return strcmp(((const label_t *)left)->name, ((const label_t *)right)->name);
}

static bool
name_fits(const char *name)
{
    size_t size = strlen(name);
    return size && !isdigit((unsigned char)*name) && size < sizeof((label_t *)NULL)->name &&
           text_is_printable(slice_text(name)) && !strchr(name, ' ') &&
           escaped_size(name, size) < sizeof((label_t *)NULL)->name;
}

static void
read_labels(const json_t *object, label_t **labels, size_t *count, bool cut)
{
    const char *name;
    json_t *item;
    *count = 0;
    json_object_foreach((json_t *)(uintptr_t)object, name, item)
    {
        const char *value = json_string_value(item);
        if (!value || !name_fits(name) || *count == ALERTMANAGER_LABELS_MAX)
            continue;
        size_t size = fitting(value);
        if (value[size] && !cut)
            continue;
        label_t *label = alert_add_label(labels, count);
        text_copy(label->name, sizeof label->name, name);
        memcpy(label->value, value, size);
        label->value[size] = '\0';
    }
    if (*count)
        qsort(*labels, *count, sizeof **labels, compare_labels);
}

/* Prometheus' own: FNV-1a of 64 bits over name, 0xff, value, 0xff of the labels by name. */
static uint64_t
hash_byte(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * 0x100000001b3u;
}

static uint64_t
hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = hash_byte(hash, (uint8_t)*text);
    return hash_byte(hash, 0xff);
}

static int
compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void
write_fingerprint(const json_t *labels, char *out, size_t size)
{
    size_t count = json_object_size(labels), at = 0;
    CLEANUP(memory_free) const char **names = memory_new(count + 1, sizeof *names);
    const char *name;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)labels, name, item) names[at++] = name;
    qsort(names, count, sizeof *names, compare_names);
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++)
        hash = hash_text(hash_text(hash, names[i]), text_at(labels, names[i]));
    snprintf(out, size, "%016llx", (unsigned long long)hash);
}

static void
read_fingerprint(alert_t *alert, const json_t *item, const json_t *labels)
{
    const char *given = text_at(item, "fingerprint");
    if (*given && strlen(given) < sizeof alert->fingerprint && !strchr(given, ' ') &&
        text_is_printable(slice_text(given)))
        text_copy(alert->fingerprint, sizeof alert->fingerprint, given);
    else
        write_fingerprint(labels, alert->fingerprint, sizeof alert->fingerprint);
}

typedef struct {
    const char *theirs, *ours;
} severity_t;

static const severity_t severities[] = {
    {"critical", "critical"}, {"page", "critical"}, {"emergency", "critical"}, {"error", "high"},
    {"high", "high"},         {"major", "high"},    {"warning", "medium"},     {"medium", "medium"},
    {"minor", "low"},         {"low", "low"},       {"info", "info"},          {"none", ""},
};

/* "" for a heartbeat; a word that nobody knows counts as none given. */
static const char *
read_severity(const json_t *labels)
{
    const char *word = text_at(labels, "severity");
    for (size_t i = 0; i < ARRAY_SIZE(severities); i++)
        if (!strcasecmp(word, severities[i].theirs))
            return severities[i].ours;
    return "medium";
}

/* HOST of "SCHEME://HOST:PORT/...", "[v6]:PORT", "v6", "HOST". */
static void
strip_instance(const char *instance, char *out, size_t size)
{
    struct in6_addr address;
    const char *scheme = strstr(instance, "://"), *host = scheme ? scheme + 3 : instance;
    size_t length = strcspn(host, "/");
    if (*host == '[') {
        host++;
        length = strcspn(host, "]/");
    } else if (inet_pton(AF_INET6, host, &address) != 1) {
        length = strcspn(host, ":/");
    }
    snprintf(out, size, "%.*s", (int)(length < size ? length : 0), host);
}

static void
read_host(alert_t *alert, const json_t *labels)
{
    static const char *const names[] = {"host", "hostname", "node", "nodename"};
    alert->host[0] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(names) && !alert->host[0]; i++)
        text_copy(alert->host, sizeof alert->host, text_at(labels, names[i]));
    if (!alert->host[0])
        strip_instance(text_at(labels, "instance"), alert->host, sizeof alert->host);
    if (!alert->host[0] || strchr(alert->host, ' ') || !text_is_printable(slice_text(alert->host)))
        text_copy(alert->host, sizeof alert->host, "-");
}

static void
read_title(alert_t *alert, const json_t *labels, const json_t *annotations)
{
    const char *name = text_at(labels, "alertname"), *instance = text_at(labels, "instance");
    write_title(text_at(annotations, "summary"), alert->title, ORDER_REASON_MAX);
    if (!alert->title[0]) {
        char text[2 * ORDER_REASON_MAX];
        snprintf(text, sizeof text, "%s%s%s", *name ? name : "an alert without a name",
                 *instance ? " on " : "", instance);
        write_title(text, alert->title, ORDER_REASON_MAX);
    }
}

/* Year 1 is how Go writes a time that is not set. */
static wall_t
read_time(const json_t *item, const char *key)
{
    wall_t at;
    const char *text = text_at(item, key);
    if (!strncmp(text, "0001-", 5) || !wall_read_rfc3339(text, &at) || at.ms < 0)
        return (wall_t){0};
    return at;
}

static void
read_alert(alert_t *alert, const char *source, const json_t *item, const json_t *group)
{
    const json_t *labels = json_object_get(item, "labels");
    const json_t *annotations = json_object_get(item, "annotations");
    const char *status = text_at(item, "status");
    text_copy(alert->source, sizeof alert->source, source);
    alert->firing = strcmp(*status ? status : text_at(group, "status"), "resolved") != 0;
    alert->starts = read_time(item, "startsAt");
    text_copy(alert->severity, sizeof alert->severity, read_severity(labels));
    read_labels(labels, &alert->labels, &alert->label_count, false);
    read_labels(annotations, &alert->annotations, &alert->annotation_count, true);
    read_fingerprint(alert, item, labels);
    read_host(alert, labels);
    read_title(alert, labels, annotations);
}

/* number counts from 1, as the sentence does. */
static int
check_text_map(const json_t *object, size_t number, const char *what, fault_t *fault)
{
    const char *name;
    json_t *item;
    if (!json_is_object(object))
        return fault_set(fault, FAULT_FORMAT, "alert %zu has no map '%s' of texts", number, what);
    json_object_foreach((json_t *)(uintptr_t)object, name, item)
    {
        char shown[65];
        if (json_is_string(item))
            continue;
        write_title(name, shown, sizeof shown - 1);
        return fault_set(fault, FAULT_FORMAT, "alert %zu: '%s' in '%s' is not a text", number,
                         shown, what);
    }
    return 0;
}

/* Absent is fine, nonsense is not: it would be taken for an alert that fires now. */
static int
check_status(const char *status, size_t number, fault_t *fault)
{
    char shown[65];
    if (!*status || !strcmp(status, "firing") || !strcmp(status, "resolved"))
        return 0;
    write_title(status, shown, sizeof shown - 1);
    return fault_set(fault, FAULT_FORMAT, "alert %zu: status '%s' is neither firing nor resolved",
                     number, shown);
}

static int
check_start(const char *starts, size_t number, fault_t *fault)
{
    wall_t at;
    char shown[65];
    if (!*starts || !strncmp(starts, "0001-", 5) || (wall_read_rfc3339(starts, &at) && at.ms >= 0))
        return 0;
    write_title(starts, shown, sizeof shown - 1);
    return fault_set(fault, FAULT_FORMAT, "alert %zu: startsAt '%s' is no RFC 3339 time", number,
                     shown);
}

static int
check_body(const json_t *body, fault_t *fault)
{
    const json_t *alerts = json_object_get(body, "alerts");
    if (!json_is_array(alerts))
        return fault_set(fault, FAULT_FORMAT, "the body has no list 'alerts'");
    if (json_array_size(alerts) > ALERTMANAGER_ALERTS_MAX)
        return fault_set(fault, FAULT_LIMIT, "over %d alerts in one body", ALERTMANAGER_ALERTS_MAX);
    for (size_t i = 0; i < json_array_size(alerts); i++) {
        const json_t *item = json_array_get(alerts, i);
        const json_t *annotations = json_object_get(item, "annotations");
        const char *status = text_at(item, "status");
        if (check_status(*status ? status : text_at(body, "status"), i + 1, fault) ||
            check_start(text_at(item, "startsAt"), i + 1, fault) ||
            check_text_map(json_object_get(item, "labels"), i + 1, "labels", fault) ||
            (annotations && check_text_map(annotations, i + 1, "annotations", fault)))
            return -1;
    }
    return 0;
}

alertmanager_t *
alertmanager_parse(slice_t body, fault_t *fault)
{
    json_error_t error;
    if (body.size > ALERTMANAGER_BODY_MAX) {
        fault_set(fault, FAULT_LIMIT, "the body is over %d bytes", ALERTMANAGER_BODY_MAX);
        return NULL;
    }
    if (is_deep(body)) {
        fault_set(fault, FAULT_LIMIT, "the JSON is over %d levels deep", ALERTMANAGER_DEPTH_MAX);
        return NULL;
    }
    CLEANUP(drop_json)
    json_t *json = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        fault_set(fault, FAULT_FORMAT, "the JSON is wrong at line %d: %s", error.line, error.text);
        return NULL;
    }
    return check_body(json, fault) ? NULL : (alertmanager_t *)MOVE(json);
}

void
alertmanager_destroy(alertmanager_t **self_p)
{
    json_decref((json_t *)*self_p);
    *self_p = NULL;
}

uint64_t
alertmanager_cut(const alertmanager_t *self)
{
    json_int_t left_out =
        json_integer_value(json_object_get((const json_t *)self, "truncatedAlerts"));
    return left_out > 0 ? (uint64_t)left_out : 0;
}

int
alertmanager_each(const alertmanager_t *self, const char *source, on_alert_t on_alert,
                  void *context, fault_t *fault)
{
    const json_t *json = (const json_t *)self;
    const json_t *alerts = json_object_get(json, "alerts");
    CLEANUP(alert_destroy) alert_t *alert = memory_new(1, sizeof *alert);
    for (size_t i = 0; i < json_array_size(alerts); i++) {
        read_alert(alert, source, json_array_get(alerts, i), json);
        if (alert->severity[0] && on_alert(context, alert, fault))
            return -1;
    }
    return 0;
}

int
alertmanager_read(const char *source, slice_t body, on_alert_t on_alert, void *context,
                  uint64_t *cut, fault_t *fault)
{
    CLEANUP(alertmanager_destroy) alertmanager_t *self = alertmanager_parse(body, fault);
    if (!self)
        return -1;
    *cut = alertmanager_cut(self);
    return alertmanager_each(self, source, on_alert, context, fault);
}
