/* SPDX-License-Identifier: Apache-2.0 */
/* ops-http NAME: what a web server answers, through libcurl. */
#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "worker/op_cell.h"
#include "worker/ops/asked.h"
#include "worker/ops/machine.h"

#define TIMEOUT_MS  10000
#define BODY_MAX    (1024 * 1024) /* bytes that are read */
#define HEADER_MAX  500           /* characters told of a header */
#define ADDRESS_MAX 1000          /* and of where redirects led */

typedef struct {
    const char *contains; /* "" for nothing */
    bytes_t *body;
    bool cut;  /* the body is longer */
    int wrong; /* why no socket could be made; 0 */
} answer_t;

static size_t
on_body(char *data, size_t one, size_t size, void *context)
{
    answer_t *self = context;
    (void)one;
    if (self->body->size + size > BODY_MAX) {
        self->cut = true;
        return 0;
    }
    bytes_add(self->body, data, size);
    return size;
}

/* libcurl says of one that cannot be made that the server was not reached. */
static curl_socket_t
on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    answer_t *self = context;
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0 && errno != EAFNOSUPPORT)
        self->wrong = errno;
    return fd;
}

/* What this machine lacks says nothing of the server; of one that it was kept from reaching libcurl
 * knows the kernel's errno. */
static bool
is_about_us(CURLcode code, long wrong)
{
    return code == CURLE_OUT_OF_MEMORY || code == CURLE_BAD_FUNCTION_ARGUMENT ||
           (code == CURLE_COULDNT_CONNECT && !wrong) || wrong == EINTR || machine_lacks((int)wrong);
}

/* FAULT_IO where nobody knows how the server is. */
static int
check_asked(CURL *easy, CURLcode code, const answer_t *answer, fault_t *fault)
{
    long wrong = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &wrong);
    wrong = answer->wrong ? answer->wrong : wrong;
    if (!answer->wrong && !is_about_us(code, wrong))
        return 0;
    return fault_set(fault, FAULT_IO, "this machine cannot ask: %s",
                     wrong ? strerror((int)wrong) : curl_easy_strerror(code));
}

/* No proxy, no other protocol, nothing of anybody's home folder. */
static CURL *
prepare(const value_t *arguments, answer_t *answer, char error[static CURL_ERROR_SIZE])
{
    CURL *easy = curl_easy_init();
    if (!easy)
        return NULL;
    int64_t redirects = asked_or(arguments, "redirects", 0);
    curl_easy_setopt(easy, CURLOPT_URL, value_get_text(arguments, "url"));
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, redirects ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)redirects);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)asked_or(arguments, "timeout_ms", TIMEOUT_MS));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tocsin");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, answer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    return easy;
}

static bool
holds(const answer_t *answer)
{
    return memmem(answer->body->data, answer->body->size, answer->contains,
                  strlen(answer->contains));
}

static void
tell_header(value_t *result, CURL *easy, const char *name)
{
    struct curl_header *header = NULL;
    char text[HEADER_MAX + 1];
    if (!name[0] || curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return;
    asked_printable(text, sizeof text, header->value);
    value_set_text(result, "header", text);
}

static value_t *
tell(CURL *easy, const value_t *arguments, const answer_t *answer, const char *error)
{
    value_t *result = value_map();
    long status = 0, redirects = 0;
    curl_off_t took_us = 0;
    char *remote = NULL, *address = NULL, text[ADDRESS_MAX + 1];
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &took_us);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &remote);
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_COUNT, &redirects);
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &address);
    value_set_integer(result, "status", status);
    value_set_integer(result, "milliseconds", took_us / 1000);
    value_set_integer(result, "body_bytes", (int64_t)answer->body->size);
    value_set_bool(result, "body_cut", answer->cut);
    value_set_integer(result, "redirects", redirects);
    value_set_text(result, "address", remote ? remote : "");
    asked_printable(text, sizeof text, address ? address : "");
    value_set_text(result, "url", text);
    tell_header(result, easy, value_get_text(arguments, "header"));
    if (answer->contains[0])
        value_set_bool(result, "contains", holds(answer));
    if (!error)
        return result;
    asked_printable(text, sizeof text, error);
    value_set_text(result, "error", text);
    return result;
}

/* Nor does it name a user, behind whose '@' another host could stand than where a policy's allow
 * line sees one; a backslash, where some end the host and libcurl does not, is as bad. */
static bool
is_web(const char *url)
{
    const char *host = !strncmp(url, "http://", 7)    ? url + 7
                       : !strncmp(url, "https://", 8) ? url + 8
                                                      : NULL;
    return host && strcspn(host, "@\\") >= strcspn(host, "/?#");
}

static value_t *
http_probe(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    char error[CURL_ERROR_SIZE] = "";
    CLEANUP(bytes_destroy) bytes_t *body = bytes_new();
    answer_t answer = {.contains = value_get_text(arguments, "contains"), .body = body};
    (void)world;
    if (!is_web(value_get_text(arguments, "url"))) {
        fault_set(fault, FAULT_ARGUMENT,
                  "http.probe asks for http:// and https:// only, and names no user");
        return NULL;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *easy = prepare(arguments, &answer, error);
    if (!easy) {
        fault_set(fault, FAULT_IO, "libcurl cannot be started");
        return NULL;
    }
    CURLcode code = curl_easy_perform(easy);
    bool good = code == CURLE_OK || (code == CURLE_WRITE_ERROR && answer.cut);
    const char *said = error[0] ? error : curl_easy_strerror(code);
    value_t *result = good || !check_asked(easy, code, &answer, fault)
                          ? tell(easy, arguments, &answer, good ? NULL : said)
                          : NULL;
    curl_easy_cleanup(easy);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {{"http.probe", http_probe}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
