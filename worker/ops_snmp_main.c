/* SPDX-License-Identifier: Apache-2.0 */
/* ops-snmp NAME: what devices say over SNMP, through net-snmp. It reads no configuration and no MIB
 * of the machine: objects have their numbers. The argument `secret` is here what the secret's file
 * holds: a community of version 2c, or USER:AUTHENTICATION:PRIVACY of version 3. */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>
#include <stdio.h>
#include <string.h>

#include "worker/op_cell.h"
#include "worker/ops/asked.h"

#define SNMP_PORT   161
#define TIMEOUT_MS  2000
#define COUNT       100
#define BULK        20 /* objects asked for at once */
#define TEXT_BYTES  1024
#define SECRET_MAX  512
#define PASS_LEAST  8 /* characters of a passphrase (RFC 3414 11.2) */
#define ROWS_MAX    500
#define INDEX_BYTES 256

/* ---- sessions ----------------------------------------------------------------------------- */

static void
start_library(void)
{
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
    netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, 7);
    setenv("MIBS", "", 1);
    init_snmp("tocsin");
}

static int
make_key(netsnmp_session *wish, const char *passphrase, u_char *key, size_t *size, fault_t *fault)
{
    if (strlen(passphrase) < PASS_LEAST ||
        generate_Ku(wish->securityAuthProto, (u_int)wish->securityAuthProtoLen,
                    (const u_char *)passphrase, strlen(passphrase), key, size) != SNMPERR_SUCCESS)
        return fault_set(fault, FAULT_KEY,
                         "the secret is not USER:AUTHENTICATION:PRIVACY with passphrases of at "
                         "least %d characters",
                         PASS_LEAST);
    return 0;
}

/* Authenticated and encrypted, or not at all. secret is cut into its parts. */
static int
use_version_3(netsnmp_session *wish, char *secret, const char *auth, fault_t *fault)
{
    static oid sha1[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 3}, sha256[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, 5};
    static oid aes[] = {1, 3, 6, 1, 6, 3, 10, 1, 2, 4};
    bool old = !strcmp(auth, "sha1");
    char *rest = secret, *user = strsep(&rest, ":"), *first = strsep(&rest, ":");
    wish->version = SNMP_VERSION_3;
    wish->securityName = user;
    wish->securityNameLen = strlen(user);
    wish->securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
    wish->securityAuthProto = old ? sha1 : sha256;
    wish->securityAuthProtoLen = old ? ARRAY_SIZE(sha1) : ARRAY_SIZE(sha256);
    wish->securityPrivProto = aes;
    wish->securityPrivProtoLen = ARRAY_SIZE(aes);
    wish->securityAuthKeyLen = USM_AUTH_KU_LEN;
    wish->securityPrivKeyLen = USM_PRIV_KU_LEN;
    if (make_key(wish, first ? first : "", wish->securityAuthKey, &wish->securityAuthKeyLen, fault))
        return -1;
    return make_key(wish, rest ? rest : "", wish->securityPrivKey, &wish->securityPrivKeyLen,
                    fault);
}

static void *
open_session(const value_t *arguments, fault_t *fault)
{
    static char secret[SECRET_MAX], peer[300];
    netsnmp_session wish;
    const char *address = value_get_text(arguments, "address");
    bool six = strchr(address, ':');
    start_library();
    snmp_sess_init(&wish);
    snprintf(peer, sizeof peer, six ? "udp6:[%s]:%lld" : "udp:%s:%lld", address,
             (long long)asked_or(arguments, "port", SNMP_PORT));
    text_copy(secret, sizeof secret, value_get_text(arguments, "secret"));
    wish.peername = peer;
    wish.timeout = (long)asked_or(arguments, "timeout_ms", TIMEOUT_MS) * 1000;
    wish.retries = 1;
    wish.version = SNMP_VERSION_2c;
    wish.community = (u_char *)secret;
    wish.community_len = strlen(secret);
    const char *version = value_get_text(arguments, "version");
    if (strncmp(version, "3", 1) == 0 &&
        use_version_3(&wish, secret, strcmp(version, "3-sha1") ? "sha256" : "sha1", fault))
        return NULL;
    void *session = snmp_sess_open(&wish);
    if (!session)
        fault_set(fault, FAULT_UNREACHABLE, "'%.120s' cannot be asked: %s", address,
                  snmp_api_errstring(wish.s_snmp_errno));
    return session;
}

