/* SPDX-License-Identifier: Apache-2.0 */
/* Two officers sign one resume. */
#include <stdio.h>

#include "cli/options.h"
#include "cli/pair.h"
#include "cli/stop.h"

#define WAIT_DEFAULT_S 5

/* The stop's whole hash, of its first digits. */
static int
find_stop(const session_t *session, const char *prefix, hash_t *out, fault_t *fault)
{
    size_t found = 0;
    CLEANUP(value_destroy) value_t *stops = stop_ask(session->client, prefix, fault);
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
draft(pair_t *self, const session_t *session, const char *stop, const char *reason, fault_t *fault)
{
    resume_t resume = {.site = *trust_site(session->trust), .created = wall_second()};
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    if (find_stop(session, stop, &resume.stop, fault) ||
        options_reason(reason, resume.reason, sizeof resume.reason, fault))
        return -1;
    resume_encode(&resume, document);
    return pair_new(self, "resumes", &document, fault);
}

/* Both signed: hands it in, and tells who keeps it by now. The exit status. */
static int
hand_in(const pair_t *self, session_t *session, const options_t *options)
{
    fault_t fault;
    char hash[HASH_TEXT];
    CLEANUP(resume_destroy) resume_t *resume = resume_decode(bytes_slice(self->document), &fault);
    if (!resume || session_spread(session, options, "resume", bytes_slice(self->document),
                                  bytes_slice(self->armors), &fault))
        return command_fail(&fault);
    pair_done(self);
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
    CLEANUP(pair_clear) pair_t resume = {.path = ""};
    if (session_open(&session, options, &fault) ||
        (file ? pair_load(&resume, file, &fault)
              : draft(&resume, &session, argv[1], reason, &fault)))
        return command_fail(&fault);
    int status = pair_sign(&resume, options, SIGN_RESUME, "resume", "tocsin resume");
    return status ? status : hand_in(&resume, &session, options);
}

const command_t resume_commands[] = {
    {"resume", NULL, resume_stop, "STOP --reason TEXT, or --file FILE",
     "lift a stop; two officers sign"},
    {NULL, NULL, NULL, NULL, NULL},
};
