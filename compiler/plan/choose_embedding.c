/* choose_embedding: whose table an Embedding reads. */
#include "plan/choose.h"

enum { TABLE = 1 };

static void find_linears(const chooser *c, const ir_graph *g, const ir_node **of) {
    for (const ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) find_linears(c, &n->block->body, of);
        if (n->op != IR_LINEAR) continue;
        const ir_param *table = choose_param(c, n, TABLE);
        if (table && !of[table - c->model->params]) of[table - c->model->params] = n;
    }
}

const ir_node *const *choose_linears(arena *a, const ir_model *m) {
    chooser c = {.arena = a, .model = m};
    const ir_node **of = ARENA_ARRAY(a, const ir_node *, m->param_count + 1);
    find_linears(&c, &m->run, of);
    return of;
}

/* Tied weights are one table, the Linear's, which reads all of it in the time that this takes to read a row. What lives
 * in the struct is there once, in an order for all that read and write it (params.h). */
void choose_embedding(const chooser *c, const plan_kernel *k, plan_choice *to) {
    const ir_param *table = choose_param(c, k->node, TABLE);
    to->kind = CHOICE_EMBEDDING;
    if (k->node->attrs.has_max_norm) return;
    const ir_node *linear = table ? c->linears[table - c->model->params] : NULL;
    const pack *p = linear ? choose_linear_pack(c, linear) : NULL;
    if (!p || pack_lives(p) || p->format != format_choose(k->node, table) || choose_linear_dots(c, p)) return;
    to->embedding = (choice_embedding){linear, p};
}
