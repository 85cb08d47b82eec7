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
    unsigned ops;   /* asked for so far */
    unsigned lines; /* said so far */
    int line;       /* of the playbook's chunk, reached last; 0 where nobody noted it */
    struct {
        bool set; /* since then no op went well */
        char op[OP_NAME_MAX + 1], code[16], text[FAULT_TEXT_MAX];
    } refused; /* the op that failed last */
};

/* Where in the stack of the state its prelude left what C calls. */
enum { ENVIRONMENT = 1, MANIFEST, STEP, WHEN, UNDO, LAST = UNDO };

static const struct {
    const char *mode;
    int function; /* 0: what the chunk returns is the output */
} modes[] = {{"data", 0}, {"manifest", MANIFEST}, {"step", STEP}, {"when", WHEN}, {"undo", UNDO}};

#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

static script_t *
script_of(lua_State *lua)
{
    return *(script_t **)lua_getextraspace(lua);
}

/* The innermost line of the playbook itself; 0 where it is not known. */
static int
line_of_playbook(lua_State *lua)
{
    lua_Debug at;
    for (int level = 1; lua_getstack(lua, level, &at); level++) {
        lua_getinfo(lua, "Sl", &at);
        if (!strcmp(at.source, "@" CHUNK) && at.currentline > 0)
            return at.currentline;
    }
    return script_of(lua)->line;
}

/* Pushes where in the playbook it is: "FILE:LINE", or what is known of it. */
static const char *
push_place(lua_State *lua)
{
    int line = line_of_playbook(lua);
    return line ? lua_pushfstring(lua, "%s:%d", CHUNK, line) : lua_pushliteral(lua, CHUNK);
}

/* raise (text): an error at the innermost line of the playbook itself. */
static int
raise_at_playbook(lua_State *lua)
{
    const char *text = luaL_checkstring(lua, 1);
    lua_pushfstring(lua, "%s: %s", push_place(lua), text);
    return lua_error(lua);
}

/* An error on its way out: where an op that was refused is what killed the step (its nil was used,
 * or its text raised), it says so. */
static int
explain_error(lua_State *lua)
{
    script_t *self = script_of(lua);
    bool is_text = lua_type(lua, 1) == LUA_TSTRING;
    const char *text = is_text ? lua_tostring(lua, 1) : "";
    bool raised = self->refused.text[0] && strstr(text, self->refused.text);
    const char *rest = strstr(text, "attempt to ");
    self->refused.set = self->refused.set && (raised || (rest && strstr(rest, "nil value")));
    if (self->refused.set)
        lua_pushfstring(lua, "%s: %s: %s%s%s%s", push_place(lua), self->refused.op,
                        self->refused.text, raised ? "" : " (", raised ? "" : rest,
                        raised ? "" : ")");
    else if (!is_text)
        lua_pushfstring(lua, "%s: an error that is no text", push_place(lua));
    return 1;
}

/* "return playbook {...}" is a tail call, which leaves no frame to tell its line. */
static void
note_line(lua_State *lua, lua_Debug *at)
{
    lua_getinfo(lua, "S", at);
    if (!strcmp(at->source, "@" CHUNK))
        script_of(lua)->line = at->currentline;
}

static void
copy_slice(char *out, size_t size, slice_t from)
{
    snprintf(out, size, "%.*s", (int)from.size, (const char *)from.data);
}

/* The answer to an OP, on the stack: the value, or nil, text, code; the value, nil, nil and true
 * where it is what a fix would give. */
