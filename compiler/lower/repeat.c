/* repeat: blocks of rounds.
 *
 * A name that is bound before the block and bound again in it is carried: each tensor that it holds becomes an input, a
 * CARRIED node and a result of the REPEAT. Which names those are is seen from the statements before the block is
 * lowered. All other names that the block binds are local to a round: they live in a scope of the block's own. */
#include "lower/lowering.h"

#include <inttypes.h>
#include <string.h>

/* A name that is carried, and the first of its tensors in the block's lists. */
typedef struct {
    const char *name;
    name_entry *before, *inside; /* around the block; when a round begins */
    size_t first;
} carried_name;

typedef struct {
    const ast_stmt *written;
    ir_value *value; /* NULL after an error */
} collected_name;

struct block {
    block *around;
    const ast_stmt *written;
    scope *outside; /* the values around it */
    scope *bound;   /* ast_name: what its statements bind; NULL for a row */
    ir_block *ir;
    ir_value **rows; /* what is consumed row by row; NULL after an error */
    size_t row_count, row_capacity;
    carried_name *names;
    size_t name_count, name_capacity;
    ir_value **first, **carried, **next; /* the tensors of all names, one after the other */
    size_t count, capacity[3];
    collected_name *collected;
    size_t collected_count, collected_capacity;
};

/* --- names that a block binds ------------------------------------------------------------------------------------- */

static void add_patterns(scope *bound, const ast_pattern *p) {
    for (; p; p = p->next) {
        if (p->name.text && !scope_find(bound, p->name.text))
            scope_set(bound, p->name.text, (void *)(uintptr_t)&p->name);
        add_patterns(bound, p->items);
    }
}

/* What an inner block carries or collects, it binds in the one around it. */
static void add_bound(arena *a, scope *bound, const ast_stmt *repeat) {
    for (const ast_stmt *s = repeat->body; s; s = s->next) {
        if (s->kind == AST_BIND) add_patterns(bound, s->pattern);
        if (s->kind != AST_REPEAT) continue;
        scope *inner = scope_new(a);
        add_bound(a, inner, s);
        for (const ast_stmt *c = s->body; c; c = c->next)
            if (c->kind == AST_COLLECT) scope_set(inner, c->name.text, (void *)(uintptr_t)&c->name);
        for (const scope_entry *e = scope_first(inner); e; e = scope_next(e))
            if (scope_thing(e) && !scope_find(bound, scope_name(e)))
                scope_set(bound, scope_name(e), scope_thing(e));
    }
    for (const ast_pattern *p = repeat->pattern; p; p = p->next) scope_set(bound, p->name.text, NULL);
}

const ast_name *block_binds(const block *b, const char *name) {
    for (; b; b = b->around) {
        const ast_name *found = scope_find(b->bound, name);
        if (found) return found;
    }
    return NULL;
}

/* --- rows and rounds ---------------------------------------------------------------------------------------------- */

/* NULL after reporting. */
static ir_value *lower_rows(lowering *l, const ast_expr *e) {
    value v = lower_expr(l, e);
    if (value_has_poison(&v)) return NULL;
    if (v.kind == VALUE_TENSOR && v.tensor->type.rank > 0) return v.tensor;
    diag *d = diag_error(l->diags, e->where, "a repeat goes over the rows of a tensor's dim 0, found %s",
                         value_show(l, &v));
    note_value(l, d, e, &v, e->where);
    if (v.kind == VALUE_INTEGER)
        diag_hint(d, "repeat N { … } runs N rounds; arange(N) as rows gives the round's number");
    return NULL;
}

