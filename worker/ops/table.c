/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/table.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "worker/foresight.h"
#include "worker/ops/asked.h"
#include "worker/ops/netlink.h"

#define NFT        "/usr/sbin/nft"
#define SCRIPT_MAX 32768 /* what a pipe takes at once */
#define WORDS_MAX  160   /* of nft's complaint */

static const char base[] =
    "add table inet tocsin\n"
    "add set inet tocsin blocked4 { type ipv4_addr; flags interval, timeout; }\n"
    "add set inet tocsin blocked6 { type ipv6_addr; flags interval, timeout; }\n"
    "add set inet tocsin isolated { typeof meta nfproto; flags timeout; }\n"
    "add map inet tocsin rates { type inet_service : verdict; flags timeout; }\n"
    "add chain inet tocsin isolate_in\n"
    "add chain inet tocsin isolate_out\n"
    "add chain inet tocsin input { type filter hook input priority -10; policy accept; }\n"
    "add chain inet tocsin output { type filter hook output priority -10; policy accept; }\n"
    "add chain inet tocsin forward { type filter hook forward priority -10; policy accept; }\n"
    "flush chain inet tocsin input\n"
    "flush chain inet tocsin output\n"
    "flush chain inet tocsin forward\n"
    "add rule inet tocsin input iifname lo accept\n"
    "add rule inet tocsin output oifname lo accept\n";

static const char rules[] =
    "add rule inet tocsin input meta nfproto @isolated goto isolate_in\n"
    "add rule inet tocsin output meta nfproto @isolated goto isolate_out\n"
    "add rule inet tocsin forward meta nfproto @isolated drop\n"
    "add rule inet tocsin input ip saddr @blocked4 drop\n"
    "add rule inet tocsin input ip6 saddr @blocked6 drop\n"
    "add rule inet tocsin output ip daddr @blocked4 drop\n"
    "add rule inet tocsin output ip6 daddr @blocked6 drop\n"
    "add rule inet tocsin forward ip saddr @blocked4 drop\n"
    "add rule inet tocsin forward ip6 saddr @blocked6 drop\n"
    "add rule inet tocsin forward ip daddr @blocked4 drop\n"
    "add rule inet tocsin forward ip6 daddr @blocked6 drop\n"
    "add rule inet tocsin input tcp flags & (syn | ack) == syn tcp dport vmap @rates\n";

bytes_t *
table_begin(const op_world_t *world)
{
    bytes_t *script = bytes_new();
    const net_t *net;
    char text[64];
    bytes_add_text(script, base);
    for (size_t i = 0; (net = policy_management(world->policy, i)); i++) {
        const char *protocol = net->bits == 32 ? "ip" : "ip6";
        netlink_write_net(net, text, sizeof text);
        bytes_addf(script, "add rule inet tocsin input %s saddr %s accept\n", protocol, text);
        bytes_addf(script, "add rule inet tocsin output %s daddr %s accept\n", protocol, text);
    }
    bytes_add_text(script, rules);
    return script;
}

/* Ends with the cell's pid namespace, whatever it does. */
_Noreturn static void
run_nft(int script, int words)
{
    static const char *const command[] = {NFT, "-f", "-", NULL};
    if (dup2(script, 0) == 0 && dup2(words, 2) == 2 && !close_range(3, ~0U, 0))
        execve(command[0], (char *const *)(uintptr_t)command, environ);
    _exit(127);
}

/* Its first line, printable and without "Error: ". */
static void
read_words(int fd, char words[static WORDS_MAX])
{
    char text[4096];
    ssize_t size = file_fill(fd, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    const char *said = strstr(text, "Error: ");
    asked_printable(words, WORDS_MAX, said ? said + 7 : text);
}

/* The script waits in the pipe as a whole before anybody reads it. -1 where no process is made. */
static pid_t
start_nft(const bytes_t *script, int *words, fault_t *fault)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC))
        return fault_errno(fault, "pipe");
    CLEANUP(descriptor_close) int script_read = in[0];
    int wrong = file_write_all(in[1], bytes_slice(script), fault);
    close(in[1]);
    if (wrong || pipe2(out, O_CLOEXEC))
        return wrong ? wrong : fault_errno(fault, "pipe");
    CLEANUP(descriptor_close) int words_write = out[1];
    *words = out[0];
    pid_t child = fork();
    if (child == 0)
        run_nft(script_read, words_write);
    return child < 0 ? fault_errno(fault, NFT) : child;
}

int
table_apply(const bytes_t *script, fault_t *fault)
{
    CLEANUP(descriptor_close) int fd = -1;
    char words[WORDS_MAX];
    int status;
    if (script->size > SCRIPT_MAX)
        return fault_set(fault, FAULT_LIMIT, "more than %d bytes of rules", SCRIPT_MAX);
    pid_t child = start_nft(script, &fd, fault);
    if (child < 0)
        return -1;
    read_words(fd, words);
    while (waitpid(child, &status, 0) != child)
        if (errno != EINTR) /* whoever is waited for has had its say */
            return fault_set(fault, FAULT_UNKNOWN, NFT ": %s", strerror(errno));
    if (!status)
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return fault_set(fault, FAULT_FAILED, "'" NFT "' cannot be started: install nftables");
    return fault_set(fault, FAULT_FAILED, "nft refuses: %s", words);
}

void
table_foretell(value_t *foresight, bool is_there)
{
    if (!is_there)
        foresight_comes(foresight, "table inet tocsin, in which loopback and management pass");
}

bool
table_is_seen(const value_t *seen)
{
    const value_t *chains = value_get(seen, "chains");
    for (size_t i = 0; i < value_count(chains); i++)
        if (!strcmp(value_get_text(value_at(chains, i), "table"), "tocsin") &&
            !strcmp(value_get_text(value_at(chains, i), "family"), "inet"))
            return true;
    return false;
}
