/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "broker/letter.h"
#include "keys/base64.h"

static notice_row_t
make_notice(const char *text)
{
    notice_row_t notice = {.number = 7, .incident = 12, .made = {1763780645678}};
    text_copy(notice.sink, sizeof notice.sink, "ops");
    text_copy(notice.kind, sizeof notice.kind, "incident.failed");
    text_copy(notice.host, sizeof notice.host, "web1.example");
    text_copy(notice.severity, sizeof notice.severity, "high");
    text_copy(notice.text, sizeof notice.text, text);
    return notice;
}

static value_t *
facts_of(const char *text)
{
    notice_row_t notice = make_notice(text);
    return letter_facts(&notice, &HASH_ZERO, "centre");
}

static json_t *
post(sink_kind_t kind, const char *text)
{
    CLEANUP(value_destroy) value_t *facts = facts_of(text);
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    letter_post(kind, facts, body);
    json_t *json = json_loadb((const char *)body->data, body->size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

static void
posts(sink_kind_t kind, const char *text, const char *expected)
{
    json_t *json = post(kind, text);
    assert_string_equal(json_string_value(json_object_get(json, "text")), expected);
    json_decref(json);
}

static void
generic_says_what_the_protocol_lists_and_nothing_absent(void **state)
{
    (void)state;
    json_t *json = post(SINK_GENERIC, "it is \"down\" \\ ファイル");
    assert_int_equal(json_integer_value(json_object_get(json, "version")), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "incident")), 12);
    assert_string_equal(json_string_value(json_object_get(json, "id")), "centre-1763780645678-7");
    assert_string_equal(json_string_value(json_object_get(json, "at")), "2025-11-22T03:04:05.678Z");
    assert_string_equal(json_string_value(json_object_get(json, "text")),
                        "it is \"down\" \\ ファイル");
    assert_string_equal(json_string_value(json_object_get(json, "host")), "web1.example");
    assert_int_equal(strlen(json_string_value(json_object_get(json, "site"))), HASH_TEXT - 1);
    assert_null(json_object_get(json, "run"));
    assert_null(json_object_get(json, "playbook"));
    assert_int_equal(json_object_size(json), 11);
    json_decref(json);
}

static void
text_that_is_not_utf_8_loses_what_is_not_ascii(void **state)
{
    (void)state;
    posts(SINK_GENERIC, "caf\xc3", "caf?");
}

static void
slack_escapes_what_opens_links_and_mentions(void **state)
{
    (void)state;
    posts(SINK_SLACK, "<!channel> & <https://x|y>",
          "*incident.failed* &lt;!channel&gt; &amp; &lt;https://x|y&gt;");
}

static void
mattermost_keeps_text_in_a_block_of_code(void **state)
{
    (void)state;
    posts(SINK_MATTERMOST, "``` @all **x**", "**incident.failed**\n```\n''' @all **x**\n```");
}

static void
the_signature_is_over_timestamp_dot_body(void **state)
{
    char out[LETTER_SIGNATURE_MAX], hex[MAC_TEXT], expected[LETTER_SIGNATURE_MAX];
    const slice_t whole = slice_text("1763780645.{}");
    (void)state;
    mac_t mac = mac_of(slice_text("a secret of both"), &whole, 1);
    snprintf(expected, sizeof expected, "v1=%s", mac_write(&mac, hex));
    letter_sign("a secret of both", "1763780645", slice_text("{}"), out);
    assert_string_equal(out, expected);
}

static char *
mail(const notice_row_t *notice, const char *from)
{
    sink_t sink = {.kind = SINK_MAIL};
    CLEANUP(value_destroy) value_t *facts = letter_facts(notice, &HASH_ZERO, "centre");
    CLEANUP(bytes_destroy) bytes_t *letter = bytes_new();
    text_copy(sink.address, sizeof sink.address, "duty@ops.example");
    text_copy(sink.from, sizeof sink.from, from);
    letter_mail(&sink, facts, (wall_t){1763780645678}, letter);
    return memory_text(bytes_text(letter));
}

static void
mail_has_its_headers_and_one_recipient(void **state)
{
    notice_row_t notice = make_notice("it is down");
    (void)state;
    CLEANUP(memory_free) char *letter = mail(&notice, "tocsin@ops.example");
    assert_non_null(strstr(letter, "From: tocsin@ops.example\nTo: duty@ops.example\nSubject: "
                                   "[tocsin] incident.failed: incident 12 on web1.example\n"
                                   "Date: Sat, 22 Nov 2025 03:04:05 +0000\n"
                                   "Message-ID: <centre-1763780645678-7@tocsin>\n"));
    CLEANUP(memory_free) char *other = mail(&notice, "");
    assert_null(strstr(other, "From:"));
}

static void
no_text_becomes_another_header_or_a_long_line(void **state)
{
    notice_row_t notice = make_notice("x\nBcc: everyone@example\n.\n");
    (void)state;
    text_copy(notice.host, sizeof notice.host, "a\nBcc: all@example");
    memset(notice.text + 30, 'x', 1000);
    CLEANUP(memory_free) char *letter = mail(&notice, "");
    assert_null(strstr(letter, "\nBcc:"));
    assert_non_null(strstr(letter, "incident 12 on a?Bcc: all@example\n"));
    for (const char *line = letter; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 120);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generic_says_what_the_protocol_lists_and_nothing_absent),
        cmocka_unit_test(text_that_is_not_utf_8_loses_what_is_not_ascii),
        cmocka_unit_test(slack_escapes_what_opens_links_and_mentions),
        cmocka_unit_test(mattermost_keeps_text_in_a_block_of_code),
        cmocka_unit_test(the_signature_is_over_timestamp_dot_body),
        cmocka_unit_test(mail_has_its_headers_and_one_recipient),
        cmocka_unit_test(no_text_becomes_another_header_or_a_long_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