static const dim *lower_all_rows(lowering *l, block *b) {
    const ast_stmt *s = b->written;
    size_t names = 0;
    const dim *rounds = NULL;
    const ast_expr *first = NULL;
    for (const ast_expr *e = s->rows; e; e = e->next) {
        ir_value *all = lower_rows(l, e);
        ARENA_PUSH(l->arena, b->rows, b->row_count, b->row_capacity, all);
        if (!all) continue;
        if (!rounds) {
            rounds = all->type.dims[0];
            first = e;
        } else if (!dim_same(rounds, all->type.dims[0])) {
            diag *d = diag_error(l->diags, e->where, "the rows of a repeat are as many in all tensors, found %s of %s",
                                 dim_short(l->arena, all->type.dims[0]), type_show(l, &all->type));
            diag_note(d, first->where, "%s rows here", dim_short(l->arena, rounds));
            b->rows[b->row_count - 1] = NULL;
        }
    }
    for (const ast_pattern *p = s->pattern; p; p = p->next) names++;
    if (names != b->row_count) {
        const ast_pattern *last = s->pattern;
        while (last->next) last = last->next;
        diag *d = diag_error(l->diags, span_join(s->pattern->where, last->where),
                             "%zu name%s for the rows of %zu tensor%s", names, names == 1 ? "" : "s", b->row_count,
                             b->row_count == 1 ? "" : "s");
        diag_hint(d, "a row has one name: repeat a_t, b_t in a, b { … }");
    }
    return rounds;
}

static const dim *lower_rounds(lowering *l, const ast_expr *e) {
    value v = lower_expr(l, e);
    if (value_has_poison(&v)) return NULL;
    if (v.kind == VALUE_INTEGER && !dim_is_huge(v.integer) && dim_min(v.integer) >= 0 &&
        dim_max(v.integer) <= INT32_MAX)
        return v.integer;
    diag *d;
    if (v.kind == VALUE_INTEGER) {
        d = diag_error(l->diags, e->where, "the number of rounds is at least 0 and below 2147483648, found %s",
                       value_show(l, &v));
        const char *bounds = bounds_show(l, v.integer);
        if (bounds) diag_note_plain(d, "%s", bounds);
        return NULL;
    }
    d = diag_error(l->diags, e->where, "the number of rounds is a number or a size, found %s", value_show(l, &v));
    note_value(l, d, e, &v, e->where);
    if (v.kind == VALUE_TENSOR && v.tensor->type.rank > 0)
        diag_hint(d, "to go over its rows: repeat row in %.60s { … }", e->kind == AST_NAME ? e->name.text : "x");
    return NULL;
}

static ir_value *block_source(lowering *l, block *b, ir_op op, const ir_type *type, size_t index, const char *name,
                              span where) {
    ir_value *v = ir_add_value(l->model, &b->ir->body, op, NULL, 0, *type, where);
    v->name = name;
    v->producer->label = name;
    v->producer->attrs.index = index;
    v->producer->block = b->ir;
    return v;
}

static void bind_rows(lowering *l, block *b) {
    const ast_pattern *p = b->written->pattern;
    size_t kept = 0;
    b->ir->rows = ARENA_ARRAY(l->arena, ir_value *, b->row_count);
    for (size_t i = 0; p; p = p->next, i++) {
        value v = value_poison(p->where);
        ir_value *all = i < b->row_count ? b->rows[i] : NULL;
        if (all) {
            ir_type type = {.dtype = all->type.dtype, .rank = all->type.rank - 1};
            for (unsigned k = 0; k < type.rank; k++) type.dims[k] = all->type.dims[k + 1];
            ir_value *row = block_source(l, b, IR_ROW, &type, kept, p->name.text, p->where);
            b->rows[kept] = all;
            b->ir->rows[kept++] = row;
            v = (value){.kind = VALUE_TENSOR, .tensor = row, .where = p->where};
        }
        bind_name(l, &p->name, &v);
    }
    b->row_count = kept;
}

/* --- what is carried ---------------------------------------------------------------------------------------------- */

