/* checks: what a call looks at before it writes anything, scratch included.
 *
 * A view of an input is looked at where it lies. What is computed from inputs, element by element, is computed once
 * more by the check itself, which is a kernel without results: its one input is the expression. What it takes more for
 * (sums, joins) becomes a task before all others (build.c), which leaves scratch alone written on an error. */
#include <string.h>

#include "plan/operators.h"

enum { MAX_OPERATORS = 24, MAX_LEAVES = 16 };

typedef struct {
    planner *planner;
    plan_kernel *kernel;
    const ir_type *type;             /* of the whole expression */
    unsigned operators, leaf_count;
    const pval *leaves[MAX_LEAVES];  /* each a parameter of the check's function */
} expression;

static bool operand(expression *x, const ir_value *v, plan_operand *o);

static const char *leaf_name(expression *x, const pval *leaf) {
    unsigned i = 0;
    while (i < x->leaf_count && x->leaves[i] != leaf) i++;
    if (i == MAX_LEAVES) return NULL;
    if (i == x->leaf_count) x->leaves[x->leaf_count++] = leaf;
    return arena_printf(x->planner->arena, "x%u", i + 1);
}

static bool computed(expression *x, const ir_node *n, plan_operand *o) {
    arena *a = x->planner->arena;
    if (!plan_is_elementwise(n)) return false;
    if (x->operators++ == MAX_OPERATORS) return false;
    plan_kernel *k = ARENA_NEW(a, plan_kernel);
    k->node = n;
    k->input_count = n->input_count;
    k->inputs = ARENA_ARRAY(a, plan_operand, n->input_count);
    for (unsigned i = 0; i < n->input_count; i++)
        if (!operand(x, n->inputs[i], &k->inputs[i])) return false;
    *o = (plan_operand){.kind = PLAN_INLINE, .inlined = k, .view.type = *x->type};
    o->view.type.dtype = n->results[0]->type.dtype;
    return true;
}

static bool operand(expression *x, const ir_value *v, plan_operand *o) {
    planner *p = x->planner;
    const pval *q = p->values[v->id];
    if (v->type.dtype == IR_F32) return false;
    if (q->kind == PVAL_NUMBER) {
        *o = (plan_operand){.kind = PLAN_NUMBER, .number = q->number, .size = q->size, .view.type = q->type};
        if (o->size) planner_symbols_of(p, x->kernel, o->size);
        return true;
    }
    if (!planner_exact_view(p, q, &o->view)) return computed(x, v->producer, o);
    o->kind = PLAN_MEMORY;
    o->name = leaf_name(x, q);
    planner_symbols(p, x->kernel, &o->view);
    return o->name != NULL;
}

/* NULL: it takes more than what stands at one place of the inputs. */
static plan_kernel *kernel_of(planner *p, const ir_bound_check *c) {
    plan_kernel *k = ARENA_NEW(p->arena, plan_kernel);
    expression x = {.planner = p, .kernel = k, .type = &c->value->type};
    k->kind = PLAN_CHECK;
    k->check = c;
    k->input_count = 1;
    k->inputs = ARENA_ARRAY(p->arena, plan_operand, 1);
    if (!computed(&x, c->value->producer, &k->inputs[0])) return NULL;
    for (unsigned i = 0; i < x.type->rank; i++) planner_symbols_of(p, k, x.type->dims[i]);
    planner_symbols_of(p, k, c->low);
    planner_symbols_of(p, k, c->high);
    k->function = name_set_give(p->functions, arena_printf(p->arena, "%s_check", p->model->name));
    planner_choices(p, k);
    return k;
}

bool planner_check(planner *p, const ir_bound_check *c) {
    plan_check *to = &p->plan->checks[p->plan->check_count];
    *to = (plan_check){.check = c};
    if (!planner_original_view(p, p->values[c->value->id], &to->view)) {
        to->computed = kernel_of(p, c);
        if (!to->computed) return false;
    }
    p->plan->check_count++;
    return true;
}
