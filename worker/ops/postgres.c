/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/postgres.h"

#include <postgresql/libpq-fe.h>
#include <stdio.h>

#include "worker/ops/account.h"
#include "worker/ops/asked.h"
#include "worker/ops/machine.h"

#define OLDEST       130000 /* as libpq counts versions */
#define SAID_MAX     160    /* bytes of what the server says of a failure */
#define INTEGERS_MAX 10

struct postgres {
    PGconn *connection;
};

/* What the server said, in one printable line. */
static void
say_why(char out[static SAID_MAX], const char *text)
{
    asked_printable(out, SAID_MAX, text && *text ? text : "it does not say why");
    for (size_t size = strlen(out); size && strchr("? .", out[size - 1]); size--)
        out[size - 1] = '\0';
}

/* ---- connecting -------------------------------------------------------------------------------
 */

static int
become(const value_t *reach, const op_world_t *world, fault_t *fault)
{
    const char *user = value_get_text(reach, "user");
    account_t account;
    if (account_find(world, user, &account, fault))
        return -1;
    if (!account.user)
        return fault_set(fault, FAULT_POLICY, "'%.40s' is root: nobody asks a database as that",
                         user);
    return op_cell_become(account.user, account.group, fault);
}

/* A server that asks for a password, or for anything else but who we are, is not answered. */
static PGconn *
connect_to(const value_t *reach)
{
    char port[16];
    snprintf(port, sizeof port, "%lld", (long long)value_get_integer(reach, "port"));
    const char *const words[][2] = {
        {"host", value_get_text(reach, "folder")},
        {"port", port},
        {"dbname", value_get_text(reach, "database")},
        {"user", value_get_text(reach, "role")},
        {"passfile", "/dev/null"},
        {"sslmode", "disable"},
        {"gssencmode", "disable"},
        {"client_encoding", "UTF8"},
        {"application_name", "tocsin"},
        {"connect_timeout", "5"},
        {"options", "-c search_path=pg_catalog,pg_temp -c statement_timeout=8s -c lock_timeout=2s "
                    "-c idle_in_transaction_session_timeout=10s -c DateStyle=ISO"},
    };
    const char *keys[ARRAY_SIZE(words) + 1] = {0}, *values[ARRAY_SIZE(words) + 1] = {0};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        keys[i] = words[i][0];
        values[i] = words[i][1];
    }
    return PQconnectdbParams(keys, values, 0);
}

static void
ignore_notice(void *context, const PGresult *result)
{
    (void)context, (void)result;
}

/* Before it is let in, the server's word on why is all there is to tell a refusal by. */
static int
check_open(const PGconn *connection, const value_t *reach, fault_t *fault)
{
    char said[SAID_MAX];
    if (PQstatus(connection) == CONNECTION_OK) {
        int version = PQserverVersion(connection);
        return version >= OLDEST
                   ? 0
                   : fault_set(fault, FAULT_VERSION, "the server is older than PostgreSQL %d",
                               OLDEST / 10000);
    }
    const char *text = PQerrorMessage(connection);
    const char *fatal = text ? strstr(text, "FATAL:") : NULL;
    bool asks = PQconnectionNeedsPassword(connection);
    say_why(said, asks ? "it asks for a password" : fatal ? fatal + strlen("FATAL:  ") : text);
    return fault_set(fault, asks || fatal ? FAULT_DENIED : FAULT_UNREACHABLE,
                     "the server in '%.80s' does not let role '%.40s' in: %s",
                     value_get_text(reach, "folder"), value_get_text(reach, "role"), said);
}

postgres_t *
postgres_open(const value_t *reach, const op_world_t *world, fault_t *fault)
{
    if (become(reach, world, fault))
        return NULL;
    CLEANUP(postgres_destroy) postgres_t *self = memory_new(1, sizeof *self);
    self->connection = connect_to(reach);
    if (check_open(self->connection, reach, fault))
        return NULL;
    PQsetNoticeReceiver(self->connection, ignore_notice, NULL);
    return MOVE(self);
}

