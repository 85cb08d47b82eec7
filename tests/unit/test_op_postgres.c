/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's own PostgreSQL (deploy/install-deps unpacks it), and a stand-in that lies. The clients
 * are the test's own connections. */
#include "op_bench.h"
#include "op_foretold.h"

#include <fcntl.h>
#include <grp.h>
#include <postgresql/libpq-fe.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define TOOLS  "build/tools"
#define AT     "/mnt" /* where TOOLS is, in a mount namespace: anybody can reach it there */
#define BIN    AT "/usr/lib/postgresql/15/bin/"
#define SERVER 5 /* who runs the server: games */
#define GROUP  60

static pid_t server;
static char logged[128];

/* ---- the server ------------------------------------------------------------------------------ */

static pid_t
begin_as_server(const char *const *words)
{
    static const char *const environment[] = {"LD_LIBRARY_PATH=" AT "/usr/lib/x86_64-linux-gnu",
                                              "PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
    pid_t pid = fork();
    if (pid == 0) {
        int log = open(logged, O_WRONLY | O_CREAT | O_APPEND, 0666);
        dup2(log, 1);
        dup2(log, 2);
        if (setgroups(0, NULL) || setresgid(GROUP, GROUP, GROUP) ||
            setresuid(SERVER, SERVER, SERVER) || prctl(PR_SET_PDEATHSIG, SIGQUIT))
            _exit(126);
        execve(words[0], (char *const *)(uintptr_t)words, (char *const *)(uintptr_t)environment);
        _exit(127);
    }
    return pid;
}

static PGconn *
connect_as(const char *role, const char *more)
{
    char words[256];
    snprintf(words, sizeof words,
             "host=%s port=5432 dbname=postgres user=%s options='-c lock_timeout=5s' %s",
             bench_folder, role, more);
    return PQconnectdb(words);
}

static void
ask(PGconn *client, const char *statement)
{
    PGresult *result = PQexec(client, statement);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", statement, PQerrorMessage(client));
    PQclear(result);
}

static PGconn *
client_of(const char *role)
{
    PGconn *client = connect_as(role, "");
    if (PQstatus(client) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(client));
    return client;
}

static bool
begin_server(void)
{
    const char *data = here("data"), *folder = bench_folder;
    static const char initdb[] = BIN "initdb", postgres[] = BIN "postgres";
    const char *const make[] = {initdb,  "-D", data,          "-U", "postgres", "-A",
                                "trust", "-N", "--no-locale", "-E", "UTF8",     NULL};
    const char *const run[] = {postgres,
                               "-D",
                               data,
                               "-k",
                               folder,
                               "-p",
                               "5432",
                               "-c",
                               "listen_addresses=",
                               "-c",
                               "fsync=off",
                               "-c",
                               "max_connections=20",
                               "-c",
                               "shared_buffers=1MB",
                               NULL};
    int status = 0;
    assert_int_equal(mkdir(here("data"), 0700), 0);
    assert_int_equal(chown(here("data"), SERVER, GROUP), 0);
    assert_int_equal(chmod(bench_folder, 0777), 0);
    waitpid(begin_as_server(make), &status, 0);
    if (status)
        return false;
    put_file("data/pg_hba.conf",
             "local all postgres trust\nlocal all shop trust\nlocal replication postgres trust\n"
             "local all all peer\n",
             0644);
    server = begin_as_server(run);
    for (int waited = 0; waited < 20000; waited += 20) {
        PGconn *client = connect_as("postgres", "");
        bool open = PQstatus(client) == CONNECTION_OK;
        PQfinish(client);
        if (open)
            return true;
        poll(NULL, 0, 20);
    }
    return false;
}

/* ---- what ops are asked ---------------------------------------------------------------------- */

static value_t *
of(const char *database)
{
    return texts("database", database, NULL);
}

static value_t *
session_of(PGconn *client)
{
    CLEANUP(value_destroy)
    value_t *told =
        gives("postgres.sessions", and_integer(of("main"), "pid", PQbackendPID(client)));
    const value_t *sessions = value_get(told, "sessions");
    assert_int_equal(value_count(sessions), 1);
    return value_copy(value_at(sessions, 0));
}

/* Until the session's state has lasted that long, and its query waits for what that begins with. */
static value_t *
session_after(PGconn *client, const char *state, int64_t ms)
{
    for (int waited = 0;; waited += 20) {
        value_t *session = session_of(client);
        assert_true(waited < 10000);
        if (!strcmp(value_get_text(session, "state"), state) &&
            value_get_integer(session, "state_ms") >= ms)
            return session;
        value_destroy(&session);
        poll(NULL, 0, 20);
    }
}

/* All, once they are so many: who hung up may be there for a moment still. */
static value_t *
all_of(size_t count)
{
    for (int waited = 0;; waited += 20) {
        value_t *all = gives("postgres.sessions", of("main"));
        if (value_count(value_get(all, "sessions")) == count)
            return all;
        value_destroy(&all);
        assert_true(waited < 10000);
        poll(NULL, 0, 20);
    }
}

static value_t *
that(const value_t *session)
{
    value_t *arguments = and_integer(of("main"), "pid", value_get_integer(session, "pid"));
    return and_integer(arguments, "started", value_get_integer(session, "started"));
}

static value_t *
idle_for(const value_t *session, int64_t idle_s)
{
    return and_integer(that(session), "idle_s", idle_s);
}

static value_t *
running_for(const value_t *session, int64_t running_s)
{
    value_t *arguments =
        and_integer(that(session), "query_started", value_get_integer(session, "query_started"));
    return and_integer(arguments, "running_s", running_s);
}

static PGconn *
forgotten(void)
{
    PGconn *client = client_of("shop");
    ask(client, "begin");
    ask(client, "select 7 as forgotten");
    return client;
}

static bool
lives(PGconn *client)
{
    PGresult *result = PQexec(client, "select 1");
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return good;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void
sessions_are_told_with_what_they_wait_for_and_who_blocks_them(void **state)
{
    (void)state;
    PGconn *holds = client_of("shop"), *waits = client_of("shop"), *idle = client_of("shop");
    ask(holds, "begin; lock table orders");
    assert_true(PQsendQuery(waits, "select 7 as \"\x1b[2J\" from orders"));
    CLEANUP(value_destroy) value_t *blocked = session_after(waits, "active", 0);
    while (!value_count(value_get(blocked, "blocked_by"))) {
        value_destroy(&blocked);
        blocked = session_of(waits);
    }
    CLEANUP(value_destroy) value_t *all = all_of(3);
    assert_int_equal(value_get_integer(all, "most"), 20);
    assert_int_equal(value_get_integer(all, "reserved"), 3);
    assert_int_equal(value_count(value_get(all, "states")), 3);
    const value_t *most = value_at(value_get(all, "clients"), 0);
    assert_string_equal(value_get_text(most, "user"), "shop");
    assert_int_equal(value_get_integer(most, "sessions"), 3);
    assert_int_equal(value_number(value_at(value_get(blocked, "blocked_by"), 0)),
                     PQbackendPID(holds));
    assert_memory_equal(value_get_text(blocked, "waits"), "Lock: ", 6);
    assert_string_equal(value_get_text(blocked, "query"), "select 7 as \"?[2J\" from orders");
    assert_string_equal(value_get_text(blocked, "user"), "shop");
    assert_true(wall_now().ms - value_get_integer(blocked, "started") < 60000);
    CLEANUP(value_destroy)
    value_t *open =
        gives("postgres.sessions", texts("database", "main", "state", "in-transaction", NULL));
    const value_t *only = value_at(value_get(open, "sessions"), 0);
    assert_int_equal(value_count(value_get(open, "sessions")), 1);
    assert_int_equal(value_get_integer(only, "pid"), PQbackendPID(holds));
    assert_non_null(value_get(only, "transaction_ms"));
    CLEANUP(value_destroy)
    value_t *old = gives("postgres.sessions", and_integer(of("main"), "longer_than_s", 3600));
    assert_int_equal(value_count(value_get(old, "sessions")), 0);
    PQfinish(holds);
    PQfinish(waits);
    PQfinish(idle);
}

/* A parameter's place in it is no secret. */
static void
a_query_is_told_until_its_first_quoted_text(void **state)
{
    static const char *const queries[][2] = {
        {"select id from orders where 'a secret' <> ''", "select id from orders where "},
        {"select $tag$a secret$tag$", "select "},
        {"prepare mine as select id from orders where id < $1 or $$a secret$$ = E'\\''",
         "prepare mine as select id from orders where id < $1 or "},
    };
    (void)state;
    PGconn *client = client_of("shop");
    for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
        ask(client, queries[i][0]);
        CLEANUP(value_destroy) value_t *session = session_of(client);
        assert_string_equal(value_get_text(session, "query"), queries[i][1]);
    }
    PQfinish(client);
}

static void
what_a_role_may_not_see_is_told_as_hidden_and_never_as_gone(void **state)
{
    (void)state;
    PGconn *client = forgotten();
    CLEANUP(value_destroy) value_t *told = gives("postgres.sessions", of("poor"));
    const value_t *session = value_at(value_get(told, "sessions"), 0);
    assert_non_null(entry_of(value_get(told, "states"), "state", ""));
    assert_string_equal(value_get_text(session, "state"), "");
    assert_null(value_get(session, "started"));
    CLEANUP(value_destroy) value_t *seen = session_of(client);
    value_t *idle = idle_for(seen, 1), *running = running_for(seen, 1);
    value_set_text(idle, "database", "poor");
    value_set_text(running, "database", "poor");
    foresees_refusal("postgres.end_session", value_copy(idle), &bench, FAULT_DENIED, "may not see");
    foresees_refusal("postgres.cancel", value_copy(running), &bench, FAULT_DENIED, "may not see");
    refused("postgres.end_session", idle, FAULT_DENIED, "may not see session");
    refused("postgres.cancel", running, FAULT_DENIED, "may not see the query of session");
    assert_true(lives(client));
    PQfinish(client);
}

static void
a_forgotten_transaction_is_foretold_and_ended(void **state)
{
    char line[128];
    (void)state;
    PGconn *client = forgotten(), *other = forgotten();
    CLEANUP(value_destroy) value_t *session = session_after(client, "idle in transaction", 1000);
    snprintf(line, sizeof line,
             "- session %d of shop, which waits in a transaction: select 7 as forgotten\n",
             PQbackendPID(client));
    CLEANUP(value_destroy)
    value_t *would = foretells("postgres.end_session", idle_for(session, 1), &bench, line);
    CLEANUP(value_destroy) value_t *ended = gives("postgres.end_session", idle_for(session, 1));
    assert_true(value_get_bool(ended, "ended"));
    assert_true(value_equal(would, ended));
    assert_false(lives(client));
    CLEANUP(value_destroy)
    value_t *nothing = foretells("postgres.end_session", idle_for(session, 1), &bench, "");
    CLEANUP(value_destroy) value_t *again = gives("postgres.end_session", idle_for(session, 1));
    assert_false(value_get_bool(again, "ended"));
    assert_true(value_equal(nothing, again));
    assert_true(lives(other));
    PQfinish(client);
    PQfinish(other);
}

static void
a_session_that_is_not_forgotten_is_let_be(void **state)
{
    (void)state;
    PGconn *young = forgotten(), *idle = client_of("shop"), *busy = client_of("shop");
    assert_true(PQsendQuery(busy, "select pg_sleep(60)"));
    CLEANUP(value_destroy) value_t *one = session_after(young, "idle in transaction", 0);
    CLEANUP(value_destroy) value_t *two = session_after(idle, "idle", 1000);
    CLEANUP(value_destroy) value_t *three = session_after(busy, "active", 1000);
    refused("postgres.end_session", idle_for(one, 3600), FAULT_CONFLICT, "it is let be");
    refused("postgres.end_session", idle_for(two, 1), FAULT_CONFLICT, "has been 'idle'");
    refused("postgres.end_session", idle_for(three, 1), FAULT_CONFLICT, "has been 'active'");
    foresees_refusal("postgres.end_session", idle_for(one, 3600), &bench, FAULT_CONFLICT, "let be");
    foresees_refusal("postgres.end_session", idle_for(two, 1), &bench, FAULT_CONFLICT, "'idle'");
    assert_true(lives(young) && lives(idle));
    PQfinish(young);
    PQfinish(idle);
    PQfinish(busy);
}

static void
a_later_session_with_the_pid_of_one_is_never_hit(void **state)
{
    (void)state;
    PGconn *client = forgotten();
    CLEANUP(value_destroy) value_t *session = session_after(client, "idle in transaction", 1000);
    value_set_integer(session, "started", value_get_integer(session, "started") - 1);
    CLEANUP(value_destroy) value_t *done = gives("postgres.end_session", idle_for(session, 1));
    assert_false(value_get_bool(done, "ended"));
    assert_true(lives(client));
    PQfinish(client);
}

static void
a_session_that_the_role_may_not_end_stays(void **state)
{
    (void)state;
    PGconn *client = client_of("postgres");
    ask(client, "begin");
    CLEANUP(value_destroy) value_t *session = session_after(client, "idle in transaction", 1000);
    refused("postgres.end_session", idle_for(session, 1), FAULT_DENIED, "superuser");
    assert_true(lives(client));
    PQfinish(client);
}

/* Its process stands still, and hears of nothing. The first op is ended in the middle, as at a
 * crash, and is run again by the journal's word. */
static void
a_session_that_does_not_end_is_said_to_and_may_be_ended_again(void **state)
{
    fault_t fault;
    (void)state;
    PGconn *client = forgotten();
    CLEANUP(value_destroy) value_t *session = session_after(client, "idle in transaction", 1000);
    assert_int_equal(kill(PQbackendPID(client), SIGSTOP), 0);
    assert_null(run_within("postgres.end_session", idle_for(session, 1), 1, &fault));
    assert_int_equal(fault.code, FAULT_TIMEOUT);
    refused("postgres.end_session", idle_for(session, 1), FAULT_TIMEOUT,
            "does not end; done: session ");
    assert_int_equal(kill(PQbackendPID(client), SIGCONT), 0);
    assert_false(lives(client));
    CLEANUP(value_destroy) value_t *again = gives("postgres.end_session", idle_for(session, 1));
    assert_false(value_get_bool(again, "ended"));
    PQfinish(client);
}

/* ---- queries --------------------------------------------------------------------------------- */

static void
a_query_is_foretold_and_cancelled_and_no_later_one(void **state)
{
    char line[128];
    (void)state;
    PGconn *client = client_of("shop");
    assert_true(PQsendQuery(client, "select pg_sleep(60)"));
    CLEANUP(value_destroy) value_t *session = session_after(client, "active", 1100);
    refused("postgres.cancel", running_for(session, 3600), FAULT_CONFLICT, "it is let be");
    foresees_refusal("postgres.cancel", running_for(session, 3600), &bench, FAULT_CONFLICT,
                     "let be");
    snprintf(line, sizeof line, "- query of session %d of shop: select pg_sleep(60)\n",
             PQbackendPID(client));
    CLEANUP(value_destroy)
    value_t *would = foretells("postgres.cancel", running_for(session, 1), &bench, line);
    CLEANUP(value_destroy) value_t *done = gives("postgres.cancel", running_for(session, 1));
    assert_true(value_get_bool(done, "cancelled"));
    assert_true(value_equal(would, done));
    PGresult *result = PQgetResult(client);
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "57014");
    PQclear(result);
    assert_null(PQgetResult(client));
    assert_true(PQsendQuery(client, "select pg_sleep(60)"));
    CLEANUP(value_destroy) value_t *later = session_after(client, "active", 1000);
    CLEANUP(value_destroy) value_t *again = gives("postgres.cancel", running_for(session, 1));
    assert_false(value_get_bool(again, "cancelled"));
    CLEANUP(value_destroy)
    value_t *nothing = foretells("postgres.cancel", running_for(session, 1), &bench, "");
    assert_true(value_equal(nothing, again));
    CLEANUP(value_destroy) value_t *still = session_of(client);
    assert_string_equal(value_get_text(still, "state"), "active");
    PQfinish(client);
}

