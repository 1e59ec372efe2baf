/* kernels: scheduled tasks -> kernels with views, names and work space.
 *
 * Where a value lies: its root's home is the innermost loop that contains everything that touches it. In the
 * loops around its home (and its home itself) the value has a chunk's extent; in loops further in it is
 * whole, and a kernel sees the piece of this iteration: the view is narrowed at the axis along which the
 * kernel works. */
#include <string.h>

#include "plan/operators.h"

/* --- homes --- */

static ploop *common(ploop *a, ploop *b) {
    while (a != b) {
        if (!a || !b) return NULL;
        if (a->depth >= b->depth) a = a->parent;
        else b = b->parent;
    }
    return a;
}

static void touch(pval *v, const task *u) {
    if (!pval_is_memory(v)) return;
    pval *root = layout_storage(v);
    root->home = root->touched ? common(root->home, u->loop) : u->loop;
    root->touched = true;
    if (root->buffer) root->home = NULL;
}

static void find_homes_and_uses(planner *p) {
    for (size_t i = 0; i < p->task_count; i++) {
        const task *u = p->tasks[i];
        for (unsigned k = 0; k < u->input_count; k++) {
            touch(u->inputs[k], u);
            for (pval *v = u->inputs[k]; v && !v->used; v = v->origin) v->used = true;
        }
        for (unsigned k = 0; k < u->result_count; k++) touch(u->results[k], u);
    }
}

/* --- views --- */

static void substitute(planner *p, ir_type *type, int axis, const ploop *l) {
    if (axis >= 0) type->dims[axis] = dim_substitute(p->dims, type->dims[axis], l->symbol, l->extent);
}

/* The axis of v in loop l wherever it comes from: as data, or as a piece of a join's result. */
static ir_type local_type(planner *p, const pval *v, const ploop *home) {
    ir_type type = v->type;
    for (const ploop *l = home; l; l = l->parent) substitute(p, &type, schedule_axis(p, v, l), l);
    return type;
}

static bool encloses(const ploop *outer, const ploop *l) {
    for (; l; l = l->parent)
        if (l == outer) return true;
    return outer == NULL;
}

/* The number of b's round, seen from memory at `home`: rounds that loops over chunks around the REPEAT have done count
 * where the memory has room for all rounds. */
static const dim *round_from(planner *p, const pblock *b, const ploop *home) {
    const dim *number = b->round;
    for (const ploop *l = b->repeat->loop; l && !encloses(l, home); l = l->parent) {
        if (!l->symbol || b->repeat->result_axis[l->depth] != 0) continue;
        const dim *factor = dim_divide_exact(p->dims, b->repeat->node->attrs.rounds, l->symbol);
        if (!factor) ice("a loop over what are not its rounds");
        number = dim_add(p->dims, number, dim_mul(p->dims, l->start, factor));
    }
    return number;
}

static bool has_local_view(const pval *v) { return v->local != NULL; }

/* What v lies in has one. */
static void find_local_view(planner *p, pval *v, const ploop *home) {
    v->local = ARENA_NEW(p->arena, plan_view);
    ir_type type = local_type(p, v, home);
    if (v->kind == PVAL_ROOT) {
        *v->local = layout_dense(p, &type);
        v->local->buffer = v->buffer;
        return;
    }
    *v->local = *v->source->local;
    pstep step = v->step;
    if (step.op == IR_ROW) step.start = round_from(p, step.block, home);
    if (!layout_apply(p, &step, &type, v->local)) ice("a view that was sayable no longer is");
}

/* Nothing moves any more: each is computed once. */
static const plan_view *local_view(planner *p, pval *v, const ploop *home) {
    pvals unknown = {0};
    layout_unknown(p, v, has_local_view, &unknown);
    while (unknown.count) find_local_view(p, unknown.of[--unknown.count], home);
    return v->local;
}