/* The answer, the caller's (snmp_free_pdu). NULL with FAULT_UNREACHABLE or FAULT_FAILED. */
static netsnmp_pdu *
ask(void *session, int command, const oid *object, size_t size, fault_t *fault)
{
    netsnmp_pdu *answer = NULL, *question = snmp_pdu_create(command);
    if (command == SNMP_MSG_GETBULK) {
        question->non_repeaters = 0;
        question->max_repetitions = BULK;
    }
    snmp_add_null_var(question, object, size);
    int status = snmp_sess_synch_response(session, question, &answer);
    if (status == STAT_SUCCESS && answer && answer->errstat == SNMP_ERR_NOERROR)
        return answer;
    char *words = NULL;
    int ignored;
    snmp_sess_error(session, &ignored, &ignored, &words);
    if (status == STAT_SUCCESS)
        fault_set(fault, FAULT_FAILED, "the device refuses: %s",
                  answer ? snmp_errstring((int)answer->errstat) : "no answer");
    else
        fault_set(fault, FAULT_UNREACHABLE, "the device does not answer: %.160s",
                  words ? words : "");
    free(words);
    if (answer)
        snmp_free_pdu(answer);
    return NULL;
}

/* ---- what they say ------------------------------------------------------------------------ */

static void
write_oid(const oid *object, size_t size, char out[static TEXT_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < size && used + 24 < TEXT_BYTES; i++)
        used += (size_t)snprintf(out + used, TEXT_BYTES - used, i ? ".%lu" : "%lu", object[i]);
}

/* As text where it is printable; else in hexadecimal. */
static const char *
tell_string(value_t *item, const netsnmp_variable_list *at)
{
    char text[TEXT_BYTES];
    size_t size = at->val_len, most = size < 500 ? size : 500;
    bool printable = text_is_printable(slice_of(at->val.string, size));
    for (size_t i = 0; i < most; i++)
        snprintf(text + (printable ? i : 2 * i), 3, printable ? "%c" : "%02x", at->val.string[i]);
    text[printable ? most : 2 * most] = '\0';
    value_set_text(item, "value", text);
    return printable ? "string" : "hex";
}

static const char *
tell_counter64(value_t *item, const netsnmp_variable_list *at)
{
    uint64_t number = (uint64_t)at->val.counter64->high << 32 | (uint32_t)at->val.counter64->low;
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    if (number <= INT64_MAX)
        value_set_integer(item, "value", (int64_t)number);
    else
        value_set_text(item, "value", text);
    return "counter64";
}

static const char *
tell_number(value_t *item, const netsnmp_variable_list *at)
{
    static const struct {
        unsigned type;
        const char *word;
    } words[] = {{ASN_INTEGER, "integer"},
                 {ASN_COUNTER, "counter"},
                 {ASN_GAUGE, "gauge"},
                 {ASN_TIMETICKS, "ticks"},
                 {ASN_UINTEGER, "integer"}};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (words[i].type != at->type)
            continue;
        value_set_integer(item, "value",
                          at->type == ASN_INTEGER ? (int64_t)*at->val.integer
                                                  : (int64_t)(uint32_t)*at->val.integer);
        return words[i].word;
    }
    value_set_text(item, "value", "");
    return "missing";
}

static void
tell_value(value_t *item, const netsnmp_variable_list *at)
{
    char text[TEXT_BYTES];
    const char *type = at->type == ASN_OBJECT_ID   ? "oid"
                       : at->type == ASN_IPADDRESS ? "address"
                                                   : NULL;
    if (at->type == ASN_OBJECT_ID)
        write_oid(at->val.objid, at->val_len / sizeof(oid), text);
    else if (at->type == ASN_IPADDRESS && at->val_len == 4)
        snprintf(text, sizeof text, "%u.%u.%u.%u", at->val.string[0], at->val.string[1],
                 at->val.string[2], at->val.string[3]);
    if (type)
        value_set_text(item, "value", text);
    else if (at->type == ASN_OCTET_STR || at->type == ASN_OPAQUE || at->type == ASN_IPADDRESS)
        type = tell_string(item, at);
    else if (at->type == ASN_COUNTER64)
        type = tell_counter64(item, at);
    else
        type = tell_number(item, at);
    value_set_text(item, "type", type);
}

static int
read_oid(const char *text, oid out[static MAX_OID_LEN], size_t *size, fault_t *fault)
{
    *size = MAX_OID_LEN;
    if (strspn(text, "0123456789.") == strlen(text) && read_objid(text, out, size))
        return 0;
    return fault_set(fault, FAULT_ARGUMENT,
                     "'%.100s' is no object's number, such as 1.3.6.1.2.1.1.3.0", text);
}

/* ---- the ops ------------------------------------------------------------------------------ */

typedef struct {
    void *session;
    oid root[MAX_OID_LEN];
    size_t root_size;
} device_t;

static int
device_open(device_t *self, const value_t *arguments, fault_t *fault)
{
    self->session = open_session(arguments, fault);
    return self->session &&
                   !read_oid(value_get_text(arguments, "oid"), self->root, &self->root_size, fault)
               ? 0
               : -1;
}

static void
device_close(device_t *self)
{
    if (self->session)
        snmp_sess_close(self->session);
}

