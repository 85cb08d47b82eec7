/* SPDX-License-Identifier: Apache-2.0 */
/* What parts say of themselves as they go, by offset: nothing is missing and nothing comes twice.
 */
#include <stdio.h>

#include "cli/opener.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/session.h"
#include "cli/table.h"

#define POLL_MS       500
#define LINE_SHOWN    600
#define EXIT_DETACHED 130

/* One target's output, as far as it was printed. */
typedef struct {
    char target[2 * TEXT_NAME_MAX + 2];
    int64_t offset;
    bool open;
} stream_t;

typedef struct {
    const session_t *session;
    const char *run;
    patience_t *patience;
    opener_t opener;
    size_t count;
    stream_t *streams; /* ours */
} logs_t;

static void
logs_clear(logs_t *self)
{
    memory_free(&self->streams);
    opener_clear(&self->opener);
}

static void
add_stream(logs_t *self, const char *target, int64_t offset)
{
    stream_t *stream = &self->streams[self->count];
    *stream = (stream_t){.offset = offset, .open = true};
    self->count += text_copy(stream->target, sizeof stream->target, target);
}

/* Of one part, or of all. Of one that the broker's answer has no room for it knows more than we. */
static int
find_streams(logs_t *self, const value_t *run, const char *target, int64_t offset, fault_t *fault)
{
    const value_t *parts = value_get(run, "parts");
    self->streams = memory_new(value_count(parts) + 1, sizeof *self->streams);
    for (size_t i = 0; i < value_count(parts); i++) {
        const char *worker = value_get_text(value_at(parts, i), "worker");
        if (!target || !strcmp(worker, target))
            add_stream(self, worker, offset);
    }
    if (target && !self->count && value_get(run, "left_out"))
        add_stream(self, target, offset);
    if (self->count)
        return 0;
    return fault_set(fault, FAULT_NOT_FOUND, "run %.12s has no target '%.63s'", self->run,
                     target ? target : "-");
}

static void
print_lines(const logs_t *self, const stream_t *stream, slice_t bytes)
{
    while (bytes.size) {
        const uint8_t *end = memchr(bytes.data, '\n', bytes.size);
        size_t size = end ? (size_t)(end - bytes.data) : bytes.size;
        char line[LINE_SHOWN + 1], shown[LINE_SHOWN + 1];
        snprintf(line, sizeof line, "%.*s", (int)(size < LINE_SHOWN ? size : LINE_SHOWN),
                 (const char *)bytes.data);
        if (self->count > 1)
            printf("%-16s | ", stream->target);
        puts(show_text(line, shown, sizeof shown));
        bytes = slice_of(bytes.data + size + (end != NULL), bytes.size - size - (end != NULL));
    }
    fflush(stdout);
}

int
run_check_output(const char *target, int64_t bytes, fault_t *fault)
{
    return bytes <= RUN_OUTPUT_MAX
               ? 0
               : fault_set(fault, FAULT_LIMIT,
                           "the broker answers more output of '%.130s' than a part has", target);
}

/* All that is there beyond what was printed; list (NULL to print) gets the pieces. */
static int
read_stream(const logs_t *self, stream_t *stream, value_t *list, fault_t *fault)
{
    for (;;) {
        value_t *arguments = value_map();
        value_set_text(arguments, "run", self->run);
        value_set_text(arguments, "target", stream->target);
        value_set_integer(arguments, "offset", stream->offset);
        CLEANUP(value_destroy)
        value_t *body =
            client_ask_on(self->session->client, "logs", arguments, self->patience, fault);
        if (!body)
            return -1;
        slice_t bytes = value_slice(value_get(body, "bytes"));
        size_t taken = bytes.size;
        if (taken && run_check_output(stream->target, stream->offset + (int64_t)taken, fault))
            return -1;
        CLEANUP(bytes_destroy) bytes_t *opened = bytes_new();
        if (self->opener.sealed) {
            opener_lines(&self->opener, stream->target, (uint64_t)stream->offset, bytes, opened,
                         &taken);
            bytes = bytes_slice(opened);
        }
        stream->open = value_get_bool(body, "open");
        if (list) {
            value_t *piece = value_copy_map(body);
            value_set_text(piece, "target", stream->target);
            value_set(piece, "bytes", value_bytes(bytes));
            value_append(list, piece);
        } else {
            print_lines(self, stream, bytes);
        }
        stream->offset += (int64_t)taken;
        if (!taken || stream->offset >= value_get_integer(body, "size"))
            return 0;
    }
}

