/* choose_embedding: whose table an Embedding reads. */
#include "plan/choose.h"

enum { TABLE = 1 };

/* The first Linear whose weight this is, packed; NULL: there is none. */
static const ir_node *find_linear(const chooser *c, const ir_graph *g, const ir_param *table) {
    const ir_node *found = NULL;
    for (const ir_node *n = g->first; n && !found; n = n->next) {
        if (n->op == IR_REPEAT) found = find_linear(c, &n->block->body, table);
        if (n->op == IR_LINEAR && choose_param(c, n, TABLE) == table) found = n;
    }
    return found;
}

/* Tied weights are one table, the Linear's, which reads all of it in the time that this takes to read a row. What lives
 * in the struct is there once, in an order for all that read and write it (params.h). */
void choose_embedding(const chooser *c, const plan_kernel *k, plan_choice *to) {
    const ir_param *table = choose_param(c, k->node, TABLE);
    to->kind = CHOICE_EMBEDDING;
    if (k->node->attrs.has_max_norm || format_choose(k->node, table) != FORMAT_FLOAT32) return;
    const ir_node *linear = find_linear(c, &c->model->run, table);
    const pack *p = linear ? choose_linear_pack(c, linear) : NULL;
    if (!p || pack_lives(p) || p->format != FORMAT_FLOAT32 || choose_linear_dots(c, p)) return;
    to->embedding = (choice_embedding){linear, p};
}
