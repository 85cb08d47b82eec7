/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-source without its sockets: its settings, the process that signs, and what becomes of a
 * body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "sidecars/relay.h"
#include "tests/unit/site_fixture.h"
#include "wire/post.h"

#define TOKEN "0123456789abcdef"
#define FIRING(name)                                                                   \
    "{\"status\":\"firing\",\"labels\":{\"alertname\":\"" name                         \
    "\",\"instance\":\"web1.example:9100\",\"severity\":\"critical\"},\"startsAt\":\"" \
    "2026-11-22T03:00:00Z\"}"

typedef struct {
    site_t *site; /* its north lists the key of source 'monitor' that is made here */
    char folder[64], config[96], text[2048];
    relay_settings_t *settings;
    sealer_t *sealer;
    spool_t *spools[2];
    relay_t *relay;
    fault_t fault;
} bench_t;

static void
write_file(const bench_t *self, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", self->folder, name);
    assert_int_equal(file_write(path, slice_text(text), 0600, NULL), 0);
}

/* A key of the source's own, which the region's next fleet lists. */
static void
enrol(bench_t *self)
{
    char path[128];
    fleet_t *fleet = site_fleet(self->site, "north");
    snprintf(path, sizeof path, "%s/key", self->folder);
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_make(path, &self->fault);
    assert_non_null(key);
    fleet->version = 2;
    fleet->signers[0].key = *machinekey_public(key);
    sealed_t sealed CLEANUP(sealed_done) = site_seal_fleet(self->site, fleet, "olaf");
    assert_int_equal(site_add(self->site, &sealed, &self->fault), 0);
}

static int
set_up(void **state)
{
    char id[HASH_TEXT];
    bench_t *self = memory_new(1, sizeof *self);
    self->site = site_new();
    text_copy(self->folder, sizeof self->folder, "/tmp/tocsin-relay-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    enrol(self);
    write_file(self, "token", TOKEN "\n");
    snprintf(self->config, sizeof self->config, "%s/config", self->folder);
    snprintf(
        self->text, sizeof self->text,
        "site %s\nstate %s/state\nhttp 127.0.0.1:7012\n"
        "source monitor alertmanager token-file %s/token key %s/key\n"
        "broker centre https://centre.example:7011\nbroker north http://[::1]:7011\nfresh 1h\n",
        hash_write(&self->site->id, id), self->folder, self->folder, self->folder);
    write_file(self, "config", self->text);
    *state = self;
    return 0;
}

static int
tear_down(void **state)
{
    static const char *const names[] = {"token",       "key",   "config", "state/centre",
                                        "state/north", "state", ""};
    bench_t *self = *state;
    relay_destroy(&self->relay);
    sealer_destroy(&self->sealer);
    for (size_t i = 0; i < 2; i++) {
        while (self->spools[i] && spool_count(self->spools[i]))
            assert_int_equal(spool_drop(self->spools[i], &self->fault), 0);
        spool_destroy(&self->spools[i]);
    }
    relay_settings_destroy(&self->settings);
    site_destroy(&self->site);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", self->folder, names[i]);
        remove(path);
    }
    free(self);
    return 0;
}

static void
read_settings(bench_t *self)
{
    relay_settings_destroy(&self->settings);
    self->settings = relay_settings_read(self->config, &self->fault);
    if (!self->settings)
        fail_msg("%s", self->fault.text);
}

static void
begin(bench_t *self)
{
    read_settings(self);
    self->sealer = sealer_new(self->settings, &self->fault);
    if (!self->sealer)
        fail_msg("%s", self->fault.text);
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/state/%s", self->folder, i ? "north" : "centre");
        self->spools[i] = spool_open(path, &self->fault);
        assert_non_null(self->spools[i]);
    }
    self->relay = relay_new(self->settings, self->sealer, self->spools);
}

static int
take(bench_t *self, const char *body)
{
    self->fault = (fault_t){0};
    return relay_take(self->relay, &self->settings->sources[0], slice_text(body), wall_now(),
                      &self->fault);
}

