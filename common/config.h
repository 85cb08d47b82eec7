/* SPDX-License-Identifier: Apache-2.0 */
/* config - a text file of settings, a line each: KEY VALUE... A word that begins with '#', and is
 * not in quotes, begins a comment, which ends the line. */
#ifndef TOCSIN_CONFIG_H
#define TOCSIN_CONFIG_H

#include "common/bytes.h"
#include "common/fault.h"

#define CONFIG_BYTES_MAX (64 * 1024)
#define CONFIG_WORDS_MAX 64

typedef struct {
    unsigned line;                           /* in the file, from 1 */
    size_t count;                            /* words, the key included; at least 1 */
    const char *words[CONFIG_WORDS_MAX + 1]; /* words[0] is the key; NULL behind the last */
} setting_t;

typedef struct config config_t;

/* Words are separated by blanks; a word may stand in double quotes, without escapes. FAULT_CONFIG
 * names file and line. */
config_t *config_load(const char *path, fault_t *fault);
void config_destroy(config_t **self_p);

/* Who hears of every fault of a file, where its first would end the reading. */
typedef struct {
    void (*say)(const char *text);
    unsigned told;
} config_faults_t;

/* 0 where the fault was told, and reading goes on; -1 where faults is NULL. */
int config_tell(config_faults_t *faults, const fault_t *fault) MUST_CHECK;

/* FAULT_CONFIG says how many were told; 0 where none was. */
int config_end(const config_faults_t *faults, const char *path, fault_t *fault) MUST_CHECK;

/* config_load, but lines that are none are told and left out. */
config_t *config_load_telling(const char *path, config_faults_t *faults, fault_t *fault);

/* Valid until destroyed. */
const char *config_path(const config_t *self);
size_t config_count(const config_t *self);
const setting_t *config_at(const config_t *self, size_t index);

/* FAULT_CONFIG "FILE:LINE: TEXT". */
int config_fault(const config_t *self, const setting_t *setting, fault_t *fault, const char *format,
                 ...) PRINTF(4, 5);

#endif
