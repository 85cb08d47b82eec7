/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/grant.h"

#include <assert.h>
#include <stdlib.h>

#include "keys/fields.h"

static const char *const severities[] = {"critical", "high", "medium", "low", "info"};

static void
read_severity(alert_t *self, document_reader_t *in)
{
    const char *severity = document_text(in, "severity");
    for (size_t i = 0; i < ARRAY_SIZE(severities); i++)
        if (!strcmp(severity, severities[i])) {
            text_copy(self->severity, sizeof self->severity, severity);
            return;
        }
    document_spoil(in, FAULT_FORMAT, "'severity' is not critical, high, medium, low or info");
}

static void
read_host(alert_t *self, document_reader_t *in)
{
    const char *host = document_text(in, "host");
    if (!strcmp(host, "-"))
        text_copy(self->host, sizeof self->host, host);
    else
        fields_word(in, host, self->host, sizeof self->host);
}

label_t *
alert_add_label(label_t **labels, size_t *count)
{
    assert(*count < ALERT_LABELS_MAX);
    if (!*count || (*count >= 8 && !(*count & (*count - 1))))
        *labels = memory_resize(*labels, *count ? 2 * *count : 8, sizeof **labels);
    label_t *label = &(*labels)[(*count)++];
    label->name[0] = label->value[0] = '\0';
    return label;
}

static void
read_labels(document_reader_t *in, const char *key, label_t **labels, size_t *count)
{
    while (document_has(in, key) && fields_room(in, *count, ALERT_LABELS_MAX)) {
        char name[sizeof(*labels)->name];
        char **row = document_row(in, key, 2);
        label_t *label = alert_add_label(labels, count);
        fields_unescape(in, row[0], name, sizeof name);
        fields_word(in, name, label->name, sizeof label->name);
        fields_unescape(in, row[1], label->value, sizeof label->value);
        for (size_t i = 0; i + 1 < *count; i++)
            if (!strcmp((*labels)[i].name, label->name))
                document_spoil(in, FAULT_FORMAT, "'%s' has two values", label->name);
    }
}

static void
read_event(alert_t *self, document_reader_t *in)
{
    fields_take_name(in, "source", self->source);
    fields_word(in, document_text(in, "fingerprint"), self->fingerprint, sizeof self->fingerprint);
    const char *status = document_text(in, "status");
    self->firing = !strcmp(status, "firing");
    if (!self->firing && strcmp(status, "resolved") != 0)
        document_spoil(in, FAULT_FORMAT, "'status' is neither 'firing' nor 'resolved'");
    self->starts = document_instant(in, "starts");
    self->received = document_instant(in, "received");
}

alert_t *
alert_decode(slice_t document, fault_t *fault)
{
    document_reader_t in;
    CLEANUP(alert_destroy) alert_t *self = memory_new(1, sizeof *self);
    CLEANUP(bytes_destroy) bytes_t *again = bytes_new();
    document_open(&in, document, "alert", fault);
    fields_take_hash(&in, "site", &self->site);
    read_event(self, &in);
    read_severity(self, &in);
    read_host(self, &in);
    fields_copy(&in, document_free(&in, "title"), self->title, sizeof self->title);
    read_labels(&in, "label", &self->labels, &self->label_count);
    read_labels(&in, "annotation", &self->annotations, &self->annotation_count);
    if (document_close(&in, fault))
        return NULL;
    alert_encode(self, again);
    return fields_proved(&self, document, again, fault);
}

static void
add_labels(bytes_t *out, const char *key, const label_t *labels, size_t count)
{
    CLEANUP(bytes_destroy) bytes_t *name = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *value = bytes_new();
    for (size_t i = 0; i < count; i++)
        document_add(out, key, "%s %s", fields_escape(name, labels[i].name),
                     fields_escape(value, labels[i].value));
}

void
alert_encode(const alert_t *self, bytes_t *out)
{
    document_begin(out, "alert");
    fields_add_hash(out, "site", &self->site);
    document_add_text(out, "source", self->source);
    document_add_text(out, "fingerprint", self->fingerprint);
    document_add(out, "status", "%s", self->firing ? "firing" : "resolved");
    document_add_instant(out, "starts", self->starts);
    document_add_instant(out, "received", self->received);
    document_add_text(out, "severity", self->severity);
    document_add_text(out, "host", self->host);
    document_add_text(out, "title", self->title);
    add_labels(out, "label", self->labels, self->label_count);
    add_labels(out, "annotation", self->annotations, self->annotation_count);
    document_end(out);
}

void
alert_destroy(alert_t **self_p)
{
    alert_t *self = *self_p;
    if (!self)
        return;
    free(self->labels);
    free(self->annotations);
    free(self);
    *self_p = NULL;
}

static const char *
find_label(const label_t *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(labels[i].name, name))
            return labels[i].value;
    return NULL;
}

const char *
alert_field(const alert_t *self, const char *field)
{
    static const char labels[] = "labels.", annotations[] = "annotations.";
    if (!strcmp(field, "severity"))
        return self->severity;
    if (!strcmp(field, "host"))
        return strcmp(self->host, "-") != 0 ? self->host : NULL;
    if (!strcmp(field, "title"))
        return self->title;
    if (!strcmp(field, "source"))
        return self->source;
    if (!strncmp(field, labels, sizeof labels - 1))
        return find_label(self->labels, self->label_count, field + sizeof labels - 1);
    if (!strncmp(field, annotations, sizeof annotations - 1))
        return find_label(self->annotations, self->annotation_count,
                          field + sizeof annotations - 1);
    return NULL;
}
