/* SPDX-License-Identifier: Apache-2.0 */
/* Two officers sign one resume: what the first leaves, the second finds. */
#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/stop.h"
#include "cli/state.h"
#include "common/document.h"
#include "common/file.h"

#define SIGNERS_NEEDED 2
#define WAIT_DEFAULT_S 5

/* A resume on its way: a file, and FILE.sigs. */
typedef struct {
    char path[STATE_PATH_MAX], signatures[STATE_PATH_MAX + 8];
    bytes_t *document, *armors; /* ours */
} signed_resume_t;

static void
signed_resume_clear(signed_resume_t *self)
{
    bytes_destroy(&self->document);
    bytes_destroy(&self->armors);
}

static int
name_files(signed_resume_t *self, const char *path, fault_t *fault)
{
    if (!text_copy(self->path, sizeof self->path, path))
        return fault_set(fault, FAULT_USAGE, "the path of a resume is too long");
    snprintf(self->signatures, sizeof self->signatures, "%s.sigs", path);
    return 0;
}

static int
load(signed_resume_t *self, const char *path, fault_t *fault)
{
    if (name_files(self, path, fault))
        return -1;
    self->document = file_read(self->path, DOCUMENT_BYTES_MAX, fault);
    self->armors = self->document ? file_read(self->signatures, SIGNATURES_BYTES_MAX, fault) : NULL;
    CLEANUP(resume_destroy)
    resume_t *resume = self->armors ? resume_decode(bytes_slice(self->document), fault) : NULL;
    return resume ? 0 : -1;
}

/* The stop's whole hash, of its first digits. */
static int
find_stop(const session_t *session, const char *prefix, hash_t *out, fault_t *fault)
{
    size_t found = 0;
    CLEANUP(value_destroy) value_t *stops = client_ask(session->client, "stops", NULL, fault);
    for (size_t i = 0; stops && i < value_count(stops); i++) {
        const char *hash = value_get_text(value_at(stops, i), "hash");
        found += !strncmp(hash, prefix, strlen(prefix)) && hash_read(hash, out);
    }
    if (stops && found != 1)
        return fault_set(fault, found ? FAULT_CONFLICT : FAULT_NOT_FOUND,
                         "%s stop begins with '%.64s'; see: tocsin stop list",
                         found ? "more than one" : "no", prefix);
    return stops ? 0 : -1;
}

static int
draft(signed_resume_t *self, const session_t *session, const char *stop, const char *reason,
      fault_t *fault)
{
    char hash[HASH_TEXT], path[STATE_PATH_MAX];
    resume_t resume = {.site = *trust_site(session->trust), .created = wall_second()};
    if (find_stop(session, stop, &resume.stop, fault))
        return -1;
    if (!text_is_free(slice_text(reason)) ||
        !text_copy(resume.reason, sizeof resume.reason, reason))
        return fault_set(fault, FAULT_USAGE, "the reason is not text of at most %d bytes",
                         ORDER_REASON_MAX);
    self->document = bytes_new();
    self->armors = bytes_new();
    resume_encode(&resume, self->document);
    hash_t of = hash_of(bytes_slice(self->document));
    if (state_path("resumes", hash_write(&of, hash), path, fault))
        return -1;
    return name_files(self, path, fault);
}

static size_t
count_armors(const bytes_t *armors)
{
    size_t count = 0;
    signature_t signature;
    slice_t rest = bytes_slice(armors);
    while (signature_next(&signature, &rest, NULL) == 1)
        count++;
    return count;
}

/* Keeps it until it has arrived. The exit status. */
static int
send_resume(const signed_resume_t *self, session_t *session, const options_t *options)
{
    fault_t fault;
    char hash[HASH_TEXT];
    if (file_write(self->path, bytes_slice(self->document), 0600, &fault) ||
        file_write(self->signatures, bytes_slice(self->armors), 0600, &fault))
        return command_fail(&fault);
    if (count_armors(self->armors) < SIGNERS_NEEDED) {
        fprintf(stderr, "tocsin: another officer must sign: tocsin resume --file %s\n", self->path);
        return EXIT_WAITING;
    }
    CLEANUP(resume_destroy) resume_t *resume = resume_decode(bytes_slice(self->document), &fault);
    if (!resume || session_spread(session, options, "resume", bytes_slice(self->document),
                                  bytes_slice(self->armors), &fault))
        return command_fail(&fault);
    unlink(self->path);
    unlink(self->signatures);
    int missing = stop_follow(session, options, hash_write(&resume->stop, hash),
                              options->wait_s < 0 ? WAIT_DEFAULT_S : options->wait_s, &fault);
    return missing < 0 ? command_fail(&fault) : missing ? fault_exit(FAULT_UNKNOWN) : 0;
}

static int
resume_stop(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    const char *reason = "", *file = NULL;
    const option_t rows[] = {{"--reason", OPTION_TEXT, &reason},
                             {"--file", OPTION_TEXT, &file},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(resume_commands, "%s", fault.text);
    if (file ? argc != 1 : argc != 2 || !*reason)
        return command_usage(resume_commands, "name a stop and a --reason, or the --file of a "
                                              "resume that waits for you");
    CLEANUP(session_close) session_t session = {.trust = NULL};
    CLEANUP(signed_resume_clear) signed_resume_t resume = {.path = ""};
    if (session_open(&session, options, &fault) ||
        (file ? load(&resume, file, &fault) : draft(&resume, &session, argv[1], reason, &fault)) ||
        sign_shown(options, SIGN_RESUME, "resume", bytes_slice(resume.document), resume.armors,
                   &fault))
        return command_fail(&fault);
    return send_resume(&resume, &session, options);
}

const command_t resume_commands[] = {
    {"resume", NULL, resume_stop, "STOP --reason TEXT, or --file FILE",
     "lift a stop; two officers sign"},
    {NULL, NULL, NULL, NULL, NULL},
};
