/* SPDX-License-Identifier: Apache-2.0 */
/* faults/units - cases of ops upon systemd's units, those of systemd_fixture.h. */
#ifndef TOCSIN_FAULTS_UNITS_H
#define TOCSIN_FAULTS_UNITS_H

#include "tests/unit/faults/case.h"

#define RUNS       "systemctl reset-failed web.service; systemctl start web.service"
#define RUNS_NOT   "systemctl stop web.service; systemctl reset-failed web.service"
#define UNLIMITED  "systemctl set-property --runtime web.service MemoryMax=infinity"
#define ENABLED    "systemctl unmask web.service; systemctl enable web.service"
#define DISABLED   "systemctl unmask web.service; systemctl disable web.service"
#define UNMASKED   "systemctl unmask web.service"
#define MASKED     UNMASKED "; systemctl mask web.service"
#define SHOW(unit) "systemctl show -p ActiveState,SubState,UnitFileState,MemoryMax,Result " unit

static const case_t units_cases[] = {
    {.op = "unit.limit",
     .arguments = "unit=web.service memory_bytes=67108864",
     .before = RUNS "; " UNLIMITED,
     .thing = SHOW("web.service"),
     .always = SYS_recvmsg},
    {.op = "unit.dependencies", .arguments = "unit=needy.service"},
    {.op = "unit.disable",
     .arguments = "unit=web.service",
     .before = ENABLED,
     .thing = SHOW("web.service")},
    {.op = "unit.enable",
     .arguments = "unit=web.service",
     .before = DISABLED,
     .thing = SHOW("web.service")},
    {.op = "unit.list"},
    {.op = "unit.mask",
     .arguments = "unit=web.service",
     .before = UNMASKED,
     .thing = SHOW("web.service")},
    {.op = "unit.reload",
     .arguments = "unit=web.service",
     .before = RUNS,
     .thing = SHOW("web.service")},
    {.op = "unit.reset_failed",
     .arguments = "unit=broken.service",
     .before = "systemctl start broken.service",
     .thing = SHOW("broken.service")},
    {.op = "unit.restart",
     .arguments = "unit=web.service",
     .before = RUNS,
     .thing = SHOW("web.service")},
    {.op = "unit.start",
     .arguments = "unit=web.service",
     .before = RUNS_NOT,
     .thing = SHOW("web.service"),
     .always = SYS_ppoll},
    {.op = "unit.status",
     .arguments = "unit=web.service",
     .before = RUNS "; systemctl set-property --runtime web.service MemoryMax=64M",
     .always = SYS_sendmsg},
    {.op = "unit.stop",
     .arguments = "unit=web.service",
     .before = RUNS,
     .thing = SHOW("web.service")},
    {.op = "unit.unmask",
     .arguments = "unit=web.service",
     .before = MASKED,
     .thing = SHOW("web.service")},
};

#endif
