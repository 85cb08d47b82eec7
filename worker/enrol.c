/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/enrol.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/privilege.h"
#include "keys/curve.h"
#include "wire/dossier.h"
#include "wire/enrolment.h"

/* Keys that are there stay, so that a request can be printed again. Secrets belong to the one role
 * that reads them. */
static machinekey_t *
signing_key(const settings_t *settings, fault_t *fault)
{
    char path[PATH_MAX];
    settings_path(settings, "judge/signing-key", path);
    if (!access(path, F_OK))
        return machinekey_load(path, fault);
    CLEANUP(machinekey_destroy) machinekey_t *key = machinekey_make(path, fault);
    return key && !privilege_give(path, settings->judge_uid, fault) ? MOVE(key) : NULL;
}

static int
x25519_key(const settings_t *settings, const char *name, uid_t owner, curvekey_t *key,
           fault_t *fault)
{
    char path[PATH_MAX];
    curvepair_t pair;
    settings_path(settings, name, path);
    if (access(path, F_OK) ? curve_make(&pair, path, fault) : curve_load(&pair, path, fault))
        return -1;
    *key = pair.public_key;
    curve_forget(&pair);
    return privilege_give(path, owner, fault);
}

/* What this worker asks an officer for. */
static int
make_request(const settings_t *settings, enrolment_t *request, fault_t *fault)
{
    *request = (enrolment_t){.site = settings->site};
    text_copy(request->worker, sizeof request->worker, settings->name);
    CLEANUP(machinekey_destroy) machinekey_t *key = signing_key(settings, fault);
    if (!key ||
        x25519_key(settings, "link/curve-secret", settings->link_uid, &request->curve, fault) ||
        x25519_key(settings, "judge/sealing-secret", settings->judge_uid, &request->sealing, fault))
        return -1;
    request->key = *machinekey_public(key);
    return 0;
}

/* The request on standard output, as the officer's file; what is read aloud on standard error. */
static int
print_request(const enrolment_t *request)
{
    char print[ENROLMENT_FINGERPRINT_TEXT];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    enrolment_encode(request, text);
    fputs(bytes_text(text), stdout);
    fprintf(stderr, "fingerprint  %s\nread it to the officer by another way than this file goes\n",
            enrolment_fingerprint(request, print));
    return 0;
}

/* The documents begin with the root whose hash the configuration has, list this worker with its
 * keys and no other, and are all in their time; only then are they kept. */
static int
take_answer(const settings_t *settings, const enrolment_t *request, const char *path,
            fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, DOSSIER_BYTES_MAX, fault);
    CLEANUP(trust_destroy) trust_t *trust = trust_new(&settings->site);
    const fleet_t *fleet = NULL;
    if (!*settings->documents)
        return fault_set(fault, FAULT_CONFIG,
                         "the configuration names no 'documents' folder to keep the answer in");
    if (!text || dossier_verify(bytes_slice(text), trust, fault) ||
        trust_check_current(trust, wall_now(), fault))
        return fault_wrap(fault, "'%.100s'", path);
    const worker_line_t *line = trust_worker(trust, settings->name, &fleet);
    if (!line || !pubkey_equal(&line->key, &request->key) ||
        memcmp(&line->curve, &request->curve, sizeof line->curve) != 0 ||
        (line->seals && memcmp(&line->sealing, &request->sealing, sizeof line->sealing) != 0))
        return fault_set(fault, FAULT_KEY, "'%.100s' does not list '%s' with the keys that it has",
                         path, settings->name);
    umask(022); /* the judge reads them as a user of its own, and they are no secrets */
    if (dossier_keep(bytes_slice(text), settings->documents, fault))
        return -1;
    printf("'%s' is enrolled in region '%s'; its documents are in '%s'\n", settings->name,
           fleet->region, settings->documents);
    return 0;
}

int
enrol(const settings_t *settings, const char *answer, fault_t *fault)
{
    enrolment_t request;
    if (make_request(settings, &request, fault))
        return -1;
    return answer ? take_answer(settings, &request, answer, fault) : print_request(&request);
}