/* ---- replication ----------------------------------------------------------------------------- */

static value_t *
slot_of(const char *slot, int64_t kept_bytes)
{
    return and_integer(texts("database", "main", "slot", slot, NULL), "kept_bytes", kept_bytes);
}

static value_t *
kept_by(const char *slot)
{
    CLEANUP(value_destroy)
    value_t *told = gives("postgres.replication", texts("database", "main", "slot", slot, NULL));
    assert_string_equal(value_get_text(told, "role"), "primary");
    const value_t *slots = value_get(told, "slots");
    return value_count(slots) ? value_copy(value_at(slots, 0)) : NULL;
}

static void
a_dead_slot_is_foretold_and_dropped(void **state)
{
    char line[128];
    (void)state;
    PGconn *client = client_of("postgres");
    ask(client, "select pg_create_physical_replication_slot('dead', true), "
                "pg_create_physical_replication_slot('other', true)");
    ask(client, "select pg_switch_wal()");
    ask(client, "insert into orders select generate_series(1, 1000)");
    PQfinish(client);
    CLEANUP(value_destroy) value_t *slot = kept_by("dead");
    int64_t kept = value_get_integer(slot, "kept_bytes");
    assert_true(kept > 10000 && !value_get_bool(slot, "active"));
    assert_string_equal(value_get_text(slot, "kind"), "physical");
    assert_string_equal(value_get_text(slot, "status"), "reserved");
    refused("postgres.drop_slot", slot_of("dead", kept * 1000), FAULT_CONFLICT, "it is let be");
    refused("postgres.drop_slot", slot_of("nobody", 0), FAULT_NOT_FOUND, "no replication slot");
    foresees_refusal("postgres.drop_slot", slot_of("dead", kept * 1000), &bench, FAULT_CONFLICT,
                     "let be");
    foresees_refusal("postgres.drop_slot", slot_of("nobody", 0), &bench, FAULT_NOT_FOUND, "no");
    fault_t fault;
    CLEANUP(value_destroy)
    value_t *foresight = foretold_or("postgres.drop_slot", slot_of("dead", 10000), &bench, &fault);
    const value_t *would = value_get(foresight, "result");
    int64_t keeps = value_get_integer(would, "kept_bytes"); /* the server writes on by itself */
    assert_true(keeps >= kept);
    snprintf(line, sizeof line, "- replication slot dead, which keeps %lld bytes of the log",
             (long long)keeps);
    assert_int_equal(value_count(value_get(foresight, "changes")), 1);
    assert_string_equal(value_string(value_at(value_get(foresight, "changes"), 0)), line);
    CLEANUP(value_destroy) value_t *done = gives("postgres.drop_slot", slot_of("dead", 10000));
    assert_true(value_get_integer(done, "kept_bytes") >= keeps);
    assert_null(kept_by("dead"));
    CLEANUP(value_destroy) value_t *other = kept_by("other");
    assert_non_null(other);
}

