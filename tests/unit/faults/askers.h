/* SPDX-License-Identifier: Apache-2.0 */
/* faults/askers - cases of ops that ask others on the network, and who answers them: a process of
 * the test's each, on this machine. */
#ifndef TOCSIN_FAULTS_ASKERS_H
#define TOCSIN_FAULTS_ASKERS_H

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "tests/unit/faults/case.h"

#define PAGE_PORT 7180
#define NAME_PORT 7053
#define TIME_PORT 7123

/* For web.example.test, by itself. */
#define CERTIFICATE                                                     \
    "echo '-----BEGIN CERTIFICATE-----|"                                \
    "MIIBajCCARygAwIBAgIUfLWhkO0xtVo+NkVIDHT2y5nJKB0wBQYDK2VwMBsxGTAX|" \
    "BgNVBAMMEHdlYi5leGFtcGxlLnRlc3QwIBcNMjYxMTIzMTczNzE1WhgPMjA4MTA4|" \
    "MjYxNzM3MTVaMBsxGTAXBgNVBAMMEHdlYi5leGFtcGxlLnRlc3QwKjAFBgMrZXAD|" \
    "IQCmene6Fmq0JSREMkFdzvtsVGMFbsUa6ulu5szNKdt8rqNwMG4wHQYDVR0OBBYE|" \
    "FDJQ+dlniBEx/zWuzEOEY0Fxu59DMB8GA1UdIwQYMBaAFDJQ+dlniBEx/zWuzEOE|" \
    "Y0Fxu59DMA8GA1UdEwEB/wQFMAMBAf8wGwYDVR0RBBQwEoIQd2ViLmV4YW1wbGUu|" \
    "dGVzdDAFBgMrZXADQQCTTzoIltUGKiQyezjEWtHSpqdMzYAXfkrHNU3SgWIUnOdp|" \
    "qLfJ2DSsz12FBIsHtQBYALUOjNTVi9U2LJWg894A|"                         \
    "-----END CERTIFICATE-----' | tr '|' '\\n' >@/www/certificate"

static const case_t askers_cases[] = {
    {.op = "http.probe",
     .arguments = "url=http://127.0.0.1:7180/ contains=well header=X-Build",
     .always = SYS_socket},
    {.op = "net.dns", .arguments = "name=www.example.test type=A server=127.0.0.1 port=7053"},
    {.op = "net.tcp", .arguments = "address=127.0.0.1 port=7180", .always = SYS_socket},
    {.op = "ntp.offset", .arguments = "address=127.0.0.1 port=7123"},
    {.op = "tls.certificate",
     .arguments = "path=@/www/certificate name=web.example.test",
     .before = CERTIFICATE},
};

static void
answer_page(int fd)
{
    static const char page[] = "HTTP/1.1 200 OK\r\nX-Build: b7\r\nContent-Length: 11\r\n"
                               "Connection: close\r\n\r\nall is well";
    char request[2048];
    CLEANUP(descriptor_close) int peer = accept(fd, NULL, NULL);
    if (recv(peer, request, sizeof request, 0) > 0)
        send(peer, page, sizeof page - 1, MSG_NOSIGNAL);
}

/* One address of whatever name is asked for (RFC 1035 4.1). */
static void
answer_name(int fd)
{
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 80};
    uint8_t packet[512];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    size_t end = 12;
    ssize_t got = recvfrom(fd, packet, 256, 0, (struct sockaddr *)&from, &size);
    if (got < 17)
        return;
    while (end < 200 && packet[end])
        end += packet[end] + 1u;
    end += 5;
    packet[2] = 0x81;
    packet[3] = 0x80;
    packet[7] = 1;
    packet[11] = 0; /* nothing more, not what EDNS added */
    memcpy(packet + end, record, sizeof record);
    sendto(fd, packet, end + sizeof record, 0, (struct sockaddr *)&from, size);
}

static void
put_time(uint8_t *at, int64_t ms)
{
    uint32_t seconds = htonl((uint32_t)(ms / 1000 + 2208988800LL)); /* since 1900 */
    uint32_t fraction = htonl((uint32_t)(((uint64_t)(ms % 1000) << 32) / 1000));
    memcpy(at, &seconds, 4);
    memcpy(at + 4, &fraction, 4);
}

/* A minute ahead (RFC 5905 7.3). */
static void
answer_time(int fd)
{
    uint8_t packet[48];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    if (recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size) != 48)
        return;
    packet[0] = 0x24;
    packet[1] = 2;
    memcpy(packet + 24, packet + 40, 8);
    put_time(packet + 32, wall_now().ms + 60000);
    put_time(packet + 40, wall_now().ms + 60000);
    sendto(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, size);
}

/* On this machine's own address; it ends with the tests. */
static void
serve(uint16_t port, int type, void (*answer)(int fd))
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    CLEANUP(descriptor_close) int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_true(type != SOCK_STREAM || !listen(fd, 64));
    if (fork())
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        answer(fd);
}

USED static void
serve_askers(void)
{
    serve(PAGE_PORT, SOCK_STREAM, answer_page);
    serve(NAME_PORT, SOCK_DGRAM, answer_name);
    serve(TIME_PORT, SOCK_DGRAM, answer_time);
}

#endif
