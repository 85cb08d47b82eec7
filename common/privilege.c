/* SPDX-License-Identifier: Apache-2.0 */
#include "common/privilege.h"

#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What root needs to become somebody who can do nothing. */
static const struct {
    int capability;
    const char *name;
} needed[] = {
    {CAP_SETPCAP, "CAP_SETPCAP"},
    {CAP_SETUID, "CAP_SETUID"},
    {CAP_SETGID, "CAP_SETGID"},
};

int
privilege_check(fault_t *fault)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (geteuid() != 0)
        return 0;
    if (syscall(SYS_capget, &header, data))
        return fault_errno(fault, "capget");
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
        if (!(data[0].effective & 1U << needed[i].capability))
            return fault_set(fault, FAULT_DENIED,
                             "root has no %s here, so nothing that it starts could give up what "
                             "root may: give the container CAP_SETPCAP, CAP_SETUID and CAP_SETGID",
                             needed[i].name);
    return 0;
}

int
privilege_become(uid_t uid, fault_t *fault)
{
    if (uid && geteuid() == 0) {
        if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
            return fault_set(fault, FAULT_DENIED, "privileges cannot be dropped to uid %u", uid);
        if (!setuid(0))
            return fault_set(fault, FAULT_DENIED, "uid %u could take root back", uid);
    }
    return 0;
}

int
privilege_drop(uid_t uid, fault_t *fault)
{
    if (uid && privilege_check(fault))
        return -1;
    for (int cap = 0; uid && geteuid() == 0 && prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap))
            return fault_errno(fault, "the bounding set cannot be emptied");
    if (privilege_become(uid, fault))
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return fault_errno(fault, "no_new_privs and dumpable cannot be set");
    return 0;
}

int
privilege_give(const char *path, uid_t uid, fault_t *fault)
{
    if (uid && geteuid() == 0 && chown(path, uid, uid))
        return fault_errno(fault, "'%s' cannot be given to uid %u", path, uid);
    return 0;
}

int
privilege_follow_parent(pid_t parent, fault_t *fault)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
        return fault_errno(fault, "PR_SET_PDEATHSIG");
    if (getppid() != parent)
        return fault_set(fault, FAULT_UNREACHABLE, "the process that started this one is gone");
    return 0;
}
