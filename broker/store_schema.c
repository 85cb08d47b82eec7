/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the broker's database, from its first version to today's. */
#include "broker/store_private.h"

#include "common/text.h"

#define ZERO_HASH "x'0000000000000000000000000000000000000000000000000000000000000000'"

/* Row i brings user_version from i to i + 1, all that are due in one transaction. Rows are only
 * ever added. */
static const char *const migrations[] = {
    "CREATE TABLE incident (id INTEGER PRIMARY KEY, source TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL, "
    "title TEXT NOT NULL,"
    " host TEXT NOT NULL, region TEXT NOT NULL, worker TEXT NOT NULL, starts INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,"
    " firing INTEGER NOT NULL, leaf INTEGER NOT NULL, playbooks TEXT NOT NULL, run BLOB NOT NULL,"
    " acted INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;"
    "CREATE INDEX incident_key ON incident (source, fingerprint, id);"
    "CREATE INDEX incident_state ON incident (state, id);"
    "CREATE TABLE run (id BLOB PRIMARY KEY, playbook TEXT NOT NULL, by_grant INTEGER NOT NULL,"
    " authority BLOB NOT NULL, release BLOB NOT NULL, alert INTEGER NOT NULL,"
    " incident INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL,"
    " created INTEGER NOT NULL, ended INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " soak_s INTEGER NOT NULL, max_failures INTEGER NOT NULL) STRICT;"
    "CREATE INDEX run_created ON run (created);"
    "CREATE INDEX run_incident ON run (incident, created);"
    "CREATE INDEX run_active ON run (created) WHERE state = 'active';"
    "CREATE TABLE part (run BLOB NOT NULL REFERENCES run (id), target TEXT NOT NULL,"
    " wave INTEGER NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL,"
    " offered INTEGER NOT NULL, accepted INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " verified INTEGER NOT NULL, proven INTEGER NOT NULL, receipt INTEGER NOT NULL,"
    " PRIMARY KEY (run, target)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE alert (incident INTEGER NOT NULL, at INTEGER NOT NULL, firing INTEGER NOT NULL,"
    " leaf INTEGER NOT NULL) STRICT;"
    "CREATE TABLE document (hash BLOB PRIMARY KEY, kind TEXT NOT NULL, live INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, armors BLOB NOT NULL, files BLOB NOT NULL) STRICT;"
    "CREATE INDEX document_live ON document (kind) WHERE live = 1;"
    "CREATE TABLE receipt (worker TEXT NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT NULL,"
    " run BLOB NOT NULL, target TEXT NOT NULL, leaf INTEGER NOT NULL,"
    " PRIMARY KEY (worker, sequence, hash)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX receipt_run ON receipt (run, worker, sequence);"
    "CREATE TABLE output (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE leaf (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, bytes BLOB NOT NULL,"
    " hash BLOB NOT NULL) STRICT;"
    "CREATE TABLE event (at INTEGER NOT NULL, incident INTEGER NOT NULL, run BLOB NOT NULL,"
    " kind TEXT NOT NULL, text TEXT NOT NULL, worker TEXT NOT NULL, step TEXT NOT NULL,"
    " outcome TEXT NOT NULL, part TEXT NOT NULL, who TEXT NOT NULL) STRICT;"
    "CREATE INDEX event_incident ON event (incident);"
    "CREATE INDEX event_run ON event (run);"
    "CREATE TABLE worker (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, head BLOB NOT NULL)"
    " STRICT;"
    "CREATE TABLE position (size INTEGER NOT NULL, edge BLOB NOT NULL, incidents INTEGER NOT NULL,"
    " counts BLOB NOT NULL, one INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1)) STRICT;"
    "CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, bytes BLOB NOT NULL, armor BLOB NOT NULL)"
    " STRICT;",
    "CREATE TABLE notice (number INTEGER PRIMARY KEY, sink TEXT NOT NULL, kind TEXT NOT NULL,"
    " text TEXT NOT NULL, incident INTEGER NOT NULL, run BLOB NOT NULL, host TEXT NOT NULL,"
    " severity TEXT NOT NULL, playbook TEXT NOT NULL, made INTEGER NOT NULL, next INTEGER NOT NULL,"
    " tries INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL) STRICT;"
    "CREATE INDEX notice_waiting ON notice (sink, number) WHERE state = 'waiting';"
    "CREATE INDEX notice_made ON notice (made);",
    "ALTER TABLE incident ADD COLUMN ack TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE incident ADD COLUMN assigned TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE incident ADD COLUMN severity_by_hand INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE incident ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE incident ADD COLUMN decided BLOB NOT NULL DEFAULT " ZERO_HASH ";"
    "CREATE INDEX incident_parent ON incident (parent, id) WHERE parent != 0;"
    "CREATE TABLE decision (incident INTEGER NOT NULL, at INTEGER NOT NULL, playbook TEXT NOT NULL,"
    " release BLOB NOT NULL, grant BLOB NOT NULL, acted INTEGER NOT NULL, reason TEXT NOT NULL)"
    " STRICT;"
    "CREATE INDEX decision_incident ON decision (incident);",
    "ALTER TABLE incident DROP COLUMN acted;"
    "ALTER TABLE run ADD COLUMN worker TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE run ADD COLUMN region TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE run ADD COLUMN continues BLOB NOT NULL DEFAULT " ZERO_HASH ";"
    "ALTER TABLE run ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX run_worker ON run (worker, playbook, created) WHERE worker != '';",
    "CREATE TABLE kept (halt BLOB NOT NULL, worker TEXT NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY (halt, worker)) STRICT, WITHOUT ROWID;",
    "CREATE TABLE wait (run BLOB NOT NULL, target TEXT NOT NULL, step TEXT NOT NULL,"
    " receipt BLOB NOT NULL, consent BLOB NOT NULL, asked INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, open INTEGER NOT NULL,"
    " PRIMARY KEY (run, target, step)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX wait_open ON wait (run, step, target) WHERE open = 1;",
    "CREATE TABLE said (run BLOB NOT NULL, target TEXT NOT NULL, start INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, closed INTEGER NOT NULL, PRIMARY KEY (run, target, start)) STRICT;",
    "CREATE TABLE brake (region TEXT PRIMARY KEY, engaged INTEGER NOT NULL, at INTEGER NOT NULL,"
    " who TEXT NOT NULL, reason TEXT NOT NULL) STRICT;",
    "ALTER TABLE part ADD COLUMN undo TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE leaf ADD COLUMN incident INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE leaf ADD COLUMN run BLOB NOT NULL DEFAULT x'';"
    "ALTER TABLE leaf ADD COLUMN worker TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE leaf ADD COLUMN step TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE leaf ADD COLUMN outcome TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE leaf ADD COLUMN part TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE leaf ADD COLUMN who TEXT NOT NULL DEFAULT '';"
    "WITH told AS (SELECT row_number() OVER (ORDER BY rowid) AS turn, * FROM event),"
    " line AS (SELECT row_number() OVER (ORDER BY number) AS turn, number FROM leaf"
    " WHERE kind = 'event')"
    " UPDATE leaf SET incident = told.incident, run = told.run, worker = told.worker,"
    " step = told.step, outcome = told.outcome, part = told.part, who = told.who"
    " FROM told JOIN line USING (turn) WHERE leaf.number = line.number;"
    "UPDATE leaf SET incident = alert.incident FROM alert WHERE leaf.number = alert.leaf;"
    "DROP TABLE event; DROP TABLE alert;"
    "CREATE INDEX leaf_incident ON leaf (incident) WHERE incident != 0;"
    "CREATE INDEX leaf_run ON leaf (run) WHERE kind = 'event' AND incident = 0;",
    "CREATE TABLE part_in_turn (run BLOB NOT NULL REFERENCES run (id), target TEXT NOT NULL,"
    " wave INTEGER NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL,"
    " offered INTEGER NOT NULL, accepted INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " verified INTEGER NOT NULL, proven INTEGER NOT NULL, receipt INTEGER NOT NULL,"
    " undo TEXT NOT NULL, UNIQUE (run, target)) STRICT;"
    "INSERT INTO part_in_turn SELECT run, target, wave, state, code, text, offered, accepted, "
    "ended,"
    " verified, proven, receipt, undo FROM part;"
    "DROP TABLE part; ALTER TABLE part_in_turn RENAME TO part;",
    "CREATE TABLE drain (worker TEXT PRIMARY KEY, engaged INTEGER NOT NULL, at INTEGER NOT NULL,"
    " who TEXT NOT NULL, reason TEXT NOT NULL) STRICT;",
    "CREATE TABLE tile (number INTEGER PRIMARY KEY, head BLOB NOT NULL) STRICT;"
    "CREATE TABLE testimony (state TEXT PRIMARY KEY, size INTEGER NOT NULL, head BLOB NOT NULL,"
    " lines BLOB NOT NULL) STRICT;",
    "CREATE TABLE allowance (worker TEXT PRIMARY KEY, document BLOB NOT NULL, armor BLOB NOT NULL)"
    " STRICT;",
    "ALTER TABLE run ADD COLUMN glass TEXT NOT NULL DEFAULT '';",
    "CREATE TABLE run_in_turn (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,"
    " playbook TEXT NOT NULL, by_grant INTEGER NOT NULL, authority BLOB NOT NULL,"
    " release BLOB NOT NULL, alert INTEGER NOT NULL, incident INTEGER NOT NULL,"
    " state TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL, created INTEGER NOT NULL,"
    " ended INTEGER NOT NULL, not_after INTEGER NOT NULL, soak_s INTEGER NOT NULL,"
    " max_failures INTEGER NOT NULL, worker TEXT NOT NULL, region TEXT NOT NULL,"
    " continues BLOB NOT NULL, paused INTEGER NOT NULL, glass TEXT NOT NULL) STRICT;"
    "INSERT INTO run_in_turn SELECT NULL, id, playbook, by_grant, authority, release, alert,"
    " incident, state, reason, who, created, ended, not_after, soak_s, max_failures, worker,"
    " region, continues, paused, glass FROM run ORDER BY rowid;"
    "CREATE TABLE part_of_run (number INTEGER NOT NULL REFERENCES run_in_turn (number),"
    " run BLOB NOT NULL, target TEXT NOT NULL, wave INTEGER NOT NULL, state TEXT NOT NULL,"
    " code TEXT NOT NULL, text TEXT NOT NULL, offered INTEGER NOT NULL,"
    " accepted INTEGER NOT NULL, ended INTEGER NOT NULL, verified INTEGER NOT NULL,"
    " proven INTEGER NOT NULL, receipt INTEGER NOT NULL, undo TEXT NOT NULL,"
    " UNIQUE (number, target)) STRICT;"
    "INSERT INTO part_of_run SELECT number, part.* FROM part JOIN run_in_turn ON id = run"
    " ORDER BY part.rowid;"
    "CREATE TABLE receipt_in_turn (number INTEGER NOT NULL, worker TEXT NOT NULL,"
    " sequence INTEGER NOT NULL, hash BLOB NOT NULL, run BLOB NOT NULL, target TEXT NOT NULL,"
    " leaf INTEGER NOT NULL, UNIQUE (worker, sequence, hash)) STRICT;"
    "INSERT INTO receipt_in_turn SELECT coalesce((SELECT number FROM run_in_turn WHERE id = run),"
    " 0), receipt.* FROM receipt ORDER BY leaf;"
    "DROP TABLE part; DROP TABLE receipt; DROP TABLE run;"
    "ALTER TABLE run_in_turn RENAME TO run; ALTER TABLE part_of_run RENAME TO part;"
    "ALTER TABLE receipt_in_turn RENAME TO receipt;"
    "CREATE INDEX run_created ON run (created);"
    "CREATE INDEX run_incident ON run (incident, created);"
    "CREATE INDEX run_active ON run (created) WHERE state = 'active';"
    "CREATE INDEX run_worker ON run (worker, playbook, created) WHERE worker != '';"
    "CREATE INDEX receipt_run ON receipt (number) WHERE number != 0;"
    "CREATE INDEX receipt_stray ON receipt (run, worker, sequence) WHERE number = 0;",
    "CREATE TABLE island (name TEXT PRIMARY KEY, taken INTEGER NOT NULL, last BLOB NOT NULL,"
    " tells INTEGER NOT NULL) STRICT;"
    "ALTER TABLE run ADD COLUMN via TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE run ADD COLUMN dry INTEGER NOT NULL DEFAULT 0;",
};

