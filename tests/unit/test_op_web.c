/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that ask web servers and whoever speaks TLS, between network namespaces of the test's own.
 * Who answers is a process of the test: small, and able to answer wrongly or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "common/file.h"
#include "net_fixture.h"
#include "op_fixture.h"

static char programs[PATH_MAX];
static op_world_t world = {.programs = programs};

static int
set_up(void **state)
{
    (void)state;
    return op_programs(programs) || net_make() ? -1 : 0;
}

/* ---- http.probe --------------------------------------------------------------------------- */

#define HTTP 7180

static void
answer_page(int fd)
{
    char request[2048] = "", body[256];
    int peer = accept(fd, NULL, NULL);
    ssize_t got = recv(peer, request, sizeof request - 1, 0);
    const char *page = got > 0 ? request : "";
    if (!strncmp(page, "GET /moved ", 11))
        snprintf(body, sizeof body,
                 "HTTP/1.1 302 Found\r\nLocation: /page\r\nContent-Length: 0\r\nConnection: "
                 "close\r\n\r\n");
    else if (!strncmp(page, "GET /away ", 10))
        snprintf(body, sizeof body,
                 "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: "
                 "0\r\nConnection: close\r\n\r\n");
    else
        snprintf(body, sizeof body,
                 "HTTP/1.1 200 OK\r\nX-Build: b\x01"
                 "7\r\nContent-Length: 11\r\nConnection: close\r\n\r\nall is well");
    send(peer, body, strlen(body), 0);
    if (!strncmp(page, "GET /long ", 10))
        for (int i = 0; i < 2048 && send(peer, request, 1024, 0) > 0; i++)
            ;
    close(peer);
}

static value_t *
page(const char *path, int64_t redirects)
{
    char url[64];
    snprintf(url, sizeof url, "http://192.0.2.2:%d%s", HTTP, path);
    return given("url", 's', url, "redirects", 'i', redirects, "header", 's', "X-Build", "contains",
                 's', "is well", NULL);
}

static void
a_page_is_asked_for_and_what_it_says_told(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = listen_in(net_there, HTTP);
    CLEANUP(end) pid_t server = serve(fd, answer_page);
    (void)server;
    CLEANUP(value_destroy) value_t *result = must_run("http.probe", page("/page", 0), &world);
    assert_int_equal(value_get_integer(result, "status"), 200);
    assert_int_equal(value_get_integer(result, "body_bytes"), 11);
    assert_true(value_get_bool(result, "contains"));
    assert_string_equal(value_get_text(result, "header"), "b?7");
    assert_string_equal(value_get_text(result, "address"), "192.0.2.2");
    CLEANUP(value_destroy) value_t *stays = must_run("http.probe", page("/moved", 0), &world);
    assert_int_equal(value_get_integer(stays, "status"), 302);
    CLEANUP(value_destroy) value_t *goes = must_run("http.probe", page("/moved", 1), &world);
    assert_int_equal(value_get_integer(goes, "status"), 200);
    assert_int_equal(value_get_integer(goes, "redirects"), 1);
}

static void
a_redirect_out_of_the_web_is_not_followed(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = listen_in(net_there, HTTP);
    CLEANUP(end) pid_t server = serve(fd, answer_page);
    (void)server;
    CLEANUP(value_destroy) value_t *result = must_run("http.probe", page("/away", 3), &world);
    assert_non_null(value_get(result, "error"));
    assert_false(value_get_bool(result, "contains"));
    must_fail("http.probe", given("url", 's', "file:///etc/passwd", NULL), &world, FAULT_ARGUMENT,
              "http://");
}

static void
a_url_that_hides_its_host_behind_a_user_is_refused(void **state)
{
    (void)state;
    must_fail("http.probe", given("url", 's', "http://192.0.2.3@192.0.2.2/", NULL), &world,
              FAULT_ARGUMENT, "names no user");
    must_fail("http.probe", given("url", 's', "https://good.test:a@evil.test?x", NULL), &world,
              FAULT_ARGUMENT, "names no user");
    must_fail("http.probe", given("url", 's', "http://192.0.2.3\\@192.0.2.2/", NULL), &world,
              FAULT_ARGUMENT, "names no user");
}

static void
a_web_server_that_is_silent_is_told_of_in_time(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = listen_in(net_there, HTTP);
    CLEANUP(value_destroy)
    value_t *result = must_run(
        "http.probe",
        given("url", 's', "http://192.0.2.2:7180/", "timeout_ms", 'i', (int64_t)300, NULL), &world);
    assert_int_equal(value_get_integer(result, "status"), 0);
    assert_non_null(strstr(value_get_text(result, "error"), "timed out"));
    CLEANUP(value_destroy)
    value_t *none = must_run("http.probe", given("url", 's', "http://192.0.2.2:1/", NULL), &world);
    assert_int_equal(value_get_integer(none, "status"), 0);
}

/* ---- tls.certificate ---------------------------------------------------------------------- */

#define TLS   7443
#define STORE "/etc/ssl/certs/ca-certificates.crt"

static struct {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    gnutls_certificate_credentials_t credentials;
    gnutls_datum_t text; /* PEM */
    time_t until;
} identity;

