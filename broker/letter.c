/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/letter.h"

#include <stdio.h>
#include <time.h>

#include "keys/base64.h"

#define SUBJECT_MAX 120
#define LINE_MAX    76 /* of base64: RFC 2045 6.8 */

static void
set_where_said(value_t *facts, const char *key, const char *text)
{
    if (*text)
        value_set_text(facts, key, text);
}

value_t *
letter_facts(const notice_row_t *notice, const hash_t *site, const char *broker)
{
    char hex[HASH_TEXT], moment[MOMENT_TEXT_MAX], id[TEXT_NAME_MAX + 48];
    value_t *facts = value_map();
    snprintf(id, sizeof id, "%s-%lld-%llu", broker, (long long)notice->made.ms,
             (unsigned long long)notice->number);
    wall_write_instant(notice->made, moment);
    value_set_integer(facts, "version", 1);
    value_set_text(facts, "id", id);
    value_set_text(facts, "site", hash_write(site, hex));
    value_set_text(facts, "broker", broker);
    value_set_text(facts, "sink", notice->sink);
    value_set_text(facts, "kind", notice->kind);
    value_set_text(facts, "at", moment);
    value_set_text(facts, "text", notice->text);
    if (notice->incident)
        value_set_integer(facts, "incident", (int64_t)notice->incident);
    if (!hash_equal(&notice->run, &HASH_ZERO))
        value_set_text(facts, "run", hash_write(&notice->run, hex));
    set_where_said(facts, "host", notice->host);
    set_where_said(facts, "severity", notice->severity);
    set_where_said(facts, "playbook", notice->playbook);
    return facts;
}

void
letter_sign(const char *secret, const char *timestamp, slice_t body,
            char out[static LETTER_SIGNATURE_MAX])
{
    char hex[MAC_TEXT];
    const slice_t parts[] = {slice_text(timestamp), slice_text("."), body};
    mac_t mac = mac_of(slice_text(secret), parts, ARRAY_SIZE(parts));
    snprintf(out, LETTER_SIGNATURE_MAX, "v1=%s", mac_write(&mac, hex));
}

/* Mail ---------------------------------------------------------------------------------------- */

/* Printable ASCII in one line; what is not becomes '?'. */
static void
add_subject(bytes_t *out, const value_t *facts)
{
    char line[SUBJECT_MAX + 1];
    const char *host = value_get_text(facts, "host"), *playbook = value_get_text(facts, "playbook");
    const char *subject = *host ? host : playbook;
    int64_t incident = value_get_integer(facts, "incident");
    int used = snprintf(line, sizeof line, "[tocsin] %s", value_get_text(facts, "kind"));
    if (incident)
        used += snprintf(line + used, sizeof line - (size_t)used, ": incident %lld",
                         (long long)incident);
    if (*subject)
        snprintf(line + used, sizeof line - (size_t)used, "%s%s", incident ? " on " : ": ",
                 subject);
    for (char *c = line; *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    bytes_addf(out, "Subject: %s\n", line);
}

static void
add_date(bytes_t *out, wall_t now)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(now.ms / 1000);
    struct tm day;
    gmtime_r(&seconds, &day);
    bytes_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\n", days[day.tm_wday], day.tm_mday,
               months[day.tm_mon], day.tm_year + 1900, day.tm_hour, day.tm_min, day.tm_sec);
}

static void
add_text(bytes_t *out, const value_t *facts)
{
    static const char *const keys[] = {"kind", "at",   "incident", "host", "severity",
                                       "run",  "site", "broker",   "id"};
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *encoded = bytes_new();
    bytes_addf(plain, "%s\n\n", value_get_text(facts, "text"));
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const value_t *fact = value_get(facts, keys[i]);
        if (fact && value_kind(fact) == VALUE_INTEGER)
            bytes_addf(plain, "%s: %lld\n", keys[i], (long long)value_number(fact));
        else if (fact)
            bytes_addf(plain, "%s: %s\n", keys[i], value_string(fact));
    }
    base64_write(bytes_slice(plain), encoded);
    for (size_t at = 0; at < encoded->size; at += LINE_MAX)
        bytes_addf(out, "%.*s\n", LINE_MAX, bytes_text(encoded) + at);
}

void
letter_mail(const sink_t *sink, const value_t *facts, wall_t now, bytes_t *out)
{
    const char *id = value_get_text(facts, "id");
    if (*sink->from)
        bytes_addf(out, "From: %s\n", sink->from);
    bytes_addf(out, "To: %s\n", sink->address);
    add_subject(out, facts);
    add_date(out, now);
    bytes_addf(out,
               "Message-ID: <%s@tocsin>\nTocsin-Id: %s\nAuto-Submitted: auto-generated\n"
               "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
               "Content-Transfer-Encoding: base64\n\n",
               id, id);
    add_text(out, facts);
}
