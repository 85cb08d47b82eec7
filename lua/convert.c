/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/convert.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "wire/value.h"

#define NUMBER_MAX 64 /* characters of a number */

/* The text in front of stop, which is taken too. */
static const char *
take_until(lua_State *lua, slice_t *rest, char stop, char out[static NUMBER_MAX])
{
    const uint8_t *end = rest->size ? memchr(rest->data, stop, rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : NUMBER_MAX;
    if (size >= NUMBER_MAX)
        luaL_error(lua, "a value with a number that has no end");
    memcpy(out, rest->data, size);
    out[size] = '\0';
    rest->data += size + 1;
    rest->size -= size + 1;
    return out;
}

static char
take_kind(lua_State *lua, slice_t *rest)
{
    if (!rest->size)
        luaL_error(lua, "a value that ends too early");
    rest->size--;
    return (char)*rest->data++;
}

static void
push_bytes(lua_State *lua, slice_t *rest)
{
    char text[NUMBER_MAX];
    uint64_t size;
    if (!text_read_u64(take_until(lua, rest, ':', text), 0, rest->size, &size))
        luaL_error(lua, "a value with bytes of no length");
    lua_pushlstring(lua, (const char *)rest->data, (size_t)size);
    rest->data += size;
    rest->size -= (size_t)size;
}

static void push(lua_State *lua, slice_t *rest, int depth);

static bool
at_end(slice_t *rest)
{
    bool end = rest->size && *rest->data == 'e';
    rest->data += end;
    rest->size -= end;
    return end;
}

static void
push_list(lua_State *lua, slice_t *rest, int depth)
{
    lua_newtable(lua);
    for (lua_Integer i = 1; !at_end(rest); i++) {
        push(lua, rest, depth);
        lua_rawseti(lua, -2, i);
    }
}

static void
push_map(lua_State *lua, slice_t *rest, int depth)
{
    lua_newtable(lua);
    while (!at_end(rest)) {
        push(lua, rest, depth);
        if (lua_type(lua, -1) != LUA_TSTRING)
            luaL_error(lua, "a map with a key that is no string");
        push(lua, rest, depth);
        lua_rawset(lua, -3);
    }
}

static void
push(lua_State *lua, slice_t *rest, int depth)
{
    char text[NUMBER_MAX];
    int64_t number;
    luaL_checkstack(lua, 4, "a value nested too deeply");
    if (depth > VALUE_DEPTH_MAX)
        luaL_error(lua, "a value nested deeper than %d", VALUE_DEPTH_MAX);
    switch (take_kind(lua, rest)) {
    case 'n':
        lua_pushnil(lua);
        return;
    case 't':
    case 'f':
        lua_pushboolean(lua, rest->data[-1] == 't');
        return;
    case 'i':
        if (!text_read_i64(take_until(lua, rest, ';', text), &number))
            luaL_error(lua, "a value with an integer that is none");
        lua_pushinteger(lua, number);
        return;
    case 'r':
        lua_pushnumber(lua, strtod(take_until(lua, rest, ';', text), NULL));
        return;
    case 's':
        push_bytes(lua, rest);
        return;
    case 'l':
        push_list(lua, rest, depth + 1);
        return;
    case 'm':
        push_map(lua, rest, depth + 1);
        return;
    default:
        luaL_error(lua, "a value of no known kind");
    }
}

void
convert_push(lua_State *lua, slice_t bytes)
{
    push(lua, &bytes, 0);
    if (bytes.size)
        luaL_error(lua, "a value with bytes left over");
}

static void add(lua_State *lua, int index, port_t *port, int depth);

static void
add_integer(lua_Integer number, port_t *port)
{
    char text[NUMBER_MAX];
    snprintf(text, sizeof text, "i%lld;", (long long)number);
    port_add_text(port, text);
}

static void
add_number(lua_State *lua, int index, port_t *port)
{
    char text[NUMBER_MAX];
    int integral;
    lua_Integer integer = lua_tointegerx(lua, index, &integral);
    if (integral) {
        add_integer(integer, port);
        return;
    }
    snprintf(text, sizeof text, "%.14g", lua_tonumber(lua, index));
    if (text[strspn(text, "-0123456789.")])
        luaL_error(lua, "the number %s has no decimal notation of 14 digits", text);
    if (!strchr(text, '.')) {
        add_integer((lua_Integer)strtoll(text, NULL, 10), port);
        return;
    }
    port_add_text(port, "r");
    port_add_text(port, text);
    port_add_text(port, ";");
}

static void
add_bytes(slice_t bytes, port_t *port)
{
    char head[NUMBER_MAX];
    snprintf(head, sizeof head, "s%zu:", bytes.size);
    port_add_text(port, head);
    port_add(port, bytes);
}

/* How many keys the table has; *list where they are exactly 1..n. */
static size_t
count_keys(lua_State *lua, int index, bool *list)
{
    size_t count = 0;
    lua_Integer highest = 0;
    *list = true;
    for (lua_pushnil(lua); lua_next(lua, index); lua_pop(lua, 1)) {
        count++;
        if (!lua_isinteger(lua, -2) || lua_tointeger(lua, -2) < 1)
            *list = false;
        else if (lua_tointeger(lua, -2) > highest)
            highest = lua_tointeger(lua, -2);
    }
    *list = *list && count && (size_t)highest == count;
    return count;
}

static void
add_list(lua_State *lua, int index, size_t count, port_t *port, int depth)
{
    port_add_text(port, "l");
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(lua, index, (lua_Integer)i);
        add(lua, lua_gettop(lua), port, depth);
        lua_pop(lua, 1);
    }
    port_add_text(port, "e");
}

