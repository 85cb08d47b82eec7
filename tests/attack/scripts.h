/* SPDX-License-Identifier: Apache-2.0 */
/* scripts - attacks by a playbook that everybody approved: the sandbox holds all the same. */
#ifndef TOCSIN_TESTS_SCRIPTS_H
#define TOCSIN_TESTS_SCRIPTS_H

#include "tests/attack/lie.h"

static void
bytecode(enemy_t *self, plan_t *plan)
{
    static const char chunk[] = "\x1bLua\x54\x00\x19\x93\r\n\x1a\n";
    (void)self;
    value_set(plan->files, "playbook.lua", value_bytes(slice_of(chunk, sizeof chunk - 1)));
    plan_seal(plan);
}

static const attack_t script_attacks[] = {
    {"lua_pattern_backtrack", "timeout",
     .script = "return (('a'):rep(100)):find(('.-'):rep(20) .. 'b')"},
    {"lua_pcall_swallow", "timeout",
     .script = "while true do pcall(function() while true do end end) end"},
    {"lua_gc_finalizer_spin", "script",
     .script = "setmetatable({}, { __gc = function() while true do end end })"},
    {"lua_close_finalizer", "none",
     .script = "local meta = {} local t = setmetatable({}, meta)"
               " meta.__gc = function() while true do end end return 1"},
    {"lua_string_rep_bomb", "limit", .script = "return ('x'):rep(1 << 30)"},
    {"lua_table_concat_bomb", "limit",
     .script = "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100000) end"
               " return table.concat(t)"},
    {"lua_deep_recursion", "limit", .script = "local function f() return 1 + f() end return f()"},
    {"lua_coroutine_storm", "script",
     .script = "while true do coroutine.wrap(function() coroutine.yield() end)() end"},
    {"lua_bytecode_load: the playbook itself", "script", .plan = bytecode},
    {"lua_bytecode_load: load", "script", .script = "return load('\\27Lua')()"},
    {"lua_bytecode_load: string.dump", "script", .script = "return string.dump(function() end)"},
    {"lua_string_metatable_tamper", "script",
     .script = "getmetatable('').__index = function() return 1 end"},
    {"lua_debug_absent", "script", .script = "return debug.getregistry()"},
    {"lua_syscall_open: io", "script", .script = "return io.open('/etc/passwd'):read('a')"},
    {"lua_syscall_socket: require", "script", .script = "return require 'socket'"},
    {"lua_syscall_socket: package", "script",
     .script = "return package.loadlib('libc.so.6', 'socket')"},
    {"lua_syscall_execve: os", "script", .script = "return os.execute 'id'"},
    {"lua_nondeterministic_replay: nothing draws", "script", .script = "return math.random()"},
    {"lua_nondeterministic_replay: nor tells the time", "script", .script = "return os.time()"},
    {"lua_nondeterministic_replay: nor an address", "script",
     .script = "return string.format('%p', {})"},
    {"lua_output_flood", "limit", .script = "return ('x'):rep(300000)"},
    {"lua_op_flood", "script",
     .script = "while true do file.truncate { path = ctx.inputs.path } end"},
    {"a valid order is still accepted", "none", .begins = true},
};

#endif
