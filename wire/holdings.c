/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/holdings.h"

#include <stdio.h>

void
holdings_versions(const trust_t *trust, value_t *state)
{
    char name[TRUST_NAME_MAX];
    if (trust_root(trust))
        value_set_integer(state, "root", (int64_t)trust_root(trust)->version);
    if (trust_people(trust))
        value_set_integer(state, "people", (int64_t)trust_people(trust)->version);
    for (size_t i = 0; i < trust_fleet_count(trust); i++) {
        const fleet_t *fleet = trust_fleet(trust, i);
        snprintf(name, sizeof name, "fleet.%s", fleet->region);
        value_set_integer(state, name, (int64_t)fleet->version);
    }
}

void
holdings_say(const trust_t *trust, value_t *state)
{
    char text[HASH_TEXT];
    value_t *halts = value_list();
    holdings_versions(trust, state);
    for (size_t i = 0; i < trust_halt_count(trust); i++)
        value_append(halts, value_text(hash_write(&trust_halt(trust, i)->hash, text)));
    value_set(state, "halts", halts);
}