static void
a_slot_that_is_used_is_let_be_and_its_user_told(void **state)
{
    (void)state;
    PGconn *client = client_of("postgres");
    ask(client, "select pg_create_physical_replication_slot('used', true)");
    PGconn *replica = connect_as("postgres", "replication=true application_name=follower");
    PGresult *result = PQexec(replica, "START_REPLICATION SLOT used PHYSICAL 0/1000000");
    if (PQresultStatus(result) != PGRES_COPY_BOTH)
        fail_msg("%s", PQerrorMessage(replica));
    PQclear(result);
    CLEANUP(value_destroy) value_t *slot = kept_by("used");
    assert_true(value_get_bool(slot, "active"));
    refused("postgres.drop_slot", slot_of("used", 0), FAULT_CONFLICT, "is in use");
    foresees_refusal("postgres.drop_slot", slot_of("used", 0), &bench, FAULT_CONFLICT, "in use");
    CLEANUP(value_destroy) value_t *told = gives("postgres.replication", of("main"));
    const value_t *sender = value_at(value_get(told, "senders"), 0);
    assert_string_equal(value_get_text(sender, "application"), "follower");
    assert_non_null(entry_of(value_get(told, "slots"), "slot", "used"));
    assert_null(value_get(told, "receiver"));
    PQfinish(replica);
    PQfinish(client);
}

