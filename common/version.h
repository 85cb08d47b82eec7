/* SPDX-License-Identifier: Apache-2.0 */
/* version - of the programs, as CHANGELOG.md tells it. Documents and messages have their own. */
#ifndef TOCSIN_VERSION_H
#define TOCSIN_VERSION_H

#define TOCSIN_VERSION "0.1.0"

#endif