/* Inside of the block: the same, made of CARRIED nodes. */
static value carry(lowering *l, block *b, const value *before, const char *name, span where) {
    value v = *before;
    if (v.kind == VALUE_TENSOR) {
        v.tensor = block_source(l, b, IR_CARRIED, &before->tensor->type, b->count, name, where);
        size_t n = b->count;
        ARENA_PUSH(l->arena, b->first, n, b->capacity[0], before->tensor);
        ARENA_PUSH(l->arena, b->carried, b->count, b->capacity[1], v.tensor);
    } else if (v.kind == VALUE_TUPLE) {
        value *items = ARENA_ARRAY(l->arena, value, v.count);
        for (size_t i = 0; i < v.count; i++)
            items[i] = carry(l, b, &before->items[i], arena_printf(l->arena, "%s_%zu", name, i), where);
        v.items = items;
    }
    return v;
}

static void carry_names(lowering *l, block *b) {
    for (const scope_entry *e = scope_first(b->bound); e; e = scope_next(e)) {
        name_entry *before = scope_find(b->outside, scope_name(e));
        if (!scope_thing(e) || !before) continue;
        name_entry *entry = ARENA_NEW(l->arena, name_entry);
        carried_name c = {.name = scope_name(e), .before = before, .inside = entry, .first = b->count};
        ARENA_PUSH(l->arena, b->names, b->name_count, b->name_capacity, c);
        *entry = *before;
        if (entry->kind != NAME_STATE) entry->kind = NAME_BOUND;
        entry->value = carry(l, b, &before->value, c.name, before->where);
        scope_set(l->values, c.name, entry);
    }
}

/* Takes the tensors of a name at the round's end; false when they are not what was carried into it. */
static bool take_next(const block *b, const value *before, const value *after, size_t *at) {
    if (before->kind != after->kind) return false;
    switch (before->kind) {
    case VALUE_TENSOR:
        if (!ir_type_same(&before->tensor->type, &after->tensor->type)) return false;
        b->next[(*at)++] = after->tensor;
        return true;
    case VALUE_TUPLE:
        if (before->count != after->count) return false;
        for (size_t i = 0; i < before->count; i++)
            if (!take_next(b, &before->items[i], &after->items[i], at)) return false;
        return true;
    case VALUE_INTEGER: return dim_same(before->integer, after->integer);
    case VALUE_REAL: return before->real == after->real;
    case VALUE_BOOL: return before->boolean == after->boolean;
    case VALUE_STRING: return strcmp(before->string, after->string) == 0;
    default: return true;
    }
}

/* total = 0 before a block that adds to it: what to write instead, where that is known. */
static void hint_tensor(const lowering *l, diag *e, const carried_name *c, const value *after) {
    const value *from = &c->before->value;
    int64_t whole = 0;
    bool real = from->kind == VALUE_REAL, number_too = after->kind == VALUE_INTEGER || after->kind == VALUE_REAL;
    const ir_type *type = after->kind == VALUE_TENSOR ? &after->tensor->type : NULL;
    if ((!real && !dim_is_const(from->integer, &whole)) || !(type ? type->dtype != IR_BOOL : number_too)) {
        diag_hint(e, "a number does not change; a tensor of the type found can be carried");
        return;
    }
    bool point = type ? type->dtype == IR_F32 : real || after->kind == VALUE_REAL;
    const char *number = real ? arena_printf(l->arena, "%.9g", from->real) : arena_printf(l->arena, "%" PRId64, whole);
    if (point && !strpbrk(number, ".en")) number = arena_printf(l->arena, "%s.0", number);
    if (!type || type->rank == 0)
        diag_hint(e, "a number does not change; a tensor does: %.60s = tensor(%s)", c->name, number);
    else
        diag_hint(e, "a number does not change; a tensor does: %.60s = full(%s, %s)", c->name,
                  ir_shape_string(l->arena, type), number);
}