/* Shell sort: qsort(3) may ask for memory. */
static void
sort_keys(slice_t *keys, size_t count)
{
    for (size_t gap = count / 2; gap; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (size_t i = gap; i < count; i++) {
            slice_t key = keys[i];
            size_t at = i;
            for (; at >= gap && slice_compare(keys[at - gap], key) > 0; at -= gap)
                keys[at] = keys[at - gap];
            keys[at] = key;
        }
}

/* The table holds its keys, so that views of them live; the array of views is Lua's. */
static void
add_map(lua_State *lua, int index, size_t count, port_t *port, int depth)
{
    slice_t *keys = lua_newuserdatauv(lua, count * sizeof *keys + 1, 0);
    size_t at = 0;
    for (lua_pushnil(lua); lua_next(lua, index); lua_pop(lua, 1)) {
        if (lua_type(lua, -2) != LUA_TSTRING)
            luaL_error(lua, "a table whose keys are neither 1..n nor all strings");
        keys[at].data = (const uint8_t *)lua_tolstring(lua, -2, &keys[at].size);
        at++;
    }
    sort_keys(keys, count);
    port_add_text(port, "m");
    for (size_t i = 0; i < count; i++) {
        add_bytes(keys[i], port);
        lua_pushlstring(lua, (const char *)keys[i].data, keys[i].size);
        lua_rawget(lua, index);
        add(lua, lua_gettop(lua), port, depth);
        lua_pop(lua, 1);
    }
    port_add_text(port, "e");
    lua_pop(lua, 1);
}

static void
add_table(lua_State *lua, int index, port_t *port, int depth)
{
    bool list;
    size_t count = count_keys(lua, index, &list);
    if (depth > VALUE_DEPTH_MAX)
        luaL_error(lua, "tables nested deeper than %d", VALUE_DEPTH_MAX);
    if (count > VALUE_ITEMS_MAX)
        luaL_error(lua, "a table of over %d items", VALUE_ITEMS_MAX);
    if (list)
        add_list(lua, index, count, port, depth);
    else
        add_map(lua, index, count, port, depth);
}

static void
add(lua_State *lua, int index, port_t *port, int depth)
{
    slice_t bytes;
    luaL_checkstack(lua, 8, "a value nested too deeply");
    switch (lua_type(lua, index)) {
    case LUA_TNIL:
        port_add_text(port, "n");
        return;
    case LUA_TBOOLEAN:
        port_add_text(port, lua_toboolean(lua, index) ? "t" : "f");
        return;
    case LUA_TNUMBER:
        add_number(lua, index, port);
        return;
    case LUA_TSTRING:
        bytes.data = (const uint8_t *)lua_tolstring(lua, index, &bytes.size);
        add_bytes(bytes, port);
        return;
    case LUA_TTABLE:
        add_table(lua, index, port, depth + 1);
        return;
    default:
        luaL_error(lua, "a %s is no value that can leave a playbook", luaL_typename(lua, index));
    }
}

void
convert_add(lua_State *lua, int index, port_t *port)
{
    add(lua, lua_absindex(lua, index), port, 0);
}
