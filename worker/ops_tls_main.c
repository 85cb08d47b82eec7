/* SPDX-License-Identifier: Apache-2.0 */
/* ops-tls NAME: certificates, of a server or in a file, through GnuTLS. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <linux/capability.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keys/hash.h"
#include "worker/op_cell.h"
#include "worker/ops/asked.h"
#include "worker/ops/place.h"

#define TIMEOUT_MS 10000
#define CHAIN_MAX  16
#define SANS_MAX   100 /* of one certificate */
#define FILE_BYTES (1024 * 1024)
#define NAME_BYTES 512

/* ---- what certificates say ---------------------------------------------------------------- */

static value_t *
tell_sans(gnutls_x509_crt_t certificate, int64_t *left_out)
{
    value_t *list = value_list();
    for (unsigned i = 0;; i++) {
        char name[NAME_BYTES] = "", text[NAME_BYTES];
        size_t size = sizeof name - 1;
        int kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);
        if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return list;
        if (kind == GNUTLS_SAN_IPADDRESS)
            inet_ntop(size == 4 ? AF_INET : AF_INET6, name, text, sizeof text);
        else
            asked_printable(text, sizeof text, kind < 0 ? "?" : name);
        if (i < SANS_MAX)
            value_append(list, value_text(text));
        else
            ++*left_out;
    }
}

static void
tell_name(value_t *facts, const char *key, gnutls_x509_crt_t certificate,
          int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned))
{
    gnutls_datum_t name = {0};
    char text[NAME_BYTES] = "";
    if (get(certificate, &name, 0) == GNUTLS_E_SUCCESS)
        asked_printable(text, sizeof text, (const char *)name.data);
    gnutls_free(name.data);
    value_set_text(facts, key, text);
}

static value_t *
describe(gnutls_x509_crt_t certificate)
{
    value_t *facts = value_map();
    uint8_t print[HASH_BYTES];
    size_t size = sizeof print;
    char text[2 * HASH_BYTES + 1] = "";
    int64_t left_out = 0;
    tell_name(facts, "subject", certificate, gnutls_x509_crt_get_dn3);
    tell_name(facts, "issuer", certificate, gnutls_x509_crt_get_issuer_dn3);
    value_set_integer(facts, "not_before",
                      1000 * (int64_t)gnutls_x509_crt_get_activation_time(certificate));
    value_set_integer(facts, "not_after",
                      1000 * (int64_t)gnutls_x509_crt_get_expiration_time(certificate));
    value_set(facts, "names", tell_sans(certificate, &left_out));
    value_set_integer(facts, "names_left_out", left_out);
    if (gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, print, &size) == 0)
        for (size_t i = 0; i < size; i++)
            snprintf(text + 2 * i, 3, "%02x", print[i]);
    value_set_text(facts, "sha256", text);
    return facts;
}

typedef struct {
    unsigned count;
    bool more;
    gnutls_x509_crt_t all[CHAIN_MAX + 1]; /* the last one only tells that there are more */
} chain_t;

static void
chain_clear(chain_t *self)
{
    for (unsigned i = 0; i < self->count; i++)
        gnutls_x509_crt_deinit(self->all[i]);
}

/* Against the system's store; name may be "" where none is asked for. */
static void
tell_trust(value_t *result, const chain_t *chain, const char *name)
{
    gnutls_x509_trust_list_t store = NULL;
    gnutls_typed_vdata_st wanted = {.type = GNUTLS_DT_DNS_HOSTNAME,
                                    .data = (unsigned char *)(uintptr_t)name};
    unsigned status = GNUTLS_CERT_INVALID;
    gnutls_datum_t words = {0};
    char text[NAME_BYTES];
    gnutls_x509_trust_list_init(&store, 0);
    gnutls_x509_trust_list_add_system_trust(store, 0, 0);
    gnutls_x509_trust_list_verify_crt2(store, (gnutls_x509_crt_t *)(uintptr_t)chain->all,
                                       chain->count, &wanted, name[0] ? 1 : 0, 0, &status, NULL);
    gnutls_x509_trust_list_deinit(store, 0);
    value_set_bool(result, "verified", !status);
    if (!status ||
        gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &words, 0) != 0)
        return;
    asked_printable(text, sizeof text, (const char *)words.data);
    gnutls_free(words.data);
    value_set_text(result, "problem", text);
}

static value_t *
tell_chain(const chain_t *chain, const char *name)
{
    value_t *result = value_map(), *list = value_list();
    for (unsigned i = 0; i < chain->count; i++)
        value_append(list, describe(chain->all[i]));
    value_set(result, "chain", list);
    value_set_bool(result, "more", chain->more);
    value_set_integer(result, "not_after",
                      1000 * (int64_t)gnutls_x509_crt_get_expiration_time(chain->all[0]));
    tell_trust(result, chain, name);
    return result;
}

/* ---- of a server -------------------------------------------------------------------------- */