static void report_changed(lowering *l, const carried_name *c, const name_entry *after) {
    const value *from = &c->before->value;
    diag *e =
        diag_error(l->diags, after->where, "%.60s is carried from round to round as %s, found %s at the round's end",
                   c->name, value_show(l, from), value_show(l, &after->value));
    diag_note(e, after->value.where, "this is %s", value_show(l, &after->value));
    diag_note(e, from->where, "%.60s is %s before the block, from here", c->name, value_show(l, from));
    bool number = from->kind == VALUE_INTEGER || from->kind == VALUE_REAL;
    if (number) hint_tensor(l, e, c, &after->value);
    else diag_hint(e, "a value that the block is to have for itself needs another name");
}

/* Sets next; of a name with an error it is the value of the round's beginning. */
static void end_round(lowering *l, block *b) {
    b->next = ARENA_ARRAY(l->arena, ir_value *, b->count);
    if (b->count) memcpy(b->next, b->carried, b->count * sizeof *b->next);
    for (size_t i = 0; i < b->name_count; i++) {
        const carried_name *c = &b->names[i];
        const name_entry *after = scope_find(l->values, c->name);
        size_t at = c->first;
        c->before->used = c->before->used || c->inside->used;
        if (!c->before->read_by) c->before->read_by = c->inside->read_by;
        if (value_has_poison(&after->value) || value_has_poison(&c->before->value)) continue;
        if (!take_next(b, &c->before->value, &after->value, &at)) report_changed(l, c, after);
    }
}

/* Behind the block. */
static value behind(lowering *l, const ir_node *n, const value *before, size_t *at, span where) {
    value v = *before;
    v.where = where;
    if (v.kind == VALUE_TENSOR) {
        v.tensor = n->results[*at];
        (*at)++;
    } else if (v.kind == VALUE_TUPLE) {
        value *items = ARENA_ARRAY(l->arena, value, v.count);
        for (size_t i = 0; i < v.count; i++) items[i] = behind(l, n, &before->items[i], at, where);
        v.items = items;
    }
    return v;
}

/* --- collect ------------------------------------------------------------------------------------------------------ */

static bool may_collect(lowering *l, const block *b, const ast_stmt *s) {
    const ast_name *bound = scope_find(b->bound, s->name.text);
    for (size_t i = 0; i < b->collected_count; i++) {
        if (strcmp(b->collected[i].written->name.text, s->name.text) != 0) continue;
        diag *e = diag_error(l->diags, s->name.where, "%.60s is collected already", s->name.text);
        diag_note(e, b->collected[i].written->name.where, "first here");
        return false;
    }
    for (const ast_pattern *p = b->written->pattern; p && !bound; p = p->next)
        if (strcmp(p->name.text, s->name.text) == 0) bound = &p->name;
    if (bound) {
        diag *e = diag_error(l->diags, s->name.where, "%.60s is collected, and bound in the same block", s->name.text);
        diag_note(e, bound->where, "bound here");
        diag_hint(e, "what is collected needs a name of its own: it stands for all rounds behind the block");
        return false;
    }
    if (strcmp(s->name.text, "_") != 0) return true;
    diag_error(l->diags, s->name.where, "what is collected needs a name");
    return false;
}

void lower_collect(lowering *l, const ast_stmt *s) {
    block *b = l->block;
    value v = lower_expr(l, s->value);
    if (!b) {
        diag *e = diag_error(l->diags, s->where, "collect stands outside of a block");
        diag_hint(e, "it keeps what each round of a repeat gives: repeat x_t in x { collect ys = f(x_t) }");
        return;
    }
    collected_name c = {.written = s};
    if (!may_collect(l, b, s)) return;
    if (v.kind == VALUE_TENSOR && shape_rank_fits(l, v.tensor->type.rank + 1, s->value->where)) {
        c.value = v.tensor;
        if (s->type) type_fits(l, s->type, &v.tensor->type, s->value, &v, s->name.text);
    } else if (!value_has_poison(&v) && v.kind != VALUE_TENSOR) {
        diag *e = diag_error(l->diags, s->value->where, "what is collected is a tensor, found %s", value_show(l, &v));
        if (v.gives) diag_note_plain(e, "%s", v.gives);
        if (v.kind == VALUE_TUPLE) diag_hint(e, "collect each part under a name of its own");
    }
    ARENA_PUSH(l->arena, b->collected, b->collected_count, b->collected_capacity, c);
}

