/* SPDX-License-Identifier: Apache-2.0 */
/* stamp - the time with which a line of a log begins. */
#ifndef TOCSIN_STAMP_H
#define TOCSIN_STAMP_H

#include "common/bytes.h"
#include "common/moment.h"

/* What RFC 3339 and ISO 8601 say, with a blank for the T and '/' for '-' too
 * ("2026-11-23T04:05:06.789+01:00", "2026-11-23 04:05:06,789 UTC"), and syslog's of before
 * ("Nov 23 04:05:06"); both also behind a '[' or a syslog priority ("<34>"). Where no zone is named
 * it is the machine's. A year that is not named is the newest in which it is no later than a day
 * after `newest`, which is when the file was written last. False where the line begins with none.
 */
bool stamp_read(slice_t line, wall_t newest, wall_t *at);

#endif
