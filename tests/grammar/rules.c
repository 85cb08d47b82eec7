/* SPDX-License-Identifier: Apache-2.0 */
/* What section 3 says of a type's lines together. */
#include <arpa/inet.h>
#include <ctype.h>

#include "tests/grammar/oracle_private.h"

static const char ZEROES[] = "0000000000000000000000000000000000000000000000000000000000000000";

#define HOLDS(condition, ...)                        \
    do {                                             \
        if (!(condition))                            \
            return oracle_refuse(self, __VA_ARGS__); \
    } while (0)

/* The next line with this key behind *at. */
static const oracle_line_t *
next(const oracle_t *self, const char *key, size_t *at)
{
    while (*at < self->lines) {
        const oracle_line_t *line = &self->line[(*at)++];
        if (strcmp(line->row->key, key) == 0)
            return line;
    }
    return NULL;
}

static const char *
value(const oracle_t *self, const char *key)
{
    size_t at = 0;
    const oracle_line_t *line = next(self, key, &at);
    return line ? line->field[0] : NULL;
}

static bool
is(const oracle_t *self, const char *key, const char *text)
{
    const char *found = value(self, key);
    return found && strcmp(found, text) == 0;
}

static unsigned long long
number(const char *text)
{
    return strtoull(text, NULL, 10);
}

