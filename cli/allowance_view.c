/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/allowance_view.h"

#include <stdio.h>

#include "cli/table.h"

#define COLUMNS 78 /* of a narrow terminal */
#define INDENT  13

/* What becomes of an op, the worst of it. */
typedef enum {
    ALLOWED,
    OWN_WINDOWS, /* and one is open, or nobody told which they are */
    BLACKOUT,
    NO_WINDOW,
    OWN_CLOSED,
    TOO_HIGH,
    NOT_NAMED,
    FATES
} fate_t;

static const char *const reasons[FATES] = {
    [ALLOWED] = "",
    [OWN_WINDOWS] = "only within windows of its own",
    [BLACKOUT] = "not now: a blackout stands",
    [NO_WINDOW] = "not now: outside its windows",
    [OWN_CLOSED] = "not now: outside windows of its own",
    [TOO_HIGH] = "above its highest class",
    [NOT_NAMED] = "its policy does not name it",
};

static class_t
class_there(const allowance_t *allowance, const op_t *op)
{
    const allowance_class_t *worse = allowance_classes_find(&allowance->worse, op->name);
    return worse && worse->class_ > op->least ? worse->class_ : op->least;
}

static fate_t
fate_of(const allowance_t *allowance, const op_t *op)
{
    class_t class_ = class_there(allowance, op);
    if (!allowance_has(allowance, op->name))
        return NOT_NAMED;
    if (class_ > allowance->highest)
        return TOO_HIGH;
    if (class_ > CLASS_OBSERVE && allowance_hours_stand(&allowance->blackouts, wall_now()))
        return BLACKOUT;
    if (class_ > CLASS_OBSERVE && allowance->windows.count &&
        !allowance_hours_stand(&allowance->windows, wall_now()))
        return NO_WINDOW;
    if (!allowance_owns_stand(&allowance->owns, op->name, wall_now()))
        return OWN_CLOSED;
    return op->windowed || allowance_owns_of(&allowance->owns, op->name) ? OWN_WINDOWS : ALLOWED;
}

/* Whether its policy would let it be done at some time. */
static bool
is_refused(fate_t fate)
{
    return fate >= TOO_HIGH;
}

/* ---- one a line ------------------------------------------------------------------------ */

static void
print_ops(const allowance_t *allowance, bool refused)
{
    const char *key = refused ? "refuses" : "allows";
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        fate_t fate = fate_of(allowance, op);
        class_t class_ = class_there(allowance, op);
        if (is_refused(fate) != refused)
            continue;
        printf("  %-10s %-12s %s%s%s%s%s\n", key, class_word(class_), op->name,
               *reasons[fate] ? " (" : "", reasons[fate], *reasons[fate] ? ")" : "",
               class_ > op->least ? " (worse there than in the op table)" : "");
        key = "";
    }
}

/* ---- in groups ------------------------------------------------------------------------- */

/* Words below one another, within the columns. */
typedef struct {
    size_t column; /* 0: nothing stands yet */
} flow_t;

static void
flow_word(flow_t *self, const char *word)
{
    if (self->column && self->column + 1 + strlen(word) > COLUMNS) {
        putchar('\n');
        self->column = 0;
    }
    if (!self->column)
        self->column = (size_t)printf("%*s%s", INDENT, "", word);
    else
        self->column += (size_t)printf(" %s", word);
}

static void
flow_end(flow_t *self)
{
    if (self->column)
        putchar('\n');
    self->column = 0;
}

/* How many ops from this one on are of its family. */
static size_t
family_size(size_t index, char out[static OP_NAME_MAX + 2])
{
    size_t size = strcspn(op_at(index)->name, "."), count = 0;
    snprintf(out, OP_NAME_MAX + 2, "%.*s.*", (int)size, op_at(index)->name);
    while (index + count < op_count() &&
           !strncmp(op_at(index + count)->name, op_at(index)->name, size + 1))
        count++;
    return count;
}

/* Whether the fate of all of these is that. */
static bool
share_fate(const allowance_t *allowance, size_t index, size_t count, fate_t fate)
{
    for (size_t i = 0; i < count; i++)
        if (fate_of(allowance, op_at(index + i)) != fate)
            return false;
    return true;
}

