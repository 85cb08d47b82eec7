/* SPDX-License-Identifier: Apache-2.0 */
/* convert - between Lua values and the canonical encoding (wire/value.h, docs/PROTOCOL.md 5),
 * straight into and out of a runner's port, without a heap.
 *
 * A table with exactly the keys 1..n is a list, an empty one a map. Floats that are integral become
 * integers, others decimals of at most 14 digits. Both raise Lua errors: call them protected. */
#ifndef TOCSIN_CONVERT_H
#define TOCSIN_CONVERT_H

#include <lua.h>

#include "lua/port.h"

/* Pushes the value that bytes, the whole of them, encode. */
void convert_push(lua_State *lua, slice_t bytes);

/* Adds the value at index to the port's open frame. What has no encoding (functions, mixed keys,
 * nesting too deep) is an error that says so; what does not fit spoils the port's message. */
void convert_add(lua_State *lua, int index, port_t *port);

#endif
