/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-source - signs alerts beside the monitoring system, and passes them on to brokers.
 *
 *     tocsin-source CONFIG [-n] [-d] [-v]    serves
 *     tocsin-source keygen FILE              makes a source's key; prints its public half as in a
 *                                            .pub file, for `tocsin keys source` */
#include <curl/curl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fence.h"
#include "common/file.h"
#include "common/log.h"
#include "common/privilege.h"
#include "keys/signature.h"
#include "sidecars/courier.h"
#include "sidecars/ear.h"
#include "sidecars/relay.h"

#define USAGE       "usage: tocsin-source CONFIG [-n] [-d] [-v], or tocsin-source keygen FILE"
#define DESCRIPTORS 512

typedef struct {
    const char *config, *keygen;
    bool check, foreground, verbose;
} options_t;

typedef struct {
    relay_settings_t *settings;
    sealer_t *sealer;
    spool_t *spools[RELAY_SPOOLS_MAX];
    relay_t *relay;
    courier_t *courier;
    ear_t *ear;
    bool alone; /* the sealer is gone: nothing can be signed any more */
} service_t;

static int
read_options(options_t *self, int argc, char **argv, fault_t *fault)
{
    for (int option; (option = getopt(argc, argv, "ndv")) != -1;) {
        if (option == '?')
            return fault_set(fault, FAULT_USAGE, USAGE);
        *(option == 'n' ? &self->check : option == 'd' ? &self->foreground : &self->verbose) = true;
    }
    const char *first = optind < argc ? argv[optind++] : NULL;
    if (first && !strcmp(first, "keygen"))
        self->keygen = optind < argc ? argv[optind++] : NULL;
    else
        self->config = first;
    if (optind != argc || (!self->config && !self->keygen))
        return fault_set(fault, FAULT_USAGE, USAGE);
    return 0;
}

static int
make_key(const char *path, fault_t *fault)
{
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_make(path, fault);
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    if (!key)
        return -1;
    pubkey_write(machinekey_public(key), line);
    puts(bytes_text(line));
    return 0;
}

static void
service_end(service_t *self)
{
    ear_destroy(&self->ear);
    courier_destroy(&self->courier);
    relay_destroy(&self->relay);
    for (size_t i = 0; i < RELAY_SPOOLS_MAX; i++)
        spool_destroy(&self->spools[i]);
    sealer_destroy(&self->sealer);
}

static int
on_body(void *context, const relay_source_t *source, slice_t body, fault_t *fault)
{
    service_t *self = context;
    int failed = relay_take(self->relay, source, body, wall_now(), fault);
    self->alone = self->alone || (failed && fault->code == FAULT_UNREACHABLE);
    return failed;
}

static int
open_spool(service_t *self, size_t source, size_t broker, fault_t *fault)
{
    char folder[PATH_MAX];
    const relay_settings_t *settings = self->settings;
    const char *from = settings->sources[source].name, *to = settings->brokers[broker].name;
    snprintf(folder, sizeof folder, "%s/%s/%s", settings->state, to, from);
    spool_t *spool = spool_open(folder, fault);
    self->spools[source * RELAY_BROKERS_MAX + broker] = spool;
    if (spool && spool_count(spool))
        log_info("broker=%s source=%s: %zu posts wait from before", to, from, spool_count(spool));
    return spool ? 0 : -1;
}

static int
open_spools(service_t *self, fault_t *fault)
{
    for (size_t i = 0; i < self->settings->source_count; i++)
        for (size_t k = 0; k < self->settings->broker_count; k++)
            if (open_spool(self, i, k, fault))
                return -1;
    return 0;
}

/* Keys are read in a process of their own, before a stranger's byte is. */
static int
open_service(service_t *self, fault_t *fault)
{
    const relay_settings_t *settings = self->settings;
    if (folder_make(settings->state, 0700, fault) ||
        privilege_give(settings->state, (uid_t)settings->uid, fault))
        return -1;
    int listening = address_listen(&settings->http, fault);
    if (listening < 0)
        return -1;
    self->sealer = sealer_new(settings, fault);
    if (!self->sealer || privilege_drop((uid_t)settings->uid, fault) || open_spools(self, fault)) {
        close(listening);
        return -1;
    }
    self->relay = relay_new(settings, self->sealer, self->spools);
    self->courier = courier_new(settings, self->spools, fault);
    self->ear = ear_new(settings, listening, on_body, self, fault);
    if (!self->courier || !self->ear)
        return -1;
    fence_limits(DESCRIPTORS);
    fence_files(settings->state);
    return fence_calls(FENCE_SPEAKS, fault);
}

/* Until it is ended, which it may be at any time. */
static int
serve(const options_t *options, relay_settings_t *settings, fault_t *fault)
{
    CLEANUP(service_end) service_t self = {.settings = settings};
    if (options->check) {
        self.sealer = sealer_new(settings, fault);
        return self.sealer ? 0 : -1;
    }
    if (!options->foreground && daemon(1, 1))
        return fault_errno(fault, "daemon");
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return fault_set(fault, FAULT_IO, "libcurl does not start");
    if (open_service(&self, fault))
        return -1;
    log_info("serving %zu sources for %zu brokers", settings->source_count, settings->broker_count);
    while (!self.alone) {
        ear_run(self.ear);
        if (courier_turn(self.courier, ear_fd(self.ear), fault))
            return -1;
    }
    return fault_set(fault, FAULT_UNREACHABLE, "the process that signs is gone: start again");
}

int
main(int argc, char **argv)
{
    fault_t fault = {0};
    options_t options = {0};
    CLEANUP(relay_settings_destroy) relay_settings_t *settings = NULL;
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    log_open("tocsin-source", LEVEL_INFO);
    if (read_options(&options, argc, argv, &fault)) {
        fprintf(stderr, "tocsin-source: %s\n", fault.text);
        return fault_exit(fault.code);
    }
    log_open("tocsin-source", options.verbose ? LEVEL_DEBUG : LEVEL_INFO);
    int failed = 0;
    if (options.keygen)
        failed = make_key(options.keygen, &fault);
    else
        failed = !(settings = options.check
                                  ? relay_settings_check(options.config, log_error_text, &fault)
                                  : relay_settings_read(options.config, &fault)) ||
                 serve(&options, settings, &fault);
    if (!failed)
        return 0;
    log_error("%s (%s)", fault.text, fault_word(fault.code));
    return fault_exit(fault.code);
}
