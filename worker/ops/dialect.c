/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/ops/dialect.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

#include "common/net.h"

#define BELOW   " | "     /* between a line and what stands below it */
#define MINUTES "minutes" /* 0 for ever */

/* What ios and frr share. */
#define IOS_SHUT(line)                                                                           \
    {                                                                                            \
        .find = line, .stands = "interface {interface} | shutdown",                              \
        .set = "interface {interface}\nshutdown", .unset = "interface {interface}\nno shutdown", \
    }
#define IOS_NEIGHBOUR                                         \
    {                                                         \
        .find = "{place} | neighbor {neighbour}",             \
        .stands = "{place} | neighbor {neighbour} shutdown",  \
        .set = "{place}\nneighbor {neighbour} shutdown",      \
        .unset = "{place}\nno neighbor {neighbour} shutdown", \
    }
#define FRR_ACL(ip)                                                             \
    {                                                                           \
        .slot = ip "access-list {acl} seq {sequence}",                          \
        .stands = ip "access-list {acl} seq {sequence} {action} {source}",      \
        .set = ip "access-list {acl} seq {sequence} {action} {source}",         \
        .unset = "no " ip "access-list {acl} seq {sequence} {action} {source}", \
    }
#define IOS_ACL(list, number, ip)                                                    \
    {                                                                                \
        .slot = list " {acl} | " number "{sequence}",                                \
        .stands = list " {acl} | " number "{sequence} {action} " ip " {source} any", \
        .set = list " {acl}\n" number "{sequence} {action} " ip " {source} any",     \
        .unset = list " {acl}\nno " number "{sequence}",                             \
    }

#define BOTH(line) \
    {              \
        line, line \
    }

static const dialect_t dialects[] = {
    {
        .name = "frr",
        .quiet = "terminal length 0",
        .wrong = "% ",
        .passing = "Building configuration\nCurrent configuration\n! ",
        .config = "show running-config",
        .nested = true,
        .enter = "configure terminal",
        .leave = "end",
        .interface = {.command = "show interface {interface} json",
                      .exists = "administrativeStatus",
                      .state = "operationalStatus",
                      .good = "up",
                      .json = true},
        .neighbour = {.command = "show bgp neighbors {neighbour} json",
                      .exists = "bgpState",
                      .state = "bgpState",
                      .good = "Established",
                      .reason = "lastResetDueTo",
                      .notification = "lastNotificationReason",
                      .count = "acceptedPrefixCounter",
                      .json = true},
        .clearing = {BOTH("clear bgp {neighbour} soft"), BOTH("clear bgp {neighbour}")},
        .verbs = {[VERB_SHUT] = IOS_SHUT(NULL),
                  [VERB_NEIGHBOUR] = IOS_NEIGHBOUR,
                  [VERB_ACL] = FRR_ACL(""),
                  [VERB_ACL_6] = FRR_ACL("ipv6 ")},
        .questions = {{"acl", "show ip access-list json", true},
                      {"arp", NULL, false},
                      {"bgp", "show bgp summary json", true},
                      {"interfaces", "show interface json", true},
                      {"log", "show logging", false},
                      {"routes", "show ip route json", true},
                      {"version", "show version", false}},
    },
    {
        .name = "ios",
        .quiet = "terminal length 0",
        .wrong = "% \n%Error",
        .passing = "Building configuration\nCurrent configuration\n! ",
        .config = "show running-config",
        .nested = true,
        .enter = "configure terminal",
        .leave = "end",
        .interface = {.command = "show interfaces {interface} | include line protocol",
                      .exists = "line protocol is ",
                      .state = "line protocol is ",
                      .good = "up"},
        .neighbour = {.command = "show bgp all neighbors {neighbour} | include BGP state|"
                                 "Prefixes Current|Last reset",
                      .exists = "BGP state = ",
                      .state = "BGP state = ",
                      .good = "Established",
                      .reason = ", due to ",
                      .count = "Prefixes Current:"},
        .clearing = {{"clear ip bgp {neighbour} soft", "clear bgp ipv6 unicast {neighbour} soft"},
                     {"clear ip bgp {neighbour}", "clear bgp ipv6 unicast {neighbour}"}},
        .verbs = {[VERB_SHUT] = IOS_SHUT("interface {interface}"),
                  [VERB_NEIGHBOUR] = IOS_NEIGHBOUR,
                  [VERB_ACL] = IOS_ACL("ip access-list extended", "", "ip"),
                  [VERB_ACL_6] = IOS_ACL("ipv6 access-list", "sequence ", "ipv6")},
        .questions = {{"acl", "show access-lists", false},
                      {"arp", "show ip arp", false},
                      {"bgp", "show bgp all summary", false},
                      {"interfaces", "show interfaces", false},
                      {"log", "show logging", false},
                      {"routes", "show ip route", false},
                      {"version", "show version", false}},
    },
    {
        .name = "junos",
        .quiet = "set cli screen-length 0\nset cli screen-width 0",
        .wrong = "error:\nunknown command\nsyntax error\nmissing argument\ninvalid\ncommit failed",
        .passing = "## \nversion ",
        .config = "show configuration | display set | no-more",
        .enter = "configure private",
        .leave = "commit\nexit",
        .leave_for = "commit confirmed {minutes}\nexit",
        .interface = {.command = "show interfaces {interface} terse | display json | no-more",
                      .exists = "admin-status",
                      .state = "oper-status",
                      .good = "up",
                      .json = true},
        .neighbour = {.command = "show bgp neighbor {neighbour} | display json | no-more",
                      .exists = "peer-state",
                      .state = "peer-state",
                      .good = "Established",
                      .reason = "last-error",
                      .count = "accepted-prefix-count",
                      .json = true},
        .clearing = {BOTH("clear bgp neighbor {neighbour} soft\n"
                          "clear bgp neighbor {neighbour} soft-inbound"),
                     BOTH("clear bgp neighbor {neighbour}")},
        .verbs = {[VERB_SHUT] = {.stands = "set interfaces {interface} disable",
                                 .set = "set interfaces {interface} disable",
                                 .unset = "delete interfaces {interface} disable"},
                  [VERB_NEIGHBOUR] =
                      {.find = "set protocols bgp group {place} neighbor {neighbour}",
                       .stands = "deactivate protocols bgp group {place} neighbor {neighbour}",
                       .set = "deactivate protocols bgp group {place} neighbor {neighbour}",
                       .unset = "activate protocols bgp group {place} neighbor {neighbour}"}},
        .questions = {{"acl", "show firewall | display json | no-more", true},
                      {"arp", "show arp no-resolve | display json | no-more", true},
                      {"bgp", "show bgp summary | display json | no-more", true},
                      {"interfaces", "show interfaces terse | display json | no-more", true},
                      {"log", "show log messages | last 200 | no-more", false},
                      {"routes", "show route summary | display json | no-more", true},
                      {"version", "show version | display json | no-more", true}},
    },
};

