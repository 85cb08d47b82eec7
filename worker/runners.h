/* SPDX-License-Identifier: Apache-2.0 */
/* runners - which runners the judge has asked the spawner for (docs/PROTOCOL.md 7.2). Each serves
 * one attempt; one may stand ready before anybody needs it. */
#ifndef TOCSIN_RUNNERS_H
#define TOCSIN_RUNNERS_H

#include "worker/outbox.h"

#define RUNNERS_MAX 64 /* at work or on their way; an attempt above that waits */

/* A plain value; zeroed but for the outbox, no runner was asked for. */
typedef struct {
    outbox_t *outbox; /* borrowed */
    uint64_t last;    /* number of the runner asked for last */
    size_t count;     /* asked for, and neither done nor gone */
    uint64_t spare;   /* asked for ahead; 0 where none is */
    bool spare_ready; /* its descriptor came */
    bool lacking;     /* one was refused since somebody looked last */
} runners_t;

/* Asks for one ahead of need, where none stands ready. */
void runners_prepare(runners_t *self);

/* A runner's number; *ready tells whether its descriptor came already. 0 where RUNNERS_MAX work. */
uint64_t runners_take(runners_t *self, bool *ready);

/* One that was taken is done with, or gone. */
void runners_release(runners_t *self);

/* Has the spawner end it; it counts until it is released. */
void runners_kill(const runners_t *self, uint64_t runner);

/* The descriptor, or the end, of the one that stands ready: false for any other. */
bool runners_on_ready(runners_t *self, uint64_t runner);
bool runners_on_end(runners_t *self, uint64_t runner);

#endif
