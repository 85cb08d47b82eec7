/* SPDX-License-Identifier: Apache-2.0 */
/* faults/processes - cases of ops upon processes, services and the commands of the policy. */
#ifndef TOCSIN_FAULTS_PROCESSES_H
#define TOCSIN_FAULTS_PROCESSES_H

#include "tests/unit/faults/case.h"

#define SLEEPS "sha256=0000000000000000000000000000000000000000000000000000000000000000"

/* Its pidfile is none of what is told of a thing: each try has another process. */
#define SERVED                                                               \
    "kill -9 $(cat @/run/real/pid) 2>/dev/null; mkdir -p @/run/real; rm -f " \
    "@/run/real/pid"
#define SERVES \
    "p=$(cat @/run/real/pid) && [ \"$p\" ] && awk '$3 !~ /[ZX]/ {print $2}' /proc/$p/stat; echo"

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
    {.op = "service.reload",
     .arguments = "service=real",
     .before = SERVED,
     .first = "service.start service=real",
     .thing = SERVES,
     .always = SYS_clone},
    {.op = "service.restart",
     .arguments = "service=real",
     .before = SERVED,
     .first = "service.start service=real",
     .thing = SERVES},
    {.op = "service.start",
     .arguments = "service=real",
     .before = SERVED,
     .thing = SERVES,
     .always = SYS_openat},
    {.op = "service.status",
     .arguments = "service=web",
     .before = "cp @/pid @/run/pid",
     .thing = LOOK},
    {.op = "service.stop",
     .arguments = "service=real",
     .before = SERVED,
     .first = "service.start service=real",
     .thing = SERVES,
     .always = SYS_poll},
    {.op = "site.run", .arguments = "command=tell", .always = SYS_poll},
};

/* With its keeper, and all that it started. */
USED static void
end_service(void)
{
    fault_t ignored;
    bench_root(true);
    CLEANUP(value_destroy)
    value_t *ended = run_within("service.stop", texts("service", "real", NULL), 0, &ignored);
}

#endif
