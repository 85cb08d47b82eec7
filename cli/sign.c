/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sign.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"

extern char **environ;

#define COMPLAINT_MAX 400

/* One signature's files, which have no name and end with their last descriptor. */
typedef struct {
    int document, armor, words; /* ssh-keygen's standard input, output and error; -1 for none */
} desk_t;

static void
desk_close(desk_t *self)
{
    const int fds[] = {self->document, self->armor, self->words};
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int
desk_open(desk_t *self, slice_t document, fault_t *fault)
{
    self->document = memfd_create("document", MFD_CLOEXEC);
    self->armor = memfd_create("armor", MFD_CLOEXEC);
    self->words = memfd_create("words", MFD_CLOEXEC);
    if (self->document < 0 || self->armor < 0 || self->words < 0)
        return fault_errno(fault, "memory for a signature");
    if (file_write_all(self->document, document, fault))
        return -1;
    return lseek(self->document, 0, SEEK_SET) ? fault_errno(fault, "memory for a signature") : 0;
}

/* Passphrases and touches are asked for on the terminal by itself. */
static int
spawn_keygen(const desk_t *desk, const char *key, const char *space, pid_t *pid)
{
    const char *const argv[] = {"ssh-keygen", "-Y", "sign", "-n", space, "-f", key, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, desk->document, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, desk->armor, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, desk->words, STDERR_FILENO);
    int error = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* The first bytes, at most max, of what ssh-keygen wrote; the caller's. */
static bytes_t *
read_desk(int fd, size_t max)
{
    uint8_t block[1024];
    ssize_t got;
    bytes_t *out = bytes_new();
    while (out->size < max && (got = pread(fd, block, sizeof block, (off_t)out->size)) > 0)
        bytes_add(out, block, (size_t)got < max - out->size ? (size_t)got : max - out->size);
    return out;
}

static int
keygen_failed(const desk_t *desk, const char *key, fault_t *fault)
{
    CLEANUP(bytes_destroy) bytes_t *words = read_desk(desk->words, COMPLAINT_MAX);
    for (size_t i = 0; i < words->size; i++)
        if (words->data[i] < 0x20 || words->data[i] == 0x7f)
            words->data[i] = ' ';
    return fault_set(fault, FAULT_KEY, "ssh-keygen does not sign with '%s': %s", key,
                     words->size ? bytes_text(words) : "it says nothing");
}

static bytes_t *
desk_sign(const desk_t *self, const char *key, purpose_t purpose, fault_t *fault)
{
    pid_t pid;
    int status = 0;
    int error = spawn_keygen(self, key, purpose_namespace(purpose), &pid);
    if (error) {
        errno = error;
        fault_errno(fault, "'ssh-keygen' does not start");
        return NULL;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        keygen_failed(self, key, fault);
        return NULL;
    }
    return read_desk(self->armor, SIGNATURE_ARMOR_MAX);
}

int
sign_check_key(const options_t *options, fault_t *fault)
{
    if (!options->key || !*options->key)
        return fault_set(fault, FAULT_USAGE, "name your SSH key by --key FILE or TOCSIN_KEY");
    if (access(options->key, R_OK))
        return fault_set(fault, FAULT_KEY,
                         "no SSH key in '%s': %s; name yours by --key FILE or TOCSIN_KEY",
                         options->key, strerror(errno));
    return 0;
}

int
sign_document(const options_t *options, purpose_t purpose, slice_t document, bytes_t *armor,
              pubkey_t *key, fault_t *fault)
{
    signature_t signature;
    desk_t desk = {-1, -1, -1};
    if (sign_check_key(options, fault))
        return -1;
    if (!options->quiet && isatty(STDERR_FILENO))
        fprintf(stderr, "signing with '%s' (touch it if it blinks)\n", options->key);
    int failed = desk_open(&desk, document, fault);
    CLEANUP(bytes_destroy)
    bytes_t *made = failed ? NULL : desk_sign(&desk, options->key, purpose, fault);
    desk_close(&desk);
    if (!made)
        return -1;
    if (signature_decode(&signature, bytes_slice(made), fault) ||
        signature_check(&signature, document, purpose, fault))
        return fault_wrap(fault, "what ssh-keygen made with '%s'", options->key);
    bytes_add_slice(armor, bytes_slice(made));
    if (key)
        *key = signature.key;
    return 0;
}

bool
sign_confirm(const options_t *options, const char *question)
{
    char answer[8];
    if (options->no_input)
        return true;
    if (!isatty(STDIN_FILENO))
        return false;
    fprintf(stderr, "%s [y/N] ", question);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* The next armor's signer among people, for this purpose; NULL behind the last. */
static const char *
next_signer(const people_t *people, slice_t *armors, purpose_t purpose)
{
    signature_t signature;
    while (people && signature_next(&signature, armors, NULL) == 1) {
        const person_key_t *key =
            signature.purpose == purpose ? people_find(people, &signature.key) : NULL;
        if (key)
            return key->person;
    }
    return NULL;
}

static bool
has_signed(const people_t *people, slice_t armors, purpose_t purpose, const char *person)
{
    for (const char *name; (name = next_signer(people, &armors, purpose));)
        if (!strcmp(name, person))
            return true;
    return false;
}

const char *
sign_names(const trust_t *trust, slice_t armors, purpose_t purpose, char out[static SIGN_NAMES_MAX])
{
    size_t used = 0;
    slice_t rest = armors;
    const people_t *people = trust_people(trust);
    out[0] = '\0';
    for (const char *name; used < SIGN_NAMES_MAX && (name = next_signer(people, &rest, purpose));) {
        bool again = has_signed(people, rest, purpose, name);
        bool orders = purpose == SIGN_COSIGN && has_signed(people, armors, SIGN_ORDER, name);
        if (!again && !orders)
            used +=
                (size_t)snprintf(out + used, SIGN_NAMES_MAX - used, "%s%s", used ? ", " : "", name);
    }
    return out;
}
