/* procedure: see procedure.h. The run function checks everything before it writes anything, names the values in
 * scratch, and calls the kernels in the plan's order, in the plan's loops. */
#include "emit/procedure.h"

#include "ctree/reserved.h"

#include <inttypes.h>
#include <string.h>

#include "emit/arguments.h"
#include "emit/bodies.h"
#include "emit/call.h"
#include "emit/training.h"
#include "emit/weights_file.h"

typedef struct {
    emit_context *e;
    const emit_api *api;
    const plan_item *items; /* of the function */
    cblock *body;
    name_set *locals;                  /* that the function has given away */
    const char *counters[IR_MAX_RANK]; /* of the checks' loops */
    const char **buffers;              /* by plan buffer index: the local pointer's name */
    const char **rounds;               /* by depth: the counters of the loops over rounds */
} maker;

/* --- names --- */

static bool is_identifier(const char *s) {
    for (const char *c = s; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || (c != s && *c >= '0' && *c <= '9')))
            return false;
    return *s != 0;
}

/* A local's name as near to the wanted one as can be. */
static const char *local_name(maker *m, const char *wanted) {
    if (!wanted || !is_identifier(wanted)) wanted = "value";
    return name_set_give(m->locals, c_is_reserved(wanted) ? arena_printf(m->e->arena, "%s_", wanted) : wanted);
}

/* The counter of the rounds at this depth: t, or as near to it as other names allow. */
static void name_round(maker *m, const plan_item *item) {
    unsigned depth = 0;
    for (const plan_item *outer = item->around; outer; outer = outer->around) depth += outer->repeat != NULL;
    if (!m->rounds[depth]) m->rounds[depth] = local_name(m, "t");
    m->e->rounds = m->rounds;
}

static void take_loop_names(maker *m, const plan_item *item) {
    for (; item; item = item->next) {
        if (item->kernel) continue;
        if (item->repeat) name_round(m, item);
        if (item->symbol) {
            name_set_take(m->locals, emit_symbol(m->e, item->start));
            name_set_take(m->locals, emit_symbol(m->e, item->extent));
        }
        take_loop_names(m, item->items);
    }
}

static maker maker_new(emit_context *e, const emit_api *api, const plan_item *items, cfunction *f) {
    maker m = {.e = e, .api = api, .items = items, .body = c_body(f), .locals = name_set_new(e->arena)};
    const ir_model *model = e->plan->model;
    m.rounds = ARENA_ARRAY(e->arena, const char *, IR_MAX_BLOCKS);
    for (size_t i = 0; i < model->symbol_count; i++) {
        name_set_take(m.locals, api->dims[i]);
        name_set_take(m.locals, emit_symbol(e, model->symbols[i]));
    }
    for (size_t i = 0; i < model->input_count; i++) name_set_take(m.locals, api->inputs[i]);
    for (size_t i = 0; i < model->output_count; i++) name_set_take(m.locals, api->outputs[i]);
    if (e->lr) name_set_take(m.locals, e->lr);
    take_loop_names(&m, items);
    return m;
}

/* Of a part, in the loops around it. */
static maker maker_within(const maker *m, const plan_item *part, cfunction *f) {
    maker own = maker_new(m->e, m->api, NULL, f);
    memcpy(own.rounds, m->rounds, IR_MAX_BLOCKS * sizeof *own.rounds);
    own.items = part->items;
    for (size_t i = 0; i < IR_MAX_BLOCKS; i++)
        if (own.rounds[i]) name_set_take(own.locals, own.rounds[i]);
    for (const plan_item *loop = part->around; loop; loop = loop->around) {
        if (!loop->symbol) continue;
        name_set_take(own.locals, emit_symbol(m->e, loop->start));
        name_set_take(own.locals, emit_symbol(m->e, loop->extent));
    }
    take_loop_names(&own, part->items);
    m->e->rounds = own.rounds;
    return own;
}

/* --- memory --- */

/* Where a param lies in one of the struct's arrays. */
static cexpr *in_struct(const maker *m, const char *member, size_t param) {
    cunit *u = m->e->unit;
    return c_add(u, c_member(u, c_name(u, "self"), member, true),
                 c_int(u, m->e->plan->packs->params->of[param].offset));
}

