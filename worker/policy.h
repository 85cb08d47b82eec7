/* SPDX-License-Identifier: Apache-2.0 */
/* policy - what the machine itself allows, whoever signed (docs/PROTOCOL.md 11), in a file that
 * nobody but root writes.
 *
 *     allow OP [ARGUMENT=VALUE]...    class highest CLASS       rate OP COUNT SECONDS
 *     read PATH   spool PATH          service NAME pidfile PATH
 *     expendable PATH older-than DURATION
 *     service NAME start|stop|reload COMMAND ARG...
 *     window DAYS HH:MM-HH:MM         blackout DAYS HH:MM-HH:MM
 *     approvals CLASS PEOPLE          orders CLASS PEOPLE       break-glass never
 *     management NET                  exceed PERSON
 *     quarantine PATH                 evidence PATH             secret NAME file PATH
 *     backups PATH                    device NAME DIALECT USER ADDRESS PORT password|key SECRET
 *                                         host-key TYPE BASE64
 *     database NAME FOLDER PORT DATABASE role ROLE user USER
 *     class OP CLASS                  exec NAME class CLASS timeout SECONDS COMMAND ARG...
 *     class highest CLASS DAYS HH:MM-HH:MM                      runs PLAYBOOK|* COUNT SECONDS
 *     window OP DAYS HH:MM-HH:MM
 *
 * What is not named is not allowed (worker/permit.h says what an allow line may name); without a
 * class line, nothing above observe. The paths that observe ops look at lie below a read or spool
 * folder; file ops act only below a spool folder. What they remove there has a name that a rotation
 * of logs made; below an expendable folder it is any regular file that nobody wrote to for so long.
 * Every service has a pidfile and a start command, whose program is what the pidfile's process
 * runs. Where there are windows, what changes something begins only within one, unless its order
 * breaks glass; within a blackout nothing does, but to undo (UTC, common/weekly.h). An op that has
 * windows of its own (`window OP`) acts only within one of those besides, glass or no glass, to
 * undo too; of one that needs them, host.reboot, no policy loads that names none. approvals and
 * orders raise root's quorums for releases and orders of a class: fewer people than root asks for
 * are no fewer (keys/trust.h). Without "break-glass never" an order may break glass. management
 * names addresses and networks that no op may cut off, and that an isolated machine still hears.
 * quarantine and evidence are folders of root's alone, for what ops take out of its place and what
 * they collect; backups is one for the configurations of network devices, which a device line says
 * how to reach (worker/device.h). database names a server of this machine's (worker/database.h). A
 * secret is what a file of its owner alone (0600) holds; ops and people know its name.
 *
 * An op is of its class in the op table, or of a worse one that a class line says; site.run is of
 * that of the command (worker/site_command.h). Of several class lines the highest that stands at
 * the moment counts. worker/pace.h says what rate, runs and exceed mean. */
#ifndef TOCSIN_POLICY_H
#define TOCSIN_POLICY_H

#include "common/config.h"
#include "common/moment.h"
#include "wire/allowance.h"
#include "common/net.h"
#include "worker/database.h"
#include "worker/device.h"
#include "worker/pace.h"
#include "worker/site_command.h"

#define POLICY_FOLDERS_MAX   64
#define POLICY_SERVICES_MAX  64
#define POLICY_PERMITS_MAX   512
#define POLICY_HOURS_MAX     64 /* windows and blackouts */
#define POLICY_NETS_MAX      64 /* management lines */
#define POLICY_CLASSES_MAX   16
#define POLICY_WORSE_MAX     64 /* class lines of ops */
#define POLICY_COMMANDS_MAX  64
#define POLICY_SECRETS_MAX   64
#define POLICY_DEVICES_MAX   64
#define POLICY_DATABASES_MAX 64

typedef struct policy policy_t;

/* A command is its words, NULL behind the last; NULL itself where the policy names none. All of it
 * lives as long as the policy. */
typedef struct {
    char name[TEXT_NAME_MAX + 1];
    const char *pidfile;
    const char *const *start;
    const char *const *stop;
    const char *const *reload;
} service_t;

/* FAULT_CONFIG "FILE:LINE: ..." for an unknown key, op or class, a path that is not normal, a rate
 * of an op that changes nothing (those are not counted), a second word on what has one; "FILE: ..."
 * for an incomplete service, and an allow line that names a service, command or secret of no line.
 */
policy_t *policy_load(const char *path, fault_t *fault);

/* The same, but each fault of the file is told, and the one that is left is how many. */
policy_t *policy_load_telling(const char *path, config_faults_t *faults, fault_t *fault);
void policy_destroy(policy_t **self_p);

/* At this moment. */
class_t policy_highest(const policy_t *self, wall_t now);

/* People whom it asks for beyond root's quorums. */
const quorums_t *policy_quorums(const policy_t *self);

/* What an allowance says of it: all but site, worker and time; ops ascending. */
void policy_tell(const policy_t *self, allowance_t *out);

/* NULL where the policy does not name it. */
const service_t *policy_service(const policy_t *self, const char *name);

/* The path of a secret's file; NULL where the policy does not name it. */
const char *policy_secret(const policy_t *self, const char *name);

/* The path of the index-th secret's file; NULL behind the last. */
const char *policy_secret_file(const policy_t *self, size_t index);

/* The index-th network of management; NULL behind the last. */
const net_t *policy_management(const policy_t *self, size_t index);

/* The folder; NULL where the policy names none. */
const char *policy_quarantine(const policy_t *self);
const char *policy_evidence(const policy_t *self);
const char *policy_backups(const policy_t *self);

/* The longest spool folder that this path lies below (not the folder itself); NULL where none. */
const char *policy_spool(const policy_t *self, const char *path);

/* The narrowest expendable folder that this path is or lies below, and how many seconds nobody may
 * have written to a file there; NULL where none. */
const char *policy_expendable(const policy_t *self, const char *path, uint64_t *age_s);

/* NULL where the policy does not name it. */
const site_command_t *policy_command(const policy_t *self, const char *name);

/* Likewise. */
const network_device_t *policy_device(const policy_t *self, const char *name);
const database_t *policy_database(const policy_t *self, const char *name);

/* What doing this is on this machine: never better than the op table says. */
class_t policy_class(const policy_t *self, const op_t *op, const value_t *arguments);

/* Whether this machine lets that be done now; arguments passed op_check. FAULT_POLICY, FAULT_CLASS.
 */
int policy_allows(const policy_t *self, const op_t *op, const value_t *arguments, wall_t now,
                  fault_t *fault) MUST_CHECK;

/* Whether an order may break glass here. FAULT_POLICY. */
int policy_check_glass(const policy_t *self, fault_t *fault) MUST_CHECK;

/* Whether this machine may be changed at this moment; glass: by an order that breaks it, which no
 * window holds back, and a blackout does. FAULT_POLICY. */
int policy_check_hours(const policy_t *self, bool glass, wall_t now, fault_t *fault) MUST_CHECK;

/* How often what may begin. */
const pace_t *policy_pace(const policy_t *self);

/* Names that a rotation made: .1 to .999, .gz .xz .zst .bz2 .old, or a part -YYYYMMDD. */
bool name_is_rotated(const char *name);

#endif
