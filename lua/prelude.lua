-- SPDX-License-Identifier: Apache-2.0
-- The library that playbooks see. C calls this chunk once, with the names of all ops, call (name,
-- arguments) that asks for one, raise (text), an error at the playbook's own line, and tell (text),
-- a line of output. It returns the environment of playbooks, and what C calls: manifest (book), and
-- step, when and undo (book, name, context).
-- Everything here is deterministic: a step that was cut off runs again over its recorded ops.
local op_names, call, raise, tell = ...

-- Locals: a playbook may change what is in its environment, and must not change this.
local getmetatable, setmetatable, ipairs, next = getmetatable, setmetatable, ipairs, next
local rawget, select, tostring, type = rawget, select, tostring, type
local math, string, table, utf8 = math, string, table, utf8
local format, find, gsub, match = string.format, string.find, string.gsub, string.match
local move, pack, unpack = table.move, table.pack, table.unpack
local whole_of, math_type = math.tointeger, math.type

local function fail(text, ...)
  raise(format(text, ...))
end

-- Merge sort: stable, and the same everywhere whatever the order function says.
local function sorted(list, before, first, last)
  if first >= last then
    return
  end
  local middle = (first + last) // 2
  sorted(list, before, first, middle)
  sorted(list, before, middle + 1, last)
  local left, i, j = move(list, first, middle, 1, {}), 1, middle + 1
  for at = first, last do
    if not left[i] then
      return
    elseif j <= last and before(list[j], left[i]) then
      list[at], j = list[j], j + 1
    else
      list[at], i = left[i], i + 1
    end
  end
end

local ranks = { number = 1, string = 2, boolean = 3 }

local function key_before(one, other)
  local rank, other_rank = ranks[type(one)], ranks[type(other)]
  if rank ~= other_rank then
    return rank < other_rank
  elseif rank == 3 then
    return other and not one
  end
  return one < other
end

