/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"

extern char **environ;

#define COMPLAINT_MAX 400

/* A private folder for one signature; what is in it is removed with it. */
typedef struct {
    char folder[64];
    char document[80];
    char armor[88]; /* where ssh-keygen puts its result */
    char words[80]; /* what ssh-keygen says */
} desk_t;

static int
desk_open(desk_t *self, slice_t document, fault_t *fault)
{
    snprintf(self->folder, sizeof self->folder, "/tmp/tocsin-sign-XXXXXX");
    if (!mkdtemp(self->folder)) {
        self->folder[0] = '\0';
        return fault_errno(fault, "a private folder under '/tmp'");
    }
    snprintf(self->document, sizeof self->document, "%s/document", self->folder);
    snprintf(self->armor, sizeof self->armor, "%s/document.sig", self->folder);
    snprintf(self->words, sizeof self->words, "%s/words", self->folder);
    return file_write(self->document, document, 0600, fault);
}

static void
desk_close(desk_t *self)
{
    if (!self->folder[0])
        return;
    unlink(self->document);
    unlink(self->armor);
    unlink(self->words);
    rmdir(self->folder);
}

/* Its own words go to a file; passphrases and touches are asked for on the terminal by itself. */
static int
spawn_keygen(const desk_t *desk, const char *key, const char *space, pid_t *pid)
{
    const char *const argv[] = {"ssh-keygen", "-Y", "sign",         "-n", space,
                                "-f",         key,  desk->document, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, desk->words,
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    int error = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int
keygen_failed(const desk_t *desk, const char *key, fault_t *fault)
{
    fault_t ignored;
    CLEANUP(bytes_destroy) bytes_t *words = file_read(desk->words, COMPLAINT_MAX * 16, &ignored);
    for (size_t i = 0; words && i < words->size; i++)
        if (words->data[i] < 0x20 || words->data[i] == 0x7f)
            words->data[i] = ' ';
    return fault_set(fault, FAULT_KEY, "ssh-keygen does not sign with '%s': %.*s", key,
                     COMPLAINT_MAX, words ? bytes_text(words) : "it says nothing");
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
    return file_read(self->armor, SIGNATURE_ARMOR_MAX, fault);
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
    desk_t desk = {.folder = ""};
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
