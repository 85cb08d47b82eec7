/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/device.h"

#include "common/file.h"
#include "common/text.h"
#include "keys/base64.h"
#include "worker/ops/dialect.h"

#define WORDS        10
#define PASSWORD_MAX 256
#define HOST_KEY_MAX 2048 /* bytes: of RSA with 8192 bits it is 1,047 */

static const char *const host_key_types[] = {
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
};

/* RFC 4253 6.6: a key begins with a string that is its type. */
static bool
is_host_key(const char *type, const char *base64)
{
    uint8_t key[HOST_KEY_MAX];
    size_t size, name = strlen(type);
    bool known = false;
    for (size_t i = 0; i < ARRAY_SIZE(host_key_types); i++)
        known = known || !strcmp(type, host_key_types[i]);
    return known && base64_read(slice_text(base64), key, sizeof key, &size) && size > 4 + name &&
           !key[0] && !key[1] && !key[2] && key[3] == name && !memcmp(key + 4, type, name);
}

int
device_read(network_device_t *self, const char *const *words, size_t count, fault_t *fault)
{
    uint64_t port;
    if (count != WORDS || (strcmp(words[5], "password") != 0 && strcmp(words[5], "key") != 0) ||
        strcmp(words[7], "host-key") != 0)
        return fault_set(fault, FAULT_CONFIG,
                         "'device NAME DIALECT USER ADDRESS PORT password|key SECRET host-key TYPE "
                         "BASE64' is meant");
    if (!text_is_name(words[0]) || !text_is_name(words[6]))
        return fault_set(fault, FAULT_CONFIG, "'%.63s' is not a name ([a-z0-9][a-z0-9._-]*)",
                         text_is_name(words[0]) ? words[6] : words[0]);
    if (!dialect_find(words[1]))
        return fault_set(fault, FAULT_CONFIG, "there is no dialect '%.63s': " DIALECTS, words[1]);
    if (!text_is_printable(slice_text(words[2])) || !address_is_plain(words[3]) ||
        !text_read_u64(words[4], 1, UINT16_MAX, &port))
        return fault_set(fault, FAULT_CONFIG, "'%.60s %.60s %.10s' are no user, address and port",
                         words[2], words[3], words[4]);
    if (!is_host_key(words[8], words[9]))
        return fault_set(fault, FAULT_CONFIG,
                         "'%.60s %.20s...' is no host key as ssh-keyscan prints it", words[8],
                         words[9]);
    *self = (network_device_t){.name = words[0],
                               .dialect = words[1],
                               .user = words[2],
                               .address = words[3],
                               .port = (uint16_t)port,
                               .by_key = !strcmp(words[5], "key"),
                               .secret = words[6],
                               .host_key_type = words[8],
                               .host_key = words[9]};
    return 0;
}

value_t *
device_reach(const network_device_t *self, const char *secret_file, fault_t *fault)
{
    CLEANUP(bytes_destroy)
    bytes_t *secret = self->by_key ? file_read_private(secret_file, DEVICE_KEY_FILE_MAX, fault)
                                   : file_read_secret(secret_file, 1, PASSWORD_MAX, fault);
    if (!secret) {
        fault_wrap(fault, "secret '%.63s'", self->secret);
        return NULL;
    }
    value_t *reach = value_map();
    value_set_text(reach, "dialect", self->dialect);
    value_set_text(reach, "user", self->user);
    value_set_text(reach, "address", self->address);
    value_set_integer(reach, "port", self->port);
    value_set_text(reach, "host_key_type", self->host_key_type);
    value_set_text(reach, "host_key", self->host_key);
    value_set_text(reach, self->by_key ? "key" : "password", bytes_text(secret));
    return reach;
}