static void
a_role_that_may_not_drop_slots_does_not(void **state)
{
    (void)state;
    PGconn *client = client_of("postgres");
    ask(client, "select pg_create_physical_replication_slot('safe', true)");
    refused("postgres.drop_slot",
            and_integer(texts("database", "poor", "slot", "safe", NULL), "kept_bytes", 0),
            FAULT_DENIED, "must be");
    ask(client, "select pg_drop_replication_slot('safe')");
    PQfinish(client);
}

/* After a crash in the middle of it. */
static void
whether_a_slot_was_dropped_is_told_by_whether_it_is_there(void **state)
{
    const op_probe_t *probe = op_find("postgres.drop_slot")->probe;
    (void)state;
    CLEANUP(value_destroy) value_t *arguments = slot_of("other", 0);
    CLEANUP(value_destroy) value_t *result = value_map();
    CLEANUP(value_destroy)
    value_t *seen =
        gives("postgres.replication", op_probe_arguments(op_find("postgres.drop_slot"), arguments));
    assert_int_equal(probe->tells(seen, arguments, wall_now(), result), PROBE_DID_NOT);
    CLEANUP(value_destroy) value_t *done = gives("postgres.drop_slot", value_copy(arguments));
    CLEANUP(value_destroy)
    value_t *gone =
        gives("postgres.replication", op_probe_arguments(op_find("postgres.drop_slot"), arguments));
    assert_int_equal(probe->tells(gone, arguments, wall_now(), result), PROBE_HAPPENED);
    assert_string_equal(value_get_text(result, "slot"), "other");
}

