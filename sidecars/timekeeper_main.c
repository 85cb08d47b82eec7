/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-timekeeper - signs what time it is and what is the newest that the site has.
 *
 *     tocsin-timekeeper -c CONFIG [-n] [-d] [-v]     serves; -n only looks at configuration, keys
 *                                                    and state
 *     tocsin-timekeeper keys -c CONFIG               makes the keys that are missing, and prints
 *                                                    what root's timekeeper line says of them
 *
 * One process, one thread that decides: it holds its two keys and nothing else of value. It may end
 * at any moment; what was said is on the disk. */
#include <czmq.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fence.h"
#include "common/file.h"
#include "common/log.h"
#include "common/privilege.h"
#include "sidecars/lodge.h"
#include "sidecars/timekeeper_settings.h"

#define USAGE       "usage: tocsin-timekeeper [keys] -c CONFIG [-n] [-d] [-v]"
#define DESCRIPTORS 1024

typedef struct {
    const char *config;
    bool keys, check, foreground, verbose;
} options_t;

typedef struct {
    const timekeeper_settings_t *settings;
    curvepair_t pair;
    machinekey_t *key;
    metronome_t *metronome;
    gate_t *gate;
    lodge_t *lodge;
} service_t;

static int
read_options(options_t *self, int argc, char **argv, fault_t *fault)
{
    self->keys = argc > 1 && !strcmp(argv[1], "keys");
    optind = self->keys ? 2 : 1;
    for (int option; (option = getopt(argc, argv, "c:ndv")) != -1;) {
        if (option == '?')
            return fault_set(fault, FAULT_USAGE, USAGE);
        if (option == 'c')
            self->config = optarg;
        else
            *(option == 'n'   ? &self->check
              : option == 'd' ? &self->foreground
                              : &self->verbose) = true;
    }
    if (optind != argc || !self->config)
        return fault_set(fault, FAULT_USAGE, USAGE);
    return 0;
}

/* "CURVE ssh-ed25519 BASE64": what stands behind the name in root's line. */
static int
make_keys(const timekeeper_settings_t *settings, fault_t *fault)
{
    char curve[CURVEKEY_TEXT];
    curvepair_t pair;
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    const char *secret = settings->curve_secret, *signing = settings->signing_key;
    if (access(secret, F_OK) == 0 ? curve_load(&pair, secret, fault)
                                  : curve_make(&pair, secret, fault))
        return -1;
    curvekey_write(&pair.public_key, curve);
    curve_forget(&pair);
    CLEANUP(machinekey_destroy)
    machinekey_t *key = access(signing, F_OK) == 0 ? machinekey_load(signing, fault)
                                                   : machinekey_make(signing, fault);
    if (!key)
        return -1;
    pubkey_write(machinekey_public(key), line);
    printf("%s %s\n", curve, bytes_text(line));
    return 0;
}

static void
service_end(service_t *self)
{
    lodge_destroy(&self->lodge);
    gate_destroy(&self->gate);
    metronome_destroy(&self->metronome);
    machinekey_destroy(&self->key);
    curve_forget(&self->pair);
}

static int
make_state(const timekeeper_settings_t *settings, fault_t *fault)
{
    return folder_make(settings->state, 0700, fault) ||
                   privilege_give(settings->state, (uid_t)settings->uid, fault)
               ? -1
               : 0;
}

static int
load_keys(service_t *self, fault_t *fault)
{
    if (curve_load(&self->pair, self->settings->curve_secret, fault))
        return fault_wrap(fault, "'tocsin-timekeeper keys' makes one");
    self->key = machinekey_load(self->settings->signing_key, fault);
    return self->key ? 0 : fault_wrap(fault, "'tocsin-timekeeper keys' makes one");
}

static int
load_metronome(service_t *self, fault_t *fault)
{
    const timekeeper_settings_t *settings = self->settings;
    self->metronome =
        metronome_load(settings->state, &settings->site, self->key, &self->pair.public_key, fault);
    if (!self->metronome)
        return -1;
    return settings->documents ? metronome_bring(self->metronome, settings->documents, fault) : 0;
}

/* Its keys are read as whoever starts it; all that follows, and every thread, is fenced in. */
static int
open_service(service_t *self, fault_t *fault)
{
    const timekeeper_settings_t *settings = self->settings;
    if (make_state(settings, fault) || load_keys(self, fault) ||
        privilege_drop((uid_t)settings->uid, fault))
        return -1;
    fence_limits(DESCRIPTORS);
    fence_files(settings->state);
    if (fence_calls(FENCE_SPEAKS, fault) || load_metronome(self, fault))
        return -1;
    self->gate = gate_new(settings->listen, &self->pair, fault);
    if (!self->gate)
        return -1;
    self->lodge = lodge_new(self->gate, self->metronome, settings->beat_s);
    return gate_check(self->gate, fault);
}

/* A beacon that is not made is said each beat; a disk that does not keep it ends the process. */
static int
beat(service_t *self, fault_t *fault)
{
    fault_t why = {0};
    if (!metronome_beat(self->metronome, wall_now(), mono_now(), &why)) {
        lodge_ring(self->lodge);
        return 0;
    }
    if (why.code == FAULT_IO || why.code == FAULT_FULL)
        return fault_set(fault, why.code, "%s", why.text);
    log_fault("no beacon", &why);
    return 0;
}

/* Writes nothing. */
static int
check_documents(const timekeeper_settings_t *settings, fault_t *fault)
{
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&settings->site);
    return settings->documents ? trust_load(trust, settings->documents, fault) : 0;
}

static int
serve(const options_t *options, const timekeeper_settings_t *settings, fault_t *fault)
{
    CLEANUP(service_end) service_t self = {.settings = settings};
    if (options->check)
        return load_keys(&self, fault) || check_documents(settings, fault) ? -1 : 0;
    if (!options->foreground && daemon(1, 1))
        return fault_errno(fault, "daemon");
    if (open_service(&self, fault))
        return -1;
    log_info("a beacon every %llu s, on '%s'", (unsigned long long)settings->beat_s,
             settings->listen);
    CLEANUP(zpoller_destroy) zpoller_t *poller = zpoller_new(gate_socket(self.gate), NULL);
    int64_t beat_ms = (int64_t)settings->beat_s * 1000;
    for (;;) {
        int64_t wait = metronome_wait(self.metronome, beat_ms, mono_now());
        if (!wait && beat(&self, fault))
            return -1;
        zpoller_wait(poller, (int)metronome_wait(self.metronome, beat_ms, mono_now()));
        if (zpoller_terminated(poller))
            return 0;
        if (lodge_hear(self.lodge, fault))
            return -1;
    }
}

int
main(int argc, char **argv)
{
    fault_t fault = {0};
    options_t options = {0};
    umask(077);
    log_open("tocsin-timekeeper", LEVEL_INFO);
    if (read_options(&options, argc, argv, &fault)) {
        fprintf(stderr, "tocsin-timekeeper: %s\n", fault.text);
        return fault_exit(fault.code);
    }
    log_open("tocsin-timekeeper", options.verbose ? LEVEL_DEBUG : LEVEL_INFO);
    CLEANUP(timekeeper_settings_destroy)
    timekeeper_settings_t *settings =
        options.check ? timekeeper_settings_check(options.config, log_error_text, &fault)
                      : timekeeper_settings_read(options.config, &fault);
    if (settings &&
        !(options.keys ? make_keys(settings, &fault) : serve(&options, settings, &fault)))
        return 0;
    log_error("%s (%s)", fault.text, fault_word(fault.code));
    return fault_exit(fault.code);
}
