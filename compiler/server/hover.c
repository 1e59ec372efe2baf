/* hover: see hover.h. */
#include "server/hover.h"

#include <string.h>

#include "server/signature.h"

/* A statement as it is written. */
static void add_source(const analysis *f, span where, text *to) {
    text_printf(to, "```nn\n%.*s\n```\n", (int)(where.end - where.begin),
                f->source->text + where.begin);
}

/* What declares the name, where a statement of its own does: no binding. */
static const ast_stmt *declaration(const analysis *f, const symbol *s) {
    for (size_t i = 0; i < f->symbols.count; i++) {
        const symbol *o = &f->symbols.items[i];
        if (o->made_by && symbol_same(o, s) && symbol_declares(o->made_by)) return o->made_by;
    }
    return NULL;
}

static void add_callee(arena *a, const char *name, text *to) {
    catalogue all = catalogue_new(a);
    const catalogue_entry *e = catalogue_find(&all, name);
    const char *torch = signature_of_torch(name);
    if (!e) return;
    text_printf(to, "```python\n%s\n```\n", torch ? torch : signature_of_nnc(a, e));
    for (size_t i = 0; i < e->count; i++)
        if (torch && !strstr(torch, e->arguments[i].name) &&
            strcmp(e->arguments[i].takes, "a tensor") != 0)
            text_printf(to, "- `%s`: %s (not of torch)\n", e->arguments[i].name,
                        e->arguments[i].takes);
}

/* What the call whose name stands here gives: the smallest expression that begins with it. */
static const char *call_shows(const analysis *f, span name) {
    const lower_note *best = NULL;
    for (size_t i = 0; i < f->notes.count; i++) {
        const lower_note *n = &f->notes.items[i];
        if (n->where.begin != name.begin || n->where.end <= name.end) continue;
        if (!best || n->where.end <= best->where.end) best = n;
    }
    return best ? best->shows : NULL;
}

static const char *exact(const analysis *f, span where) {
    const char *shows = NULL;
    for (size_t i = 0; i < f->notes.count; i++)
        if (f->notes.items[i].where.begin == where.begin &&
            f->notes.items[i].where.end == where.end)
            shows = f->notes.items[i].shows;
    return shows;
}

json_t *hover_at(document *d, size_t offset) {
    const analysis *f = document_look(d);
    const symbol *s = symbol_at(&f->symbols, offset);
    text t = text_new(f->arena);
    span where = s ? s->where : (span){offset, offset};
    if (!s) {
        const char *shows = analysis_shows(f, where);
        if (shows) text_printf(&t, "%s\n", shows);
    } else if (s->space == SYMBOL_CALLEE || s->space == SYMBOL_LAYER) {
        const ast_stmt *made = s->space == SYMBOL_LAYER ? declaration(f, s) : NULL;
        const char *gives = s->made_by ? NULL : call_shows(f, s->where);
        if (made) add_source(f, made->where, &t);
        if (gives) text_printf(&t, "gives %s\n\n", gives);
        add_callee(f->arena, made && made->value ? made->value->name.text : s->name, &t);
    } else if (s->space == SYMBOL_VALUE) {
        const ast_stmt *made = declaration(f, s);
        const char *shows = exact(f, s->where);
        if (made) add_source(f, made->where, &t);
        if (shows && !(made && made == s->made_by))
            text_printf(&t, "```nn\n%s: %s\n```\n", s->name, shows);
    }
    if (!t.length) return json_made(json_null());
    json_t *hover = json_made(json_object());
    json_put(hover, "contents",
             json_pack("{s:s, s:o}", "kind", "markdown", "value", json_text(text_string(&t))));
    json_put(hover, "range", json_range(f->source, where));
    return hover;
}