/* ---- who is asked, as whom ------------------------------------------------------------------- */

static void
a_database_is_asked_as_the_policy_says_or_not_at_all(void **state)
{
    (void)state;
    refused("postgres.sessions", of("another"), FAULT_POLICY, "no database 'another'");
    refused("postgres.sessions", of("posing"), FAULT_DENIED, "Peer authentication failed");
    refused("postgres.sessions", of("closed"), FAULT_UNREACHABLE, "does not let role");
    refused("postgres.sessions", of("unknown"), FAULT_NOT_FOUND, "no user 'nobody-here'");
    refused("postgres.sessions", of("mighty"), FAULT_POLICY, "'toor' is root");
}

/* ---- a server that lies ---------------------------------------------------------------------- */

typedef struct {
    const char *bytes; /* with their lengths: NULs stand in them */
    size_t size;
} bytes_of_t;
#define BYTES(text) ((bytes_of_t){(text), sizeof(text) - 1})

#define WELCOME                                      \
    "R\0\0\0\x08\0\0\0\0S\0\0\0\x18server_version\0" \
    "15.0\0"                                         \
    "Z\0\0\0\x05I"
#define ACCEPTED  \
    "1\0\0\0\x04" \
    "2\0\0\0\x04"
#define FIELD "\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"
#define TWO             \
    "T\0\0\0\x2e\0\x02" \
    "a\0" FIELD "b\0" FIELD
