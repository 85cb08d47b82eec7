/* SPDX-License-Identifier: Apache-2.0 */
/* brief - what was proved and worked out before a run is accepted: the warrant, the releases with
 * their manifests and scripts, and where in the run each of them plays. */
#ifndef TOCSIN_BRIEF_H
#define TOCSIN_BRIEF_H

#include "keys/trust.h"
#include "wire/manifest.h"
#include "worker/ledger.h"

#define BRIEF_SCENES_MAX 64

/* One release. */
typedef struct {
    hash_t hash;
    class_t highest;
    manifest_t *manifest;
    bytes_t *text;              /* of playbook.lua */
    bytes_t *document, *armors; /* of a callee's release; NULL of the run's own */
} script_t;

/* One playbook in its place: the run's own, or one that a step calls. */
typedef struct {
    char path[STEP_PATH_MAX]; /* of the step that calls it; "" of the run's own */
    size_t script;            /* index */
    size_t caller;            /* index of the scene whose step that is */
    value_t *inputs;
} scene_t;

/* All of it is the brief's. */
typedef struct {
    warrant_t *warrant;
    size_t script_count, scene_count;
    script_t scripts[ORDER_RELEASES_MAX]; /* the run's own first */
    scene_t *scenes;                      /* the run's own first, callers before callees */
    bool once_here;                       /* steps that run once run on this target */
    bool sealed;                          /* so is what its steps give, under this key */
    sealkey_t key;
    value_t *all; /* what those see of the other targets (worker/gather.h) */
} brief_t;

void brief_clear(brief_t *self);

/* Adds the release that the warrant names, or one that its order lists besides, with the files
 * (encoded) that came with it, held against it. FAULT_HASH, and what bundle_check says. */
int brief_add(brief_t *self, const release_t *release, const kept_release_t *kept,
              fault_t *fault) MUST_CHECK;

/* Works out the scenes once every release is there: inputs, and whom each step calls; under a grant
 * nobody is called. FAULT_INPUT; FAULT_NOT_FOUND for a playbook that the order does not list;
 * FAULT_LIMIT for calls in a circle, too deep or too many; and what manifest_check_order and
 * manifest_check_called say. */
int brief_plan(brief_t *self, fault_t *fault) MUST_CHECK;

/* Opens a sealed order with the worker's pair (NULL: it has none), and what it seals among the
 * inputs; once scenes are there. FAULT_INPUT. */
int brief_open(brief_t *self, const char *worker, const curvepair_t *pair,
               fault_t *fault) MUST_CHECK;

/* The key under which outputs are sealed; NULL where they are not. */
const sealkey_t *brief_key(const brief_t *self);

/* The scene that the step of this path calls; NULL where there is none. */
const scene_t *brief_scene(const brief_t *self, const char *path);

/* FRONT/NAME, or NAME where front is "". False where that is too long. */
bool path_join(char out[static STEP_PATH_MAX], const char *front, const char *name);

/* How many names it has; 0 of "". */
size_t path_depth(const char *path);

#endif
