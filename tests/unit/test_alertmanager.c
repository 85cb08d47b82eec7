/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/alertmanager.h"
#include "common/file.h"

#define SAMPLES       "tests/samples/alertmanager/"
#define ALERT(labels) "{\"alerts\":[{\"status\":\"firing\",\"labels\":{" labels "}}]}"

typedef struct {
    size_t count;
    alert_t *alerts[32];
    uint64_t cut;
} taken_t;

/* Each must be one that a document can hold. */
static int
take(void *context, alert_t *alert, fault_t *fault)
{
    taken_t *self = context;
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    alert->received = (wall_t){1795316645000};
    alert_encode(alert, document);
    assert_true(self->count < ARRAY_SIZE(self->alerts));
    alert_t *decoded = alert_decode(bytes_slice(document), fault);
    if (!decoded)
        fail_msg("%s:\n%s", fault->text, bytes_text(document));
    self->alerts[self->count++] = decoded;
    return 0;
}

static void
drop(taken_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        alert_destroy(&self->alerts[i]);
}

static taken_t
read_body(slice_t body)
{
    fault_t fault = {0};
    taken_t taken = {0};
    if (alertmanager_read("demo", body, take, &taken, &taken.cut, &fault))
        fail_msg("%s", fault.text);
    return taken;
}

static taken_t
read_sample(const char *name)
{
    char path[256];
    fault_t fault = {0};
    snprintf(path, sizeof path, SAMPLES "%s", name);
    CLEANUP(bytes_destroy) bytes_t *body = file_read(path, ALERTMANAGER_BODY_MAX, &fault);
    if (!body)
        fail_msg("%s", fault.text);
    return read_body(bytes_slice(body));
}

static void
refuses(slice_t body, fault_code_t code, const char *words)
{
    fault_t fault = {0};
    taken_t taken = {0};
    if (!alertmanager_read("demo", body, take, &taken, &taken.cut, &fault) || fault.code != code ||
        !strstr(fault.text, words))
        fail_msg("%s: %s, not %s: %s", fault_word(fault.code), fault.text, fault_word(code), words);
    assert_int_equal(taken.count, 0);
}

static void
reads_a_live_group_with_unicode_and_an_ipv6_instance(void **state)
{
    (void)state;
    taken_t taken CLEANUP(drop) = read_sample("live-group-4-firing.json");
    assert_int_equal(taken.count, 3); /* the fourth is a heartbeat */
    const alert_t *disk = taken.alerts[0];
    assert_string_equal(disk->source, "demo");
    assert_string_equal(disk->fingerprint, "7dee7310a4561e79");
    assert_string_equal(disk->severity, "critical");
    assert_string_equal(disk->host, "2001:db8::42");
    assert_string_equal(disk->title, "日本語 – disk full on /srv/データ");
    assert_string_equal(alert_field(disk, "labels.mountpoint"), "/srv/データ");
    assert_int_equal(disk->starts.ms % 1000, 596);
    assert_true(disk->firing);
    assert_string_equal(taken.alerts[1]->severity, "critical");
    assert_string_equal(taken.alerts[2]->severity, "medium");
    assert_string_equal(taken.alerts[2]->host, "-");
    assert_string_equal(taken.alerts[2]->title, "NoSeverityAlert");
    assert_string_equal(alert_field(taken.alerts[2], "annotations.description"),
                        "multi\nline\twith \\ backslash and 'quotes'");
}

static void
reads_the_same_group_resolved_with_the_same_keys(void **state)
{
    (void)state;
    taken_t firing CLEANUP(drop) = read_sample("live-group-4-firing.json");
    taken_t resolved CLEANUP(drop) = read_sample("live-group-4-resolved.json");
    assert_int_equal(firing.count, resolved.count);
    for (size_t i = 0; i < firing.count; i++) {
        assert_string_equal(firing.alerts[i]->fingerprint, resolved.alerts[i]->fingerprint);
        assert_int_equal(firing.alerts[i]->starts.ms, resolved.alerts[i]->starts.ms);
        assert_false(resolved.alerts[i]->firing);
    }
}