#define ROW                       \
    "D\0\0\0\x10\0\x02\0\0\0\x01" \
    "7\0\0\0\x01"                 \
    "3"

/* Greets, and answers the first statement, and is silent then until the other side goes. */
_Noreturn static void
lie(int at, bytes_of_t greeting, bytes_of_t answer, bool goes)
{
    char heard[4096];
    int client = accept(at, NULL, NULL);
    bool sent = read(client, heard, sizeof heard) > 0 &&
                write(client, greeting.bytes, greeting.size) == (ssize_t)greeting.size &&
                read(client, heard, sizeof heard) > 0 &&
                write(client, answer.bytes, answer.size) == (ssize_t)answer.size;
    while (sent && !goes && read(client, heard, sizeof heard) > 0)
        continue;
    _exit(0);
}

/* Where the policy's database liar is looked for. */
static int
listen_as_liar(void)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    snprintf(place.sun_path, sizeof place.sun_path, "%.80s/.s.PGSQL.5433", bench_folder);
    unlink(place.sun_path);
    int at = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(at, (struct sockaddr *)&place, sizeof place), 0);
    assert_int_equal(chmod(place.sun_path, 0777), 0);
    assert_int_equal(listen(at, 1), 0);
    return at;
}

static void
is_not_believed_within(unsigned seconds, bytes_of_t greeting, bytes_of_t answer, bool goes,
                       fault_code_t code, const char *words)
{
    fault_t fault;
    CLEANUP(descriptor_close) int at = listen_as_liar();
    pid_t pid = fork();
    if (pid == 0)
        lie(at, greeting, answer, goes);
    CLEANUP(value_destroy)
    value_t *told = run_within("postgres.sessions", of("liar"), seconds, &fault);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    if (told || fault.code != code || !strstr(fault.text, words))
        fail_msg("%s (%s), not %s", told ? "a result" : fault.text, fault_word(fault.code), words);
}

