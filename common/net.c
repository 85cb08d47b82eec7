/* SPDX-License-Identifier: Apache-2.0 */
#include "common/net.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/text.h"

bool
net_read_address(const char *text, net_t *out)
{
    char again[INET6_ADDRSTRLEN];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    *out = (net_t){0};
    if (inet_pton(family, text, out->bytes) != 1 ||
        !inet_ntop(family, out->bytes, again, sizeof again) || strcmp(again, text) != 0)
        return false;
    out->bits = out->prefix = family == AF_INET6 ? 128 : 32;
    return true;
}

bool
net_read_network(const char *text, net_t *out)
{
    char address[INET6_ADDRSTRLEN] = "";
    uint64_t prefix;
    const char *slash = strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : sizeof address;
    if (size >= sizeof address)
        return false;
    memcpy(address, text, size);
    if (!net_read_address(address, out) || !text_read_u64(slash + 1, 0, out->bits, &prefix))
        return false;
    out->prefix = (unsigned)prefix;
    for (unsigned i = out->prefix; i < out->bits; i++)
        if (out->bytes[i / 8] & (0x80 >> i % 8))
            return false;
    return true;
}

bool
net_read(const char *text, net_t *out)
{
    return net_read_address(text, out) || net_read_network(text, out);
}

/* Whether their first bits are the same. */
static bool
agree(const net_t *one, const net_t *other, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    return one->bits == other->bits && !memcmp(one->bytes, other->bytes, whole) &&
           (!rest || !((one->bytes[whole] ^ other->bytes[whole]) >> (8 - rest)));
}

bool
net_is_within(const net_t *inner, const net_t *outer)
{
    return inner->prefix >= outer->prefix && agree(inner, outer, outer->prefix);
}

bool
net_overlap(const net_t *one, const net_t *other)
{
    return agree(one, other, one->prefix < other->prefix ? one->prefix : other->prefix);
}
