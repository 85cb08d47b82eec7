/* SPDX-License-Identifier: Apache-2.0 */
/* families - the op table, one file a family: its rows ascending by name, each name the family's, a
 * dot, and a word. What acts stands in worker/ops/ under the same name. */
#ifndef TOCSIN_FAMILIES_H
#define TOCSIN_FAMILIES_H

#include "wire/ops.h"

#define KIB            1024
#define FIX_RESULT_MAX 320 /* escaped, it stands in one line of the effector's journal */

/* What rows have in common that see, and that fix something which the policy expects to be fixed.
 */
#define SEEING(seconds, mib, bytes)                                            \
    .least = CLASS_OBSERVE, .again = AGAIN_IDEMPOTENT, .timeout_s = (seconds), \
    .memory_mib = (mib), .result_bytes_max = (bytes)
#define FIXING(seconds, mib)                                                                       \
    .least = CLASS_CHANGE, .again = AGAIN_IDEMPOTENT, .timeout_s = (seconds), .memory_mib = (mib), \
    .result_bytes_max = FIX_RESULT_MAX

/* Of probes. The kernel counts the starts of processes in hundredths of a second. */
#define PROBED         "probed?: bool (true where it was found to have happened, after a crash)"
#define PROBE_SLACK_MS 12

/* What is said by that something which the fix starts anew was started at since_ms, 0 where nobody
 * knows: behind begun, or well before. */
probe_verdict_t probe_by_start(int64_t since_ms, wall_t begun);

/* What was seen is what the fix would have given. */
void probe_keep(const value_t *seen, const char *key, value_t *result);

typedef struct {
    const op_t *rows;
    size_t count;
} op_family_t;

extern const op_family_t ops_clock;
extern const op_family_t ops_conntrack;
extern const op_family_t ops_cron;
extern const op_family_t ops_device;
extern const op_family_t ops_disk;
extern const op_family_t ops_evidence;
extern const op_family_t ops_file;
extern const op_family_t ops_firewall;
extern const op_family_t ops_host;
extern const op_family_t ops_http;
extern const op_family_t ops_journal;
extern const op_family_t ops_link;
extern const op_family_t ops_log;
extern const op_family_t ops_neighbour;
extern const op_family_t ops_net;
extern const op_family_t ops_ntp;
extern const op_family_t ops_package;
extern const op_family_t ops_postgres;
extern const op_family_t ops_process;
extern const op_family_t ops_route;
extern const op_family_t ops_service;
extern const op_family_t ops_site;
extern const op_family_t ops_snmp;
extern const op_family_t ops_socket;
extern const op_family_t ops_sysctl;
extern const op_family_t ops_tls;
extern const op_family_t ops_unit;
extern const op_family_t ops_user;

#endif