static int
read_number(void *number, int count, char **cells, char **names)
{
    uint64_t read = 0;
    (void)names;
    if (count != 1 || !cells[0] || !text_read_u64(cells[0], 0, INT32_MAX, &read))
        return 1;
    *(uint64_t *)number = read;
    return 0;
}

int
store_migrate(sqlite3 *database, fault_t *fault)
{
    uint64_t version = 0;
    if (sqlite3_exec(database, "PRAGMA user_version", read_number, &version, NULL) != SQLITE_OK)
        return store_database_fault(database, fault, "user_version");
    if (version > ARRAY_SIZE(migrations))
        return fault_set(fault, FAULT_VERSION,
                         "the database is of version %llu and this broker knows %zu: use a newer "
                         "broker",
                         (unsigned long long)version, ARRAY_SIZE(migrations));
    if (version == ARRAY_SIZE(migrations))
        return 0;
    CLEANUP(bytes_destroy) bytes_t *sql = bytes_new();
    bytes_add_text(sql, "BEGIN;");
    for (; version < ARRAY_SIZE(migrations); version++)
        bytes_add_text(sql, migrations[version]);
    bytes_addf(sql, "PRAGMA user_version = %llu; COMMIT", (unsigned long long)version);
    if (sqlite3_exec(database, bytes_text(sql), NULL, NULL, NULL) != SQLITE_OK)
        return store_database_fault(database, fault, "migration");
    return 0;
}
