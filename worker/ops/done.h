/* SPDX-License-Identifier: Apache-2.0 */
/* done - what a fix that fails has done all the same: its fault says so. One that says nothing of
 * it left all as it was, or what it began was taken back. */
#ifndef TOCSIN_DONE_H
#define TOCSIN_DONE_H

#include "common/fault.h"

#define DONE_MARK "; done: " /* in a fault's text, in front of what is done */

/* Puts it behind a fault's text, which gives way where both are too long. Returns -1. */
int done_anyway(fault_t *fault, const char *format, ...) PRINTF(2, 3);

#endif
