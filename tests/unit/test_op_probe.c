/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that ask others, between network namespaces of the test's own. Who answers is a process of
 * the test: small, and able to answer wrongly or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

typedef void server_t(int fd);

/* A process that serves on this socket until it is ended. */
static pid_t
serve(int fd, server_t *server)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (;;)
            server(fd);
    }
    return pid;
}

static void
end(pid_t *pid)
{
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
}

static int
datagrams_in(int net, uint16_t port)
{
    struct sockaddr_in at = at_address("0.0.0.0", port);
    go(net);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    go(net_here);
    return fd;
}

/* ---- net.ping, net.traceroute, net.capture ------------------------------------------------- */

static void
echoes_are_counted_and_their_times_told(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = must_run(
        "net.ping", given("address", 's', "192.0.2.2", "count", 'i', (int64_t)3, NULL), &world);
    assert_int_equal(value_get_integer(result, "sent"), 3);
    assert_int_equal(value_get_integer(result, "received"), 3);
    assert_int_equal(value_get_integer(result, "lost_percent"), 0);
    assert_true(value_get_integer(result, "rtt_least_us") <=
                value_get_integer(result, "rtt_most_us"));
    CLEANUP(value_destroy)
    value_t *six = must_run("net.ping", given("address", 's', "2001:db8::2", NULL), &world);
    assert_true(value_get_integer(six, "received") > 0); /* the first waits for its neighbour */
}

static void
nobody_who_answers_is_a_loss_and_not_a_failure(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = must_run("net.ping",
                               given("address", 's', "192.0.2.77", "count", 'i', (int64_t)2,
                                     "wait_ms", 'i', (int64_t)100, NULL),
                               &world);
    assert_int_equal(value_get_integer(result, "received"), 0);
    assert_int_equal(value_get_integer(result, "lost_percent"), 100);
    must_fail("net.ping", given("address", 's', "no.such.invalid", NULL), &world, FAULT_UNREACHABLE,
              "no.such.invalid");
}

/* A third machine behind there, for as long as it is open: 203.0.113.2. */
static int
make_far(void)
{
    go(net_there);
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    int far = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    shell("ip link set lo up");
    go(net_there);
    shell("ip link add tib0 type veth peer name tib1 netns /proc/%d/fd/%d", (int)getpid(), far);
    shell("ip addr add 203.0.113.1/24 dev tib0 && ip link set tib0 up && "
          "echo 1 >/proc/sys/net/ipv4/ip_forward && "
          "echo 0 >/proc/sys/net/ipv4/icmp_ratelimit");
    go(far);
    shell("ip addr add 203.0.113.2/24 dev tib1 && ip link set tib1 up && "
          "ip route add default via 203.0.113.1 && echo 0 >/proc/sys/net/ipv4/icmp_ratelimit");
    go(net_here);
    shell("ip route add 203.0.113.0/24 via 192.0.2.2");
    return far;
}

static void
the_routers_on_the_way_are_found_one_by_one(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int far = make_far();
    CLEANUP(value_destroy)
    value_t *result =
        must_run("net.traceroute", given("address", 's', "203.0.113.2", NULL), &world);
    const value_t *hops = value_get(result, "hops");
    assert_true(value_get_bool(result, "reached"));
    assert_int_equal(value_count(hops), 2);
    assert_string_equal(value_get_text(value_at(hops, 0), "address"), "192.0.2.2");
    assert_string_equal(value_get_text(value_at(hops, 1), "address"), "203.0.113.2");
    CLEANUP(value_destroy)
    value_t *lost =
        must_run("net.traceroute",
                 given("address", 's', "203.0.113.2", "hops", 'i', (int64_t)1, NULL), &world);
    assert_false(value_get_bool(lost, "reached"));
    must_fail("net.traceroute", given("address", 's', "8.8.8.8", NULL), &world, FAULT_UNREACHABLE,
              "no way there");
}

static void
who_sends_on_a_link_is_counted_by_source(void **state)
{
    fault_t fault = {0};
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, 7100);
    struct sockaddr_in to = at_address("192.0.2.1", 7101);
    op_child_t *child = start_op("net.capture",
                                 given("link", 's', "tia0", "seconds", 'i', (int64_t)30, "packets",
                                       'i', (int64_t)5, "protocol", 's', "udp", "host", 's',
                                       "192.0.2.2", "port", 'i', (int64_t)7100, NULL),
                                 &world, &fault);
    assert_non_null(child);
    for (bool over = false; !over;) {
        struct pollfd ready = {.fd = op_child_fd(child), .events = POLLIN};
        sendto(fd, "tocsin", 6, 0, (struct sockaddr *)&to, sizeof to);
        over = poll(&ready, 1, 10) == 1 && op_child_read(child);
        assert_true(mono_now().ms < op_child_deadline(child).ms);
    }
    CLEANUP(value_destroy) value_t *result = op_child_finish(&child, &fault);
    if (!result)
        fail_msg("%s", fault.text);
    const value_t *sources = value_get(result, "sources");
    assert_int_equal(value_get_integer(result, "packets"), 5);
    assert_int_equal(value_count(sources), 1);
    assert_string_equal(value_get_text(value_at(sources, 0), "address"), "192.0.2.2");
    assert_int_equal(value_get_integer(value_at(sources, 0), "packets"), 5);
}

