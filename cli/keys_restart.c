/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin keys restart: two officers say where a log that was put back goes on. */
#include <stdio.h>

#include "cli/keys.h"
#include "cli/options.h"
#include "cli/pair.h"
#include "cli/record.h"

/* Who signs has seen that the broker's leaves make this head. */
static int
check_leaves(const session_t *session, const restart_t *restart, fault_t *fault)
{
    slice_t leaf;
    merkle_t log = {0};
    CLEANUP(record_close) record_t *record = record_ask(session->client, fault);
    if (!record)
        return -1;
    while (log.size < restart->size) {
        int more = record_next(record, &leaf, fault);
        if (more < 0)
            return -1;
        if (!more)
            return fault_set(fault, FAULT_PROOF, "the broker's record has %llu leaves, not %llu",
                             (unsigned long long)log.size, (unsigned long long)restart->size);
        hash_t hash = hash_leaf(leaf);
        merkle_append(&log, &hash);
    }
    hash_t head = merkle_head(&log);
    return restart_check(restart, record_checkpoint(record)->broker, log.size, &head, fault);
}

static int
name_broker(const session_t *session, char out[static TEXT_NAME_MAX + 1], fault_t *fault)
{
    CLEANUP(value_destroy) value_t *status = client_ask(session->client, "status", NULL, fault);
    if (!status)
        return -1;
    return text_copy(out, TEXT_NAME_MAX + 1, value_get_text(status, "broker"))
               ? 0
               : fault_set(fault, FAULT_FORMAT, "the broker's name is none");
}

static int
draft(pair_t *self, const session_t *session, restart_t *restart, const char *reason,
      fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *document = bytes_new();
    restart->site = *trust_site(session->trust);
    restart->created = wall_second();
    if (options_reason(reason, restart->reason, sizeof restart->reason, fault) ||
        name_broker(session, restart->broker, fault))
        return -1;
    restart_encode(restart, document);
    return pair_new(self, "restarts", &document, fault);
}

int
keys_restart(const options_t *options, int argc, char **argv)
{
    fault_t fault;
    restart_t restart = {.size = UINT64_MAX};
    const command_t *self = command_row(keys_commands, argv[0]);
    const char *reason = "", *file = NULL, *head = "";
    const option_t rows[] = {{"--size", OPTION_NUMBER, &restart.size},
                             {"--head", OPTION_TEXT, &head},
                             {"--reason", OPTION_TEXT, &reason},
                             {"--file", OPTION_TEXT, &file},
                             {NULL, OPTION_FLAG, NULL}};
    if (options_take(rows, 1, &argc, argv, true, &fault))
        return command_usage(self, "%s", fault.text);
    if (argc != 1 ||
        (!file && (restart.size > INT64_MAX || !hash_read(head, &restart.head) || !*reason)))
        return command_usage(self, "give the --size and --head that tocsin-broker restore printed "
                                   "and a --reason, or the --file of a restart that waits for you");
    CLEANUP(session_close) session_t session = {.trust = NULL};
    CLEANUP(pair_clear) pair_t pair = {.path = ""};
    if (session_open(&session, options, &fault) ||
        (file ? pair_load(&pair, file, &fault) : draft(&pair, &session, &restart, reason, &fault)))
        return command_fail(&fault);
    CLEANUP(restart_destroy) restart_t *shown = restart_decode(bytes_slice(pair.document), &fault);
    if (!shown || check_leaves(&session, shown, &fault))
        return command_fail(&fault);
    int status = pair_sign(&pair, options, SIGN_RESTART, "restart", "tocsin keys restart");
    if (status)
        return status;
    CLEANUP(value_destroy)
    value_t *answer = session_submit(&session, "restart", bytes_slice(pair.document),
                                     bytes_slice(pair.armors), NULL, &fault);
    if (!answer)
        return command_fail(&fault);
    pair_done(&pair);
    return 0;
}