static void narrow(planner *p, plan_view *v, int axis, const ploop *l) {
    if (axis < 0) return;
    const dim *factor = dim_divide_exact(p->dims, v->type.dims[axis], l->symbol);
    if (!factor) ice("a loop over what is not its dim");
    const dim *done = dim_mul(p->dims, l->start, factor);
    v->offset = dim_add(p->dims, v->offset, dim_mul(p->dims, done, v->strides[axis]));
    substitute(p, &v->type, axis, l);
}

/* To the piece of this iteration of l and of the loops around it, as far as v's home does not know them
 * already. From the outside in: of an axis S*T that two loops divide, the outer one takes whole pieces, and
 * the inner one parts of them.
 */
static void narrow_to(planner *p, plan_view *view, const task *u, int input, unsigned result, const ploop *l,
                      const ploop *home) {
    if (!l || encloses(l, home)) return;
    narrow_to(p, view, u, input, result, l->parent, home);
    int axis = input >= 0 ? u->input_axis[l->depth][input] : split_result_axis(u, result, u->result_axis[l->depth]);
    narrow(p, view, axis, l);
}

/* What task u sees of v. */
static plan_view seen_view(planner *p, pval *v, const task *u, int input, unsigned result) {
    const ploop *home = layout_storage(v)->home;
    plan_view view = *local_view(p, v, home);
    narrow_to(p, &view, u, input, result, u->loop, home);
    return view;
}

/* The steps that a RECURRENT has behind it when this iteration of l and of the loops around it begins; `left`
 * are those of the iteration. */
static const dim *steps_done(planner *p, const task *u, const ploop *l, const dim **left) {
    if (!l) {
        *left = u->results[0]->type.dims[0];
        return dim_const(p->dims, 0);
    }
    const dim *done = steps_done(p, u, l->parent, left);
    if (u->result_axis[l->depth] != 0) return done;
    const dim *factor = dim_divide_exact(p->dims, *left, l->symbol);
    if (!factor) ice("a loop over what is not its dim");
    *left = dim_mul(p->dims, factor, l->extent);
    return dim_add(p->dims, done, dim_mul(p->dims, l->start, factor));
}

/* --- kernels --- */

void planner_symbols_of(planner *p, plan_kernel *k, const dim *d) {
    size_t count;
    const dim **found = dim_symbol_list(p->arena, d, &count);
    for (size_t s = 0; s < count; s++) {
        bool known = false;
        for (size_t q = 0; q < k->symbol_count && !known; q++) known = k->symbols[q] == found[s];
        if (!known) ARENA_PUSH(p->arena, k->symbols, k->symbol_count, k->symbol_capacity, found[s]);
    }
}

void planner_symbols(planner *p, plan_kernel *k, const plan_view *v) {
    for (unsigned i = 0; i < v->type.rank; i++) {
        planner_symbols_of(p, k, v->type.dims[i]);
        planner_symbols_of(p, k, v->strides[i]);
    }
}

static const char *result_name(const task *u, unsigned r) {
    if (task_does(u, IR_RECURRENT)) return plan_recurrent_result(u->node, r);
    return r == 0 ? "y" : "places"; /* of a TOPK */
}

/* Inputs that are one and the same value seen in one and the same way are one parameter. */
static bool same_input(const task *u, unsigned a, unsigned b) {
    if (u->inputs[a] != u->inputs[b]) return false;
    for (const ploop *l = u->loop; l; l = l->parent)
        if (u->input_axis[l->depth][a] != u->input_axis[l->depth][b]) return false;
    return true;
}

/* How many parameters inputs [0, end) need. */
static unsigned distinct_inputs(const task *u, unsigned end) {
    unsigned count = 0;
    for (unsigned i = 0; i < end; i++) {
        bool first = pval_is_memory(u->inputs[i]);
        for (unsigned k = 0; k < i && first; k++) first = !pval_is_memory(u->inputs[k]) || !same_input(u, k, i);
        count += first;
    }
    return count;
}

