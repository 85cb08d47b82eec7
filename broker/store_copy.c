/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/store_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/store_private.h"
#include "common/file.h"
#include "common/privilege.h"

#define PATH_SIZE  4096
#define CHUNK      (64 * 1024)
#define LOCK_START 0x40000000 /* SQLite's lock bytes: sqlite.org/fileformat2.html, 1.3 */
#define LOCK_SIZE  512

struct store_copy {
    sqlite3 *database; /* the copy */
    sqlite3_backup *backup;
};

store_copy_t *
store_copy_new(const store_t *store, const char *path, fault_t *fault)
{
    CLEANUP(store_copy_destroy) store_copy_t *self = memory_new(1, sizeof *self);
    if (unlink(path) && errno != ENOENT) {
        fault_errno(fault, "cannot remove '%s'", path);
        return NULL;
    }
    /* It is synced where it goes to: a crash leaves nothing that anybody was told of. */
    if (sqlite3_open(path, &self->database) != SQLITE_OK ||
        sqlite3_exec(self->database, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL,
                     NULL, NULL) != SQLITE_OK ||
        !(self->backup =
              sqlite3_backup_init(self->database, "main", store_database(store), "main"))) {
        store_database_fault(self->database, fault, path);
        return NULL;
    }
    return MOVE(self);
}

int
store_copy_go_on(store_copy_t *self, fault_t *fault)
{
    int status = sqlite3_backup_step(self->backup, STORE_COPY_PAGES);
    if (status == SQLITE_OK || status == SQLITE_BUSY || status == SQLITE_LOCKED)
        return 1;
    int finished = sqlite3_backup_finish(self->backup);
    self->backup = NULL;
    if (status != SQLITE_DONE || finished != SQLITE_OK)
        return store_database_fault(self->database, fault, "copy");
    return 0;
}

void
store_copy_destroy(store_copy_t **self_p)
{
    store_copy_t *self = *self_p;
    if (!self)
        return;
    if (self->backup)
        sqlite3_backup_finish(self->backup);
    sqlite3_close(self->database);
    free(self);
    *self_p = NULL;
}

/* Checking ------------------------------------------------------------------------------------ */

static int
read_log(sqlite3 *database, merkle_t *log, fault_t *fault)
{
    sqlite3_stmt *row = NULL;
    *log = (merkle_t){0};
    if (sqlite3_prepare_v2(database, "SELECT size, edge FROM position", -1, &row, NULL) !=
        SQLITE_OK)
        return store_database_fault(database, fault, "it is no broker's record");
    bool fits =
        sqlite3_step(row) != SQLITE_ROW /* nothing happened yet */ ||
        merkle_restore(log, (uint64_t)sqlite3_column_int64(row, 0),
                       slice_of(sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1)));
    sqlite3_finalize(row);
    return fits ? 0 : fault_set(fault, FAULT_FORMAT, "the log's right edge does not fit its size");
}

int
store_copy_check(const char *path, merkle_t *log, fault_t *fault)
{
    sqlite3 *database = NULL;
    int failed = 0;
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(database, "PRAGMA trusted_schema = OFF; PRAGMA locking_mode = EXCLUSIVE", NULL,
                     NULL, NULL) != SQLITE_OK)
        failed = store_database_fault(database, fault, "open");
    if (!failed)
        failed = store_check_whole(database, fault) || read_log(database, log, fault) ? -1 : 0;
    sqlite3_close(database);
    return failed ? fault_wrap(fault, "'%s'", path) : 0;
}

/* Keeping ------------------------------------------------------------------------------------- */

static int
pour(int from, int to, fault_t *fault)
{
    uint8_t chunk[CHUNK];
    ssize_t got;
    for (off_t at = 0; (got = pread(from, chunk, sizeof chunk, at)) != 0; at += got) {
        if (got < 0)
            return fault_errno(fault, "read");
        if (file_write_all(to, slice_of(chunk, (size_t)got), fault))
            return -1;
    }
    return fsync(to) ? fault_errno(fault, "fsync") : 0;
}

/* In a file of its own, synced and checked. */
static int
pour_to(int from, const char *path, merkle_t *log, fault_t *fault)
{
    CLEANUP(descriptor_close)
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return fault_errno(fault, "cannot write '%s'", path);
    if (pour(from, to, fault))
        return fault_wrap(fault, "'%s'", path);
    return store_copy_check(path, log, fault);
}

int
store_copy_keep(int source, const char *path, merkle_t *log, fault_t *fault)
{
    char partial[PATH_SIZE];
    if (snprintf(partial, sizeof partial, "%s.partial", path) >= (int)sizeof partial)
        return fault_set(fault, FAULT_LIMIT, "the path is too long");
    if (pour_to(source, partial, log, fault)) {
        unlink(partial);
        return -1;
    }
    if (renameat2(AT_FDCWD, partial, AT_FDCWD, path, RENAME_NOREPLACE)) {
        bool there = errno == EEXIST;
        fault_errno(fault, "cannot rename '%s'", partial);
        unlink(partial);
        return there ? fault_set(fault, FAULT_CONFLICT,
                                 "'%s' is there already: name another file, nothing is overwritten",
                                 path)
                     : -1;
    }
    return file_sync_folder(path, fault);
}

/* Putting back -------------------------------------------------------------------------------- */

/* The lock that a broker holds as long as it runs; it is held until *lock is closed, so that none
 * starts meanwhile. A database that is lost has none. */
static int
lock_database(const char *path, int *lock, fault_t *fault)
{
    struct flock all = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_START, .l_len = LOCK_SIZE};
    *lock = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (*lock < 0)
        return errno == ENOENT ? 0 : fault_errno(fault, "cannot open '%s'", path);
    if (fcntl(*lock, F_SETLK, &all) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES
               ? fault_set(fault, FAULT_CONFLICT, "a broker has '%s' open: stop it first", path)
               : fault_errno(fault, "cannot lock '%s'", path);
}

static int
put_in_place(const char *ready, const char *database, const char *marker, uid_t owner,
             fault_t *fault)
{
    if (privilege_give(ready, owner, fault) || store_set_aside(database, fault))
        return -1;
    if (rename(ready, database))
        return fault_errno(fault, "cannot rename '%s'", ready);
    /* Which syncs the folder. */
    return file_write(marker, slice_text(STORE_DATABASE "\n"), 0600, fault) ||
                   privilege_give(marker, owner, fault)
               ? -1
               : 0;
}

int
store_copy_restore(const char *path, const char *folder, uid_t owner, merkle_t *log, fault_t *fault)
{
    char database[PATH_SIZE], ready[PATH_SIZE], marker[PATH_SIZE];
    snprintf(database, sizeof database, "%s/" STORE_DATABASE, folder);
    snprintf(ready, sizeof ready, "%s/" STORE_DATABASE ".restored", folder);
    snprintf(marker, sizeof marker, "%s/" STORE_MARKER, folder);
    CLEANUP(descriptor_close) int source = open(path, O_RDONLY | O_CLOEXEC);
    CLEANUP(descriptor_close) int lock = -1;
    if (source < 0)
        return fault_errno(fault, "cannot open '%s'", path);
    if (lock_database(database, &lock, fault))
        return -1;
    if (pour_to(source, ready, log, fault) || put_in_place(ready, database, marker, owner, fault)) {
        unlink(ready);
        return -1;
    }
    return 0;
}