static void
is_not_believed(bytes_of_t greeting, bytes_of_t answer, bool goes, fault_code_t code,
                const char *words)
{
    is_not_believed_within(60, greeting, answer, goes, code, words);
}

static void
a_server_that_lies_is_not_believed(void **state)
{
    (void)state;
    bytes_of_t welcome = BYTES(WELCOME), nothing = BYTES("");
    is_not_believed(BYTES("R\0\0\0\x08\0\0\0\x03"), nothing, false, FAULT_DENIED,
                    "asks for a password");
    is_not_believed(BYTES("R\0\0\0\x08\0\0\0\0S\0\0\0\x17server_version\0"
                          "9.6\0"
                          "Z\0\0\0\x05I"),
                    nothing, false, FAULT_VERSION, "older than PostgreSQL 13");
    is_not_believed(BYTES("not PostgreSQL at all"), nothing, true, FAULT_UNREACHABLE, "liar");
    is_not_believed(welcome, BYTES(ACCEPTED TWO ROW ROW), false, FAULT_LIMIT, "over 1 rows");
    is_not_believed(welcome,
                    BYTES(ACCEPTED TWO "D\0\0\0\x10\0\x02\0\0\0\x01"
                                       "x\0\0\0\x01"
                                       "3"),
                    false, FAULT_FORMAT, "does not answer as PostgreSQL does");
    is_not_believed(welcome,
                    BYTES(ACCEPTED "T\0\0\0\x1a\0\x01"
                                   "a\0" FIELD "D\0\0\0\x0b\0\x01\0\0\0\x01"
                                   "7"),
                    false, FAULT_FORMAT, "does not answer as PostgreSQL does");
    is_not_believed(welcome, BYTES(ACCEPTED TWO "D\x3f\xff\xff\xff\0\x02"), true, FAULT_FAILED,
                    "the server says");
    is_not_believed(welcome,
                    BYTES("E\0\0\0\x18"
                          "Mbad\x1b[2J\nadvice\0"
                          "C1\0\0"),
                    false, FAULT_FAILED, "the server says: bad?[2J?advice");
}

/* It looks by itself then (PROTOCOL 7.3), or says that nobody can know. */
static void
a_slot_may_be_dropped_where_the_connection_broke(void **state)
{
    fault_t fault;
    (void)state;
    CLEANUP(descriptor_close) int at = listen_as_liar();
    pid_t pid = fork();
    if (pid == 0)
        lie(at, BYTES(WELCOME), BYTES(""), true);
    value_t *arguments =
        and_integer(texts("database", "liar", "slot", "dead", NULL), "kept_bytes", 0);
    CLEANUP(value_destroy) value_t *told = run_within("postgres.drop_slot", arguments, 60, &fault);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_null(told);
    assert_int_equal(fault.code, FAULT_UNKNOWN);
}

static void
a_server_that_is_silent_is_left_at_the_deadline(void **state)
{
    (void)state;
    is_not_believed_within(2, BYTES(WELCOME), BYTES(ACCEPTED), false, FAULT_TIMEOUT, "");
}