/* --- until -------------------------------------------------------------------------------------------------------- */

static bool is_bool(const value *v) {
    return v->kind == VALUE_TENSOR && v->tensor->type.dtype == IR_BOOL;
}

/* It sees what is carried, and what stands around the block. */
static ir_value *lower_until(lowering *l, block *b) {
    const ast_expr *e = b->written->value;
    if (!e) return NULL;
    scope *inside = l->values;
    l->values = scope_inside(l->arena, b->outside);
    for (size_t i = 0; i < b->name_count; i++)
        scope_set(l->values, b->names[i].name, scope_find(inside, b->names[i].name));
    value v = lower_expr(l, e);
    l->values = inside;
    if (value_has_poison(&v)) return NULL;
    if (is_bool(&v) && dim_is(ir_type_elements(l->model->dims, &v.tensor->type), 1)) return v.tensor;
    diag *d = diag_error(l->diags, e->where, "until asks a bool of one element, found %s", value_show(l, &v));
    note_value(l, d, e, &v, e->where);
    if (is_bool(&v)) diag_hint(d, "all(x) or any(x) make one of many");
    else diag_hint(d, "a comparison is a bool: until word == 2");
    return NULL;
}

/* --- the block ---------------------------------------------------------------------------------------------------- */

static void lower_inner_statement(lowering *l, const ast_stmt *s) {
    static const char *const kinds[] = {[AST_DIM] = "a run-time dim", [AST_WEIGHTS] = "weights",
                                        [AST_INPUT] = "an input",     [AST_STATE] = "a state",
                                        [AST_PARAM] = "a param",      [AST_LAYER] = "a layer",
                                        [AST_OUTPUT] = "an output",   [AST_OUTPUTS] = "an output",
                                        [AST_TARGET] = "a target",    [AST_LOSS] = "a loss",
                                        [AST_TRAIN] = "train"};
    bool inner = s->kind == AST_BIND || s->kind == AST_REPEAT || s->kind == AST_COLLECT ||
                 (s->kind == AST_DIM && !s->upper);
    if (inner) {
        lower_statement(l, s);
        return;
    }
    diag *e = diag_error(l->diags, s->where, "%s cannot stand in a block", kinds[s->kind]);
    if (s->kind == AST_OUTPUT || s->kind == AST_OUTPUTS)
        diag_hint(e, "collect NAME = EXPR keeps each round's value; write it out behind the block");
    else if (s->kind == AST_LOSS)
        diag_hint(e, "add up what the rounds lose in a carried value; its loss stands behind the block");
    else diag_hint(e, "declare it before the repeat");
}

/* What the block leaves behind it: its names are no values there, but what they were can be said. */
static void leave_scope(lowering *l, const block *b) {
    for (const scope_entry *e = scope_first(l->values); e; e = scope_next(e)) {
        if (scope_find(b->outside, scope_name(e))) continue;
        scope_set(l->locals, scope_name(e), scope_thing(e));
    }
    l->values = b->outside;
}

static void bind_results(lowering *l, const block *b, const ir_node *n) {
    for (size_t i = 0; i < b->name_count; i++) {
        const carried_name *c = &b->names[i];
        const ast_name *written = scope_find(b->bound, c->name);
        ast_name name = {c->name, written->where};
        size_t at = c->first;
        value v = n ? behind(l, n, &c->before->value, &at, written->where) : value_poison(written->where);
        if (value_has_poison(&c->before->value)) v = value_poison(written->where);
        bind_name(l, &name, &v);
    }
    size_t at = b->count;
    for (size_t i = 0; i < b->collected_count; i++) {
        const ast_stmt *s = b->collected[i].written;
        value v = n && b->collected[i].value ? value_tensor(l, n->results[at++], s->where) : value_poison(s->where);
        bind_name(l, &s->name, &v);
    }
}