static int
push_answer(lua_State *lua, const port_t *port)
{
    script_t *self = script_of(lua);
    bool would = slice_is(port_frame(port, 0), "WOULD");
    self->refused.set = !would && !slice_is(port_frame(port, 0), "RESULT");
    if (!self->refused.set && port_count(port) == 2) {
        convert_push(lua, port_frame(port, 1));
        if (!would)
            return 1;
        lua_pushnil(lua);
        lua_pushnil(lua);
        lua_pushboolean(lua, true);
        return 4;
    }
    if (!slice_is(port_frame(port, 0), "FAULT") || port_count(port) != 3)
        _exit(1);
    slice_t code = port_frame(port, 1), text = port_frame(port, 2);
    copy_slice(self->refused.code, sizeof self->refused.code, code);
    copy_slice(self->refused.text, sizeof self->refused.text, text);
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
    snprintf(self->refused.op, sizeof self->refused.op, "%s", name);
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

/* A line: at most so many bytes, cut between characters, without what would end it. */
static slice_t
one_line(slice_t text, char *out, size_t max)
{
    size_t size = text.size < max ? text.size : max;
    while (size < text.size && size && (text.data[size] & 0xc0) == 0x80)
        size--;
    for (size_t i = 0; i < size; i++)
        out[i] = text.data[i] < 0x20 || text.data[i] == 0x7f ? ' ' : (char)text.data[i];
    return slice_of(out, size);
}

static void
frame_slice(port_t *port, slice_t slice)
{
    port_open_frame(port);
    port_add(port, slice);
    port_close_frame(port);
}

/* tell (text): a line of the part's output. What is beyond the bound is left out, and that is said
 * once. */
static int
tell(lua_State *lua)
{
    static const char cut[] =
        "more is left out: a step says at most " TEXT_OF(RUNNER_SAY_MAX) " lines";
    script_t *self = script_of(lua);
    char line[RUNNER_SAY_BYTES_MAX];
    slice_t text;
    text.data = (const uint8_t *)luaL_checklstring(lua, 1, &text.size);
    if (self->lines > RUNNER_SAY_MAX)
        return 0;
    if (self->lines++ == RUNNER_SAY_MAX)
        text = slice_text(cut);
    port_begin(self->port);
    port_frame_text(self->port, "SAY");
    frame_slice(self->port, one_line(text, line, sizeof line));
    if (port_send(self->port))
        _exit(0);
    return 0;
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
    lua_pushcfunction(lua, tell);
    lua_call(lua, 4, LAST);
    return LAST;
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
    if (lua_pcall(self->lua, 0, LAST, 0))
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

/* A failure's DONE: one line of at most a fault's text. */
static void
write_failure(port_t *port, const char *code, const char *text)
{
    char line[FAULT_TEXT_MAX - 1];
    port_begin(port);
    port_frame_text(port, "DONE");
    port_frame_text(port, "failed");
    port_frame_text(port, "n");
    port_frame_text(port, code);
    frame_slice(port, one_line(slice_text(text), line, sizeof line));
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

/* Runs the chunk in its environment, once, as it may leave traces there; what it returns is pushed.
 * Noting its lines takes a while: it is done for people who write it, and left out for steps, whose
 * playbook was read before. */
static void
run_chunk(lua_State *lua, slice_t text, bool notes)
{
    if (text.size > RUNNER_TEXT_MAX)
        luaL_error(lua, "%s: over %d bytes", CHUNK, RUNNER_TEXT_MAX);
    if (luaL_loadbufferx(lua, (const char *)text.data, text.size, "@" CHUNK, "t"))
        lua_error(lua);
    lua_pushvalue(lua, ENVIRONMENT);
    lua_setupvalue(lua, -2, 1);
    lua_sethook(lua, notes ? note_line : NULL, notes ? LUA_MASKLINE : 0, 0);
    lua_call(lua, 0, 1);
    lua_sethook(lua, NULL, 0, 0);
}

/* The playbook on top gives way to outcome, output, code, text. */
static void
call_function(lua_State *lua, int function, slice_t step, slice_t context)
{
    lua_pushvalue(lua, function);
    lua_insert(lua, -2);
    lua_pushlstring(lua, (const char *)step.data, step.size);
    convert_push(lua, context);
    lua_call(lua, 3, 4);
}

/* The playbook on top gives way to "ok" and what it is, or its manifest. */
static void
give_whole(lua_State *lua, int function)
{
    if (function) {
        lua_pushvalue(lua, function);
        lua_insert(lua, -2);
        lua_call(lua, 1, 1);
    }
    lua_pushliteral(lua, "ok");
    lua_insert(lua, LAST + 1);
}

/* Protected. What the state held is this function's arguments. */
static int
run_task(lua_State *lua)
{
    port_t *port = script_of(lua)->port;
    size_t mode = 0;
    while (mode < ARRAY_SIZE(modes) && !slice_is(port_frame(port, 1), modes[mode].mode))
        mode++;
    if (mode == ARRAY_SIZE(modes))
        return luaL_error(lua, "a task of no known mode");
    int function = modes[mode].function;
    run_chunk(lua, port_frame(port, 2), function <= MANIFEST);
    if (function > MANIFEST)
        call_function(lua, function, port_frame(port, 3), port_frame(port, 4));
    else
        give_whole(lua, function);
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
    const char *code = status == LUA_ERRMEM ? "limit"
                       : self->refused.set  ? self->refused.code
                                            : "script";
    write_failure(self->port, code, text);
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
    lua_pushcfunction(self->lua, explain_error);
    lua_insert(self->lua, 1);
    int status = lua_pcall(self->lua, LAST, 0, 1);
    if (status) {
        fail_task(self, status);
    } else if (!port_fits(self->port)) {
        snprintf(text, sizeof text, "an output of over %d bytes", RUNNER_OUTPUT_MAX);
        write_failure(self->port, "limit", text);
    }
    return port_send(self->port);
}