/* Connected, and with a timeout on every read and write; -1 with FAULT_UNREACHABLE. */
static int
reach(const char *address, int64_t port, int64_t timeout_ms, fault_t *fault)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *all = NULL;
    struct timeval most = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    snprintf(service, sizeof service, "%lld", (long long)port);
    int wrong = getaddrinfo(address, service, &hints, &all), fd = -1;
    for (const struct addrinfo *at = all; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen)) {
            int why = errno;
            close(fd);
            errno = why;
            fd = -1;
        }
    }
    if (fd < 0)
        fault_set(fault, FAULT_UNREACHABLE, "'%.120s' port %lld: %s", address, (long long)port,
                  wrong ? gai_strerror(wrong) : strerror(errno == EINPROGRESS ? ETIMEDOUT : errno));
    freeaddrinfo(all);
    return fd;
}

static int
take_peer(gnutls_session_t session, chain_t *chain, fault_t *fault)
{
    unsigned count = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &count);
    chain->more = count > CHAIN_MAX;
    for (unsigned i = 0; i < count && i < CHAIN_MAX; i++) {
        gnutls_x509_crt_init(&chain->all[i]);
        chain->count++;
        if (gnutls_x509_crt_import(chain->all[i], &list[i], GNUTLS_X509_FMT_DER) != 0)
            return fault_set(fault, FAULT_FORMAT, "the server's certificate %u is none", i);
    }
    return count ? 0 : fault_set(fault, FAULT_FORMAT, "the server shows no certificate");
}

/* Certificates are looked at afterwards: what does not verify is to be told too. */
static int
shake_hands(gnutls_session_t session, int fd, const char *name, int64_t timeout_ms, fault_t *fault)
{
    int code;
    uint8_t literal[16];
    if (inet_pton(AF_INET, name, literal) != 1 && inet_pton(AF_INET6, name, literal) != 1)
        gnutls_server_name_set(session, GNUTLS_NAME_DNS, name, strlen(name));
    gnutls_set_default_priority(session);
    gnutls_transport_set_int(session, fd);
    gnutls_handshake_set_timeout(session, (unsigned)timeout_ms);
    do
        code = gnutls_handshake(session);
    while (code < 0 && !gnutls_error_is_fatal(code) && code != GNUTLS_E_AGAIN);
    return code < 0 ? fault_set(fault, FAULT_FAILED, "no TLS: %s", gnutls_strerror(code)) : 0;
}

/* What strangers' bytes are read with: no right to any file. */
static int
shed_rights(fault_t *fault)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {0};
    return syscall(SYS_capset, &header, none) ? fault_errno(fault, "capabilities") : 0;
}

static value_t *
ask_server(const value_t *arguments, fault_t *fault)
{
    const char *address = value_get_text(arguments, "address");
    const char *name = value_get(arguments, "name") ? value_get_text(arguments, "name") : address;
    int64_t timeout_ms = asked_or(arguments, "timeout_ms", TIMEOUT_MS);
    chain_t chain = {0};
    gnutls_session_t session = NULL;
    gnutls_certificate_credentials_t nobody = NULL;
    CLEANUP(descriptor_close)
    int fd = shed_rights(fault)
                 ? -1
                 : reach(address, asked_or(arguments, "port", 443), timeout_ms, fault);
    if (fd < 0)
        return NULL;
    gnutls_certificate_allocate_credentials(&nobody);
    gnutls_init(&session, GNUTLS_CLIENT);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, nobody);
    value_t *result =
        shake_hands(session, fd, name, timeout_ms, fault) || take_peer(session, &chain, fault)
            ? NULL
            : tell_chain(&chain, name);
    if (result)
        value_set_text(result, "protocol",
                       gnutls_protocol_get_name(gnutls_protocol_get_version(session)));
    chain_clear(&chain);
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(nobody);
    return result;
}

/* ---- in a file ---------------------------------------------------------------------------- */

static value_t *
look_into(const value_t *arguments, fault_t *fault)
{
    static uint8_t bytes[FILE_BYTES];
    const char *path = value_get_text(arguments, "path");
    chain_t chain = {0};
    unsigned count = CHAIN_MAX + 1;
    CLEANUP(descriptor_close) int fd = place_open(path, O_RDONLY | O_NONBLOCK, fault);
    ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    if (fd < 0 || shed_rights(fault))
        return NULL;
    gnutls_datum_t text = {.data = bytes, .size = size > 0 ? (unsigned)size : 0};
    int got = gnutls_x509_crt_list_import(chain.all, &count, &text, GNUTLS_X509_FMT_PEM, 0);
    chain.more = got > CHAIN_MAX;
    chain.count = got < 0 ? 0 : (unsigned)got - chain.more;
    if (chain.more)
        gnutls_x509_crt_deinit(chain.all[CHAIN_MAX]);
    value_t *result = chain.count ? tell_chain(&chain, value_get_text(arguments, "name")) : NULL;
    if (!result)
        fault_set(fault, FAULT_FORMAT, "'%.160s' holds no certificate in PEM", path);
    chain_clear(&chain);
    return result;
}

static value_t *
tls_certificate(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    bool server = value_get(arguments, "address"), file = value_get(arguments, "path");
    (void)world;
    if (server != file)
        return server ? ask_server(arguments, fault) : look_into(arguments, fault);
    fault_set(fault, FAULT_ARGUMENT, "tls.certificate takes an address or a path, one of both");
    return NULL;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"tls.certificate", tls_certificate}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
