/* SPDX-License-Identifier: Apache-2.0 */
/* What processes have open: files, and sockets that listen (proc(5), sock_diag(7)). */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/text.h"
#include "worker/ops/bodies.h"
#include "worker/ops/machine.h"
#include "worker/ops/netlink.h"
#include "worker/ops/place.h"
#include "worker/proc.h"

#define FILES_MAX   300
#define DELETED_MAX 4096 /* counted once each */
#define SOCKETS_MAX 500
#define HOLDERS_MAX 200000
#define LISTENING   (1U << 10) /* TCP_LISTEN */
#define UNCONNECTED (1U << 7)  /* TCP_CLOSE: a UDP socket that takes from everybody */

/* Calls on for each descriptor of a process: its folder, its name there, what it leads to. -1 with
 * errno where it cannot be looked at. */
typedef int on_descriptor_t(void *self, const proc_t *process, int folder, const char *fd,
                            const char *target);

static bool
is_gone(void)
{
    return errno == ENOENT || errno == ESRCH;
}

/* FAULT_IO where the kernel does not tell of all of them. */
static int
each_descriptor(const proc_t *process, void *self, on_descriptor_t *on, fault_t *fault)
{
    char path[64], target[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)process->pid);
    DIR *folder = opendir(path);
    struct dirent *entry;
    if (!folder)
        return is_gone() ? 0 : fault_errno(fault, "'%s' cannot be read", path);
    int wrong = 0;
    while (!wrong && (entry = place_next(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        ssize_t size = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        if (size > 0 ? on(self, process, dirfd(folder), entry->d_name, target) : !is_gone())
            wrong = fault_errno(fault, "'%s/%.20s' cannot be read", path, entry->d_name);
    }
    if (!wrong && errno && !is_gone())
        wrong = fault_errno(fault, "'%s' cannot be read", path);
    closedir(folder);
    return wrong;
}

typedef struct {
    dev_t device;
    ino_t inode;
} identity_t;

typedef struct {
    bool deleted_only;
    value_t *list;
    size_t left_out, known;
    int64_t deleted_bytes;
    identity_t deleted[DELETED_MAX];
} files_t;

static void
count_deleted(files_t *self, const struct stat *status)
{
    for (size_t i = 0; i < self->known; i++)
        if (self->deleted[i].device == status->st_dev && self->deleted[i].inode == status->st_ino)
            return;
    if (self->known < DELETED_MAX)
        self->deleted[self->known++] = (identity_t){status->st_dev, status->st_ino};
    self->deleted_bytes += (int64_t)status->st_blocks * 512;
}

/* Files of memfd_create(2) have no name either, and no disk. */
static int
on_file(void *context, const proc_t *process, int folder, const char *fd, const char *target)
{
    files_t *self = context;
    struct stat status;
    if (target[0] != '/' || !strncmp(target, "/memfd:", 7))
        return 0;
    if (fstatat(folder, fd, &status, 0))
        return is_gone() ? 0 : -1;
    bool deleted = S_ISREG(status.st_mode) && !status.st_nlink;
    if (self->deleted_only && !deleted)
        return 0;
    if (deleted)
        count_deleted(self, &status);
    if (value_count(self->list) == FILES_MAX) {
        self->left_out++;
        return 0;
    }
    value_t *file = value_map();
    value_set_integer(file, "pid", process->pid);
    show(file, "name", process->name);
    value_set_integer(file, "fd", strtol(fd, NULL, 10));
    show(file, "path", target);
    value_set_bool(file, "deleted", deleted);
    value_set_integer(file, "bytes", (int64_t)status.st_blocks * 512);
    value_append(self->list, file);
    return 0;
}

value_t *
process_files(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static files_t files;
    pid_t pid = (pid_t)value_get_integer(arguments, "pid");
    proc_t one;
    (void)world;
    files.deleted_only = value_get_bool(arguments, "deleted");
    if (!pid && !files.deleted_only) {
        fault_set(fault, FAULT_ARGUMENT, "process.files needs 'pid', or 'deleted' to be true");
        return NULL;
    }
    CLEANUP(memory_free) proc_t *all = NULL;
    CLEANUP(value_destroy) value_t *list = files.list = value_list();
    size_t count = pid ? 0 : proc_all(&all, &files.left_out);
    if (pid && (proc_look(pid, &one, fault) || each_descriptor(&one, &files, on_file, fault)))
        return NULL;
    for (size_t i = 0; i < count; i++)
        files.left_out += each_descriptor(&all[i], &files, on_file, NULL) != 0;
    value_t *result = value_map();
    value_set(result, "files", MOVE(list));
    value_set_integer(result, "deleted_bytes", files.deleted_bytes);
    value_set_integer(result, "left_out", (int64_t)files.left_out);
    return result;
}

/* ---- sockets: who holds which, then which listen ------------------------------------------ */

typedef struct {
    uint64_t inode;
    pid_t pid;
    char name[PROC_NAME_MAX];
} opener_t;

typedef struct {
    opener_t *all; /* ascending by inode once all are there */
    size_t count, room;
} openers_t;

static int
on_socket(void *context, const proc_t *process, int folder, const char *fd, const char *target)
{
    openers_t *self = context;
    (void)folder, (void)fd;
    if (strncmp(target, "socket:[", 8) != 0 || self->count == HOLDERS_MAX)
        return 0;
    self->all = memory_grow(self->all, self->count, &self->room, sizeof *self->all);
    opener_t *holder = &self->all[self->count++];
    *holder = (opener_t){.inode = strtoull(target + 8, NULL, 10), .pid = process->pid};
    text_copy(holder->name, sizeof holder->name, process->name);
    return 0;
}

static int
compare_inodes(const void *left, const void *right)
{
    const opener_t *a = left, *b = right;
    if (a->inode != b->inode)
        return (a->inode > b->inode) - (a->inode < b->inode);
    return (a->pid > b->pid) - (a->pid < b->pid);
}

/* The first process that holds the socket. */
static const opener_t *
holder_of(const openers_t *self, uint64_t inode)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (self->all[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    return low < self->count && self->all[low].inode == inode ? &self->all[low] : NULL;
}

typedef struct {
    const op_world_t *world;
    const openers_t *holders;
    const char *protocol;
    uint16_t port; /* 0 for all */
    value_t *list;
    size_t left_out;
} listening_t;

static void
on_listening(const struct nlmsghdr *message, void *context)
{
    listening_t *self = context;
    const struct inet_diag_msg *told = mnl_nlmsg_get_payload(message);
    char address[INET6_ADDRSTRLEN] = "", user[TEXT_NAME_MAX + 1];
    bool whole = mnl_nlmsg_get_payload_len(message) >= sizeof *told;
    uint16_t port = whole ? ntohs(told->id.idiag_sport) : 0;
    if ((self->port && port != self->port) || !port)
        return;
    if (value_count(self->list) == SOCKETS_MAX ||
        user_name(self->world, told->idiag_uid, user, sizeof user, NULL)) {
        self->left_out++;
        return;
    }
    const opener_t *holder = holder_of(self->holders, told->idiag_inode);
    value_t *row = value_map();
    inet_ntop(told->idiag_family, told->id.idiag_src, address, sizeof address);
    value_set_text(row, "protocol", self->protocol);
    value_set_text(row, "address", address);
    value_set_integer(row, "port", port);
    show(row, "user", user);
    if (holder) {
        value_set_integer(row, "pid", holder->pid);
        show(row, "name", holder->name);
    }
    value_append(self->list, row);
}

value_t *
process_sockets(const value_t *arguments, const op_world_t *world, fault_t *fault)
{
    static const struct {
        const char *name;
        uint8_t protocol;
        uint32_t states;
    } kinds[] = {{"tcp", IPPROTO_TCP, LISTENING}, {"udp", IPPROTO_UDP, UNCONNECTED}};
    CLEANUP(memory_free) proc_t *all = NULL;
    openers_t holders = {0};
    size_t unseen, count = proc_all(&all, &unseen);
    for (size_t i = 0; i < count; i++)
        unseen += each_descriptor(&all[i], &holders, on_socket, NULL) != 0;
    if (holders.count)
        qsort(holders.all, holders.count, sizeof *holders.all, compare_inodes);
    CLEANUP(memory_free) opener_t *owned = holders.all;
    CLEANUP(value_destroy) value_t *list = value_list();
    listening_t found = {.world = world,
                         .holders = &holders,
                         .list = list,
                         .left_out = unseen,
                         .port = (uint16_t)value_get_integer(arguments, "port")};
    int wrong = 0;
    for (size_t i = 0; !wrong && i < 2 * ARRAY_SIZE(kinds); i++) {
        found.protocol = kinds[i / 2].name;
        wrong = netlink_sockets(i % 2 ? AF_INET6 : AF_INET, kinds[i / 2].protocol,
                                kinds[i / 2].states, on_listening, &found);
    }
    if (wrong) {
        fault_set(fault, FAULT_IO, "the kernel does not tell its sockets: %s", strerror(wrong));
        return NULL;
    }
    (void)owned;
    value_t *result = value_map();
    value_set(result, "sockets", MOVE(list));
    value_set_integer(result, "left_out", (int64_t)found.left_out);
    return result;
}
