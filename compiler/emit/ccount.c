/* ccount: the arithmetic of a function, counted from the tree that is printed. Operations are recognised by the last
 * word of a call's name (nnc_v4_madd) and by float operators are not told from integer ones: only calls count. */
#include <string.h>

#include "emit/ctree_nodes.h"

static const char *last_word(const char *name) {
    const char *underscore = strrchr(name, '_');
    return underscore ? underscore + 1 : name;
}

static void count_expr(const cexpr *e, int64_t times, ccount *n) {
    if (!e) return;
    count_expr(e->first, times, n);
    count_expr(e->second, times, n);
    count_expr(e->third, times, n);
    for (unsigned i = 0; i < e->argument_count; i++) count_expr(e->arguments[i], times, n);
    if (e->kind != CEXPR_CALL) return;
    const char *word = last_word(e->text);
    if (strcmp(word, "madd") == 0) n->multiply_adds += times;
    else if (strcmp(word, "mul") == 0) n->multiplies += times;
    else if (strcmp(word, "add") == 0 || strcmp(word, "sub") == 0) n->adds += times;
    else if (strcmp(word, "div") == 0) n->divides += times;
    else n->calls += times;
}

static void count_block(const cblock *b, int64_t times, ccount *n) {
    if (!b) return;
    for (const cstmt *s = b->first; s; s = s->next) {
        int64_t inner = times, from, to;
        if (s->kind == CSTMT_FOR) {
            if (s->from->kind == CEXPR_INT && s->to->kind == CEXPR_INT) {
                from = s->from->integer;
                to = s->to->integer;
                inner = to > from ? times * ((to - from + s->number - 1) / s->number) : 0;
            } else {
                n->exact = false;
            }
        } else if (s->kind == CSTMT_FOR_DOWN) {
            if (s->from->kind == CEXPR_INT) inner = times * s->from->integer;
            else n->exact = false;
        } else if (s->kind == CSTMT_IF) {
            n->exact = false;
        }
        count_expr(s->from, times, n);
        count_expr(s->to, times, n);
        count_block(s->body, inner, n);
        count_block(s->other, inner, n);
    }
}

ccount ctree_count(const cfunction *f) {
    ccount n = {0, 0, 0, 0, 0, true};
    count_block(f->body, 1, &n);
    return n;
}