static cexpr *base_of(void *context, const plan_buffer *b) {
    maker *m = context;
    cunit *u = m->e->unit;
    switch (b->place) {
    case PLAN_INPUT: return c_name(u, m->api->inputs[b->index]);
    case PLAN_OUTPUT: return c_name(u, m->api->outputs[b->index]);
    case PLAN_STATE: return c_member(u, c_name(u, "self"), m->api->states[b->index], true);
    case PLAN_TABLE: return emit_param(m->e, b->index);
    case PLAN_TRAINED: return in_struct(m, "parameters", b->index);
    case PLAN_GRADIENT: return in_struct(m, "gradients", b->index);
    case PLAN_LITERAL: return emit_literal(m->e, b->literal);
    case PLAN_SCRATCH: return c_name(u, m->buffers[b->index]);
    }
    ice("no place");
}

static void mark_buffer(void *context, const plan_operand *o, bool constant) {
    (void)constant;
    if (o->view.buffer->place == PLAN_SCRATCH) ((bool *)context)[o->view.buffer->index] = true;
}

/* The values in scratch that these items use, but for those in parts, which have their own pointers. */
static void mark_items(maker *m, const plan_item *item, bool *used) {
    for (; item; item = item->next) {
        const plan_kernel *k = item->kernel;
        if (k) call_operands(m->e->arena, k, mark_buffer, used);
        if (k && k->work && call_takes_work(m->e, k)) used[k->work->index] = true;
        if (item->until.kind == PLAN_MEMORY) mark_buffer(used, &item->until, true);
        if (!item->is_part) mark_items(m, item->items, used);
    }
}

/* A pointer for each value in scratch that this function uses. */
static void declare_buffers(maker *m) {
    emit_context *e = m->e;
    const plan *p = e->plan;
    cunit *u = e->unit;
    bool *used = ARENA_ARRAY(e->arena, bool, p->buffer_count + 1);
    mark_items(m, m->items, used);
    const char *arrays[2] = {NULL, NULL};
    m->buffers = ARENA_ARRAY(e->arena, const char *, p->buffer_count + 1);
    for (size_t i = 0; i < p->buffer_count; i++) {
        const plan_buffer *b = p->buffers[i];
        if (!used[i]) continue;
        bool floats = b->dtype == IR_F32;
        const char *type = floats ? "float *const " : "int32_t *const ";
        if (!arrays[floats]) {
            cexpr *member = c_member(u, c_name(u, "self"), floats ? "scratch" : "scratch_ints", true);
            arrays[floats] = local_name(m, floats ? "floats" : "ints");
            c_declare(m->body, type, arrays[floats], floats ? c_call(u, "nnc_align", 1, member) : member);
        }
        /* work space means nothing between two calls: kernels whose work lies in one place share its name */
        if (b->work) {
            for (size_t k = 0; k < i && !m->buffers[i]; k++)
                if (m->buffers[k] && p->buffers[k]->work && p->buffers[k]->offset == b->offset)
                    m->buffers[i] = m->buffers[k];
            if (m->buffers[i]) continue;
        }
        m->buffers[i] = local_name(m, b->name);
        c_declare(m->body, type, m->buffers[i], c_at(u, arrays[floats], c_int(u, b->offset)));
    }
    if (arrays[0] || arrays[1]) c_blank(m->body);
}

/* --- steps --- */

static void check_view(maker *m, cblock *b, const plan_view *v, const ir_bound_check *c);

static void emit_items(maker *m, cblock *b, const plan_item *item);

static void emit_part(maker *m, cblock *b, const plan_item *part);

/* for (size_t t = 0; t < T; t++) { … } */
static void emit_rounds(maker *m, cblock *b, const plan_item *item) {
    emit_context *e = m->e;
    cunit *u = e->unit;
    if (item->repeat->source) c_comment(b, "%s", item->repeat->source);
    else c_comment(b, "%s, %s", item->repeat->label, item->repeat->attrs.backwards ? "backwards" : "round by round");
    const char *around = e->round;
    e->round = emit_symbol(e, item->round);
    cexpr *rounds = emit_dim(e, item->rounds);
    cblock *round =
        item->repeat->attrs.backwards ? c_for_down(b, e->round, rounds) : c_for(b, e->round, c_int(u, 0), rounds, 1);
    emit_items(m, round, item->items);
    e->round = around;
    if (item->until.kind != PLAN_MEMORY) return;
    const plan_view *until = &item->until.view;
    c_break(c_if(round, c_index(u, base_of(m, until->buffer), emit_dim(e, until->offset))));
}

