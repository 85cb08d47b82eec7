/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "broker/letter.h"

/* Text that was cut elsewhere may not be UTF-8: it loses what is not ASCII rather than its place.
 */
static json_t *
json_of_text(slice_t text)
{
    json_t *json = json_stringn((const char *)text.data, text.size);
    if (json)
        return json;
    CLEANUP(bytes_destroy) bytes_t *plain = bytes_copy(text);
    for (size_t i = 0; i < plain->size; i++)
        if (plain->data[i] > 0x7e)
            plain->data[i] = '?';
    return json_stringn(bytes_text(plain), plain->size);
}

static json_t *
post_facts(const value_t *facts)
{
    json_t *body = json_object();
    for (size_t i = 0; i < value_count(facts); i++) {
        const value_t *fact = value_at(facts, i);
        CLEANUP(bytes_destroy) bytes_t *key = bytes_copy(value_key(facts, i));
        json_object_set_new(body, bytes_text(key),
                            value_kind(fact) == VALUE_INTEGER ? json_integer(value_number(fact))
                                                              : json_of_text(value_slice(fact)));
    }
    return body;
}

/* The only characters that mean anything to Slack: '<' opens links and mentions. */
static json_t *
post_slack(const value_t *facts)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text, "*%s* ", value_get_text(facts, "kind"));
    for (const char *c = value_get_text(facts, "text"); *c; c++)
        if (*c == '&')
            bytes_add_text(text, "&amp;");
        else if (*c == '<')
            bytes_add_text(text, "&lt;");
        else if (*c == '>')
            bytes_add_text(text, "&gt;");
        else
            bytes_add(text, c, 1);
    json_t *body = json_object();
    json_object_set_new(body, "text", json_of_text(bytes_slice(text)));
    return body;
}

/* In a block of code Markdown, links and mentions mean nothing, and nothing but a backtick ends it.
 */
static json_t *
post_mattermost(const value_t *facts)
{
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    bytes_addf(text, "**%s**\n```\n", value_get_text(facts, "kind"));
    for (const char *c = value_get_text(facts, "text"); *c; c++)
        bytes_add(text, *c == '`' ? "'" : c, 1);
    bytes_add_text(text, "\n```");
    json_t *body = json_object();
    json_object_set_new(body, "text", json_of_text(bytes_slice(text)));
    json_object_set_new(body, "username", json_string("tocsin"));
    return body;
}

static json_t *(*const makers[SINK_KIND_COUNT])(const value_t *facts) = {
    [SINK_GENERIC] = post_facts,
    [SINK_SLACK] = post_slack,
    [SINK_MATTERMOST] = post_mattermost,
};

void
letter_post(sink_kind_t kind, const value_t *facts, bytes_t *out)
{
    assert(kind < SINK_KIND_COUNT && makers[kind]);
    json_t *body = makers[kind](facts);
    char *text = json_dumps(body, JSON_COMPACT);
    assert(text);
    bytes_add_text(out, text);
    free(text);
    json_decref(body);
}