static const char *input_name(planner *p, const task *u, unsigned i) {
    if (u->kind == TASK_NODE && i < PLAN_NAMED_OPERANDS) {
        const char *name = plan_operator_of(u->node->op)->operands[i];
        if (name) return name;
    }
    if (distinct_inputs(u, u->input_count) == 1) return "x";
    unsigned first = 0;
    while (!pval_is_memory(u->inputs[first]) || !same_input(u, first, i)) first++;
    return arena_printf(p->arena, "x%u", distinct_inputs(u, first) + 1);
}

/* Makes operands; next is the task's next input. */
typedef struct {
    planner *planner;
    const task *task;
    plan_kernel *kernel; /* the outermost */
    unsigned next;
    const char **names;  /* of a fused task's inputs, then of its results; else NULL */
    bool of_sums;        /* its memory is what a convolution has made */
} operand_maker;

static plan_operand memory_operand(operand_maker *m, unsigned input) {
    plan_operand o = {.kind = PLAN_MEMORY};
    o.view = seen_view(m->planner, m->task->inputs[input], m->task, (int)input, 0);
    o.name = m->names ? m->names[input] : input_name(m->planner, m->task, input);
    planner_symbols(m->planner, m->kernel, &o.view);
    return o;
}

static plan_operand simple_operand(operand_maker *m, const pval *v) {
    plan_operand o = {.kind = v->kind == PVAL_PARAM ? PLAN_PARAM : PLAN_NUMBER, .param = v->param, .number = v->number};
    o.size = v->size;
    o.view.type = v->type;
    if (o.size) planner_symbols_of(m->planner, m->kernel, o.size);
    return o;
}

static void elementwise_operands(operand_maker *m, plan_kernel *k, const ir_type *type);

static plan_operand inlined_operand(operand_maker *m, const pval *v, const ir_type *type) {
    plan_operand o = {.kind = PLAN_INLINE, .inlined = ARENA_NEW(m->planner->arena, plan_kernel), .view.type = *type};
    o.inlined->node = planner_computed_node(m->planner, v);
    o.view.type.dtype = v->type.dtype;
    elementwise_operands(m, o.inlined, type);
    return o;
}

/* Elementwise: inputs of the task stand in the order in which build.c gathered them, depth first. Inlined nodes take
 * the shape that the kernel's result has here. */
static void elementwise_operands(operand_maker *m, plan_kernel *k, const ir_type *type) {
    planner *p = m->planner;
    const ir_node *n = k->node;
    k->inputs = ARENA_ARRAY(p->arena, plan_operand, n->input_count);
    k->input_count = n->input_count;
    for (unsigned i = 0; i < n->input_count; i++) {
        if (!n->inputs[i]) continue;
        pval *v = p->values[n->inputs[i]->id];
        if (plan_is_parameter(n, i)) {
            k->inputs[i].kind = PLAN_PARAM;
            k->inputs[i].param = n->inputs[i]->producer->attrs.index;
            k->inputs[i].view.type = n->inputs[i]->type;
        } else if (v->kind == PVAL_INLINE) {
            k->inputs[i] = inlined_operand(m, v, type);
        } else if (v->kind == PVAL_NUMBER) {
            k->inputs[i] = simple_operand(m, v);
        } else if (m->task->parts && !v->origin && v->producer == m->task) {
            k->inputs[i] = (plan_operand){.kind = PLAN_PART, .inlined = m->kernel->inputs[v->result].inlined};
            k->inputs[i].view.type = *type;
            m->next++;
        } else if (m->of_sums) {
            k->inputs[i] = (plan_operand){.kind = PLAN_SUM, .view.type = v->type};
        } else {
            unsigned own = m->next++;
            k->inputs[i] = memory_operand(m, own);
        }
    }
}

