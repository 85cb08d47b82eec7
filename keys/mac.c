/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/mac.h"

#include <sodium.h>

_Static_assert(MAC_BYTES == crypto_auth_hmacsha256_BYTES, "a mac is HMAC-SHA-256");

mac_t
mac_of(slice_t secret, const slice_t *parts, size_t count)
{
    mac_t mac;
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, secret.data, secret.size);
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&state, parts[i].data, parts[i].size);
    crypto_auth_hmacsha256_final(&state, mac.bytes);
    sodium_memzero(&state, sizeof state);
    return mac;
}

const char *
mac_write(const mac_t *self, char out[static MAC_TEXT])
{
    hex_encode(slice_of(self->bytes, MAC_BYTES), out);
    return out;
}