static void
what_no_packet_can_be_is_not_waited_for(void **state)
{
    (void)state;
    must_fail("net.capture",
              given("link", 's', "tia0", "seconds", 'i', (int64_t)30, "protocol", 's', "arp",
                    "port", 'i', (int64_t)80, NULL),
              &world, FAULT_ARGUMENT, "arp and port 80");
    must_fail("net.capture", given("link", 's', "none0", "seconds", 'i', (int64_t)30, NULL), &world,
              FAULT_NOT_FOUND, "link 'none0' cannot be listened to");
}

static void
a_capture_of_silence_ends_after_its_seconds(void **state)
{
    (void)state;
    CLEANUP(value_destroy)
    value_t *result = must_run("net.capture",
                               given("link", 's', "tia0", "seconds", 'i', (int64_t)1, "protocol",
                                     's', "tcp", "port", 'i', (int64_t)9, NULL),
                               &world);
    assert_int_equal(value_get_integer(result, "packets"), 0);
    must_fail("net.capture", given("link", 's', "eth77", "seconds", 'i', (int64_t)1, NULL), &world,
              FAULT_NOT_FOUND, "eth77");
}

/* ---- net.dns ------------------------------------------------------------------------------ */

#define NAMES 7053

/* What it answers behind the question: two records of www.example.test, and that they are proved.
 */
static const uint8_t records[] = {
    0xc0, 12, 0,  1, 0, 1, 0, 0, 0,  60, 0, 4, 192, 0,    2,   80,  0xc0,
    12,   0,  16, 0, 1, 0, 0, 0, 60, 0,  6, 5, 'a', '\n', 'b', 'c', 'd',
};

static void
answer_names(int fd)
{
    uint8_t packet[512];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got =
        recvfrom(fd, packet, sizeof packet - sizeof records, 0, (struct sockaddr *)&from, &size);
    if (got < 12)
        return;
    size_t end = 12;
    while (packet[end])
        end += packet[end] + 1u;
    end += 5;
    bool none = packet[13] == 'n';
    packet[2] = 0x81;
    packet[3] = (uint8_t)(0x80 | (packet[3] & 0x20) | (none ? 3 : 0));
    packet[7] = none ? 0 : packet[13] == 'l' ? 9 : 2; /* a lie: more than there are */
    packet[11] = 0;
    memcpy(packet + end, records, sizeof records);
    sendto(fd, packet, end + (none ? 0 : sizeof records), 0, (struct sockaddr *)&from, size);
}

static value_t *
question(const char *name, const char *type)
{
    return given("name", 's', name, "type", 's', type, "server", 's', "192.0.2.2", "port", 'i',
                 (int64_t)NAMES, "timeout_ms", 'i', (int64_t)3000, NULL);
}

static void
a_name_server_is_asked_and_its_records_told(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NAMES);
    CLEANUP(end) pid_t server = serve(fd, answer_names);
    (void)server;
    CLEANUP(value_destroy)
    value_t *result = must_run("net.dns", question("www.example.test", "A"), &world);
    const value_t *answers = value_get(result, "answers");
    assert_string_equal(value_get_text(result, "rcode"), "noerror");
    assert_true(value_get_bool(result, "authenticated"));
    assert_int_equal(value_count(answers), 2);
    assert_string_equal(value_get_text(value_at(answers, 0), "name"), "www.example.test");
    assert_string_equal(value_get_text(value_at(answers, 0), "type"), "A");
    assert_string_equal(value_get_text(value_at(answers, 0), "data"), "192.0.2.80");
    assert_int_equal(value_get_integer(value_at(answers, 0), "ttl_s"), 60);
    assert_string_equal(value_get_text(value_at(answers, 1), "data"), "a?bcd");
    CLEANUP(value_destroy)
    value_t *none = must_run("net.dns", question("none.example.test", "A"), &world);
    assert_string_equal(value_get_text(none, "rcode"), "nxdomain");
    assert_int_equal(value_count(value_get(none, "answers")), 0);
    must_fail("net.dns", question("liar.example.test", "A"), &world, FAULT_FORMAT,
              "no whole message");
}

