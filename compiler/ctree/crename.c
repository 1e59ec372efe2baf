/* crename: locals that would hide a type of the interface. A model may be called as emitters call their variables
 * (`model rows`), and a local of the name of a type is a warning. */
#include "ctree/ctree_nodes.h"

typedef struct {
    cunit *unit;
    const name_set *names;
} protection;

static const char *renamed(const protection *p, const char *name) {
    return name_set_has(p->names, name) ? arena_printf(p->unit->arena, "%s_", name) : name;
}

/* Expressions may be shared; a name that was changed is none of the protected ones, so that it is changed once. */
static void rename_expr(const protection *p, cexpr *e) {
    if (!e) return;
    if (e->kind == CEXPR_NAME) e->text = renamed(p, e->text);
    rename_expr(p, e->first);
    rename_expr(p, e->second);
    rename_expr(p, e->third);
    for (unsigned i = 0; i < e->argument_count; i++) rename_expr(p, e->arguments[i]);
}

static void rename_block(const protection *p, const cblock *b) {
    if (!b) return;
    for (cstmt *s = b->first; s; s = s->next) {
        if (s->name && s->kind != CSTMT_COMMENT && s->kind != CSTMT_LINE) s->name = renamed(p, s->name);
        rename_expr(p, s->from);
        rename_expr(p, s->to);
        rename_block(p, s->body);
        rename_block(p, s->other);
    }
}

void cunit_protect(cunit *u, const name_set *names) {
    protection p = {u, names};
    for (ctop *t = u->first; t; t = t->next) {
        if (t->kind != CTOP_FUNCTION) continue;
        cfunction *f = t->function;
        for (size_t i = 0; i < f->parameter_count; i++) f->parameters[i].name = renamed(&p, f->parameters[i].name);
        rename_block(&p, f->body);
    }
}
