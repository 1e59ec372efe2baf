/* functions: finding them by name and calling them; the rules themselves are in functions_*.c, a table each. */
#include "lower/lowering.h"

static const function *const tables[] = {
    functions_elementwise, functions_of_one,   functions_reduce, functions_shape,    functions_join,
    functions_mask,        functions_constant, functions_move,   functions_index,    functions_product,
    functions_convolution, functions_pool,     functions_norm,   functions_resample, functions_loss};
enum { TABLES = sizeof tables / sizeof *tables };

const function *function_find(const char *name) {
    for (int t = 0; t < TABLES; t++)
        for (const function *f = tables[t]; f->name; f++)
            if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

const char *const *function_names(arena *a, size_t *count) {
    const char **names = NULL;
    size_t capacity = 0;
    *count = 0;
    for (int t = 0; t < TABLES; t++)
        for (const function *f = tables[t]; f->name; f++) ARENA_PUSH(a, names, *count, capacity, f->name);
    return names;
}

value function_apply(lowering *l, const function *f, const arguments *a) {
    value v = f->lower(l, a, f->op);
    inplace_note(l, f, a, &v);
    return v;
}

value function_call(lowering *l, const function *f, const ast_expr *call) {
    arguments a;
    if (!args_match(l, call, f->name, f->parameters, f->count, false, NULL, &a)) return value_poison(call->where);
    return function_apply(l, f, &a);
}
