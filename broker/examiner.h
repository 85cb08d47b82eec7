/* SPDX-License-Identifier: Apache-2.0 */
/* examiner - what workers said, on its way into the loop: a thread beside it looks at the
 * signatures of their receipts, while the loop decides and writes what came before. Everything
 * comes out in the order in which it went in. A receipt that comes alone, with nothing before it
 * under way, is not worth the way there and back: it comes out as it went in, and whoever takes it
 * looks by himself. */
#ifndef TOCSIN_EXAMINER_H
#define TOCSIN_EXAMINER_H

#include <czmq.h>

#include "wire/gate.h"
#include "keys/pubkey.h"

#define EXAMINER_RECEIPTS 32  /* the thread has at a time */
#define EXAMINER_MESSAGES 256 /* likewise, receipts or not */
#define EXAMINER_BATCHES  8   /* on their way at most */

typedef struct {
    caller_t caller;
    frames_t *frames;
    bool receipt;
    pubkey_t key; /* of a receipt: whose signature it should be */
    bool proven;  /* and is; else nobody looked, or it does not hold */
} heard_t;

typedef struct examiner examiner_t;

examiner_t *examiner_new(void);

/* What is still under way is forgotten: nobody was told that it arrived. */
void examiner_destroy(examiner_t **self_p);

/* For the loop: readable when something may have come back. */
zsock_t *examiner_socket(const examiner_t *self);

/* Takes over *frames. key, where these are a receipt, is copied; else NULL. Waits for the thread
 * where EXAMINER_BATCHES are on their way: whoever speaks faster than that is heard later. */
void examiner_add(examiner_t *self, const caller_t *caller, frames_t **frames, const pubkey_t *key);

/* The next that can be heard now; false where there is none, and what was added is on its way. Its
 * frames are the caller's. */
bool examiner_next(examiner_t *self, heard_t *heard);

#endif