static void emit_items(maker *m, cblock *b, const plan_item *item) {
    emit_context *e = m->e;
    cunit *u = e->unit;
    for (; item; item = item->next) {
        if (item->kernel && item->kernel->check) {
            check_view(m, b, &item->kernel->inputs[0].view, item->kernel->check);
            continue;
        }
        if (item->kernel && item->kernel->kind == PLAN_NODE && item->kernel->node->op == IR_STEP) {
            training_take_step(e, b, item->kernel->node, base_of(m, item->kernel->inputs[0].view.buffer));
            continue;
        }
        if (item->kernel) {
            call_kernel(e, b, item->kernel, base_of, m);
            continue;
        }
        if (item->is_part) {
            emit_part(m, b, item);
            continue;
        }
        if (item->repeat) {
            emit_rounds(m, b, item);
            continue;
        }
        const char *start = emit_symbol(e, item->start), *extent = emit_symbol(e, item->extent);
        cexpr *whole = emit_dim(e, item->symbol), *chunk = c_int(u, item->chunk);
        cblock *body = c_for(b, start, c_int(u, 0), whole, item->chunk);
        cexpr *left = c_sub(u, whole, c_name(u, start));
        c_declare(body, "const size_t", extent, c_smaller(u, left, chunk));
        emit_items(m, body, item->items);
    }
}

/* --- checks --- */

static void check_pointers(maker *m) {
    const ir_model *model = m->e->plan->model;
    cunit *u = m->e->unit;
    cexpr *test = c_binary(u, "==", c_name(u, "self"), c_name(u, "NULL")), *weights = c_weights_pointer(u);
    if (weights) test = c_binary(u, "||", test, c_binary(u, "==", weights, c_name(u, "NULL")));
    for (size_t i = 0; i < model->input_count + model->output_count; i++) {
        const char *name = i < model->input_count ? m->api->inputs[i] : m->api->outputs[i - model->input_count];
        test = c_binary(u, "||", test, c_binary(u, "==", c_name(u, name), c_name(u, "NULL")));
    }
    c_return(c_if(m->body, test), c_name(u, "NNC_ERR_NULL"));
}

static void check_dims(maker *m) {
    const ir_model *model = m->e->plan->model;
    cunit *u = m->e->unit;
    for (size_t i = 0; i < model->symbol_count; i++) {
        cexpr *low = c_binary(u, "<", c_name(u, m->api->dims[i]), c_namef(u, "%s_MIN", m->api->dim_macros[i]));
        cexpr *high = c_binary(u, ">", c_name(u, m->api->dims[i]), c_namef(u, "%s_MAX", m->api->dim_macros[i]));
        c_return(c_if(m->body, c_binary(u, "||", low, high)), c_name(u, "NNC_ERR_DIM"));
    }
}

static void comment_check(const maker *m, cblock *b, const ir_bound_check *c) {
    const char *what = c->kind == IR_CHECK_LENGTH ? "length" : c->kind == IR_CHECK_TARGET ? "class" : "index";
    arena *a = m->e->arena;
    c_comment(b, "every %s must be one of %s to %s", what, dim_string(a, c->low), dim_string(a, c->high));
}

static void return_error(const maker *m, cblock *b, const ir_bound_check *c, cexpr *outside) {
    static const char *const statuses[] = {"NNC_ERR_TOKEN", "NNC_ERR_LENGTH", "NNC_ERR_TARGET"};
    c_return(c_if(b, outside), c_name(m->e->unit, statuses[c->kind]));
}

static void check_view(maker *m, cblock *b, const plan_view *v, const ir_bound_check *c) {
    emit_context *e = m->e;
    cunit *u = e->unit;
    cexpr *index[IR_MAX_RANK] = {0};
    comment_check(m, b, c);
    for (unsigned i = 0; i < v->type.rank; i++) {
        if (dim_is(v->type.dims[i], 1)) continue;
        if (!m->counters[i]) m->counters[i] = local_name(m, (const char *const[]){"i", "j", "k", "l"}[i % 4]);
        b = c_for(b, m->counters[i], c_int(u, 0), emit_dim(e, v->type.dims[i]), 1);
        index[i] = c_name(u, m->counters[i]);
    }
    cexpr *offset = c_add(u, emit_dim(e, v->offset), emit_offset(e, v, index));
    return_error(m, b, c, emit_outside(e, c, c_index(u, base_of(m, v->buffer), offset)));
}

static void check(maker *m, const plan_check *c) {
    if (!c->computed) {
        check_view(m, m->body, &c->view, c->check);
        return;
    }
    comment_check(m, m->body, c->check);
    return_error(m, m->body, c->check, call_expression(m->e, c->computed, base_of, m));
}

