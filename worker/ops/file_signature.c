/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of files by OpenPGP, as gpgv tells of them on its status descriptor (GnuPG,
 * doc/DETAILS). Only those that stand beside their file: around what a file has inside itself there
 * may be more, which nobody signed. */
#include <fcntl.h>

#include "worker/ops/bodies.h"
#include "worker/ops/command.h"
#include "worker/ops/machine.h"
#include "worker/ops/own.h"
#include "worker/ops/place.h"

#define GPGV        "/usr/bin/gpgv"
#define SIGNED_MAX  (4ULL << 30)
#define SIGNERS_MAX 16
#define SAID_MAX    (64 * 1024)
#define STATUS_LINE 1024

/* What the words of gpgv's lines mean for whoever wants to trust the file. */
static const struct {
    const char *word, *problem;
} problems[] = {
    {"BADSIG", "the file is not what was signed"},
    {"ERRSIG", "no key of the keyring made it"},
    {"EXPKEYSIG", "the key expired"},
    {"EXPSIG", "the signature expired"},
    {"NODATA", "there is no signature in it"},
    {"REVKEYSIG", "the key was revoked"},
    {"UNEXPECTED", "it is no signature of another file"},
};

static int
open_keyring(const char *path, fault_t *fault)
{
    struct stat status;
    CLEANUP(descriptor_close) int fd = place_open(path, O_PATH | O_NOFOLLOW, fault);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_uid != 0 ||
        (status.st_mode & (S_IWGRP | S_IWOTH)))
        return fault_set(fault, FAULT_POLICY, "'%.160s' is no file that only root can write", path);
    return 0;
}

/* VALIDSIG FINGERPRINT DATE SECONDS ..., behind the GOODSIG KEY NAME of the same signature. */
static void
add_signer(char *words, const char *name, value_t *signers)
{
    uint64_t seconds = 0;
    const char *fingerprint = word_next(&words);
    word_next(&words);
    const char *at = word_next(&words);
    if (!fingerprint || !at || !text_read_u64(at, 0, INT64_MAX / 1000, &seconds))
        return;
    value_t *signer = value_map();
    show(signer, "fingerprint", fingerprint);
    show(signer, "name", name);
    value_set_integer(signer, "at", (int64_t)seconds * 1000);
    value_append(signers, signer);
}

/* The signers of what gpgv calls good, and nothing else's; *problem of the first that is not. */
static value_t *
read_status(const char *said, const char **problem)
{
    static const char head[] = "[GNUPG:] ";
    char line[STATUS_LINE], good[STATUS_LINE] = "";
    value_t *signers = value_list();
    while (line_next(&said, line, sizeof line)) {
        if (strncmp(line, head, sizeof head - 1) != 0)
            continue;
        char *rest = line + sizeof head - 1, *word = word_next(&rest);
        if (!word)
            continue;
        for (size_t i = 0; !*problem && i < ARRAY_SIZE(problems); i++)
            if (!strcmp(word, problems[i].word))
                *problem = problems[i].problem;
        if (!strcmp(word, "NEWSIG"))
            good[0] = '\0';
        if (!strcmp(word, "GOODSIG") && word_next(&rest))
            snprintf(good, sizeof good, "%s", *rest ? rest : "?");
        if (!strcmp(word, "VALIDSIG") && good[0] && value_count(signers) < SIGNERS_MAX)
            add_signer(rest, good, signers);
    }
    return signers;
}

value_t *
file_signature(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    const char *path = value_get_text(arguments, "path"), *problem = NULL;
    const char *keyring = value_get_text(arguments, "keyring");
    const char *const words[] = {
        GPGV, "--quiet", "--status-fd", "1", "--enable-special-filenames", "--keyring", keyring,
        "--", "-&3",     "-&4",         NULL};
    struct stat status;
    int given[2], ended;
    if (open_keyring(keyring, fault))
        return NULL;
    CLEANUP(descriptor_close)
    int signature = own_open_others(value_get_text(arguments, "signature"), world, &status, fault);
    CLEANUP(descriptor_close)
    int file = signature < 0 ? -1 : own_open_others(path, world, &status, fault);
    if (file < 0)
        return NULL;
    if ((uint64_t)status.st_size > SIGNED_MAX) {
        fault_set(fault, FAULT_LIMIT, "'%.160s' is over 4 GiB", path);
        return NULL;
    }
    given[0] = signature;
    given[1] = file;
    CLEANUP(bytes_destroy)
    bytes_t *said = command_run_with(words, given, 2, SAID_MAX, &ended, fault);
    if (!said)
        return NULL;
    value_t *result = value_map(), *signers = read_status(bytes_text(said), &problem);
    bool valid = ended == 0 && !problem && value_count(signers) > 0;
    value_set_text(result, "path", path);
    value_set_bool(result, "valid", valid);
    if (!valid)
        value_set_text(result, "problem", problem ? problem : "gpgv cannot read it");
    value_set(result, "signers", signers);
    return result;
}