static void
reads_every_live_capture(void **state)
{
    static const struct {
        const char *name, *severity, *host;
        bool firing;
    } rows[] = {
        {"live-HostClockNotSynchronising-node-firing.json", "medium", "127.0.0.1", true},
        {"live-HostMemoryIsUnderutilized-node-firing.json", "info", "127.0.0.1", true},
        {"live-HostMemoryIsUnderutilized-web-resolved.json", "info", "127.0.0.1", false},
        {"live-PrometheusAllTargetsMissing-web-firing.json", "critical", "-", true},
        {"live-PrometheusAllTargetsMissing-web-resolved.json", "critical", "-", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        taken_t taken CLEANUP(drop) = read_sample(rows[i].name);
        assert_int_equal(taken.count, 1);
        assert_string_equal(taken.alerts[0]->severity, rows[i].severity);
        assert_string_equal(taken.alerts[0]->host, rows[i].host);
        assert_int_equal(taken.alerts[0]->firing, rows[i].firing);
    }
}

/* What an Alertmanager itself gave as fingerprints is what we work out of the labels. */
static void
works_out_the_fingerprint_that_alertmanager_gives(void **state)
{
    static const char labels[] =
        ALERT("\"severity\":\"none\",\"region\":\"ap-south-1\",\"alertname\":\"Watchdog2\"");
    static const char live[] = ALERT("\"alertname\":\"NoSeverityAlert\",\"region\":\"ap-south-1\"");
    (void)state;
    taken_t heartbeat CLEANUP(drop) = read_body(slice_text(labels));
    assert_int_equal(heartbeat.count, 0);
    taken_t taken CLEANUP(drop) = read_body(slice_text(live));
    assert_string_equal(taken.alerts[0]->fingerprint, "f2f4bf2d095648d7");
}

static void
reads_old_bodies_without_status_and_fingerprint(void **state)
{
    (void)state;
    taken_t one CLEANUP(drop) = read_sample("msteams-one-alert.json");
    assert_int_equal(one.count, 1);
    assert_true(one.alerts[0]->firing);
    assert_int_equal(strlen(one.alerts[0]->fingerprint), 16);
    assert_string_equal(one.alerts[0]->host, "instance-with-hyphen_and_underscore");
    taken_t many CLEANUP(drop) = read_sample("msteams-19-alerts.json");
    assert_int_equal(many.count, 19);
}

static void
names_the_host_without_scheme_and_port(void **state)
{
    static const struct {
        const char *labels, *host;
    } rows[] = {
        {ALERT("\"instance\":\"web1.example:9100\""), "web1.example"},
        {ALERT("\"instance\":\"https://web1.example:443/health\""), "web1.example"},
        {ALERT("\"instance\":\"[2001:db8::1]:9100\""), "2001:db8::1"},
        {ALERT("\"instance\":\"2001:db8::1\""), "2001:db8::1"},
        {ALERT("\"instance\":\"web1\",\"node\":\"n1\""), "n1"},
        {ALERT("\"instance\":\"two words:1\""), "-"},
        {ALERT("\"job\":\"x\""), "-"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        taken_t taken CLEANUP(drop) = read_body(slice_text(rows[i].labels));
        assert_string_equal(taken.alerts[0]->host, rows[i].host);
    }
}

static void
makes_a_title_fit_to_be_shown(void **state)
{
    static const char body[] =
        "{\"alerts\":[{\"labels\":{\"alertname\":\"A\"},"
        "\"annotations\":{\"summary\":\"disk\\u001b[31m full\\u202e\\nnow\"}}]}";
    (void)state;
    taken_t taken CLEANUP(drop) = read_body(slice_text(body));
    assert_string_equal(taken.alerts[0]->title, "disk [31m full  now");
}

static void
leaves_out_a_label_that_is_too_long_and_cuts_an_annotation(void **state)
{
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    (void)state;
    bytes_add_text(body, "{\"alerts\":[{\"labels\":{\"alertname\":\"A\",\"long\":\"");
    for (int i = 0; i < 300; i++)
        bytes_add_text(body, "データ");
    bytes_add_text(body, "\"},\"annotations\":{\"long\":\"");
    for (int i = 0; i < 300; i++)
        bytes_add_text(body, "データ");
    bytes_add_text(body, "\"}}]}");
    taken_t taken CLEANUP(drop) = read_body(bytes_slice(body));
    assert_null(alert_field(taken.alerts[0], "labels.long"));
    size_t size = strlen(alert_field(taken.alerts[0], "annotations.long"));
    assert_true(size > 100 && size % 3 == 0);
}

static void
tells_how_many_alerts_were_cut_off(void **state)
{
    static const char body[] = "{\"alerts\":[],\"truncatedAlerts\":7}";
    (void)state;
    taken_t taken CLEANUP(drop) = read_body(slice_text(body));
    assert_int_equal(taken.cut, 7);
}

static void
refuses_a_status_or_a_time_that_is_none(void **state)
{
    (void)state;
    refuses(slice_text("{\"alerts\":[{\"status\":\"burning\",\"labels\":{}}]}"), FAULT_FORMAT,
            "alert 1: status 'burning'");
    refuses(slice_text("{\"status\":\"odd\",\"alerts\":[{\"labels\":{}}]}"), FAULT_FORMAT,
            "alert 1: status 'odd'");
    refuses(slice_text("{\"alerts\":[{\"labels\":{},\"startsAt\":\"yesterday\"}]}"), FAULT_FORMAT,
            "alert 1: startsAt 'yesterday'");
}

static void
refuses_what_is_not_the_format(void **state)
{
    static const char bad_utf8[] = "{\"alerts\":[{\"labels\":{\"a\":\"\xff\"}}]}";
    (void)state;
    refuses(slice_text(""), FAULT_FORMAT, "JSON");
    refuses(slice_text("[]"), FAULT_FORMAT, "'alerts'");
    refuses(slice_text("{\"alerts\":{}}"), FAULT_FORMAT, "'alerts'");
    refuses(slice_text("{\"alerts\":[1]}"), FAULT_FORMAT, "alert 1");
    refuses(slice_text("{\"alerts\":[{\"labels\":{\"a\":1}}]}"), FAULT_FORMAT,
            "alert 1: 'a' in 'labels' is not a text");
    refuses(slice_text("{\"alerts\":[{\"labels\":{}},{\"labels\":{},\"annotations\":[]}]}"),
            FAULT_FORMAT, "alert 2 has no map 'annotations'");
    refuses(slice_text("{\"alerts\":[],\"alerts\":[]}"), FAULT_FORMAT, "duplicate");
    refuses(slice_text(bad_utf8), FAULT_FORMAT, "JSON");
    refuses(slice_text("{\"alerts\":[{\"labels\":{\"a\":\"\\u0000\"}}]}"), FAULT_FORMAT, "JSON");
}

static void
refuses_what_is_too_deep_too_large_or_too_much(void **state)
{
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    (void)state;
    for (int i = 0; i < 100000; i++)
        bytes_add_text(body, "[");
    refuses(bytes_slice(body), FAULT_LIMIT, "levels deep");
    bytes_clear(body);
    for (int i = 0; i <= ALERTMANAGER_BODY_MAX; i++)
        bytes_add_u8(body, ' ');
    refuses(bytes_slice(body), FAULT_LIMIT, "bytes");
    bytes_clear(body);
    bytes_add_text(body, "{\"alerts\":[{\"labels\":{}}");
    for (int i = 0; i < ALERTMANAGER_ALERTS_MAX; i++)
        bytes_add_text(body, ",{\"labels\":{}}");
    bytes_add_text(body, "]}");
    refuses(bytes_slice(body), FAULT_LIMIT, "alerts");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_live_group_with_unicode_and_an_ipv6_instance),
        cmocka_unit_test(reads_the_same_group_resolved_with_the_same_keys),
        cmocka_unit_test(reads_every_live_capture),
        cmocka_unit_test(works_out_the_fingerprint_that_alertmanager_gives),
        cmocka_unit_test(reads_old_bodies_without_status_and_fingerprint),
        cmocka_unit_test(names_the_host_without_scheme_and_port),
        cmocka_unit_test(makes_a_title_fit_to_be_shown),
        cmocka_unit_test(leaves_out_a_label_that_is_too_long_and_cuts_an_annotation),
        cmocka_unit_test(tells_how_many_alerts_were_cut_off),
        cmocka_unit_test(refuses_a_status_or_a_time_that_is_none),
        cmocka_unit_test(refuses_what_is_not_the_format),
        cmocka_unit_test(refuses_what_is_too_deep_too_large_or_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
