/* SPDX-License-Identifier: Apache-2.0 */
/* catalog_reader - looks at refs/tocsin of a bare repository for ever, and sends what is new to the
 * broker as items of broker/catalog.h. The one file of the broker's folder that knows libgit2; only
 * the catalog program links it. */
#ifndef TOCSIN_CATALOG_READER_H
#define TOCSIN_CATALOG_READER_H

#include "common/fault.h"

/* Once, before the process is confined: libraries read their own files here. */
int catalog_reader_open(fault_t *fault) MUST_CHECK;

/* Takes over fd. Ends the process when its other end is gone. An idle look costs a few stat calls:
 * refs are only listed when a folder that holds them changed. */
_Noreturn void catalog_reader_run(const char *repository, int fd, int interval_ms);

#endif