/* The alerts of the oldest post, each verified as a broker does; how many. */
static size_t
read_post(bench_t *self, size_t spool, alert_t *out, size_t max)
{
    size_t count = 0;
    slice_t document, armor;
    CLEANUP(bytes_destroy) bytes_t *post = spool_read(self->spools[spool], &self->fault);
    assert_non_null(post);
    assert_in_range(post->size, 1, POST_BYTES_MAX);
    for (slice_t rest = bytes_slice(post); rest.size; count++) {
        assert_int_equal(post_take(&rest, &document, &armor, &self->fault), 0);
        CLEANUP(alert_destroy)
        alert_t *alert = trust_check_signed_alert(self->site->trust, document, armor, &self->fault);
        if (!alert)
            fail_msg("%s", self->fault.text);
        if (count < max)
            out[count] = *alert;
    }
    return count;
}

static void
a_body_becomes_signed_alerts_in_every_spool(void **state)
{
    bench_t *self = *state;
    alert_t alerts[2];
    begin(self);
    assert_int_equal(take(self, "{\"alerts\":[" FIRING("DiskFull") "," FIRING("Slow") "]}"), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(spool_count(self->spools[i]), 1);
        assert_int_equal(read_post(self, i, alerts, 2), 2);
        assert_string_equal(alerts[0].source, "monitor");
        assert_string_equal(alerts[0].host, "web1.example");
        assert_true(alerts[0].firing);
        assert_int_equal(alerts[0].received.ms, spool_received(self->spools[i]).ms);
    }
}

static void
what_is_over_is_signed_too(void **state)
{
    bench_t *self = *state;
    alert_t alert;
    begin(self);
    assert_int_equal(take(self, "{\"status\":\"resolved\",\"alerts\":[{\"labels\":{}}]}"), 0);
    assert_int_equal(read_post(self, 0, &alert, 1), 1);
    assert_false(alert.firing);
}

static void
no_two_bodies_share_a_moment(void **state)
{
    bench_t *self = *state;
    alert_t first = {0}, second = {0};
    begin(self);
    wall_t now = wall_now();
    slice_t body = slice_text("{\"alerts\":[" FIRING("DiskFull") "]}");
    const relay_source_t *source = &self->settings->sources[0];
    assert_int_equal(relay_take(self->relay, source, body, now, &self->fault), 0);
    assert_int_equal(relay_take(self->relay, source, body, now, &self->fault), 0);
    assert_int_equal(read_post(self, 0, &first, 1), 1);
    assert_int_equal(spool_drop(self->spools[0], &self->fault), 0);
    assert_int_equal(read_post(self, 0, &second, 1), 1);
    assert_true(second.received.ms > first.received.ms);
}

static void
a_heartbeat_leaves_nothing(void **state)
{
    bench_t *self = *state;
    begin(self);
    assert_int_equal(take(self, "{\"alerts\":[{\"labels\":{\"severity\":\"none\"}}]}"), 0);
    assert_int_equal(spool_count(self->spools[0]), 0);
}

static void
a_body_that_is_too_long_for_one_post_becomes_several(void **state)
{
    bench_t *self = *state;
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    size_t count = 0;
    begin(self);
    bytes_add_text(body, "{\"alerts\":[" FIRING("A0"));
    for (int i = 1; i < 900; i++)
        bytes_addf(body, ",{\"labels\":{\"alertname\":\"A%d\"}}", i);
    bytes_add_text(body, "]}");
    assert_int_equal(take(self, bytes_text(body)), 0);
    assert_in_range(spool_count(self->spools[0]), 2, 10);
    while (spool_count(self->spools[0])) {
        count += read_post(self, 0, NULL, 0);
        assert_int_equal(spool_drop(self->spools[0], &self->fault), 0);
    }
    assert_int_equal(count, 900);
}

static void
a_body_that_is_none_is_refused(void **state)
{
    bench_t *self = *state;
    begin(self);
    assert_int_equal(take(self, "{\"alerts\":{}}"), -1);
    assert_int_equal(self->fault.code, FAULT_FORMAT);
    assert_int_equal(spool_count(self->spools[0]), 0);
}

static int
sign(bench_t *self, alert_t *alert)
{
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    alert_encode(alert, document);
    alert_destroy(&alert);
    self->fault = (fault_t){0};
    return sealer_sign(self->sealer, bytes_slice(document), armor, &self->fault);
}

static alert_t *
alert_now(bench_t *self)
{
    alert_t *alert = site_alert(self->site);
    alert->received = wall_now();
    return alert;
}