const dialect_t *
dialect_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(dialects); i++)
        if (!strcmp(dialects[i].name, name))
            return &dialects[i];
    return NULL;
}

const question_t *
dialect_question(const dialect_t *self, const char *what)
{
    for (size_t i = 0; i < QUESTIONS_MAX; i++)
        if (!strcmp(self->questions[i].what, what))
            return self->questions[i].command ? &self->questions[i] : NULL;
    return NULL;
}

/* Whether the text can stand in a hole. */
static bool
is_plain(const char *text)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t size = strlen(text);
    while (size && (strchr(first, text[size - 1]) || strchr("./:_-", text[size - 1])))
        size--;
    return !size && *text && strchr(first, *text);
}

/* ios: "host 192.0.2.1", "192.0.2.0 0.0.0.255", "2001:db8::/32"; frr: always with its prefix. */
static void
write_source(const dialect_t *self, const char *text, char *out, size_t size)
{
    net_t net;
    char address[INET6_ADDRSTRLEN], wildcard[INET_ADDRSTRLEN];
    bool good = net_read(text, &net), ios = !strcmp(self->name, "ios");
    assert(good);
    inet_ntop(net.bits == 32 ? AF_INET : AF_INET6, net.bytes, address, sizeof address);
    struct in_addr rest = {htonl(net.prefix < 32 ? UINT32_MAX >> net.prefix : 0)};
    inet_ntop(AF_INET, &rest, wildcard, sizeof wildcard);
    if (ios && net.prefix == 0)
        snprintf(out, size, "any");
    else if (ios && net.prefix == net.bits)
        snprintf(out, size, "host %s", address);
    else if (ios && net.bits == 32)
        snprintf(out, size, "%s %s", address, wildcard);
    else
        snprintf(out, size, "%s/%u", address, net.prefix);
}

