/* SPDX-License-Identifier: Apache-2.0 */
/* receiver PORT FILE - a webhook's other end, for tests: a POST to /.../STATUS is answered with
 * that status and appended to FILE as one line:
 *
 *     PATH ID TIMESTAMP SIGNATURE BODY        "-" where a header is absent
 *
 * GET answers 200. */
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX 65536

typedef struct {
    size_t size;
    char body[BODY_MAX + 1];
} post_t;

static const char *path_of_file;

static const char *
header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "-";
}

static void
record(struct MHD_Connection *connection, const char *url, const post_t *post)
{
    FILE *file = fopen(path_of_file, "a");
    if (!file)
        exit(1);
    fprintf(file, "%s %s %s %s %s\n", url, header(connection, "Tocsin-Id"),
            header(connection, "Tocsin-Timestamp"), header(connection, "Tocsin-Signature"),
            post->body);
    fclose(file);
}

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status)
{
    static char words[] = "receiver says so";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof words - 1, words, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
           const char *version, const char *data, size_t *size, void **state)
{
    post_t *post = *state;
    (void)context, (void)version;
    if (strcmp(method, "POST") != 0)
        return answer(connection, MHD_HTTP_OK);
    if (!post) {
        *state = calloc(1, sizeof *post);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*size) {
        if (*size > BODY_MAX - post->size)
            return MHD_NO;
        memcpy(post->body + post->size, data, *size);
        post->size += *size;
        *size = 0;
        return MHD_YES;
    }
    record(connection, url, post);
    return answer(connection, (unsigned)strtoul(strrchr(url, '/') + 1, NULL, 10));
}

static void
on_end(void *context, struct MHD_Connection *connection, void **state,
       enum MHD_RequestTerminationCode why)
{
    (void)context, (void)connection, (void)why;
    free(*state);
}

int
main(int argc, char **argv)
{
    if (argc != 3)
        return 64;
    path_of_file = argv[2];
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)strtoul(argv[1], NULL, 10), NULL, NULL,
        &on_request, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
    if (!daemon)
        return 1;
    for (;;)
        pause();
}
