/* SPDX-License-Identifier: Apache-2.0 */
/* log - one event a line on standard error, the same words for the same things
 * (incident=, run=, worker=). The level is the one variable that is not passed as self. */
#ifndef TOCSIN_LOG_H
#define TOCSIN_LOG_H

#include "common/bytes.h"
#include "common/fault.h"

typedef enum { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG } log_level_t;

/* program stands in front of each line and must outlive the process's logging. */
void log_open(const char *program, log_level_t level);

/* Control characters from strangers are written as '?'. Under systemd (JOURNAL_STREAM is set) a
 * priority prefix stands where the time would (sd-daemon(3)). */
void log_error(const char *format, ...) PRINTF(1, 2);
void log_warning(const char *format, ...) PRINTF(1, 2);
void log_info(const char *format, ...) PRINTF(1, 2);
void log_debug(const char *format, ...) PRINTF(1, 2);

/* log_error of one text, for who is given somebody to say it to. */
void log_error_text(const char *text);

/* Appends what log_info would write; log_lines then writes many at once. */
void log_add(bytes_t *lines, const char *format, ...) PRINTF(2, 3);
void log_lines(const bytes_t *lines);

/* log_warning of "WHAT: TEXT (CODE)". */
void log_fault(const char *what, const fault_t *fault);

#endif
