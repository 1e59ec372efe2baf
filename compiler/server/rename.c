/* rename: see rename.h. */
#include "server/rename.h"

#include <stdlib.h>
#include <string.h>

static json_t *location(const document *d, const analysis *f, span where) {
    return json_made(json_pack("{s:s, s:o}", "uri", d->uri, "range", json_range(f->source, where)));
}

json_t *definition_at(document *d, size_t offset) {
    const analysis *f = document_look(d);
    const symbol *s = symbol_at(&f->symbols, offset),
                 *origin = s ? symbol_origin(&f->symbols, s) : NULL;
    return origin ? location(d, f, origin->where) : json_made(json_null());
}

json_t *references_at(document *d, size_t offset, bool declarations) {
    const analysis *f = document_look(d);
    const symbol *s = symbol_at(&f->symbols, offset);
    json_t *all = json_made(json_array());
    for (size_t i = 0; s && i < f->symbols.count; i++) {
        const symbol *o = &f->symbols.items[i];
        if (symbol_same(o, s) && (declarations || !o->made_by))
            json_append(all, location(d, f, o->where));
    }
    return all;
}

static bool is_own(const symbol *s) { return s && s->space != SYMBOL_CALLEE; }

json_t *rename_range_at(document *d, size_t offset) {
    const analysis *f = document_look(d);
    const symbol *s = symbol_at(&f->symbols, offset);
    return is_own(s) ? json_range(f->source, s->where) : json_made(json_null());
}

/* --- a new name --- */

typedef struct {
    span where;
    const char *text;
} edit;

typedef struct {
    edit *items;
    size_t count, capacity;
} edits;

static int by_place(const void *a, const void *b) {
    size_t x = ((const edit *)a)->where.begin, y = ((const edit *)b)->where.begin;
    return x < y ? -1 : x > y;
}

/* Everywhere. What has its key in the weights by its name keeps the key: from "OLD". */
static edits edits_of(const analysis *f, const symbol *s, const char *name) {
    edits all = {0};
    for (size_t i = 0; i < f->symbols.count; i++) {
        const symbol *o = &f->symbols.items[i];
        if (!symbol_same(o, s)) continue;
        edit e = {o->where, name};
        ARENA_PUSH(f->arena, all.items, all.count, all.capacity, e);
        const ast_stmt *made = o->made_by;
        if (!made || (made->kind != AST_LAYER && made->kind != AST_PARAM) || made->string ||
            made->keys)
            continue;
        edit key = {{made->where.end, made->where.end},
                    arena_printf(f->arena, " from \"%s\"", s->name)};
        ARENA_PUSH(f->arena, all.items, all.count, all.capacity, key);
    }
    qsort(all.items, all.count, sizeof *all.items, by_place);
    return all;
}

static const char *edited(const analysis *f, const edits *all) {
    text t = text_new(f->arena);
    size_t at = 0;
    for (size_t i = 0; i < all->count; i++) {
        text_add_n(&t, f->source->text + at, all->items[i].where.begin - at);
        text_add(&t, all->items[i].text);
        at = all->items[i].where.end;
    }
    text_add_n(&t, f->source->text + at, f->source->size - at);
    return text_string(&t);
}

static bool is_taken(const analysis *f, const symbol *s, const char *name) {
    for (size_t i = 0; i < f->symbols.count; i++) {
        const symbol *o = &f->symbols.items[i];
        if (o->space != SYMBOL_CALLEE && o->model == s->model && strcmp(o->name, name) == 0)
            return true;
        if (o->space == SYMBOL_MODEL && s->space == SYMBOL_MODEL && strcmp(o->name, name) == 0)
            return true;
    }
    return false;
}

json_t *rename_at(document *d, size_t offset, const char *name, const char **why) {
    const analysis *f = document_look(d);
    const symbol *s = symbol_at(&f->symbols, offset);
    if (!is_own(s)) {
        *why = "there is no name of this file here";
        return NULL;
    }
    if (!*name ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.") !=
            strlen(name)) {
        *why = arena_printf(f->arena, "%.60s is no name", name);
        return NULL;
    }
    if (is_taken(f, s, name)) {
        *why = arena_printf(f->arena, "there is a %.60s already", name);
        return NULL;
    }
    edits all = edits_of(f, s, name);
    if (document_errors_of(d, edited(f, &all)) > document_errors_of(d, f->source->text)) {
        *why = arena_printf(f->arena, "%.60s cannot be a name here", name);
        return NULL;
    }
    json_t *list = json_made(json_array()), *changes = json_made(json_object()),
           *result = json_made(json_object());
    for (size_t i = 0; i < all.count; i++)
        json_append(list,
                    json_pack("{s:o, s:s}", "range", json_range(f->source, all.items[i].where),
                              "newText", all.items[i].text));
    json_put(changes, d->uri, list);
    json_put(result, "changes", changes);
    return result;
}

/* --- the outline --- */

enum {
    KIND_CLASS = 5,
    KIND_FIELD = 8,
    KIND_FUNCTION = 12,
    KIND_VARIABLE = 13,
    KIND_CONSTANT = 14,
    KIND_EVENT = 24
};

static json_t *entry(const analysis *f, const char *name, int kind, span all, span own) {
    return json_made(json_pack("{s:s, s:i, s:o, s:o}", "name", name, "kind", kind, "range",
                               json_range(f->source, all), "selectionRange",
                               json_range(f->source, own)));
}

json_t *outline(document *d) {
    const analysis *f = document_look(d);
    json_t *all = json_made(json_array());
    for (const ast_model *m = f->file->models; m; m = m->next) {
        json_t *model = entry(f, m->name.text, KIND_CLASS, m->where, m->name.where),
               *children = json_made(json_array());
        for (const ast_stmt *s = m->statements; s; s = s->next) {
            int kind = s->kind == AST_LAYER                            ? KIND_FUNCTION
                       : s->kind == AST_DIM                            ? KIND_CONSTANT
                       : s->kind == AST_INPUT || s->kind == AST_TARGET ? KIND_VARIABLE
                       : s->kind == AST_STATE || s->kind == AST_PARAM  ? KIND_FIELD
                       : s->kind == AST_OUTPUT || s->kind == AST_LOSS  ? KIND_EVENT
                                                                       : 0;
            if (kind && s->name.text && s->where.begin <= s->name.where.begin &&
                s->name.where.end <= s->where.end)
                json_append(children, entry(f, s->name.text, kind, s->where, s->name.where));
        }
        json_put(model, "children", children);
        json_append(all, model);
    }
    return all;
}