/* Seconds between two times of one document: what is 24 hours is a question of days alone. */
static long long
seconds(const char *text)
{
    int year, month, day, hour, minute, second;
    sscanf(text, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second);
    long long y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    long long days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

static long long
between(const oracle_t *self, const char *from, const char *to)
{
    return seconds(value(self, to)) - seconds(value(self, from));
}

/* No two lines with this key have the same field there. */
static bool
once(oracle_t *self, const char *key, size_t field)
{
    size_t at = 0;
    for (const oracle_line_t *line; (line = next(self, key, &at));) {
        size_t behind = at;
        for (const oracle_line_t *other; (other = next(self, key, &behind));)
            HOLDS(strcmp(line->field[field], other->field[field]) != 0, "'%s' has '%.80s' twice",
                  key, line->field[field]);
    }
    return true;
}

static bool
span(oracle_t *self)
{
    return between(self, "issued", "expires") > 0 ||
           oracle_refuse(self, "it ends before it begins");
}

static bool
root(oracle_t *self)
{
    const oracle_line_t *line;
    bool first = number(value(self, "version")) == 1;
    HOLDS(first == is(self, "site", "self"), "only version 1 is its own site");
    HOLDS(!first || is(self, "previous", ZEROES), "version 1 has nothing before it");
    size_t from = 0, to = 0;
    const oracle_line_t *timekeeper = next(self, "timekeeper", &from);
    HOLDS(!timekeeper || strcmp(timekeeper->field[2], "ssh-ed25519") == 0,
          "a timekeeper with a FIDO key");
    for (; timekeeper && (line = next(self, "holder", &to));)
        HOLDS(strcmp(line->field[2], timekeeper->field[3]) != 0,
              "a timekeeper with a holder's key");
    for (size_t at = 0; (line = next(self, "witness", &at));) {
        size_t behind = 0;
        HOLDS(strcmp(line->field[1], "ssh-ed25519") == 0, "a witness with a FIDO key");
        for (const oracle_line_t *holder; (holder = next(self, "holder", &behind));)
            HOLDS(strcmp(line->field[2], holder->field[2]) != 0, "a witness has a holder's key");
        HOLDS(!timekeeper || strcmp(line->field[2], timekeeper->field[3]) != 0,
              "a witness has the timekeeper's key");
    }
    return span(self) && once(self, "holder", 2) && once(self, "witness", 0) &&
           once(self, "witness", 2);
}

static bool
people(oracle_t *self)
{
    size_t at = 0;
    for (const oracle_line_t *line; (line = next(self, "broker", &at));) {
        size_t behind = 0;
        for (const oracle_line_t *other; (other = next(self, "curve", &behind));)
            HOLDS(strcmp(line->field[1], other->field[1]) != 0, "a person has a broker's key");
    }
    static const char *const OTHERS[] = {"broker", "curve"};
    at = 0;
    for (const oracle_line_t *line; (line = next(self, "sealing", &at));)
        for (size_t i = 0; i < 2; i++) {
            size_t behind = 0;
            for (const oracle_line_t *other; (other = next(self, OTHERS[i], &behind));)
                HOLDS(strcmp(line->field[1], other->field[1]) != 0, "a sealing key is a CURVE key");
        }
    return span(self) && once(self, "sealing", 0) && once(self, "sealing", 1) &&
           once(self, "broker", 1) && once(self, "curve", 1) && once(self, "floor", 0) &&
           once(self, "key", 5);
}

static bool
fleet(oracle_t *self)
{
    size_t at = 0, behind;
    for (const oracle_line_t *host; (host = next(self, "host", &at));) {
        bool known = false, other = false;
        behind = 0;
        for (const oracle_line_t *worker; (worker = next(self, "worker", &behind));) {
            bool own = strcmp(worker->field[0], host->field[1]) == 0;
            known |= own;
            other |= !own && strcmp(worker->field[0], host->field[0]) == 0;
        }
        HOLDS(known && !other, "a host of nobody, or with another worker's name");
    }
    at = 0;
    for (const oracle_line_t *worker; (worker = next(self, "worker", &at));)
        HOLDS(strcmp(worker->field[3], "ssh-ed25519") == 0, "a worker with a FIDO key");
    at = 0;
    for (const oracle_line_t *signer; (signer = next(self, "signer", &at));) {
        bool source = false, worker = false;
        behind = 0;
        for (const oracle_line_t *line; (line = next(self, "source", &behind));)
            source |= strcmp(line->field[0], signer->field[0]) == 0;
        behind = 0;
        for (const oracle_line_t *line; (line = next(self, "worker", &behind));)
            worker |= strcmp(line->field[4], signer->field[2]) == 0;
        HOLDS(source && !worker && strcmp(signer->field[1], "ssh-ed25519") == 0,
              "a signer who is no source, or whose key is another's");
    }
    at = 0;
    for (const oracle_line_t *line; (line = next(self, "sealing", &at));) {
        bool listed = false, taken = false;
        behind = 0;
        for (const oracle_line_t *worker; (worker = next(self, "worker", &behind));) {
            listed |= strcmp(worker->field[0], line->field[0]) == 0;
            taken |= strcmp(worker->field[2], line->field[1]) == 0;
        }
        HOLDS(listed && !taken, "a sealing key of nobody, or that is a CURVE key");
    }
    return span(self) && once(self, "sealing", 0) && once(self, "sealing", 1) &&
           once(self, "signer", 2) && once(self, "host", 0) && once(self, "worker", 0) &&
           once(self, "worker", 2) && once(self, "worker", 4);
}

/* Equal but for case, or one the folder that the other lies in. */
static bool
collide(const char *left, const char *right)
{
    size_t i = 0;
    while (left[i] && right[i] && tolower(left[i]) == tolower(right[i]))
        i++;
    return (!left[i] && !right[i]) || (!left[i] && right[i] == '/') ||
           (left[i] == '/' && !right[i]);
}

static bool
release(oracle_t *self)
{
    size_t at = 0, files = 0;
    unsigned long long together = 0;
    bool manifest = false, script = false;
    for (const oracle_line_t *line; (line = next(self, "file", &at)); files++) {
        manifest |= strcmp(line->field[0], "manifest") == 0;
        script |= strcmp(line->field[0], "playbook.lua") == 0;
        together += number(line->field[1]);
        size_t behind = at;
        for (const oracle_line_t *other; (other = next(self, "file", &behind));)
            HOLDS(!collide(line->field[0], other->field[0]), "one path, but for case");
        HOLDS(strcmp(line->field[0], "manifest") != 0 || is(self, "manifest", line->field[2]),
              "the manifest's hash");
    }
    HOLDS(manifest && script, "'manifest' or 'playbook.lua' is missing");
    HOLDS(files && together <= 458752, "too large together");
    return true;
}

static bool
targets(oracle_t *self)
{
    size_t at = 0, in_wave = 0;
    unsigned long long wave = 0;
    for (const oracle_line_t *line; (line = next(self, "target", &at));) {
        unsigned long long here = number(line->field[0]);
        HOLDS(here == wave || here == wave + 1, "a gap between waves");
        in_wave = here == wave ? in_wave + 1 : 1;
        HOLDS(in_wave <= 64, "more than 64 in a wave");
        wave = here;
    }
    at = 0;
    for (const oracle_line_t *line; (line = next(self, "wave", &at)); wave++)
        HOLDS(number(line->field[0]) == wave + 1, "a gap between waves that are not listed");
    HOLDS(wave, "no targets");
    return once(self, "target", 1);
}

/* Whether a target is one of that worker's. */
static bool
is_of(const char *target, const char *worker)
{
    size_t size = strlen(worker);
    return strncmp(target, worker, size) == 0 && (!target[size] || target[size] == '/');
}

/* A person and the worker of each target, or nobody; then nothing is sealed. */
static bool
seals(oracle_t *self)
{
    size_t at = 0, persons = 0, workers = 0, inputs = 0;
    const oracle_line_t *line;
    while ((line = next(self, "seal", &at))) {
        bool worker = strcmp(line->field[0], "worker") == 0, target = false;
        size_t behind = at;
        for (const oracle_line_t *other; (other = next(self, "seal", &behind));)
            HOLDS(strcmp(line->field[0], other->field[0]) != 0 ||
                      strcmp(line->field[1], other->field[1]) != 0,
                  "'%s' is sealed to twice", line->field[1]);
        behind = 0;
        for (const oracle_line_t *other; (other = next(self, "target", &behind));)
            target |= is_of(other->field[1], line->field[1]);
        HOLDS(!worker || target, "sealed to a worker that is no target");
        persons += !worker;
        workers += worker;
    }
    for (at = 0; (line = next(self, "secret", &at)); inputs++) {
        HOLDS(persons, "what nobody can open");
        size_t behind = 0;
        for (const oracle_line_t *other; (other = next(self, "input", &behind));)
            HOLDS(strcmp(line->field[0], other->field[0]) != 0, "an input has two values");
    }
    for (at = 0; next(self, "input", &at); inputs++)
        ;
    HOLDS(inputs <= 64, "too many inputs");
    if (!persons && !workers)
        return true;
    at = 0;
    HOLDS(persons && !next(self, "wave", &at), "sealed to no person, or with waves");
    for (at = 0; (line = next(self, "target", &at));) {
        bool found = false;
        size_t behind = 0;
        for (const oracle_line_t *seal; (seal = next(self, "seal", &behind));)
            found |= strcmp(seal->field[0], "worker") == 0 && is_of(line->field[1], seal->field[1]);
        HOLDS(found, "a target whose worker is not sealed to");
    }
    return once(self, "secret", 0);
}

static bool
order(oracle_t *self)
{
    size_t at = 0;
    bool own = false;
    for (const oracle_line_t *line; (line = next(self, "release", &at));)
        own |= is(self, "playbook", line->field[0]);
    HOLDS(own, "no release of its playbook");
    HOLDS(between(self, "not-after", "undo-until") >= 0, "undo-until");
    HOLDS(!is(self, "continues", ZEROES), "it continues no run of zeroes");
    return once(self, "release", 0) && once(self, "input", 0) && targets(self) && seals(self);
}

/* -9223372036854775808 to 9223372036854775807, in its one spelling. */
static bool
is_integer(const char *text)
{
    char again[32];
    snprintf(again, sizeof again, "%lld", strtoll(text, NULL, 10));
    return strcmp(again, text) == 0;
}

/* As inet_ntop(3) writes it. */
static bool
is_address(const char *text)
{
    struct in6_addr bytes;
    char again[INET6_ADDRSTRLEN];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    return inet_pton(family, text, &bytes) == 1 && inet_ntop(family, &bytes, again, sizeof again) &&
           strcmp(again, text) == 0;
}

/* An address, '/', and how many of its first bits stand; the others are none. */
static bool
is_network(const char *text)
{
    char address[INET6_ADDRSTRLEN] = "";
    struct in6_addr bytes;
    const char *slash = strchr(text, '/');
    if (!slash || (size_t)(slash - text) >= sizeof address)
        return false;
    memcpy(address, text, (size_t)(slash - text));
    long prefix = is_integer(slash + 1) ? strtol(slash + 1, NULL, 10) : -1;
    bool six = strchr(address, ':');
    if (!is_address(address) || prefix < 0 || prefix > (six ? 128 : 32))
        return false;
    inet_pton(six ? AF_INET6 : AF_INET, address, &bytes);
    for (long bit = prefix; bit < (six ? 128 : 32); bit++)
        if (bytes.s6_addr[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    return true;
}

static bool
grant(oracle_t *self)
{
    size_t at = 0;
    for (const oracle_line_t *line; (line = next(self, "bound", &at));) {
        const char *kind = line->field[1], *text = line->field[2];
        bool path = strcmp(kind, "under") == 0, words = strcmp(kind, "equals") == 0;
        bool net = strcmp(kind, "within") == 0;
        HOLDS(words || (path  ? *text == '/'
                        : net ? is_address(text) || is_network(text)
                              : is_integer(text)),
              "a bound that is none");
    }
    return span(self);
}

/* Printable, without space, not "-", each once: so they stand as they are, but for a '%'. */
static bool
names(oracle_t *self, const char *key)
{
    size_t at = 0;
    for (const oracle_line_t *line; (line = next(self, key, &at));) {
        const char *name = line->field[0];
        HOLDS(strcmp(name, "-") != 0 && strcmp(name, "%") != 0, "a label without a name");
        for (const char *escape = name; (escape = strchr(escape, '%')); escape++)
            HOLDS(strncmp(escape, "%25", 3) == 0, "a label's name that is no word");
    }
    return once(self, key, 0);
}

static bool
alert(oracle_t *self)
{
    return names(self, "label") && names(self, "annotation");
}

static bool
receipt_ops(oracle_t *self)
{
    size_t at = 0;
    unsigned long long index = 0;
    for (const oracle_line_t *line; (line = next(self, "op", &at));) {
        HOLDS(number(line->field[0]) == ++index, "a gap between ops");
        HOLDS(strcmp(line->field[4], "ok") == 0 || strcmp(line->field[3], ZEROES) == 0,
              "a result of an op that failed");
    }
    return true;
}

static bool
receipt(oracle_t *self)
{
    bool nothing = is(self, "outcome", "ok") || is(self, "outcome", "skipped");
    bool none = is(self, "step", "-");
    size_t at = 0;
    const oracle_line_t *output = next(self, "output", &at);
    bool stopped = is(self, "outcome", "stopped") && is(self, "code", "none");
    HOLDS(stopped || nothing == is(self, "code", "none"), "the code of that outcome");
    HOLDS(none == (number(value(self, "attempt")) == 0), "the attempt of no step");
    HOLDS((strcmp(output->field[0], ZEROES) == 0) == (number(output->field[1]) == 0), "the output");
    HOLDS((number(value(self, "sequence")) == 1) == is(self, "previous", ZEROES), "what is before");
    HOLDS(!none || is(self, "phase", "run"), "no step was undone");
    HOLDS(!is(self, "consent", ZEROES), "a consent of zeroes");
    return receipt_ops(self);
}

static bool
consent(oracle_t *self)
{
    return once(self, "target", 0);
}

static bool
is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool
is_name(const char *text)
{
    static const char REST[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    return strlen(text) <= 63 && strspn(text, REST) == strlen(text) && !strchr("._-", *text);
}

static bool
stop(oracle_t *self)
{
    static const char *const BY_HASH[] = {"run", "key", "release", "grant"};
    const char *name = value(self, "name");
    bool by_hash = false;
    for (size_t i = 0; i < sizeof BY_HASH / sizeof *BY_HASH; i++)
        by_hash = by_hash || is(self, "what", BY_HASH[i]);
    HOLDS(is(self, "what", "site") ? strcmp(name, "-") == 0
          : by_hash                ? is_hash(name)
                                   : is_name(name),
          "the name of what it stops or revokes");
    HOLDS(!value(self, "until") ||
              (is(self, "what", "run") && between(self, "created", "until") > 0),
          "until of a run, behind created");
    return true;
}

static bool
beacon(oracle_t *self)
{
    size_t at = 0;
    const oracle_line_t *nonces = next(self, "nonces", &at);
    HOLDS((number(nonces->field[0]) == 0) == (strcmp(nonces->field[1], ZEROES) == 0),
          "no nonces without zeroes, no zeroes with nonces");
    return once(self, "fleet", 0);
}

/* A line that asks for nothing more is left out; an op or command has one class. */
static bool
allowance(oracle_t *self)
{
    static const char *const KEYS[] = {"approvals", "orders"};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        size_t at = 0;
        const oracle_line_t *line = next(self, KEYS[i], &at);
        HOLDS(!line || number(line->field[0]) || number(line->field[1]) || number(line->field[2]),
              "people who are not all 0");
    }
    return once(self, "class", 0) && once(self, "command", 0);
}

bool
oracle_rules(oracle_t *self)
{
    static const struct {
        const char *type;
        bool (*holds)(oracle_t *self);
    } RULES[] = {
        {"root", root},       {"people", people},       {"fleet", fleet}, {"release", release},
        {"order", order},     {"grant", grant},         {"alert", alert}, {"receipt", receipt},
        {"consent", consent}, {"answer", consent},      {"stop", stop},   {"revoke", stop},
        {"beacon", beacon},   {"allowance", allowance},
    };
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++)
        if (strcmp(RULES[i].type, self->type->type) == 0)
            return RULES[i].holds(self);
    return true;
}