/* Kernels and loops know a dim by another name where the .nn file's could be in a kernel's way. Declares those that the
 * steps or the checks mention. */
static void declare_dims(maker *m, bool steps, bool checks) {
    const plan *p = m->e->plan;
    mentioned all = mention_nothing(m->e);
    if (steps) mention_items(&all, p->run.items);
    for (size_t i = 0; checks && i < p->check_count; i++) mention_check(&all, &p->checks[i]);
    for (size_t i = 0; i < p->model->symbol_count; i++) {
        const char *name = emit_symbol(m->e, p->model->symbols[i]);
        if (strcmp(name, m->api->dims[i]) != 0 && mention_has(&all, p->model->symbols[i]))
            c_declare(m->body, "const size_t", name, c_name(m->e->unit, m->api->dims[i]));
    }
}

static void emit_steps(maker *m) {
    declare_buffers(m);
    emit_items(m, m->body, m->items);
}

/* --- parts --- */

static void find_ends(const plan_item *item, const plan_kernel **first, const plan_kernel **last) {
    for (; item; item = item->next) {
        find_ends(item->items, first, last);
        if (!item->kernel) continue;
        if (!*first) *first = item->kernel;
        *last = item->kernel;
    }
}

/* The functions with which it begins and ends. */
static const char *part_comment(const emit_context *e, const plan_item *part) {
    const plan_kernel *first = NULL, *last = NULL;
    find_ends(part->items, &first, &last);
    size_t model = strlen(e->model) + 1;
    return arena_printf(e->arena, "From %s to %s.", first->function + model, last->function + model);
}

/* A function of a part's own, and its call. */
static void emit_part(maker *m, cblock *b, const plan_item *part) {
    emit_context *e = m->e;
    const char *name = emit_function_name(e, "part");
    cfunction *f = c_function(e->unit, "NNC_APART static void", name, part_comment(e, part));
    mentioned what = mention_nothing(e);
    mention_items(&what, part->items);
    csignature call = {.unit = e->unit};
    arguments_sign_part(&(csignature){.unit = e->unit, .function = f}, e, m->api, part, &what);
    arguments_sign_part(&call, e, m->api, part, &what);
    maker own = maker_within(m, part, f);
    emit_steps(&own);
    e->rounds = m->rounds;
    c_function_end(f);
    c_do(b, c_call_with(&call, name));
}

/* --- bodies --- */

static bool has_turns(const plan *p) {
    for (size_t i = 0; i < p->run.kernel_count; i++)
        if (p->run.kernels[i]->by_turn) return true;
    return false;
}

bool procedure_has_turns(const plan *p) {
    const plan *all[PLAN_MODES];
    bool found = false;
    for (size_t i = 0, count = plan_modes(p, all); i < count; i++) found = found || has_turns(all[i]);
    return found;
}

/* Do the steps begin with checks of what they compute? */
static bool steps_may_fail(const plan *p) {
    for (size_t i = 0; i < p->run.kernel_count; i++)
        if (p->run.kernels[i]->kind == PLAN_CHECK) return true;
    return false;
}

static void sign(const emit_context *e, csignature *s, const emit_api *api) {
    arguments_sign(s, e->plan->model, api, e->lr);
}

/* Where the name of a body's function is kept. */
static cexpr **body_name(emit_context *e, size_t body) { return emit_once(e, "body %zu", body); }

/* MODEL_steps_v8 and so on, each like the others but for the kernels that it calls. */
void procedure_body(emit_context *e, const emit_api *api) {
    if (!bodies_of(e->plan, e->target_count)) return;
    const char *name = emit_function_name(e, "steps");
    *body_name(e, e->body) = c_name(e->unit, name);
    bool may_fail = steps_may_fail(e->plan);
    cfunction *f = c_function(e->unit, may_fail ? "static nnc_status" : "static void", name, NULL);
    sign(e, &(csignature){.unit = e->unit, .function = f}, api);
    maker m = maker_new(e, api, e->plan->run.items, f);
    declare_dims(&m, true, false);
    emit_steps(&m);
    if (may_fail) c_return(m.body, c_name(e->unit, "NNC_OK"));
    c_function_end(f);
}

static void dispatch_steps(maker *m) {
    emit_context *e = m->e;
    csignature call = {.unit = e->unit};
    sign(e, &call, m->api);
    const char **functions = ARENA_ARRAY(e->arena, const char *, e->target_count);
    for (size_t i = 0; i < e->target_count; i++) functions[i] = c_text(*body_name(e, i));
    bodies_dispatch(e, m->body, functions, &call, steps_may_fail(e->plan));
}