/* NAME_in and NAME_out after the values, as far as these have names. */
static const char **fused_names(planner *p, const task *u) {
    const char **names = ARENA_ARRAY(p->arena, const char *, u->input_count + u->result_count);
    name_set *taken = name_set_new(p->arena);
    for (unsigned i = 0; i < u->input_count; i++) {
        const char *name = pval_is_memory(u->inputs[i]) ? u->inputs[i]->name : NULL;
        for (unsigned k = 0; k < i && !names[i]; k++)
            if (pval_is_memory(u->inputs[k]) && same_input(u, k, i)) names[i] = names[k];
        if (!names[i]) names[i] = name_set_give(taken, name ? arena_printf(p->arena, "%s_in", name) : "x");
    }
    for (unsigned r = 0; r < u->result_count; r++) {
        const char *name = u->parts[r]->results[0]->name;
        names[u->input_count + r] = name_set_give(taken, name ? arena_printf(p->arena, "%s_out", name) : "y");
    }
    return names;
}

/* A kernel for each part. */
static void fused_operands(operand_maker *m, const ir_type *type) {
    plan_kernel *k = m->kernel;
    k->fused = true;
    k->input_count = m->task->result_count;
    k->inputs = ARENA_ARRAY(m->planner->arena, plan_operand, k->input_count);
    for (unsigned i = 0; i < k->input_count; i++) {
        plan_kernel *part = ARENA_NEW(m->planner->arena, plan_kernel);
        k->inputs[i] = (plan_operand){.kind = PLAN_INLINE, .inlined = part, .view.type = *type};
        part->node = m->task->parts[i];
        elementwise_operands(m, part, type);
    }
}

static bool onto_itself(const plan_kernel *k) {
    if (k->kind != PLAN_COPY || k->inputs[0].kind != PLAN_MEMORY) return false;
    const plan_view *a = &k->inputs[0].view, *b = &k->results[0].view;
    if (a->buffer != b->buffer || !dim_same(a->offset, b->offset)) return false;
    for (unsigned i = 0; i < a->type.rank; i++)
        if (!dim_is(a->type.dims[i], 1) && !dim_same(a->strides[i], b->strides[i])) return false;
    return true;
}

/* What kernels want packed of parameters that live in the struct. */
static void list_packs(planner *p, const plan_kernel *k, const plan_choice *c) {
    const pack *all[CHOICE_MOST_PACKS];
    for (unsigned i = 0, count = choice_packs(c, all); i < count; i++) pack_list_add(p->arena, p->plan->packs, all[i]);
    if (k->kind == PLAN_NODE && k->node->op == IR_BATCH_NORM) {
        pack_norm norm = plan_norm_of(p->model, k);
        if (pack_norm_lives(&norm)) pack_list_add_norm(p->arena, p->plan->packs, &norm);
    }
    static const plan_choice none = {.kind = CHOICE_OTHER};
    for (unsigned i = 0; i < k->input_count; i++)
        if (k->inputs[i].kind == PLAN_INLINE) list_packs(p, k->inputs[i].inlined, &none);
    if (k->follow) list_packs(p, k->follow, &none);
}

/* What is chosen for each body, and room for the one that wants most. */
void planner_choices(planner *p, plan_kernel *k) {
    int64_t work = 0;
    k->choices = ARENA_ARRAY(p->arena, plan_choice, p->plan->body_count);
    for (size_t i = 0; i < p->plan->body_count; i++) {
        const cost_body *body = p->plan->bodies[i];
        chooser c = {p->arena, p->model, p->dims, body, body->rolled ? 0 : p->unroll, p->plan->packs->params,
                     p->linears};
        choose(&c, k, &k->choices[i]);
        if (k->choices[i].work > work) work = k->choices[i].work;
        k->by_body = k->by_body || k->choices[i].vectors;
        k->by_turn = k->by_turn || choice_takes_turn(&k->choices[i]);
        list_packs(p, k, &k->choices[i]);
    }
    if (!work) return;
    k->work = ARENA_NEW(p->arena, plan_buffer);
    *k->work = (plan_buffer){.place = PLAN_SCRATCH, .dtype = IR_F32, .name = "work", .work = true};
    k->work->elements = dim_const(p->dims, work);
}

