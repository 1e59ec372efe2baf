/* symbols: see symbols.h. */
#include "server/symbols.h"

#include <string.h>

#include "support/name_set.h"

typedef struct {
    arena *arena;
    symbol_list *list;
    const ast_model *model;
    name_set *layers; /* of the model */
} walk;

static void add(walk *w, symbol_space space, const char *name, span where,
                const ast_stmt *made_by) {
    symbol s = {space, name, where, w->model, made_by};
    if (strcmp(name, "_") != 0)
        ARENA_PUSH(w->arena, w->list->items, w->list->count, w->list->capacity, s);
}

static name_set *layers_of(arena *a, const ast_model *m) {
    name_set *layers = name_set_new(a);
    for (const ast_stmt *s = m->statements; s; s = s->next)
        if (s->kind == AST_LAYER) name_set_take(layers, s->name.text);
    return layers;
}

static void add_expr(walk *w, const ast_expr *e);

static void add_exprs(walk *w, const ast_expr *first) {
    for (const ast_expr *e = first; e; e = e->next) add_expr(w, e);
}

static void add_arguments(walk *w, const ast_argument *first) {
    for (const ast_argument *a = first; a; a = a->next) add_expr(w, a->value);
}

static void add_expr(walk *w, const ast_expr *e) {
    /* a chain of operators may be long, and leans to the left */
    for (; e && e->kind == AST_BINARY; e = e->left) add_expr(w, e->right);
    if (!e) return;
    if (e->kind == AST_NAME) add(w, SYMBOL_VALUE, e->name.text, e->name.where, NULL);
    if (e->kind == AST_CALL)
        add(w, name_set_has(w->layers, e->name.text) ? SYMBOL_LAYER : SYMBOL_CALLEE, e->name.text,
            e->name.where, NULL);
    add_arguments(w, e->arguments);
    add_expr(w, e->operand);
    add_exprs(w, e->items);
    add_expr(w, e->lower);
    add_expr(w, e->upper);
    add_expr(w, e->step);
}

static void add_type(walk *w, const ast_type *t) {
    if (t) add_exprs(w, t->dims);
}

static void add_patterns(walk *w, const ast_pattern *first, const ast_stmt *made_by) {
    for (const ast_pattern *p = first; p; p = p->next) {
        if (p->name.text) add(w, SYMBOL_VALUE, p->name.text, p->name.where, made_by);
        add_type(w, p->type);
        add_patterns(w, p->items, made_by);
    }
}

static void add_statements(walk *w, const ast_stmt *first) {
    for (const ast_stmt *s = first; s; s = s->next) {
        if (s->name.text)
            add(w, s->kind == AST_LAYER ? SYMBOL_LAYER : SYMBOL_VALUE, s->name.text, s->name.where,
                s);
        add_patterns(w, s->pattern, s->kind == AST_OUTPUTS ? NULL : s);
        add_type(w, s->type);
        add_expr(w, s->lower);
        add_expr(w, s->upper);
        add_exprs(w, s->rows);
        if (s->kind == AST_LAYER && s->value) {
            add(w, SYMBOL_CALLEE, s->value->name.text, s->value->name.where, NULL);
            add_arguments(w, s->value->arguments);
        } else {
            add_expr(w, s->value);
        }
        add_statements(w, s->body);
    }
}

symbol_list symbols_of(arena *a, const ast_file *file) {
    symbol_list list = {0};
    for (const ast_model *m = file->models; m; m = m->next) {
        walk w = {a, &list, m, layers_of(a, m)};
        add(&w, SYMBOL_MODEL, m->name.text, m->name.where, NULL);
        add_statements(&w, m->statements);
    }
    return list;
}

const symbol *symbol_at(const symbol_list *list, size_t offset) {
    const symbol *found = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const symbol *s = &list->items[i];
        if (s->where.begin <= offset && offset <= s->where.end &&
            (!found || s->where.begin > found->where.begin))
            found = s;
    }
    return found;
}

bool symbol_declares(const ast_stmt *s) {
    switch (s->kind) {
    case AST_DIM:
    case AST_INPUT:
    case AST_TARGET:
    case AST_STATE:
    case AST_PARAM:
    case AST_LAYER: return true;
    default: return false;
    }
}

bool symbol_same(const symbol *a, const symbol *b) {
    if (a->space != b->space || strcmp(a->name, b->name) != 0) return false;
    return a->space == SYMBOL_CALLEE || a->model == b->model;
}

const symbol *symbol_origin(const symbol_list *list, const symbol *s) {
    const symbol *before = NULL, *first = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const symbol *o = &list->items[i];
        if (!symbol_same(o, s) || (!o->made_by && o->space != SYMBOL_MODEL)) continue;
        if (!first || o->where.begin < first->where.begin) first = o;
        /* h = f(h): the h on the right is not yet the one on the left */
        bool ends =
            o->made_by ? o->made_by->where.end <= s->where.begin || o->where.begin == s->where.begin
                       : true;
        if (o->made_by && o->made_by->kind == AST_REPEAT) ends = o->where.begin <= s->where.begin;
        if (ends && (!before || o->where.begin > before->where.begin)) before = o;
    }
    return before ? before : first;
}

const ast_model *model_at(const ast_file *file, size_t offset) {
    const ast_model *found = NULL;
    for (const ast_model *m = file->models; m; m = m->next)
        if (m->where.begin <= offset) found = m;
    return found ? found : file->models;
}
