/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/script.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <unistd.h>

#include "keys/receipt.h"
#include "lua/convert.h"
#include "lua/prelude.h"
#include "lua/runner.h"
#include "wire/ops.h"

#define CHUNK "playbook.lua"

struct script {
    lua_State *lua; /* in the arena, as this is */
    port_t *port;
    unsigned ops; /* asked for so far */
    int line;     /* of the playbook's chunk, reached last */
};

/* Where in the stack of the state its prelude left what C calls. */
enum { ENVIRONMENT = 1, MANIFEST, STEP, LAST = STEP };

static script_t *
script_of(lua_State *lua)
{
    return *(script_t **)lua_getextraspace(lua);
}

/* raise (text): an error at the innermost line of the playbook itself. */
static int
raise_at_playbook(lua_State *lua)
{
    lua_Debug at;
    for (int level = 1; lua_getstack(lua, level, &at); level++) {
        lua_getinfo(lua, "Sl", &at);
        if (!strcmp(at.source, "@" CHUNK) && at.currentline > 0) {
            lua_pushfstring(lua, "%s:%d: %s", CHUNK, at.currentline, luaL_checkstring(lua, 1));
            return lua_error(lua);
        }
    }
    lua_pushfstring(lua, "%s:%d: %s", CHUNK, script_of(lua)->line, luaL_checkstring(lua, 1));
    return lua_error(lua);
}

/* "return playbook {...}" is a tail call, which leaves no frame to tell its line. */
static void
note_line(lua_State *lua, lua_Debug *at)
{
    lua_getinfo(lua, "S", at);
    if (!strcmp(at->source, "@" CHUNK))
        script_of(lua)->line = at->currentline;
}

/* The answer to an OP, on the stack: the value, or nil, text, code. */
static int
push_answer(lua_State *lua, const port_t *port)
{
    if (slice_is(port_frame(port, 0), "RESULT") && port_count(port) == 2) {
        convert_push(lua, port_frame(port, 1));
        return 1;
    }
    if (!slice_is(port_frame(port, 0), "FAULT") || port_count(port) != 3)
        _exit(1);
    slice_t code = port_frame(port, 1), text = port_frame(port, 2);
    lua_pushnil(lua);
    lua_pushlstring(lua, (const char *)text.data, text.size);
    lua_pushlstring(lua, (const char *)code.data, code.size);
    return 3;
}

/* call (name, arguments): one op, asked of the other end of the port. */
static int
call_op(lua_State *lua)
{
    script_t *self = script_of(lua);
    const char *name = luaL_checkstring(lua, 1);
    luaL_checktype(lua, 2, LUA_TTABLE);
    if (self->ops == RUNNER_OPS_MAX)
        return luaL_error(lua, "over %d ops in one step", RUNNER_OPS_MAX);
    self->ops++;
    port_begin(self->port);
    port_frame_text(self->port, "OP");
    port_frame_text(self->port, name);
    port_open_frame(self->port);
    convert_add(lua, 2, self->port);
    port_close_frame(self->port);
    if (!port_fits(self->port))
        return luaL_error(lua, "%s: arguments of over %d bytes", name, RUNNER_OUTPUT_MAX);
    if (port_send(self->port) || port_receive(self->port))
        _exit(0);
    return push_answer(lua, self->port);
}

static const luaL_Reg libraries[] = {
    {LUA_GNAME, luaopen_base},       {LUA_STRLIBNAME, luaopen_string},
    {LUA_TABLIBNAME, luaopen_table}, {LUA_MATHLIBNAME, luaopen_math},
    {LUA_UTF8LIBNAME, luaopen_utf8},
};

/* The prelude sees the libraries; playbooks see the environment that it makes of them. */
static int
load_prelude(lua_State *lua)
{
    slice_t text = prelude_text();
    for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
        luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
        lua_pop(lua, 1);
    }
    if (luaL_loadbufferx(lua, (const char *)text.data, text.size, "=prelude", "t"))
        return lua_error(lua);
    lua_newtable(lua);
    for (size_t i = 0; i < op_count(); i++) {
        lua_pushstring(lua, op_at(i)->name);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    lua_pushcfunction(lua, call_op);
    lua_pushcfunction(lua, raise_at_playbook);
    lua_call(lua, 3, 3);
    return 3;
}

script_t *
script_new(arena_t *arena, port_t *port)
{
    script_t *self = arena_resize(arena, NULL, 0, sizeof *self);
    if (!self)
        return NULL;
    *self = (script_t){.lua = lua_newstate(arena_resize, arena), .port = port};
    if (!self->lua)
        return NULL;
    *(script_t **)lua_getextraspace(self->lua) = self;
    lua_pushcfunction(self->lua, load_prelude);
    if (lua_pcall(self->lua, 0, 3, 0))
        return NULL;
    lua_gc(self->lua, LUA_GCCOLLECT);
    return self;
}