static value_t *
get_object(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(device_close) device_t device = {0};
    char text[TEXT_BYTES];
    (void)world;
    netsnmp_pdu *answer =
        device_open(&device, arguments, fault)
            ? NULL
            : ask(device.session, SNMP_MSG_GET, device.root, device.root_size, fault);
    if (!answer)
        return NULL;
    value_t *result = value_map();
    if (answer->variables) {
        write_oid(answer->variables->name, answer->variables->name_length, text);
        value_set_text(result, "oid", text);
        tell_value(result, answer->variables);
    }
    snmp_free_pdu(answer);
    return result;
}

/* Gives on every object below the root, in order, until it says that it has enough. A device that
 * goes back is not followed. */
typedef bool visit_t(void *context, const device_t *device, const netsnmp_variable_list *at);

static int
walk(device_t *self, visit_t *visit, void *context, fault_t *fault)
{
    oid last[MAX_OID_LEN];
    size_t size = self->root_size;
    memcpy(last, self->root, size * sizeof *last);
    for (bool more = true; more;) {
        netsnmp_pdu *answer = ask(self->session, SNMP_MSG_GETBULK, last, size, fault);
        if (!answer)
            return -1;
        more = answer->variables;
        for (const netsnmp_variable_list *at = answer->variables; at && more;
             at = at->next_variable) {
            more = at->type != SNMP_ENDOFMIBVIEW && at->name_length >= self->root_size &&
                   !snmp_oid_compare(at->name, self->root_size, self->root, self->root_size) &&
                   snmp_oid_compare(at->name, at->name_length, last, size) > 0 &&
                   visit(context, self, at);
            size = more ? at->name_length : size;
            memcpy(last, more ? at->name : last, size * sizeof *last);
        }
        snmp_free_pdu(answer);
    }
    return 0;
}

typedef struct {
    value_t *list;
    int64_t most;
    bool more;
} walked_t;

static bool
on_object(void *walked, const device_t *device, const netsnmp_variable_list *at)
{
    walked_t *self = walked;
    char text[TEXT_BYTES];
    (void)device;
    self->more = (int64_t)value_count(self->list) == self->most;
    if (self->more)
        return false;
    value_t *item = value_map();
    write_oid(at->name, at->name_length, text);
    value_set_text(item, "oid", text);
    tell_value(item, at);
    value_append(self->list, item);
    return true;
}

static value_t *
walk_objects(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    CLEANUP(device_close) device_t device = {0};
    CLEANUP(value_destroy) value_t *list = value_list();
    walked_t walked = {.list = list, .most = asked_or(arguments, "count", COUNT)};
    (void)world;
    if (device_open(&device, arguments, fault) || walk(&device, on_object, &walked, fault))
        return NULL;
    value_t *result = value_map();
    value_set(result, "objects", MOVE(list));
    value_set_bool(result, "more", walked.more);
    return result;
}

/* ---- tables: TABLE.1.COLUMN.INDEX --------------------------------------------------------- */

typedef struct {
    size_t count, most;
    bool more;
    struct {
        char index[INDEX_BYTES];
        value_t *cells;
    } rows[ROWS_MAX];
} rows_t;

/* NULL where there are enough. A column tells its rows in the same order as the one before. */
static value_t *
row_of(rows_t *self, const char *index)
{
    for (size_t i = 0; i < self->count; i++)
        if (!strcmp(self->rows[i].index, index))
            return self->rows[i].cells;
    self->more = self->more || self->count == self->most;
    if (self->count == self->most || !text_copy(self->rows[self->count].index, INDEX_BYTES, index))
        return NULL;
    return self->rows[self->count++].cells = value_list();
}

static bool
on_cell(void *rows, const device_t *device, const netsnmp_variable_list *at)
{
    char index[TEXT_BYTES];
    size_t head = device->root_size + 2;
    if (at->name_length <= head)
        return true;
    write_oid(at->name + head, at->name_length - head, index);
    value_t *cells = row_of(rows, index);
    if (!cells)
        return true;
    value_t *cell = value_map();
    value_set_integer(cell, "column", (int64_t)at->name[head - 1]);
    tell_value(cell, at);
    value_append(cells, cell);
    return true;
}

static value_t *
list_rows(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static rows_t rows;
    CLEANUP(device_close) device_t device = {0};
    value_t *list = value_list();
    (void)world;
    rows.most = (size_t)asked_or(arguments, "count", COUNT);
    int wrong = device_open(&device, arguments, fault) || walk(&device, on_cell, &rows, fault);
    for (size_t i = 0; i < rows.count; i++) {
        value_t *row = value_map();
        value_set_text(row, "index", rows.rows[i].index);
        value_set(row, "cells", rows.rows[i].cells);
        value_append(list, row);
    }
    value_t *result = value_map();
    value_set(result, "rows", list);
    value_set_bool(result, "more", rows.more);
    if (wrong)
        value_destroy(&result);
    return result;
}

int
main(int argc, char **argv)
{
    static const op_act_t acts[] = {
        {"snmp.get", get_object}, {"snmp.table", list_rows}, {"snmp.walk", walk_objects}};
    return op_cell_main(argc, argv, acts, ARRAY_SIZE(acts));
}
