/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy is made of, for the files that implement worker/policy.h. */
#ifndef TOCSIN_POLICY_PRIVATE_H
#define TOCSIN_POLICY_PRIVATE_H

#include "common/weekly.h"
#include "worker/permit.h"
#include "worker/policy.h"

typedef enum { FOLDER_READ, FOLDER_SPOOL, FOLDER_EXPENDABLE } folder_kind_t;

typedef struct {
    const char *path;
    folder_kind_t kind;
    uint64_t age_s; /* of an expendable one */
} folder_t;

typedef struct {
    const char *days, *span; /* as they stand in the policy */
    weekly_t weekly;
    bool blackout;  /* else a window */
    const op_t *op; /* whose own window it is; NULL of all that changes something */
} hours_t;

typedef struct {
    class_t highest;
    bool always;
    weekly_t weekly; /* when it stands, else */
} class_line_t;

struct policy {
    config_t *config; /* every text below lives in it */
    size_t class_count;
    class_line_t classes[POLICY_CLASSES_MAX];
    pace_t pace;
    quorums_t more;
    bool no_glass;
    const char *quarantine, *evidence, *backups; /* NULL where it names none */
    size_t folder_count, service_count, permit_count, hours_count, net_count, secret_count;
    hours_t hours[POLICY_HOURS_MAX];
    net_t nets[POLICY_NETS_MAX];
    struct {
        const char *name, *path;
    } secrets[POLICY_SECRETS_MAX];
    folder_t folders[POLICY_FOLDERS_MAX];
    service_t services[POLICY_SERVICES_MAX];
    permit_t permits[POLICY_PERMITS_MAX];
    size_t worse_count, command_count, device_count, database_count;
    struct {
        const op_t *op;
        class_t class_;
    } worse[POLICY_WORSE_MAX];
    site_command_t commands[POLICY_COMMANDS_MAX];
    network_device_t devices[POLICY_DEVICES_MAX];
    database_t databases[POLICY_DATABASES_MAX];
};

/* Whether a line of that kind declares this name. FAULT_POLICY. */
int policy_check_declared(const policy_t *self, declared_t by, const char *name,
                          fault_t *fault) MUST_CHECK;

/* Whether the op has a window of its own. */
bool policy_has_window(const policy_t *self, const op_t *op);

#endif