static void
the_sealer_signs_its_own_sources_alerts_of_now_and_nothing_else(void **state)
{
    bench_t *self = *state;
    begin(self);
    assert_int_equal(sign(self, alert_now(self)), 0);
    alert_t *alert = alert_now(self);
    text_copy(alert->source, sizeof alert->source, "watcher");
    assert_int_equal(sign(self, alert), -1);
    assert_int_equal(self->fault.code, FAULT_DENIED);
    alert = alert_now(self);
    alert->site.bytes[0] ^= 1;
    assert_int_equal(sign(self, alert), -1);
    assert_int_equal(self->fault.code, FAULT_DENIED);
    alert = alert_now(self);
    alert->received.ms += 2 * SEALER_AGO_MS;
    assert_int_equal(sign(self, alert), -1);
    assert_int_equal(self->fault.code, FAULT_DENIED);
    CLEANUP(bytes_destroy) bytes_t *armor = bytes_new();
    assert_int_equal(
        sealer_sign(self->sealer, slice_text("tocsin-order v1\nend\n"), armor, &self->fault), -1);
    assert_int_equal(self->fault.code, FAULT_FORMAT);
    assert_int_equal(armor->size, 0);
    assert_int_equal(sign(self, alert_now(self)), 0);
}

static void
a_key_that_cannot_be_had_is_said_at_the_start(void **state)
{
    bench_t *self = *state;
    char path[128];
    read_settings(self);
    snprintf(path, sizeof path, "%s/key", self->folder);
    unlink(path);
    assert_null(sealer_new(self->settings, &self->fault));
    assert_non_null(strstr(self->fault.text, "source 'monitor'"));
}

static void
settings_are_read(void **state)
{
    bench_t *self = *state;
    read_settings(self);
    assert_true(hash_equal(&self->settings->site, &self->site->id));
    assert_string_equal(self->settings->http.host, "127.0.0.1");
    assert_int_equal(self->settings->http.port, 7012);
    assert_int_equal(self->settings->fresh_s, 3600);
    assert_int_equal(self->settings->source_count, 1);
    assert_string_equal(bytes_text(self->settings->sources[0].token), TOKEN);
    assert_int_equal(self->settings->broker_count, 2);
    assert_string_equal(self->settings->brokers[1].url, "http://[::1]:7011");
    assert_null(self->settings->brokers[1].ca);
}

static void
settings_that_are_wrong_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"site abc", "8: expected: site ID"},
        {"state relative", "8: expected: state"},
        {"http 127.0.0.1:7013", "8: expected: http"},
        {"source monitor alertmanager token-file /t key /k", "8: expected: source"},
        {"source other zabbix token-file /t key /k", "8: expected: source"},
        {"source other alertmanager token-file /no/such key /k", "/no/such"},
        {"broker centre http://x:1", "8: expected: broker"},
        {"broker third ftp://x", "8: expected: broker"},
        {"broker third http://x/path", "8: expected: broker"},
        {"broker third http://user@x", "8: expected: broker"},
        {"fresh 25h", "8: expected: fresh"},
        {"uid 0", "8: expected: uid"},
        {"colour red", "8: 'colour' is no setting"},
    };
    bench_t *self = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
        bytes_addf(text, "%s%s\n", self->text, rows[i].line);
        write_file(self, "config", bytes_text(text));
        assert_null(relay_settings_read(self->config, &self->fault));
        if (!strstr(self->fault.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].line, self->fault.text);
    }
    write_file(self, "config", "state /x\n");
    assert_null(relay_settings_read(self->config, &self->fault));
    assert_non_null(strstr(self->fault.text, "'site' is not set"));
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_body_becomes_signed_alerts_in_every_spool),
        row(what_is_over_is_signed_too),
        row(no_two_bodies_share_a_moment),
        row(a_heartbeat_leaves_nothing),
        row(a_body_that_is_too_long_for_one_post_becomes_several),
        row(a_body_that_is_none_is_refused),
        row(the_sealer_signs_its_own_sources_alerts_of_now_and_nothing_else),
        row(a_key_that_cannot_be_had_is_said_at_the_start),
        row(settings_are_read),
        row(settings_that_are_wrong_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