/* It is the user by the time it connects. */
static void
an_op_asks_without_a_right_and_dies_with_the_effector(void **state)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    char path[64], heard[4096];
    fault_t fault = {0};
    (void)state;
    CLEANUP(descriptor_close) int at = listen_as_liar();
    pid_t effector = fork();
    if (effector == 0) {
        CLEANUP(value_destroy) value_t *arguments = of("liar");
        op_child_start(op_row("postgres.sessions"), op_find("postgres.sessions"), arguments, &bench,
                       NULL, &fault);
        for (;;)
            pause();
    }
    CLEANUP(descriptor_close) int client = accept(at, NULL, NULL);
    assert_true(read(client, heard, sizeof heard) > 0);
    assert_int_equal(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
    assert_int_equal(peer.uid, 1);
    snprintf(path, sizeof path, "/proc/%d/status", (int)peer.pid);
    CLEANUP(bytes_destroy) bytes_t *status = file_read(path, 65536, &fault);
    assert_non_null(strstr(bytes_text(status), "CapPrm:\t0000000000000000"));
    assert_non_null(strstr(bytes_text(status), "NoNewPrivs:\t1"));
    kill(effector, SIGKILL);
    waitpid(effector, NULL, 0);
    struct pollfd gone = {.fd = client, .events = POLLIN}; /* libpq itself gives up after 5 s */
    assert_int_equal(poll(&gone, 1, 4000), 1);
    assert_int_equal(read(client, heard, sizeof heard), 0);
}

/* ---- the bench ------------------------------------------------------------------------------- */

static int
start(void **state)
{
    char folder[64] = "/tmp/tocsin-ops-XXXXXX", policy[2048];
    (void)state;
    if (access(TOOLS "/usr/lib/postgresql/15/bin/postgres", X_OK) || geteuid() != 0)
        return 0;
    assert_non_null(mkdtemp(folder));
    snprintf(policy, sizeof policy,
             "database main %s 5432 postgres role daemon user daemon\n"
             "database poor %s 5432 postgres role mail user mail\n"
             "database posing %s 5432 postgres role postgres-like user daemon\n"
             "database closed %s 5431 postgres role daemon user daemon\n"
             "database liar %s 5433 liar role liar user daemon\n"
             "database unknown %s 5432 postgres role daemon user nobody-here\n"
             "database mighty %s 5432 postgres role postgres user toor\n",
             folder, folder, folder, folder, folder, folder, folder);
    bench_begin_in(folder, policy);
    put_file("etc/passwd",
             "daemon:x:1:1::/:/bin/sh\nmail:x:8:8::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n", 0644);
    bench_root(false);
    snprintf(logged, sizeof logged, "%s", here("log"));
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount(TOOLS, AT, NULL, MS_BIND, NULL) || !begin_server())
        return -1;
    PGconn *client = client_of("postgres");
    ask(client, "create role daemon login replication; grant pg_monitor, pg_signal_backend to "
                "daemon; create role mail login; create role shop login; create table orders (id "
                "integer); grant all on orders to shop");
    PQfinish(client);
    return 0;
}

static int
begin(void **state)
{
    (void)state;
    if (!server)
        skip();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    if (!server)
        return 0;
    kill(server, SIGQUIT);
    waitpid(server, NULL, 0);
    bench_end();
    return 0;
}

#define test(name) cmocka_unit_test_setup(name, begin)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(sessions_are_told_with_what_they_wait_for_and_who_blocks_them),
        test(a_query_is_told_until_its_first_quoted_text),
        test(what_a_role_may_not_see_is_told_as_hidden_and_never_as_gone),
        test(a_forgotten_transaction_is_foretold_and_ended),
        test(a_session_that_is_not_forgotten_is_let_be),
        test(a_later_session_with_the_pid_of_one_is_never_hit),
        test(a_session_that_the_role_may_not_end_stays),
        test(a_session_that_does_not_end_is_said_to_and_may_be_ended_again),
        test(a_query_is_foretold_and_cancelled_and_no_later_one),
        test(a_dead_slot_is_foretold_and_dropped),
        test(a_slot_that_is_used_is_let_be_and_its_user_told),
        test(a_role_that_may_not_drop_slots_does_not),
        test(whether_a_slot_was_dropped_is_told_by_whether_it_is_there),
        test(a_database_is_asked_as_the_policy_says_or_not_at_all),
        test(a_server_that_lies_is_not_believed),
        test(a_slot_may_be_dropped_where_the_connection_broke),
        test(a_server_that_is_silent_is_left_at_the_deadline),
        test(an_op_asks_without_a_right_and_dies_with_the_effector),
    };
    return cmocka_run_group_tests(tests, start, end);
}