static void
a_name_server_that_is_silent_is_not_waited_for(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NAMES);
    must_fail("net.dns",
              given("name", 's', "a.test", "type", 's', "A", "server", 's', "192.0.2.2", "port",
                    'i', (int64_t)NAMES, "timeout_ms", 'i', (int64_t)200, NULL),
              &world, FAULT_UNREACHABLE, "no answer of the DNS");
    must_fail("net.dns", given("name", 's', "a.test", "type", 's', "ANY", NULL), &world,
              FAULT_ARGUMENT, "choices");
}

/* ---- ntp.offset --------------------------------------------------------------------------- */

#define NTP 7123

static void
put_time(uint8_t *at, int64_t ms)
{
    uint32_t seconds = htonl((uint32_t)(ms / 1000 + 2208988800LL));
    uint32_t fraction = htonl((uint32_t)(((uint64_t)(ms % 1000) << 32) / 1000));
    memcpy(at, &seconds, 4);
    memcpy(at + 4, &fraction, 4);
}

/* Five seconds ahead; first with the wrong nonce, which does not count. */
static void
answer_time(int fd)
{
    uint8_t packet[48];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    if (recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size) != 48)
        return;
    int64_t now = wall_now().ms + 5000;
    packet[0] = 0x24;
    packet[1] = 2;
    memset(packet + 24, 0, 8);
    put_time(packet + 32, now + 100000);
    sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
    memcpy(packet + 24, packet + 40, 8);
    put_time(packet + 32, now);
    put_time(packet + 40, now);
    sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
}

static void
a_time_server_says_how_wrong_the_clock_is(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NTP);
    CLEANUP(end) pid_t server = serve(fd, answer_time);
    (void)server;
    CLEANUP(value_destroy)
    value_t *result = must_run(
        "ntp.offset", given("address", 's', "192.0.2.2", "port", 'i', (int64_t)NTP, NULL), &world);
    int64_t offset = value_get_integer(result, "offset_ms"),
            delay = value_get_integer(result, "delay_ms");
    assert_int_equal(value_get_integer(result, "stratum"), 2);
    assert_true(offset >= 5000 - delay - 2 && offset <= 5000 + delay + 2);
}

/* With the right nonce, and the word that its clock follows none. */
static void
answer_unsure(int fd)
{
    uint8_t packet[48];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    if (recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size) != 48)
        return;
    packet[0] = 0xe4;
    packet[1] = 0;
    memcpy(packet + 24, packet + 40, 8);
    sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
}

static void
a_time_server_that_does_not_know_the_time_sets_nobodys_clock(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NTP);
    CLEANUP(end) pid_t server = serve(fd, answer_unsure);
    (void)server;
    must_fail("ntp.offset", given("address", 's', "192.0.2.2", "port", 'i', (int64_t)NTP, NULL),
              &world, FAULT_FAILED, "does not know the time");
    must_fail("clock.step",
              given("address", 's', "192.0.2.2", "port", 'i', (int64_t)NTP, "most_ms", 'i',
                    (int64_t)1000, NULL),
              &world, FAULT_FAILED, "does not know the time");
}

