/* SPDX-License-Identifier: Apache-2.0 */
/* What a mandate is made of, for the files that implement worker/mandate.h. */
#ifndef TOCSIN_MANDATE_PRIVATE_H
#define TOCSIN_MANDATE_PRIVATE_H

#include "worker/mandate.h"

#define MANDATE_CONSENTS_MAX 64

/* The run's own release, or one that a step calls. */
typedef struct {
    char path[STEP_PATH_MAX]; /* of the step that calls it; "" of the run's own */
    hash_t release;
    class_t highest;
    manifest_t *manifest;
    value_t *inputs;
    frames_t *callee; /* as it came; NULL of the run's own */
} play_t;

struct mandate {
    frames_t *message;  /* the WARRANT as it came */
    uint64_t documents; /* how many had come when it held last */
    warrant_t *warrant; /* without its alert */
    class_t allowed;    /* by the signers, and in a dry run observe */
    size_t play_count, play_capacity, consent_count, consent_capacity;
    play_t *plays;                   /* the run's own first; at most MANDATE_SCRIPTS_MAX */
    char (*consents)[STEP_PATH_MAX]; /* paths of the steps that were consented to; at most
                                        MANDATE_CONSENTS_MAX */
};

/* The play whose step this path names, and the step; NULL where there is none. Valid until the
 * mandate takes another callee. */
const play_t *mandate_step(const mandate_t *self, const char *path, const manifest_step_t **step);

/* Whether the consents are there to every step that this one waits for in its own playbook, and
 * that its callers wait for in theirs. FAULT_DENIED. */
int mandate_check_consents(const mandate_t *self, const char *path, fault_t *fault) MUST_CHECK;

#endif
