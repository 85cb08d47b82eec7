/* SPDX-License-Identifier: Apache-2.0 */
/* faults/processes - cases of ops upon processes. */
#ifndef TOCSIN_FAULTS_PROCESSES_H
#define TOCSIN_FAULTS_PROCESSES_H

#include "tests/unit/faults/case.h"

#define SLEEPS "sha256=0000000000000000000000000000000000000000000000000000000000000000"

static const case_t processes_cases[] = {
    {.op = "process.end_tree",
     .arguments = "process=% " SLEEPS,
     .thing = LOOK,
     .foresees_by = SYS_newfstatat,
     .always = SYS_poll},
    {.op = "process.files", .arguments = "pid=%", .thing = LOOK},
    {.op = "process.freeze",
     .arguments = "process=% name=sleeper",
     .thing = LOOK,
     .foresees_by = SYS_newfstatat},
    {.op = "process.list", .arguments = "name=sleeper", .thing = LOOK},
    {.op = "process.renice", .arguments = "process=% name=sleeper nice=5", .thing = LOOK},
    {.op = "process.renice",
     .arguments = "process=% name=other nice=5",
     .thing = LOOK,
     .refused = true},
    {.op = "process.signal",
     .arguments = "process=% name=sleeper signal=TERM wait_ms=2000",
     .thing = LOOK},
    {.op = "process.sockets"},
    {.op = "process.thaw",
     .arguments = "process=% name=sleeper",
     .first = "process.freeze process=% name=sleeper",
     .thing = LOOK,
     .foresees_by = SYS_newfstatat},
    {.op = "process.tree", .arguments = "pid=%", .thing = LOOK},
    {.op = "process.view", .arguments = "pid=% hash=true", .thing = LOOK},
    {.op = "service.status",
     .arguments = "service=web",
     .before = "cp @/pid @/run/pid",
     .thing = LOOK},
};

#endif
