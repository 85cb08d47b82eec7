/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin-broker - the centre's daemon.
 *
 *     tocsin-broker -c CONFIG [-n] [-d] [-v] [--new]   serves
 *     tocsin-broker keys -c CONFIG                     makes the keys that are missing; prints the
 *                                                      CURVE key for people, and the signing key
 *     tocsin-broker backup -c CONFIG FILE              the running broker's record, in a new FILE
 *     tocsin-broker restore -c CONFIG FILE             makes that the record of a stopped broker */
#include <czmq.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/backup.h"
#include "broker/broker.h"
#include "common/log.h"
#include "common/program.h"
#include "common/privilege.h"
#include "keys/curve.h"
#include "keys/signature.h"

#define USAGE                                                        \
    "usage: tocsin-broker [keys] -c CONFIG [-n] [-d] [-v] [--new], " \
    "or tocsin-broker backup|restore -c CONFIG FILE"

/* jemalloc's, which the broker takes its memory from. What libzmq's threads gave back goes home by
 * a thread of its own: who frees and then rests would keep it. */
extern const char *malloc_conf;
const char *malloc_conf = "background_thread:true";

typedef struct {
    const char *config;
    const char *file; /* of a backup */
    bool check, foreground, verbose, anew;
} options_t;

static int
read_options(options_t *self, bool file, int argc, char **argv, fault_t *fault)
{
    static const struct option longs[] = {{"new", no_argument, NULL, 'N'}, {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "c:ndv", longs, NULL)) != -1) {
        if (option == 'c')
            self->config = optarg;
        else if (option == 'n')
            self->check = true;
        else if (option == 'd')
            self->foreground = true;
        else if (option == 'v')
            self->verbose = true;
        else if (option == 'N')
            self->anew = true;
        else
            return fault_set(fault, FAULT_USAGE, USAGE);
    }
    self->file = file ? argv[optind++] : NULL;
    if (optind != argc || !self->config)
        return fault_set(fault, FAULT_USAGE, USAGE);
    return 0;
}

static int
make_keys(const options_t *options, const settings_t *settings, fault_t *fault)
{
    (void)options;
    char curve[CURVEKEY_TEXT];
    curvepair_t pair;
    CLEANUP(machinekey_destroy) machinekey_t *key = NULL;
    CLEANUP(bytes_destroy) bytes_t *line = bytes_new();
    const char *secret = settings->curve_secret;
    if (access(secret, F_OK) == 0 ? curve_load(&pair, secret, fault)
                                  : curve_make(&pair, secret, fault))
        return -1;
    curvekey_write(&pair.public_key, curve);
    curve_forget(&pair);
    key = access(settings->signing_key, F_OK) == 0 ? machinekey_load(settings->signing_key, fault)
                                                   : machinekey_make(settings->signing_key, fault);
    if (!key)
        return -1;
    pubkey_write(machinekey_public(key), line);
    printf("%s %s %s\n", settings->name, curve, bytes_text(line));
    return 0;
}

static int
serve(const options_t *options, const settings_t *settings, fault_t *fault)
{
    char folder[PATH_MAX];
    CLEANUP(broker_destroy) broker_t *broker = broker_load(settings, fault);
    if (!broker || program_folder(folder, fault))
        return -1;
    if (options->check)
        return broker_check(broker, folder, fault);
    if (!options->foreground && daemon(1, 1))
        return fault_errno(fault, "daemon");
    if (broker_bind(broker, folder, fault) || privilege_drop((uid_t)settings->uid, fault) ||
        broker_open(broker, options->anew, fault))
        return -1;
    return broker_serve(broker, fault);
}

static void
say_log(const char *file, const merkle_t *log, const char *what)
{
    char text[HASH_TEXT];
    hash_t head = merkle_head(log);
    printf("%s %s\nsize %llu\nhead %s\n", file, what, (unsigned long long)log->size,
           hash_write(&head, text));
}

static int
make_backup(const options_t *options, const settings_t *settings, fault_t *fault)
{
    merkle_t log;
    if (backup_take(settings->state, options->file, &log, fault))
        return -1;
    say_log(options->file, &log, "holds the record");
    return 0;
}

static int
restore_backup(const options_t *options, const settings_t *settings, fault_t *fault)
{
    merkle_t log;
    if (store_copy_restore(options->file, settings->state, (uid_t)settings->uid, &log, fault))
        return -1;
    say_log(options->file, &log, "is the record now; what stood there is beside it");
    printf("two officers sign what `tocsin keys restart` drafts with this size and head\n");
    return 0;
}

static const struct {
    const char *word;
    bool file; /* it names one */
    int (*run)(const options_t *options, const settings_t *settings, fault_t *fault);
} commands[] = {
    {"", false, serve},
    {"keys", false, make_keys},
    {"backup", true, make_backup},
    {"restore", true, restore_backup},
};

/* The row of the command; the first where none is named. */
static size_t
find_command(const char *word)
{
    size_t at = ARRAY_SIZE(commands) - 1;
    while (at && (!word || strcmp(word, commands[at].word) != 0))
        at--;
    return at;
}

int
main(int argc, char **argv)
{
    fault_t fault = {0};
    options_t options = {0};
    CLEANUP(settings_destroy) settings_t *settings = NULL;
    size_t command = find_command(argv[1]);
    umask(077);
    log_open("tocsin-broker", LOG_INFO);
    optind = command ? 2 : 1;
    if (read_options(&options, commands[command].file, argc, argv, &fault)) {
        fprintf(stderr, "tocsin-broker: %s\n", fault.text);
        return fault_exit(fault.code);
    }
    log_open("tocsin-broker", options.verbose ? LOG_DEBUG : LOG_INFO);
    settings = options.check ? settings_check(options.config, log_error_text, &fault)
                             : settings_read(options.config, &fault);
    if (!settings || commands[command].run(&options, settings, &fault)) {
        log_error("%s (%s)", fault.text, fault_word(fault.code));
        return fault_exit(fault.code);
    }
    return 0;
}
