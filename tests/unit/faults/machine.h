/* SPDX-License-Identifier: Apache-2.0 */
/* faults/machine - cases of ops upon the machine as a whole: its load, packages, parameters. */
#ifndef TOCSIN_FAULTS_MACHINE_H
#define TOCSIN_FAULTS_MACHINE_H

#include <sys/syscall.h>

#include "tests/unit/faults/case.h"

#define FORWARD "f=/proc/sys/net/ipv4/ip_forward; "
#define FETCHED                                                                  \
    "mkdir -p @/var/cache/apt/archives/partial && cd @/var/cache/apt && "        \
    "touch archives/lock archives/kept && echo text >archives/partial/c.deb && " \
    "echo text >archives/a.deb && echo text >archives/b.deb"
#define RULED                                                                         \
    "mkdir -p @/etc/logrotate.d @/var/lib/logrotate && echo '/etc/passwd { daily }' " \
    ">@/etc/logrotate.d/app && "                                                      \
    "echo '\"/etc/passwd\" 2026-11-22-4:5:6' >@/var/lib/logrotate/status"
#define PACKAGED                                                                            \
    "mkdir -p @/etc @/var/lib/dpkg/info && cd @ && echo 1 >etc/tool && cd var/lib/dpkg && " \
    "echo /etc/tool >info/tool.list && echo /etc/tool >info/other.list && "                 \
    "echo $(md5sum <../../../etc/tool | cut -c1-32)'  etc/tool' >info/tool.md5sums && "     \
    "printf '/etc/x\\n/etc/y\\nother\\n' >diversions && "                                   \
    "printf 'Package: tool\\nVersion: 1\\nStatus: install ok installed\\n' >status"
#define ARRAY                                                                            \
    "mkdir -p @/sys/block/md0/md/dev-sda1 @/sys/block/md0/md/dev-sdb1 && cd "            \
    "@/sys/block/md0/md && echo in_sync >dev-sda1/state && echo faulty >dev-sdb1/state " \
    "&& echo raid1 >level && echo clean >array_state && echo idle >sync_action && echo " \
    "1 >degraded && echo 2 >raid_disks"
#define LISTED                                                                            \
    "mkdir -p @/var/lib/apt/lists @/var/lib/dpkg && cd @/var/lib/apt/lists && printf "    \
    "'Package: a\\nStatus: install ok installed\\nVersion: 1\\nArchitecture: all\\n' "    \
    ">@/var/lib/dpkg/status && printf 'Package: a\\nVersion: 2\\nArchitecture: all\\n' "  \
    ">m_dists_x_main_binary-all_Packages && printf 'Label: L\\nCodename: x-security\\n' " \
    ">m_dists_x_InRelease"

static const case_t machine_cases[] = {
    {.op = "disk.raid", .before = ARRAY, .rooted = true, .always = SYS_openat},
    {.op = "host.files",
     .before = "mkdir -p @/proc/sys/fs; echo 100 0 1000 >@/proc/sys/fs/file-nr",
     .rooted = true},
    {.op = "host.load",
     .before = "mkdir @/proc; echo 0.5 0.4 0.3 2/99 7 >@/proc/loadavg",
     .rooted = true},
    {.op = "host.memory", .before = "mkdir @/proc; cp @/meminfo @/proc", .rooted = true},
    {.op = "host.oom",
     .before = "mkdir -p @/proc @/sys/fs/cgroup/a.slice/db @/sys/fs/cgroup/b; cd @/sys/fs/cgroup; "
               "echo oom_kill 5 >@/proc/vmstat; echo oom_kill 2 >a.slice/db/memory.events.local; "
               "echo oom_kill 3 >b/memory.events.local",
     .rooted = true},
    {.op = "host.pressure",
     .before =
         "mkdir -p @/proc/pressure; cd @/proc/pressure; p='avg10=1.50 avg60=0.07 avg300=12.00 "
         "total=7123456'; printf \"some $p\\nfull $p\\n\" | tee cpu io >memory",
     .rooted = true},
    {.op = "host.sysctl", .arguments = "key=net.ipv4.ip_forward"},
    {.op = "host.uptime",
     .before = "mkdir -p @/proc/sys/kernel/random @/run; cd @/proc; echo 5.5 6 >uptime; echo "
               "'btime 1700000000' >stat; cp /proc/sys/kernel/random/boot_id sys/kernel/random; "
               "echo 1 >@/run/reboot-required; echo libc6 >@/run/reboot-required.pkgs",
     .rooted = true},
    {.op = "log.view", .arguments = "rule=app", .before = RULED, .rooted = true},
    {.op = "package.clean", .arguments = "", .before = FETCHED, .rooted = true},
    {.op = "package.list",
     .before = "mkdir -p @/var/lib/dpkg; printf 'Package: a\\nStatus: install ok installed\\n"
               "Version: 1\\nArchitecture: all\\n\\nPackage: b\\nStatus: hold ok installed\\n"
               "Version: 2\\nArchitecture: all\\n' >@/var/lib/dpkg/status",
     .rooted = true},
    {.op = "package.owner", .arguments = "path=/etc/tool", .before = PACKAGED, .rooted = true},
    {.op = "package.restarts", .always = SYS_read},
    {.op = "package.updates", .before = LISTED, .rooted = true, .always = SYS_openat},
    {.op = "package.view",
     .arguments = "name=b",
     .before = "mkdir -p @/var/lib/dpkg/updates; printf 'Package: a\\nStatus: install ok "
               "installed\\nVersion: 1\\nArchitecture: all\\n\\nPackage: b\\nStatus: hold ok "
               "installed\\nVersion: 2\\nArchitecture: all\\n' >@/var/lib/dpkg/status",
     .rooted = true},
    {.op = "sysctl.set",
     .arguments = "key=net.ipv4.ip_forward value=1",
     .before = FORWARD "echo 0 >$f",
     .thing = FORWARD "cat $f"},
};

#endif
