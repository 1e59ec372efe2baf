/* functions: what the functions of an expression keep on the stack.
 *
 * Compilers load numbers, and the constants of inlined functions, before a loop and keep them: in registers, and the
 * rest on the stack, a vector each. So a kernel takes as many functions as a small stack holds in every body, and what
 * is more gets its value from memory. */
#include "plan/operators.h"

static unsigned add_kept(const planner *p, const ir_node *n, bool *seen) {
    unsigned sum = seen[n->op] ? 0 : cost_kept(n->op);
    seen[n->op] = true;
    for (unsigned i = 0; i < n->input_count; i++) {
        if (!n->inputs[i] || plan_is_parameter(n, i)) continue;
        const pval *v = p->values[n->inputs[i]->id];
        if (v->kind == PVAL_INLINE) sum += add_kept(p, v->node, seen);
        if (v->kind == PVAL_NUMBER) sum++;
    }
    return sum;
}

unsigned planner_kept(const planner *p, const ir_node *const *expressions, size_t count) {
    bool seen[IR_OP_COUNT] = {false};
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) sum += add_kept(p, expressions[i], seen);
    return sum;
}

bool planner_keeps_little(const planner *p, unsigned kept) {
    for (size_t i = 0; i < p->plan->body_count; i++)
        if (kept > cost_most_kept(p->plan->bodies[i])) return false;
    return true;
}