value_t *
dialect_texts(const dialect_t *self, const value_t *arguments, fault_t *fault)
{
    static const char *const words[] = {"interface", "acl"}, *const numbers[] = {"sequence",
                                                                                 MINUTES};
    char number[24], source[80];
    net_t net;
    CLEANUP(value_destroy) value_t *texts = value_copy(arguments);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (value_get(arguments, words[i]) && !is_plain(value_get_text(arguments, words[i]))) {
            fault_set(fault, FAULT_ARGUMENT, "'%s' holds more than letters, digits and ./:_-",
                      words[i]);
            return NULL;
        }
    const char *neighbour = value_get_text(arguments, "neighbour");
    if (*neighbour && !net_read_address(neighbour, &net)) {
        fault_set(fault, FAULT_ARGUMENT, "'%s' is no address of one neighbour", neighbour);
        return NULL;
    }
    if (value_get(arguments, "source")) {
        write_source(self, value_get_text(arguments, "source"), source, sizeof source);
        value_set_text(texts, "source", source);
    }
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        snprintf(number, sizeof number, "%lld",
                 (long long)value_get_integer(arguments, numbers[i]));
        value_set_text(texts, numbers[i], number);
    }
    return MOVE(texts);
}

verb_index_t
dialect_acl_verb(const value_t *arguments)
{
    return strchr(value_get_text(arguments, "source"), ':') ? VERB_ACL_6 : VERB_ACL;
}

static bool
is_for_a_while(const value_t *texts)
{
    return strcmp(value_get_text(texts, MINUTES), "0") != 0;
}

const verb_t *
dialect_verb(const dialect_t *self, verb_index_t index, const value_t *texts, fault_t *fault)
{
    const verb_t *verb = &self->verbs[index];
    if (!verb->stands) {
        fault_set(fault, FAULT_ARGUMENT, "a device that speaks %s has no such thing", self->name);
        return NULL;
    }
    if (is_for_a_while(texts) && !self->leave_for) {
        fault_set(fault, FAULT_ARGUMENT,
                  "a device that speaks %s takes nothing back by itself: leave out 'minutes'",
                  self->name);
        return NULL;
    }
    return verb;
}

/* {place} is as many lines to type as it has parts. */
static value_t *
open_place(const dialect_t *self, const value_t *texts)
{
    value_t *opened = value_copy(texts);
    CLEANUP(bytes_destroy) bytes_t *lines = bytes_new();
    const char *at = value_get_text(texts, "place"), *below;
    for (; self->nested && (below = strstr(at, BELOW)); at = below + strlen(BELOW))
        bytes_addf(lines, "%.*s\n", (int)(below - at), at);
    bytes_add_text(lines, at);
    value_set_text(opened, "place", bytes_text(lines));
    return opened;
}

bytes_t *
dialect_change(const dialect_t *self, const verb_t *verb, bool on, const value_t *texts)
{
    CLEANUP(value_destroy) value_t *opened = open_place(self, texts);
    const char *parts[] = {self->enter, on ? verb->set : verb->unset,
                           is_for_a_while(texts) ? self->leave_for : self->leave};
    bytes_t *all = bytes_new();
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        CLEANUP(bytes_destroy) bytes_t *part = dialect_fill(parts[i], opened);
        bytes_addf(all, "%s%s", i ? "\n" : "", bytes_text(part));
    }
    return all;
}

bytes_t *
dialect_clear(const dialect_t *self, bool hard, const value_t *texts)
{
    const char *const *lines = hard ? self->clearing.hard : self->clearing.soft;
    return dialect_fill(lines[strchr(value_get_text(texts, "neighbour"), ':') != NULL], texts);
}

bytes_t *
dialect_fill(const char *line, const value_t *texts)
{
    char name[16];
    bytes_t *out = bytes_new();
    for (const char *at = line; *at;) {
        size_t plain = strcspn(at, "{");
        bytes_add(out, at, plain);
        at += plain;
        if (!*at)
            break;
        const char *end = strchr(at, '}');
        assert(end && (size_t)(end - at) <= sizeof name);
        snprintf(name, sizeof name, "%.*s", (int)(end - at) - 1, at + 1);
        bytes_add_text(out, value_get_text(texts, name));
        at = end + 1;
    }
    return out;
}

bool
dialect_begins(const char *line, const char *begins)
{
    for (const char *at = begins; *at;) {
        size_t size = strcspn(at, "\n");
        if (!strncmp(line, at, size))
            return true;
        at += size + (at[size] == '\n');
    }
    return false;
}
