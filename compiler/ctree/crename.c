/* crename: locals that would hide a type of the interface. A model may be called as emitters call their variables
 * (`model rows`), and a local of the name of a type is a warning. */
#include <ctype.h>
#include <string.h>

#include "ctree/ctree_nodes.h"

typedef struct {
    cunit *unit;
    const name_set *names;
} protection;

static const char *renamed(const protection *p, const char *name) {
    return name_set_has(p->names, name) ? arena_printf(p->unit->arena, "%s_", name) : name;
}

static bool is_letter(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* The same for every word of a text of C but those of comments and members. */
static const char *renamed_words(const protection *p, const char *from) {
    text to = text_new(p->unit->arena);
    bool comment = false, member = false;
    while (*from) {
        size_t n = 0;
        while (is_letter(from[n])) n++;
        if (!n) {
            comment = comment ? strncmp(from, "*/", 2) != 0 : strncmp(from, "/*", 2) == 0;
            member = *from == '.' || strncmp(from, "->", 2) == 0 || (member && *from == '>');
            text_add_n(&to, from++, 1);
            continue;
        }
        char *word = arena_strndup(p->unit->arena, from, n);
        text_add(&to, comment || member ? word : renamed(p, word));
        member = false;
        from += n;
    }
    return text_string(&to);
}

/* Expressions may be shared; a name that was changed is none of the protected ones, so that it is changed once. */
static void rename_expr(const protection *p, cexpr *e) {
    if (!e) return;
    if (e->kind == CEXPR_NAME) e->text = renamed_words(p, e->text);
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
        if (t->kind == CTOP_LINE && strstr(t->text, "{\n")) t->text = renamed_words(&p, t->text);
        if (t->kind != CTOP_FUNCTION) continue;
        cfunction *f = t->function;
        for (size_t i = 0; i < f->parameter_count; i++) f->parameters[i].name = renamed(&p, f->parameters[i].name);
        rename_block(&p, f->body);
    }
}