/* --- the functions --- */

void procedure_function(emit_context *e, const emit_api *api, const char *storage, const char *name) {
    const plan *p = e->plan;
    bool has_bodies = bodies_of(p, e->target_count);
    cfunction *f = c_function(e->unit, storage, name, NULL);
    sign(e, &(csignature){.unit = e->unit, .function = f}, api);
    maker m = maker_new(e, api, p->run.items, f);
    check_pointers(&m);
    check_dims(&m);
    declare_dims(&m, !has_bodies, true);
    for (size_t i = 0; i < p->check_count; i++) check(&m, &p->checks[i]);
    c_blank(m.body);
    if (has_turns(p)) {
        cunit *u = e->unit;
        cexpr *turn = c_index(u, c_member(u, c_name(u, "self"), "turn", true), c_int(u, 0));
        c_assign(m.body, turn, "=", c_sub(u, c_int(u, 1), turn));
    }
    if (has_bodies) {
        dispatch_steps(&m);
    } else {
        emit_steps(&m);
        c_return(m.body, c_name(e->unit, "NNC_OK"));
    }
    c_function_end(f);
}

void procedure_run(emit_context *e, const emit_api *api) {
    procedure_function(e, api, "nnc_status", arena_printf(e->arena, "%s_run", api->name));
}

void procedure_states(emit_context *e, const emit_api *api, cfunction *f) {
    maker m = maker_new(e, api, e->plan->reset.items, f);
    emit_steps(&m);
}

void procedure_reset(emit_context *e, const emit_api *api) {
    const plan *p = e->plan;
    cunit *u = e->unit;
    cfunction *f = c_function(u, "void", arena_printf(e->arena, "%s_reset", api->name), NULL);
    c_parameter(f, arena_printf(e->arena, "%s *", api->type), "self");
    cblock *b = c_body(f);
    cexpr *size = c_call(u, "sizeof", 1, c_unary(u, "*", c_name(u, "self")));
    c_do(b, c_call(u, "memset", 3, c_name(u, "self"), c_int(u, 0), size));
    if (bodies_are_noted(p, e->target_count))
        c_assign(b, c_index(u, c_member(u, c_name(u, "self"), "instruction_set", true), c_int(u, 0)), "=",
                 c_call(u, e->dots ? "nnc_isa_dots" : "nnc_isa", 0));
    if (p->train) training_first_parameters(e, api, b);
    procedure_states(e, api, f);
    c_function_end(f);
}

void procedure_weights_at(emit_context *e, const emit_api *api) {
    cunit *u = e->unit;
    const char *type = arena_printf(e->arena, "const %s *", api->weights);
    cfunction *f = c_function(u, type, arena_printf(e->arena, "%s_at", api->weights), NULL);
    c_parameter(f, "const void *", "data");
    c_parameter(f, "size_t", "bytes");
    c_parameter(f, "nnc_status *", "status");
    cblock *b = c_body(f);
    cexpr *data = c_name(u, "data"), *found = c_name(u, "found"), *status = c_name(u, "status"),
          *null = c_name(u, "NULL");
    cexpr *model = c_namef(u, "UINT64_C(0x%016" PRIx64 ")", weights_file_signature(u));
    cexpr *size = c_namef(u, "UINT64_C(%" PRIu64 ")", weights_file_size(u));
    cexpr *check = c_call(u, "nnc_weights_check", 4, data, c_name(u, "bytes"), model, size);
    c_declare(b, "nnc_status", "found", c_name(u, "NNC_ERR_NULL"));
    cblock *there = c_if(b, c_binary(u, "!=", data, null));
    c_declare(there, "const int", "wrong", check);
    cexpr *wrong = c_add(u, c_name(u, "NNC_ERR_WEIGHTS_ALIGNMENT"), c_sub(u, c_name(u, "wrong"), c_int(u, 1)));
    c_assign(there, found, "=",
             c_conditional(u, c_name(u, "wrong"), c_cast(u, "nnc_status", wrong), c_name(u, "NNC_OK")));
    c_assign(c_if(b, c_binary(u, "!=", status, null)), c_unary(u, "*", status), "=", found);
    c_return(b, c_conditional(u, c_binary(u, "==", found, c_name(u, "NNC_OK")), c_cast(u, type, data), null));
    c_function_end(f);
}