static size_t
count_of(const allowance_t *allowance, fate_t fate)
{
    size_t count = 0;
    for (size_t i = 0; i < op_count(); i++)
        count += fate_of(allowance, op_at(i)) == fate;
    return count;
}

/* FAMILY.* where nothing of it is left. */
static void
print_refused(const allowance_t *allowance, fate_t fate)
{
    flow_t flow = {0};
    char family[OP_NAME_MAX + 2];
    size_t count = count_of(allowance, fate), of_family;
    if (!count)
        return;
    printf("  %-10s %zu ops: %s\n", "refuses", count, reasons[fate]);
    for (size_t i = 0; i < op_count(); i += of_family) {
        of_family = family_size(i, family);
        if (of_family > 1 && share_fate(allowance, i, of_family, fate)) {
            flow_word(&flow, family);
            continue;
        }
        for (size_t j = i; j < i + of_family; j++)
            if (fate_of(allowance, op_at(j)) == fate)
                flow_word(&flow, op_at(j)->name);
    }
    flow_end(&flow);
}

static void
print_allowed(const allowance_t *allowance, fate_t fate, class_t class_)
{
    flow_t flow = {0};
    char worse[OP_NAME_MAX + 32];
    bool any = false;
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        if (fate_of(allowance, op) != fate || class_there(allowance, op) != class_)
            continue;
        if (!any)
            printf("  %-10s %s%s%s\n", "allows", class_word(class_), fate == ALLOWED ? "" : ", ",
                   reasons[fate]);
        any = true;
        snprintf(worse, sizeof worse, "%s%s", op->name, class_ > op->least ? " (worse there)" : "");
        flow_word(&flow, worse);
    }
    flow_end(&flow);
}

static void
print_groups(const allowance_t *allowance, bool refused)
{
    for (fate_t fate = ALLOWED; fate < FATES; fate++) {
        if (is_refused(fate) != refused)
            continue;
        if (refused)
            print_refused(allowance, fate);
        for (class_t class_ = CLASS_OBSERVE; !refused && class_ < CLASSES; class_++)
            print_allowed(allowance, fate, class_);
    }
}

/* What site.run may execute. */
static void
print_commands(const allowance_t *allowance)
{
    const char *key = "commands";
    for (size_t i = 0; i < allowance->commands.count; i++, key = "") {
        const allowance_class_t *at = &allowance->commands.at[i];
        printf("  %-10s %-12s %s%s\n", key, class_word(at->class_), at->name,
               at->class_ > allowance->highest ? " (refused: above its highest class)" : "");
    }
}

/* People whom it asks for, where root asks for fewer. */
static void
print_people(const char *what, const unsigned people[static CLASSES])
{
    for (class_t class_ = CLASS_OBSERVE; class_ < CLASSES; class_++)
        if (people[class_])
            printf("  %-10s %s of class %s: %u people at least\n", "policy", what,
                   class_word(class_), people[class_]);
}

static void
print_hours(const char *what, const allowance_hours_t *hours)
{
    for (size_t i = 0; i < hours->count; i++)
        printf("  %-10s %s UTC\n", what, hours->at[i]);
}

/* Of this op, or NULL: of all that have some. */
static void
print_owns(const allowance_owns_t *owns, const op_t *op)
{
    for (size_t i = 0; i < owns->count; i++)
        if (!op || !strcmp(owns->at[i].op, op->name))
            printf("  %-10s %s UTC: %s does nothing outside it, to undo neither\n", "window",
                   owns->at[i].hours, owns->at[i].op);
}

void
allowance_print(const options_t *options, const char *worker, const allowance_t *allowance,
                bool all)
{
    void (*const print)(const allowance_t *, bool) = all ? print_ops : print_groups;
    char made[32];
    if (!allowance) {
        printf("  %-10s nobody knows what its policy allows: it has not said so yet\n", "policy");
        return;
    }
    printf("  %-10s class %s at most, as its judge signed at %s\n", "policy",
           class_word(allowance->highest),
           show_time(options, allowance->made.ms, made, sizeof made));
    print_people("approvals", allowance->more.approvals);
    print_people("orders", allowance->more.orders);
    if (allowance->no_glass)
        printf("  %-10s nobody breaks glass there\n", "policy");
    print_hours("window", &allowance->windows);
    print_hours("blackout", &allowance->blackouts);
    print_owns(&allowance->owns, NULL);
    print(allowance, false);
    print_commands(allowance);
    print(allowance, true);
    if (!all)
        printf("one op of these: tocsin worker view %s OP; one a line: --all\n", worker);
}