/* A word of FAULTS, whatever a script says. */
static const char *
fault_code_or(lua_State *lua, int index, const char *otherwise)
{
    const char *word = lua_type(lua, index) == LUA_TSTRING ? lua_tostring(lua, index) : NULL;
    fault_code_t code = word ? fault_of(word) : FAULT_CODES;
    return code == FAULT_CODES || code == FAULT_NONE ? otherwise : fault_word(code);
}

static void
frame_slice(port_t *port, slice_t slice)
{
    port_open_frame(port);
    port_add(port, slice);
    port_close_frame(port);
}

/* A failure's DONE: one line of at most a fault's text. */
static void
write_failure(port_t *port, const char *code, const char *text)
{
    char line[FAULT_TEXT_MAX];
    size_t size = strnlen(text, sizeof line - 1);
    while (text[size] && size && ((uint8_t)text[size] & 0xc0) == 0x80)
        size--;
    for (size_t i = 0; i < size; i++)
        line[i] = (uint8_t)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    port_begin(port);
    port_frame_text(port, "DONE");
    port_frame_text(port, "failed");
    port_frame_text(port, "n");
    port_frame_text(port, code);
    frame_slice(port, slice_of(line, size));
}

/* At index and behind it: outcome, output, code, text, as the prelude's run_step gives them. */
static void
write_done(lua_State *lua, int index, port_t *port)
{
    const char *outcome = lua_tostring(lua, index);
    if (!strcmp(outcome, "failed")) {
        bool text = lua_type(lua, index + 3) == LUA_TSTRING;
        write_failure(port, fault_code_or(lua, index + 2, "failed"),
                      text ? lua_tostring(lua, index + 3) : "it failed");
        return;
    }
    port_begin(port);
    port_frame_text(port, "DONE");
    port_frame_text(port, outcome);
    port_open_frame(port);
    convert_add(lua, index + 1, port);
    port_close_frame(port);
    port_frame_text(port, "none");
    port_frame_text(port, "");
}

/* Runs the chunk in its environment; what it returns is pushed. */
static void
run_chunk(lua_State *lua, slice_t text)
{
    if (text.size > RUNNER_TEXT_MAX)
        luaL_error(lua, "%s: over %d bytes", CHUNK, RUNNER_TEXT_MAX);
    if (luaL_loadbufferx(lua, (const char *)text.data, text.size, "@" CHUNK, "t"))
        lua_error(lua);
    lua_pushvalue(lua, ENVIRONMENT);
    lua_setupvalue(lua, -2, 1);
    lua_sethook(lua, note_line, LUA_MASKLINE, 0);
    lua_call(lua, 0, 1);
    lua_sethook(lua, NULL, 0, 0);
}

/* The playbook on top gives way to outcome, output, code, text. */
static void
run_step(lua_State *lua, slice_t step, slice_t context)
{
    lua_pushvalue(lua, STEP);
    lua_insert(lua, -2);
    lua_pushlstring(lua, (const char *)step.data, step.size);
    convert_push(lua, context);
    lua_call(lua, 3, 4);
}

/* Protected. What the state held is this function's arguments. */
static int
run_task(lua_State *lua)
{
    port_t *port = script_of(lua)->port;
    slice_t mode = port_frame(port, 1);
    bool is_step = slice_is(mode, "step"), is_manifest = slice_is(mode, "manifest");
    if (!is_step && !is_manifest && !slice_is(mode, "data"))
        return luaL_error(lua, "a task of no known mode");
    if (is_manifest)
        lua_pushvalue(lua, MANIFEST);
    run_chunk(lua, port_frame(port, 2));
    if (is_step)
        run_step(lua, port_frame(port, 3), port_frame(port, 4));
    else if (is_manifest)
        lua_call(lua, 1, 1);
    if (!is_step) {
        lua_pushliteral(lua, "ok");
        lua_insert(lua, LAST + 1);
    }
    write_done(lua, LAST + 1, port);
    return 0;
}

static void
fail_task(script_t *self, int status)
{
    const char *text = "an error that is no text";
    if (status == LUA_ERRMEM)
        text = "over the memory that a step may use";
    else if (lua_type(self->lua, -1) == LUA_TSTRING)
        text = lua_tostring(self->lua, -1);
    write_failure(self->port, status == LUA_ERRMEM ? "limit" : "script", text);
}

int
script_serve(script_t *self)
{
    char text[80];
    if (port_receive(self->port))
        return -1;
    if (!slice_is(port_frame(self->port, 0), "TASK") || port_count(self->port) != 5)
        return -1;
    lua_pushcfunction(self->lua, run_task);
    lua_insert(self->lua, 1);
    int status = lua_pcall(self->lua, LAST, 0, 0);
    if (status) {
        fail_task(self, status);
    } else if (!port_fits(self->port)) {
        snprintf(text, sizeof text, "an output of over %d bytes", RUNNER_OUTPUT_MAX);
        write_failure(self->port, "limit", text);
    }
    return port_send(self->port);
}
