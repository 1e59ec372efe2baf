/* call: see call.h. */
#include "emit/call.h"

#include "emit/training.h"
#include "kernels/operators.h"

#include <string.h>

const char *call_pointer_type(ir_dtype t, bool constant) {
    if (t == IR_F32) return constant ? "const float *" : "float *";
    return constant ? "const int32_t *" : "int32_t *";
}

static void emit_kernel_body(emit_context *e, const plan_kernel *k, cfunction *f) {
    if (k->kind == PLAN_CHECK) {
        emit_check(e, k, f);
        return;
    }
    if (k->kind != PLAN_NODE) {
        emit_move(e, k, f);
        return;
    }
    emit_operator_of(k->node->op)(e, k, f);
}

typedef struct {
    arena *arena;
    operand_visitor *visit;
    void *context;
    const char **seen;
    size_t count, capacity;
} operand_walk;

static void walk_operand(operand_walk *w, const plan_operand *o, bool constant) {
    if (o->kind == PLAN_INLINE) {
        for (unsigned i = 0; i < o->inlined->input_count; i++) walk_operand(w, &o->inlined->inputs[i], constant);
        return;
    }
    if (o->kind != PLAN_MEMORY) return;
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->seen[i], o->name) == 0) return;
    ARENA_PUSH(w->arena, w->seen, w->count, w->capacity, o->name);
    w->visit(w->context, o, constant);
}

void call_operands(arena *a, const plan_kernel *k, operand_visitor *visit, void *context) {
    operand_walk w = {.arena = a, .visit = visit, .context = context};
    for (unsigned i = 0; i < k->input_count; i++) walk_operand(&w, &k->inputs[i], true);
    for (unsigned i = 0; i < k->result_count; i++) walk_operand(&w, &k->results[i], false);
}

static void add_parameter(void *context, const plan_operand *o, bool constant) {
    c_parameter(context, call_pointer_type(o->view.type.dtype, constant), o->name);
}

/* A clearing or a copy of dense memory needs no function: it is a memset or memcpy in the run function. */
static bool is_plain(const plan_kernel *k) { return k->choices[0].kind == CHOICE_PLAIN; }

/* The number of the round that it stands in, as its turn. */
static bool takes_round(const emit_context *e, const plan_kernel *k) {
    const plan_choice *c = emit_choice(e, k);
    return c->kind == CHOICE_MATMUL && c->matmul.zigzag;
}

bool call_mentions_round(const emit_context *e, const plan_kernel *k) {
    return choice_takes_turn(emit_choice(e, k)) || takes_round(e, k);
}

/* The seed and the number of the call, of a dropout's mask. */
static bool takes_random(const plan_kernel *k) { return k->kind == PLAN_NODE && k->node->op == IR_DROPOUT; }

/* Rows of a sparse table are moved as they are looked up. */
static bool takes_rate(const plan_kernel *k) {
    return k->kind == PLAN_NODE && k->node->op == IR_EMBEDDING_GRAD && k->node->attrs.sparse;
}

bool call_takes_work(const emit_context *e, const plan_kernel *k) { return emit_choice(e, k)->work > 0; }

/* Where the name of the kernel's function for the current target is kept; the baseline's serves all others. */
static cexpr **function_of(emit_context *e, const plan_kernel *k) {
    return emit_once(e, "function %s%s", k->function, k->by_body ? e->target->suffix : "");
}

void call_function(emit_context *e, const plan_kernel *k) {
    if (k->kind == PLAN_NODE && k->node->op == IR_STEP) return; /* training_step.c has it */
    bool looks = k->kind == PLAN_CHECK; /* in memory, the procedure does it itself */
    if (is_plain(k) || (looks && k->inputs[0].kind == PLAN_MEMORY) || (e->body > 0 && !k->by_body)) return;
    const char *wanted = k->function + strlen(e->model) + 1;
    const char *name = e->trains ? NULL : emit_function_name(e, "%s", wanted);
    /* in a wide body it has registers, and a stack, of its own, also where a compiler could put it into its caller;
     * and where there are many, all in one caller would make its frame large */
    const char *apart = *e->target->attribute || e->in_parts ? "NNC_APART " : "";
    const char *storage = arena_printf(e->arena, "%s%s", apart, emit_static(e));
    cfunction *f = looks ? c_function(e->unit, "static int", name, "1: one is out of bounds.")
                         : c_function(e->unit, storage, name, emit_shapes_comment(e, k));
    for (size_t i = 0; i < k->symbol_count; i++) c_parameter(f, "size_t", emit_symbol(e, k->symbols[i]));
    call_operands(e->arena, k, add_parameter, f);
    if (emit_takes_params(e, k, PACK_IN_PARAMETERS)) c_parameter(f, "const float *", "parameters");
    if (emit_takes_params(e, k, PACK_IN_PACKS)) c_parameter(f, "const float *", "packs");
    if (takes_random(k)) c_parameter(f, "const uint32_t *", "random");
    if (takes_rate(k)) c_parameter(f, "float", "rate");
    if (k->start) c_parameter(f, "size_t", "start");
    if (call_takes_work(e, k)) c_parameter(f, "float *", "work");
    if (call_mentions_round(e, k)) c_parameter(f, "size_t", "turn");
    emit_kernel_body(e, k, f);
    /* run, eval and the training functions of a model have most of their kernels in common */
    if (name) c_function_end(f);
    else name = emit_function_end_shared(e, f, wanted);
    *function_of(e, k) = c_name(e->unit, name);
}