static int
read_all(const logs_t *self, value_t *list, bool *open, fault_t *fault)
{
    *open = false;
    for (size_t i = 0; i < self->count; i++) {
        if (self->streams[i].open && read_stream(self, &self->streams[i], list, fault))
            return -1;
        *open = *open || self->streams[i].open;
    }
    return 0;
}

static void
say_left_out(const logs_t *self, const value_t *run)
{
    int64_t left_out = value_get_integer(run, "left_out");
    if (left_out > 0)
        fprintf(stderr,
                "tocsin: %lld more target%s not stand here, as one answer of the broker does not "
                "hold them; name one: tocsin run logs %.*s TARGET\n",
                (long long)left_out, left_out == 1 ? " does" : "s do", RUN_DIGITS, self->run);
}

static bool
said(const logs_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->streams[i].offset)
            return true;
    return false;
}

static void
say_offset(const logs_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->streams[i].open)
            fprintf(stderr,
                    "tocsin: go on with: tocsin run logs %.12s %s --follow --since-offset %lld\n",
                    self->run, self->streams[i].target, (long long)self->streams[i].offset);
}

static int
follow(const logs_t *self, fault_t *fault)
{
    bool open = true;
    int failed = run_begin_watch(self->session->client, self->run, self->patience, fault);
    while (open) {
        fault_t quiet;
        failed = failed ? failed : read_all(self, NULL, &open, fault);
        if (client_interrupted(self->session->client)) {
            say_offset(self);
            return EXIT_DETACHED;
        }
        if (failed)
            return -1;
        CLEANUP(value_destroy)
        value_t *event = open ? client_event(self->session->client, POLL_MS, &quiet) : NULL;
    }
    return 0;
}

int
run_logs(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    bool follows = false, open;
    uint64_t offset = 0;
    const option_t rows[] = {{"--follow", OPTION_FLAG, &follows},
                             {"-f", OPTION_FLAG, &follows},
                             {"--since-offset", OPTION_NUMBER, &offset},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(command_row(run_commands, "logs"), "%s", fault.text);
    if (argc < 2 || argc > 3 || (offset && argc != 3) || (follows && options->json))
        return command_usage(command_row(run_commands, "logs"),
                             "name a run, and a target where an offset is meant");
    CLEANUP(session_close) session_t session = {.trust = NULL};
    CLEANUP(value_destroy)
    value_t *run =
        session_open(&session, options, &fault) ? NULL : run_ask(session.client, argv[1], &fault);
    if (!run)
        return command_fail(&fault);
    patience_t patience = run_patience(follows ? options->wait_s : 0);
    CLEANUP(logs_clear)
    logs_t logs = {.session = &session, .run = value_get_text(run, "run"), .patience = &patience};
    opener_take(&logs.opener, options, run);
    if (find_streams(&logs, run, argc == 3 ? argv[2] : NULL, (int64_t)offset, &fault))
        return command_fail(&fault);
    if (argc == 2)
        say_left_out(&logs, run);
    CLEANUP(value_destroy) value_t *list = options->json ? value_list() : NULL;
    int status = follows ? follow(&logs, &fault) : read_all(&logs, list, &open, &fault);
    if (status < 0)
        return command_fail(&fault);
    if (list)
        json_print("logs", list);
    else if (!options->quiet && !said(&logs) && !offset)
        fprintf(stderr, "tocsin: nothing was said yet; see: tocsin run view %.*s\n", RUN_DIGITS,
                logs.run);
    return status;
}