/* No tensor is empty: rounds that may be none collect nothing. */
static void need_a_round(lowering *l, const block *b, const dim *rounds) {
    if (!b->collected_count || dim_min(rounds) >= 1) return;
    const ast_stmt *s = b->written;
    diag *d = diag_error(l->diags, s->lower ? s->lower->where : s->where,
                         "%s may be no round at all: what is collected would be empty", dim_short(l->arena, rounds));
    diag_note(d, b->collected[0].written->where, "collected here");
    const char *bounds = bounds_show(l, rounds);
    if (bounds) diag_note_plain(d, "%s", bounds);
}

/* The head as it could be written, on one line. */
static const char *head_text(lowering *l, const ast_stmt *s) {
    text t = text_new(l->arena);
    text_add(&t, "repeat ");
    for (const ast_pattern *p = s->pattern; p; p = p->next)
        text_printf(&t, "%s%s", p->name.text, p->next ? ", " : " in ");
    for (const ast_expr *e = s->rows; e; e = e->next) {
        ast_print_expr(e, &t);
        if (e->next) text_add(&t, ", ");
    }
    if (s->lower) ast_print_expr(s->lower, &t);
    if (s->value) text_add(&t, " until ");
    if (s->value) ast_print_expr(s->value, &t);
    return text_string(&t);
}

static ir_node *add_node(lowering *l, block *b, const dim *rounds) {
    size_t inputs = b->row_count + b->count, collected = 0;
    ir_value **all = ARENA_ARRAY(l->arena, ir_value *, inputs);
    if (b->row_count) memcpy(all, b->rows, b->row_count * sizeof *all);
    if (b->count) memcpy(all + b->row_count, b->first, b->count * sizeof *all);
    b->ir->carried = b->carried;
    b->ir->next = b->next;
    b->ir->collected = ARENA_ARRAY(l->arena, ir_value *, b->collected_count);
    for (size_t i = 0; i < b->collected_count; i++)
        if (b->collected[i].value) b->ir->collected[collected++] = b->collected[i].value;
    if (!b->count && !collected) return NULL; /* rounds that leave nothing */
    ir_node *n = ir_add_repeat(l->model, l->graph, b->ir, all, (unsigned)inputs, (unsigned)b->row_count, rounds,
                               (unsigned)collected, b->written->where);
    n->label = "repeat";
    n->source = head_text(l, b->written);
    return n;
}

static bool nests_too_deep(lowering *l, const ast_stmt *s) {
    unsigned depth = 0;
    for (const block *b = l->block; b; b = b->around) depth++;
    if (depth < IR_MAX_BLOCKS) return false;
    diag_error(l->diags, s->where, "at most %d blocks stand in each other", IR_MAX_BLOCKS);
    return true;
}

void lower_repeat(lowering *l, const ast_stmt *s) {
    if (nests_too_deep(l, s)) return;
    block b = {.around = l->block, .written = s, .outside = l->values, .bound = scope_new(l->arena)};
    b.ir = ARENA_NEW(l->arena, ir_block);
    const dim *rounds = s->rows ? lower_all_rows(l, &b) : lower_rounds(l, s->lower);
    add_bound(l->arena, b.bound, s);
    ir_graph *graph = l->graph;
    l->values = scope_inside(l->arena, b.outside);
    l->graph = &b.ir->body;
    l->block = &b;
    carry_names(l, &b);
    bind_rows(l, &b);
    for (const ast_stmt *inner = s->body; inner; inner = inner->next) lower_inner_statement(l, inner);
    end_round(l, &b);
    b.ir->until = lower_until(l, &b);
    leave_scope(l, &b);
    l->block = b.around;
    l->graph = graph;
    if (rounds) need_a_round(l, &b, rounds);
    bind_results(l, &b, rounds ? add_node(l, &b, rounds) : NULL);
}
