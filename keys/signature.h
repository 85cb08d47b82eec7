/* SPDX-License-Identifier: Apache-2.0 */
/* signature - SSH signatures: read, checked and, for machines, made.
 *
 * Source: OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f; stricter, as docs/PROTOCOL.md 2 lists.
 * Where several signatures stand beside one document, their armors simply follow each other. */
#ifndef TOCSIN_SIGNATURE_H
#define TOCSIN_SIGNATURE_H

#include "keys/pubkey.h"

#define SIGNATURE_ARMOR_MAX  2048 /* bytes of one armor */
#define SIGNATURES_MAX       16   /* beside one document */
#define SIGNATURES_BYTES_MAX (SIGNATURES_MAX * SIGNATURE_ARMOR_MAX)
#define SIGNATURE_BYTES      64

/* Namespaces: one for each purpose, so that no signature can serve as another. */
#define NAMESPACES(X)                        \
    X(SIGN_ROOT, "root@tocsin.v1")           \
    X(SIGN_PEOPLE, "people@tocsin.v1")       \
    X(SIGN_FLEET, "fleet@tocsin.v1")         \
    X(SIGN_AUTHOR, "author@tocsin.v1")       \
    X(SIGN_APPROVE, "approve@tocsin.v1")     \
    X(SIGN_ORDER, "order@tocsin.v1")         \
    X(SIGN_COSIGN, "cosign@tocsin.v1")       \
    X(SIGN_GRANT, "grant@tocsin.v1")         \
    X(SIGN_RECEIPT, "receipt@tocsin.v1")     \
    X(SIGN_CONSENT, "consent@tocsin.v1")     \
    X(SIGN_ANSWER, "answer@tocsin.v1")       \
    X(SIGN_STOP, "stop@tocsin.v1")           \
    X(SIGN_RESUME, "resume@tocsin.v1")       \
    X(SIGN_REVOKE, "revoke@tocsin.v1")       \
    X(SIGN_RESTART, "restart@tocsin.v1")     \
    X(SIGN_ALERT, "alert@tocsin.v1")         \
    X(SIGN_REJECT, "reject@tocsin.v1")       \
    X(SIGN_BEACON, "beacon@tocsin.v1")       \
    X(SIGN_ALLOWANCE, "allowance@tocsin.v1") \
    X(SIGN_CHECKPOINT, "checkpoint@tocsin.v1")

typedef enum {
#define X(purpose, text) purpose,
    NAMESPACES(X)
#undef X
        SIGN_PURPOSES
} purpose_t;

const char *purpose_namespace(purpose_t purpose);

typedef struct {
    pubkey_t key;
    purpose_t purpose;
    bool sha256; /* the message was hashed with SHA-256, else SHA-512 */
    uint8_t bytes[SIGNATURE_BYTES];
    uint8_t flags;    /* FIDO: 0x01 touched, 0x04 PIN; 0 for plain keys */
    uint32_t counter; /* FIDO; 0 for plain keys */
} signature_t;

#define SIGNATURE_TOUCHED 0x01
#define SIGNATURE_PIN     0x04

/* One armor, nothing before or after it. FAULT_SIGNATURE, FAULT_NAMESPACE (one that is not ours),
 * FAULT_KEY. Nothing is verified yet. */
int signature_decode(signature_t *self, slice_t armor, fault_t *fault) MUST_CHECK;

/* The same of this enrolled key and no other (FAULT_KEY), which spares looking at its point again.
 */
int signature_decode_by(signature_t *self, slice_t armor, const pubkey_t *key,
                        fault_t *fault) MUST_CHECK;

/* Takes the next armor off *armors. 1 taken, 0 none left, -1 fault. */
int signature_next(signature_t *self, slice_t *armors, fault_t *fault) MUST_CHECK;

/* Holds over message, in this purpose's namespace, by self->key; a FIDO key was touched.
 * FAULT_SIGNATURE, FAULT_NAMESPACE, FAULT_TOUCH. */
int signature_check(const signature_t *self, slice_t message, purpose_t purpose,
                    fault_t *fault) MUST_CHECK;

/* What was signed as it lies in a folder: PATH, and the armors beside it in PATH.sigs; both are the
 * caller's. Where only the armors are not to be had, *document is there all the same.
 * FAULT_NOT_FOUND, FAULT_LIMIT, FAULT_IO. */
int signed_load(const char *path, bytes_t **document, bytes_t **armors, fault_t *fault) MUST_CHECK;

/* A machine's own Ed25519 key; the secret lives in sodium_malloc. People's keys are never read. */
typedef struct machinekey machinekey_t;

/* A file of 64 hexadecimal digits (the seed) and LF, mode 0600 or FAULT_KEY. */
machinekey_t *machinekey_load(const char *path, fault_t *fault);

/* Makes a new key and writes its file. FAULT_CONFLICT if one is there. */
machinekey_t *machinekey_make(const char *path, fault_t *fault);
void machinekey_destroy(machinekey_t **self_p);
const pubkey_t *machinekey_public(const machinekey_t *self);

/* Appends an armored SSHSIG (SHA-512) that ssh-keygen -Y verify accepts. */
void machinekey_sign(const machinekey_t *self, purpose_t purpose, slice_t message, bytes_t *armor);

#endif