static void
make_identity(void)
{
    uint8_t serial = 7;
    time_t now = time(NULL);
    if (identity.key)
        return;
    identity.until = now + 90 * 86400;
    gnutls_x509_privkey_init(&identity.key);
    gnutls_x509_privkey_generate(identity.key, GNUTLS_PK_EDDSA_ED25519, 0, 0);
    gnutls_x509_crt_init(&identity.certificate);
    gnutls_x509_crt_t crt = identity.certificate;
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, &serial, 1);
    gnutls_x509_crt_set_dn(crt, "CN=web.example.test,O=tocsin", NULL);
    gnutls_x509_crt_set_activation_time(crt, now - 86400);
    gnutls_x509_crt_set_expiration_time(crt, identity.until);
    gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
    gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "web.example.test", 16,
                                         GNUTLS_FSAN_SET);
    gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, "\xc0\x00\x02\x02", 4,
                                         GNUTLS_FSAN_APPEND);
    gnutls_x509_crt_set_key(crt, identity.key);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, identity.key, GNUTLS_DIG_SHA512, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &identity.text), 0);
    gnutls_certificate_allocate_credentials(&identity.credentials);
    gnutls_certificate_set_x509_key(identity.credentials, &crt, 1, identity.key);
}

static void
drop_identity(void)
{
    gnutls_certificate_free_credentials(identity.credentials);
    gnutls_x509_crt_deinit(identity.certificate);
    gnutls_x509_privkey_deinit(identity.key);
    gnutls_free(identity.text.data);
}

static void
answer_tls(int fd)
{
    gnutls_session_t session;
    char byte;
    int peer = accept(fd, NULL, NULL);
    gnutls_init(&session, GNUTLS_SERVER);
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, identity.credentials);
    gnutls_transport_set_int(session, peer);
    if (gnutls_handshake(session) == 0)
        gnutls_record_recv(session, &byte, 1);
    gnutls_deinit(session);
    close(peer);
}

static value_t *
server_named(const char *name)
{
    return given("address", 's', "192.0.2.2", "port", 'i', (int64_t)TLS, "name", 's', name, NULL);
}

static void
a_servers_certificate_is_told_though_nobody_trusts_it(void **state)
{
    (void)state;
    make_identity();
    CLEANUP(descriptor_close) int fd = listen_in(net_there, TLS);
    CLEANUP(end) pid_t server = serve(fd, answer_tls);
    (void)server;
    CLEANUP(value_destroy)
    value_t *result = must_run("tls.certificate", server_named("web.example.test"), &world);
    const value_t *first = value_at(value_get(result, "chain"), 0);
    assert_false(value_get_bool(result, "verified"));
    assert_non_null(value_get(result, "problem"));
    assert_int_equal(value_get_integer(result, "not_after"), (int64_t)identity.until * 1000);
    assert_non_null(strstr(value_get_text(first, "subject"), "CN=web.example.test"));
    assert_string_equal(value_string(value_at(value_get(first, "names"), 0)), "web.example.test");
    assert_string_equal(value_string(value_at(value_get(first, "names"), 1)), "192.0.2.2");
}

/* The machine's store is, in a mount namespace of the test's own, the test's certificate. */
static void
trust_identity(const char *path)
{
    fault_t fault = {0};
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    assert_int_equal(
        file_write(path, slice_of(identity.text.data, identity.text.size), 0644, &fault), 0);
    assert_int_equal(mount(path, STORE, NULL, MS_BIND, NULL), 0);
}

static void
a_certificate_is_held_against_the_machines_store_and_the_name(void **state)
{
    char folder[] = "/tmp/tocsin-probe.XXXXXX", path[64];
    (void)state;
    make_identity();
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
    snprintf(path, sizeof path, "%s/store.pem", folder);
    trust_identity(path);
    CLEANUP(descriptor_close) int fd = listen_in(net_there, TLS);
    CLEANUP(end) pid_t server = serve(fd, answer_tls);
    (void)server;
    CLEANUP(value_destroy)
    value_t *good = must_run("tls.certificate", server_named("web.example.test"), &world);
    assert_true(value_get_bool(good, "verified"));
    CLEANUP(value_destroy)
    value_t *other = must_run("tls.certificate", server_named("other.example.test"), &world);
    assert_false(value_get_bool(other, "verified"));
    CLEANUP(value_destroy)
    value_t *file = must_run("tls.certificate", given("path", 's', path, NULL), &world);
    assert_true(value_get_bool(file, "verified"));
    assert_int_equal(value_count(value_get(file, "chain")), 1);
    assert_int_equal(value_get_integer(file, "not_after"), (int64_t)identity.until * 1000);
    shell("umount %s; rm -r %s", STORE, folder);
}

static void
who_speaks_no_tls_or_is_silent_fails_in_time(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = listen_in(net_there, TLS);
    must_fail("tls.certificate",
              given("address", 's', "192.0.2.2", "port", 'i', (int64_t)TLS, "timeout_ms", 'i',
                    (int64_t)300, NULL),
              &world, FAULT_FAILED, "no TLS");
    must_fail("tls.certificate", given("address", 's', "192.0.2.2", "port", 'i', (int64_t)1, NULL),
              &world, FAULT_UNREACHABLE, "refused");
    must_fail("tls.certificate", given(NULL), &world, FAULT_ARGUMENT, "one of both");
    must_fail("tls.certificate", given("path", 's', "/etc/hostname", NULL), &world, FAULT_FORMAT,
              "no certificate");
    must_fail("tls.certificate", given("path", 's', "/etc/no-such-file", NULL), &world,
              FAULT_NOT_FOUND, "no-such-file");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_asked_for_and_what_it_says_told),
        cmocka_unit_test(a_redirect_out_of_the_web_is_not_followed),
        cmocka_unit_test(a_url_that_hides_its_host_behind_a_user_is_refused),
        cmocka_unit_test(a_web_server_that_is_silent_is_told_of_in_time),
        cmocka_unit_test(a_servers_certificate_is_told_though_nobody_trusts_it),
        cmocka_unit_test(a_certificate_is_held_against_the_machines_store_and_the_name),
        cmocka_unit_test(who_speaks_no_tls_or_is_silent_fails_in_time),
    };
    int failed = cmocka_run_group_tests(tests, set_up, NULL);
    drop_identity();
    return failed;
}
