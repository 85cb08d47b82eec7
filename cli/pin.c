/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pin.h"

#include <stdio.h>

#include "cli/state.h"
#include "common/file.h"

#define PIN_BYTES_MAX 8192

static int
path_of(const checkpoint_t *checkpoint, char path[static STATE_PATH_MAX], fault_t *fault)
{
    char name[HASH_TEXT + TEXT_NAME_MAX + 2], site[HASH_TEXT];
    snprintf(name, sizeof name, "%s.%s", hash_write(&checkpoint->site, site), checkpoint->broker);
    return state_path("log.pin", name, path, fault);
}

static int
read_restarts(pin_t *self, const char *text)
{
    static const char word[] = "restart ";
    char hash[HASH_TEXT];
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word)) {
        snprintf(hash, sizeof hash, "%s", at + strlen(word));
        if (self->restart_count == RESTARTS_MAX ||
            !hash_read(hash, &self->restarts[self->restart_count++]))
            return -1;
    }
    return 0;
}

/* Lines: the key as in a .pub file; "SIZE HEAD"; for each restart "restart HASH". */
int
pin_load(pin_t *self, const checkpoint_t *checkpoint, fault_t *fault)
{
    char path[STATE_PATH_MAX], key[512], head[HASH_TEXT];
    unsigned long long size;
    *self = (pin_t){.known = false};
    if (path_of(checkpoint, path, fault))
        return -1;
    CLEANUP(bytes_destroy) bytes_t *text = file_read(path, PIN_BYTES_MAX, fault);
    if (!text)
        return fault->code == FAULT_NOT_FOUND ? 0 : -1;
    if (sscanf(bytes_text(text), "%511[^\n]\n%llu %64s", key, &size, head) != 3 ||
        !hash_read(head, &self->head) || pubkey_read_line(&self->key, key, fault) ||
        read_restarts(self, bytes_text(text) + strlen(key)))
        return fault_set(fault, FAULT_FORMAT, "'%.150s' is no pin; if you know why, remove it",
                         path);
    self->size = size;
    self->known = true;
    return 0;
}

int
pin_keep(const checkpoint_t *checkpoint, const pubkey_t *key, const restarts_t *restarts,
         fault_t *fault)
{
    char path[STATE_PATH_MAX], head[HASH_TEXT];
    CLEANUP(bytes_destroy) bytes_t *text = bytes_new();
    pubkey_write(key, text);
    bytes_addf(text, "\n%llu %s\n", (unsigned long long)checkpoint->size,
               hash_write(&checkpoint->head, head));
    for (size_t i = 0; i < restarts_count(restarts); i++)
        bytes_addf(text, "restart %s\n", hash_write(restarts_hash(restarts, i), head));
    if (path_of(checkpoint, path, fault))
        return -1;
    return file_write(path, bytes_slice(text), 0600, fault);
}