/* --- calls --- */

typedef struct {
    emit_context *e;
    buffer_base *base;
    void *context;
    cexpr **arguments;
    size_t count, capacity;
} argument_list;

static void push_argument(argument_list *l, cexpr *argument) {
    ARENA_PUSH(l->e->arena, l->arguments, l->count, l->capacity, argument);
}

static cexpr *address(argument_list *l, const plan_operand *o) {
    return c_add(l->e->unit, l->base(l->context, o->view.buffer), emit_dim(l->e, o->view.offset));
}

static void add_argument(void *context, const plan_operand *o, bool constant) {
    (void)constant;
    argument_list *l = context;
    push_argument(l, address(l, o));
}

static void call_plain(argument_list *l, cblock *b, const plan_kernel *k) {
    emit_context *e = l->e;
    cunit *u = e->unit;
    const plan_view *to = &k->results[0].view;
    cexpr *size = c_call(u, "sizeof", 1, c_name(u, to->type.dtype == IR_F32 ? "float" : "int32_t"));
    cexpr *bytes = c_mul(u, emit_dim(e, ir_type_elements(e->plan->dims, &to->type)), size);
    if (k->kind == PLAN_ZERO) {
        /* &state[0], not state: gcc warns where the bytes of a piece happen to be as many as the array's elements */
        cexpr *first = address(l, &k->results[0]);
        if (to->buffer->place == PLAN_STATE)
            first = c_unary(u, "&", c_index(u, l->base(l->context, to->buffer), emit_dim(e, to->offset)));
        c_do(b, c_call(u, "memset", 3, first, c_int(u, 0), bytes));
    } else c_do(b, c_call(u, "memcpy", 3, address(l, &k->results[0]), address(l, &k->inputs[0]), bytes));
}

void call_kernel(emit_context *e, cblock *b, const plan_kernel *k, buffer_base *base, void *context) {
    argument_list l = {.e = e, .base = base, .context = context};
    if (is_plain(k)) call_plain(&l, b, k);
    else c_do(b, call_expression(e, k, base, context));
}

cexpr *call_expression(emit_context *e, const plan_kernel *k, buffer_base *base, void *context) {
    argument_list l = {.e = e, .base = base, .context = context};
    for (size_t i = 0; i < k->symbol_count; i++) push_argument(&l, emit_dim(e, k->symbols[i]));
    call_operands(e->arena, k, add_argument, &l);
    cexpr *self = c_name(e->unit, "self");
    if (emit_takes_params(e, k, PACK_IN_PARAMETERS)) push_argument(&l, c_member(e->unit, self, "parameters", true));
    if (emit_takes_params(e, k, PACK_IN_PACKS)) push_argument(&l, c_member(e->unit, self, "packs", true));
    if (takes_random(k)) push_argument(&l, c_member(e->unit, self, "random", true));
    if (takes_rate(k)) push_argument(&l, training_signed_rate(e, k->node->attrs.index));
    if (k->start) push_argument(&l, emit_dim(e, k->start));
    if (call_takes_work(e, k)) push_argument(&l, base(context, k->work));
    if (choice_takes_turn(emit_choice(e, k))) {
        cexpr *turn = c_index(e->unit, c_member(e->unit, c_name(e->unit, "self"), "turn", true), c_int(e->unit, 0));
        turn = c_cast(e->unit, "size_t", turn);
        if (e->round) turn = c_binary(e->unit, "%", c_add(e->unit, turn, c_name(e->unit, e->round)), c_int(e->unit, 2));
        push_argument(&l, turn);
    }
    if (takes_round(e, k)) push_argument(&l, c_name(e->unit, e->round));
    return c_call_list(e->unit, c_text(*function_of(e, k)), (unsigned)l.count, l.arguments);
}
