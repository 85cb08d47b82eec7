/* SPDX-License-Identifier: Apache-2.0 */
/* crash_point - preloaded into real daemons, ends one of them at one exact call, once.
 *
 *     TOCSIN_CRASH_AT="PROGRAM CALL NUMBER WAY [WORD]"   who, at which call, how
 *     TOCSIN_CRASH_TALLY=FILE                            shared by all processes of the program
 *
 * PROGRAM is an executable's name; its children do not count. CALL and WORD say what does:
 *
 *     sync             fsync, fdatasync, sync_file_range, rename; WORD is part of the path
 *     write            of files; WORD is part of the path or of the bytes
 *     send             on sockets; WORD is the message's (docs/PROTOCOL.md 7). Messages that would
 *                      leave in one call leave in one each, so that there is a point at every one
 *
 * WAY, at the NUMBERth of them:
 *
 *     before, after    SIGKILL, without the call or behind it
 *     cut, zeroed      SIGKILL before it as when the power goes: the second half of what a log
 *                      (-wal, journal) has beyond its last sync is gone, or is zeroes
 *     eio, enospc      the call fails
 *
 * What was hit stands in the tally's first line; until then the file begins with a zero. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LOGS_MAX 64

typedef struct {
    const void *data;
    size_t size;
} slice_t;

static const slice_t nothing = {NULL, 0};

typedef enum { SYNC, WRITE, SEND } call_t;
typedef enum { BEFORE, AFTER, CUT, ZEROED, FAIL_IO, FAIL_FULL } way_t;

static const char *const calls[] = {"sync", "write", "send", NULL};
static const char *const ways[] = {"before", "after", "cut", "zeroed", "eio", "enospc", NULL};

typedef struct {
    char hit[512];
    atomic_uint count;
    struct {
        _Atomic uint64_t inode;
        _Atomic int64_t synced; /* bytes that survive */
    } logs[LOGS_MAX];
} tally_t;

static struct {
    bool armed;
    call_t call;
    unsigned number;
    way_t way;
    char word[64];
    tally_t *tally;
} point;

static struct {
    int (*fsync)(int);
    int (*fdatasync)(int);
    int (*sync_file_range)(int, off64_t, off64_t, unsigned);
    int (*rename)(const char *, const char *);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite64)(int, const void *, size_t, off64_t);
    ssize_t (*send)(int, const void *, size_t, int);
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
} real;

static void
disarm(void)
{
    point.armed = false;
}

static int
find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (!strcmp(words[i], word))
            return i;
    fprintf(stderr, "crash_point: '%s' is no word of TOCSIN_CRASH_AT\n", word);
    abort();
}

static tally_t *
open_tally(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(tally_t)))
        abort();
    void *at = mmap(NULL, sizeof(tally_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        abort();
    close(fd);
    return at;
}

/* dlsym gives an object pointer; ISO C has no cast for it. */
static void
find_real(const char *name, void *slot)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(slot, &found, sizeof found);
}

__attribute__((constructor)) static void
arm(void)
{
    char program[32], call[16], way[16];
    const char *at = getenv("TOCSIN_CRASH_AT"), *path = getenv("TOCSIN_CRASH_TALLY");
    find_real("fsync", &real.fsync);
    find_real("fdatasync", &real.fdatasync);
    find_real("sync_file_range", &real.sync_file_range);
    find_real("rename", &real.rename);
    find_real("write", &real.write);
    find_real("pwrite64", &real.pwrite64);
    find_real("send", &real.send);
    find_real("sendmsg", &real.sendmsg);
    if (!at || !path ||
        sscanf(at, "%31s %15s %u %15s %63s", program, call, &point.number, way, point.word) < 4 ||
        strcmp(program, program_invocation_short_name) != 0)
        return;
    point.call = (call_t)find_word(calls, call);
    point.way = (way_t)find_word(ways, way);
    point.tally = open_tally(path);
    point.armed = !point.tally->hit[0];
    pthread_atfork(NULL, NULL, disarm);
}

/* ---- logs, and what of them survives ------------------------------------------------------ */

static void
path_of(int fd, char *out, size_t size)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, out, size - 1);
    out[got > 0 ? got : 0] = '\0';
}

static bool
ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), back = strlen(end);
    return size >= back && !strcmp(text + size - back, end);
}

static bool
is_log(const char *path)
{
    return ends_with(path, "-wal") || ends_with(path, "/journal");
}

static _Atomic int64_t *
synced_of(uint64_t inode)
{
    for (size_t i = 0; i < LOGS_MAX; i++) {
        uint64_t none = 0;
        if (atomic_compare_exchange_strong(&point.tally->logs[i].inode, &none, inode) ||
            none == inode)
            return &point.tally->logs[i].synced;
    }
    abort();
}

static void
note_synced(int fd, const char *path)
{
    struct stat facts;
    if (is_log(path) && !fstat(fd, &facts))
        *synced_of(facts.st_ino) = facts.st_size;
}

static void
tear(int fd, const char *path)
{
    struct stat facts;
    if (!is_log(path) || fstat(fd, &facts))
        return;
    int64_t synced = *synced_of(facts.st_ino), size = facts.st_size;
    if (size <= synced)
        return;
    int64_t keep = synced + (size - synced) / 2;
    if (ftruncate(fd, keep) || (point.way == ZEROED && ftruncate(fd, size)))
        abort();
}

