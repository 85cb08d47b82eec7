/* SPDX-License-Identifier: Apache-2.0 */
/* ntp - one question to a time server (RFC 4330). */
#ifndef TOCSIN_NTP_H
#define TOCSIN_NTP_H

#include "common/fault.h"
#include "wire/value.h"

typedef struct {
    int64_t offset_us; /* to be added to the clock */
    int64_t delay_us;  /* there and back */
    unsigned stratum, leap;
} ntp_answer_t;

/* The arguments hold address, and port and timeout_ms or nothing (123, 3000). FAULT_UNREACHABLE;
 * FAULT_FAILED where the server does not know the time. */
int ntp_ask(const value_t *arguments, ntp_answer_t *out, fault_t *fault) MUST_CHECK;

#endif