void
allowance_print_op(const char *worker, const allowance_t *allowance, const op_t *op)
{
    fate_t fate = fate_of(allowance, op);
    class_t class_ = class_there(allowance, op);
    printf("op %s on %s  %s%s  %s%s%s\n  %s\n", op->name, worker, class_word(class_),
           class_ > op->least ? " (worse there than in the op table)" : "",
           is_refused(fate) ? "REFUSED" : "allowed", *reasons[fate] ? ": " : "", reasons[fate],
           op->help);
    if (fate == TOO_HIGH)
        printf("  %-10s class %s at most\n", "policy", class_word(allowance->highest));
    if (!is_refused(fate)) {
        print_hours("window", &allowance->windows);
        print_hours("blackout", &allowance->blackouts);
        print_owns(&allowance->owns, op);
    }
    if (!strcmp(op->name, "site.run"))
        print_commands(allowance);
}

static value_t *
people_value(const unsigned people[static CLASSES])
{
    value_t *map = value_map();
    for (class_t class_ = CLASS_OBSERVE; class_ < CLASSES; class_++)
        value_set_integer(map, class_word(class_), people[class_]);
    return map;
}

static value_t *
hours_value(const allowance_hours_t *hours)
{
    value_t *list = value_list();
    for (size_t i = 0; i < hours->count; i++)
        value_append(list, value_text(hours->at[i]));
    return list;
}

/* By op. */
static value_t *
owns_value(const allowance_owns_t *owns)
{
    value_t *map = value_map();
    for (size_t i = 0; i < owns->count;) {
        const char *op = owns->at[i].op;
        value_t *list = value_list();
        for (; i < owns->count && !strcmp(owns->at[i].op, op); i++)
            value_append(list, value_text(owns->at[i].hours));
        value_set(map, op, list);
    }
    return map;
}

static value_t *
classes_value(const allowance_classes_t *classes)
{
    value_t *map = value_map();
    for (size_t i = 0; i < classes->count; i++)
        value_set_text(map, classes->at[i].name, class_word(classes->at[i].class_));
    return map;
}

static value_t *
refuses_value(const allowance_t *allowance)
{
    value_t *list = value_list();
    for (size_t i = 0; i < op_count(); i++) {
        const op_t *op = op_at(i);
        fate_t fate = fate_of(allowance, op);
        if (fate < BLACKOUT)
            continue;
        value_t *row = value_map();
        value_set_text(row, "op", op->name);
        value_set_text(row, "class", class_word(class_there(allowance, op)));
        value_set_text(row, "reason", reasons[fate]);
        value_append(list, row);
    }
    return list;
}

value_t *
allowance_value(const allowance_t *allowance)
{
    value_t *map = value_map(), *ops = value_list();
    for (size_t i = 0; i < allowance->op_count; i++)
        value_append(ops, value_text(allowance->ops[i]));
    value_set_integer(map, "made", allowance->made.ms);
    value_set_text(map, "highest", class_word(allowance->highest));
    value_set(map, "approvals", people_value(allowance->more.approvals));
    value_set(map, "orders", people_value(allowance->more.orders));
    value_set_bool(map, "break_glass", !allowance->no_glass);
    value_set(map, "windows", hours_value(&allowance->windows));
    value_set(map, "blackouts", hours_value(&allowance->blackouts));
    value_set(map, "op_windows", owns_value(&allowance->owns));
    value_set(map, "ops", ops);
    value_set(map, "classes", classes_value(&allowance->worse));
    value_set(map, "commands", classes_value(&allowance->commands));
    value_set(map, "refuses", refuses_value(allowance));
    return map;
}