/* What is done to the sums of a convolution. */
static void follow(planner *p, const task *u, plan_kernel *k) {
    k->pool[0] = u->pool[0];
    k->pool[1] = u->pool[1];
    const ir_node *n = u->reader ? planner_followed_by(p, u->reader) : NULL;
    if (!n) return;
    operand_maker maker = {.planner = p, .task = u, .kernel = k, .of_sums = true};
    k->follow = ARENA_NEW(p->arena, plan_kernel);
    k->follow->node = n;
    elementwise_operands(&maker, k->follow, &k->results[0].view.type);
    k->kept = planner_kept(p, &n, 1);
}

bool plan_pads_in_place(dim_table *t, const plan_kernel *k) {
    const ir_attrs *a = &k->node->attrs;
    const plan_view *x = &k->inputs[0].view, *y = &k->results[0].view;
    const dim *first = dim_mul(t, dim_const(t, a->before), y->strides[a->axis]);
    return x->buffer == y->buffer && dim_same(x->offset, dim_add(t, y->offset, first));
}

static void make_results(planner *p, const task *u, const char *const *names, plan_kernel *k) {
    bool recurrent = task_does(u, IR_RECURRENT);
    k->result_count = u->result_count;
    k->results = ARENA_ARRAY(p->arena, plan_operand, u->result_count);
    for (unsigned r = 0; r < u->result_count; r++) {
        bool carried = u->kind == TASK_NODE && u->node->result_count > 1 && (r > 0 || !recurrent);
        /* what lies in another's memory, or in the caller's, is wanted there */
        const pval *v = u->results[r];
        bool wanted = v->used || v->kind == PVAL_VIEW || v->buffer->place != PLAN_SCRATCH;
        if (!carried && !wanted) continue;
        k->results[r].kind = PLAN_MEMORY;
        k->results[r].view = seen_view(p, u->results[r], u, -1, r);
        k->results[r].name = names ? names[u->input_count + r] : result_name(u, r);
        planner_symbols(p, k, &k->results[r].view);
    }
}

/* Of a node as the IR has them, but that the first may be computed as it is read. */
static void make_inputs(operand_maker *maker, const task *u, plan_kernel *k) {
    planner *p = maker->planner;
    unsigned own = u->computed ? u->computed - 1 : 0; /* inputs of the task more than of the node */
    k->input_count = u->input_count - own;
    k->inputs = ARENA_ARRAY(p->arena, plan_operand, k->input_count);
    for (unsigned i = 0; i < k->input_count; i++) {
        const pval *v = u->inputs[own + i];
        if (!v) continue;
        if (i == 0 && u->computed) {
            ir_type type = planner_computed_type(p, u);
            k->inputs[i] = inlined_operand(maker, p->values[u->node->inputs[0]->id], &type);
        } else {
            k->inputs[i] = pval_is_memory(v) ? memory_operand(maker, own + i) : simple_operand(maker, v);
        }
    }
}

static plan_kernel *make_kernel(planner *p, const task *u) {
    plan_kernel *k = ARENA_NEW(p->arena, plan_kernel);
    k->kind = u->kind == TASK_COPY    ? PLAN_COPY
              : u->kind == TASK_ZERO  ? PLAN_ZERO
              : u->kind == TASK_CHECK ? PLAN_CHECK
                                      : PLAN_NODE;
    k->node = u->node;
    k->check = u->check;
    if (k->check) planner_symbols_of(p, k, k->check->low);
    if (k->check) planner_symbols_of(p, k, k->check->high);
    if (task_does(u, IR_ARANGE) || task_does(u, IR_PLACE))
        planner_symbols_of(p, k, u->node->attrs.start);
    const char **names = u->parts ? fused_names(p, u) : NULL;
    make_results(p, u, names, k);
    follow(p, u, k);
    operand_maker maker = {.planner = p, .task = u, .kernel = k, .names = names};
    if (u->parts) {
        ir_type type = seen_view(p, u->results[0], u, -1, 0).type;
        fused_operands(&maker, &type);
    } else if (task_is_elementwise(u)) {
        elementwise_operands(&maker, k, &k->results[0].view.type);
    } else {
        make_inputs(&maker, u, k);
    }
    bool constant = k->kind == PLAN_NODE && k->node->op == IR_PAD && k->node->attrs.pad_mode == IR_PAD_CONSTANT;
    if (constant && plan_pads_in_place(p->dims, k)) k->inputs[0].kind = PLAN_NONE; /* it is not read */
    bool recurrent = task_does(u, IR_RECURRENT);
    if (recurrent && u->inputs[IR_REC_LENGTHS]) {
        const dim *left;
        k->start = steps_done(p, u, u->loop, &left);
    }
    k->in_rounds = u->block->repeat != NULL;
    planner_choices(p, k);
    return k;
}

