/* SPDX-License-Identifier: Apache-2.0 */
/* keeper - a program of libexec/tocsin that works for the broker with neither its files nor its
 * rights, and can be started again long after the broker itself dropped its privileges.
 *
 * The program is started once, while the broker may still give it another uid, and gives up what
 * it can. From then on it only forks a worker whenever the broker asks for one, and hands over the
 * worker's socket. A worker that fell over what strangers sent is replaced. */
#ifndef TOCSIN_KEEPER_H
#define TOCSIN_KEEPER_H

#include "common/channel.h"
#include "common/moment.h"

#define KEEPER_BACKOFF_MIN_MS 1000
#define KEEPER_BACKOFF_MAX_MS 60000

typedef struct keeper keeper_t;

/* What a new worker is told first; -1 with a fault where it took nothing. */
typedef int (*keeper_greet_t)(void *context, channel_t *worker, fault_t *fault);

/* Starts PROGRAM with these arguments (NULL behind the last, none of them a secret), no environment
 * and its socket as descriptor 3; and the first worker. Call it before privileges drop and before
 * a ZeroMQ context exists. greet may be NULL; context is borrowed. FAULT_UNREACHABLE where it does
 * not come up (it says why on standard error). */
keeper_t *keeper_new(const char *program, const char *const *arguments, keeper_greet_t greet,
                     void *context, fault_t *fault);

/* Ends the program and its worker. */
void keeper_destroy(keeper_t **self_p);

/* For the loop: readable while a worker may have said something. The same for the whole life. */
int keeper_fd(const keeper_t *self);

/* FAULT_UNREACHABLE where no worker is there now, or it takes nothing. */
int keeper_send(keeper_t *self, const frames_t *frames, fault_t *fault) MUST_CHECK;

/* The next message, the caller's; call it until NULL when keeper_fd is readable. NULL without a
 * fault when nothing is there; NULL with FAULT_UNREACHABLE, FAULT_FORMAT or FAULT_LIMIT when the
 * worker ended or spoke nonsense, once: keeper_tick then starts another. */
frames_t *keeper_next(keeper_t *self, fault_t *fault);

/* Ends the worker, as one that spoke nonsense of another kind. */
void keeper_dismiss(keeper_t *self);

/* Call it every second or so: starts a worker where none is, with a back-off that doubles from
 * KEEPER_BACKOFF_MIN_MS. FAULT_UNREACHABLE when the program itself is gone: restart the broker. */
int keeper_tick(keeper_t *self, mono_t now, fault_t *fault) MUST_CHECK;

/* The program's side. Its whole life once it gave up its rights: forks a worker at each wish, which
 * dies with the program and in which work (context, fd) takes over fd; ends with the broker. */
_Noreturn void keeper_serve(void (*work)(void *context, int fd), void *context);

/* First thing in the program: nothing but the socket stays open. */
void keeper_close_others(void);

#endif
