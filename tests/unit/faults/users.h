/* SPDX-License-Identifier: Apache-2.0 */
/* faults/users - cases of ops upon accounts, keys and sessions. */
#ifndef TOCSIN_FAULTS_USERS_H
#define TOCSIN_FAULTS_USERS_H

#include "tests/unit/faults/case.h"

#define USERS                                                                                      \
    "printf 'root:x:0:0::/root:/bin/sh\\nana:x:54321:54321::/home/ana:/bin/sh\\n' >@/etc/passwd; " \
    "printf 'root:*:1:0:99999:7:::\\nana:$y$j9T$abc:1:0:99999:7:::\\n' >@/etc/shadow; "            \
    "printf 'root:x:0:\\nana:x:54321:\\n' >@/etc/group"
#define AN_ACCOUNT "mkdir -p @/etc @/home/ana/.ssh; " USERS
#define A_KEY      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9OJ9nMPHVZxBvhGvPDqAIVn5EOaYmE3dqpKZ1vIkXM"
#define KEYS                                                                      \
    AN_ACCOUNT "; echo " A_KEY " ana >@/home/ana/.ssh/authorized_keys; echo "     \
               "no-pty " A_KEY " two >@/home/ana/.ssh/authorized_keys2; echo '#'" \
               " >>@/home/ana/.ssh/authorized_keys; chown -R 54321 @/home/ana"
#define THE_KEY "user=ana fingerprint=SHA256:SDl6F3SiQgNmAcsaUjMfSoveDDC3R+mgeqVa4SZzSnc"
#define LOCKED  AN_ACCOUNT "; sed -i 's/ana:/ana:!/' @/etc/shadow"
#define SESSION                                                                            \
    AN_ACCOUNT "; mkdir -p @/run/systemd/sessions; { echo USER=ana; echo TTY=pts/1; "      \
               "echo REMOTE_HOST=192.0.2.7; echo SERVICE=sshd; echo LEADER=$(cat @/pid); " \
               "echo REALTIME=9999999999000000; } >@/run/systemd/sessions/1"
/* As pam_faillock writes it: a source, two bytes, that it counts and is a host, a time. */
#define TALLY                                                                              \
    AN_ACCOUNT "; mkdir -p @/run/faillock @/etc/security; echo deny = 1 "                  \
               ">@/etc/security/faillock.conf; { printf 192.0.2.7; head -c 43 /dev/zero; " \
               "printf '\\0\\0\\3\\0\\0\\0\\0\\145\\0\\0\\0\\0'; } >@/run/faillock/ana"

static const case_t users_cases[] = {
    {.op = "user.end_sessions",
     .arguments = "user=ana",
     .before = SESSION,
     .rooted = true,
     .thing = LOOK},
    {.op = "user.failures",
     .before = "mkdir -p @/var/log; cp @/btmp @/var/log/btmp",
     .rooted = true},
    {.op = "user.keys", .arguments = "user=ana", .before = KEYS, .rooted = true},
    {.op = "user.list", .before = AN_ACCOUNT, .rooted = true},
    {.op = "user.lock", .arguments = "user=ana", .before = AN_ACCOUNT, .rooted = true},
    {.op = "user.lockouts", .before = TALLY, .rooted = true, .always = SYS_getdents64},
    {.op = "user.lockouts", .arguments = "user=ana", .before = TALLY, .rooted = true},
    {.op = "user.reset_lockout",
     .arguments = "user=ana",
     .before = TALLY,
     .rooted = true,
     .always = SYS_fsync},
    {.op = "user.remove_key", .arguments = THE_KEY, .before = KEYS, .rooted = true},
    {.op = "user.restore_key",
     .arguments = "user=ana id=%",
     .before = KEYS,
     .first = "user.remove_key " THE_KEY,
     .rooted = true},
    {.op = "user.sessions", .before = SESSION, .rooted = true, .thing = LOOK},
    {.op = "user.unlock", .arguments = "user=ana", .before = LOCKED, .rooted = true},
};

#endif
