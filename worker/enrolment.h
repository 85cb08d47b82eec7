/* SPDX-License-Identifier: Apache-2.0 */
/* enrolment - what the operator's site folder (docs/PROTOCOL.md 11) has that the judge has not: at
 * the first start all that it is to trust, at each later one what became newer. */
#ifndef TOCSIN_ENROLMENT_H
#define TOCSIN_ENROLMENT_H

#include "worker/judge.h"

/* Teaches the judge roots, people, fleets, stops and resumes of a folder, before judge_start; trust
 * is the judge's. What is missing is fine. Where the judge knew no root before, what does not hold
 * is a fault that names the file; afterwards it is older than what is known, and is left out. */
int enrolment_read(judge_t *judge, const trust_t *trust, const char *folder, wall_t now,
                   fault_t *fault) MUST_CHECK;

#endif