/* --- names of functions --- */

static const char *function_name(planner *p, const plan_kernel *k) {
    const ir_node *n = k->node;
    const char *label = n && n->label ? n->label : n ? ir_op_name(n->op) : NULL;
    if (k->kind == PLAN_CHECK) return arena_printf(p->arena, "%s_check", p->model->name);
    const char *of = k->results[0].kind == PLAN_MEMORY ? k->results[0].view.buffer->name : NULL;
    if (k->kind == PLAN_NODE && label) return arena_printf(p->arena, "%s_%s", p->model->name, label);
    const char *what = k->kind == PLAN_ZERO ? "clear" : "copy";
    if (label && n->op == IR_RECURRENT) {
        const char *carried = k->kind == PLAN_ZERO ? "zero" : "initial";
        return arena_printf(p->arena, "%s_%s_%s", p->model->name, label, carried);
    }
    return arena_printf(p->arena, "%s_%s_%s", p->model->name, what, of ? of : label ? label : "value");
}

static void fill_items(planner *p, plan_procedure *procedure, plan_item **items) {
    while (*items) {
        plan_item *item = *items;
        if (!item->task) {
            fill_items(p, procedure, &item->items);
            if (!item->items) {
                *items = item->next;
                continue;
            }
        } else {
            const task *u = item->task;
            plan_kernel *k = u->kind == TASK_JOIN ? NULL : make_kernel(p, u);
            if (!k || onto_itself(k)) {
                *items = item->next;
                continue;
            }
            /* the same layer may run twice, and a bound name is no unique label; emission sees to names across models
             */
            k->function = name_set_give(p->functions, function_name(p, k));
            ARENA_PUSH(p->arena, procedure->kernels, procedure->kernel_count, procedure->kernel_capacity, k);
            item->kernel = k;
        }
        items = &item->next;
    }
}

/* What ends the rounds, as the round's end sees it. */
static void set_untils(planner *p) {
    for (size_t i = 0; i < p->task_count; i++) {
        const task *u = p->tasks[i];
        if (u->kind != TASK_UNTIL) continue;
        u->loop->item->until.kind = PLAN_MEMORY;
        u->loop->item->until.view = seen_view(p, u->inputs[0], u, 0, 0);
    }
}

/* Scratch roots get their buffers, with the elements that they have at home. */
static void make_buffers(planner *p) {
    for (size_t i = 0; i < p->task_count; i++) {
        const task *u = p->tasks[i];
        for (unsigned r = 0; r < u->result_count; r++) {
            if (!u->results[r]) continue;
            pval *root = layout_storage(u->results[r]);
            if (root->buffer) continue;
            ir_type type = local_type(p, root, root->home);
            root->buffer = ARENA_NEW(p->arena, plan_buffer);
            *root->buffer = (plan_buffer){.place = PLAN_SCRATCH, .dtype = type.dtype, .name = root->name};
            root->buffer->elements = ir_type_elements(p->dims, &type);
            root->buffer->home = root->home ? root->home->item : NULL;
        }
    }
}

void planner_kernels(planner *p, plan_procedure *procedure, plan_item *items) {
    find_homes_and_uses(p);
    make_buffers(p);
    set_untils(p);
    procedure->items = items;
    fill_items(p, procedure, &procedure->items);
}