/* The machine's resolver is out of reach here. */
static void
a_name_that_nobody_knows_is_unreachable(void **state)
{
    static const char *const ops[] = {"net.ping", "net.traceroute", "ntp.offset"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
        must_fail(ops[i], given("address", 's', "no-such-host.invalid", NULL), &world,
                  FAULT_UNREACHABLE, "no-such-host.invalid");
    must_fail("tls.certificate",
              given("address", 's', "no-such-host.invalid", "port", 'i', (int64_t)443, NULL),
              &world, FAULT_UNREACHABLE, "no-such-host.invalid");
}

static void
a_time_server_that_is_silent_or_not_there_is_unreachable(void **state)
{
    (void)state;
    CLEANUP(descriptor_close) int fd = datagrams_in(net_there, NTP);
    must_fail("ntp.offset",
              given("address", 's', "192.0.2.2", "port", 'i', (int64_t)NTP, "timeout_ms", 'i',
                    (int64_t)200, NULL),
              &world, FAULT_UNREACHABLE, "does not answer");
    must_fail("ntp.offset", given("address", 's', "192.0.2.2", "port", 'i', (int64_t)1, NULL),
              &world, FAULT_UNREACHABLE, "refused");
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

/* ---- firewall.list ------------------------------------------------------------------------ */

static void
the_rules_of_the_machine_and_the_blocks_are_listed(void **state)
{
    (void)state;
    shell("nft add table inet tocsin");
    shell("nft 'add set inet tocsin blocked4 { type ipv4_addr; flags interval, timeout; }'");
    shell("nft 'add element inet tocsin blocked4 { 203.0.113.9 timeout 1h, 198.18.0.0/15 timeout "
          "1h }'");
    shell("nft add table ip mine; nft 'add chain ip mine guard { type filter hook input priority "
          "0; policy accept; }'");
    shell("nft add rule ip mine guard tcp dport 23 counter drop");
    CLEANUP(value_destroy) value_t *result = must_run("firewall.list", given(NULL), &world);
    const value_t *chain = value_at(value_get(result, "chains"), 0),
                  *rule = value_at(value_get(result, "rules"), 0);
    assert_string_equal(value_get_text(chain, "name"), "guard");
    assert_string_equal(value_get_text(chain, "hook"), "input");
    assert_string_equal(value_get_text(chain, "policy"), "accept");
    assert_non_null(strstr(value_get_text(rule, "text"), "\"dport\""));
    assert_int_equal(value_get_integer(rule, "packets"), 0);
    assert_int_equal(value_count(value_get(result, "blocks")), 2);
    assert_string_equal(value_get_text(value_at(value_get(result, "blocks"), 0), "source"),
                        "198.18.0.0/15");
    assert_true(value_get_integer(value_at(value_get(result, "blocks"), 0), "expires_s") > 3000);
}

/* Others' rules may be thousands, and our blocks hundreds. */
static void
our_own_rules_and_the_block_of_a_source_are_told_among_any_number_of_others(void **state)
{
    (void)state;
    shell("nft add table inet tocsin; nft add chain inet tocsin isolate_out");
    shell("nft add table ip aaa; nft add chain ip aaa many");
    shell("for i in $(seq 300); do echo add rule ip aaa many tcp dport $i drop; done | nft -f -");
    shell("nft add rule inet tocsin isolate_out drop");
    shell("nft 'add set inet tocsin blocked4 { type ipv4_addr; flags interval, timeout; }'");
    shell("for i in $(seq 0 2 254); do for j in 1 2 3; do "
          "echo \"add element inet tocsin blocked4 { 203.0.$j.$i timeout 1h }\"; "
          "done; done | nft -f -");
    CLEANUP(value_destroy)
    value_t *all = must_run("firewall.list", given(NULL), &world);
    assert_true(value_get_bool(all, "more"));
    assert_string_equal(value_get_text(value_at(value_get(all, "rules"), 0), "chain"),
                        "isolate_out");
    CLEANUP(value_destroy)
    value_t *one = must_run("firewall.view", given("source", 's', "203.0.3.254/32", NULL), &world);
    assert_true(value_get_bool(one, "blocked"));
    assert_true(value_get_integer(one, "expires_s") > 3000);
    CLEANUP(value_destroy)
    value_t *none = must_run("firewall.view", given("source", 's', "203.0.0.0/16", NULL), &world);
    assert_false(value_get_bool(none, "blocked"));
    assert_int_equal(value_get_integer(none, "expires_s"), 0);
    shell("nft delete table ip aaa; nft delete table inet tocsin");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_are_counted_and_their_times_told),
        cmocka_unit_test(nobody_who_answers_is_a_loss_and_not_a_failure),
        cmocka_unit_test(the_routers_on_the_way_are_found_one_by_one),
        cmocka_unit_test(who_sends_on_a_link_is_counted_by_source),
        cmocka_unit_test(what_no_packet_can_be_is_not_waited_for),
        cmocka_unit_test(a_capture_of_silence_ends_after_its_seconds),
        cmocka_unit_test(a_name_server_is_asked_and_its_records_told),
        cmocka_unit_test(a_name_server_that_is_silent_is_not_waited_for),
        cmocka_unit_test(a_time_server_says_how_wrong_the_clock_is),
        cmocka_unit_test(a_time_server_that_does_not_know_the_time_sets_nobodys_clock),
        cmocka_unit_test(a_name_that_nobody_knows_is_unreachable),
        cmocka_unit_test(a_time_server_that_is_silent_or_not_there_is_unreachable),
        cmocka_unit_test(a_page_is_asked_for_and_what_it_says_told),
        cmocka_unit_test(a_redirect_out_of_the_web_is_not_followed),
        cmocka_unit_test(a_url_that_hides_its_host_behind_a_user_is_refused),
        cmocka_unit_test(a_web_server_that_is_silent_is_told_of_in_time),
        cmocka_unit_test(a_servers_certificate_is_told_though_nobody_trusts_it),
        cmocka_unit_test(a_certificate_is_held_against_the_machines_store_and_the_name),
        cmocka_unit_test(who_speaks_no_tls_or_is_silent_fails_in_time),
        cmocka_unit_test(the_rules_of_the_machine_and_the_blocks_are_listed),
        cmocka_unit_test(
            our_own_rules_and_the_block_of_a_source_are_told_among_any_number_of_others),
    };
    int failed = cmocka_run_group_tests(tests, set_up, NULL);
    drop_identity();
    return failed;
}