/* ---- the calls ---------------------------------------------------------------------------- */

/* A message is the number of bytes that follow, the number of frames, then each frame behind its
 * length (common/frames.h). What is none counts as one. */
static size_t
first_message(struct iovec bytes)
{
    uint32_t behind;
    if (bytes.iov_len < sizeof behind)
        return bytes.iov_len;
    memcpy(&behind, bytes.iov_base, sizeof behind);
    size_t size = sizeof behind + (size_t)ntohl(behind);
    return size < bytes.iov_len ? size : bytes.iov_len;
}

static bool
is_message(slice_t bytes, const char *word, size_t size)
{
    const uint8_t *data = bytes.data;
    return bytes.size >= 12 + size && data[11] == size && !memcmp(data + 12, word, size);
}

static bool
has_word(const char *path, slice_t bytes)
{
    size_t size = strlen(point.word);
    if (!size)
        return true;
    if (point.call == SEND)
        return is_message(bytes, point.word, size);
    return strstr(path, point.word) ||
           (bytes.size && memmem(bytes.data, bytes.size, point.word, size));
}

static bool
is_now(const char *name, const char *path)
{
    if (atomic_fetch_add(&point.tally->count, 1) + 1 != point.number)
        return false;
    point.armed = false;
    snprintf(point.tally->hit, sizeof point.tally->hit, "%s %s\n", name, path);
    return true;
}

/* By a call that no fence (common/fence.h) refuses. */
_Noreturn static void
end_here(void)
{
    syscall(SYS_tgkill, getpid(), gettid(), SIGKILL);
    abort();
}

typedef enum { GO_ON, FAIL, DIE_BEHIND } verdict_t;

/* What is to become of this call; does not come back where the process ends before it. */
static verdict_t
reach(call_t call, const char *name, int fd, const char *path, slice_t bytes)
{
    char known[256] = "";
    if (!point.armed || call != point.call)
        return GO_ON;
    if (!path)
        path_of(fd, known, sizeof known);
    path = path ? path : known;
    if (!has_word(path, bytes) || !is_now(name, path))
        return GO_ON;
    if (point.way == FAIL_IO || point.way == FAIL_FULL) {
        errno = point.way == FAIL_IO ? EIO : ENOSPC;
        return FAIL;
    }
    if (point.way == AFTER)
        return DIE_BEHIND;
    if (point.way != BEFORE && fd >= 0)
        tear(fd, path);
    end_here();
}

static ssize_t
leave(verdict_t verdict, ssize_t result)
{
    if (verdict == DIE_BEHIND)
        end_here();
    return result;
}

static int
leave_sync(verdict_t verdict, int fd, int result)
{
    char path[256];
    int code = errno;
    if (point.armed && result == 0) {
        path_of(fd, path, sizeof path);
        note_synced(fd, path);
    }
    errno = code;
    return (int)leave(verdict, result);
}

int
fsync(int fd)
{
    verdict_t verdict = reach(SYNC, "fsync", fd, NULL, nothing);
    return verdict == FAIL ? -1 : leave_sync(verdict, fd, real.fsync(fd));
}

int
fdatasync(int fd)
{
    verdict_t verdict = reach(SYNC, "fdatasync", fd, NULL, nothing);
    return verdict == FAIL ? -1 : leave_sync(verdict, fd, real.fdatasync(fd));
}

int
sync_file_range(int fd, off64_t from, off64_t size, unsigned flags)
{
    verdict_t verdict = reach(SYNC, "sync_file_range", fd, NULL, nothing);
    return verdict == FAIL ? -1 : (int)leave(verdict, real.sync_file_range(fd, from, size, flags));
}

int
rename(const char *from, const char *to)
{
    verdict_t verdict = reach(SYNC, "rename", -1, to, nothing);
    return verdict == FAIL ? -1 : (int)leave(verdict, real.rename(from, to));
}

ssize_t
write(int fd, const void *bytes, size_t size)
{
    verdict_t verdict = reach(WRITE, "write", fd, NULL, (slice_t){bytes, size});
    return verdict == FAIL ? -1 : leave(verdict, real.write(fd, bytes, size));
}

ssize_t
pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    verdict_t verdict = reach(WRITE, "pwrite", fd, NULL, (slice_t){bytes, size});
    return verdict == FAIL ? -1 : leave(verdict, real.pwrite64(fd, bytes, size, at));
}

ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
    verdict_t verdict = reach(SEND, "send", fd, NULL, (slice_t){bytes, size});
    return verdict == FAIL ? -1 : leave(verdict, real.send(fd, bytes, size, flags));
}

/* Takes no more than one message of what is given, as a socket may: the sender sends the rest. */
ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct msghdr one = *message;
    struct iovec bytes = one.msg_iovlen ? one.msg_iov[0] : (struct iovec){0};
    if (point.armed && point.call == SEND && one.msg_iovlen == 1) {
        bytes.iov_len = first_message(bytes);
        one.msg_iov = &bytes;
    }
    verdict_t verdict = reach(SEND, "sendmsg", fd, NULL, (slice_t){bytes.iov_base, bytes.iov_len});
    return verdict == FAIL ? -1 : leave(verdict, real.sendmsg(fd, &one, flags));
}
