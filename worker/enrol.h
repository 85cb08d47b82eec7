/* SPDX-License-Identifier: Apache-2.0 */
/* enrol - a worker's way in: it makes its two keys and asks, and takes what an officer answered. */
#ifndef TOCSIN_WORKER_ENROL_H
#define TOCSIN_WORKER_ENROL_H

#include "worker/settings.h"

/* Without an answer: the request (wire/enrolment.h) on standard output and its fingerprint on
 * standard error; keys that are there stay. With one, the path of a dossier: verified from the
 * configured site's id down, it must list this worker with both of its keys and be in its time;
 * then it is kept in the documents' folder. The state's folders are there. FAULT_SITE, FAULT_KEY,
 * FAULT_CONFIG and what trust says. */
int enrol(const settings_t *settings, const char *answer, fault_t *fault) MUST_CHECK;

#endif