local function sorted_keys(map)
  local keys = {}
  for key in next, map do
    if not ranks[type(key)] then
      fail("a %s as a table's key has no order", type(key))
    end
    keys[#keys + 1] = key
  end
  sorted(keys, key_before, 1, #keys)
  return keys
end

local function sorted_pairs(map)
  if type(map) ~= "table" then
    fail("pairs wants a table, not a %s", type(map))
  end
  local keys, at = sorted_keys(map), 0
  return function()
    at = at + 1
    return keys[at], map[keys[at]]
  end
end

local function sorted_next(map, key)
  if type(map) ~= "table" then
    fail("next wants a table, not a %s", type(map))
  end
  local keys = sorted_keys(map)
  for at = 1, #keys do
    if key == nil or key_before(key, keys[at]) then
      return keys[at], map[keys[at]]
    end
  end
end

-- Without addresses, which differ from process to process.
local function show(value)
  local kind = type(value)
  if ranks[kind] or value == nil then
    return tostring(value)
  end
  local meta = getmetatable(value)
  local own = type(meta) == "table" and rawget(meta, "__tostring")
  return own and own(value) or kind
end

local function show_format(text, ...)
  local values = pack(...)
  if type(text) == "string" and find(gsub(text, "%%%%", ""), "%%[^%a]*p") then
    fail("string.format has no %%p here: addresses differ from run to run")
  end
  for i = 1, values.n do
    if type(values[i]) == "table" or type(values[i]) == "function" then
      values[i] = show(values[i])
    end
  end
  return format(text, unpack(values, 1, values.n))
end

-- Finalizers and weak tables would show when the collector runs.
local function set_metatable(value, meta)
  if type(meta) == "table" and (rawget(meta, "__gc") ~= nil or rawget(meta, "__mode") ~= nil) then
    fail("a metatable has no __gc and no __mode here")
  end
  return setmetatable(value, meta)
end

local function sort(list, before)
  if type(list) ~= "table" then
    fail("table.sort wants a table, not a %s", type(list))
  end
  sorted(list, before or function(one, other) return one < other end, 1, #list)
end

local function chosen(library, names)
  local out = {}
  for name in string.gmatch(names, "%S+") do
    out[name] = library[name]
  end
  return out
end

local environment = chosen(_G, [[assert error getmetatable ipairs pcall rawequal rawget rawlen
  rawset select tonumber type xpcall]])
environment.next, environment.pairs = sorted_next, sorted_pairs
environment.setmetatable, environment.tostring = set_metatable, show
environment.string = chosen(string, [[byte char find gmatch gsub len lower match pack packsize rep
  reverse sub unpack upper]])
environment.string.format = show_format
environment.table = chosen(table, "concat insert move pack remove unpack")
environment.table.sort = sort
environment.math = chosen(math, [[abs acos asin atan ceil cos deg exp floor fmod huge log max
  maxinteger min mininteger modf pi rad sin sqrt tan tointeger type ult]])
environment.utf8 = chosen(utf8, "char charpattern codepoint codes len offset")
environment._G = environment

local string_meta = getmetatable("")
string_meta.__index = environment.string
string_meta.__metatable = "strings have no metatable here"

-- What a playbook is made of ---------------------------------------------------------------------

local step_kind, input_kind, alert_kind, bound_kind = {}, {}, {}, {}

local function is_a(kind, value)
  return type(value) == "table" and getmetatable(value) == kind
end

local function check_table(what, value)
  if type(value) ~= "table" then
    fail("%s wants a table, not a %s", what, type(value))
  end
  return value
end

-- Every key of value is in fields (name to type, "any" for what is checked elsewhere).
local function check_fields(what, value, fields)
  for key, item in sorted_pairs(check_table(what, value)) do
    local wanted = fields[key]
    if not wanted then
      fail("%s has no field '%s'", what, show(key))
    elseif wanted ~= "any" and type(item) ~= wanted then
      fail("%s: '%s' wants a %s, not a %s", what, key, wanted, type(item))
    end
  end
  return value
end

local function check_name(what, name)
  if type(name) ~= "string" or #name > 63 or not match(name, "^[a-z0-9][a-z0-9._-]*$") then
    fail("%s '%s' is not a name ([a-z0-9][a-z0-9._-]*)", what, show(name))
  end
  return name
end

local units = { [""] = 1, s = 1, m = 60, h = 3600, d = 86400 }

local function seconds(what, value)
  local number, unit = match(show(value), "^(%d+)([smhd]?)$")
  if not number or #number > 9 then
    fail("%s '%s' is no time such as \"30s\" or \"5m\"", what, show(value))
  end
  return whole_of(number) * units[unit]
end

local function whole(what, value, least)
  if math_type(value) ~= "integer" or value < least then
    fail("%s '%s' is not a whole number from %d", what, show(value), least)
  end
  return value
end

-- The text of a literal, as it stands in the manifest.
local function literal(what, value)
  if type(value) ~= "string" and type(value) ~= "boolean" and math_type(value) ~= "integer" then
    fail("%s wants a string, a whole number or a boolean, not %s", what, show(value))
  end
  return tostring(value)
end

-- A list's names with commas between, or a literal.
local function list_literal(what, value)
  if type(value) ~= "table" then
    return literal(what, value)
  end
  for i, item in ipairs(value) do
    value[i] = check_name(what, item)
  end
  return table.concat(value, ",")
end

local own_fields = {
  string = { pattern = "string" }, integer = { range = "table" }, duration = { range = "table" },
  choice = { choices = "table" },
}

environment.input = {}
for kind in string.gmatch([[string integer percent duration path name address ip cidr host worker
    choice list secret]], "%a+") do
  local fields = { default = "any", optional = "boolean", from = "string", help = "string" }
  for field, wanted in next, own_fields[kind] or {} do
    fields[field] = wanted
  end
  environment.input[kind] = function(spec)
    spec = spec or {}
    check_fields("input." .. kind, spec, fields)
    return setmetatable({ kind = kind, spec = spec }, input_kind)
  end
end

environment.on = {}
function environment.on.alert(spec)
  local names = check_fields("on.alert", spec, { name = "any" }).name
  names = type(names) == "string" and { names } or check_table("on.alert: 'name'", names)
  for _, name in ipairs(names) do
    literal("on.alert: 'name'", name)
  end
  return setmetatable({ names = names }, alert_kind)
end

local function bound(kind, ...)
  local values = {}
  for i = 1, select("#", ...) do
    values[i] = literal(kind, (select(i, ...)))
  end
  return setmetatable({ kind = kind, values = values }, bound_kind)
end

function environment.under(path) return bound("under", path) end
function environment.equals(value) return bound("equals", value) end
function environment.from(number) return bound("from", number) end
function environment.to(number) return bound("to", number) end
function environment.one_of(values)
  return bound("equals", unpack(check_table("one_of", values)))
end

-- One argument's bound, or a list of bounds, into out.
local function add_bounds(what, argument, bounds, out)
  for _, one in ipairs(is_a(bound_kind, bounds) and { bounds } or check_table(what, bounds)) do
    if not is_a(bound_kind, one) then
      fail("%s: '%s' wants under, equals, one_of, from or to", what, show(argument))
    end
    for _, value in ipairs(one.values) do
      out[#out + 1] = { argument = argument, kind = one.kind, value = value }
    end
  end
end

-- "op" or ["op"] = { argument = bound } to a list of { op, bounds }.
local function read_uses(what, uses)
  local out = {}
  for key, item in sorted_pairs(check_table(what, uses)) do
    local op, bounds = type(key) == "number" and item or key, {}
    if type(op) ~= "string" then
      fail("%s wants names of ops", what)
    elseif type(key) == "string" then
      for argument, one in sorted_pairs(check_table(what .. " " .. op, item)) do
        add_bounds(what .. " " .. op, argument, one, bounds)
      end
    end
    out[#out + 1] = { op = op, bounds = bounds }
  end
  return out
end

local step_fields = {
  needs = "table", uses = "table", timeout = "any", when = "function", run = "function",
  verify = "function", undo = "function", retry = "table", for_each = "any", max = "number",
  always = "boolean", once = "boolean", on_failure = "table", approve = "table", ask = "table", notify = "string",
  call = "string", given = "table",
}

local function names(what, list)
  for _, name in ipairs(list or {}) do
    check_name(what, name)
  end
  return list or {}
end

-- What the fields of a step make it: run is there in two kinds.
local function kind_of(what, spec)
  local found = {}
  for _, kind in ipairs { "approve", "ask", "call", "notify" } do
    found[#found + 1] = spec[kind] ~= nil and kind or nil
  end
  if #found > 1 then
    fail("%s is one thing only, not %s and %s", what, found[1], found[2])
  end
  local kind = found[1] or "run"
  if (kind == "run" or kind == "notify") ~= (spec.run ~= nil) then
    fail(spec.run and "%s has a run, and is of kind %s" or "%s has no run", what, kind)
  elseif spec.given and kind ~= "call" then
    fail("%s gives inputs to nobody: it has no call", what)
  end
  return kind
end

local function read_person(what, spec, fields)
  check_fields(what, spec, fields)
  if type(spec.text) ~= "string" or spec.text == "" then
    fail("%s has no text for the person who reads it", what)
  end
  return {
    role = spec.role or "responder", wait = seconds(what .. ": expires", spec.expires or "1h"),
    text = spec.text,
  }
end

local function read_approve(what, spec)
  return read_person(what .. ": approve", spec,
    { role = "string", text = "string", expires = "any" })
end

local function read_ask(what, spec)
  local out = read_person(what .. ": ask", spec,
    { role = "string", text = "string", expires = "any", kind = "string", options = "table" })
  out.answer = spec.kind or (spec.options and "choice" or "string")
  out.options = {}
  for i, option in ipairs(spec.options or {}) do
    out.options[i] = literal(what .. ": options", option)
  end
  return out
end

local function read_given(what, given)
  local out = {}
  for input, value in sorted_pairs(given or {}) do
    out[#out + 1] = {
      input = check_name(what .. ": given", input),
      value = list_literal(what .. ": given", value),
    }
  end
  return out
end

local function read_retry(what, retry)
  check_fields(what .. ": retry", retry, { count = "number", pause = "any" })
  return {
    count = whole(what .. ": retry count", retry.count, 1),
    pause = seconds(what .. ": retry pause", retry.pause or "0s"),
  }
end

-- for_each: a function, or the name of an input that is a list.
local function read_each(what, spec)
  local each = spec.for_each
  if each == nil and spec.max then
    fail("%s has max, and no for_each", what)
  elseif each == nil or type(each) == "function" then
    return each, spec.max
  end
  local name = type(each) == "string" and match(each, "^inputs%.(.+)$")
  if not name then
    fail("%s: 'for_each' wants a function or \"inputs.NAME\"", what)
  end
  return function(context) return context.inputs[name] or {} end, spec.max or 64, name
end

local function read_step(name, what, spec)
  local each, max, over = read_each(what, spec)
  if each and not max then
    fail("%s: 'for_each' wants max, the most items", what)
  end
  return {
    name = name, kind = kind_of(what, spec), when = spec.when, run = spec.run,
    verify = spec.verify, undo = spec.undo, needs = names(what .. " needs", spec.needs),
    on_failure = names(what .. " on_failure", spec.on_failure), always = spec.always,
    once = spec.once, for_each = each, over = over, each = each and whole(what .. ": max", max, 1),
    retry = spec.retry and read_retry(what, spec.retry),
    person = spec.approve and read_approve(what, spec.approve)
      or spec.ask and read_ask(what, spec.ask) or {},
    notify = spec.notify and check_name(what .. ": notify", spec.notify),
    call = spec.call and check_name(what .. ": call", spec.call),
    given = read_given(what, spec.given), uses = read_uses(what .. " uses", spec.uses or {}),
    timeout = seconds(what .. " timeout", spec.timeout or "60s"),
  }
end

function environment.step(name)
  local what = format("step '%s'", check_name("step", name))
  return function(spec)
    return setmetatable(read_step(name, what, check_fields(what, spec, step_fields)), step_kind)
  end
end

local book_fields = {
  name = "string", summary = "string", inputs = "table", triggers = "table", rollout = "table",
  at_most = "number", keep = "number", cooldown = "any",
}

function environment.playbook(spec)
  local book = { steps = {} }
  for key, item in sorted_pairs(check_table("playbook", spec)) do
    if is_a(step_kind, item) then
      if book.steps[item.name] then
        fail("two steps are called '%s'", item.name)
      end
      book.steps[#book.steps + 1], book.steps[item.name] = item, item
    elseif type(key) == "number" then
      fail("item %s of playbook is no step", show(key))
    else
      check_fields("playbook", { [key] = item }, book_fields)
      book[key] = item
    end
  end
  check_name("playbook", book.name)
  if not book.summary then
    fail("playbook '%s' has no summary", book.name)
  elseif #book.steps == 0 then
    fail("playbook '%s' has no step", book.name)
  end
  environment.playbook = function() fail("a file holds one playbook") end
  return setmetatable(book, book_fields)
end

-- Mode manifest: the playbook as a map (wire/manifest.h, manifest_make) --------------------------

local function read_range(what, kind, range)
  local read = kind == "duration" and seconds or whole
  return {
    from = read(what, range.from or range[1], math.mininteger),
    to = read(what, range.to or range[2], math.mininteger),
  }
end

local function manifest_input(name, input)
  local what = format("input '%s'", show(name))
  if not is_a(input_kind, input) then
    fail("%s wants input.string, integer, percent, path or another kind", what)
  end
  local spec, choices = input.spec, {}
  for i, choice in ipairs(spec.choices or {}) do
    choices[i] = literal(what .. ": choices", choice)
  end
  return {
    name = check_name("input", name), kind = input.kind, from = spec.from, help = spec.help,
    default = spec.default ~= nil and list_literal(what .. ": default", spec.default) or nil,
    optional = spec.optional == true, pattern = spec.pattern, choices = choices,
    range = spec.range and read_range(what .. ": range", input.kind, spec.range),
  }
end

local function manifest_inputs(book)
  local out = {}
  for name, input in sorted_pairs(book.inputs or {}) do
    out[#out + 1] = manifest_input(name, input)
  end
  return out
end

local function manifest_triggers(book)
  local out = {}
  for _, trigger in ipairs(book.triggers or {}) do
    if not is_a(alert_kind, trigger) then
      fail("triggers wants on.alert { name = ... }")
    end
    move(trigger.names, 1, #trigger.names, #out + 1, out)
  end
  return out
end

local function check_book(book)
  if not is_a(book_fields, book) then
    fail("the file does not return playbook { ... }")
  end
  return book
end

local function manifest_step(step)
  return {
    name = step.name, kind = step.kind, timeout = step.timeout, when = step.when ~= nil,
    verify = step.verify ~= nil, undo = step.undo ~= nil, always = step.always == true, once = step.once == true,
    needs = step.needs, on_failure = step.on_failure, retry = step.retry, each = step.each,
    role = step.person.role, wait = step.person.wait, text = step.person.text,
    answer = step.person.answer, options = step.person.options, sink = step.notify,
    callee = step.call, given = step.given, uses = step.uses,
  }
end

local function manifest(book)
  local steps = {}
  local rollout = check_fields("rollout", check_book(book).rollout or {},
    { first = "any", grow = "any", soak = "any", max_failures = "any" })
  for i, step in ipairs(book.steps) do
    if step.over and not (book.inputs or {})[step.over] then
      fail("step '%s': for_each: there is no input '%s'", step.name, show(step.over))
    end
    steps[i] = manifest_step(step)
  end
  return {
    name = book.name, summary = book.summary, steps = steps,
    inputs = manifest_inputs(book), triggers = manifest_triggers(book),
    at_most = whole("at_most", book.at_most or 0, 0), keep = whole("keep", book.keep or 0, 0),
    cooldown = seconds("cooldown", book.cooldown or "0s"),
    rollout = {
      first = whole("rollout: first", rollout.first or 1, 1),
      grow = whole("rollout: grow", rollout.grow or 2, 1),
      soak = seconds("rollout: soak", rollout.soak or "0s"),
      max_failures = whole("rollout: max_failures", rollout.max_failures or 0, 0),
    },
  }
end

-- Modes step, when and undo -----------------------------------------------------------------------

local running -- the step; declared: the ops it may ask for; foretold: a fix was only foretold

local function noted(result, text, code, foretold)
  running.foretold = running.foretold or foretold
  if foretold or text == nil then
    return result
  end
  return result, text, code
end

for _, name in ipairs(op_names) do
  local family, verb = match(name, "^([^.]+)%.(.+)$")
  environment[family] = environment[family] or {}
  environment[family][verb] = function(arguments)
    if not running then
      fail("%s can be asked for in a step's own functions only", name)
    elseif not running.declared[name] then
      fail("op '%s' is not declared in uses of step '%s'", name, running.name)
    end
    return noted(call(name, check_table(name, arguments or {})))
  end
end

local function declared(step)
  local out = {}
  for _, use in ipairs(step.uses) do
    out[use.op] = true
  end
  return out
end

function environment.say(text)
  if not running then
    fail("say belongs into a step's own functions")
  end
  tell(show(text))
end

-- Each of the following gives outcome, output, code, text.

local function begin(book, name)
  local step = check_book(book).steps[name]
  if type(name) ~= "string" or not step then
    fail("playbook '%s' has no step '%s'", book.name, show(name))
  end
  running = { name = name, declared = declared(step) }
  return step
end

local function ask_when(step, context)
  if not step.when then
    return "ok"
  end
  local wanted, text, code = step.when(context)
  if wanted then
    return "ok"
  end
  return text and "failed" or "skipped", nil, code, text
end

local function run_once(step, context, ...)
  local output, text, code = step.run(context, ...)
  if output == nil and text ~= nil then
    return "failed", nil, code, text
  elseif step.verify and not running.foretold then
    local held, why, its_code = step.verify(context, output, ...)
    if not held then
      why = why and ": " .. show(why) or ""
      return "failed", nil, its_code, "verify did not hold" .. why
    end
  end
  return "ok", output
end

-- An item that gives nothing stands in the output as true.
local function run_each(step, context)
  local items, outputs = step.for_each(context), {}
  if type(items) ~= "table" then
    fail("for_each of step '%s' gives a %s, not a list", step.name, type(items))
  elseif #items > step.each then
    return "failed", nil, "limit",
      format("for_each gives %d items, and max is %d", #items, step.each)
  end
  for i, item in ipairs(items) do
    local outcome, output, code, text = run_once(step, context, item, i)
    if outcome ~= "ok" then
      return outcome, nil, code, format("item %d (%s): %s", i, show(item), show(text))
    end
    outputs[i] = output == nil or output
  end
  return "ok", outputs
end

local function run_step(book, name, context)
  local step = begin(book, name)
  if not step.run then
    fail("step '%s' is of kind %s and runs nothing", name, step.kind)
  end
  local outcome, output, code, text = ask_when(step, context)
  if outcome ~= "ok" then
    return outcome, output, code, text
  elseif step.for_each then
    return run_each(step, context)
  end
  outcome, output, code, text = run_once(step, context)
  if outcome == "ok" and step.kind == "notify" and (type(output) ~= "string" or output == "") then
    fail("run of step '%s' gives no text to notify of", name)
  end
  return outcome, output, code, text
end

local function run_when(book, name, context)
  return ask_when(begin(book, name), context)
end

local function run_undo(book, name, context)
  local step = begin(book, name)
  if not step.undo then
    fail("step '%s' has no undo", name)
  end
  local output, text, code = step.undo(context)
  if output == nil and text ~= nil then
    return "failed", nil, code, text
  end
  return "ok", output
end

return environment, manifest, run_step, run_when, run_undo