void
postgres_destroy(postgres_t **self_p)
{
    if (*self_p)
        PQfinish((*self_p)->connection);
    memory_free(self_p);
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static bool
read_integer(const char *text, int64_t *out)
{
    uint64_t size;
    bool negative = text[0] == '-';
    if (!text_read_u64(text + negative, 0, INT64_MAX, &size))
        return false;
    *out = negative ? -(int64_t)size : (int64_t)size;
    return true;
}

/* "{12,345}" */
static bool
set_integers(value_t *row, const char *name, const char *text)
{
    char word[24];
    value_t *list = value_list();
    value_set(row, name, list);
    if (!strcmp(text, "{}"))
        return true;
    for (const char *at = text; *at == '{' || *at == ',';) {
        int64_t number;
        size_t size = strcspn(++at, ",}");
        if (size >= sizeof word || value_count(list) == INTEGERS_MAX)
            return false;
        snprintf(word, sizeof word, "%.*s", (int)size, at);
        if (!read_integer(word, &number))
            return false;
        value_append(list, value_integer(number));
        at += size;
        if (!strcmp(at, "}"))
            return true;
    }
    return false;
}

static bool
set_column(value_t *row, const column_t *column, const char *text)
{
    int64_t number = 0;
    switch (column->kind) {
    case COLUMN_TEXT:
        show(row, column->name, text ? text : "");
        return true;
    case COLUMN_INTEGER:
        if (!text || !read_integer(text, &number))
            return !text;
        value_set_integer(row, column->name, number);
        return true;
    case COLUMN_BOOL:
        if (text)
            value_set_bool(row, column->name, !strcmp(text, "t"));
        return !text || !strcmp(text, "t") || !strcmp(text, "f");
    case COLUMN_INTEGERS:
        return set_integers(row, column->name, text ? text : "{}");
    }
    return false;
}

/* The one row of a result in single-row mode. */
static value_t *
row_of(const PGresult *result, const column_t *columns, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *row = value_map();
    int count = 0;
    while (columns[count].name)
        count++;
    bool good = PQnfields(result) == count && PQntuples(result) == 1;
    for (int i = 0; good && i < count; i++)
        good = set_column(row, &columns[i],
                          PQgetisnull(result, 0, i) ? NULL : PQgetvalue(result, 0, i));
    if (good)
        return MOVE(row);
    fault_set(fault, FAULT_FORMAT, "the server does not answer as PostgreSQL does");
    return NULL;
}

/* By the codes of PostgreSQL's appendix A. */
static int
tell_failure(const PGresult *result, const PGconn *connection, fault_t *fault)
{
    static const struct {
        const char *state;
        fault_code_t code;
    } known[] = {{"42501", FAULT_DENIED},    /* insufficient_privilege */
                 {"55006", FAULT_CONFLICT},  /* object_in_use */
                 {"42704", FAULT_NOT_FOUND}, /* undefined_object */
                 {"57014", FAULT_TIMEOUT},   /* query_canceled */
                 {"55P03", FAULT_TIMEOUT}};  /* lock_not_available */
    char said[SAID_MAX];
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    fault_code_t code = FAULT_FAILED;
    for (size_t i = 0; state && i < ARRAY_SIZE(known); i++)
        if (!strcmp(state, known[i].state))
            code = known[i].code;
    say_why(said, text ? text : PQerrorMessage(connection));
    return fault_set(fault, code, "the server says: %s", said);
}

static int
take(const PGconn *connection, const PGresult *result, const column_t *columns, value_t *rows,
     fault_t *fault)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK)
        return 0;
    if (status != PGRES_SINGLE_TUPLE)
        return tell_failure(result, connection, fault);
    value_t *row = row_of(result, columns, fault);
    if (!row)
        return -1;
    value_append(rows, row);
    return 0;
}

static int
send(postgres_t *self, const char *statement, const char *const *parameters, fault_t *fault)
{
    const char *values[POSTGRES_PARAMETERS_MAX];
    char said[SAID_MAX];
    int count = 0;
    for (; parameters && parameters[count]; count++)
        values[count] = parameters[count][0] ? parameters[count] : NULL;
    if (PQsendQueryParams(self->connection, statement, count, NULL, values, NULL, NULL, 0) &&
        PQsetSingleRowMode(self->connection))
        return 0;
    say_why(said, PQerrorMessage(self->connection));
    return fault_set(fault, FAULT_FAILED, "the server is gone: %s", said);
}

/* What is beyond rows_max is read and let go, for as long as the op may take. */
value_t *
postgres_ask(postgres_t *self, const char *statement, const char *const *parameters,
             const column_t *columns, size_t rows_max, bool *more, fault_t *fault)
{
    CLEANUP(value_destroy) value_t *rows = value_list();
    int taken = 0;
    PGresult *result;
    if (send(self, statement, parameters, fault))
        return NULL;
    while (taken >= 0 && (result = PQgetResult(self->connection))) {
        bool beyond = value_count(rows) == rows_max && PQresultStatus(result) == PGRES_SINGLE_TUPLE;
        if (beyond && more)
            *more = true;
        else if (beyond)
            taken = fault_set(fault, FAULT_LIMIT, "the server gives over %zu rows", rows_max);
        else
            taken = take(self->connection, result, columns, rows, fault);
        PQclear(result);
    }
    return taken < 0 ? NULL : MOVE(rows);
}

bool
postgres_is_lost(postgres_t *self)
{
    for (PGresult *rest; (rest = PQgetResult(self->connection));)
        PQclear(rest);
    return PQstatus(self->connection) != CONNECTION_OK;
}
