/* SPDX-License-Identifier: Apache-2.0 */
/* replay - any past incident against any revision of a playbook.
 *
 *     tocsin playbook replay INCIDENT [PLAYBOOK|FOLDER] [--release HASH] [--commit REV] [--repo
 * REPO]
 *
 * Of the broker it takes the alert, grants and releases, which are verified here, and when grants
 * were drawn on; what would have matched is worked out here (cli/verdict.h). Exit status: 0 where
 * something would have run by itself, 1 where nothing would, 9 where there is no such incident. */
#ifndef TOCSIN_REPLAY_H
#define TOCSIN_REPLAY_H

#include "cli/command.h"

command_run_t playbook_replay;

#endif
