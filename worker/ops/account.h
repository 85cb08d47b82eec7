/* SPDX-License-Identifier: Apache-2.0 */
/* account - one of the machine's own users, from /etc/passwd and /etc/shadow, and the SSH keys that
 * may log in as it, from the files in its home that sshd(8) reads where nobody tells it others. */
#ifndef TOCSIN_ACCOUNT_H
#define TOCSIN_ACCOUNT_H

#include <sys/stat.h>

#include "worker/op_cell.h"

#define ACCOUNT_KEYS_BYTES (256 * 1024) /* of each file of keys */
#define ACCOUNT_KEY_FILES  2            /* .ssh/authorized_keys and .ssh/authorized_keys2 */
#define FINGERPRINT_TEXT   51           /* "SHA256:", 43 digits of base64, terminated */

typedef struct {
    uid_t user;
    gid_t group;
    char keys[ACCOUNT_KEY_FILES][OP_FIX_PATH_MAX + 1]; /* their paths */
} account_t;

/* FAULT_NOT_FOUND; FAULT_LIMIT where its home's path is too long; FAULT_IO. */
int account_find(const op_world_t *world, const char *name, account_t *out,
                 fault_t *fault) MUST_CHECK;

/* "none", "set", "locked", or "unknown" where /etc/shadow has no line of it. FAULT_IO. */
int account_password(const op_world_t *world, const char *name, const char **word,
                     fault_t *fault) MUST_CHECK;

typedef struct {
    char type[64], fingerprint[FINGERPRINT_TEXT], comment[128];
    bool options;
} ssh_key_t;

/* Whether a line of authorized_keys is a key, for sshd(8) at least. */
bool ssh_key_read(const char *line, ssh_key_t *out);

/* The text of one of its files of keys, through no symbolic link, without what is behind a NUL in
 * its line, which sshd does not see, and what is known of the file; an empty text where there is
 * none. FAULT_POLICY, FAULT_LIMIT, FAULT_IO. */
bytes_t *account_keys(const account_t *self, size_t file, struct stat *facts, fault_t *fault);

/* Another text in its place, at once, with the owner and mode that it had. */
int account_write_keys(const account_t *self, size_t file, slice_t text, const struct stat *facts,
                       fault_t *fault) MUST_CHECK;

#endif
